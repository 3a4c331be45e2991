//! What the header of a log says of where a component's authority is from.

use crate::inspect::Component;
use caphost_caps::Provenance;

/// What `component` is sealed with, as far as that holds.
pub(crate) fn provenance(component: &Component) -> Provenance {
    let Ok(Some(seal)) = component.seal() else { return Provenance::default() };
    Provenance {
        manifest: Some(seal.manifest_digest().to_string()),
        signers: seal.signers().map(|signer| signer.to_string()).collect(),
    }
}

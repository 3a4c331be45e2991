//! Using a connection for another request. Invariant: each request is put to the gate as if it were dialled for itself, and goes
//! over a connection that stands on the same grants.

use super::Network;
use super::authority::Question;
use super::dial::Dial;
use super::error::NetResult;
use super::stream::TcpStream;
use crate::gate::Permit;
use caphost_policy::Host;

impl Network {
    /// A permit to use `stream` for what `dial` would connect for; none where that would stand on other grants, or on none: then
    /// it has to be dialled, or to be refused by that.
    ///
    /// # Errors
    /// A refusal: the grants are the same, and used up.
    pub(crate) fn permit_again(&self, dial: &Dial<'_>, stream: &TcpStream) -> NetResult<Option<Permit>> {
        let &Dial { call, capability, asked, protocol, .. } = dial;
        let question = Question { call, capability, asked, protocol };
        let peer = stream.peer_address();
        let name = match dial.host {
            Host::Name(name) => Some(name.clone()),
            Host::Address(_) => self.name_for(question, peer),
        };
        let request = question.of_address(peer, name.as_ref());
        if !stream.permit().would_govern(&request) {
            return Ok(None);
        }
        let permit = self.gate.check_beside(&request, stream.permit())?;
        Ok(Some(permit).filter(|permit| permit.same_grants(stream.permit())))
    }
}

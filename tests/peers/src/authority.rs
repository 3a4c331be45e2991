//! A certificate authority for one run of the tests, and what it signs.

use std::sync::Arc;

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::settings::{Certificate, Kind, Peer};

/// What a peer without names is called.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The authority that tests trust, and one of the same name that they do not.
pub struct Authority {
    trusted: CertifiedIssuer<'static, KeyPair>,
    untrusted: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate with its key, both as PEM.
#[derive(Debug)]
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

impl Authority {
    /// Makes both.
    ///
    /// # Errors
    /// When the machine has no random numbers.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { trusted: issuer()?, untrusted: issuer()? })
    }

    /// The certificate of the trusted one.
    pub fn pem(&self) -> String {
        self.trusted.pem()
    }

    /// A certificate for `peer`.
    ///
    /// # Errors
    /// When one of its names is none.
    pub fn pair(&self, peer: &Peer) -> anyhow::Result<Pair> {
        let (certificate, key) = self.signed(peer)?;
        Ok(Pair { certificate: certificate.pem(), key: key.serialize_pem() })
    }

    /// What rustls needs to be `peer`.
    ///
    /// # Errors
    /// When one of its names is none.
    pub fn server(&self, peer: &Peer, kind: Kind) -> anyhow::Result<Arc<ServerConfig>> {
        let (certificate, key) = self.signed(peer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = builder.with_no_client_auth().with_single_cert(chain, key)?;
        config.alpn_protocols = protocols(peer, kind);
        Ok(Arc::new(config))
    }

    fn signed(&self, peer: &Peer) -> anyhow::Result<(rcgen::Certificate, KeyPair)> {
        let names = if peer.names.is_empty() { LOCAL.map(String::from).to_vec() } else { peer.names.clone() };
        let mut params = CertificateParams::new(names).context("a name that no certificate can hold")?;
        params.distinguished_name.push(DnType::CommonName, "a peer of the tests");
        params.use_authority_key_identifier_extension = true;
        if peer.certificate == Certificate::Expired {
            (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        }
        let key = KeyPair::generate()?;
        let certificate = match peer.certificate {
            Certificate::Trusted | Certificate::Expired => params.signed_by(&key, &self.trusted)?,
            Certificate::Untrusted => params.signed_by(&key, &self.untrusted)?,
            Certificate::SelfSigned => params.self_signed(&key)?,
        };
        Ok((certificate, key))
    }
}

fn issuer() -> anyhow::Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "the authority of the tests");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

fn protocols(peer: &Peer, kind: Kind) -> Vec<Vec<u8>> {
    let usual: &[&str] = if kind == Kind::Https { &["h2", "http/1.1"] } else { &["http/1.1"] };
    let named = peer.protocols.iter().map(String::as_str);
    let chosen: Vec<&str> = if peer.protocols.is_empty() { usual.to_vec() } else { named.collect() };
    chosen.into_iter().map(|name| name.as_bytes().to_vec()).collect()
}

//! An authority of the branch office, beside those of the lab: its key is needed outside.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

/// Name of the authority.
pub(crate) const NAME: &str = "Branch Proxy Authority";

/// An authority that signs for proxies.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut parameters = parameters(Vec::new(), NAME);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(parameters, key).unwrap())
    }

    /// Its certificate.
    pub(crate) fn root(&self) -> String {
        self.0.pem()
    }

    /// Its certificate with its key.
    pub(crate) fn root_with_key(&self) -> String {
        self.0.pem() + &self.0.key().serialize_pem()
    }

    /// A certificate for a name, with its key.
    pub(crate) fn certificate_with_key(&self, name: &str) -> String {
        let key = KeyPair::generate().unwrap();
        let mut parameters = parameters(vec![name.to_owned()], name);
        parameters.use_authority_key_identifier_extension = true;
        let certificate = parameters.signed_by(&key, &self.0).unwrap();
        certificate.pem() + &key.serialize_pem()
    }
}

fn parameters(names: Vec<String>, common_name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::new(names).unwrap();
    parameters
        .distinguished_name
        .push(DnType::CommonName, common_name);
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(2049, 1, 1);
    parameters
}

//! Certificate authorities inside the process, and the certificates that servers show.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, SanType, SerialNumber, date_time_ymd,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use serde::Deserialize;

/// Names of 29 bytes or more with their headers, so that a chain is longer than 5 kB.
const FURTHER_NAMES: usize = 150;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What is right or wrong with the certificate of a server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// By the public authority, with its intermediate.
    #[default]
    Good,
    /// The same, with so many further names that the chain fills several packets.
    ManyNames,
    /// By the public authority, ended 30 days ago.
    Expired,
    /// The same, begins in 30 days.
    NotYetValid,
    /// The same, for `portal.other.example`.
    WrongName,
    /// By the public authority, with the name in the subject only.
    SubjectOnly,
    /// Signed by itself, not an authority.
    SelfSigned,
    /// Signed by itself and an authority, as appliances have it.
    SelfSignedAuthority,
    /// By the public authority; the intermediate is not sent.
    MissingIntermediate,
    /// By the inspection authority, which the operating system trusts.
    Inspected,
    /// By the inspection authority, ended 30 days ago.
    InspectedExpired,
    /// By a company's own authority, which the operating system trusts.
    Company,
    /// By an untrusted authority, sent along.
    Unknown,
    /// By another untrusted authority, sent along.
    OtherUnknown,
    /// Bytes that are not a certificate.
    Garbage,
}

/// The authorities of a lab, and a directory with the PEM files of their roots.
pub struct Authorities {
    public: Authority,
    intermediate: Authority,
    inspection: Authority,
    company: Authority,
    unknown: Authority,
    other_unknown: Authority,
    /// Key of every server; what counts is who signed its certificate.
    key: KeyPair,
    directory: PathBuf,
}

type Authority = CertifiedIssuer<'static, KeyPair>;

impl Default for Authorities {
    fn default() -> Self {
        Self::new()
    }
}

impl Authorities {
    /// Makes the authorities and writes their roots to a new directory.
    pub fn new() -> Self {
        let public = root("Lab Public Root", "Lab Trust Services");
        let authorities = Self {
            intermediate: below(&public, "Lab Public Issuing CA"),
            public,
            inspection: root("Branch Office TLS Inspection", "Contoso Firewall"),
            company: root("Contoso Issuing CA", "Contoso Ltd"),
            unknown: root("Gateway CA", "Unknown Appliance"),
            other_unknown: root("Filter Box CA", "Other Appliance"),
            key: key(),
            directory: new_directory(),
        };
        authorities.write_roots();
        authorities
    }

    /// PEM file of the public root.
    pub fn public_roots(&self) -> PathBuf {
        self.directory.join("public-roots.pem")
    }

    /// PEM file of what the operating system trusts: the public root, the inspection authority and
    /// the company's.
    pub fn os_roots(&self) -> PathBuf {
        self.directory.join("os-roots.pem")
    }

    /// The directory, which is deleted with the authorities.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The chain and key that a server with this kind of certificate shows.
    pub fn certified_key(&self, kind: Kind, name: &str) -> Arc<CertifiedKey> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let key = provider().key_provider.load_private_key(key);
        let key = key.expect("a key of rcgen is a key for rustls");
        Arc::new(CertifiedKey::new(self.chain(kind, name), key))
    }

    /// The certificates that a server sends, its own first.
    pub fn chain(&self, kind: Kind, name: &str) -> Vec<CertificateDer<'static>> {
        let now = SystemTime::now();
        let current = (now - 30 * DAY, now + 60 * DAY);
        let past = (now - 120 * DAY, now - 30 * DAY);
        let future = (now + 30 * DAY, now + 120 * DAY);
        match kind {
            Kind::Good => self.public_chain(name, current),
            Kind::ManyNames => self.chain_of_many_names(name, current),
            Kind::Expired => self.public_chain(name, past),
            Kind::NotYetValid => self.public_chain(name, future),
            Kind::WrongName => self.public_chain("portal.other.example", current),
            Kind::SubjectOnly => self.chain_of_subject(name, current),
            Kind::SelfSigned => vec![self.self_signed(name, current, IsCa::ExplicitNoCa)],
            Kind::SelfSignedAuthority => vec![self.self_signed(name, current, any_authority())],
            Kind::MissingIntermediate => vec![self.leaf(name, current, &self.intermediate)],
            Kind::Inspected => self.private_chain(name, current, &self.inspection),
            Kind::InspectedExpired => self.private_chain(name, past, &self.inspection),
            Kind::Company => self.private_chain(name, current, &self.company),
            Kind::Unknown => self.private_chain(name, current, &self.unknown),
            Kind::OtherUnknown => self.private_chain(name, current, &self.other_unknown),
            Kind::Garbage => vec![CertificateDer::from(b"this is no certificate".to_vec())],
        }
    }

    /// A revocation list of the public authority in DER.
    pub fn crl(&self, expired: bool) -> Vec<u8> {
        let now = SystemTime::now();
        let next = if expired { now - DAY } else { now + 7 * DAY };
        let list = CertificateRevocationListParams {
            this_update: (now - 7 * DAY).into(),
            next_update: next.into(),
            crl_number: SerialNumber::from(365),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list
            .signed_by(&self.intermediate)
            .expect("the issuer may sign lists");
        list.der().to_vec()
    }

    fn public_chain(&self, name: &str, validity: Validity) -> Vec<CertificateDer<'static>> {
        let leaf = self.leaf(name, validity, &self.intermediate);
        vec![leaf, self.intermediate.der().clone()]
    }

    fn chain_of_many_names(&self, name: &str, validity: Validity) -> Vec<CertificateDer<'static>> {
        let mut parameters = leaf_parameters(name, validity);
        let further =
            (0..FURTHER_NAMES).map(|number| format!("name{number}.of-the-service.example"));
        let further = further.map(|name| name.try_into().expect("plain letters"));
        parameters
            .subject_alt_names
            .extend(further.map(SanType::DnsName));
        let leaf = parameters.signed_by(&self.key, &self.intermediate);
        let leaf = leaf.expect("the parameters are complete").der().clone();
        vec![leaf, self.intermediate.der().clone()]
    }

    fn chain_of_subject(&self, name: &str, validity: Validity) -> Vec<CertificateDer<'static>> {
        let mut parameters = leaf_parameters(name, validity);
        parameters.subject_alt_names.clear();
        let leaf = parameters.signed_by(&self.key, &self.intermediate);
        let leaf = leaf.expect("the parameters are complete").der().clone();
        vec![leaf, self.intermediate.der().clone()]
    }

    fn private_chain(
        &self,
        name: &str,
        validity: Validity,
        by: &Authority,
    ) -> Vec<CertificateDer<'static>> {
        vec![self.leaf(name, validity, by), by.der().clone()]
    }

    fn leaf(&self, name: &str, validity: Validity, by: &Authority) -> CertificateDer<'static> {
        let leaf = leaf_parameters(name, validity).signed_by(&self.key, by);
        leaf.expect("the parameters are complete").der().clone()
    }

    fn self_signed(&self, name: &str, validity: Validity, is_ca: IsCa) -> CertificateDer<'static> {
        let mut parameters = leaf_parameters(name, validity);
        parameters.is_ca = is_ca;
        let certificate = parameters.self_signed(&self.key);
        certificate
            .expect("the parameters are complete")
            .der()
            .clone()
    }

    fn write_roots(&self) {
        let mut text = self.public.pem();
        write(&self.public_roots(), &text);
        for further in [&self.inspection, &self.company] {
            write!(text, "\n{}", further.pem()).expect("a string takes everything");
        }
        write(&self.os_roots(), &text);
    }
}

impl Drop for Authorities {
    fn drop(&mut self) {
        // At worst it is left in the temporary directory.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Begin and end.
type Validity = (SystemTime, SystemTime);

/// The cryptography that the lab's servers use.
pub fn provider() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

fn root(name: &str, organization: &str) -> Authority {
    let parameters = authority_parameters(name, organization);
    CertifiedIssuer::self_signed(parameters, key()).expect("the parameters are complete")
}

fn below(issuer: &Authority, name: &str) -> Authority {
    let parameters = authority_parameters(name, "Lab Trust Services");
    CertifiedIssuer::signed_by(parameters, key(), issuer).expect("the parameters are complete")
}

fn authority_parameters(name: &str, organization: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
        .distinguished_name
        .push(DnType::OrganizationName, organization);
    parameters.is_ca = any_authority();
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(2049, 1, 1);
    parameters
}

fn leaf_parameters(name: &str, (begin, end): Validity) -> CertificateParams {
    let names = vec![name.to_owned()];
    let mut parameters = CertificateParams::new(names).expect("a host name or an address");
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = begin.into();
    parameters.not_after = end.into();
    parameters.use_authority_key_identifier_extension = true;
    parameters
}

fn any_authority() -> IsCa {
    IsCa::Ca(BasicConstraints::Unconstrained)
}

fn key() -> KeyPair {
    KeyPair::generate().expect("the provider has P-256")
}

fn new_directory() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("reach365-lab-{}-{number}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&directory).expect("the temporary directory can be written");
    directory
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the directory can be written");
}

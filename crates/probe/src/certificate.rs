//! Certificates and revocation lists as far as they can be read.

use reach365_model::Timestamp;
use rustls::crypto::CryptoProvider;
use rustls::crypto::hash::{Hash, HashAlgorithm};
use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

use reach365_model::endpoint::printable;
use reach365_model::evidence::{Certificate, CrlSeen};

/// More names than a certificate of these services has; the rest is left out.
const NAME_LIMIT: usize = 50;
/// Longest name that is kept whole.
const TEXT_LIMIT: usize = 300;

/// Decodes a certificate; `unreadable` names what cannot be decoded.
pub(crate) fn read(der: &[u8], provider: &CryptoProvider) -> Certificate {
    let sha256 = fingerprint(der, provider);
    match X509Certificate::from_der(der) {
        Ok((_, parsed)) => Certificate {
            subject: name(parsed.subject()),
            issuer: name(parsed.issuer()),
            names: names(&parsed),
            not_before: timestamp(parsed.validity().not_before),
            not_after: timestamp(parsed.validity().not_after),
            sha256,
            self_issued: parsed.subject().as_raw() == parsed.issuer().as_raw(),
            authority: parsed.is_ca(),
            unreadable: None,
        },
        Err(error) => Certificate {
            sha256,
            unreadable: Some(bounded(&error.to_string())),
            ..Certificate::default()
        },
    }
}

/// The name that issued the last certificate of a chain, followed from the leaf: the content of its
/// DER form, without the header of the sequence.
pub(crate) fn last_issuer(chain: &[CertificateDer<'_>]) -> Option<Vec<u8>> {
    let read = |der: &CertificateDer<'_>| {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let names = [parsed.subject(), parsed.issuer()];
        Some(names.map(|name| name.as_raw().to_vec()))
    };
    let names: Vec<[Vec<u8>; 2]> = chain.iter().filter_map(read).collect();
    let mut issuer = names.first()?[1].clone();
    for _ in 0..names.len() {
        let above = names.iter().find(|[subject, _]| *subject == issuer);
        match above {
            Some([_, next]) if *next != issuer => issuer.clone_from(next),
            _ => break,
        }
    }
    let header = match issuer.get(1)? {
        length if length & 0x80 == 0 => 2,
        length => 2 + usize::from(length & 0x7f),
    };
    Some(issuer.get(header..)?.to_vec())
}

/// Reads a body as a revocation list (RFC 5280).
pub(crate) fn read_crl(body: &[u8]) -> CrlSeen {
    let Ok((_, list)) = CertificateRevocationList::from_der(body) else {
        return CrlSeen::default();
    };
    CrlSeen {
        valid: true,
        issuer: Some(name(list.issuer())),
        next_update: list.next_update().and_then(timestamp),
    }
}

/// Whether bytes begin like a DER sequence that is longer than they are, of the announced length
/// where one was announced: a list too long to be read whole.
pub(crate) fn begins_like_der(body: &[u8], announced: Option<u64>) -> bool {
    let [0x30, length, rest @ ..] = body else {
        return false;
    };
    let count = usize::from(length & 0x7f);
    if length & 0x80 == 0 || count == 0 || count > 4 || rest.len() < count {
        return false;
    }
    let content = rest[..count]
        .iter()
        .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let total = content + 2 + count as u64;
    total > body.len() as u64 && announced.is_none_or(|length| length == total)
}

fn fingerprint(der: &[u8], provider: &CryptoProvider) -> String {
    let Some(hash) = sha256(provider) else {
        return String::new();
    };
    let digest = hash.hash(der);
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The provider's own SHA-256, so that no further crate is needed.
fn sha256(provider: &CryptoProvider) -> Option<&'static dyn Hash> {
    provider
        .cipher_suites
        .iter()
        .filter_map(rustls::SupportedCipherSuite::tls13)
        .map(|suite| suite.common.hash_provider)
        .find(|hash| hash.algorithm() == HashAlgorithm::SHA256)
}

fn name(name: &X509Name<'_>) -> String {
    bounded(&name.to_string())
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let all = extension.value.general_names.iter();
    all.filter_map(general_name).take(NAME_LIMIT).collect()
}

fn general_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(bounded(name)),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(v4).to_string());
    }
    let v6 = <[u8; 16]>::try_from(bytes).ok()?;
    Some(std::net::Ipv6Addr::from(v6).to_string())
}

fn timestamp(time: ASN1Time) -> Option<Timestamp> {
    Timestamp::from_second(time.timestamp())
}

fn bounded(text: &str) -> String {
    printable(text).chars().take(TEXT_LIMIT).collect()
}

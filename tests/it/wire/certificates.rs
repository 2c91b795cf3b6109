//! Every kind of certificate, as rustls judges it against the two files of roots.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error, RootCertStore};
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use reach365_testlab::certificates::{Authorities, Kind, provider};

const NAME: &str = "host.lab.example";

fn verifier(file: &Path) -> Arc<WebPkiServerVerifier> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).unwrap() {
        roots.add(certificate.unwrap()).unwrap();
    }
    let builder =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider()));
    builder.build().unwrap()
}

/// What is wrong, by the name of the error's variant; `ok` for nothing.
fn judge(verifier: &WebPkiServerVerifier, chain: &[CertificateDer<'static>]) -> String {
    let name = ServerName::try_from(NAME).unwrap();
    match verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], UnixTime::now()) {
        Ok(_) => "ok".to_owned(),
        Err(Error::InvalidCertificate(CertificateError::Other(other))) => format!("{:?}", other.0),
        Err(Error::InvalidCertificate(error)) => {
            let text = format!("{error:?}");
            text.split([' ', '{', '('])
                .next()
                .unwrap_or_default()
                .to_owned()
        }
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn every_kind_is_what_it_says() {
    let authorities = Authorities::new();
    let public = verifier(&authorities.public_roots());
    let system = verifier(&authorities.os_roots());
    let cases = [
        (Kind::Good, 2, "ok", "ok"),
        (Kind::Expired, 2, "ExpiredContext", "ExpiredContext"),
        (
            Kind::NotYetValid,
            2,
            "NotValidYetContext",
            "NotValidYetContext",
        ),
        (
            Kind::WrongName,
            2,
            "NotValidForNameContext",
            "NotValidForNameContext",
        ),
        (Kind::SelfSigned, 1, "UnknownIssuer", "UnknownIssuer"),
        (
            Kind::SelfSignedAuthority,
            1,
            "CaUsedAsEndEntity",
            "CaUsedAsEndEntity",
        ),
        (
            Kind::MissingIntermediate,
            1,
            "UnknownIssuer",
            "UnknownIssuer",
        ),
        (Kind::Inspected, 2, "UnknownIssuer", "ok"),
        (
            Kind::InspectedExpired,
            2,
            "ExpiredContext",
            "ExpiredContext",
        ),
        (Kind::Unknown, 2, "UnknownIssuer", "UnknownIssuer"),
        (Kind::OtherUnknown, 2, "UnknownIssuer", "UnknownIssuer"),
        (Kind::Garbage, 1, "BadEncoding", "BadEncoding"),
    ];
    for (kind, length, by_public, by_system) in cases {
        let chain = authorities.chain(kind, NAME);
        assert_eq!(chain.len(), length, "{kind:?}");
        assert_eq!(
            judge(&public, &chain),
            by_public,
            "{kind:?} by the public roots"
        );
        assert_eq!(
            judge(&system, &chain),
            by_system,
            "{kind:?} by the system's roots"
        );
    }
}

#[test]
fn issuers_are_who_they_should_be() {
    let authorities = Authorities::new();
    let names = |kind: Kind| {
        let chain = authorities.chain(kind, NAME);
        let (_, leaf) = X509Certificate::from_der(&chain[0]).unwrap();
        (
            leaf.subject().to_string(),
            leaf.issuer().to_string(),
            leaf.is_ca(),
        )
    };
    let subject = format!("CN={NAME}");
    for kind in [Kind::SelfSigned, Kind::SelfSignedAuthority] {
        let authority = kind == Kind::SelfSignedAuthority;
        assert_eq!(
            names(kind),
            (subject.clone(), subject.clone(), authority),
            "{kind:?}"
        );
    }
    let issuer = |kind: Kind| names(kind).1;
    assert_eq!(issuer(Kind::Good), issuer(Kind::MissingIntermediate));
    assert_eq!(
        issuer(Kind::Inspected),
        "CN=Branch Office TLS Inspection, O=Contoso Firewall"
    );
    assert_ne!(issuer(Kind::Unknown), issuer(Kind::OtherUnknown));
}

#[test]
fn revocation_lists_are_real() {
    let authorities = Authorities::new();
    for expired in [false, true] {
        let der = authorities.crl(expired);
        let (rest, list) = CertificateRevocationList::from_der(&der).unwrap();
        assert!(rest.is_empty());
        let next = list.next_update().unwrap().to_datetime();
        assert_eq!(next < std::time::SystemTime::now(), expired);
        assert!(CertificateRevocationList::from_der(&der[..der.len() / 2]).is_err());
    }
}

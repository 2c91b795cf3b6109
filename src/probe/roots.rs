//! Who is trusted: the public roots and those of the operating system, apart.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};

use crate::endpoint::printable;
use crate::evidence::Trust;

/// Public roots that Mozilla's bundle has dropped or will drop while Microsoft's services may still
/// use them (Microsoft 365 encryption chains): DigiCert Global Root CA, DigiCert High Assurance EV
/// Root CA, GlobalSign Root CA.
const FURTHER_PUBLIC_ROOTS: &[u8] = include_bytes!("further_public_roots.pem");

/// A store of roots with its verifier; without one where the store is empty.
#[derive(Debug)]
pub(crate) struct Roots {
    verifier: Option<Arc<WebPkiServerVerifier>>,
    count: usize,
    /// Chains repeat: hosts share certificates, and every host is asked twice or more.
    known: Mutex<HashMap<Vec<u8>, Trust>>,
}

impl Roots {
    /// The public roots: webpki-roots and a short list of our own.
    pub(crate) fn public(provider: &Arc<CryptoProvider>) -> Self {
        let mut store = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let further = CertificateDer::pem_slice_iter(FURTHER_PUBLIC_ROOTS);
        store.add_parsable_certificates(further.filter_map(Result::ok));
        Self::new(store, provider)
    }

    /// A store of these certificates; those that cannot be read are left out.
    pub(crate) fn of(
        certificates: Vec<CertificateDer<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Self {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(certificates);
        Self::new(store, provider)
    }

    fn new(store: RootCertStore, provider: &Arc<CryptoProvider>) -> Self {
        let count = store.len();
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider));
        Self {
            verifier: builder.build().ok(),
            count,
            known: Mutex::default(),
        }
    }

    /// Number of roots in the store.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Whether a chain leads to a root of this store. `at` lies within the certificate's own
    /// validity, so that trust and dates are judged apart.
    pub(crate) fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        at: UnixTime,
    ) -> Trust {
        let Some((leaf, intermediates)) = chain.split_first() else {
            return Trust::Refused("no certificate was sent".to_owned());
        };
        let Some(verifier) = &self.verifier else {
            return Trust::NoRoots;
        };
        let key = chain
            .iter()
            .flat_map(|der| der.iter().copied())
            .collect::<Vec<u8>>();
        let known = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(trust) = known {
            return trust;
        }
        let trust = match verifier.verify_server_cert(leaf, intermediates, name, &[], at) {
            Ok(_) => Trust::Trusted,
            Err(error) => trust_of(&error),
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, trust.clone());
        trust
    }
}

/// webpki looks at the path before the name, so an objection to the name means a good path.
fn trust_of(error: &rustls::Error) -> Trust {
    let rustls::Error::InvalidCertificate(error) = error else {
        return Trust::Refused(printable(&error.to_string()));
    };
    match error {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Trust::Trusted
        }
        CertificateError::UnknownIssuer => Trust::UnknownIssuer,
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            Trust::UnknownIssuer
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. } => {
            Trust::Refused("a signature algorithm that is no longer accepted".to_owned())
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            Trust::Refused("an issuing certificate has expired".to_owned())
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            Trust::Refused("the certificate is not meant for servers".to_owned())
        }
        other => Trust::Refused(printable(&other.to_string()).chars().take(200).collect()),
    }
}

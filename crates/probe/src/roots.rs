//! Trust: the public roots and those of the operating system, separately.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};

use crate::certificate;
use reach365_model::endpoint::printable;
use reach365_model::evidence::Trust;

/// Public roots that Mozilla's bundle has dropped or will drop while Microsoft's services may still
/// use them (Microsoft 365 encryption chains): DigiCert Global Root CA, DigiCert High Assurance EV
/// Root CA, GlobalSign Root CA.
const FURTHER_PUBLIC_ROOTS: &[u8] = include_bytes!("../data/further_public_roots.pem");

/// The stores of a run, and their results for the chains of the run.
#[derive(Debug)]
pub struct TrustStores {
    public: Roots,
    os: Roots,
    /// The roots that are in both. Nearly every chain ends at one of these, and one look then
    /// answers for both stores.
    shared: Roots,
    /// Chains repeat: hosts share certificates, and every host is asked twice or more.
    known: Mutex<HashMap<Vec<u8>, TrustByStore>>,
}

/// Whether a chain leads to a root of each store.
#[derive(Debug, Clone)]
pub(crate) struct TrustByStore {
    pub(crate) public: Trust,
    pub(crate) os: Trust,
}

impl TrustStores {
    pub(crate) fn new(
        public: RootCertStore,
        os: RootCertStore,
        provider: &Arc<CryptoProvider>,
    ) -> Self {
        Self {
            shared: Roots::new(shared(&public, &os), provider),
            public: Roots::new(public, provider),
            os: Roots::new(os, provider),
            known: Mutex::default(),
        }
    }

    /// Number of public roots.
    pub fn public_count(&self) -> usize {
        self.public.count
    }

    /// Number of the operating system's roots.
    pub fn os_count(&self) -> usize {
        self.os.count
    }

    /// Whether a chain leads to a root. `at` lies within the certificate's own validity, so that
    /// trust and dates are judged separately.
    pub(crate) fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        at: UnixTime,
    ) -> TrustByStore {
        let key: Vec<u8> = chain.iter().flat_map(|der| der.iter().copied()).collect();
        if let Some(trust) = self.known().get(&key) {
            return trust.clone();
        }
        let trust = self.verify(chain, name, at);
        self.known().insert(key, trust.clone());
        trust
    }

    /// Whether each store has a root by the name that issued the end of the chain: a verifier that
    /// rejects a signature or the leaf does not report whose root it would have been.
    pub(crate) fn named(&self, chain: &[CertificateDer<'_>]) -> Option<(bool, bool)> {
        let issuer = certificate::last_issuer(chain)?;
        Some((self.public.has(&issuer), self.os.has(&issuer)))
    }

    fn verify(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        at: UnixTime,
    ) -> TrustByStore {
        if self.shared.verify(chain, name, at) == Trust::Trusted {
            return TrustByStore {
                public: Trust::Trusted,
                os: Trust::Trusted,
            };
        }
        TrustByStore {
            public: self.public.verify(chain, name, at),
            os: self.os.verify(chain, name, at),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Vec<u8>, TrustByStore>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The public roots: webpki-roots and a short list of our own.
pub(crate) fn public_roots() -> RootCertStore {
    let mut store = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let further = CertificateDer::pem_slice_iter(FURTHER_PUBLIC_ROOTS);
    store.add_parsable_certificates(further.filter_map(Result::ok));
    store
}

/// A store of these certificates; those that cannot be read are left out.
pub(crate) fn roots_of(certificates: Vec<CertificateDer<'static>>) -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates);
    store
}

fn shared(left: &RootCertStore, right: &RootCertStore) -> RootCertStore {
    let roots = left.roots.iter().filter(|root| right.roots.contains(root));
    RootCertStore {
        roots: roots.cloned().collect(),
    }
}

/// A store of roots with its verifier; without one where the store is empty.
#[derive(Debug)]
struct Roots {
    verifier: Option<Arc<WebPkiServerVerifier>>,
    /// The names of the roots: the content of their DER forms.
    names: HashSet<Vec<u8>>,
    count: usize,
}

impl Roots {
    fn new(store: RootCertStore, provider: &Arc<CryptoProvider>) -> Self {
        let count = store.len();
        let names = store.roots.iter().map(|root| root.subject.to_vec());
        let names = names.collect();
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider));
        Self {
            verifier: builder.build().ok(),
            names,
            count,
        }
    }

    fn has(&self, name: &[u8]) -> bool {
        self.names.contains(name)
    }

    fn verify(&self, chain: &[CertificateDer<'_>], name: &ServerName<'_>, at: UnixTime) -> Trust {
        let Some((leaf, intermediates)) = chain.split_first() else {
            return Trust::Refused("no certificate was sent".to_owned());
        };
        let Some(verifier) = &self.verifier else {
            return Trust::NoRoots;
        };
        match verifier.verify_server_cert(leaf, intermediates, name, &[], at) {
            Ok(_) => Trust::Trusted,
            Err(error) => trust_of(&error),
        }
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
            Trust::Refused("the certificate is one of an authority (CA:TRUE)".to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_from_files_are_found_among_the_compiled_ones() {
        let certificates = CertificateDer::pem_slice_iter(FURTHER_PUBLIC_ROOTS);
        let os = roots_of(certificates.filter_map(Result::ok).collect());
        assert_eq!(os.len(), 3);
        assert_eq!(shared(&public_roots(), &os).roots, os.roots);
        assert!(shared(&os, &RootCertStore::empty()).is_empty());
    }
}

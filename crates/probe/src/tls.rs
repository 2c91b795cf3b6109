//! The TLS 1.2 handshake, with the chain recorded whatever the result.

use reach365_model::Timestamp;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, DigitallySignedStruct, NamedGroup, SignatureScheme};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::clock::RunClock;
use crate::meter::{Meter, Metered};
use crate::roots::{TrustStores, public_roots, roots_of};
use crate::wire::Duplex;
use crate::{certificate, classify};
use reach365_model::endpoint::{Host, printable};
use reach365_model::evidence::{Certificate, Failure, FailureKind, TlsSeen, Trust};
use reach365_platform as platform;

/// More certificates than any server sends.
const CHAIN_LIMIT: usize = 16;

/// A finished handshake; on the heap, since it is handed on by value from function to function.
pub(crate) type Stream<S> = Box<TlsStream<Metered<S>>>;

/// What every handshake of a run shares.
#[derive(Debug)]
pub struct TlsContext {
    pub(crate) provider: Arc<CryptoProvider>,
    pub stores: TrustStores,
}

/// Reads the roots once, when the first handshake needs them or the caller preloads them.
#[derive(Debug)]
pub struct TlsSource {
    /// Certificates that replace the public roots.
    pub(crate) public: Option<Certificates>,
    /// Certificates that replace the operating system's.
    pub(crate) os: Option<Certificates>,
    /// Set at the first use.
    pub(crate) context: OnceCell<TlsContext>,
}

/// Certificates that a checker shares with its runs.
pub type Certificates = Arc<Vec<CertificateDer<'static>>>;

impl TlsSource {
    /// Certificates given in place of the public list and of the system's store.
    pub fn new(public: Option<Certificates>, os: Option<Certificates>) -> Self {
        Self {
            public,
            os,
            context: OnceCell::new(),
        }
    }

    /// The context; the first caller has it read on a thread for blocking work.
    pub async fn get(&self) -> &TlsContext {
        let read = async {
            let (public, os) = (self.public.clone(), self.os.clone());
            let (again_public, again_os) = (public.clone(), os.clone());
            let task = spawn_blocking(move || TlsContext::read(public.as_deref(), os.as_deref()));
            match task.await {
                Ok(context) => context,
                // The runtime is shutting down or out of threads: read it here.
                Err(_) => TlsContext::read(again_public.as_deref(), again_os.as_deref()),
            }
        };
        self.context.get_or_init(|| read).await
    }
}

type CertificateList = Vec<CertificateDer<'static>>;

impl TlsContext {
    fn read(public: Option<&CertificateList>, os: Option<&CertificateList>) -> Self {
        let provider = provider();
        warm_up(&provider);
        let public = match public {
            Some(certificates) => roots_of(certificates.clone()),
            None => public_roots(),
        };
        let os = match os {
            Some(certificates) => roots_of(certificates.clone()),
            None => roots_of(platform::native_roots()),
        };
        Self {
            stores: TrustStores::new(public, os, &provider),
            provider,
        }
    }
}

/// A handshake without its evaluation, which is not part of the timed stage.
pub(crate) struct Handshake<S> {
    pub(crate) stream: Result<Stream<S>, Failure>,
    chain: Vec<CertificateDer<'static>>,
    client_certificate_requested: bool,
    meter: Arc<Meter>,
    cipher_suite: Option<String>,
}

/// The provider that the features chose, without post-quantum key shares: they make a large
/// ClientHello, which some middleboxes drop.
pub fn provider() -> Arc<CryptoProvider> {
    #[cfg(not(feature = "ring"))]
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(feature = "ring")]
    let mut provider = rustls::crypto::ring::default_provider();
    let classical = [
        NamedGroup::X25519,
        NamedGroup::secp256r1,
        NamedGroup::secp384r1,
    ];
    provider
        .kx_groups
        .retain(|group| classical.contains(&group.name()));
    Arc::new(provider)
}

/// The first random number of a process may cost tens of milliseconds: it is drawn outside of
/// every timed stage.
fn warm_up(provider: &CryptoProvider) {
    // A generator that fails here fails in the handshake too, which reports it.
    let _ = provider.secure_random.fill(&mut [0; 1]);
}

/// Performs the handshake on a fresh connection or tunnel.
pub(crate) async fn handshake<S: Duplex>(
    context: &TlsContext,
    clock: &RunClock,
    limit: Duration,
    host: &Host,
    below: S,
) -> Handshake<S> {
    let meter = Arc::new(Meter::default());
    let chain = Arc::new(ChainRecorder::new(&context.provider));
    let stream = connect(context, clock, limit, host, below, &meter, &chain).await;
    let suite = stream.as_ref().ok().and_then(|stream| {
        let suite = stream.get_ref().1.negotiated_cipher_suite()?;
        suite.suite().as_str().map(str::to_owned)
    });
    Handshake {
        stream,
        chain: chain.take(),
        client_certificate_requested: chain.asked_for_certificate.load(Ordering::Relaxed),
        meter,
        cipher_suite: suite,
    }
}

async fn connect<S: Duplex>(
    context: &TlsContext,
    clock: &RunClock,
    limit: Duration,
    host: &Host,
    below: S,
    meter: &Arc<Meter>,
    chain: &Arc<ChainRecorder>,
) -> Result<Stream<S>, Failure> {
    let config = config(&context.provider, chain, &TLS12)?;
    let name = server_name(host)?;
    let stream = Metered::new(below, Arc::clone(meter));
    let handshake = TlsConnector::from(config).connect(name, stream);
    match clock.within(limit, handshake).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(classify::tls(&error)),
        Err(why) => Err(classify::expired(why)),
    }
}

/// Whether a server completes a TLS 1.3 handshake; tried after it refused TLS 1.2.
pub(crate) async fn speaks_tls13(
    provider: &Arc<CryptoProvider>,
    host: &Host,
    tcp: TcpStream,
) -> bool {
    let chain = Arc::new(ChainRecorder::new(provider));
    let (Ok(config), Ok(name)) = (config(provider, &chain, &TLS13), server_name(host)) else {
        return false;
    };
    TlsConnector::from(config).connect(name, tcp).await.is_ok() || !chain.take().is_empty()
}

fn config(
    provider: &Arc<CryptoProvider>,
    chain: &Arc<ChainRecorder>,
    version: &'static rustls::SupportedProtocolVersion,
) -> Result<Arc<ClientConfig>, Failure> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[version])
        .map_err(|error| classify::rustls_error(&error))?;
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(chain) as Arc<dyn ServerCertVerifier>)
        .with_client_cert_resolver(Arc::clone(chain) as Arc<dyn ResolvesClientCert>);
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn server_name(host: &Host) -> Result<ServerName<'static>, Failure> {
    match host {
        Host::Address(address) => Ok(ServerName::IpAddress((*address).into())),
        Host::Name(name) => ServerName::try_from(name.clone())
            .map_err(|error| classify::failure(FailureKind::Other, error.to_string())),
    }
}

impl<S> Handshake<S> {
    /// What the handshake showed, with trust, name and chain judged separately.
    pub(crate) fn seen(&self, context: &TlsContext, host: &Host) -> TlsSeen {
        let chain: Vec<Certificate> = self
            .chain
            .iter()
            .map(|der| certificate::read(der, &context.provider))
            .collect();
        let mut seen = TlsSeen {
            server_name: host.name().map(str::to_owned),
            cipher_suite: self.cipher_suite.clone(),
            client_certificate_requested: self.client_certificate_requested,
            bytes_sent: self.meter.sent(),
            bytes_received: self.meter.received(),
            first_bytes: self.clear_text(),
            ..TlsSeen::default()
        };
        if let (Some(leaf), Ok(name)) = (chain.first(), server_name(host)) {
            let at = within_validity(leaf);
            let trust = context.stores.judge(&self.chain, &name, at);
            if trust.public != Trust::Trusted && trust.os != Trust::Trusted {
                let named = context.stores.named(&self.chain);
                seen.public_root_named = named.map(|(public, _)| public);
                seen.os_root_named = named.map(|(_, os)| os);
            }
            seen.public_roots = Some(trust.public);
            seen.os_roots = Some(trust.os);
            seen.name_matches = self.chain.first().and_then(|der| names_host(der, &name));
        }
        seen.chain = chain;
        seen
    }

    fn clear_text(&self) -> Option<String> {
        let bytes = self.meter.first_bytes();
        let record_types = 20..=24;
        if bytes
            .first()
            .is_none_or(|first| record_types.contains(first))
        {
            return None;
        }
        Some(printable(&String::from_utf8_lossy(&bytes)))
    }
}

/// Now, or the nearest moment at which the certificate is valid: trust is one question, dates are
/// another.
fn within_validity(leaf: &Certificate) -> UnixTime {
    let now = UnixTime::now().as_secs();
    let seconds = |moment: Timestamp| u64::try_from(moment.as_second()).unwrap_or(0);
    let earliest = leaf.not_before.map_or(0, seconds);
    let latest = leaf.not_after.map_or(u64::MAX, seconds);
    UnixTime::since_unix_epoch(Duration::from_secs(now.min(latest).max(earliest)))
}

fn names_host(leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> Option<bool> {
    let parsed = ParsedCertificate::try_from(leaf).ok()?;
    Some(rustls::client::verify_server_name(&parsed, name).is_ok())
}

/// Keeps the chain and lets the handshake go on: trust is recorded, never a reason to stop.
#[derive(Debug)]
struct ChainRecorder {
    provider: Arc<CryptoProvider>,
    chain: Mutex<Vec<CertificateDer<'static>>>,
    asked_for_certificate: AtomicBool,
}

impl ChainRecorder {
    fn new(provider: &Arc<CryptoProvider>) -> Self {
        Self {
            provider: Arc::clone(provider),
            chain: Mutex::default(),
            asked_for_certificate: AtomicBool::new(false),
        }
    }

    fn take(&self) -> Vec<CertificateDer<'static>> {
        std::mem::take(&mut *self.chain.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Has no client certificate, and notes that one was requested.
impl ResolvesClientCert for ChainRecorder {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked_for_certificate.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

impl ServerCertVerifier for ChainRecorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let mut chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        chain.push(leaf.clone().into_owned());
        let rest = intermediates.iter().take(CHAIN_LIMIT - 1);
        chain.extend(rest.map(|der| der.clone().into_owned()));
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, leaf, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, leaf, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

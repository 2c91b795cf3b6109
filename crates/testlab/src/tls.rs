//! How a server behaves on a connection that should begin with TLS.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::{ClientHello as RustlsHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::certificates;
use crate::hello::{self, ClientHello, LEGACY_SUITE};
use crate::http::Http;

/// What a filter looks for in ClientHellos.
const FILTERED: &str = "filtered";

/// How the TLS handshake goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// TLS 1.2 and 1.3, then HTTP.
    #[default]
    Healthy,
    /// TLS 1.3 only, then HTTP.
    OnlyTls13,
    /// A ServerHello of TLS 1.0.
    HelloTls10,
    /// A ServerHello of TLS 1.1.
    HelloTls11,
    /// A ServerHello with an old suite where it was offered, alert 40 where not.
    OnlyLegacySuite,
    /// A fatal alert with this number.
    Alert(u8),
    /// RST after the ClientHello.
    ResetAfterHello,
    /// RST after a ServerHello.
    ResetAfterServerHello,
    /// An orderly close after the ClientHello.
    FinAfterHello,
    /// An orderly close before the ClientHello.
    CloseAtOnce,
    /// RST after a ClientHello with "filtered" in its name; others are answered.
    FilterReset,
    /// The same with silence instead of RST.
    FilterSilent,
    /// Reads, never answers.
    Silent,
    /// HTTP in clear.
    Plaintext,
    /// A banner of another protocol.
    OtherProtocol,
    /// A handshake message that never ends.
    EndlessRecords,
    /// A record longer than TLS allows.
    OversizedRecord,
}

/// The TLS configuration of one server.
#[derive(Clone)]
pub struct TlsServer {
    tls: Tls,
    config: Arc<ServerConfig>,
}

impl TlsServer {
    /// A server with this certificate.
    pub fn new(tls: Tls, key: Arc<CertifiedKey>) -> Self {
        let versions: &[&rustls::SupportedProtocolVersion] = match tls {
            Tls::OnlyTls13 => &[&rustls::version::TLS13],
            _ => &[&rustls::version::TLS12, &rustls::version::TLS13],
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(certificates::provider()))
            .with_protocol_versions(versions)
            .expect("the provider has both versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(OneCertificate(key)));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self {
            tls,
            config: Arc::new(config),
        }
    }

    /// Only the handshake.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// A healthy handshake and HTTP on any stream.
    pub async fn genuine<S>(&self, stream: S, http: &Http) -> std::io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        http.serve(self.acceptor().accept(stream).await?).await
    }

    /// Serves one connection to its end.
    pub async fn serve(&self, mut stream: TcpStream, http: &Http) {
        // A client that closes early ends its connection only.
        let _ = match self.tls {
            Tls::Healthy | Tls::OnlyTls13 => self.genuine(stream, http).await,
            Tls::Plaintext => http.answer_anything(stream).await,
            Tls::CloseAtOnce => close(stream).await,
            Tls::OtherProtocol => send(stream, b"220 mail.example ESMTP ready\r\n").await,
            _ => match ClientHello::read(&mut stream).await {
                Some(hello) => self.by_hand(stream, &hello).await,
                None => Ok(()),
            },
        };
    }

    async fn by_hand(&self, mut stream: TcpStream, hello: &ClientHello) -> std::io::Result<()> {
        match self.tls {
            Tls::HelloTls10 => send(stream, &hello::server_hello(0x0301, LEGACY_SUITE)).await,
            Tls::HelloTls11 => send(stream, &hello::server_hello(0x0302, LEGACY_SUITE)).await,
            Tls::OnlyLegacySuite if hello.suites.contains(&LEGACY_SUITE) => {
                send(stream, &hello::server_hello(0x0303, LEGACY_SUITE)).await
            }
            Tls::OnlyLegacySuite => send(stream, &hello::alert(40)).await,
            Tls::Alert(number) => send(stream, &hello::alert(number)).await,
            Tls::ResetAfterServerHello => {
                stream
                    .write_all(&hello::server_hello(0x0303, 0xc02f))
                    .await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
                reset(stream);
                Ok(())
            }
            Tls::FinAfterHello => close(stream).await,
            Tls::EndlessRecords => endless(stream).await,
            Tls::OversizedRecord => send(stream, &oversized()).await,
            Tls::FilterReset | Tls::FilterSilent if !hello.mentions(FILTERED) => {
                send(stream, &hello::server_hello(0x0303, 0xc02f)).await
            }
            Tls::Silent | Tls::FilterSilent => drain(&mut stream).await,
            // Reset, and variants that do not reach this point.
            _ => {
                reset(stream);
                Ok(())
            }
        }
    }
}

/// Ends a connection with RST instead of FIN.
pub fn reset(stream: TcpStream) {
    let socket = socket2::SockRef::from(&stream);
    // If it cannot be set, the client sees an orderly close, and the lab's own tests fail.
    let _ = socket.set_linger(Some(Duration::ZERO));
    drop(stream);
}

/// Ends a connection with FIN, and reads the rest of the input, so that no RST follows.
pub async fn close(mut stream: TcpStream) -> std::io::Result<()> {
    stream.shutdown().await?;
    drain(&mut stream).await
}

/// Reads until the client closes.
pub async fn drain(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

async fn send(mut stream: TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    close(stream).await
}

async fn endless(mut stream: TcpStream) -> std::io::Result<()> {
    stream
        .write_all(&hello::server_hello(0x0303, 0xc02f))
        .await?;
    stream.write_all(&hello::endless_beginning()).await?;
    let filler = hello::record(22, 0x0303, &[0; 16_000]);
    loop {
        stream.write_all(&filler).await?;
    }
}

fn oversized() -> Vec<u8> {
    let mut record = hello::record(22, 0x0303, &vec![0x41; 40_000]);
    record.extend(vec![0x41; 20_000]);
    record
}

/// Sends the same certificate to every client, malformed or not.
#[derive(Debug)]
struct OneCertificate(Arc<CertifiedKey>);

impl ResolvesServerCert for OneCertificate {
    fn resolve(&self, _: RustlsHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

//! A script from the web: directly, without credentials, with every redirect on record.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HOST, LOCATION, USER_AGENT,
};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::{AbortHandle, spawn, spawn_blocking};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::load::{Fetched, unreachable};
use super::{PacNames, PacSurroundings, REDIRECT_LIMIT};
use crate::endpoint::quoted;
use crate::options::HEAD_LIMIT;
use crate::platform;
use crate::probe::classify;
use crate::probe::http::AGENT;
use crate::probe::tls::provider;
use reach365_proxy::pac::{PacFailure, PacFailureKind, TEXT_LIMIT};

/// One address of several gets no more than this.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// The name of the server.
const NAME_LIMIT: Duration = Duration::from_secs(4);

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Fetches a URL and follows its redirects.
pub(super) async fn fetch(url: Url, surroundings: &PacSurroundings) -> Result<Fetched, PacFailure> {
    let mut url = without_credentials(url);
    let mut redirects: Vec<String> = Vec::new();
    loop {
        let (response, _connection) = request(&url, surroundings).await?;
        if let Some(next) = redirect(&url, &response)? {
            if redirects.len() == REDIRECT_LIMIT {
                return Err(unreachable("the server redirects more than 5 times"));
            }
            redirects.push(next.to_string());
            url = next;
            continue;
        }
        refuse_status(&response)?;
        let content_type = header(&response, &CONTENT_TYPE);
        let bytes = body(response).await?;
        return Ok(Fetched {
            url: url.into(),
            redirects,
            content_type,
            bytes,
        });
    }
}

/// SHA-256 in hexadecimal digits, by the provider that TLS uses.
pub(super) fn sha256(bytes: &[u8]) -> String {
    let suites = provider().cipher_suites.clone();
    let suite = suites.iter().find_map(|suite| {
        let suite = suite.tls13()?;
        let is_256 = suite.common.hash_provider.output_len() == 32;
        is_256.then_some(suite)
    });
    let digest = suite.map(|suite| suite.common.hash_provider.hash(bytes));
    let digest = digest.as_ref().map_or(&[][..], AsRef::as_ref);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn without_credentials(mut url: Url) -> Url {
    // Refused by URLs without a host alone, which http and https do not have.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    url
}

async fn request(
    url: &Url,
    surroundings: &PacSurroundings,
) -> Result<(Response<Incoming>, Ended), PacFailure> {
    let stream = connect(url, surroundings).await?;
    let failed = |error: hyper::Error| broken(&classify::http(&error).detail);
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_LIMIT)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(failed)?;
    let ended = Ended(spawn(connection).abort_handle());
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let request = Request::get(path)
        .header(HOST, host)
        .header(USER_AGENT, AGENT)
        .header(ACCEPT, "*/*")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| unreachable(&error.to_string()))?;
    let response = sender.send_request(request).await.map_err(failed)?;
    Ok((response, ended))
}

/// A connection that ends with whoever holds this.
pub(crate) struct Ended(pub(crate) AbortHandle);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn connect(url: &Url, surroundings: &PacSurroundings) -> Result<Box<dyn Stream>, PacFailure> {
    let port = url.port_or_known_default().unwrap_or(80);
    let host = url
        .host()
        .ok_or_else(|| unreachable("the URL has no host"))?;
    let addresses = addresses(&host, surroundings).await?;
    let tcp = first_connection(&addresses, port).await?;
    if url.scheme() == "http" {
        return Ok(Box::new(tcp));
    }
    let name = match host {
        Host::Domain(name) => ServerName::try_from(name.to_owned())
            .map_err(|_| unreachable("the host cannot stand in a certificate"))?,
        Host::Ipv4(address) => ServerName::IpAddress(IpAddr::from(address).into()),
        Host::Ipv6(address) => ServerName::IpAddress(IpAddr::from(address).into()),
    };
    let connector = TlsConnector::from(tls(surroundings).await?);
    let stream = connector.connect(name, tcp).await;
    let stream = stream.map_err(|error| unreachable(&format!("TLS: {error}")))?;
    Ok(Box::new(stream))
}

pub(crate) async fn addresses(
    host: &Host<&str>,
    surroundings: &PacSurroundings,
) -> Result<Vec<IpAddr>, PacFailure> {
    let name = match host {
        Host::Ipv4(address) => return Ok(vec![(*address).into()]),
        Host::Ipv6(address) => return Ok(vec![(*address).into()]),
        Host::Domain(name) => name,
    };
    let mut addresses = surroundings.resolver().addresses(name, NAME_LIMIT).await;
    if addresses.is_empty() && matches!(surroundings.names, PacNames::Fixed(_)) {
        // A table is for the script; where the script itself lies is another question.
        let system = PacSurroundings::default().resolver();
        addresses = system.addresses(name, NAME_LIMIT).await;
    }
    if addresses.is_empty() {
        return Err(unreachable(&format!("{} has no address", quoted(name))));
    }
    Ok(addresses)
}

pub(crate) async fn first_connection(
    addresses: &[IpAddr],
    port: u16,
) -> Result<TcpStream, PacFailure> {
    let mut failure = unreachable("no address answers");
    for address in addresses {
        let target = SocketAddr::new(*address, port);
        match timeout(CONNECT_LIMIT, TcpStream::connect(target)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = unreachable(&format!("{target}: {error}")),
            Err(_) => failure = unreachable(&format!("{target} does not answer")),
        }
    }
    Err(failure)
}

/// Verifies as the operating system would; nobody shall hand in a script who could not do so to
/// the system's own software.
pub(crate) async fn tls(surroundings: &PacSurroundings) -> Result<Arc<ClientConfig>, PacFailure> {
    let file = surroundings.os_roots.clone();
    let read = spawn_blocking(move || match file {
        Some(file) => platform::pem_file(&file),
        None => Ok(platform::native_roots()),
    });
    let read = read
        .await
        .map_err(|_| unreachable("reading roots was interrupted"))?;
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(read.map_err(|words| unreachable(&words))?);
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| unreachable(&error.to_string()))?;
    Ok(Arc::new(
        builder.with_root_certificates(store).with_no_client_auth(),
    ))
}

/// Where a redirect leads; only to the web.
fn redirect(url: &Url, response: &Response<Incoming>) -> Result<Option<Url>, PacFailure> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = header(response, &LOCATION) else {
        return Ok(None);
    };
    let next = url.join(&location).ok();
    let next = next.filter(|next| matches!(next.scheme(), "http" | "https"));
    match next {
        Some(next) => Ok(Some(without_credentials(next))),
        None => Err(unreachable(&format!("a redirect to {}", quoted(&location)))),
    }
}

fn refuse_status(response: &Response<Incoming>) -> Result<(), PacFailure> {
    let status = response.status().as_u16();
    if status != 200 {
        let words = format!("the server answered with status {status}; clients take 200 alone");
        return Err(PacFailure::new(PacFailureKind::Status(status), &words));
    }
    match header(response, &CONTENT_ENCODING).as_deref() {
        None | Some("" | "identity") => Ok(()),
        Some(encoding) => {
            let words = format!(
                "the script came as {} though nobody asked",
                quoted(encoding)
            );
            Err(PacFailure::new(PacFailureKind::NotScript, &words))
        }
    }
}

fn header(response: &Response<Incoming>, name: &hyper::header::HeaderName) -> Option<String> {
    let value = response.headers().get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}

/// One byte more than the limit shows that there is too much.
async fn body(response: Response<Incoming>) -> Result<Vec<u8>, PacFailure> {
    let mut incoming = response.into_body();
    let mut bytes: Vec<u8> = Vec::new();
    while bytes.len() <= TEXT_LIMIT {
        let Some(frame) = incoming.frame().await else {
            return Ok(bytes);
        };
        let frame = frame.map_err(|error| broken(&classify::http(&error).detail))?;
        let data = frame.into_data().unwrap_or_default();
        let room = TEXT_LIMIT + 1 - bytes.len();
        bytes.extend_from_slice(&data[..data.len().min(room)]);
    }
    Ok(bytes)
}

fn broken(detail: &str) -> PacFailure {
    let detail = if detail.is_empty() {
        "the connection ended"
    } else {
        detail
    };
    unreachable(&format!("the server's answer broke off: {detail}"))
}

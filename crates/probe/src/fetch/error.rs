//! Why a download failed.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::classify;
use reach365_model::endpoint::{printable, quoted};
use reach365_model::evidence::CredentialsWithheld;
use reach365_proxy::route::ProxyServer;

/// How hyper-util spells a status 407 to CONNECT; it exports neither the type nor the status.
const REJECTED: &str = "proxy authorization required";

/// Why a document did not come.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The host has no address, or none of its addresses accepts a connection.
    #[error("{0}")]
    Connect(String),
    /// The roots that servers are verified with could not be read.
    #[error("{0}")]
    Roots(String),
    /// The handshake failed, or the certificate is not trusted.
    #[error("TLS: {0}")]
    Tls(String),
    /// Any failure on the path through a proxy.
    #[error("through the proxy {server}: {why}")]
    Proxy {
        server: ProxyServer,
        why: Box<FetchError>,
    },
    /// The proxy wants credentials, and none were sent.
    #[error("it requires authentication (HTTP 407){}", withheld(.0.as_ref()))]
    SignIn(Option<CredentialsWithheld>),
    /// The proxy rejected the credentials.
    #[error("it rejected the credentials")]
    Rejected,
    /// The proxy opened no tunnel; its own error text.
    #[error("{0}")]
    Tunnel(String),
    /// The connection ended before the answer did, or what came is not HTTP.
    #[error("{0}")]
    Broken(String),
    /// The answer has more bytes than this.
    #[error("an answer of more than {} MiB", .0 >> 20)]
    TooLarge(usize),
    /// The answer is compressed, although no compression was requested; nothing is decompressed.
    #[error("the answer is compressed ({}), although no compression was requested", quoted(.0))]
    Encoded(String),
    /// More redirects than this.
    #[error("the server redirects more than {0} times")]
    Redirects(usize),
    /// A redirect to something that is not on the web.
    #[error("a redirect to {}", quoted(.0))]
    RedirectTo(String),
    /// Nothing within this time.
    #[error("no answer within {} s", .0.as_secs_f64())]
    TimedOut(Duration),
}

fn withheld(why: Option<&CredentialsWithheld>) -> String {
    why.map_or_else(String::new, |why| format!(": {why}"))
}

impl FetchError {
    /// Finds the cause in what reqwest wraps around it. `address` is where it connected to.
    pub(super) fn from_request(error: &reqwest::Error, address: SocketAddr) -> Self {
        let mut last = String::new();
        for cause in causes(error) {
            if let Some(cause) = cause.downcast_ref() {
                return Self::from_hyper(cause);
            }
            if let Some(cause) = cause.downcast_ref() {
                return Self::from_io(cause, address);
            }
            last = cause.to_string();
        }
        if last.contains(REJECTED) {
            return Self::Rejected;
        }
        Self::Tunnel(printable(&last))
    }

    /// The same for what ended an answer.
    pub(super) fn from_body(error: &reqwest::Error) -> Self {
        match causes(error).find_map(|cause| cause.downcast_ref()) {
            Some(cause) => Self::from_hyper(cause),
            None => Self::Broken(format!("the answer was cut off: {error}")),
        }
    }

    fn from_hyper(error: &hyper::Error) -> Self {
        let detail = classify::http(error).detail;
        if detail.is_empty() {
            return Self::Broken("the connection ended before the answer did".to_owned());
        }
        Self::Broken(format!("the answer was cut off: {detail}"))
    }

    fn from_io(error: &io::Error, address: SocketAddr) -> Self {
        let mut inner = error;
        while let Some(deeper) = inner.get_ref().and_then(|it| it.downcast_ref()) {
            inner = deeper;
        }
        match inner.kind() {
            io::ErrorKind::TimedOut => Self::Connect(format!("{address} does not answer")),
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable => Self::Connect(format!("{address}: {inner}")),
            _ => Self::Tls(printable(&inner.to_string())),
        }
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |cause| (*cause).source())
}

//! One GET on a connection of ours, read only as far as the expectation needs.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::future::{Either, select};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::endpoint::{Endpoint, Expect, Host, Scheme, printable};
use crate::evidence::{Failure, FailureKind, HttpSeen};
use crate::options::{BODY_LIMIT, HEAD_LIMIT};
use crate::probe::clock::{RunClock, milliseconds};
use crate::probe::{body, classify};

/// The agent of every request; neutral, so that a rule for some program does not match it.
const AGENT: &str = concat!("reach365/", env!("CARGO_PKG_VERSION"));
/// Headers of a response that are kept at most, and the length of each.
const HEADER_LIMIT: usize = 40;
const HEADER_LENGTH: usize = 400;
/// Bytes of a page that are read for its title and its words.
const PAGE_LIMIT: usize = 8 * 1024;

/// What came of an exchange: an answer, a failure, or an answer that broke off.
pub(crate) struct Exchange {
    pub(crate) seen: Option<HttpSeen>,
    pub(crate) failure: Option<Failure>,
}

impl Exchange {
    fn failed(failure: Failure) -> Self {
        Self {
            seen: None,
            failure: Some(failure),
        }
    }
}

/// Sends the request and reads the answer. `trusted` says that nobody reads along, so that a body
/// which the expectation does not need can be left unread.
pub(crate) async fn exchange<S>(
    endpoint: &Endpoint,
    clock: &RunClock,
    limit: Duration,
    stream: S,
    trusted: bool,
) -> Exchange
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = match request(endpoint) {
        Ok(request) => request,
        Err(error) => {
            return Exchange::failed(classify::failure(FailureKind::Other, error.to_string()));
        }
    };
    let handshake = http1::Builder::new()
        .max_buf_size(HEAD_LIMIT)
        .handshake(TokioIo::new(stream))
        .await;
    let (mut sender, connection) = match handshake {
        Ok(parts) => parts,
        Err(error) => return Exchange::failed(classify::http(&error)),
    };
    let began = Instant::now();
    let talk = async {
        let response = match clock.within(limit, sender.send_request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Exchange::failed(classify::http(&error)),
            Err(why) => return Exchange::failed(classify::expired(why)),
        };
        let seen = head(&response, began);
        read_body(endpoint, clock, limit, seen, response.into_body(), trusted).await
    };
    drive(pin!(talk), pin!(connection)).await
}

/// Runs an exchange with the connection that carries it; both end together.
async fn drive(
    talk: Pin<&mut impl Future<Output = Exchange>>,
    connection: Pin<&mut impl Future<Output = hyper::Result<()>>>,
) -> Exchange {
    match select(talk, connection).await {
        Either::Left((exchange, _)) => exchange,
        Either::Right((_, talk)) => talk.await,
    }
}

fn request(endpoint: &Endpoint) -> Result<Request<Empty<Bytes>>, hyper::http::Error> {
    Request::get(endpoint.path.as_str())
        .header(HOST, host_header(endpoint))
        .header(USER_AGENT, AGENT)
        .header(ACCEPT, "*/*")
        .header(CONNECTION, "close")
        .body(Empty::new())
}

fn host_header(endpoint: &Endpoint) -> String {
    let host = match &endpoint.host {
        Host::Address(std::net::IpAddr::V6(address)) => format!("[{address}]"),
        host => host.to_string(),
    };
    if endpoint.port == endpoint.scheme.default_port() {
        host
    } else {
        format!("{host}:{}", endpoint.port)
    }
}

fn head(response: &Response<Incoming>, began: Instant) -> HttpSeen {
    HttpSeen {
        status: response.status().as_u16(),
        headers: headers(response.headers()),
        first_byte_ms: milliseconds(began.elapsed()),
        announced_length: announced_length(response.headers()),
        received: Timestamp::from_second(Timestamp::now().as_second()).ok(),
        ..HttpSeen::default()
    }
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Everything but what identifies a session.
fn headers(all: &HeaderMap) -> BTreeMap<String, String> {
    all.iter()
        .filter(|(name, _)| !name.as_str().contains("cookie"))
        .take(HEADER_LIMIT)
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes());
            let text = printable(&text).chars().take(HEADER_LENGTH).collect();
            (name.as_str().to_owned(), text)
        })
        .collect()
}

async fn read_body(
    endpoint: &Endpoint,
    clock: &RunClock,
    limit: Duration,
    mut seen: HttpSeen,
    mut incoming: Incoming,
    trusted: bool,
) -> Exchange {
    let wanted = wanted(endpoint, &seen, trusted);
    let mut bytes: Vec<u8> = Vec::new();
    let mut failure = None;
    let reading = async {
        while bytes.len() < wanted {
            match incoming.frame().await {
                Some(Ok(frame)) => {
                    let data = frame.into_data().unwrap_or_default();
                    let room = wanted - bytes.len();
                    bytes.extend(data.iter().take(room));
                }
                Some(Err(error)) => {
                    failure = Some(classify::http(&error));
                    return false;
                }
                None => return true,
            }
        }
        seen.announced_length == Some(bytes.len() as u64)
    };
    match clock.within(limit, reading).await {
        Ok(complete) => seen.body_complete = complete,
        Err(why) => failure = Some(classify::expired(why)),
    }
    seen.body_bytes = bytes.len() as u64;
    body::describe(&endpoint.expect, &bytes, &mut seen);
    Exchange {
        seen: Some(seen),
        failure,
    }
}

/// How many bytes of the body the expectation needs.
fn wanted(endpoint: &Endpoint, seen: &HttpSeen, trusted: bool) -> usize {
    match &endpoint.expect {
        Expect::DerCrl | Expect::JsonKey(_) => BODY_LIMIT,
        Expect::Body(text) => (text.len() + PAGE_LIMIT).min(BODY_LIMIT),
        Expect::AnyGenuine | Expect::Status(_) | Expect::RedirectHost(_) => {
            let suspicious = !trusted || endpoint.scheme == Scheme::Http || seen.status >= 400;
            if suspicious { PAGE_LIMIT } else { 0 }
        }
    }
}

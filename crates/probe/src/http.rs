//! One GET on a connection of ours, read only as far as the expectation needs.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::{Either, select};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT, CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, PROXY_AUTHORIZATION,
    USER_AGENT,
};
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::TokioIo;
use reach365_model::Timestamp;
use tokio::time::Instant;

use crate::clock::{RunClock, milliseconds};
use crate::meter::{Meter, Metered};
use crate::queue::{AnswerKind, ProxyQueue};
use crate::wire::Duplex;
use crate::{body, classify, lenient, tunnel};
use reach365_model::endpoint::{Endpoint, Expect, Host, Scheme, printable};
use reach365_model::evidence::{Failure, FailureKind, HttpSeen, UserAgent};
use reach365_model::options::{BODY_LIMIT, HEAD_LIMIT};
use reach365_proxy::concealed;

/// The User-Agent of every request; neutral, so that a rule for some program does not match it.
pub(crate) const NEUTRAL: &str = concat!("reach365/", env!("CARGO_PKG_VERSION"));
/// A User-Agent of the shape that the historic sign-in component has, MSIE 6.0 compatible with
/// `MSOIDCRL` in it; the text is ours. Microsoft asks that such requests be allowed before a rule
/// denies Internet Explorer 6.
const MSOIDCRL: &str = concat!(
    "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 6.1; MSOIDCRL 7.250.4556.0; reach365/",
    env!("CARGO_PKG_VERSION"),
    ")"
);
/// The same without `MSOIDCRL`: a rule that denies Internet Explorer 6 matches both.
const MSIE6: &str = concat!(
    "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 6.1; reach365/",
    env!("CARGO_PKG_VERSION"),
    ")"
);

/// The text of a User-Agent.
pub(crate) fn user_agent_text(user_agent: UserAgent) -> &'static str {
    match user_agent {
        UserAgent::Neutral => NEUTRAL,
        UserAgent::Msoidcrl => MSOIDCRL,
        UserAgent::Msie6 => MSIE6,
    }
}
/// Headers of a response that are kept at most, and the length of each.
pub(super) const HEADER_LIMIT: usize = 40;
pub(super) const HEADER_LENGTH: usize = 400;
/// Headers that are read; servers with more than 150 exist.
const READ_HEADERS: usize = 1_000;
/// Bytes of a page that are searched for its title and text.
const PAGE_LIMIT: usize = 8 * 1024;

/// The result of an exchange: an answer, a failure, or an answer that was cut off.
pub(crate) struct Exchange {
    pub(crate) seen: Option<HttpSeen>,
    pub(crate) failure: Option<Failure>,
}

impl Exchange {
    /// Status of the answer, where one came.
    pub(crate) fn status(&self) -> Option<u16> {
        self.seen.as_ref().map(|seen| seen.status)
    }

    /// The schemes that a proxy offers for proxy authentication.
    pub(crate) fn auth_schemes(&self) -> Vec<String> {
        let headers = self.seen.as_ref().map(|seen| &seen.headers);
        let value = headers.and_then(|headers| headers.get("proxy-authenticate"));
        value.map_or_else(Vec::new, |value| tunnel::auth_schemes(value))
    }

    pub(crate) fn failed(failure: Failure) -> Self {
        Self {
            seen: None,
            failure: Some(failure),
        }
    }
}

/// What of the answer is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// As much as the expectation needs.
    Needed,
    /// The head; the body is not read.
    Beginning,
    /// The head; a HEAD request.
    Head,
}

/// The request, its target, and how much of the answer matters.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    endpoint: &'a Endpoint,
    /// Whether the request is sent to a proxy, which needs the whole URL.
    of_proxy: bool,
    /// Value of Proxy-Authorization.
    proxy_authorization: Option<&'a str>,
    user_agent: UserAgent,
    part: Part,
    /// Whether no device on the path reads along, so that a body which the expectation does not
    /// need can be left unread.
    trusted: bool,
    /// The queue of the proxy that gets the request.
    queue: Option<&'a ProxyQueue>,
}

impl<'a> Request<'a> {
    /// A request to the endpoint itself.
    pub(crate) fn to_server(endpoint: &'a Endpoint) -> Self {
        Self {
            endpoint,
            of_proxy: false,
            proxy_authorization: None,
            user_agent: UserAgent::Neutral,
            part: Part::Needed,
            trusted: false,
            queue: None,
        }
    }

    /// A request to a proxy, by absolute URL (RFC 9112, section 3.2.2).
    pub(crate) fn to_proxy(endpoint: &'a Endpoint, authorization: Option<&'a str>) -> Self {
        Self {
            of_proxy: true,
            proxy_authorization: authorization,
            ..Self::to_server(endpoint)
        }
    }

    /// Waits for the answer in the queue of a proxy.
    pub(crate) fn in_queue(self, queue: &'a ProxyQueue) -> Self {
        Self {
            queue: Some(queue),
            ..self
        }
    }

    /// Sets another User-Agent.
    pub(crate) fn by(self, user_agent: UserAgent) -> Self {
        Self { user_agent, ..self }
    }

    /// Requests the head of the answer only.
    pub(crate) fn head(self) -> Self {
        Self {
            part: Part::Head,
            ..self
        }
    }

    /// Reads only the head of the answer, whatever was requested.
    pub(crate) fn unread(self) -> Self {
        Self {
            part: Part::Beginning,
            ..self
        }
    }

    /// Sets whether the peer has proved its identity.
    pub(crate) fn trusted(self, trusted: bool) -> Self {
        Self { trusted, ..self }
    }

    fn build(&self) -> Result<hyper::Request<Empty<Bytes>>, hyper::http::Error> {
        let host = host_header(self.endpoint);
        let path = self.endpoint.path.as_str();
        let target = if self.of_proxy {
            format!("http://{host}{path}")
        } else {
            path.to_owned()
        };
        let method = if self.part == Part::Head {
            Method::HEAD
        } else {
            Method::GET
        };
        let mut request = hyper::Request::builder()
            .method(method)
            .uri(target)
            .header(HOST, host)
            .header(USER_AGENT, user_agent_text(self.user_agent))
            .header(ACCEPT, "*/*")
            .header(CONNECTION, "close");
        if let Some(value) = self.proxy_authorization {
            request = request.header(PROXY_AUTHORIZATION, value);
        }
        request.body(Empty::new())
    }
}

/// Sends the request and reads the answer.
pub(crate) async fn exchange<S: Duplex + 'static>(
    request: &Request<'_>,
    clock: &RunClock,
    limit: Duration,
    stream: S,
) -> Exchange {
    let message = match request.build() {
        Ok(message) => message,
        Err(error) => {
            return Exchange::failed(classify::failure(FailureKind::Other, error.to_string()));
        }
    };
    let meter = Arc::new(Meter::keeping(HEAD_LIMIT));
    let stream = Metered::new(stream, Arc::clone(&meter));
    let handshake = http1::Builder::new()
        .max_buf_size(HEAD_LIMIT)
        .max_headers(READ_HEADERS)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .handshake(TokioIo::new(stream))
        .await;
    let (mut sender, connection) = match handshake {
        Ok(parts) => parts,
        Err(error) => return Exchange::failed(classify::http(&error)),
    };
    let began = Instant::now();
    let talk = async {
        let answer = pin!(sender.send_request(message));
        let answer = match request.queue {
            Some(queue) => queue.within(clock, limit, answer, answer_kind).await,
            None => clock
                .within(limit, answer)
                .await
                .map(|it| (it, Duration::ZERO)),
        };
        let (response, queued) = match answer {
            Ok((Ok(response), queued)) => (response, queued),
            Ok((Err(error), _)) => {
                return irregular(request, &meter.first_bytes(), began, classify::http(&error));
            }
            Err(why) => return Exchange::failed(classify::expired(why)),
        };
        let mut seen = head(&response, began);
        seen.queued_ms = (!queued.is_zero()).then(|| milliseconds(queued));
        keep_ignored(&mut seen.headers, &meter.first_bytes());
        read_body(request, clock, limit, seen, response.into_body()).await
    };
    drive(pin!(talk), pin!(connection)).await
}

/// What the answer of a proxy shows about its queue.
fn answer_kind(answer: &hyper::Result<Response<Incoming>>) -> AnswerKind {
    match answer {
        Ok(response) if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            AnswerKind::Challenged
        }
        _ => AnswerKind::Answered,
    }
}

/// Adds the headers that the strict parser leaves out, for example because of control characters in
/// their values: what they contain, such as a challenge of a proxy, counts all the same.
fn keep_ignored(headers: &mut BTreeMap<String, String>, bytes: &[u8]) {
    let Some(head) = lenient::read(bytes) else {
        return;
    };
    for (name, value) in head.headers {
        if headers.len() < HEADER_LIMIT {
            headers.entry(name).or_insert(value);
        }
    }
}

/// An answer that the strict parser rejects: what has a status line is an answer all the same.
fn irregular(request: &Request<'_>, bytes: &[u8], began: Instant, failure: Failure) -> Exchange {
    let rejected = match failure.kind {
        FailureKind::Malformed => true,
        // Headers without end come from no host that proved who it is.
        FailureKind::TooLarge => request.trusted,
        _ => false,
    };
    let Some(head) = lenient::read(bytes).filter(|_| rejected) else {
        return Exchange::failed(failure);
    };
    let mut seen = HttpSeen {
        status: head.status,
        headers: head.headers,
        first_byte_ms: milliseconds(began.elapsed()),
        body_bytes: head.body.len() as u64,
        irregular: Some(failure.detail),
        received: Timestamp::from_second(Timestamp::from(SystemTime::now()).as_second()),
        ..HttpSeen::default()
    };
    body::describe(&request.endpoint.expect, head.body, &mut seen);
    Exchange {
        seen: Some(seen),
        failure: None,
    }
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
        received: Timestamp::from_second(Timestamp::from(SystemTime::now()).as_second()),
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

/// Everything but what identifies a session; repeated headers are joined by commas.
fn headers(all: &HeaderMap) -> BTreeMap<String, String> {
    let kept = all.keys().filter(|name| !name.as_str().contains("cookie"));
    let joined = kept.take(HEADER_LIMIT).map(|name| {
        let values = all.get_all(name).iter().map(HeaderValue::as_bytes);
        let value = values.collect::<Vec<_>>().join(&b", "[..]);
        let text = concealed::header(name.as_str(), &String::from_utf8_lossy(&value));
        let text = printable(&text);
        (
            name.as_str().to_owned(),
            text.chars().take(HEADER_LENGTH).collect(),
        )
    });
    joined.collect()
}

async fn read_body(
    request: &Request<'_>,
    clock: &RunClock,
    limit: Duration,
    mut seen: HttpSeen,
    mut incoming: Incoming,
) -> Exchange {
    let endpoint = request.endpoint;
    let wanted = wanted(request, &seen);
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
fn wanted(request: &Request<'_>, seen: &HttpSeen) -> usize {
    let endpoint = request.endpoint;
    match &endpoint.expect {
        _ if request.part == Part::Beginning => 0,
        Expect::DerCrl | Expect::JsonKey(_) => BODY_LIMIT,
        Expect::Body(text) => (text.len() + PAGE_LIMIT).min(BODY_LIMIT),
        Expect::AnyGenuine | Expect::Status(_) | Expect::RedirectHost(_) => {
            let suspicious =
                !request.trusted || endpoint.scheme == Scheme::Http || seen.status >= 400;
            if suspicious { PAGE_LIMIT } else { 0 }
        }
    }
}

//! CONNECT through an HTTP proxy (RFC 9110, section 9.3.6), with the proxy's whole answer recorded.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::response_head::{self, ResponseHead};
use crate::wire::{BoxedStream, PrefixedStream};
use crate::{body, classify, http};
use reach365_model::endpoint::{Endpoint, Host, printable};
use reach365_model::evidence::{Failure, FailureKind, ProxySeen, UserAgent};
use reach365_model::options::HEAD_LIMIT;
use reach365_proxy::concealed;

/// Bytes of a refusal's page that are kept: squid's message follows 3 KiB of style.
const PAGE_LIMIT: usize = 4 * 1024;
/// Headers of a response that are kept at most, besides those that rules need.
const HEADERS: usize = 40;
/// Headers that rules need.
const NEEDED: [&str; 9] = [
    "content-length",
    "content-type",
    "location",
    "proxy-authenticate",
    "proxy-status",
    "retry-after",
    "server",
    "via",
    "x-squid-error",
];
/// Characters of the name of a header.
const NAME: usize = 100;
/// Schemes of authentication that are kept.
const SCHEMES: usize = 8;
/// How long the page of a refusal is waited for: its status is the main evidence.
const PAGE_TIME: Duration = Duration::from_secs(1);

/// The result of a request for a tunnel.
pub(crate) struct Tunnel {
    pub(crate) seen: ProxySeen,
    pub(crate) stream: Result<BoxedStream, Failure>,
    /// The rest of a refusal, and what of it was read with its head.
    refusal: Option<(BoxedStream, Vec<u8>)>,
}

impl Tunnel {
    pub(crate) fn new(seen: ProxySeen, stream: Result<BoxedStream, Failure>) -> Self {
        Self {
            seen,
            stream,
            refusal: None,
        }
    }

    /// Reads the page of a refusal, outside of the time limit of the request: the status, the main
    /// evidence, is known already.
    pub(crate) async fn read_page(&mut self) {
        if let Some((mut stream, page)) = self.refusal.take() {
            describe_page(&mut stream, page, &mut self.seen).await;
        }
    }
}

/// `host:port` as written in a request; IPv6 in brackets.
pub(crate) fn authority(endpoint: &Endpoint) -> String {
    match &endpoint.host {
        Host::Address(std::net::IpAddr::V6(address)) => format!("[{address}]:{}", endpoint.port),
        host => format!("{host}:{}", endpoint.port),
    }
}

/// Requests a tunnel to `authority`. Any 2xx opens it. `credentials` is a value of
/// Proxy-Authorization.
pub(crate) async fn connect(
    mut stream: BoxedStream,
    authority: &str,
    credentials: Option<&str>,
    user_agent: UserAgent,
) -> Tunnel {
    let mut seen = ProxySeen {
        request: format!("CONNECT {authority}"),
        credentials_sent: credentials.is_some(),
        ..ProxySeen::default()
    };
    if let Err(failure) = send(&mut stream, &request(authority, credentials, user_agent)).await {
        return Tunnel::new(seen, Err(failure));
    }
    let rest = match receive(&mut stream, &mut seen).await {
        Ok(rest) => rest,
        Err(failure) => return Tunnel::new(seen, Err(failure)),
    };
    if (200..300).contains(&seen.status.unwrap_or(0)) {
        let stream: BoxedStream = Box::new(PrefixedStream::new(rest, stream));
        return Tunnel::new(seen, Ok(stream));
    }
    let words = format!("HTTP {} {}", seen.status.unwrap_or(0), seen.reason);
    let failure = classify::failure(FailureKind::ProxyRefused, words.trim_end());
    let mut tunnel = Tunnel::new(seen, Err(failure));
    tunnel.refusal = Some((stream, rest));
    tunnel
}

fn request(authority: &str, credentials: Option<&str>, user_agent: UserAgent) -> String {
    let mut text = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
    text.push_str("User-Agent: ");
    text.push_str(http::user_agent_text(user_agent));
    text.push_str("\r\n");
    if let Some(credentials) = credentials {
        text.push_str("Proxy-Authorization: ");
        text.push_str(credentials);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text
}

async fn send(stream: &mut BoxedStream, request: &str) -> Result<(), Failure> {
    let io = |error: std::io::Error| classify::tls(&error);
    stream.write_all(request.as_bytes()).await.map_err(io)?;
    stream.flush().await.map_err(io)
}

/// Reads up to the final response, interim ones skipped (RFC 9110, section 15.2), and fills in
/// `seen`. Returns the bytes after its head.
async fn receive(stream: &mut BoxedStream, seen: &mut ProxySeen) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut read = 0;
    loop {
        let end = read_head(stream, &mut bytes, &mut read).await?;
        let rest = bytes.split_off(end);
        let head = ResponseHead::parse(&bytes)
            .map_err(|why| classify::failure(FailureKind::Malformed, why))?;
        // 101 is final: the proxy switches to another protocol.
        if !(100..200).contains(&head.status) || head.status == 101 {
            describe(head, seen);
            return Ok(rest);
        }
        bytes = rest;
    }
}

/// Reads until a head is complete; `read` counts the bytes of all heads, which are limited
/// together.
async fn read_head(
    stream: &mut BoxedStream,
    head: &mut Vec<u8>,
    read: &mut usize,
) -> Result<usize, Failure> {
    let mut buffer = [0; 2048];
    loop {
        if !could_be_http(head) {
            return Err(not_http(head));
        }
        if let Some(end) = response_head::end(head) {
            return Ok(end);
        }
        if *read >= HEAD_LIMIT {
            return Err(classify::failure(
                FailureKind::TooLarge,
                "a response head without end",
            ));
        }
        let received = stream.read(&mut buffer).await;
        let count = received.map_err(|error| classify::tls(&error))?;
        if count == 0 {
            return Err(early_end(head));
        }
        *read += count;
        head.extend(&buffer[..count]);
    }
}

fn early_end(head: &[u8]) -> Failure {
    if head.is_empty() {
        return classify::failure(FailureKind::Closed, "closed without an answer");
    }
    classify::failure(FailureKind::Closed, "closed within the response head")
}

/// The first bytes decide: a TLS alert, an SMTP banner or SOCKS bytes are not a proxy's answer.
fn could_be_http(head: &[u8]) -> bool {
    let start = b"HTTP/";
    let count = head.len().min(start.len());
    head[..count].eq_ignore_ascii_case(&start[..count])
}

fn not_http(head: &[u8]) -> Failure {
    let words = match head {
        [0x15 | 0x16, 3, ..] => "it speaks TLS, not HTTP in clear".to_owned(),
        [4 | 5, ..] => "it speaks SOCKS, not HTTP".to_owned(),
        _ => {
            let start = String::from_utf8_lossy(&head[..head.len().min(64)]);
            format!("not HTTP: {}", printable(start.trim()))
        }
    };
    classify::failure(FailureKind::Malformed, words)
}

/// Fills in the status and the headers.
fn describe(head: ResponseHead, seen: &mut ProxySeen) {
    seen.status = Some(head.status);
    seen.reason = bounded(&head.reason);
    let mut schemes = Vec::new();
    for (name, value) in head.headers {
        if name == "proxy-authenticate" {
            schemes.extend(auth_schemes(&value));
        }
        add_header(&mut seen.headers, &name, &value);
    }
    schemes.dedup();
    schemes.truncate(SCHEMES);
    seen.auth_schemes = schemes;
}

/// Keeps a header; repeated ones are joined. Those that rules need are kept however many there are.
fn add_header(headers: &mut BTreeMap<String, String>, name: &str, value: &str) {
    let wanted = NEEDED.contains(&name) || headers.len() < HEADERS;
    if name.is_empty() || name.len() > NAME || name.contains("cookie") || !wanted {
        return;
    }
    let value = concealed::header(name, value);
    let joined = match headers.get(name) {
        Some(before) => format!("{before}, {value}"),
        None => value,
    };
    headers.insert(printable(name), bounded(&joined));
}

/// The schemes of a Proxy-Authenticate value (RFC 9110, section 11.6.1): words that are followed
/// by a blank or a comma, and not by `=`.
pub(crate) fn auth_schemes(value: &str) -> Vec<String> {
    let is_scheme = |word: &&str| {
        !word.is_empty()
            && word.len() <= 32
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let first_words = split_unquoted(value);
    let mut schemes = Vec::new();
    for part in &first_words {
        let mut words = part.split_whitespace();
        let first = words.next();
        if let Some(word) = first.filter(is_scheme) {
            schemes.push(word.to_owned());
        }
    }
    schemes.truncate(SCHEMES);
    schemes
}

/// Parts between commas that are not in quotes.
fn split_unquoted(value: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in value.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => parts.push(String::new()),
            _ if quoted => {}
            _ => parts.last_mut().into_iter().for_each(|part| part.push(c)),
        }
    }
    parts
}

/// The page of a refusal: proxies state there who denies what.
async fn describe_page(stream: &mut BoxedStream, mut page: Vec<u8>, seen: &mut ProxySeen) {
    let reading = async {
        let length = seen.headers.get("content-length");
        let length: Option<usize> = length.and_then(|text| text.parse().ok());
        let wanted = length.unwrap_or(PAGE_LIMIT).min(PAGE_LIMIT);
        let mut buffer = [0; 1024];
        while page.len() < wanted {
            match stream.read(&mut buffer).await {
                Ok(count) if count > 0 => page.extend(&buffer[..count]),
                _ => break,
            }
        }
    };
    let _ = timeout(PAGE_TIME, reading).await;
    page.truncate(PAGE_LIMIT);
    (seen.title, seen.body_text) = body::page(&page, PAGE_LIMIT);
}

fn bounded(text: &str) -> String {
    printable(text).chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_told_from_their_parameters() {
        let cases = [
            ("Basic realm=\"a, b\"", vec!["Basic"]),
            (
                "Negotiate, NTLM, Basic realm=\"x\"",
                vec!["Negotiate", "NTLM", "Basic"],
            ),
            (
                "Digest realm=\"x\", nonce=\"y\", qop=\"auth\"",
                vec!["Digest"],
            ),
            ("NTLM TlRMTVNTUAAC==", vec!["NTLM"]),
            ("", vec![]),
        ];
        for (value, expected) in cases {
            assert_eq!(auth_schemes(value), expected, "{value}");
        }
    }

    async fn answered(answer: &'static [u8]) -> Tunnel {
        let (ours, mut theirs) = tokio::io::duplex(256 * 1024);
        let server = async move {
            let mut request = [0; 1024];
            let _ = theirs.read(&mut request).await;
            let _ = theirs.write_all(answer).await;
        };
        let asked = async {
            let mut tunnel =
                connect(Box::new(ours), "a.example:443", None, UserAgent::Neutral).await;
            tunnel.read_page().await;
            tunnel
        };
        let (tunnel, ()) = tokio::join!(asked, server);
        tunnel
    }

    #[tokio::test]
    async fn bytes_behind_the_head_come_first_in_the_tunnel() {
        let tunnel = answered(b"HTTP/1.0 200 Connection established\r\n\r\nearly").await;
        let mut text = String::new();
        tunnel
            .stream
            .ok()
            .unwrap()
            .read_to_string(&mut text)
            .await
            .unwrap();
        assert_eq!(text, "early");
        assert_eq!(tunnel.seen.status, Some(200));
    }

    #[tokio::test]
    async fn a_refusal_keeps_status_headers_and_page() {
        let tunnel = answered(b"HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\nSet-Cookie: secret\r\n\r\n<title>No \x1b[31mway</title>").await;
        assert_eq!(tunnel.stream.err().unwrap().kind, FailureKind::ProxyRefused);
        assert_eq!(tunnel.seen.title.as_deref(), Some("No \\u{1b}[31mway"));
        assert_eq!(tunnel.seen.headers["x-squid-error"], "ERR_ACCESS_DENIED 0");
        assert!(!tunnel.seen.headers.contains_key("set-cookie"));
    }

    #[tokio::test]
    async fn odd_heads_open_a_tunnel() {
        for answer in [
            &b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx"[..],
            b"HTTP/1.1 200 OK\r\nVia: 1.1 a\r\n\tb\r\n\r\nx",
            b"HTTP/1.1 200 OK\nVia : 1.1 a\nno colon\n\nx",
            b"HTTP/1.1 200\r\n\r\nx",
            b"HTTP/1.1 204 No Content\r\n\r\nx",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\nx",
        ] {
            let tunnel = answered(answer).await;
            let mut text = String::new();
            let mut stream = tunnel.stream.ok().unwrap();
            stream.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "x", "{}", String::from_utf8_lossy(answer));
        }
    }

    #[tokio::test]
    async fn interim_responses_without_end_are_given_up() {
        let endless = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(4_000).leak();
        let failure = answered(endless).await.stream.err().unwrap();
        assert_eq!(failure.kind, FailureKind::TooLarge);
    }

    #[tokio::test]
    async fn other_protocols_and_silence_are_no_proxy() {
        for (answer, kind) in [
            (&b"220 mail.example ESMTP\r\n"[..], FailureKind::Malformed),
            (b"\x15\x03\x01\x00\x02\x02\x28", FailureKind::Malformed),
            (b"\x05\xff", FailureKind::Malformed),
            (b"", FailureKind::Closed),
            (b"HTTP/1.1 200 OK\r\nX: ", FailureKind::Closed),
        ] {
            let failure = answered(answer).await.stream.err().unwrap();
            assert_eq!(failure.kind, kind, "{answer:?}");
        }
    }
}

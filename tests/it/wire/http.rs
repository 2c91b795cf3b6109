//! Every HTTP answer, as a plain socket sees it.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use reach365_model::Timestamp;

use super::{PATIENCE, ask, connect, stays_silent};
use reach365_testlab::Lab;
use reach365_testlab::http::{Http, Manner, Page};
use reach365_testlab::server::Server;

const REQUEST: &[u8] = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n";

fn served(http: Http) -> (Lab, SocketAddr) {
    let mut lab = Lab::start();
    let address = lab.serve("x.example", "http", &Server::clear(http));
    (lab, address)
}

/// The head as text, and the body as far as its length is announced.
fn get(http: Http) -> (String, Vec<u8>) {
    let (_lab, address) = served(http);
    let mut stream = connect(address);
    stream.write_all(REQUEST).unwrap();
    read_answer(&mut stream)
}

fn read_answer(stream: &mut impl Read) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut body = vec![0; header(&head, "Content-Length").parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    (head, body)
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let find = |line: &'a str| line.strip_prefix(name)?.strip_prefix(": ");
    head.lines().find_map(find).unwrap_or_default()
}

#[test]
fn status_headers_and_body() {
    let http = Http::answer(429, Page::Empty).header("Retry-After", "120");
    let (head, body) = get(http);
    assert!(
        head.starts_with("HTTP/1.1 429 Too Many Requests\r\n"),
        "{head}"
    );
    assert_eq!(header(&head, "Retry-After"), "120");
    assert!(body.is_empty());

    let (head, body) =
        get(Http::answer(302, Page::Empty).header("Location", "http://portal.example/"));
    assert!(head.starts_with("HTTP/1.1 302 Found\r\n"), "{head}");
    assert_eq!(header(&head, "Location"), "http://portal.example/");
    assert!(body.is_empty());
}

#[test]
fn pages() {
    let (head, body) = get(Http::answer(403, Page::Block));
    assert!(head.starts_with("HTTP/1.1 403 Forbidden\r\n"));
    assert_eq!(header(&head, "Content-Type"), "text/html; charset=utf-8");
    assert!(
        String::from_utf8(body)
            .unwrap()
            .contains("<title>Web Page Blocked</title>")
    );
    let (_, body) = get(Http::answer(
        200,
        Page::Text("Microsoft Connect Test".into()),
    ));
    assert_eq!(body, b"Microsoft Connect Test");
    let (_, body) = get(Http::answer(200, Page::Escapes));
    assert!(body.contains(&0x1b));
    let (head, body) = get(Http::answer(200, Page::Crl));
    assert_eq!(header(&head, "Content-Type"), "application/pkix-crl");
    assert_eq!(body[0], 0x30, "a DER sequence");
    let (_, half) = get(Http::answer(200, Page::HalfCrl));
    // Signatures differ by a byte or two in length.
    assert!(half.len().abs_diff(body.len() / 2) <= 2);
    let (_, expired) = get(Http::answer(200, Page::ExpiredCrl));
    assert_ne!(expired, body);
}

#[test]
fn connections_are_kept_for_the_next_request() {
    let (_lab, address) = served(Http::default());
    let mut stream = connect(address);
    for _ in 0..3 {
        stream.write_all(REQUEST).unwrap();
        assert_eq!(read_answer(&mut stream).1, b"healthy\n");
    }
}

#[test]
fn clocks() {
    for ahead in [0, 7200, -7200] {
        let (head, _) = get(Http {
            clock_ahead_s: ahead,
            ..Http::default()
        });
        let date = Timestamp::from_http_date(header(&head, "Date")).unwrap();
        let difference = date.seconds_since(Timestamp::from(SystemTime::now()));
        assert!(
            (difference - ahead).abs() <= 2,
            "{difference} s instead of {ahead} s"
        );
    }
}

#[test]
fn silence() {
    let (_lab, address) = served(Http::default().manner(Manner::Silent));
    let mut stream = connect(address);
    stream.write_all(REQUEST).unwrap();
    assert!(stays_silent(&stream, Duration::from_millis(300)));

    let (_lab, address) = served(Http::default().manner(Manner::SilentBody));
    let mut stream = connect(address);
    stream.write_all(REQUEST).unwrap();
    let mut buffer = [0; 1024];
    assert!(stream.read(&mut buffer).unwrap() > 20);
    assert!(stays_silent(&stream, Duration::from_millis(300)));
}

#[test]
fn slowness() {
    let (_lab, address) = served(Http::default().manner(Manner::Late(250)));
    let mut stream = connect(address);
    stream.write_all(REQUEST).unwrap();
    assert!(stays_silent(&stream, Duration::from_millis(100)));
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(read_answer(&mut stream).1, b"healthy\n");

    let (_lab, address) = served(Http::default().manner(Manner::Drip(2)));
    let mut stream = connect(address);
    stream.write_all(REQUEST).unwrap();
    let first = stream.read(&mut [0; 1024]).unwrap();
    assert!(first < 40, "{first} bytes at once");
    assert!(read_answer(&mut stream).0.contains("Content-Type"));
}

#[test]
fn closes_and_truncation() {
    let (_lab, address) = served(Http::default().manner(Manner::Close));
    assert_eq!(ask(address, REQUEST).unwrap(), b"");
    let (_lab, address) = served(Http::default().manner(Manner::Truncated));
    let answer = String::from_utf8(ask(address, REQUEST).unwrap()).unwrap();
    assert_eq!(header(&answer, "Content-Length"), "10008");
    assert!(answer.ends_with("\r\n\r\nhealthy\n"));
}

#[test]
fn what_never_ends() {
    for manner in [Manner::Endless, Manner::EndlessHeaders] {
        let (_lab, address) = served(Http::default().manner(manner));
        let answer = ask(address, REQUEST).unwrap();
        assert_eq!(
            answer.len(),
            64 * 1024,
            "{manner:?}: as much as was asked for"
        );
        let head_ends = answer.windows(4).any(|part| part == b"\r\n\r\n");
        assert_eq!(head_ends, manner == Manner::Endless);
    }
}

#[test]
fn odd_heads() {
    let (head, body) = get(Http::default().manner(Manner::HugeHeader));
    assert!(head.len() > 1024 * 1024);
    assert_eq!(body, b"healthy\n");
    let (_lab, address) = served(Http::default().manner(Manner::EscapesInHeader));
    let mut stream = connect(address);
    stream.write_all(REQUEST).unwrap();
    let mut buffer = [0; 4096];
    let length = stream.read(&mut buffer).unwrap();
    assert!(buffer[..length].windows(2).any(|pair| pair == [0xc2, 0x9b]));
    let (_lab, address) = served(Http::default().manner(Manner::Garbage));
    assert!(!ask(address, REQUEST).unwrap().starts_with(b"HTTP"));
    let (_lab, address) = served(Http::default().manner(Manner::Interim));
    let mut stream = connect(address);
    stream.write_all(REQUEST).unwrap();
    let mut begin = [0; 34];
    stream.read_exact(&mut begin).unwrap();
    assert_eq!(&begin, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 ");
}

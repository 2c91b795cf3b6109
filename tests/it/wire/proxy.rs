//! Proxies, as a plain socket sees them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::{ask, connect, stays_silent};
use reach365_testlab::Lab;
use reach365_testlab::http::{Http, Page};
use reach365_testlab::proxy::{Act, Protocol, Proxy, Refusal, Rule, SignIn};
use reach365_testlab::server::Server;

/// A lab with a server in clear that says "hello", and a proxy; the proxy's address and the
/// server's port.
fn lab(proxy: &Proxy) -> (Lab, SocketAddr, u16) {
    let mut lab = Lab::start();
    let hello = Server::clear(Http::answer(200, Page::Text("hello".into())));
    let server = lab.host("x.example", "web", &hello);
    let proxy = lab.proxy("proxy.example", proxy);
    (lab, proxy, server.port())
}

fn that(protocol: Protocol, does: Act) -> Proxy {
    Proxy {
        protocol,
        does,
        ..Proxy::default()
    }
}

fn connect_request(host: &str, port: u16) -> Vec<u8> {
    format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n").into_bytes()
}

/// What comes until the end of the connection or of the expected words.
fn read_until(stream: &mut TcpStream, words: &str) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(words.as_bytes()) && stream.read(&mut byte).is_ok_and(|count| count == 1)
    {
        text.push(byte[0]);
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn says_hello(stream: &mut TcpStream) -> bool {
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x.example\r\n\r\n")
        .unwrap();
    read_until(stream, "hello").ends_with("\r\n\r\nhello")
}

#[test]
fn a_tunnel_carries_bytes_both_ways() {
    let (_lab, proxy, port) = lab(&Proxy::default());
    let mut stream = connect(proxy);
    stream
        .write_all(&connect_request("x.example", port))
        .unwrap();
    let head = read_until(&mut stream, "\r\n\r\n");
    assert_eq!(head, "HTTP/1.1 200 Connection established\r\n\r\n");
    assert!(says_hello(&mut stream));
}

#[test]
fn a_whole_url_is_asked_for_at_the_host() {
    let (_lab, proxy, port) = lab(&Proxy::default());
    let mut stream = connect(proxy);
    let request = format!("GET http://x.example:{port}/ HTTP/1.1\r\nHost: x.example\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    assert!(read_until(&mut stream, "hello").ends_with("\r\n\r\nhello"));
}

#[test]
fn proxies_know_hosts_that_the_resolver_does_not_and_say_so_of_others() {
    let (mut lab, proxy, port) = lab(&Proxy::default());
    lab.host_behind_proxies("hidden.example", "web", &Server::clear(Http::default()));
    let answer = |host: &str| {
        let mut stream = connect(proxy);
        stream.write_all(&connect_request(host, port)).unwrap();
        read_until(&mut stream, "\r\n\r\n")
    };
    assert!(answer("hidden.example").starts_with("HTTP/1.1 200 "));
    assert!(answer("nowhere.example").contains("X-Squid-Error: ERR_DNS_FAIL 0"));
}

#[test]
fn rules_choose_by_host_and_by_port() {
    let refusal = Refusal {
        status: 403,
        reason: "Forbidden".into(),
        page: "<title>No</title>".into(),
        ..Refusal::default()
    };
    let rule = |host: Option<&str>, port: Option<&str>| Rule {
        host: host.map(str::to_owned),
        port: port.map(str::to_owned),
        does: Act::Refuse(refusal.clone()),
    };
    for (rule, refused) in [
        (rule(Some("x.example"), None), true),
        (rule(Some("y.example"), None), false),
        (rule(None, Some("web")), true),
        (rule(None, Some("dns")), false),
    ] {
        let (_lab, proxy, port) = lab(&Proxy {
            rules: vec![rule],
            ..Proxy::default()
        });
        let mut stream = connect(proxy);
        stream
            .write_all(&connect_request("x.example", port))
            .unwrap();
        let head = read_until(&mut stream, "\r\n\r\n");
        assert_eq!(head.starts_with("HTTP/1.1 403 Forbidden\r\n"), refused);
    }
}

#[test]
fn a_sign_in_is_asked_for_until_it_is_right() {
    let (_lab, proxy, port) = lab(&Proxy {
        sign_in: Some(SignIn {
            schemes: vec!["NTLM".into(), "Basic realm=\"x\"".into()],
            accepts: Some("Basic YTpi".into()),
        }),
        ..Proxy::default()
    });
    let with = |line: &str| {
        let request = format!("CONNECT x.example:{port} HTTP/1.1\r\n{line}\r\n");
        let mut stream = connect(proxy);
        stream.write_all(request.as_bytes()).unwrap();
        read_until(&mut stream, "\r\n\r\n")
    };
    let asked = "Proxy-Authenticate: NTLM\r\nProxy-Authenticate: Basic realm=\"x\"\r\n";
    assert!(with("").contains(asked));
    assert!(with("Proxy-Authorization: Basic wrong\r\n").starts_with("HTTP/1.1 407 "));
    assert!(with("proxy-authorization: Basic YTpi\r\n").starts_with("HTTP/1.1 200 "));
}

#[test]
fn ends_of_a_connection_are_those_that_were_asked_for() {
    let end = |does: Act| {
        let (_lab, proxy, port) = lab(&that(Protocol::Http, does));
        ask(proxy, &connect_request("x.example", port)).map_err(|error| error.kind())
    };
    assert_eq!(end(Act::Close), Ok(Vec::new()));
    assert_eq!(end(Act::Reset), Err(std::io::ErrorKind::ConnectionReset));
    let garbage = end(Act::Garbage).unwrap();
    assert!(!garbage.starts_with(b"HTTP"));
    let closed = end(Act::TunnelClosed).unwrap();
    assert!(closed.starts_with(b"HTTP/1.1 200 ") && closed.ends_with(b"\r\n\r\n"));
    let endless = end(Act::EndlessHeaders).unwrap();
    assert_eq!(endless.len(), 64 * 1024);
}

#[test]
fn a_long_head_opens_a_tunnel_too() {
    let (_lab, proxy, port) = lab(&that(Protocol::Http, Act::Padded(10_000)));
    let mut stream = connect(proxy);
    stream
        .write_all(&connect_request("x.example", port))
        .unwrap();
    assert!(read_until(&mut stream, "\r\n\r\n").len() > 10_000);
    assert!(says_hello(&mut stream));
}

#[test]
fn silence_and_slowness() {
    let (_lab, proxy, port) = lab(&that(Protocol::Http, Act::Silent));
    let mut stream = connect(proxy);
    stream
        .write_all(&connect_request("x.example", port))
        .unwrap();
    assert!(stays_silent(&stream, Duration::from_millis(200)));

    let (_lab, proxy, port) = lab(&that(Protocol::Http, Act::Drip(2)));
    let mut stream = connect(proxy);
    stream
        .write_all(&connect_request("x.example", port))
        .unwrap();
    let first = stream.read(&mut [0; 1024]).unwrap();
    assert!(first < 10, "{first} bytes at once");
    read_until(&mut stream, "\r\n\r\n");
    assert!(says_hello(&mut stream));
}

#[test]
fn socks_5_carries_by_name_and_replies_as_told() {
    let ask_for = |does: Act| {
        let (_lab, proxy, port) = lab(&that(Protocol::Socks5, does));
        let mut stream = connect(proxy);
        stream.write_all(&[5, 1, 0]).unwrap();
        let mut method = [0; 2];
        stream.read_exact(&mut method).unwrap();
        if method[1] != 0 {
            return (method[1], false);
        }
        let request = [&[5, 1, 0, 3, 9][..], b"x.example", &port.to_be_bytes()].concat();
        stream.write_all(&request).unwrap();
        let mut reply = [0; 10];
        stream.read_exact(&mut reply).unwrap();
        (reply[1], reply[1] == 0 && says_hello(&mut stream))
    };
    assert_eq!(ask_for(Act::Serve), (0, true));
    assert_eq!(ask_for(Act::SocksReply(2)), (2, false));
    assert_eq!(ask_for(Act::SocksMethod(255)), (255, false));
}

#[test]
fn socks_4_carries_by_address_and_4a_by_name() {
    let ask_for = |protocol: Protocol, address: [u8; 4], name: &[u8]| {
        let (lab, proxy, port) = lab(&that(protocol, Act::Serve));
        let address = match address {
            [0, ..] => address,
            _ => lab.zone.lock().find("x.example").unwrap().a[0].octets(),
        };
        let request = [&[4, 1][..], &port.to_be_bytes(), &address, &[0], name].concat();
        let mut stream = connect(proxy);
        stream.write_all(&request).unwrap();
        let mut reply = [0; 8];
        stream.read_exact(&mut reply).unwrap();
        (reply[1], reply[1] == 90 && says_hello(&mut stream))
    };
    assert_eq!(ask_for(Protocol::Socks4, [127; 4], b""), (90, true));
    assert_eq!(
        ask_for(Protocol::Socks4a, [0, 0, 0, 1], b"x.example\0"),
        (90, true)
    );
    assert!(!ask_for(Protocol::Socks4, [0, 0, 0, 1], b"x.example\0").1);
}

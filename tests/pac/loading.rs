//! Scripts from servers on loopback sockets.

use std::net::SocketAddr;
use std::time::Duration;

use reach365_probe::pac::{PacEnvironment, PacLimits, Script, answer, load};
use reach365_proxy::pac::{PacFailure, PacFailureKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SCRIPT: &str = "function FindProxyForURL(url, host) { return 'PROXY \u{e4}'; }";

/// Answers every request with what the path asks for.
async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

async fn serve(mut stream: TcpStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            return;
        };
        request.push(byte);
    }
    let request = String::from_utf8(request).unwrap();
    assert!(
        !request.to_ascii_lowercase().contains("authorization"),
        "{request}"
    );
    let path = request.split(' ').nth(1).unwrap().to_owned();
    for piece in pieces(&path) {
        if stream.write_all(&piece).await.is_err() {
            return;
        }
    }
    if path == "/endless" {
        while stream.write_all(&[b' '; 16_384]).await.is_ok() {}
    }
    if path == "/slow" {
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
}

fn pieces(path: &str) -> Vec<Vec<u8>> {
    let head =
        |status: &str, headers: &str| format!("HTTP/1.1 {status}\r\n{headers}\r\n").into_bytes();
    let sized = |kind: &str, body: &[u8]| {
        let headers = format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        vec![head("200 OK", &headers), body.to_vec()]
    };
    let latin1: Vec<u8> = SCRIPT.chars().map(|c| u32::from(c) as u8).collect();
    match path {
        "/utf-8" => sized("text/plain; charset=utf-8", SCRIPT.as_bytes()),
        "/latin-1" => sized("application/x-ns-proxy-autoconfig", &latin1),
        "/wrong-charset" => sized("text/plain; charset=iso-8859-1", SCRIPT.as_bytes()),
        "/bom" => sized("text/plain", &[b"\xEF\xBB\xBF", SCRIPT.as_bytes()].concat()),
        "/page" => sized("text/html", b"<!DOCTYPE html><title>Blocked</title>"),
        "/empty" => sized("text/plain", b""),
        "/no-function" => sized("text/plain", b"var a = 1;"),
        "/large" => sized("text/plain", &vec![b'/'; (1 << 20) + 1]),
        "/cut" => vec![
            head("200 OK", "Content-Length: 1000\r\n"),
            b"function".to_vec(),
        ],
        "/endless" => vec![head("200 OK", "Connection: close\r\n")],
        "/slow" => vec![head("200 OK", "Content-Length: 1000\r\n"), b"fu".to_vec()],
        "/gzip" => vec![
            head("200 OK", "Content-Encoding: gzip\r\nContent-Length: 1\r\n"),
            b"x".to_vec(),
        ],
        "/moved" => vec![head(
            "302 Found",
            "Location: /utf-8\r\nContent-Length: 0\r\n",
        )],
        "/loop" => vec![head(
            "302 Found",
            "Location: /loop\r\nContent-Length: 0\r\n",
        )],
        "/to-file" => vec![head(
            "302 Found",
            "Location: file:///etc/passwd\r\nContent-Length: 0\r\n",
        )],
        "/no-content" => vec![head("204 No Content", "")],
        "/login" => vec![head(
            "401 Unauthorized",
            "WWW-Authenticate: Basic\r\nContent-Length: 0\r\n",
        )],
        "/garbage" => vec![b"SSH-2.0-x\r\n\r\n".to_vec()],
        "/silence" => Vec::new(),
        _ => vec![head("404 Not Found", "Content-Length: 0\r\n")],
    }
}

async fn get(address: SocketAddr, path: &str) -> Result<Script, PacFailure> {
    let limits = PacLimits {
        fetch: Duration::from_secs(2),
        ..PacLimits::default()
    };
    load(
        &format!("http://user:secret@{address}{path}"),
        &limits,
        PacEnvironment::default(),
    )
    .await
}

#[tokio::test]
async fn scripts_are_read_in_their_charset() {
    let address = server().await;
    let url = "http://a.example/".parse().unwrap();
    for (path, expected) in [
        ("/utf-8", "PROXY ä"),
        ("/latin-1", "PROXY ä"),
        ("/bom", "PROXY ä"),
        ("/wrong-charset", "PROXY Ã¤"),
    ] {
        let script = get(address, path)
            .await
            .unwrap_or_else(|failure| panic!("{path}: {failure}"));
        assert_eq!(
            answer(&script, &url, None).await.unwrap().answer,
            expected,
            "{path}"
        );
        assert_eq!(
            script.url,
            format!("http://{address}{path}"),
            "no credentials are kept"
        );
    }
}

#[tokio::test]
async fn what_was_fetched_is_on_record() {
    let address = server().await;
    let script = get(address, "/moved").await.unwrap();
    assert_eq!(script.redirects, [format!("http://{address}/utf-8")]);
    assert_eq!(script.url, format!("http://{address}/utf-8"));
    assert!(script.fetch_ms > 0.0);
    let again = get(address, "/utf-8").await.unwrap();
    assert_eq!(script.sha256, again.sha256);
    assert_eq!(
        script.sha256,
        "fdc939cf154ff5752ca4dc33e154489e557d549139a11f00cb06ca9606352e43"
    );
    assert_ne!(
        script.sha256,
        get(address, "/latin-1").await.unwrap().sha256
    );
}

#[tokio::test]
async fn what_is_no_script_is_told_apart() {
    let address = server().await;
    let cases = [
        ("/missing", PacFailureKind::Status(404)),
        ("/no-content", PacFailureKind::Status(204)),
        ("/login", PacFailureKind::Status(401)),
        ("/page", PacFailureKind::NotScript),
        ("/empty", PacFailureKind::NotScript),
        ("/gzip", PacFailureKind::NotScript),
        ("/loop", PacFailureKind::Unreachable),
        ("/to-file", PacFailureKind::Unreachable),
        ("/cut", PacFailureKind::Unreachable),
        ("/garbage", PacFailureKind::Unreachable),
        ("/silence", PacFailureKind::Unreachable),
        ("/slow", PacFailureKind::Unreachable),
        ("/endless", PacFailureKind::Limit),
        ("/large", PacFailureKind::Limit),
    ];
    for (path, kind) in cases {
        let failure = get(address, path).await.expect_err(path);
        assert_eq!(failure.kind, kind, "{path}: {failure}");
        assert!(!failure.message.contains("secret"), "{path}");
    }
    let url = "http://a.example/".parse().unwrap();
    let script = get(address, "/no-function").await.unwrap();
    let failure = answer(&script, &url, None).await.unwrap_err();
    assert_eq!(failure.kind, PacFailureKind::NotScript);
}

/// One answer over TLS, by a certificate that only `roots` knows.
async fn tls_server() -> (SocketAddr, String) {
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let body = SCRIPT.as_bytes();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                stream
                    .write_all(&[head.as_bytes(), body].concat())
                    .await
                    .ok();
                stream.read_u8().await.ok();
            }
        }
    });
    (address, certified.cert.pem())
}

#[tokio::test]
async fn a_server_that_the_system_does_not_trust_hands_in_no_script() {
    let (address, roots) = tls_server().await;
    let source = format!("https://{address}/proxy.pac");
    let file = std::env::temp_dir().join(format!("reach365-pac-{}.pem", std::process::id()));
    std::fs::write(&file, roots).unwrap();
    let trusting = PacEnvironment {
        os_roots: Some(file.clone()),
        ..PacEnvironment::default()
    };
    let script = load(&source, &PacLimits::default(), trusting)
        .await
        .unwrap();
    assert_eq!(script.text, SCRIPT);
    std::fs::remove_file(&file).unwrap();
    let refused = load(&source, &PacLimits::default(), PacEnvironment::default()).await;
    let failure = refused.unwrap_err();
    assert_eq!(failure.code(), "route-pac-unreachable");
    assert!(failure.message.contains("TLS"), "{failure}");
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let failure = get(address, "/").await.unwrap_err();
    assert_eq!(failure.code(), "route-pac-unreachable");
}

#[tokio::test]
async fn files_are_read_by_name_and_by_url() {
    let file = std::env::temp_dir().join(format!("reach365-pac-{}.pac", std::process::id()));
    std::fs::write(&file, SCRIPT).unwrap();
    let url = url::Url::from_file_path(&file).unwrap().to_string();
    for source in [file.to_str().unwrap(), &url] {
        let script = load(source, &PacLimits::default(), PacEnvironment::default())
            .await
            .unwrap();
        assert_eq!(script.text, SCRIPT);
    }
    std::fs::remove_file(&file).unwrap();
    let missing = load(&url, &PacLimits::default(), PacEnvironment::default()).await;
    assert_eq!(missing.unwrap_err().code(), "route-pac-unreachable");
}

//! Every handshake, with a hand-made ClientHello and with rustls.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, Stream};
use rustls::{SupportedProtocolVersion, version};

use super::{ask, connect, stays_silent};
use reach365_testlab::Lab;
use reach365_testlab::certificates::{Kind, provider};
use reach365_testlab::hello;
use reach365_testlab::http::{Http, Page};
use reach365_testlab::server::Server;
use reach365_testlab::tls::Tls;

const NAME: &str = "host.lab.example";

/// A ClientHello of TLS 1.2 with the one extension that no server does without.
fn client_hello(suites: &[u16]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.push(0);
    body.extend(u16::try_from(suites.len() * 2).unwrap().to_be_bytes());
    body.extend(suites.iter().flat_map(|suite| suite.to_be_bytes()));
    body.extend([1, 0]);
    body.extend([0, 8, 0, 13, 0, 4, 0, 2, 4, 3]);
    let mut message = vec![1, 0, 0, u8::try_from(body.len()).unwrap()];
    message.extend(body);
    hello::record(22, 0x0301, &message)
}

fn served(tls: Tls) -> (Lab, SocketAddr) {
    let mut lab = Lab::start();
    let address = lab.serve(NAME, "https", &Server::tls(tls));
    (lab, address)
}

fn answer_to_hello(tls: Tls, suites: &[u16]) -> std::io::Result<Vec<u8>> {
    let (_lab, address) = served(tls);
    ask(address, &client_hello(suites))
}

/// Handshake, then one request; the error in rustls' or the system's words.
fn talk(
    address: SocketAddr,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<String, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(TrustsEverybody))
        .with_no_client_auth();
    let name = ServerName::try_from(NAME).unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut socket = connect(address);
    let mut stream = Stream::new(&mut connection, &mut socket);
    let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream
        .write_all(request)
        .map_err(|error| error.to_string())?;
    let mut answer = [0; 12];
    stream
        .read_exact(&mut answer)
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn a_healthy_server_speaks_both_versions_and_then_http() {
    let (_lab, address) = served(Tls::Healthy);
    for version in [&version::TLS12, &version::TLS13] {
        assert_eq!(talk(address, &[version]), Ok("HTTP/1.1 200".to_owned()));
    }
}

#[test]
fn pages_are_served_inside_tls() {
    let mut lab = Lab::start();
    let server = Server::http(Http::answer(503, Page::Ordinary));
    let address = lab.serve(NAME, "https", &server);
    assert_eq!(
        talk(address, &[&version::TLS12]),
        Ok("HTTP/1.1 503".to_owned())
    );
}

#[test]
fn a_modern_server_refuses_tls_12() {
    let (_lab, address) = served(Tls::OnlyTls13);
    assert_eq!(
        talk(address, &[&version::TLS13]),
        Ok("HTTP/1.1 200".to_owned())
    );
    let refused = talk(address, &[&version::TLS12]).unwrap_err();
    assert!(refused.contains("ProtocolVersion"), "{refused}");
    assert_eq!(
        ask(address, &client_hello(&[0xc02f])).unwrap()[..7],
        hello::alert(70)
    );
}

#[test]
fn old_server_hellos() {
    for (tls, version) in [(Tls::HelloTls10, 1), (Tls::HelloTls11, 2)] {
        let answer = answer_to_hello(tls, &[0xc02f]).unwrap();
        assert_eq!(answer[..3], [22, 3, version], "{tls:?}: a handshake record");
        assert_eq!(answer[5], 2, "{tls:?}: a ServerHello");
        assert_eq!(answer[9..11], [3, version], "{tls:?}: its version");
        let (_lab, address) = served(tls);
        let words = talk(address, &[&version::TLS12]).unwrap_err();
        assert!(words.contains("ServerDoesNotSupportTls12Or13"), "{words}");
    }
}

#[test]
fn old_suites_alone() {
    let answer = answer_to_hello(Tls::OnlyLegacySuite, &[0xc02f, hello::LEGACY_SUITE]).unwrap();
    assert_eq!(answer[9..11], [3, 3]);
    assert_eq!(answer[44..46], hello::LEGACY_SUITE.to_be_bytes());
    let refused = answer_to_hello(Tls::OnlyLegacySuite, &[0xc02f]).unwrap();
    assert_eq!(refused, hello::alert(40));
    let (_lab, address) = served(Tls::OnlyLegacySuite);
    let words = talk(address, &[&version::TLS12]).unwrap_err();
    assert!(words.contains("HandshakeFailure"), "{words}");
}

#[test]
fn alerts() {
    for number in [40, 49, 70, 80, 112] {
        let answer = answer_to_hello(Tls::Alert(number), &[0xc02f]).unwrap();
        assert_eq!(answer, [21, 3, 3, 0, 2, 2, number]);
    }
}

#[test]
fn resets_and_closes() {
    let reset = answer_to_hello(Tls::ResetAfterHello, &[0xc02f]).unwrap_err();
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
    assert_eq!(answer_to_hello(Tls::FinAfterHello, &[0xc02f]).unwrap(), b"");

    let (_lab, address) = served(Tls::ResetAfterServerHello);
    let mut stream = connect(address);
    stream.write_all(&client_hello(&[0xc02f])).unwrap();
    let mut begin = [0; 3];
    stream.read_exact(&mut begin).unwrap();
    assert_eq!(begin, [22, 3, 3]);
    let end = std::io::copy(&mut stream, &mut std::io::sink()).unwrap_err();
    assert_eq!(end.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn the_hello_decides_when_it_is_reset() {
    for tls in [Tls::ResetAfterHello, Tls::FinAfterHello, Tls::Silent] {
        let (_lab, address) = served(tls);
        assert!(
            stays_silent(&connect(address), Duration::from_millis(200)),
            "{tls:?}"
        );
    }
}

#[test]
fn closed_before_the_hello() {
    let (_lab, address) = served(Tls::CloseAtOnce);
    let mut stream = connect(address);
    assert_eq!(
        stream.read(&mut [0; 1]).unwrap(),
        0,
        "an end without a word from us"
    );
    // A hello that comes all the same is swallowed, not answered with RST.
    stream.write_all(&client_hello(&[0xc02f])).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    assert!(stream.take_error().unwrap().is_none());
}

#[test]
fn silence_after_the_hello() {
    let (_lab, address) = served(Tls::Silent);
    let mut stream = connect(address);
    stream.write_all(&client_hello(&[0xc02f])).unwrap();
    assert!(stays_silent(&stream, Duration::from_millis(300)));
}

#[test]
fn clear_text_where_tls_was_due() {
    let mut lab = Lab::start();
    let http = Http::answer(403, Page::Block);
    let server = Server {
        tls: Tls::Plaintext,
        http,
        ..Server::default()
    };
    let address = lab.serve(NAME, "https", &server);
    let answer = ask(address, b"\x16\x03\x01 anything\r\n\r\n").unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 403 Forbidden\r\n"));
    // A hello has no empty line; the server answers it all the same.
    let words = talk(address, &[&version::TLS12]).unwrap_err();
    assert!(words.contains("InvalidContentType"), "{words}");

    let (_lab, address) = served(Tls::OtherProtocol);
    assert!(ask(address, b"").unwrap().starts_with(b"220 "));
}

#[test]
fn records_without_end() {
    let answer = answer_to_hello(Tls::EndlessRecords, &[0xc02f]).unwrap();
    assert_eq!(answer.len(), 64 * 1024, "as much as was asked for");
    let oversized = answer_to_hello(Tls::OversizedRecord, &[0xc02f]).unwrap();
    let length = u16::from_be_bytes([oversized[3], oversized[4]]);
    assert!(length > 16_384 + 2_048 && oversized.len() > usize::from(length));
    for tls in [Tls::EndlessRecords, Tls::OversizedRecord] {
        let (_lab, address) = served(tls);
        assert!(talk(address, &[&version::TLS12]).is_err(), "{tls:?}");
    }
}

#[test]
fn a_certificate_that_cannot_be_read_is_sent_all_the_same() {
    let mut lab = Lab::start();
    let address = lab.serve(NAME, "https", &Server::certificate(Kind::Garbage));
    let words = talk(address, &[&version::TLS12]).unwrap_err();
    assert!(words.contains("BadEncoding"), "{words}");
}

/// Lets every chain pass, so that what comes after it can be seen.
#[derive(Debug)]
struct TrustsEverybody;

impl ServerCertVerifier for TrustsEverybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

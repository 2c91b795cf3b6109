//! A hand-made ClientHello with versions and suites that rustls does not offer and Windows does.
//!
//! It is sent after a refusal, to tell "too old", "too new" and "no common suite" apart. No
//! cryptography is needed: the first record of the answer is enough (RFC 5246, section 7.4.1).

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use reach365_model::evidence::LegacyHello;

/// Suites by age: ECDHE with CBC, DHE, RSA key exchange, 3DES and RC4, and those of rustls last.
const SUITES: [u16; 25] = [
    0xc028, 0xc027, 0xc014, 0xc013, 0xc024, 0xc023, 0xc00a, 0xc009, 0x009f, 0x009e, 0x006b, 0x0067,
    0x0039, 0x0033, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x000a, 0x0005, 0xc030, 0xc02f,
    0xc02b,
];
/// Suites without encryption, which no server of a public service takes (RFC 5246, appendix A.5).
const HOPELESS: [u16; 2] = [0x0001, 0x0002];
/// Bytes of a first record that are looked at.
const ANSWER_LIMIT: usize = 512;

/// Sends the hello on a fresh connection and reads the first record of the answer.
pub(crate) async fn ask(tcp: TcpStream, name: Option<&str>, random: [u8; 32]) -> LegacyHello {
    send(tcp, client_hello(name, random)).await
}

/// The same with a hello that can only be refused: an alert is the shortest answer there is.
pub(crate) async fn ask_in_vain(
    tcp: TcpStream,
    name: Option<&str>,
    random: [u8; 32],
) -> LegacyHello {
    send(tcp, hello_with(&HOPELESS, name, random)).await
}

async fn send(mut tcp: TcpStream, hello: Vec<u8>) -> LegacyHello {
    if tcp.write_all(&hello).await.is_err() {
        return read_answer(&[]);
    }
    let mut answer = Vec::new();
    let mut buffer = [0; ANSWER_LIMIT];
    while answer.len() < ANSWER_LIMIT && !is_enough(&answer) {
        match tcp.read(&mut buffer).await {
            Ok(count) if count > 0 => answer.extend(&buffer[..count]),
            _ => break,
        }
    }
    read_answer(&answer)
}

/// More bytes would add no information.
fn is_enough(answer: &[u8]) -> bool {
    match answer.first() {
        Some(21 | 22) => {
            let seen = read_answer(answer);
            seen.alert.is_some() || seen.cipher_suite.is_some()
        }
        Some(_) => true,
        None => false,
    }
}

fn read_answer(answer: &[u8]) -> LegacyHello {
    let mut seen = LegacyHello::default();
    match answer {
        [21, _, _, _, _, _, number, ..] => seen.alert = Some(*number),
        [22, _, _, _, _, 2, _, _, _, major, minor, rest @ ..] => {
            seen.version = Some(u16::from_be_bytes([*major, *minor]));
            seen.cipher_suite = suite(rest);
        }
        _ => {}
    }
    seen
}

/// The suite follows 32 random bytes and the session id.
fn suite(behind_version: &[u8]) -> Option<u16> {
    let length = usize::from(*behind_version.get(32)?);
    let bytes = behind_version.get(33 + length..35 + length)?;
    Some(u16::from_be_bytes([bytes[0], bytes[1]]))
}

pub(super) fn client_hello(name: Option<&str>, random: [u8; 32]) -> Vec<u8> {
    hello_with(&SUITES, name, random)
}

fn hello_with(suites: &[u16], name: Option<&str>, random: [u8; 32]) -> Vec<u8> {
    let mut body = vec![0x03, 0x03];
    body.extend(random);
    body.push(0);
    body.extend(prefixed(
        suites
            .iter()
            .flat_map(|suite| suite.to_be_bytes())
            .collect(),
    ));
    body.extend([1, 0]);
    body.extend(prefixed(extensions(name)));
    let mut handshake = vec![1, 0];
    handshake.extend(prefixed(body));
    let mut record = vec![22, 0x03, 0x01];
    record.extend(prefixed(handshake));
    record
}

fn extensions(name: Option<&str>) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(name) = name {
        let mut entry = vec![0];
        entry.extend(prefixed(name.as_bytes().to_vec()));
        all.extend(extension(0, prefixed(entry)));
    }
    // supported_groups: x25519, P-256, P-384, P-521
    all.extend(extension(10, prefixed(vec![0, 29, 0, 23, 0, 24, 0, 25])));
    // ec_point_formats: uncompressed
    all.extend(extension(11, vec![1, 0]));
    // signature_algorithms: RSA and ECDSA with SHA-256, SHA-384, SHA-512, SHA-1; RSA-PSS
    let schemes = vec![
        4, 1, 5, 1, 6, 1, 2, 1, 4, 3, 5, 3, 6, 3, 2, 3, 8, 4, 8, 5, 8, 6,
    ];
    all.extend(extension(13, prefixed(schemes)));
    all
}

fn extension(number: u16, content: Vec<u8>) -> Vec<u8> {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.extend(prefixed(content));
    bytes
}

/// Content after its length in two bytes; everything here is far below 64 KiB.
fn prefixed(content: Vec<u8>) -> Vec<u8> {
    let mut bytes = (content.len() as u16).to_be_bytes().to_vec();
    bytes.extend(content);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hello_is_well_formed() {
        let hello = client_hello(Some("login.example"), [7; 32]);
        assert_eq!(
            usize::from(u16::from_be_bytes([hello[3], hello[4]])),
            hello.len() - 5
        );
        assert_eq!(
            usize::from(u16::from_be_bytes([hello[7], hello[8]])),
            hello.len() - 9
        );
        let text = String::from_utf8_lossy(&hello);
        assert!(text.contains("login.example"));
    }

    #[test]
    fn the_answer_names_version_and_suite() {
        let mut answer = vec![22, 3, 1, 0, 50, 2, 0, 0, 46, 3, 1];
        answer.extend([0; 32]);
        answer.push(0);
        answer.extend([0xc0, 0x13, 0]);
        let seen = read_answer(&answer);
        assert_eq!(
            (seen.version, seen.cipher_suite),
            (Some(0x0301), Some(0xc013))
        );
    }

    #[test]
    fn an_alert_is_read_and_noise_is_not() {
        assert_eq!(read_answer(&[21, 3, 3, 0, 2, 2, 70]).alert, Some(70));
        for noise in [&b""[..], b"HTTP/1.1 400 Bad", &[22, 3, 3], &[21, 3]] {
            let seen = read_answer(noise);
            assert_eq!((seen.alert, seen.version), (None, None));
        }
    }
}

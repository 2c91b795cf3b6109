//! Hand-made first messages of TLS, as old or odd devices send them and libraries do not.

use tokio::io::{AsyncRead, AsyncReadExt};

/// TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: known to every Windows, unknown to modern libraries.
pub const LEGACY_SUITE: u16 = 0xc013;

/// A ClientHello, as far as the lab looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// The highest version of the record's own field.
    pub version: u16,
    /// Suites in the client's order.
    pub suites: Vec<u16>,
    /// The handshake message as received.
    bytes: Vec<u8>,
}

impl ClientHello {
    /// Reads one handshake record; `None` for anything else.
    pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Self> {
        let mut head = [0; 5];
        stream.read_exact(&mut head).await.ok()?;
        let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        stream.read_exact(&mut body).await.ok()?;
        if head[0] != 22 {
            return None;
        }
        Self::parse(&body)
    }

    fn parse(body: &[u8]) -> Option<Self> {
        // Type and length (4), version (2), random (32), session id, suites.
        let version = u16::from_be_bytes([*body.get(4)?, *body.get(5)?]);
        let session = usize::from(*body.get(38)?);
        let rest = body.get(39 + session..)?;
        let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
        let suites = rest.get(2..2 + length)?.chunks_exact(2);
        let suites = suites
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
            .collect();
        Some(Self {
            version,
            suites,
            bytes: body.to_vec(),
        })
    }

    /// Whether the ClientHello contains this text, for example in its SNI.
    pub fn mentions(&self, text: &str) -> bool {
        let text = text.as_bytes();
        self.bytes.windows(text.len()).any(|part| part == text)
    }
}

/// A ServerHello record of this version with this suite.
pub fn server_hello(version: u16, suite: u16) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([0x5a; 32]);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(0);
    let mut message = vec![2, 0, 0];
    message.push(u8::try_from(body.len()).expect("a ServerHello without extensions is short"));
    message.extend(body);
    record(22, version, &message)
}

/// A fatal alert.
pub fn alert(number: u8) -> Vec<u8> {
    record(21, 0x0303, &[2, number])
}

/// A record of any kind.
pub fn record(kind: u8, version: u16, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("the bodies of a lab fit a record");
    let mut record = vec![kind];
    record.extend(version.to_be_bytes());
    record.extend(length.to_be_bytes());
    record.extend(body);
    record
}

/// The beginning of a handshake message that announces 16 MiB of certificates and never ends.
pub fn endless_beginning() -> Vec<u8> {
    record(22, 0x0303, &[11, 0xff, 0xff, 0xff])
}

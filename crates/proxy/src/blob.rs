//! The two binary registry values that Windows keeps proxy settings in.
//!
//! `WinHttpSettings`: version, counter, flags, proxy, bypass list. `DefaultConnectionSettings` and
//! `SavedLegacySettings`: the same and the URL of a PAC script, then an undocumented tail.
//! Numbers are 32 bits, little endian; strings are single bytes after their length.

use serde::Serialize;

use crate::bypass::Dialect;
use crate::concealed::Concealed;
use crate::proxy_list::Unreadable;
use crate::settings::ProxySettings;

const DIRECT: u32 = 1;
const MANUAL: u32 = 2;
const PAC: u32 = 4;
const AUTO_DETECT: u32 = 8;

/// Which of the two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlobKind {
    /// `WinHttpSettings`.
    Winhttp,
    /// `DefaultConnectionSettings`, `SavedLegacySettings`, or the value of one connection.
    Connection,
}

/// One decoded value. Its strings are kept while their flags are off: the flags alone decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "the flags of the value, each with a name of its own in JSON"
)]
pub struct Blob {
    /// Which of the two formats.
    pub kind: BlobKind,
    /// The first number: 0x18 or 0x28 for WinHTTP, 0x3C or 0x46 for connections. Any is accepted.
    pub version: u32,
    /// How often the value was changed.
    pub counter: u32,
    /// The flags as they are.
    pub flags: u32,
    /// Bit 1, set in nearly every value and without effect.
    pub direct: bool,
    /// Bit 2: the proxy below is in use.
    pub manual: bool,
    /// Bit 4: the PAC URL below is in use; connections only.
    pub pac: bool,
    /// Bit 8: the PAC script is looked for by DHCP and DNS; connections only.
    pub auto_detect: bool,
    /// The proxy list.
    pub proxy: Concealed,
    /// The bypass list.
    pub bypass: String,
    /// The URL of the PAC script.
    pub pac_url: Concealed,
    /// The value ends before its last field. A string that is cut is left out.
    pub truncated: bool,
}

impl Blob {
    /// Decodes a value. Nothing is refused: what is missing is zero or empty, and flagged.
    pub fn decode(kind: BlobKind, bytes: &[u8]) -> Self {
        let mut reader = Reader {
            rest: bytes,
            truncated: false,
        };
        let (version, counter, flags) = (reader.number(), reader.number(), reader.number());
        let connection = kind == BlobKind::Connection;
        let (proxy, bypass) = (reader.text(), reader.text());
        let pac_url = if connection {
            reader.text()
        } else {
            String::new()
        };
        Self {
            kind,
            version,
            counter,
            flags,
            direct: flags & DIRECT != 0,
            manual: flags & MANUAL != 0,
            pac: connection && flags & PAC != 0,
            auto_detect: connection && flags & AUTO_DETECT != 0,
            proxy: Concealed::new(proxy),
            bypass,
            pac_url: Concealed::new(pac_url),
            truncated: reader.truncated,
        }
    }

    /// What the value says, its flags obeyed.
    pub fn settings(&self) -> ProxySettings {
        let dialect = match self.kind {
            BlobKind::Winhttp => Dialect::Winhttp,
            BlobKind::Connection => Dialect::Wininet,
        };
        let mut settings = ProxySettings::none(dialect);
        settings.auto_detect = self.auto_detect;
        if self.manual {
            settings.set_manual(self.proxy.reveal(), &self.bypass);
        }
        if self.pac {
            settings.set_pac_url(self.pac_url.reveal());
        }
        if self.truncated && (self.manual || self.pac) && settings.is_direct() {
            settings.servers.unreadable.push(Unreadable {
                scheme: String::new(),
                why: "the value ends before the proxy that it names".to_owned(),
            });
        }
        settings
    }
}

/// Reads from the front; every length is checked against what is there.
struct Reader<'a> {
    rest: &'a [u8],
    truncated: bool,
}

impl Reader<'_> {
    fn number(&mut self) -> u32 {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            self.end();
            return 0;
        };
        self.rest = rest;
        u32::from_le_bytes(*bytes)
    }

    fn text(&mut self) -> String {
        let length = usize::try_from(self.number()).unwrap_or(usize::MAX);
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            self.end();
            return String::new();
        };
        self.rest = rest;
        single_byte_text(bytes)
    }

    fn end(&mut self) {
        self.rest = &[];
        self.truncated = true;
    }
}

/// UTF-8, or else Latin-1; NULs are left out.
fn single_byte_text(bytes: &[u8]) -> String {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    };
    text.replace('\0', "")
}

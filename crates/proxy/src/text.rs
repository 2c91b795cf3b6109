//! Bytes of a file into text. Windows PowerShell 5.1 writes UTF-16 with a byte order mark by `>` and
//! `Out-File`, and UTF-8 with one by `-Encoding utf8`; every file that this program reads may be so.

use std::borrow::Cow;

/// Bytes that tell whether every other one is zero.
const SAMPLE: usize = 512;

/// Encodings that files come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, or single bytes of an unknown code page.
    Utf8,
    /// UTF-16, low byte first: what Windows calls "Unicode".
    Utf16Little,
    /// UTF-16, high byte first.
    Utf16Big,
}

impl Encoding {
    /// The encoding that a byte order mark names, and what follows the mark.
    pub fn from_mark(bytes: &[u8]) -> Option<(Self, &[u8])> {
        match bytes {
            [0xEF, 0xBB, 0xBF, rest @ ..] => Some((Self::Utf8, rest)),
            [0xFF, 0xFE, rest @ ..] => Some((Self::Utf16Little, rest)),
            [0xFE, 0xFF, rest @ ..] => Some((Self::Utf16Big, rest)),
            _ => None,
        }
    }

    /// ASCII in UTF-16 has a zero in every other byte, and text of eight bits has none.
    fn guess(bytes: &[u8]) -> Self {
        let sample = &bytes[..bytes.len().min(SAMPLE)];
        let zeros = |first: usize| {
            let every_other = sample.iter().skip(first).step_by(2);
            every_other.filter(|byte| **byte == 0).count() * 4
        };
        let (even, odd) = (zeros(0), zeros(1));
        match sample.len() {
            0..=3 => Self::Utf8,
            length if odd > length && even < length => Self::Utf16Little,
            length if even > length && odd < length => Self::Utf16Big,
            _ => Self::Utf8,
        }
    }
}

/// The text of a file in UTF-8 or UTF-16, with a byte order mark or without; `None` for other bytes.
pub fn decode(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let (encoding, rest) = Encoding::from_mark(bytes).unwrap_or((Encoding::guess(bytes), bytes));
    match encoding {
        Encoding::Utf8 => str::from_utf8(rest).ok().map(Cow::Borrowed),
        Encoding::Utf16Little => utf16(rest, u16::from_le_bytes).map(Cow::Owned),
        Encoding::Utf16Big => utf16(rest, u16::from_be_bytes).map(Cow::Owned),
    }
}

/// The same for a file of which some characters may be lost: invalid bytes become a
/// replacement character.
pub fn decode_lossy(bytes: &[u8]) -> Cow<'_, str> {
    let (encoding, rest) = Encoding::from_mark(bytes).unwrap_or((Encoding::guess(bytes), bytes));
    match encoding {
        Encoding::Utf8 => String::from_utf8_lossy(rest),
        Encoding::Utf16Little => utf16_lossy(rest, u16::from_le_bytes).into(),
        Encoding::Utf16Big => utf16_lossy(rest, u16::from_be_bytes).into(),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).collect::<Result<_, _>>().ok()
}

fn utf16_lossy(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn files_of_powershell_are_text_whatever_their_mark() {
        let text = "{\r\n  \"é\": 1\r\n}";
        let marked = format!("\u{feff}{text}");
        for bytes in [
            text.as_bytes().to_vec(),
            marked.as_bytes().to_vec(),
            wide(text, u16::to_le_bytes),
            wide(text, u16::to_be_bytes),
            wide(&marked, u16::to_le_bytes),
            wide(&marked, u16::to_be_bytes),
        ] {
            assert_eq!(decode(&bytes).as_deref(), Some(text), "{bytes:?}");
            assert_eq!(decode_lossy(&bytes), text, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused_or_replaced() {
        for bytes in [&b"caf\xe9"[..], &[0xFF, 0xFE, 0x00, 0xD8]] {
            assert_eq!(decode(bytes), None, "{bytes:?}");
            assert!(decode_lossy(bytes).ends_with('\u{fffd}'), "{bytes:?}");
        }
        assert_eq!(decode(b"").as_deref(), Some(""));
    }
}

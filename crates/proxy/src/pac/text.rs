//! Bytes of a script into text.

use super::failure::{PacFailure, PacFailureKind};
use crate::text::Encoding;

/// Bytes that a script may have; Chromium and WinHTTP have the same limit.
pub const TEXT_LIMIT: usize = 1024 * 1024;

/// Characters of windows-1252 from 0x80 to 0x9F; what is not assigned stands for itself.
const WINDOWS_1252: [u16; 32] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039,
    0x0152, 0x8D, 0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    Utf8,
    Utf16Little,
    Utf16Big,
    Latin1,
    Windows1252,
}

/// The text of a script: by the charset of the content type, else by a byte order mark, else as
/// UTF-8 where it is valid, else as Latin-1.
///
/// # Errors
/// Text that is too large, and text that is not a script: nothing at all, a web page, NUL bytes.
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> Result<String, PacFailure> {
    if bytes.len() > TEXT_LIMIT {
        return Err(PacFailure::too_large());
    }
    let (marked, rest) = byte_order_mark(bytes);
    let charset = content_type.and_then(charset).or(marked);
    let charset = charset.unwrap_or_else(|| guess(rest));
    let text = read(rest, charset);
    refuse_other_things(&text)?;
    Ok(text)
}

fn byte_order_mark(bytes: &[u8]) -> (Option<Charset>, &[u8]) {
    let Some((encoding, rest)) = Encoding::from_mark(bytes) else {
        return (None, bytes);
    };
    let charset = match encoding {
        Encoding::Utf8 => Charset::Utf8,
        Encoding::Utf16Little => Charset::Utf16Little,
        Encoding::Utf16Big => Charset::Utf16Big,
    };
    (Some(charset), rest)
}

/// The charset that a content type names, where it is one that scripts come in.
fn charset(content_type: &str) -> Option<Charset> {
    let mut parameters = content_type.split(';').skip(1);
    let value = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })?;
    match value
        .trim()
        .trim_matches(['"', '\''])
        .to_ascii_lowercase()
        .as_str()
    {
        "utf-8" | "utf8" => Some(Charset::Utf8),
        "utf-16" | "utf-16le" => Some(Charset::Utf16Little),
        "utf-16be" => Some(Charset::Utf16Big),
        "iso-8859-1" | "latin1" | "iso_8859-1" => Some(Charset::Latin1),
        "windows-1252" | "cp1252" => Some(Charset::Windows1252),
        _ => None,
    }
}

fn guess(bytes: &[u8]) -> Charset {
    match std::str::from_utf8(bytes) {
        Ok(_) => Charset::Utf8,
        Err(_) => Charset::Latin1,
    }
}

fn read(bytes: &[u8], charset: Charset) -> String {
    match charset {
        Charset::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
        Charset::Utf16Little => utf16(bytes, u16::from_le_bytes),
        Charset::Utf16Big => utf16(bytes, u16::from_be_bytes),
        Charset::Latin1 => bytes.iter().map(|byte| char::from(*byte)).collect(),
        Charset::Windows1252 => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn windows_1252(byte: u8) -> char {
    let assigned = byte.checked_sub(0x80).map(usize::from);
    match assigned.and_then(|index| WINDOWS_1252.get(index)) {
        Some(unit) => char::from_u32(u32::from(*unit)).unwrap_or(char::from(byte)),
        None => char::from(byte),
    }
}

fn refuse_other_things(text: &str) -> Result<(), PacFailure> {
    let refuse = |words: &str| Err(PacFailure::new(PacFailureKind::NotScript, words));
    let start = text.trim_start();
    if start.is_empty() {
        return refuse("the script is empty");
    }
    if is_web_page(start) {
        return refuse("a web page came instead of a script");
    }
    let Some(at) = text.find('\0') else {
        return Ok(());
    };
    let failure = PacFailure::new(PacFailureKind::Error, "there are NUL bytes in the script");
    Err(failure.at_line(line_of(text, at)))
}

/// A script may begin with `<!--`, which engines take for a comment; everything else that begins
/// with an angle bracket is a page.
fn is_web_page(start: &str) -> bool {
    let begin: String = start.chars().take(4).collect();
    let hidden_script = begin == "<!--" && start.contains("FindProxyForURL") && !has_tag(start);
    start.starts_with('<') && !hidden_script
}

fn has_tag(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["<html", "<body", "<head", "<script"]
        .iter()
        .any(|tag| lower.contains(tag))
}

fn line_of(text: &str, at: usize) -> Option<u32> {
    u32::try_from(1 + text[..at].matches('\n').count()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8], content_type: Option<&str>) -> PacFailureKind {
        decode(bytes, content_type).unwrap_err().kind
    }

    #[test]
    fn the_content_type_goes_before_the_mark_and_the_mark_before_the_guess() {
        let cases: [(&[u8], Option<&str>, &str); 11] = [
            (b"// \xC3\xA4", None, "// ä"),
            (b"// \xE4", None, "// ä"),
            (
                b"// \xC3\xA4",
                Some("text/plain; charset=ISO-8859-1"),
                "// Ã¤",
            ),
            (
                b"// \x80",
                Some("text/plain;charset=\"windows-1252\""),
                "// €",
            ),
            (b"// \x80", None, "// \u{80}"),
            (b"\xEF\xBB\xBF// x", None, "// x"),
            (b"\xFF\xFE/\0/\0", None, "//"),
            (b"\xFE\xFF\0/\0/", None, "//"),
            (b"/\0/\0", Some("text/plain; charset=UTF-16LE"), "//"),
            (b"// \xE4", Some("text/plain; charset=utf-8"), "// \u{FFFD}"),
            (b"// \xE4", Some("text/plain; charset=klingon"), "// ä"),
        ];
        for (bytes, content_type, text) in cases {
            assert_eq!(decode(bytes, content_type).unwrap(), text, "{bytes:?}");
        }
    }

    #[test]
    fn pages_and_nothing_are_no_scripts() {
        for page in [
            "",
            " \r\n\t",
            "<html>",
            "\n <!DOCTYPE html>",
            "<?xml?>",
            "<!-- x --><html>FindProxyForURL",
        ] {
            assert_eq!(
                kind(page.as_bytes(), None),
                PacFailureKind::NotScript,
                "{page}"
            );
        }
        assert!(decode(b"<!-- \nfunction FindProxyForURL(){}\n//-->", None).is_ok());
    }

    #[test]
    fn nul_bytes_have_a_line() {
        let failure = decode(b"var a;\nvar b\0;", None).unwrap_err();
        assert_eq!(
            (failure.kind, failure.line),
            (PacFailureKind::Error, Some(2))
        );
    }

    #[test]
    fn a_megabyte_is_enough() {
        assert!(decode(&vec![b'/'; TEXT_LIMIT], None).is_ok());
        assert_eq!(
            kind(&vec![b'/'; TEXT_LIMIT + 1], None),
            PacFailureKind::Limit
        );
    }
}

//! One JSON document, schema 1.

use std::io;

use serde::Serialize;

use reach365_model::endpoint::printable;
use reach365_model::report::Report;

/// Writes the report as one indented JSON document with a final newline.
///
/// # Errors
/// What `out` reports.
pub fn json(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    document(report, out)
}

pub(crate) fn document<T: Serialize>(value: &T, out: &mut dyn io::Write) -> io::Result<()> {
    write_safely(&serde_json::to_string_pretty(value)?, out)
}

/// Writes JSON text and a newline. Characters that a terminal would obey become `\u…` escapes: the
/// document means the same and is safe to look at. Below U+007F JSON sees to that by itself.
pub(crate) fn write_safely(text: &str, out: &mut dyn io::Write) -> io::Result<()> {
    let mut plain = 0;
    for (start, c) in text.char_indices().filter(|(_, c)| *c >= '\u{7f}') {
        let mut buffer = [0; 4];
        let shown: &str = c.encode_utf8(&mut buffer);
        if printable(shown) == shown {
            continue;
        }
        out.write_all(&text.as_bytes()[plain..start])?;
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        plain = start + c.len_utf8();
    }
    out.write_all(&text.as_bytes()[plain..])?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_mean_the_same_text() {
        let hostile = "a\u{9b}31m\u{7f}\u{202e}é界\u{e0041}\u{1b}";
        let mut out = Vec::new();
        document(&hostile, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(printable(text.trim_end()), text.trim_end());
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
        assert!(text.contains("é界"));
    }
}

//! Bytes that a person saved on a PC into text.

use reach365_model::error::Error;
use reach365_proxy::text;

/// Bytes that the text of `dsregcmd /status` may have; a genuine one has some ten thousand.
pub const TEXT_LIMIT: usize = 1 << 20;

/// The text of a file, with `\n` at the end of every line: UTF-8 or UTF-16, with a byte order mark
/// or without. Any other text is in an unknown code page: its characters above
/// ASCII become replacement characters, and the names of the fields stay.
///
/// # Errors
/// What is longer than [`TEXT_LIMIT`].
pub fn decode(bytes: &[u8]) -> Result<String, Error> {
    if bytes.len() > TEXT_LIMIT {
        return Err(Error::Device(
            "larger than 1 MiB, which no output of dsregcmd is".to_owned(),
        ));
    }
    Ok(one_kind_of_line_end(&text::decode_lossy(bytes)))
}

/// `\r\n`, `\r\r\n` (redirected twice) and a lone `\r` become `\n`.
fn one_kind_of_line_end(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut returns = 0;
    for c in text.chars() {
        if c == '\r' {
            returns += 1;
            continue;
        }
        if returns > 0 && c != '\n' {
            out.push('\n');
        }
        returns = 0;
        out.push(c);
    }
    out
}

//! Bytes that a person saved on a PC into text.

use crate::error::Error;

/// Bytes that the text of `dsregcmd /status` may have; a genuine one has some ten thousand.
pub const TEXT_LIMIT: usize = 1 << 20;
/// Bytes that tell whether every other one is zero.
const SAMPLE: usize = 512;

/// The text of a file, with `\n` at the end of every line: UTF-8 or UTF-16, with a byte order mark
/// or without. What is neither is a code page whose name nobody wrote down: its characters above
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
    Ok(one_kind_of_line_end(&characters(bytes)))
}

/// The same without a limit: the caller has one of its own.
pub(super) fn characters(bytes: &[u8]) -> String {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => unmarked(bytes),
    }
}

/// ASCII in UTF-16 has a zero in every other byte, and text of eight bits has none.
fn unmarked(bytes: &[u8]) -> String {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let zeros = |first: usize| {
        let every_other = sample.iter().skip(first).step_by(2);
        every_other.filter(|byte| **byte == 0).count() * 4
    };
    let (even, odd) = (zeros(0), zeros(1));
    match sample.len() {
        0..=3 => String::from_utf8_lossy(bytes).into_owned(),
        length if odd > length && even < length => utf16(bytes, u16::from_le_bytes),
        length if even > length && odd < length => utf16(bytes, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
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

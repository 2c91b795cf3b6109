//! Hexadecimal bytes as people copy them out of `regedit`, `reg query` and PowerShell.

/// Reads bytes from hexadecimal text: digits in pairs, with blanks, commas, the continuation lines
/// of `regedit` and the words before `hex:` allowed.
///
/// # Errors
/// What is wrong, with the position of the character (the first is 1).
pub fn decode(text: &str) -> Result<Vec<u8>, String> {
    let start = digits_start(text);
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut high: Option<(u32, usize)> = None;
    let characters = text.chars().enumerate().skip(start);
    for (position, c) in characters {
        match (c.to_digit(16), high) {
            (Some(digit), None) => high = Some((digit, position)),
            (Some(digit), Some((first, _))) => {
                bytes.push(byte(first, digit));
                high = None;
            }
            (None, Some((_, at))) => return Err(half_a_byte(at)),
            (None, None) if c.is_whitespace() || matches!(c, ',' | '\\') => {}
            (None, None) => return Err(foreign(c, position)),
        }
    }
    match high {
        Some((_, at)) => Err(half_a_byte(at)),
        None if bytes.is_empty() => Err("there are no hexadecimal digits".to_owned()),
        None => Ok(bytes),
    }
}

/// Where the digits begin: after `hex:` or `hex(3):`, and after the name of the value before it.
fn digits_start(text: &str) -> usize {
    let Some(colon) = text.find(':') else {
        return 0;
    };
    let before = text[..colon].to_ascii_lowercase();
    let word = before.rsplit('=').next().unwrap_or_default().trim();
    if word == "hex" || (word.starts_with("hex(") && word.ends_with(')')) {
        return text[..=colon].chars().count();
    }
    0
}

fn byte(high: u32, low: u32) -> u8 {
    u8::try_from(high * 16 + low).expect("two hexadecimal digits fit into a byte")
}

fn half_a_byte(position: usize) -> String {
    format!(
        "the hexadecimal digit at position {} stands alone: a byte has two",
        position + 1
    )
}

fn foreign(c: char, position: usize) -> String {
    let shown = crate::safe_text::quoted(&c.to_string());
    format!(
        "{shown} at position {} is no hexadecimal digit",
        position + 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_regedit_and_reg_print_is_read() {
        for text in [
            "46000aFF",
            "46 00 0a ff",
            "46,00,0A,ff",
            "hex:46,00,0a,ff",
            "hex(3):46,00,0a,ff",
            "\"DefaultConnectionSettings\"=hex:46,00,\\\r\n  0a,ff\r\n",
            "hex:46,00,\\\n  0a,ff,",
        ] {
            assert_eq!(decode(text), Ok(vec![0x46, 0, 0x0a, 0xff]), "{text}");
        }
    }

    #[test]
    fn mistakes_have_their_position() {
        for (text, words) in [
            ("46000", "position 5"),
            ("46,0,00", "position 4"),
            ("46xx", "`x` at position 3"),
            ("hex:46,0g", "position 8"),
            ("hex:46,gg", "`g` at position 8"),
            ("", "no hexadecimal"),
            ("hex:", "no hexadecimal"),
            ("other:46", "`o` at position 1"),
            ("4é", "position 1"),
            ("\u{1b}[2J", "`\\u{1b}` at position 1"),
        ] {
            let error = decode(text).unwrap_err();
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }
}

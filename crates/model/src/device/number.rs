//! Numbers that Windows reports; what they mean is said elsewhere.

use serde::{Deserialize, Serialize};

/// A number of an error or of a state, and how it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReportedNumber {
    /// The text of the field, or the part that is the number where there are several.
    pub text: String,
    /// Its value, 32 bits as Windows counts them.
    pub number: u32,
}

impl ReportedNumber {
    /// The first number of a text: `0x801c0021`, `400`, `-1073741715`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::all(text).into_iter().next()
    }

    /// Every number of a text such as `FAIL [0x801c0021/0x80072ee2]`.
    pub fn all(text: &str) -> Vec<Self> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        words
            .filter_map(|word| {
                Some(Self {
                    text: word.to_owned(),
                    number: value(word)?,
                })
            })
            .collect()
    }

    /// Whether it reports an error at all.
    pub fn is_error(&self) -> bool {
        self.number != 0
    }
}

fn value(word: &str) -> Option<u32> {
    if let Some(digits) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        return hexadecimal(digits);
    }
    let number: i64 = word.parse().ok()?;
    u32::try_from(number)
        .ok()
        .or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
}

/// Eight digits, or sixteen that begin like a negative number of 64 bits.
fn hexadecimal(digits: &str) -> Option<u32> {
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let wide = u64::from_str_radix(digits, 16).ok()?;
    u32::try_from(wide)
        .ok()
        .or_else(|| (wide >> 32 == 0xFFFF_FFFF).then_some(wide as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_however_they_are_written() {
        let number = |text| ReportedNumber::parse(text).map(|found| found.number);
        assert_eq!(number("0xc000006d"), Some(0xC000_006D));
        assert_eq!(number("0xffffffffc000006d"), Some(0xC000_006D));
        assert_eq!(number("-1073741715"), Some(0xC000_006D));
        assert_eq!(number("400"), Some(400));
        assert_eq!(number("0x0"), Some(0));
        for none in [
            "",
            "invalid_grant",
            "0x",
            "0x1c0000000000",
            "-",
            "99999999999",
        ] {
            assert_eq!(number(none), None, "{none}");
        }
    }

    #[test]
    fn a_failed_test_has_two_numbers() {
        let numbers = ReportedNumber::all("FAIL [0x801c0021/0x80072ee2]");
        let numbers: Vec<u32> = numbers.iter().map(|found| found.number).collect();
        assert_eq!(numbers, [0x801C_0021, 0x8007_2EE2]);
    }
}

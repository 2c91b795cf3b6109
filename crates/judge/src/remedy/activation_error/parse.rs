//! Text into numbers: the forms in which people, logs and `dsregcmd` write an error.

use super::table::Table;
use super::{ActivationError, NoActivationError, WIN32, WINHTTP_CODES};
use reach365_model::endpoint::quoted;

/// Words that stand before a number in logs and messages.
const PREFIXES: [&str; 6] = [
    "error code",
    "error number",
    "errorcode",
    "error",
    "code",
    "hresult",
];
/// Shorter texts of digits alone may be hexadecimal or decimal.
const SURELY_DECIMAL: usize = 9;
/// Digits of the numbers that the sign-in service has, from AADSTS16000 to AADSTS9002341.
const SIGN_IN_DIGITS: std::ops::RangeInclusive<usize> = 5..=7;
/// No form is longer.
const LONGEST: usize = 24;

/// One interpretation of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Windows(u32),
    SignIn(u32),
}

pub(super) fn parse(text: &str) -> Result<ActivationError, NoActivationError> {
    let form = || NoActivationError::Form(quoted(text.trim()));
    let token = token(text).ok_or_else(form)?;
    let readings = readings(token).ok_or_else(form)?;
    match readings[..] {
        [reading] => reading.look_up(),
        _ => Err(NoActivationError::Ambiguous {
            text: quoted(token),
            readings: in_words(token, &readings),
        }),
    }
}

impl Reading {
    fn look_up(self) -> Result<ActivationError, NoActivationError> {
        match self {
            Self::SignIn(number) => Ok(ActivationError::sign_in(number)),
            Self::Windows(number) => ActivationError::windows(number)
                .ok_or_else(|| NoActivationError::Unknown(super::hexadecimal(number))),
        }
    }

    /// An unambiguous form, and what it would be.
    fn described(self) -> String {
        match self.look_up() {
            Ok(error) => match error.name() {
                Some(name) => format!("{error} ({name})"),
                None => error.text(),
            },
            Err(NoActivationError::Unknown(number)) => format!("{number} (unknown)"),
            Err(other) => other.to_string(),
        }
    }
}

/// In the order in which [`bare`] has them.
fn in_words(token: &str, readings: &[Reading]) -> Vec<String> {
    let decimal = format!("decimal {token}, which is ");
    let before = ["hexadecimal ", &decimal, ""];
    let pairs = before.iter().zip(readings);
    pairs
        .map(|(before, reading)| format!("{before}{}", reading.described()))
        .collect()
}

/// The part of the text that is the number.
fn token(text: &str) -> Option<&str> {
    let text = without_prefix(text.trim_start_matches(is_around));
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let (token, tail) = text.split_at(end.unwrap_or(text.len()));
    let followed = tail.starts_with(':') || !tail.contains(char::is_alphanumeric);
    (followed && !token.is_empty() && token.len() <= LONGEST).then_some(token)
}

fn without_prefix(mut text: &str) -> &str {
    while let Some(rest) = PREFIXES.iter().find_map(|word| after_word(text, word)) {
        text = rest.trim_start_matches(is_around);
    }
    text
}

/// What follows the word, where it is a word of its own.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    let ends = !rest.starts_with(|c: char| c.is_alphanumeric());
    (ends && start.eq_ignore_ascii_case(word)).then_some(rest)
}

/// White space, brackets, quotes and what stands between a word and its number.
fn is_around(c: char) -> bool {
    c.is_whitespace() || "[](){}<>\"'`:=#".contains(c)
}

/// Every interpretation of the token; `None` where there is none.
fn readings(token: &str) -> Option<Vec<Reading>> {
    let token = token.to_ascii_lowercase();
    if let Some(digits) = token.strip_prefix("aadsts") {
        return Some(vec![sign_in(digits)?]);
    }
    if let Some(digits) = token.strip_prefix("0x") {
        return Some(vec![Reading::Windows(hexadecimal(digits)?)]);
    }
    if let Some(digits) = token.strip_prefix('-') {
        return Some(vec![negative(digits)?]);
    }
    if is_decimal(&token) {
        return bare(&token);
    }
    let whole = (token.len() == 8).then(|| hexadecimal(&token))?;
    Some(vec![Reading::Windows(whole?)])
}

fn sign_in(digits: &str) -> Option<Reading> {
    let known_length = (4..=9).contains(&digits.len()) && is_decimal(digits);
    let number = known_length.then(|| digits.parse().ok())??;
    Some(Reading::SignIn(number))
}

/// Up to eight digits, or sixteen where the upper half only extends the sign.
fn hexadecimal(digits: &str) -> Option<u32> {
    let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = whole.then(|| u64::from_str_radix(digits, 16).ok())??;
    let extended = digits.len() == 16 && number >> 32 == 0xFFFF_FFFF;
    (extended || number >> 32 == 0).then_some(number as u32)
}

fn negative(digits: &str) -> Option<Reading> {
    let number: i64 = is_decimal(digits).then(|| digits.parse().ok())??;
    let signed = i32::try_from(-number).ok()?;
    Some(Reading::Windows(signed.cast_unsigned()))
}

/// Digits alone: WinHTTP codes and long numbers are decimal; other numbers are ambiguous.
fn bare(digits: &str) -> Option<Vec<Reading>> {
    let number: u32 = digits.parse().ok()?;
    if WINHTTP_CODES.contains(&number) {
        return Some(vec![Reading::Windows(WIN32 | number)]);
    }
    let decimal = Reading::Windows(number);
    if digits.len() >= SURELY_DECIMAL || number < 10 {
        return Some(vec![decimal]);
    }
    let mut readings = vec![Reading::Windows(hexadecimal(digits)?), decimal];
    // New numbers of the sign-in service have as many digits as those that are known.
    if Table::builtin().knows_sign_in(number) || SIGN_IN_DIGITS.contains(&digits.len()) {
        readings.push(Reading::SignIn(number));
    }
    Some(readings)
}

fn is_decimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

//! Arguments and results of the functions that scripts call, apart from any engine.

use std::borrow::Cow;

/// An argument, as far as the functions look at it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument {
    /// Not given, or `undefined`.
    Undefined,
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    /// Anything else, as the text that the script makes of it.
    Object(String),
}

/// What a function returns.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reply {
    Undefined,
    Null,
    Boolean(bool),
    Integer(i32),
    Text(String),
}

/// Why a function gives nothing back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Objection {
    /// A `TypeError` that the script may catch.
    WrongType(&'static str),
    /// A string that the script may catch.
    Thrown(&'static str),
    /// A limit is used up: the evaluation ends, whatever the script catches.
    Limit(&'static str),
}

/// The argument at a position; nothing is like `undefined`.
pub(super) fn argument(arguments: &[Argument], at: usize) -> &Argument {
    arguments.get(at).unwrap_or(&Argument::Undefined)
}

/// An argument of which a property is read, which `null` and `undefined` do not have.
pub(super) fn with_properties(
    arguments: &[Argument],
    at: usize,
) -> Result<Cow<'_, str>, Objection> {
    match argument(arguments, at) {
        Argument::Undefined | Argument::Null => Err(Objection::WrongType(
            "a text is needed, not null or undefined",
        )),
        other => Ok(other.text()),
    }
}

impl Argument {
    /// The text, as JavaScript makes it.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Undefined => "undefined".into(),
            Self::Null => "null".into(),
            Self::Boolean(value) => value.to_string().into(),
            Self::Number(value) => number_text(*value).into(),
            Self::Text(text) | Self::Object(text) => text.as_str().into(),
        }
    }

    /// The number, as JavaScript makes it; NaN where it is none.
    pub(super) fn number(&self) -> f64 {
        match self {
            Self::Undefined => f64::NAN,
            Self::Null => 0.0,
            Self::Boolean(value) => f64::from(u8::from(*value)),
            Self::Number(value) => *value,
            Self::Text(text) | Self::Object(text) => text_number(text),
        }
    }

    /// What `parseInt` reads at the beginning of the text.
    pub(super) fn leading_integer(&self) -> Option<f64> {
        let text = self.text();
        let text = text.trim_start();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1.0, rest),
            None => (1.0, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        digits[..end]
            .parse::<f64>()
            .ok()
            .map(|number| sign * number)
    }
}

fn number_text(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    // Without the sign of zero; the exponents of very large numbers do not matter here.
    (value + 0.0).to_string()
}

fn text_number(text: &str) -> f64 {
    let text = text.trim();
    if text.is_empty() {
        return 0.0;
    }
    // What Rust reads and JavaScript does not: `inf`, `nan` and their like.
    let plain = text.bytes().all(|byte| b"0123456789+-.eE".contains(&byte));
    if plain {
        text.parse().unwrap_or(f64::NAN)
    } else {
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_those_of_javascript() {
        let cases = [
            (Argument::Undefined, "undefined", f64::NAN),
            (Argument::Null, "null", 0.0),
            (Argument::Boolean(true), "true", 1.0),
            (Argument::Number(8.0), "8", 8.0),
            (Argument::Number(-0.0), "0", 0.0),
            (Argument::Number(1.5), "1.5", 1.5),
            (Argument::Text(" 12 ".to_owned()), " 12 ", 12.0),
            (Argument::Text(String::new()), "", 0.0),
            (Argument::Text("inf".to_owned()), "inf", f64::NAN),
        ];
        for (argument, text, number) in cases {
            assert_eq!(argument.text(), text);
            assert!((argument.number() + 0.0).total_cmp(&number).is_eq());
        }
    }

    #[test]
    fn integers_are_read_from_the_beginning() {
        for (text, number) in [
            ("12abc", Some(12.0)),
            (" -3", Some(-3.0)),
            ("abc", None),
            ("", None),
            ("+7.9", Some(7.0)),
        ] {
            assert_eq!(
                Argument::Text(text.to_owned()).leading_integer(),
                number,
                "{text}"
            );
        }
        assert_eq!(Argument::Number(2026.0).leading_integer(), Some(2026.0));
    }
}

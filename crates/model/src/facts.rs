//! The values that facts are made of: bounded, printable, and each in its own type.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::endpoint::printable;
use crate::verdict::Outcome;
use reach365_proxy::route::Hop;

/// Characters of foreign text that a fact holds at most.
const TEXT_LIMIT: usize = 200;
/// Entries that a list holds at most.
const LIST_LIMIT: usize = 16;

/// Facts by name, in alphabetical order, as JSON has them.
pub type Facts = std::collections::BTreeMap<String, serde_json::Value>;

/// Text in a fact: printable, at most 200 characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "String")]
pub struct Text(String);

/// Foreign text, printable and of bounded length.
pub fn short(text: &str) -> String {
    let text = printable(text);
    match text.char_indices().nth(TEXT_LIMIT) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(short(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(short(&text))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

/// Up to 16 texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "Vec<Text>")]
pub struct List(Vec<Text>);

impl List {
    /// The texts.
    pub fn iter(&self) -> impl Iterator<Item = &Text> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Into<Text>> FromIterator<T> for List {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().take(LIST_LIMIT).map(Into::into).collect())
    }
}

impl<T: Into<Text>> From<Vec<T>> for List {
    fn from(items: Vec<T>) -> Self {
        items.into_iter().collect()
    }
}

/// As in a sentence: `a, b`; nothing at all is "nothing".
impl fmt::Display for List {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return out.write_str("nothing");
        }
        for (place, item) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(out, "{comma}{item}")?;
        }
        Ok(())
    }
}

/// One text for one endpoint, several for a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(Text),
    /// Several.
    Many(List),
}

impl OneOrMany {
    /// The one text.
    pub fn one(&self) -> Option<&Text> {
        match self {
            Self::One(text) => Some(text),
            Self::Many(_) => None,
        }
    }
}

impl From<&str> for OneOrMany {
    fn from(text: &str) -> Self {
        Self::One(text.into())
    }
}

impl fmt::Display for OneOrMany {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(text) => text.fmt(out),
            Self::Many(list) => list.fmt(out),
        }
    }
}

/// What lies behind a cause: another code, or words where no code fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Underlying {
    /// The cause that was seen first.
    Code(Code),
    /// What was seen.
    Words(Text),
}

impl Underlying {
    /// The code, where there is one.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Code(code) => Some(*code),
            Self::Words(_) => None,
        }
    }
}

impl From<Code> for Underlying {
    fn from(code: Code) -> Self {
        Self::Code(code)
    }
}

impl From<&str> for Underlying {
    fn from(words: &str) -> Self {
        Self::Words(words.into())
    }
}

impl fmt::Display for Underlying {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => code.fmt(out),
            Self::Words(words) => words.fmt(out),
        }
    }
}

/// The number of a TLS alert; `None` where it could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alert(pub Option<u8>);

impl fmt::Display for Alert {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => number.fmt(out),
            None => out.write_str("without a number"),
        }
    }
}

/// A hop at the head of a route that clients pass over, and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PassedOver {
    /// The hop.
    pub hop: Hop,
    /// Why it carries nothing.
    pub code: Code,
}

impl fmt::Display for PassedOver {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.hop, self.code)
    }
}

impl From<PassedOver> for String {
    fn from(passed: PassedOver) -> Self {
        printable(&passed.to_string())
    }
}

impl TryFrom<String> for PassedOver {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let read = || {
            let (hop, code) = text.rsplit_once(' ')?;
            let hop = Hop::try_from(hop.to_owned()).ok()?;
            Some(Self {
                hop,
                code: Code::parse(code)?,
            })
        };
        read().ok_or("a hop and a code were expected")
    }
}

/// What came of another route that was tried beside the one of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct OtherRouteResult {
    /// Which settings name it, and its hops.
    pub name: Text,
    /// What came out.
    pub outcome: Outcome,
    /// The cause, where it failed.
    pub code: Option<Code>,
}

impl fmt::Display for OtherRouteResult {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(out, "{}: {} ({code})", self.name, self.outcome),
            None => write!(out, "{}: {}", self.name, self.outcome),
        }
    }
}

impl From<OtherRouteResult> for String {
    fn from(other: OtherRouteResult) -> Self {
        // Its name is cut already; what came out must not be.
        other.to_string()
    }
}

impl TryFrom<String> for OtherRouteResult {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let read = || {
            let (name, rest) = text.rsplit_once(": ")?;
            let (outcome, code) = rest.split_once(' ').unwrap_or((rest, ""));
            let outcome = serde_json::from_value(outcome.into()).ok()?;
            let code = code.trim_matches(['(', ')']);
            let code = if code.is_empty() {
                None
            } else {
                Some(Code::parse(code)?)
            };
            Some(Self {
                name: name.into(),
                outcome,
                code,
            })
        };
        read().ok_or("a route and its outcome were expected")
    }
}

#[cfg(feature = "schema")]
mod schema {
    use super::{OtherRouteResult, PassedOver};

    macro_rules! text_schema {
        ($type:ty, $name:literal, $says:literal) => {
            impl schemars::JsonSchema for $type {
                fn schema_name() -> std::borrow::Cow<'static, str> {
                    $name.into()
                }

                fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                    schemars::json_schema!({ "type": "string", "description": $says })
                }
            }
        };
    }

    text_schema!(
        PassedOver,
        "PassedOver",
        "A hop as in a PAC answer, a space and a code."
    );
    text_schema!(
        OtherRouteResult,
        "OtherRouteResult",
        "A route, a colon, its outcome and in brackets its code."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_cut_and_printable() {
        assert_eq!(
            Text::from("x".repeat(100_000)).as_str().chars().count(),
            201
        );
        assert_eq!(Text::from("\u{1b}[2J").as_str(), "\\u{1b}[2J");
        assert_eq!(List::from(vec!["x"; 100]).iter().count(), 16);
        assert_eq!(List::default().to_string(), "nothing");
    }

    #[test]
    fn texts_with_a_form_of_their_own_are_read_back() {
        for text in ["PROXY 10.0.0.1:3128 proxy-refused", "DIRECT tcp-dropped"] {
            let read = PassedOver::try_from(text.to_owned()).unwrap();
            assert_eq!(String::from(read), text);
        }
        for text in [
            "direct: reachable",
            "user PROXY a:80: blocked (tcp-dropped)",
        ] {
            let read = OtherRouteResult::try_from(text.to_owned()).unwrap();
            assert_eq!(String::from(read), text);
        }
        assert!(OtherRouteResult::try_from("nothing".to_owned()).is_err());
        let long = OtherRouteResult {
            name: "x".repeat(300).into(),
            outcome: Outcome::Blocked,
            code: Some(Code::ProxyDenied),
        };
        assert!(String::from(long).ends_with(": blocked (proxy-denied)"));
    }
}

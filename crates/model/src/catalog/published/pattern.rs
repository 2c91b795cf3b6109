//! A published name: a host, or a wildcard in one of the forms that the service uses.

use std::fmt;

use reach365_proxy::glob;
use serde::{Serialize, Serializer};

use crate::endpoint::{Host, quoted};

/// Stars of one name at most.
const STARS: usize = 4;

/// A published name. A star stands for any run of characters, dots too: `*.example.com`,
/// `*cdn.example.com`, `autodiscover.*.example.com`; `<tenant>` is a star.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern(String);

impl Pattern {
    /// Reads a published name.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let starred = without_placeholders(text.trim());
        if !starred.contains('*') {
            return match Host::parse(&starred)? {
                Host::Name(name) => Ok(Self(name)),
                Host::Address(_) => Err(format!("{} is an address, not a name", quoted(text))),
            };
        }
        let refuse = |why: &str| Err(format!("{} {why}", quoted(text)));
        if !starred.is_ascii() {
            return refuse("is a wildcard with characters outside ASCII");
        }
        if starred.contains("**") || starred.matches('*').count() > STARS {
            return refuse("has too many stars");
        }
        if Host::parse(&starred.replace('*', "x")).is_err() {
            return refuse("is not a host name with a star");
        }
        let pattern = Self(starred.trim_end_matches('.').to_ascii_lowercase());
        let tail = pattern.0.rsplit('*').next().unwrap_or_default();
        if !tail.trim_start_matches('.').contains('.') {
            return refuse("would cover a whole top-level domain");
        }
        Ok(pattern)
    }

    /// The name in lower case, with its stars.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one host and no wildcard.
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// Whether a host in lower case falls under it. A wildcard covers narrower wildcards too.
    pub fn covers(&self, host: &str) -> bool {
        glob::matches(&self.0, host)
    }

    /// What goes first where several cover a host: an exact name, then the longest.
    pub(super) fn specificity(&self) -> (bool, usize) {
        (self.is_exact(), self.0.len())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.0)
    }
}

/// `<tenant>.example.com` -> `*.example.com`.
fn without_placeholders(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('<') {
        let Some((word, after)) = behind.split_once('>') else {
            break;
        };
        if word.is_empty() || !word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            break;
        }
        out.push_str(before);
        out.push('*');
        rest = after;
    }
    out + rest
}

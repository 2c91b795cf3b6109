//! Text that may have credentials in it.

use std::fmt;

use serde::{Serialize, Serializer};

/// What stands in the place of credentials.
const HIDDEN: &str = "***";

/// A setting that people wrote, as it is. Whoever prints or serialises it sees `***` where
/// credentials stand.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Concealed(String);

impl Concealed {
    /// Takes the text as it was found.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text with its credentials, for the parsers.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Concealed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&without_credentials(&self.0))
    }
}

impl fmt::Debug for Concealed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&without_credentials(&self.0), out)
    }
}

impl Serialize for Concealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The text with `***` before every `@`. Where a password begins is not certain in text that
/// people wrote, so rather too much is hidden than too little.
pub(crate) fn without_credentials(text: &str) -> String {
    let mut parts: Vec<&str> = text.split('@').collect();
    let last = parts.pop().unwrap_or_default();
    let mut shown = String::with_capacity(text.len());
    for part in parts {
        let kept = part.find("://").map_or(0, |at| at + 3);
        shown.push_str(&part[..kept]);
        shown.push_str(HIDDEN);
        shown.push('@');
    }
    shown + last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_never_shown() {
        let cases = [
            ("proxy.example:8080", "proxy.example:8080"),
            ("http://user:secret@a:80", "http://***@a:80"),
            ("user:secret@a:80", "***@a:80"),
            (
                "http=http://u:secret@a:80;https=http://u:se;cret@b:81",
                "http=http://***@a:80;https=http://***@b:81",
            ),
            ("http://u:se@cr/et@a", "http://***@***@a"),
        ];
        for (text, shown) in cases {
            let concealed = Concealed::new(text);
            assert_eq!(concealed.to_string(), shown);
            assert!(!format!("{concealed:?}").contains("secret"));
            assert!(
                !serde_json::to_string(&concealed)
                    .unwrap()
                    .contains("secret")
            );
            assert_eq!(concealed.reveal(), text);
        }
    }
}

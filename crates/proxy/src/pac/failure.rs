//! Why a script gave no answer.

use std::fmt;

use crate::safe_text::printable;

/// Characters of a message that are kept.
const LONGEST: usize = 300;

/// Why a script gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacFailure {
    /// What kind of failure it is.
    pub kind: PacFailureKind,
    /// What happened, printable.
    pub message: String,
    /// The line of the script, counted from 1, where it is known.
    pub line: Option<u32>,
}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PacFailureKind {
    /// The script could not be fetched.
    Unreachable,
    /// The server answered with another status than 200.
    Status(u16),
    /// The file is not a PAC script: a web page, nothing, or without the function.
    NotScript,
    /// The script is wrong or threw something.
    Error,
    /// The script used up its time, memory, size or questions.
    Limit,
    /// This program has no script engine in it.
    Unsupported,
}

impl PacFailure {
    /// A failure with a text from any source.
    pub fn new(kind: PacFailureKind, message: &str) -> Self {
        let mut start: String = message.chars().take(LONGEST).collect();
        if start.len() < message.len() {
            start.push('…');
        }
        Self {
            kind,
            message: printable(&start),
            line: None,
        }
    }

    /// The failure of a script that is larger than [`TEXT_LIMIT`](super::TEXT_LIMIT).
    pub fn too_large() -> Self {
        let words = "the script is larger than 1 MiB; browsers and WinHTTP refuse it";
        Self::new(PacFailureKind::Limit, words)
    }

    pub(crate) fn at_line(mut self, line: Option<u32>) -> Self {
        self.line = line;
        self
    }

    /// The code of the finding that this failure makes.
    pub fn code(&self) -> &'static str {
        match self.kind {
            PacFailureKind::Unreachable => "route-pac-unreachable",
            PacFailureKind::Status(_) => "route-pac-http-status",
            PacFailureKind::NotScript => "route-pac-not-script",
            PacFailureKind::Error => "route-pac-error",
            PacFailureKind::Limit => "route-pac-limit",
            PacFailureKind::Unsupported => "route-pac-unsupported",
        }
    }
}

impl fmt::Display for PacFailure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(out, "line {line}: {}", self.message),
            None => out.write_str(&self.message),
        }
    }
}

impl std::error::Error for PacFailure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_words_are_short_and_printable() {
        let failure = PacFailure::new(PacFailureKind::Error, &"\u{1b}x".repeat(1_000));
        assert!(!failure.message.contains('\u{1b}'));
        assert!(failure.message.ends_with('…'));
        assert_eq!(
            failure.clone().at_line(Some(3)).to_string()[..8],
            *"line 3: "
        );
        assert_eq!(failure.code(), "route-pac-error");
    }
}

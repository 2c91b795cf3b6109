//! What stops a run. A blocked host is never an [`Error`]: it is a verdict.

use std::fmt;

/// What stops a run before or instead of a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A list of endpoints or remedies cannot be used: its mistakes, in the order of the file.
    #[error("{}", one_below_the_other(.0))]
    Catalog(Vec<CatalogError>),
    /// An option has a value that cannot be used.
    #[error("{name}: {message}")]
    Option {
        /// The option as the command line spells it.
        name: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A saved report cannot be read.
    #[error("{0}")]
    Report(String),
    /// The state of a device cannot be read.
    #[error("{0}")]
    Device(String),
    /// The local machine lacks something that every run needs.
    #[error("{0}")]
    Setup(String),
}

fn one_below_the_other(mistakes: &[CatalogError]) -> String {
    let shown: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    shown.join("\n")
}

/// A mistake in a list, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CatalogError {
    /// The file as the caller named it.
    pub file: String,
    /// Line, counted from 1; 0 where the mistake has no single place.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong and what would be right.
    pub message: String,
    /// The text of the line at fault, one printable character for each of its characters.
    pub snippet: String,
}

/// Characters of the line at fault that are shown at most.
const SNIPPET_WIDTH: usize = 100;
/// Characters that stay visible before the caret when a line is shortened.
const SNIPPET_LEAD: usize = 40;

impl CatalogError {
    /// The part of the line that is shown, and the column of the caret below it.
    fn window(&self) -> (String, usize) {
        let length = self.snippet.chars().count();
        if length <= SNIPPET_WIDTH {
            return (self.snippet.clone(), self.column);
        }
        let start = self.column.saturating_sub(SNIPPET_LEAD + 1);
        let part: String = self
            .snippet
            .chars()
            .skip(start)
            .take(SNIPPET_WIDTH)
            .collect();
        let before = if start > 0 { "…" } else { "" };
        let after = if start + SNIPPET_WIDTH < length {
            "…"
        } else {
            ""
        };
        let column = self.column - start + before.chars().count();
        (format!("{before}{part}{after}"), column)
    }
}

impl fmt::Display for CatalogError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(out, "{}: {}", self.file, self.message);
        }
        write!(
            out,
            "{}:{}:{}: {}",
            self.file, self.line, self.column, self.message
        )?;
        if self.snippet.is_empty() {
            return Ok(());
        }
        let number = self.line.to_string();
        let (shown, column) = self.window();
        write!(
            out,
            "\n  {number} | {shown}\n  {:width$} | {:>column$}",
            "",
            "^",
            width = number.len(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(column: usize, snippet: &str) -> CatalogError {
        CatalogError {
            file: "list.toml".to_owned(),
            line: 12,
            column,
            message: "wrong".to_owned(),
            snippet: snippet.to_owned(),
        }
    }

    #[test]
    fn caret_stands_below_its_column() {
        let shown = mistake(8, "host = \"a b\"").to_string();
        assert_eq!(
            shown,
            "list.toml:12:8: wrong\n  12 | host = \"a b\"\n     |        ^"
        );
    }

    #[test]
    fn long_line_is_cut_around_the_caret() {
        let line = format!("{}X{}", "a".repeat(5_000), "b".repeat(5_000));
        let shown = mistake(5_001, &line).to_string();
        let lines: Vec<&str> = shown.lines().collect();
        let caret = lines[2].chars().position(|c| c == '^').unwrap();
        assert_eq!(lines[1].chars().nth(caret), Some('X'));
        assert!(lines[1].chars().count() < 120, "{}", lines[1]);
    }

    #[test]
    fn caret_may_stand_behind_the_end_of_a_line() {
        let line = "a".repeat(300);
        let shown = mistake(301, &line).to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[2].chars().count(), lines[1].chars().count() + 1);
    }

    #[test]
    fn several_mistakes_stand_one_below_the_other() {
        let error = Error::Catalog(vec![mistake(1, "x"), mistake(1, "x")]);
        assert_eq!(error.to_string().matches("list.toml:12:1").count(), 2);
    }
}

//! What stops a run. A blocked host is never an [`Error`]: it is a verdict.

use std::fmt;

/// What stops a run before or instead of a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A list of endpoints or remedies cannot be used.
    #[error("{0}")]
    Catalog(CatalogError),
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
    /// The local machine lacks something that every run needs.
    #[error("{0}")]
    Setup(String),
}

/// A mistake in a list, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogError {
    /// The file as the caller named it.
    pub file: String,
    /// Line, counted from 1; 0 where the mistake has no single place.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong and what would be right.
    pub message: String,
    /// The text of the line at fault, without control characters.
    pub snippet: String,
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
        write!(
            out,
            "\n  {number} | {}\n  {:width$} | {:>column$}",
            self.snippet,
            "",
            "^",
            width = number.len(),
            column = self.column,
        )
    }
}

//! Runs beside each other: two as before and after, more as a matrix.

mod csv;
mod html;
mod matrix;
mod pair;

use std::io;

use serde::Serialize;

use crate::comparison::{Comparison, Matrix};
use crate::formats::json::document;
use crate::formats::style::TextStyle;

/// The formats of a comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ComparisonFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// One table, RFC 4180.
    Csv,
    /// One page without scripts or anything from elsewhere.
    Html,
}

impl ComparisonFormat {
    /// Every format with its name, as the command line spells it.
    pub const ALL: [(&'static str, Self); 4] = [
        ("text", Self::Text),
        ("json", Self::Json),
        ("csv", Self::Csv),
        ("html", Self::Html),
    ];
}

/// A document with the name of its schema before everything else.
#[derive(Serialize)]
struct Named<'a, T> {
    schema: &'static str,
    #[serde(flatten)]
    content: &'a T,
}

/// Writes what changed between two runs; only [`ComparisonFormat::Text`] looks at the style.
///
/// # Errors
/// What `out` reports.
pub fn comparison(
    comparison: &Comparison,
    format: ComparisonFormat,
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        ComparisonFormat::Text => pair::text(comparison, style, out),
        ComparisonFormat::Json => document(
            &Named {
                schema: "reach365/comparison/1",
                content: comparison,
            },
            out,
        ),
        ComparisonFormat::Csv => csv::comparison(comparison, out),
        ComparisonFormat::Html => html::comparison(comparison, out),
    }
}

/// Writes sites by endpoints; only [`ComparisonFormat::Text`] looks at the style.
///
/// # Errors
/// What `out` reports.
pub fn matrix(
    matrix: &Matrix,
    format: ComparisonFormat,
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        ComparisonFormat::Text => matrix::text(matrix, style, out),
        ComparisonFormat::Json => document(
            &Named {
                schema: "reach365/matrix/1",
                content: matrix,
            },
            out,
        ),
        ComparisonFormat::Csv => csv::matrix(matrix, out),
        ComparisonFormat::Html => html::matrix(matrix, out),
    }
}

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
pub enum Sheet {
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

impl Sheet {
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

/// Writes what changed between two runs; only [`Sheet::Text`] looks at the style.
///
/// # Errors
/// What `out` reports.
pub fn comparison(
    comparison: &Comparison,
    sheet: Sheet,
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match sheet {
        Sheet::Text => pair::text(comparison, style, out),
        Sheet::Json => document(
            &Named {
                schema: "reach365/comparison/1",
                content: comparison,
            },
            out,
        ),
        Sheet::Csv => csv::comparison(comparison, out),
        Sheet::Html => html::comparison(comparison, out),
    }
}

/// Writes sites by endpoints; only [`Sheet::Text`] looks at the style.
///
/// # Errors
/// What `out` reports.
pub fn matrix(
    matrix: &Matrix,
    sheet: Sheet,
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match sheet {
        Sheet::Text => matrix::text(matrix, style, out),
        Sheet::Json => document(
            &Named {
                schema: "reach365/matrix/1",
                content: matrix,
            },
            out,
        ),
        Sheet::Csv => csv::matrix(matrix, out),
        Sheet::Html => html::matrix(matrix, out),
    }
}

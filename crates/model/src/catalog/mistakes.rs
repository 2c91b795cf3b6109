//! Collects what is wrong with a list and finds the place of each mistake.

use std::ops::Range;

use crate::endpoint::{is_unsafe_to_print, printable};
use crate::error::{CatalogError, Error};

/// Mistakes of one list that are shown at most; the rest is counted.
const SHOWN: usize = 20;
/// Mistakes that are kept at most until the first ones in the order of the file are known.
const KEPT: usize = 1_000;

/// The text of a list and the mistakes found in it so far.
pub struct Mistakes<'a> {
    file: &'a str,
    text: &'a str,
    /// Offset of each line feed.
    line_ends: Vec<usize>,
    found: Vec<(usize, String)>,
    count: usize,
}

impl<'a> Mistakes<'a> {
    /// No mistakes yet, in this file with this text.
    pub fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            line_ends: text.match_indices('\n').map(|(at, _)| at).collect(),
            found: Vec::new(),
            count: 0,
        }
    }

    /// Notes a mistake at a span of bytes.
    pub fn add(&mut self, span: &Range<usize>, message: String) {
        self.count += 1;
        if self.found.len() < KEPT {
            self.found.push((span.start, message));
        }
    }

    /// Whether the file has none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Line of a byte, counted from 1.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        self.line_ends.partition_point(|end| *end < offset) + 1
    }

    /// Everything found, in the order of the file.
    pub fn into_error(mut self) -> Error {
        self.found.sort_by_key(|(offset, _)| *offset);
        let mut list: Vec<CatalogError> = self
            .found
            .iter()
            .take(SHOWN)
            .map(|(offset, message)| self.at(*offset, message))
            .collect();
        if self.count > list.len() {
            let message = format!("and {} more mistakes", self.count - list.len());
            list.push(without_place(self.file, message));
        }
        Error::Catalog(list)
    }

    fn at(&self, offset: usize, message: &str) -> CatalogError {
        let offset = self.start_of_char(offset);
        let (before, after) = self.text.split_at(offset);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = offset + after.find('\n').unwrap_or(after.len());
        let line = self.text[line_start..line_end].trim_end_matches('\r');
        CatalogError {
            file: printable(self.file),
            line: self.line_of(offset),
            column: before[line_start..].chars().count() + 1,
            message: message.to_owned(),
            snippet: line.chars().map(one_printable).collect(),
        }
    }

    fn start_of_char(&self, offset: usize) -> usize {
        (0..=offset.min(self.text.len()))
            .rev()
            .find(|at| self.text.is_char_boundary(*at))
            .unwrap_or(0)
    }
}

/// A mistake of the list as a whole.
pub(crate) fn without_place(file: &str, message: String) -> CatalogError {
    CatalogError {
        file: printable(file),
        line: 0,
        column: 0,
        message,
        snippet: String::new(),
    }
}

/// One visible character for each, so that the caret keeps its column.
fn one_printable(c: char) -> char {
    match c {
        '\t' => ' ',
        c if is_unsafe_to_print(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

//! Words into lines: widths, wrapping, and a page to write on.

use std::io;

use crate::endpoint::printable;
use crate::render::style::{Colour, TextStyle};

/// No column of words becomes narrower than this, whatever the terminal says.
pub(crate) const NARROWEST: usize = 20;

/// A place to write lines with a style.
pub(crate) struct Page<'a> {
    pub(crate) style: &'a TextStyle,
    out: &'a mut dyn io::Write,
}

/// What stands to the left of a paragraph: once as it looks, and how wide it is.
pub(crate) struct Lead {
    painted: String,
    width: usize,
}

impl<'a> Page<'a> {
    pub(crate) fn new(style: &'a TextStyle, out: &'a mut dyn io::Write) -> Self {
        Self { style, out }
    }

    pub(crate) fn width(&self) -> usize {
        self.style.width()
    }

    pub(crate) fn blank(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    /// A title such as `WHAT TO DO`, after an empty line.
    pub(crate) fn title(&mut self, text: &str) -> io::Result<()> {
        self.blank()?;
        self.paragraph(&Lead::indent(0), text, Colour::Title)
    }

    /// Text that wraps by words; later lines stand under the first.
    pub(crate) fn paragraph(&mut self, lead: &Lead, text: &str, colour: Colour) -> io::Result<()> {
        let room = self.width().saturating_sub(lead.width).max(NARROWEST);
        let mut before = lead.painted.clone();
        for line in wrap(&printable(text), room) {
            let painted = self.style.paint(colour, &line);
            self.put(&format!("{before}{painted}"))?;
            before = " ".repeat(lead.width);
        }
        Ok(())
    }

    /// Short parts beside each other, as many on a line as fit.
    pub(crate) fn parts(&mut self, parts: &[(Colour, String)]) -> io::Result<()> {
        let mut line = Lead::indent(0);
        for (colour, text) in parts {
            if line.width > 0 && line.width + 2 + text_width(text) > self.width() {
                self.line(&line)?;
                line = Lead::indent(0);
            }
            let column = if line.width > 0 { line.width + 2 } else { 0 };
            line = line.up_to(column).then(self.style, *colour, text);
        }
        self.line(&line)
    }

    /// One line that is known to fit.
    pub(crate) fn line(&mut self, lead: &Lead) -> io::Result<()> {
        self.put(&lead.painted)
    }

    fn put(&mut self, line: &str) -> io::Result<()> {
        self.out.write_all(line.trim_end().as_bytes())?;
        self.out.write_all(b"\n")
    }
}

impl Lead {
    pub(crate) fn indent(columns: usize) -> Self {
        Self {
            painted: " ".repeat(columns),
            width: columns,
        }
    }

    /// The same with more text to its right.
    #[must_use]
    pub(crate) fn then(mut self, style: &TextStyle, colour: Colour, text: &str) -> Self {
        self.painted.push_str(&style.paint(colour, text));
        self.width += text_width(text);
        self
    }

    /// The same, filled with spaces up to a column.
    #[must_use]
    pub(crate) fn up_to(mut self, column: usize) -> Self {
        let missing = column.saturating_sub(self.width);
        self.painted.push_str(&" ".repeat(missing));
        self.width += missing;
        self
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }
}

/// Lines of at most `width` columns, broken between words; a word that is longer than a line is
/// broken after a dot, slash or dash where there is one. At least one line.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    let pieces = text
        .split_whitespace()
        .flat_map(|word| split_word(word, width).into_iter().enumerate());
    for (position, piece) in pieces {
        let columns = text_width(piece);
        let gap = usize::from(used > 0 && position == 0);
        if used > 0 && (position > 0 || used + gap + columns > width) {
            lines.push(String::new());
            used = 0;
        } else if gap > 0 {
            push(&mut lines, " ");
            used += 1;
        }
        push(&mut lines, piece);
        used += columns;
    }
    lines
}

fn push(lines: &mut [String], text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}

fn split_word(word: &str, width: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = word;
    while text_width(rest) > width {
        let (piece, after) = rest.split_at(break_point(rest, width));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// Where to break a word that is too long: after the last separator in its second half, else
/// where the line is full.
fn break_point(word: &str, width: usize) -> usize {
    let mut columns = 0;
    let mut full = 0;
    let mut after_separator = 0;
    for (start, c) in word.char_indices() {
        columns += char_width(c);
        if columns > width && full > 0 {
            break;
        }
        full = start + c.len_utf8();
        if matches!(c, '.' | '/' | '-' | '_' | '?' | '&' | '=' | ',' | ';' | ':')
            && columns * 2 > width
        {
            after_separator = full;
        }
    }
    if after_separator > 0 {
        after_separator
    } else {
        full
    }
}

/// Columns that a text takes.
pub(crate) fn text_width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Columns that a character takes, by a rule that is right for the scripts that occur in names
/// and block pages: combining marks take none, East Asian and pictorial characters two.
fn char_width(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036F | 0x20D0..=0x20FF | 0xFE00..=0xFE0F | 0xFE20..=0xFE2F => 0,
        0x1100..=0x115F
        | 0x2E80..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("", 8), [""]);
    }

    #[test]
    fn a_long_name_breaks_after_a_dot() {
        let lines = wrap("see clientconfig.partner.microsoftonline-p.net.cn now", 30);
        assert_eq!(
            lines,
            ["see clientconfig.partner.", "microsoftonline-p.net.cn now"]
        );
    }

    #[test]
    fn no_line_is_wider_than_asked() {
        for width in 1..60 {
            for line in wrap(
                "界界界界 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa e\u{301}e\u{301} b",
                width.max(2),
            ) {
                assert!(text_width(&line) <= width.max(2), "{line:?} at {width}");
            }
        }
    }

    #[test]
    fn nothing_is_lost_by_wrapping() {
        let text = "https://portal.example/blocked?category=12&url=login.microsoftonline.com end";
        let joined = wrap(text, 23).concat().replace(' ', "");
        assert_eq!(joined, text.replace(' ', ""));
    }
}

//! Words into lines: widths, wrapping, and a page to write on.

use std::io;

use unicode_width::UnicodeWidthChar;

use crate::formats::style::{Color, TextStyle};
use reach365_model::endpoint::printable;

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
        self.paragraph(&Lead::indent(0), text, Color::Title)
    }

    /// Text that wraps by words; later lines stand under the first.
    pub(crate) fn paragraph(&mut self, lead: &Lead, text: &str, color: Color) -> io::Result<()> {
        let room = self.width().saturating_sub(lead.width).max(NARROWEST);
        let mut before = lead.painted.clone();
        for line in wrap(&printable(text), room) {
            let painted = self.style.paint(color, &line);
            self.put(&format!("{before}{painted}"))?;
            before = " ".repeat(lead.width);
        }
        Ok(())
    }

    /// Short parts beside each other, as many on a line as fit.
    pub(crate) fn parts(&mut self, parts: &[(Color, String)]) -> io::Result<()> {
        let mut line = Lead::indent(0);
        for (color, text) in parts {
            if line.width > 0 && line.width + 2 + text_width(text) > self.width() {
                self.line(&line)?;
                line = Lead::indent(0);
            }
            let column = if line.width > 0 { line.width + 2 } else { 0 };
            line = line.up_to(column).then(self.style, *color, text);
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
    pub(crate) fn then(mut self, style: &TextStyle, color: Color, text: &str) -> Self {
        self.painted.push_str(&style.paint(color, text));
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
    while let Some(at) = break_point(rest, width) {
        let (piece, after) = rest.split_at(at);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// Where to break a word that is too long for a line: after the last separator in the second half
/// of the line, else where the line is full. Reads no further than the line is wide.
fn break_point(word: &str, width: usize) -> Option<usize> {
    let mut columns = 0;
    let mut full = 0;
    let mut after_separator = None;
    for (start, c) in word.char_indices() {
        columns += char_width(c);
        if columns > width && full > 0 {
            return after_separator.or(Some(full));
        }
        full = start + c.len_utf8();
        if matches!(c, '.' | '/' | '-' | '_' | '?' | '&' | '=' | ',' | ';' | ':')
            && columns * 2 > width
        {
            after_separator = Some(full);
        }
    }
    None
}

/// Columns that a text takes.
pub(crate) fn text_width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Columns that a character takes. Control characters, which are made printable before, count one.
fn char_width(c: char) -> usize {
    c.width().unwrap_or(1)
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
    #[test]
    fn marks_take_no_column_and_wide_characters_two() {
        for (text, columns) in [
            ("e\u{301}", 1),
            ("\u{5e9}\u{5b8}", 1),
            ("\u{e01}\u{e49}", 1),
            ("界", 2),
            ("한", 2),
            ("ﾊ", 1),
            ("\u{1f6ab}", 2),
            ("✗✓·…", 4),
        ] {
            assert_eq!(text_width(text), columns, "{text}");
        }
    }

    #[test]
    fn a_word_of_megabytes_is_broken_into_lines() {
        let name = "login.example/".repeat(300_000);
        let lines = wrap(&name, 100);
        assert!(lines.iter().all(|line| text_width(line) <= 100));
        assert_eq!(lines.concat(), name);
    }
}

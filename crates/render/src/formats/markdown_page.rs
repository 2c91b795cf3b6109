//! Markdown that reads as plain text, and that foreign text cannot break out of.

use std::io;

use reach365_model::endpoint::printable;

/// Characters that could begin a span, a link, a table cell or an element.
const MARKS: [char; 10] = ['`', '|', '<', '>', '[', ']', '*', '~', '&', '$'];

/// A page of Markdown. All text is taken as foreign; it never begins a line.
pub(super) struct MarkdownPage<'a> {
    out: &'a mut dyn io::Write,
}

impl<'a> MarkdownPage<'a> {
    pub(super) fn new(out: &'a mut dyn io::Write) -> Self {
        Self { out }
    }

    pub(super) fn title(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "# {}\n", escaped(text))
    }

    /// A paragraph that begins with a word of our own.
    pub(super) fn paragraph(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", escaped(text))
    }

    pub(super) fn section(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n## {}", escaped(text))
    }

    pub(super) fn entry(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n### {}\n", escaped(text))
    }

    /// A section that begins with a list.
    pub(super) fn list(&mut self, title: &str) -> io::Result<()> {
        self.section(title)?;
        writeln!(self.out)
    }

    /// The head of a table. A table needs an empty line before it.
    pub(super) fn head(&mut self, names: &[&str]) -> io::Result<()> {
        writeln!(self.out)?;
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        self.cells(&names)?;
        writeln!(self.out, "|{}", " --- |".repeat(names.len()))
    }

    /// A line of a table.
    pub(super) fn cells(&mut self, texts: &[String]) -> io::Result<()> {
        let cells = texts.iter().map(|text| format!(" {} |", escaped(text)));
        writeln!(self.out, "|{}", cells.collect::<String>())
    }

    /// A line of a list that is more than a name and a text.
    pub(super) fn bullet(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "- {}", escaped(text))
    }

    pub(super) fn item(&mut self, name: &str, text: &str) -> io::Result<()> {
        writeln!(self.out, "- {}: {}", escaped(name), escaped(text))
    }

    /// A line that belongs to the item above.
    pub(super) fn under(&mut self, name: &str, text: &str) -> io::Result<()> {
        writeln!(self.out, "  - {}: {}", escaped(name), escaped(text))
    }
}

/// Text on one line that a reader of Markdown shows as it is: no spans, links, cells or elements.
/// A backslash before a letter, as in `\u{1b}`, means nothing to it and stays.
fn escaped(text: &str) -> String {
    let text = printable(text);
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        let before_mark = next.is_none_or(|next| next.is_ascii_punctuation());
        let mark = match c {
            '\\' => before_mark,
            // Between letters it is one of them, as in a name.
            '_' => {
                !(out.ends_with(char::is_alphanumeric) && next.is_some_and(char::is_alphanumeric))
            }
            // So would a host that begins with three of them.
            '.' => out.ends_with("www") || out.ends_with("WWW"),
            _ => MARKS.contains(&c),
        };
        if mark {
            out.push('\\');
        }
        out.push(c);
        // An address of a web page would become a link.
        if c == ':' && next == Some('/') {
            out.push('\\');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_lose_their_meaning() {
        let cases = [
            ("plain text, 10.0.0.1:443", "plain text, 10.0.0.1:443"),
            ("a `b` | c", r"a \`b\` \| c"),
            ("<b>[x](y)</b>", r"\<b\>\[x\](y)\</b\>"),
            (r"\`x", r"\\\`x"),
            ("\u{1b}[2J", r"\u{1b}\[2J"),
            ("one\n# two", r"one\u{a}# two"),
            ("see https://x.example/", r"see https:\//x.example/"),
            (r"ends in \", r"ends in \\"),
            ("_lean_ and not_before", r"\_lean\_ and not_before"),
            ("www.x.example, $1$", r"www\.x.example, \$1\$"),
        ];
        for (text, expected) in cases {
            assert_eq!(escaped(text), expected);
        }
    }
}

//! Markup that foreign text cannot break out of: names of elements and attributes are constants of
//! this program, everything else is escaped.

use std::io;

use crate::endpoint::printable;

/// A name and a value.
pub(super) type Attribute<'a> = (&'static str, &'a str);

/// A page that is being written.
pub(super) struct Markup<'a> {
    out: &'a mut dyn io::Write,
}

impl<'a> Markup<'a> {
    pub(super) fn new(out: &'a mut dyn io::Write) -> Self {
        Self { out }
    }

    /// Markup of our own; a constant, so that nothing from a report can come this way.
    pub(super) fn own(&mut self, markup: &'static str) -> io::Result<()> {
        self.out.write_all(markup.as_bytes())
    }

    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(escaped(text).as_bytes())
    }

    pub(super) fn open(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
    ) -> io::Result<()> {
        write!(self.out, "<{name}")?;
        for (attribute, value) in attributes {
            write!(self.out, " {attribute}=\"{}\"", escaped(value))?;
        }
        self.own(">")
    }

    pub(super) fn close(&mut self, name: &'static str) -> io::Result<()> {
        writeln!(self.out, "</{name}>")
    }

    /// An element that holds nothing but text.
    pub(super) fn element(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
        text: &str,
    ) -> io::Result<()> {
        self.open(name, attributes)?;
        self.text(text)?;
        write!(self.out, "</{name}>")
    }

    /// A line of a list of definitions; nothing where there is no text.
    pub(super) fn fact(&mut self, name: &str, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.own("<div>")?;
        self.element("dt", &[], name)?;
        self.element("dd", &[], text)?;
        self.own("</div>\n")
    }
}

/// Text that is text, in an element and in an attribute.
pub(in crate::render) fn escaped(text: &str) -> String {
    let text = printable(text);
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '`' => out.push_str("&#96;"),
            other => out.push(other),
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
            ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
            ("\" onload='x' `", "&quot; onload=&#39;x&#39; &#96;"),
            ("a\u{202e}b\nc\u{1b}", r"a\u{202e}b\u{a}c\u{1b}"),
        ];
        for (text, expected) in cases {
            assert_eq!(escaped(text), expected);
        }
    }
}

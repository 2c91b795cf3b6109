//! Foreign text in markup.

use maud::Render;

use reach365_model::endpoint::printable;

/// Text of a report in an element or an attribute. Markup escapes what it is given; this also makes
/// control characters and marks that change the direction of text visible.
pub(in crate::formats) struct Text<T>(pub(in crate::formats) T);

impl<T: AsRef<str>> Render for Text<T> {
    fn render_to(&self, out: &mut String) {
        for c in printable(self.0.as_ref()).chars() {
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
    }
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
            assert_eq!(Text(text).render().into_string(), expected);
        }
    }
}

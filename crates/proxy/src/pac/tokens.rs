//! A script cut into words, so that strings, comments and regular expressions are not taken for
//! code. It is not a parser: it does not refuse anything.

/// A word of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// As it is written; of a string, a template or a regular expression with its marks.
    pub(super) text: &'a str,
    /// Counted from 1.
    pub(super) line: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    Number,
    String,
    Template,
    RegExp,
    Mark,
}

/// Longest first: the first that fits is taken.
const MARKS: [&str; 34] = [
    ">>>=", "...", "===", "!==", ">>>", "<<=", ">>=", "**=", "&&=", "||=", "??=", "=>", "==", "!=",
    "<=", ">=", "&&", "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
    "<<", ">>", "**", "#!",
];

/// Words after which a slash begins a regular expression.
const BEFORE_VALUE: [&str; 13] = [
    "return",
    "typeof",
    "case",
    "in",
    "of",
    "delete",
    "void",
    "throw",
    "new",
    "else",
    "do",
    "instanceof",
    "yield",
];

pub(super) fn tokens(script: &str) -> Vec<Token<'_>> {
    let mut reader = Reader {
        script,
        at: 0,
        line: 1,
        found: Vec::new(),
    };
    while reader.next() {}
    reader.found
}

struct Reader<'a> {
    script: &'a str,
    at: usize,
    line: u32,
    found: Vec<Token<'a>>,
}

impl Reader<'_> {
    /// Reads one word or what stands between words. Says whether there is more.
    fn next(&mut self) -> bool {
        let rest = &self.script[self.at..];
        let Some(first) = rest.chars().next() else {
            return false;
        };
        match first {
            _ if first.is_whitespace() || first == '\u{FEFF}' => self.pass(first.len_utf8()),
            '/' if rest.starts_with("//") => self.pass(line_length(rest)),
            '<' if rest.starts_with("<!--") => self.pass(line_length(rest)),
            '/' if rest.starts_with("/*") => {
                self.pass(rest[2..].find("*/").map_or(rest.len(), |end| end + 4));
            }
            '"' | '\'' => self.take(Kind::String, quoted_length(rest, first, true)),
            '`' => self.take(Kind::Template, quoted_length(rest, first, false)),
            '/' if self.value_may_begin() => self.take(Kind::RegExp, regexp_length(rest)),
            _ if is_number(rest) => self.take(Kind::Number, number_length(rest)),
            _ if is_word(first) || first == '\\' => self.take(Kind::Word, word_length(rest)),
            _ => self.take(Kind::Mark, mark_length(rest, first)),
        }
        true
    }

    fn take(&mut self, kind: Kind, length: usize) {
        let text = &self.script[self.at..self.at + length];
        let line = self.line;
        self.found.push(Token { kind, text, line });
        self.pass(length);
    }

    fn pass(&mut self, length: usize) {
        let passed = &self.script[self.at..self.at + length];
        let lines = passed.bytes().filter(|byte| *byte == b'\n').count();
        self.line = self
            .line
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.at += length;
    }

    /// Whether a slash here begins a regular expression, by what stands before it.
    fn value_may_begin(&self) -> bool {
        let Some(before) = self.found.last() else {
            return true;
        };
        match before.kind {
            Kind::Word => BEFORE_VALUE.contains(&before.text),
            Kind::Mark => !matches!(before.text, ")" | "]" | "++" | "--"),
            Kind::Number | Kind::String | Kind::Template | Kind::RegExp => false,
        }
    }
}

fn line_length(rest: &str) -> usize {
    rest.find(['\n', '\r']).unwrap_or(rest.len())
}

/// Up to the closing mark; up to the end of the line where a string is not closed.
fn quoted_length(rest: &str, mark: char, on_one_line: bool) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' if on_one_line => return at,
            _ if c == mark => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// With its flags. What is not closed on its line is a division.
fn regexp_length(rest: &str) -> usize {
    let (mut escaped, mut in_class) = (false, false);
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' | '\r' => return 1,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return at + 1 + word_length(&rest[at + 1..]),
            _ => {}
        }
    }
    1
}

fn is_number(rest: &str) -> bool {
    let mut characters = rest.chars();
    match characters.next() {
        Some('.') => characters.next().is_some_and(|c| c.is_ascii_digit()),
        Some(first) => first.is_ascii_digit(),
        None => false,
    }
}

fn number_length(rest: &str) -> usize {
    let mut before = ' ';
    let end = rest.find(|c: char| {
        let sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
        before = c;
        !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || sign)
    });
    end.unwrap_or(rest.len())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn word_length(rest: &str) -> usize {
    let end = rest.find(|c: char| !is_word(c) && c != '\\');
    end.unwrap_or(rest.len())
}

fn mark_length(rest: &str, first: char) -> usize {
    let found = MARKS.iter().find(|mark| rest.starts_with(**mark));
    match found {
        // `a?.5:b` is a choice.
        Some(&"?.") if is_number(&rest[1..]) => 1,
        Some(mark) => mark.len(),
        None => first.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<&str> {
        tokens(script).iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_are_left_out_and_lines_counted() {
        let found = tokens("// let\n/* const\n */ var a; <!-- x\nb");
        let lines: Vec<_> = found.iter().map(|token| (token.text, token.line)).collect();
        assert_eq!(lines, [("var", 3), ("a", 3), (";", 3), ("b", 4)]);
    }

    #[test]
    fn strings_keep_what_is_in_them() {
        assert_eq!(
            texts(r#"'it\'s' + "=> //""#),
            [r"'it\'s'", "+", "\"=> //\""]
        );
        assert_eq!(texts("'open\nx"), ["'open", "x"]);
        assert_eq!(texts("`a\n${b}`"), ["`a\n${b}`"]);
    }

    #[test]
    fn a_slash_is_a_division_or_an_expression() {
        assert_eq!(texts("a / b / c"), ["a", "/", "b", "/", "c"]);
        assert_eq!(
            texts("x = /a[/]b/gi.test"),
            ["x", "=", "/a[/]b/gi", ".", "test"]
        );
        assert_eq!(texts("return /=>/"), ["return", "/=>/"]);
        assert_eq!(texts("(1) / 2"), ["(", "1", ")", "/", "2"]);
        assert_eq!(texts("/open\n1"), ["/", "open", "1"]);
    }

    #[test]
    fn numbers_and_marks_are_whole() {
        assert_eq!(
            texts("0x1F 1e-5 .5 1_000n"),
            ["0x1F", "1e-5", ".5", "1_000n"]
        );
        assert_eq!(
            texts("a?.b a?.5:1 a>>>=b"),
            ["a", "?.", "b", "a", "?", ".5", ":", "1", "a", ">>>=", "b"]
        );
    }

    #[test]
    fn anything_ends() {
        for odd in ["/*", "\"", "`", "/", "\\", "\u{1F600}", "[/", "'\\"] {
            assert!(tokens(odd).len() <= 2, "{odd}");
        }
    }
}

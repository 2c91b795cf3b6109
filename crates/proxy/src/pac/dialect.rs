//! Syntax that came after ES5, told apart by words that stand beside each other.

use super::lint::Code;
use super::tokens::{Kind, Token};

/// Words that are not identifiers.
pub(super) const KEYWORDS: [&str; 38] = [
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "export",
    "extends",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "new",
    "return",
    "switch",
    "this",
    "throw",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
    "let",
    "yield",
    "async",
    "await",
    "of",
    "null",
    "true",
];
/// Words between a parameter and the parenthesis before it.
const PARAMETER_REACH: usize = 200;

impl Code<'_> {
    /// What is newer than ES5 at a place, as text.
    pub(super) fn newer(&self, at: usize, token: &Token<'_>) -> Option<&'static str> {
        match token.kind {
            Kind::Template => Some("a template string"),
            Kind::RegExp => newer_regexp(token.text),
            Kind::Number => newer_number(token.text),
            Kind::Mark => self.newer_mark(at, token.text),
            Kind::Word => self.newer_word(at, token.text),
            Kind::String => None,
        }
    }

    fn newer_mark(&self, at: usize, mark: &str) -> Option<&'static str> {
        match mark {
            "=>" => Some("an arrow function"),
            "..." => Some("a spread or rest element"),
            "**" | "**=" => Some("the operator **"),
            "?." => Some("the operator ?."),
            "??" | "??=" => Some("the operator ??"),
            "&&=" | "||=" => Some("a logical assignment"),
            "," if self.text(at, 1) == ")" => Some("a comma before a closing parenthesis"),
            "*" if self.text(at, -1) == "function" => Some("a generator function"),
            "=" if self.is_default_parameter(at) => Some("a default parameter"),
            _ => None,
        }
    }

    fn newer_word(&self, at: usize, word: &str) -> Option<&'static str> {
        if self.text(at, -1) == "." {
            return None;
        }
        let next = self.text(at, 1);
        let name_follows = self.is_name(at + 1);
        match word {
            "let" if name_follows || matches!(next, "[" | "{") => Some("let"),
            "const" if name_follows || matches!(next, "[" | "{") => Some("const"),
            "class" if name_follows || next == "{" => Some("a class"),
            "var" if matches!(next, "[" | "{") => Some("destructuring"),
            "async" if next == "function" => Some("an async function"),
            "await" if name_follows => Some("await"),
            "import" | "export" if name_follows || matches!(next, "{" | "*") => Some("a module"),
            "catch" if next == "{" => Some("catch without a name"),
            "of" if self.is_loop_over(at) => Some("a for-of loop"),
            _ => None,
        }
    }

    /// `for (var name of`, with or without the `var`.
    fn is_loop_over(&self, at: usize) -> bool {
        let begins =
            |distance| self.text(at, distance) == "(" && self.text(at, distance - 1) == "for";
        self.is_name(at.wrapping_sub(1)) && (begins(-2) || begins(-3))
    }

    /// Between the parentheses of a function's parameters, at their own depth.
    fn is_default_parameter(&self, at: usize) -> bool {
        let start = at.saturating_sub(PARAMETER_REACH);
        let before = self.tokens[start..at]
            .iter()
            .rposition(|token| matches!(token.text, "(" | ")" | "{" | "}" | ";"));
        let open = before.map(|place| start + place);
        let Some(open) = open.filter(|place| self.tokens[*place].text == "(") else {
            return false;
        };
        self.text(open, -1) == "function" || self.text(open, -2) == "function"
    }

    fn is_name(&self, at: usize) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| token.kind == Kind::Word && !KEYWORDS.contains(&token.text))
    }
}

fn newer_regexp(text: &str) -> Option<&'static str> {
    let flags = text.rsplit('/').next().unwrap_or_default();
    if flags.contains(['y', 'u', 's', 'd', 'v']) {
        return Some("a newer flag of a regular expression");
    }
    let lookbehind = text.contains("(?<=") || text.contains("(?<!");
    if lookbehind {
        return Some("a lookbehind in a regular expression");
    }
    text.contains("(?<")
        .then_some("a named group in a regular expression")
}

fn newer_number(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    if lower.contains('_') || lower.starts_with("0b") || lower.starts_with("0o") {
        return Some("a newer spelling of a number");
    }
    lower.ends_with('n').then_some("a BigInt")
}

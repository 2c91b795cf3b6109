//! Pages and titles of other parties: the words that rules and readers know stay, others go.

use crate::verdict::known_words;

/// What stands for words that are not known.
const GAP: &str = "…";

/// The text with only the words in it that this program knows, and the marks between them.
pub(super) fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = rest
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(rest.len());
        if end == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let word = &rest[..end];
        if known_words().contains(&word.to_lowercase()) {
            out.push_str(word);
        } else if !out.trim_end().ends_with(GAP) {
            out.push_str(GAP);
        }
        rest = &rest[end..];
    }
    out
}

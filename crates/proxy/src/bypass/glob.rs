//! Patterns with `*`.

/// A pattern, cut at its stars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    parts: Vec<String>,
}

impl Glob {
    /// `*` stands for any text; everything else for itself.
    pub(super) fn new(pattern: &str) -> Self {
        Self {
            parts: pattern.split('*').map(str::to_owned).collect(),
        }
    }

    /// Matches in time that grows with the text, whatever the pattern: the parts between the stars
    /// are looked for from left to right and never again.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((first, others)) = self.parts.split_first() else {
            return false;
        };
        let Some((last, middle)) = others.split_last() else {
            return first == text;
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        for part in middle {
            let Some(at) = rest.find(part.as_str()) else {
                return false;
            };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        let cases = [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("*", "abc", true),
            ("10.*", "10.1.2.3", true),
            ("10.*", "110.1.2.3", false),
            ("*int*", "printing", true),
            ("*int*", "in", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*.a.*.b", "x.a.y.b", true),
            ("*.a.*.b", "x.a.b", false),
            ("**a**", "bab", true),
            ("a*b*c", "abbc", true),
            ("a*b*c", "acb", false),
        ];
        for (pattern, text, matches) in cases {
            assert_eq!(
                Glob::new(pattern).matches(text),
                matches,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn many_stars_end() {
        let glob = Glob::new(&"a*".repeat(100_000));
        assert!(!glob.matches(&"a".repeat(99_999)));
        assert!(glob.matches(&"a".repeat(100_000)));
    }
}

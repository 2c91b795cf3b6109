//! Patterns with `*`: bypass lists, published names, names of credentials.
//!
//! `shExpMatch` of a PAC script is none of them: it has `?`, and what it does not know is a regular
//! expression.

/// Whether a text matches a pattern: `*` stands for any text, dots too, and everything else for
/// itself. To ignore case, pass both in lower case.
///
/// Takes time that grows with the text, whatever the pattern: the parts between the stars are looked
/// for from left to right and never again.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut left) = text.strip_prefix(first) else {
        return false;
    };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        let Some((_, after)) = left.split_once(part) else {
            return false;
        };
        left = after;
    }
    left.ends_with(last)
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
            assert_eq!(super::matches(pattern, text), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_end() {
        let pattern = "a*".repeat(100_000);
        assert!(!matches(&pattern, &"a".repeat(99_999)));
        assert!(matches(&pattern, &"a".repeat(100_000)));
    }
}

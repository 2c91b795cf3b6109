//! `shExpMatch`: the library makes a regular expression of the pattern and translates `.`, `*` and
//! `?` alone, so that everything else keeps its meaning. Patterns without anything else are matched
//! here; the others go to the engine, as in browsers.

/// Steps of one match, many times what any URL needs.
const STEP_LIMIT: usize = 20_000_000;

/// What comes of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// The answer.
    Known(bool),
    /// The engine must answer.
    AskEngine,
    /// It takes too long.
    TooLong,
}

pub(super) fn sh_exp_match(text: &str, pattern: &str) -> Match {
    if !pattern.bytes().all(is_plain) || !text.bytes().all(is_on_one_line) {
        return Match::AskEngine;
    }
    glob(text.as_bytes(), pattern.as_bytes())
}

/// No character that means something in a regular expression, but for the three that are
/// translated.
fn is_plain(byte: u8) -> bool {
    is_on_one_line(byte) && !b"\\^$+()[]{}|".contains(&byte)
}

/// The dot of a regular expression matches no line end, and not every character outside ASCII is
/// one unit long.
fn is_on_one_line(byte: u8) -> bool {
    byte.is_ascii() && byte != b'\n' && byte != b'\r'
}

/// Goes back to the last star alone, which is enough for globs.
fn glob(text: &[u8], pattern: &[u8]) -> Match {
    let (mut at, mut place, mut star, mut resume) = (0, 0, None, 0);
    for _ in 0..STEP_LIMIT {
        let Some(&byte) = text.get(at) else {
            let rest = &pattern[place.min(pattern.len())..];
            return Match::Known(rest.iter().all(|byte| *byte == b'*'));
        };
        match pattern.get(place) {
            Some(b'*') => {
                star = Some(place);
                resume = at;
                place += 1;
            }
            Some(&wanted) if wanted == b'?' || wanted == byte => {
                at += 1;
                place += 1;
            }
            _ => {
                let Some(last) = star else {
                    return Match::Known(false);
                };
                place = last + 1;
                resume += 1;
                at = resume;
            }
        }
    }
    Match::TooLong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_matched_here() {
        let cases = [
            ("http://a.example/x", "*.example/*", true),
            ("abc", "a?c", true),
            ("ac", "a?c", false),
            ("abc", "abc", true),
            ("abcd", "abc", false),
            ("", "*", true),
            ("", "", true),
            ("x", "", false),
            ("aXbXc", "a*b*c", true),
            ("a.b", "a.b", true),
            ("axb", "a.b", false),
            ("aab", "*ab", true),
            ("ABC", "abc", false),
        ];
        for (text, pattern, matches) in cases {
            assert_eq!(
                sh_exp_match(text, pattern),
                Match::Known(matches),
                "{text} {pattern}"
            );
        }
    }

    #[test]
    fn everything_else_is_for_the_engine() {
        for (text, pattern) in [
            ("a", "(a|b)"),
            ("a", "a+"),
            ("ä", "?"),
            ("a\nb", "*"),
            ("a", "ä"),
        ] {
            assert_eq!(sh_exp_match(text, pattern), Match::AskEngine, "{pattern}");
        }
    }

    #[test]
    fn a_match_ends() {
        let text = "a".repeat(100_000);
        let pattern = format!("*{}b", "a".repeat(50_000));
        assert_eq!(sh_exp_match(&text, &pattern), Match::TooLong);
    }
}

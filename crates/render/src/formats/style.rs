//! How text looks: width, colors, marks.

use reach365_model::verdict::Outcome;

/// Width if none is given.
const DEFAULT_WIDTH: usize = 100;
/// The narrowest page that is laid out; a narrower terminal breaks the lines itself.
const MIN_WIDTH: usize = 48;
/// Longer lines are hard to read, however wide the terminal is.
const MAX_WIDTH: usize = 160;

/// How the text format is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextStyle {
    /// Columns of the page; kept between 48 and 160.
    pub width: usize,
    /// Whether to color with terminal sequences.
    pub color: bool,
    /// Whether marks may be characters outside ASCII.
    pub unicode: bool,
}

/// What a piece of text is colored for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    Plain,
    Faint,
    Title,
    Outcome(Outcome),
    Verdict(Outcome),
}

impl TextStyle {
    pub(crate) fn width(&self) -> usize {
        self.width.clamp(MIN_WIDTH, MAX_WIDTH)
    }

    /// The text between terminal sequences, or as it is.
    pub(crate) fn paint(&self, color: Color, text: &str) -> String {
        match sequence(color) {
            Some(start) if self.color && !text.is_empty() => {
                format!("\u{1b}[{start}m{text}\u{1b}[0m")
            }
            _ => text.to_owned(),
        }
    }

    /// One character that tells an outcome without any color.
    pub(crate) fn mark(&self, outcome: Outcome) -> &'static str {
        match (outcome, self.unicode) {
            (Outcome::Blocked, true) => "✗",
            (Outcome::Blocked, false) => "X",
            (Outcome::Degraded, _) => "!",
            (Outcome::Inconclusive, _) => "?",
            (Outcome::Reachable, true) => "✓",
            (Outcome::Reachable, false) => "+",
            (Outcome::Skipped, _) => "-",
        }
    }

    /// Stands between facts of equal rank.
    pub(crate) fn dot(&self) -> &'static str {
        if self.unicode { " · " } else { ", " }
    }
}

impl Default for TextStyle {
    fn default() -> Self {
        Self {
            width: DEFAULT_WIDTH,
            color: false,
            unicode: true,
        }
    }
}

fn sequence(color: Color) -> Option<&'static str> {
    match color {
        Color::Plain => None,
        Color::Faint => Some("2"),
        Color::Title => Some("1"),
        Color::Outcome(outcome) => Some(match outcome {
            Outcome::Blocked => "31",
            Outcome::Degraded => "33",
            Outcome::Inconclusive => "36",
            Outcome::Reachable => "32",
            Outcome::Skipped => "2",
        }),
        Color::Verdict(outcome) => Some(match outcome {
            Outcome::Blocked => "1;31",
            Outcome::Degraded => "1;33",
            Outcome::Inconclusive => "1;36",
            Outcome::Reachable => "1;32",
            Outcome::Skipped => "1",
        }),
    }
}

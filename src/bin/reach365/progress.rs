//! The progress bar on stderr, only on a terminal.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use reach365::Event;
use reach365_model::verdict::Outcome;

/// A bar that follows events, or nothing at all.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    failed: usize,
}

impl Progress {
    /// A bar if stderr is a terminal and `--quiet` is not set.
    pub(crate) fn new(quiet: bool) -> Self {
        let watched = !quiet && io::stderr().is_terminal();
        Self {
            bar: watched.then(bar),
            failed: 0,
        }
    }

    pub(crate) fn follow(&mut self, event: &Event<'_>) {
        let Some(bar) = &self.bar else { return };
        match event {
            Event::Started { checks, .. } => bar.set_length(*checks as u64),
            Event::Probed {
                outcome, finished, ..
            } => {
                self.failed += usize::from(*outcome > Outcome::Degraded);
                bar.set_position(*finished as u64);
                bar.set_message(failed_text(self.failed));
            }
            _ => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{pos} of {len} endpoints, {elapsed}{msg}");
    let bar = ProgressBar::new(0);
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Provisional, hence no accusation.
fn failed_text(count: usize) -> String {
    match count {
        0 => String::new(),
        some => format!(", {some} without an answer so far"),
    }
}

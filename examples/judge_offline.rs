//! Judges a saved report again, without any network: what `reach365 replay` does.
//!
//!     cargo run --example judge_offline
//!     cargo run --example judge_offline -- report.json

use reach365::{Format, Report, TextStyle, render};

/// A small report of a branch office, as `reach365 check --format json` wrote it.
const SAVED: &str = include_str!("saved_report.json");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let saved = match std::env::args().nth(1) {
        Some(file) => std::fs::read_to_string(file)?,
        None => SAVED.to_owned(),
    };
    let before = Report::from_json(&saved)?;
    let after = reach365::judge().again(&before);
    render(
        &after,
        Format::Text,
        &TextStyle::default(),
        &mut std::io::stdout(),
    )?;

    let rows = before.endpoints.iter().zip(&after.endpoints);
    let changed = rows.filter(|(before, after)| before.verdict != after.verdict);
    println!(
        "\n{} of {} verdicts differ from the saved ones",
        changed.count(),
        after.endpoints.len()
    );
    Ok(())
}

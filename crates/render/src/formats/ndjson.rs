//! One event a line, failures included.

use std::io;

use crate::formats::json::write_safely;
use reach365_model::event::Event;
use reach365_model::report::Report;

/// Writes a finished report as events, one JSON object a line: every endpoint, the findings, the
/// advice, and `finished` last.
///
/// # Errors
/// What `out` reports.
pub fn ndjson(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    report
        .events()
        .try_for_each(|event| ndjson_event(&event, out))
}

/// Writes one event as one line.
///
/// # Errors
/// What `out` reports.
pub fn ndjson_event(event: &Event<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    write_safely(&serde_json::to_string(event)?, out)
}

//! The report as one page for a browser: complete in itself, no script, nothing loaded.

mod cause;
mod escape;
mod evidence;
mod mark;
mod page;
mod waterfall;
mod way;

use std::io;

use crate::report::Report;
use escape::Markup;

pub(in crate::render) use escape::escaped;

/// Writes the report as one HTML page: what is broken and who has to act, the way as a picture,
/// every endpoint with its times, and the evidence folded.
///
/// # Errors
/// What `out` reports.
pub fn html(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    page::page(report, &mut Markup::new(out))
}

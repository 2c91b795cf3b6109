//! The report as one page for a browser: complete in itself, no script, nothing loaded.

mod cause;
mod escape;
mod evidence;
mod mark;
mod page;
mod path;
mod waterfall;

use std::io;

use maud::{Markup, html};

pub(in crate::formats) use escape::Text;
use reach365_model::report::Report;

/// Writes the report as one HTML page: what is broken and who must act, the path as a picture,
/// every endpoint with its times, and the evidence folded.
///
/// # Errors
/// What `out` reports.
pub fn html(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(page::page(report).into_string().as_bytes())
}

/// A line of a list of definitions; nothing where the text is empty.
fn fact(name: &str, text: &str) -> Markup {
    html! {
        @if !text.is_empty() {
            div { dt { (Text(name)) } dd { (Text(text)) } } "\n"
        }
    }
}

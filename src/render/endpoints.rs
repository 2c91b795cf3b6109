//! A list of endpoints, for people and for programs.

use std::io;

use crate::endpoint::{Endpoint, Level};
use crate::render::json::document;
use crate::render::layout::{Lead, Page, text_width};
use crate::render::style::{Colour, TextStyle};

/// The host column never takes more than this, so that the purpose has room.
const HOST: usize = 44;

/// Writes endpoints as text: host and port, groups, and what each is for.
///
/// # Errors
/// What `out` reports.
pub fn endpoints(
    endpoints: &[&Endpoint],
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut page = Page::new(style, out);
    let widths = endpoints.iter().map(|it| text_width(&it.to_string()));
    let column = widths.max().unwrap_or(0).min(HOST).min(page.width() / 2) + 2;
    for endpoint in endpoints {
        row(endpoint, column, &mut page)?;
    }
    let count = format!("{} endpoints", endpoints.len());
    page.paragraph(&Lead::indent(0), &count, Colour::Faint)
}

fn row(endpoint: &Endpoint, column: usize, page: &mut Page<'_>) -> io::Result<()> {
    let host = endpoint.to_string();
    let lead = if text_width(&host) + 2 > column {
        page.paragraph(&Lead::indent(0), &host, Colour::Plain)?;
        Lead::indent(column)
    } else {
        Lead::indent(0).then(page.style, Colour::Plain, &host)
    };
    let text = format!(
        "{}{}: {}",
        optional(endpoint),
        groups(endpoint),
        endpoint.purpose
    );
    page.paragraph(&lead.up_to(column), &text, Colour::Plain)
}

fn groups(endpoint: &Endpoint) -> String {
    endpoint.groups.join(", ")
}

fn optional(endpoint: &Endpoint) -> &'static str {
    match endpoint.level {
        Level::Required => "",
        Level::Recommended => "(recommended) ",
    }
}

/// Writes endpoints as one JSON array.
///
/// # Errors
/// What `out` reports.
pub fn endpoints_json(endpoints: &[&Endpoint], out: &mut dyn io::Write) -> io::Result<()> {
    document(&endpoints, out)
}

//! A list of endpoints, for people and for programs.

use std::io;

use crate::formats::json::document;
use crate::formats::layout::{Lead, Page, text_width};
use crate::formats::style::{Color, TextStyle};
use reach365_model::catalog::Wildcard;
use reach365_model::endpoint::{Endpoint, Level, Scheme, printable};

/// The host column never takes more than this, so that the purpose has room.
const HOST: usize = 44;

/// Writes endpoints as text: host and port, groups, and what each is for; then the wildcards that
/// rules need and no test can use.
///
/// # Errors
/// What `out` reports.
pub fn endpoints(
    endpoints: &[&Endpoint],
    wildcards: &[&Wildcard],
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut page = Page::new(style, out);
    let names = endpoints.iter().map(|endpoint| name(endpoint));
    let patterns = wildcards.iter().map(|wildcard| wildcard.pattern.clone());
    let widths = names
        .chain(patterns)
        .map(|name| text_width(&printable(&name)));
    let limit = HOST.min(page.width() / 2);
    let column = widths.filter(|width| *width <= limit).max().unwrap_or(0) + 2;
    for endpoint in endpoints {
        row(&name(endpoint), &text_of(endpoint), column, &mut page)?;
    }
    let count = format!("{} endpoints", endpoints.len());
    page.paragraph(&Lead::indent(0), &count, Color::Faint)?;
    if wildcards.is_empty() {
        return Ok(());
    }
    page.title("WILDCARDS: NEEDED IN RULES, NOT TESTABLE")?;
    wildcards
        .iter()
        .try_for_each(|it| row(&it.pattern, &it.purpose, column, &mut page))
}

pub(super) fn row(name: &str, words: &str, column: usize, page: &mut Page<'_>) -> io::Result<()> {
    let name = printable(name);
    let lead = if text_width(&name) + 2 > column {
        page.paragraph(&Lead::indent(0), &name, Color::Plain)?;
        Lead::indent(column)
    } else {
        Lead::indent(0).then(page.style, Color::Plain, &name)
    };
    page.paragraph(&lead.up_to(column), words, Color::Plain)
}

/// Host and port, and what is fetched in clear, which a rule may name.
fn name(endpoint: &Endpoint) -> String {
    match (endpoint.scheme, endpoint.path.as_str()) {
        (Scheme::Http, path) if path != "/" => format!("{endpoint}{path}"),
        _ => endpoint.to_string(),
    }
}

fn text_of(endpoint: &Endpoint) -> String {
    let purpose = &endpoint.purpose;
    format!("{}{}: {purpose}", optional(endpoint), groups(endpoint))
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

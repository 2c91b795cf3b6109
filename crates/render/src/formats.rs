//! A report for people and for programs: one file a format, all of them pure.
//!
//! Text from servers, proxies and DNS never reaches the output with control characters in it.

mod allowlist;
mod comparison;
mod csv;
mod device;
mod endpoint_tables;
mod endpoints;
mod error;
mod explain;
mod html;
mod json;
mod junit;
mod layout;
mod markdown;
mod markdown_page;
mod nagios;
mod ndjson;
mod pac;
mod pac_builder;
mod prometheus;
mod proxy;
mod published;
mod remedy;
mod required;
mod row;
mod style;
mod text;
mod ticket;
mod trace;

use std::fmt;
use std::io;

use reach365_model::report::Report;

pub use allowlist::{AllowlistFormat, allowlist};
pub use comparison::{ComparisonFormat, comparison, matrix};
pub use csv::csv;
pub use device::{device, device_json};
pub use endpoint_tables::{endpoints_csv, endpoints_toml};
pub use endpoints::{endpoints, endpoints_json};
pub use error::explain_error;
pub use explain::explain;
pub use html::html;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use nagios::{NagiosState, nagios, nagios_unknown};
pub use ndjson::{ndjson, ndjson_event};
pub use pac::{PacRow, pac_answers, pac_answers_json, pac_remarks, pac_remarks_json};
pub use pac_builder::{Composition, compose, compose_hosts};
pub use prometheus::prometheus;
pub use proxy::{Match, UrlWays, blob, blob_json, matches, matches_json, proxy, proxy_json};
pub use published::{
    service_changes, service_changes_json, service_comparison, service_comparison_json,
};
pub use remedy::{bundle_json, plan, plan_json, remedies, remedies_json, remedy};
pub use style::TextStyle;
pub use text::text;
pub use ticket::ticket;
pub use trace::{trace, trace_json};

/// The formats of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A table for people.
    #[default]
    Text,
    /// One JSON document, schema 1.
    Json,
    /// One JSON object a line, one line an event.
    Ndjson,
    /// JUnit's XML, for build servers.
    Junit,
    /// One line for Nagios and its kin, with exit codes of their own.
    Nagios,
    /// The text format of Prometheus.
    Prometheus,
    /// CSV, one line an endpoint.
    Csv,
    /// A report in Markdown, to paste into a ticket.
    Markdown,
    /// A change request for the teams that run the network, in Markdown.
    Ticket,
    /// One page for a browser, complete in itself and without scripts.
    Html,
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: &'static [Self] = &[
        Self::Text,
        Self::Json,
        Self::Ndjson,
        Self::Junit,
        Self::Nagios,
        Self::Prometheus,
        Self::Csv,
        Self::Markdown,
        Self::Ticket,
        Self::Html,
    ];

    /// The name, as the command line spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Junit => "junit",
            Self::Nagios => "nagios",
            Self::Prometheus => "prometheus",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
            Self::Ticket => "ticket",
            Self::Html => "html",
        }
    }

    /// The format of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.name() == name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Writes a report in the given format; only [`Format::Text`] looks at the style.
///
/// # Errors
/// What `out` reports.
pub fn render(
    report: &Report,
    format: Format,
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Text => text(report, style, out),
        Format::Json => json(report, out),
        Format::Ndjson => ndjson(report, out),
        Format::Junit => junit(report, out),
        Format::Nagios => nagios(report, out),
        Format::Prometheus => prometheus(report, out),
        Format::Csv => csv(report, out),
        Format::Markdown => markdown(report, out),
        Format::Ticket => ticket(report, out),
        Format::Html => html(report, out),
    }
}

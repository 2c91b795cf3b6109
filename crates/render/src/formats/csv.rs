//! CSV as RFC 4180 has it: a header, then a line an endpoint in plan order.

use std::io;

use crate::formats::row;
use reach365_model::endpoint::printable;
use reach365_model::report::{EndpointReport, Report};
use reach365_model::verdict::Code;

/// The columns. Programs read them by name: they are added to at the end, never renamed or removed.
const COLUMNS: [&str; 24] = [
    "id",
    "host",
    "port",
    "scheme",
    "groups",
    "level",
    "via",
    "outcome",
    "stage",
    "code",
    "consequence_of",
    "confidence",
    "culprit",
    "culprit_address",
    "summary",
    "advice",
    "dns_ms",
    "tcp_ms",
    "proxy_ms",
    "tls_ms",
    "http_ms",
    "total_ms",
    "wrong_if",
    "requirement",
];

/// Writes the endpoints as CSV with a header. Text that a spreadsheet would take for a formula
/// gets an apostrophe in front.
///
/// # Errors
/// What `out` reports.
pub fn csv(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(record(&COLUMNS.map(str::to_owned)).as_bytes())?;
    let mut rows = report.endpoints.iter();
    rows.try_for_each(|row| out.write_all(record(&fields(row, report)).as_bytes()))
}

fn fields(row: &EndpointReport, report: &Report) -> [String; 24] {
    let (endpoint, verdict, timings) = (&row.endpoint, &row.verdict, &row.timings);
    let culprit = row::culprit(row, report);
    let address = culprit.and_then(|culprit| culprit.address);
    let level = serde_json::to_value(endpoint.level).unwrap_or_default();
    [
        endpoint.id.clone(),
        endpoint.host.to_string(),
        endpoint.port.to_string(),
        endpoint.scheme.to_string(),
        endpoint.groups.join(" "),
        level.as_str().unwrap_or_default().to_owned(),
        row.via.clone(),
        verdict.outcome.to_string(),
        text_of(verdict.stage),
        text_of(verdict.code().map(Code::id)),
        text_of(verdict.consequence_of.map(Code::id)),
        verdict.confidence.to_string(),
        text_of(culprit.map(|culprit| culprit.who)),
        text_of(address),
        row::sentence(row, report).to_owned(),
        text_of(row::advice(row, report)),
        text_of(timings.dns_ms.map(rounded)),
        text_of(timings.tcp_ms.map(rounded)),
        text_of(timings.proxy_ms.map(rounded)),
        text_of(timings.tls_ms.map(rounded)),
        text_of(timings.http_ms.map(rounded)),
        rounded(timings.total_ms).to_string(),
        row::wrong_if(row, report).unwrap_or_default().to_owned(),
        text_of(verdict.requirement),
    ]
}

/// Sums have more digits than were measured.
fn rounded(ms: f64) -> f64 {
    (ms * 1_000.0).round() / 1_000.0
}

fn text_of<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A line with its end. Whatever the fields hold, they stay fields, and no spreadsheet runs them.
pub(in crate::formats) fn record(fields: &[String]) -> String {
    let fields: Vec<String> = fields.iter().map(|text| field(text)).collect();
    format!("{}\r\n", fields.join(","))
}

fn field(text: &str) -> String {
    let text = format!("{}{}", guard(text), printable(text));
    if text.contains([',', ';', '"']) || text.trim() != text {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

/// Spreadsheets run what begins like this, after spaces too, and in the wide forms of the signs.
fn guard(text: &str) -> &'static str {
    const STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    let formula = text.starts_with(STARTS) || text.trim_start().starts_with(STARTS);
    if formula { "'" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_hold_what_they_are_given() {
        let cases = [
            ("plain text", "plain text"),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("two\r\nlines", r"two\u{d}\u{a}lines"),
            (" spaces ", "\" spaces \""),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(field(text), expected);
        }
    }

    #[test]
    fn no_field_is_a_formula() {
        for start in ["=", "+", "-", "@", "\t", "\r", " =", "＝", "\n@"] {
            let text = field(&format!("{start}cmd|' /C calc'!A0"));
            assert!(text.trim_start_matches('"').starts_with('\''), "{text}");
        }
        assert_eq!(field("http-block-page"), "http-block-page");
    }
}

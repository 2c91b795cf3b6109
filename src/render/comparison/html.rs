//! A page that needs nothing but itself: no scripts, no styles from elsewhere, and words beside
//! every colour.

use std::io;

use super::pair::{became, details, heading, rows, verdict};
use crate::comparison::{Cell, Change, Comparison, FindingChange, Matrix, SharedCause, Side};
use crate::render::html::escaped;
use crate::render::required;
use crate::verdict::Outcome;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem;color:#1b1b1b;background:#fff}\
table{border-collapse:collapse;margin:1rem 0}\
caption{text-align:left;font-weight:bold;padding:.5rem 0}\
th,td{border:1px solid #767676;padding:.25rem .5rem;text-align:left;vertical-align:top}\
.blocked{background:#fbdcdc}.degraded{background:#fdf0cf}.inconclusive{background:#dbeefa}\
.reachable{background:#e0f3e0}.skipped,.absent{color:#595959}\
.scroll{overflow-x:auto}";

pub(super) fn comparison(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    let (outcome, words) = verdict(comparison);
    let mut body = format!("<p class=\"{outcome}\">{}</p>\n<ul>\n", escaped(words));
    body.push_str(&side("before", &comparison.before));
    body.push_str(&side("after", &comparison.after));
    body.push_str(&items(comparison.notes.iter().map(String::as_str)));
    body.push_str("</ul>\n");
    body.push_str(&changes(&comparison.changes));
    body.push_str(&findings("Causes that came", &comparison.findings_came));
    body.push_str(&findings("Causes that went", &comparison.findings_went));
    page("Before and after", &body, out)
}

fn side(label: &str, side: &Side) -> String {
    let started = side.started.strftime("%Y-%m-%d %H:%M:%S UTC");
    format!(
        "<li>{label}: {}, {started}, {} cloud, {}</li>\n",
        escaped(&side.name),
        side.cloud,
        rows(side.rows)
    )
}

fn changes(changes: &[Change]) -> String {
    let head = header(&["Change", "Endpoint", "Outcome", "Details"]);
    let rows: String = changes.iter().map(change_row).collect();
    format!(
        "<table>\n<caption>Rows that changed</caption>\n{head}<tbody>\n{rows}</tbody>\n</table>\n"
    )
}

fn change_row(change: &Change) -> String {
    let shown = change.after.as_ref().or(change.before.as_ref());
    let outcome = shown.map_or(Outcome::Skipped, |state| state.outcome);
    format!(
        "<tr><td>{}</td><th scope=\"row\">{}</th><td class=\"{outcome}\">{}</td><td>{}</td></tr>\n",
        heading(change.kind).to_lowercase(),
        escaped(&change.endpoint),
        escaped(&became(change)),
        escaped(&details(change).join("; "))
    )
}

fn findings(title: &str, findings: &[FindingChange]) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| format!("{}: {}", finding.code, finding.summary))
        .collect();
    let items = items(lines.iter().map(String::as_str));
    format!("<h2>{title}</h2>\n<ul>\n{items}</ul>\n")
}

pub(super) fn matrix(matrix: &Matrix, out: &mut dyn io::Write) -> io::Result<()> {
    let shared: Vec<String> = matrix.shared.iter().map(SharedCause::to_string).collect();
    let lines = matrix.notes.iter().chain(&shared).map(String::as_str);
    let mut body = format!("<ul>\n{}</ul>\n", items(lines));
    let names: Vec<&str> = std::iter::once("Site")
        .chain(matrix.columns.iter().map(|column| column.endpoint.as_str()))
        .collect();
    let rows: String = matrix
        .sites
        .iter()
        .map(|site| {
            let cells: String = site
                .cells
                .iter()
                .map(|cell| cell_of(cell.as_ref()))
                .collect();
            format!(
                "<tr><th scope=\"row\">{}</th>{cells}</tr>\n",
                escaped(&site.site)
            )
        })
        .collect();
    body.push_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Sites by endpoints\">\n",
    );
    body.push_str("<table>\n<caption>Sites by endpoints</caption>\n");
    body.push_str(&header(&names));
    body.push_str("<tbody>\n");
    body.push_str(&rows);
    body.push_str("</tbody>\n</table>\n</div>\n");
    page("Sites by endpoints", &body, out)
}

fn cell_of(cell: Option<&Cell>) -> String {
    let Some(cell) = cell else {
        return "<td class=\"absent\">not asked</td>".to_owned();
    };
    let cause = cell
        .cause
        .as_deref()
        .map(|cause| format!("<br>{}", escaped(cause)));
    let outcome = cell.outcome;
    format!(
        "<td class=\"{outcome}\">{}{}</td>",
        required::words(outcome, cell.requirement),
        cause.unwrap_or_default()
    )
}

fn header(names: &[&str]) -> String {
    let cells = names
        .iter()
        .map(|name| format!("<th scope=\"col\">{}</th>", escaped(name)));
    format!("<thead><tr>{}</tr></thead>\n", cells.collect::<String>())
}

fn items<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts
        .map(|text| format!("<li>{}</li>\n", escaped(text)))
        .collect()
}

fn page(title: &str, body: &str, out: &mut dyn io::Write) -> io::Result<()> {
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n"
    )
}

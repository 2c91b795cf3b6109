//! A page that needs nothing but itself: no scripts, no styles from elsewhere, and words beside
//! every color.

use std::io;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::pair::{became, details, heading, verdict};
use crate::comparison::{Cell, Change, Comparison, FindingChange, Matrix, SharedCause, Side};
use crate::formats::html::Text;
use crate::formats::required;
use reach365_model::verdict::Outcome;
use reach365_proxy::safe_text::counted;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem;color:#1b1b1b;background:#fff}\
table{border-collapse:collapse;margin:1rem 0}\
caption{text-align:left;font-weight:bold;padding:.5rem 0}\
th,td{border:1px solid #767676;padding:.25rem .5rem;text-align:left;vertical-align:top}\
.blocked{background:#fbdcdc}.degraded{background:#fdf0cf}.inconclusive{background:#dbeefa}\
.reachable{background:#e0f3e0}.skipped,.absent{color:#595959}\
.scroll{overflow-x:auto}";

pub(super) fn comparison(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    let (outcome, words) = verdict(comparison);
    let body = html! {
        p class=(outcome) { (Text(words)) } "\n"
        ul { "\n"
            (side("before", &comparison.before))
            (side("after", &comparison.after))
            (items(&comparison.notes))
        } "\n"
        (changes(&comparison.changes))
        (findings("Causes that came", &comparison.findings_came))
        (findings("Causes that went", &comparison.findings_went))
    };
    page("Before and after", &body, out)
}

fn side(label: &str, side: &Side) -> Markup {
    let started = side.started.format_utc("%Y-%m-%d %H:%M:%S UTC");
    html! {
        li {
            (label) ": " (Text(&side.name)) ", " (started) ", "
            (side.cloud.to_string()) " cloud, " (counted(side.rows, "row"))
        } "\n"
    }
}

fn changes(changes: &[Change]) -> Markup {
    html! {
        table { "\n"
            caption { "Rows that changed" } "\n"
            (header(&["Change", "Endpoint", "Outcome", "Details"]))
            tbody { "\n"
                @for change in changes { (change_row(change)) }
            } "\n"
        } "\n"
    }
}

fn change_row(change: &Change) -> Markup {
    let shown = change.after.as_ref().or(change.before.as_ref());
    let outcome = shown.map_or(Outcome::Skipped, |state| state.outcome);
    html! {
        tr {
            td { (heading(change.kind).to_lowercase()) }
            th scope="row" { (Text(&change.endpoint)) }
            td class=(outcome) { (Text(became(change))) }
            td { (Text(details(change).join("; "))) }
        } "\n"
    }
}

fn findings(title: &str, findings: &[FindingChange]) -> Markup {
    let lines = findings
        .iter()
        .map(|finding| format!("{}: {}", finding.code, finding.summary));
    html! {
        @if !findings.is_empty() {
            h2 { (title) } "\n"
            ul { "\n" (items(lines)) } "\n"
        }
    }
}

pub(super) fn matrix(matrix: &Matrix, out: &mut dyn io::Write) -> io::Result<()> {
    const TITLE: &str = "Sites by endpoints";

    let names = matrix.columns.iter().map(|column| column.endpoint.as_str());
    let names: Vec<&str> = std::iter::once("Site").chain(names).collect();
    let body = html! {
        ul { "\n"
            (items(&matrix.notes))
            (items(matrix.shared.iter().map(SharedCause::to_string)))
        } "\n"
        div.scroll tabindex="0" role="region" aria-label=(TITLE) { "\n"
            table { "\n"
                caption { (TITLE) } "\n"
                (header(&names))
                tbody { "\n"
                    @for site in &matrix.sites {
                        tr {
                            th scope="row" { (Text(&site.site)) }
                            @for cell in &site.cells { (cell_of(cell.as_ref())) }
                        } "\n"
                    }
                } "\n"
            } "\n"
        } "\n"
    };
    page(TITLE, &body, out)
}

fn cell_of(cell: Option<&Cell>) -> Markup {
    let Some(cell) = cell else {
        return html! { td.absent { "not asked" } };
    };
    html! {
        td class=(cell.outcome) {
            (required::label(cell.outcome, cell.requirement))
            @if let Some(cause) = &cell.cause {
                br; (Text(cause))
            }
        }
    }
}

fn header(names: &[&str]) -> Markup {
    html! {
        thead { tr {
            @for name in names { th scope="col" { (Text(name)) } }
        } } "\n"
    }
}

fn items(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Markup {
    html! {
        @for text in texts { li { (Text(text)) } "\n" }
    }
}

fn page(title: &str, body: &Markup, out: &mut dyn io::Write) -> io::Result<()> {
    let page = html! {
        (DOCTYPE) "\n"
        html lang="en" { "\n"
            head { "\n"
                meta charset="utf-8"; "\n"
                meta name="viewport" content="width=device-width"; "\n"
                title { (title) } "\n"
                style { (PreEscaped(STYLE)) } "\n"
            } "\n"
            body { "\n"
                h1 { (title) } "\n"
                (body)
            } "\n"
        } "\n"
    };
    out.write_all(page.into_string().as_bytes())
}

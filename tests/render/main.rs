//! Every format over hand-made reports, compared with stored cases.
//!
//! `UPDATE_CASES=1 cargo test --test render` writes the cases anew; read the difference before it is
//! committed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod checker;
mod fixture;
mod machine;
mod page;

use std::path::{Path, PathBuf};

use fixture::Row;
use reach365::Event;
use reach365_model::endpoint::printable;
use reach365_model::report::Report;
use reach365_model::verdict::{Basis, Outcome, Who};
use reach365_render::formats::{self as render, Format, TextStyle};

type Fixture = (&'static str, fn() -> Report);

const FIXTURES: [Fixture; 5] = [
    ("mixed", fixture::mixed),
    ("healthy", fixture::healthy),
    ("one", fixture::one),
    ("forty", fixture::forty),
    ("resolver-dead", fixture::resolver_dead),
];

#[test]
fn text_looks_as_stored() {
    for (name, make) in FIXTURES {
        compare(&format!("{name}-80.txt"), &text(&make(), plain(80)));
    }
    let mixed = fixture::mixed();
    for width in [48, 100, 160] {
        compare(&format!("mixed-{width}.txt"), &text(&mixed, plain(width)));
    }
    let mut ascii = plain(80);
    ascii.unicode = false;
    compare("mixed-80-ascii.txt", &text(&mixed, ascii));
}

#[test]
fn machine_formats_look_as_stored() {
    let mixed = fixture::mixed();
    compare("mixed.json", &rendered(&mixed, Format::Json, plain(80)));
    compare("mixed.ndjson", &rendered(&mixed, Format::Ndjson, plain(80)));
}

#[test]
fn tickets_look_as_stored() {
    for (name, make) in FIXTURES {
        let ticket = rendered(&make(), Format::Ticket, plain(80));
        compare(&format!("{name}-ticket.md"), &ticket);
    }
}

#[test]
fn a_ticket_names_every_blocked_endpoint_once_and_no_other() {
    for (name, make) in FIXTURES {
        let report = make();
        let ticket = rendered(&report, Format::Ticket, plain(80));
        for row in &report.endpoints {
            let endpoint = &row.endpoint;
            let target = format!("{}, port {} (", endpoint.host, endpoint.port);
            let blocked = row.verdict.outcome == Outcome::Blocked;
            let named = ticket.matches(&target).count();
            assert_eq!(named, usize::from(blocked), "{name}: {target}\n{ticket}");
        }
    }
}

#[test]
fn a_ticket_without_a_blocked_endpoint_is_one_sentence() {
    let ticket = rendered(&fixture::healthy(), Format::Ticket, plain(80));
    assert!(ticket.starts_with("Nothing is blocked"), "{ticket}");
    assert_eq!(ticket.lines().count(), 1, "{ticket}");
}

#[test]
fn a_ticket_of_a_blind_run_names_what_stood_in_the_way() {
    let ticket = rendered(&fixture::resolver_dead(), Format::Ticket, plain(80));
    assert!(ticket.starts_with("# No change request yet"), "{ticket}");
    assert!(ticket.contains("dns-resolver-dead"), "{ticket}");
    assert!(!ticket.contains("Nothing is blocked"), "{ticket}");
}

/// Outside of a backslash no character of foreign text begins a span, a link or an element.
#[test]
fn a_ticket_keeps_foreign_text_from_being_markup() {
    let row = fixture::row("crl.microsoft.com", "activation");
    let evil = "`a` | b\n# c\r\n- d [e](https://f.example/) <img src=x> \\`g`";
    let mut row = row.blocked("http-block-page", evil, Who::Proxy);
    evil.clone_into(&mut row.endpoint.purpose);
    let facts = ["proxy", "product"].map(|name| (name.to_owned(), evil.into()));
    row.verdict.basis = Basis::from_saved(row.verdict.code(), facts.into());
    let ticket = rendered(&fixture::report(vec![row]), Format::Ticket, plain(80));
    for line in ticket.lines() {
        let ours = ["# ", "## ", "### ", "- "]
            .iter()
            .any(|start| line.starts_with(start));
        let ours = ours || line.is_empty() || line.starts_with("1 of 1 endpoint");
        assert!(ours, "{line}");
        let mut escaped = false;
        for c in line.chars() {
            assert!(escaped || !"`|<>[]".contains(c), "{line}");
            escaped = c == '\\' && !escaped;
        }
        assert!(!line.contains("://"), "{line}");
    }
    assert_eq!(ticket.matches(r"\u{a}# c").count(), 3, "{ticket}");
}

#[test]
fn no_line_is_wider_than_the_page() {
    for (name, make) in FIXTURES {
        for width in 48..=160 {
            let text = text(&make(), plain(width));
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(
                widest <= Some(width),
                "{name} at {width}: {widest:?}\n{text}"
            );
        }
    }
}

#[test]
fn a_page_is_never_narrower_or_wider_than_can_be_read() {
    let mixed = fixture::mixed();
    assert_eq!(text(&mixed, plain(0)), text(&mixed, plain(48)));
    assert_eq!(text(&mixed, plain(9_999)), text(&mixed, plain(160)));
}

#[test]
fn no_format_lets_control_characters_through() {
    let mixed = fixture::mixed();
    for &format in Format::ALL {
        let out = rendered(&mixed, format, plain(80));
        for line in out.lines() {
            assert_eq!(line, printable(line), "{format}");
        }
    }
}

#[test]
fn colors_change_nothing_but_colors() {
    for (name, make) in FIXTURES {
        let colored = text(&make(), {
            let mut style = plain(80);
            style.color = true;
            style
        });
        assert!(colored.contains("\u{1b}["), "{name}");
        assert_eq!(without_colors(&colored), text(&make(), plain(80)), "{name}");
    }
}

#[test]
fn ascii_style_writes_ascii() {
    for (name, make) in FIXTURES {
        let mut style = plain(80);
        style.unicode = false;
        assert!(text(&make(), style).is_ascii(), "{name}");
    }
}

#[test]
fn the_headline_names_the_cause_before_the_numbers() {
    let text = text(&fixture::resolver_dead(), plain(80));
    let cause = text.find("None of the name servers").unwrap();
    let numbers = text.find("22 of 22 endpoints are inconclusive").unwrap();
    let advice = text.find("WHAT TO DO").unwrap();
    let table = text.find("ACTIVATION").unwrap();
    assert!(
        cause < numbers && numbers < advice && advice < table,
        "{text}"
    );
}

#[test]
fn a_side_finding_is_never_the_headline_of_something_worse() {
    let mut report = fixture::mixed();
    report.findings.remove(0);
    let text = text(&report, plain(100));
    let headline = text.lines().next().unwrap();
    assert_eq!(headline, "✗ BLOCKED  6 of 13 endpoints are blocked");
    assert!(text.contains("ALSO"), "{text}");
}

#[test]
fn an_inconclusive_row_accuses_nobody() {
    let row = fixture::row("odc.officeapps.live.com", "activation");
    let mut row = row.inconclusive("dns-timeout", "No answer");
    row.verdict.culprit = row
        .clone()
        .blocked("dns-timeout", "", Who::Firewall)
        .verdict
        .culprit;
    let text = text(&fixture::report(vec![row]), plain(100));
    assert!(!text.contains("firewall"), "{text}");
    assert!(text.contains("inconclusive is not a pass"), "{text}");
}

#[test]
fn rows_of_one_host_are_told_apart_by_their_paths() {
    let of_path = |path: &str| {
        let mut row = fixture::row("crl.microsoft.com", "activation").port_80();
        path.clone_into(&mut row.endpoint.path);
        row.reachable()
    };
    let rows = ["/pki/crl/one.crl", "/pki/crl/two.crl", "/three"].map(of_path);
    let text = text(&fixture::report(rows.to_vec()), plain(80));
    for name in ["/…/one.crl", "/…/two.crl", "/three"] {
        let shown = format!("crl.microsoft.com:80{name}");
        assert_eq!(text.matches(&shown).count(), 1, "{text}");
    }
}

#[test]
fn a_report_without_rows_claims_nothing() {
    let text = text(&fixture::report(Vec::new()), plain(80));
    assert!(
        text.starts_with("- SKIPPED  nothing was checked\n"),
        "{text}"
    );
    assert!(!text.contains("answer"), "{text}");
}

#[test]
fn ndjson_has_one_event_a_line_failures_included() {
    let mixed = fixture::mixed();
    let out = rendered(&mixed, Format::Ndjson, plain(80));
    let lines: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of_kind = |kind| lines.iter().filter(move |line| line["event"] == kind);
    assert_eq!(of_kind("endpoint").count(), mixed.endpoints.len());
    assert_eq!(of_kind("finding").count(), mixed.findings.len());
    assert_eq!(of_kind("advice").count(), mixed.advice.len());
    assert_eq!(lines.last().unwrap()["event"], "finished");
    let blocked = of_kind("endpoint").filter(|line| line["verdict"]["outcome"] == "blocked");
    assert_eq!(blocked.count(), mixed.summary.blocked);
}

#[test]
fn events_of_work_in_progress_have_their_fields() {
    let mut out = Vec::new();
    let event = Event::Probed {
        id: "ols.officeapps.live.com",
        outcome: Outcome::Blocked,
        finished: 3,
    };
    render::ndjson_event(&event, &mut out).unwrap();
    assert!(event.is_progress());
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "{\"event\":\"probed\",\"id\":\"ols.officeapps.live.com\",\"outcome\":\"blocked\",\"finished\":3}\n"
    );
}

#[test]
fn json_reads_back_as_the_same_report() {
    for (name, make) in FIXTURES {
        let json = rendered(&make(), Format::Json, plain(80));
        assert_eq!(Report::from_json(&json).unwrap(), make(), "{name}");
    }
}

#[test]
fn json_is_valid_against_the_stored_schema() {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    let schema: serde_json::Value = serde_json::from_str(&stored_schema()).unwrap();
    compiler.add_resource("report.json", schema).unwrap();
    let index = compiler.compile("report.json", &mut schemas).unwrap();
    for (name, make) in FIXTURES {
        let report = serde_json::to_value(make()).unwrap();
        if let Err(error) = schemas.validate(&report, index) {
            panic!("{name}: {error:#}");
        }
    }
    let mut broken = serde_json::to_value(fixture::mixed()).unwrap();
    broken["endpoints"][0]["verdict"]["outcome"] = "fine".into();
    assert!(schemas.validate(&broken, index).is_err());
}

/// `UPDATE_DOCS=1 cargo test --features schema --test render` writes the schema anew.
#[cfg(feature = "schema")]
#[test]
fn the_stored_schema_is_the_one_of_the_types() {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<Report>();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(schema_path(), &text).unwrap();
    }
    assert!(stored_schema() == text, "UPDATE_DOCS=1 writes it anew");
}

#[test]
fn an_explanation_has_every_part() {
    for &code in reach365_model::verdict::Code::ALL {
        let mut out = Vec::new();
        render::explain(code, &plain(80), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for part in [
            code.id(),
            "WHAT IT MEANS",
            "WHAT SHOWS IT",
            "WHAT WOULD PROVE IT WRONG",
            "WHAT TO DO",
            "MORE",
        ] {
            assert!(text.contains(part), "{code} lacks {part}:\n{text}");
        }
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{code}: {widest:?}");
    }
}

#[test]
fn a_list_names_every_endpoint() {
    let listed: Vec<_> = reach365::builtin().endpoints().iter().collect();
    let mut text = Vec::new();
    let wildcards: Vec<_> = reach365::builtin().wildcards().iter().collect();
    render::endpoints(&listed, &wildcards, &plain(80), &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?}\n{text}");
    for wildcard in wildcards {
        assert!(text.contains(&wildcard.pattern), "{}", wildcard.pattern);
    }
    let mut json = Vec::new();
    render::endpoints_json(&listed, &mut json).unwrap();
    let json: Vec<serde_json::Value> = serde_json::from_slice(&json).unwrap();
    assert_eq!(json.len(), listed.len());
    for (endpoint, row) in listed.iter().zip(json) {
        assert!(text.contains(&endpoint.host.to_string()), "{endpoint}");
        assert_eq!(row["id"], endpoint.id.as_str());
    }
}

fn plain(width: usize) -> TextStyle {
    let mut style = TextStyle::default();
    style.width = width;
    style.color = false;
    style.unicode = true;
    style
}

fn text(report: &Report, style: TextStyle) -> String {
    rendered(report, Format::Text, style)
}

fn rendered(report: &Report, format: Format, style: TextStyle) -> String {
    let mut out = Vec::new();
    render::render(report, format, &style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn without_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').unwrap().1);
    }
    plain
}

fn compare(name: &str, got: &str) {
    let path = cases().join(name);
    if std::env::var_os("UPDATE_CASES").is_some() {
        std::fs::write(&path, got).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(got, stored, "{name} differs; UPDATE_CASES=1 writes it anew");
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/render")
}

fn schema_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json")
}

fn stored_schema() -> String {
    std::fs::read_to_string(schema_path()).unwrap_or_default()
}

//! Reports beside each other: what changed, and what many share.

#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

use reach365::Report;
use reach365_model::verdict::Outcome;
use reach365_render::comparison::{Comparison, Kind, Matrix, SavedRun, SharedCause};
use reach365_render::formats::{self as render, ComparisonFormat, TextStyle};
use reach365_render::redaction::redact;
use serde_json::{Value, json};

/// Id, route, outcome, code, milliseconds of TCP.
type Row<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, f64);

fn run(site: &str, rows: &[Row<'_>]) -> SavedRun {
    let rows: Vec<Value> = rows
        .iter()
        .map(|(id, via, outcome, code, tcp)| {
            json!({
                "id": id, "host": format!("{id}.example"), "port": 443, "scheme": "https",
                "path": "/", "via": via,
                "verdict": {"outcome": outcome, "code": code, "consequence_of": null, "summary": "said"},
                "timings": {"dns_ms": 1.0, "tcp_ms": tcp, "proxy_ms": null, "tls_ms": null,
                            "http_ms": null, "total_ms": tcp + 1.0},
                "evidence": {"attempts": "nobody looks at it"}
            })
        })
        .collect();
    let report = json!({
        "schema": "reach365/report/1", "tool": {"name": "reach365", "version": "1"},
        "run": {"id": site, "started": "2026-01-01T00:00:00Z", "elapsed_ms": 1,
                "cloud": "worldwide", "site": site, "host": null, "platform": "linux"},
        "findings": [], "endpoints": rows, "advice": []
    });
    SavedRun::from_json("file.json", report.to_string().as_bytes()).unwrap()
}

fn good(id: &str) -> Row<'_> {
    (id, "direct", "reachable", None, 10.0)
}

fn bad<'a>(id: &'a str, code: &'a str) -> Row<'a> {
    (id, "direct", "blocked", Some(code), 10.0)
}

fn kind_of(before: Row<'_>, after: Row<'_>) -> (Option<Kind>, bool) {
    let comparison = Comparison::new(&run("a", &[before]), &run("a", &[after]));
    let kind = comparison.changes.first().map(|change| change.kind);
    (kind, comparison.regression)
}

#[test]
fn every_pair_of_outcomes_has_its_kind() {
    let row = |outcome| ("e", "direct", outcome, None, 10.0);
    let cases = [
        ("reachable", "reachable", None),
        ("reachable", "degraded", Some(Kind::Worse)),
        ("reachable", "inconclusive", Some(Kind::Worse)),
        ("degraded", "inconclusive", Some(Kind::Worse)),
        ("inconclusive", "blocked", Some(Kind::Worse)),
        ("blocked", "inconclusive", Some(Kind::Better)),
        ("blocked", "reachable", Some(Kind::Better)),
        ("degraded", "reachable", Some(Kind::Better)),
        ("skipped", "blocked", Some(Kind::NotComparable)),
        ("reachable", "skipped", Some(Kind::NotComparable)),
        ("skipped", "skipped", None),
    ];
    for (before, after, kind) in cases {
        let expected = (kind, kind == Some(Kind::Worse));
        assert_eq!(
            kind_of(row(before), row(after)),
            expected,
            "{before} {after}"
        );
    }
}

#[test]
fn another_run_wide_cause_is_another_cause() {
    let mut before = run("a", &[bad("e", "tcp-dropped")]);
    let mut after = before.clone();
    before.rows[0].consequence_of = Some("tcp-egress-closed".to_owned());
    after.rows[0].consequence_of = Some("device-no-network".to_owned());
    let comparison = Comparison::new(&before, &after);
    assert_eq!(comparison.totals.other_cause, 1);
    let [change] = comparison.changes.as_slice() else {
        panic!("{comparison:?}");
    };
    let code = change
        .after
        .as_ref()
        .and_then(|after| after.code.as_deref());
    assert_eq!(code, Some("device-no-network"));
}

#[test]
fn one_id_for_different_requests_is_a_column_each() {
    let lyon = run("Lyon", &[bad("adfs", "tcp-dropped")]);
    let mut paris = run("Paris", &[bad("adfs", "tcp-dropped")]);
    paris.rows[0].request = "https://adfs.other.example:443/".to_owned();
    let matrix = Matrix::new(&[lyon, paris]);
    assert_eq!(matrix.columns.len(), 2);
    assert_eq!(matrix.shared, []);
}

#[test]
fn one_id_for_different_requests_is_compared_request_by_request() {
    let (mut before, mut after) = (
        run("a", &[good("e"), good("e")]),
        run("a", &[good("e"), bad("e", "tcp-dropped")]),
    );
    for one in [&mut before, &mut after] {
        one.rows[1].request = "https://e.example:443/other".to_owned();
    }
    let comparison = Comparison::new(&before, &after);
    assert!(comparison.regression);
    assert_eq!(
        (comparison.totals.worse, comparison.totals.unchanged),
        (1, 1)
    );
    let mut csv = Vec::new();
    let matrix = Matrix::new(&[before, after]);
    render::matrix(
        &matrix,
        ComparisonFormat::Csv,
        &TextStyle::default(),
        &mut csv,
    )
    .unwrap();
    let csv = String::from_utf8(csv).unwrap();
    let head = csv.lines().next().unwrap();
    assert!(
        head.ends_with("https://e.example:443/,https://e.example:443/other"),
        "{head}"
    );
}

/// What redacting writes is what a comparison takes for a placeholder.
#[test]
fn rows_that_were_redacted_are_not_compared() {
    let text = include_str!("../examples/saved_report.json");
    let hosts = [
        "vpn.contoso.example",
        "10.1.2.3",
        "fd00::7",
        "www.contoso.example",
        "8.8.4.4",
        "app.azurewebsites.net",
        "intranet",
    ];
    for host in hosts {
        let mut value: Value = serde_json::from_str(text).unwrap();
        value["endpoints"][0]["id"] = host.into();
        value["endpoints"][0]["host"] = host.into();
        let report = Report::from_json(&value.to_string()).unwrap();
        let report = serde_json::to_vec(&redact(&report, reach365::builtin()).unwrap()).unwrap();
        let saved = SavedRun::from_json("file.json", &report).unwrap();
        assert!(saved.redacted);
        let row = &saved.rows[0];
        assert!(row.is_nameless(), "{host} became {row:?}");
    }
}

#[test]
fn addresses_of_redacted_reports_are_not_compared() {
    let mut before = run("a", &[good("198.18.0.1")]);
    before.redacted = true;
    before.rows[0].target = "198.18.0.1:443".to_owned();
    before.rows[0].id = "mine".to_owned();
    let comparison = Comparison::new(&before, &before.clone());
    assert_eq!(comparison.totals.not_comparable, 1);
    before.redacted = false;
    assert_eq!(
        Comparison::new(&before, &before.clone()).totals.unchanged,
        1
    );
}

#[test]
fn a_row_on_two_ways_is_as_bad_as_the_worse_one() {
    let proxied = ("e", "proxy", "reachable", None, 10.0);
    let site = run("Lyon", &[bad("e", "tcp-dropped"), proxied]);
    let matrix = Matrix::new(&[site]);
    let cell = matrix.sites[0].cells[0].as_ref().unwrap();
    assert_eq!(cell.outcome, Outcome::Blocked);
}

#[test]
fn another_cause_and_another_way_are_said() {
    let (kind, regression) = kind_of(bad("e", "tcp-dropped"), bad("e", "tcp-refused"));
    assert_eq!((kind, regression), (Some(Kind::OtherCause), false));
    let proxied = ("e", "proxy", "blocked", Some("proxy-denied"), 10.0);
    let comparison = Comparison::new(&run("a", &[good("e")]), &run("a", &[proxied]));
    let note = comparison.changes[0].note.as_deref().unwrap();
    assert!(
        note.contains("directly before, through a proxy after"),
        "{note}"
    );
    assert!(comparison.regression);
}

#[test]
fn slower_needs_a_factor_and_milliseconds() {
    let timed = |ms| ("e", "direct", "reachable", None, ms);
    let cases = [
        (10.0, 90.0, false),
        (300.0, 550.0, false),
        (90.0, 300.0, true),
    ];
    for (before, after, slower) in cases {
        let expected = (slower.then_some(Kind::Slower), false);
        assert_eq!(
            kind_of(timed(before), timed(after)),
            expected,
            "{before} {after}"
        );
    }
    let dropped = |ms| ("e", "direct", "blocked", Some("tcp-dropped"), ms);
    assert_eq!(kind_of(dropped(10.0), dropped(5_000.0)), (None, false));
}

#[test]
fn new_and_gone_rows_are_information() {
    let before = run("a", &[good("one"), good("two")]);
    let after = run("a", &[good("two"), bad("three", "tcp-dropped")]);
    let comparison = Comparison::new(&before, &after);
    let totals = comparison.totals;
    assert_eq!((totals.new, totals.gone, totals.unchanged), (1, 1, 1));
    assert!(!comparison.regression);
    assert!(comparison.notes[0].contains("same run"));
    assert!(comparison.notes[1].contains("1 rows before alone, 1 after alone"));
}

#[test]
fn a_shared_cause_is_named_once() {
    let runs = [
        run("Lyon", &[good("a"), bad("b", "tcp-dropped"), good("c")]),
        run(
            "Paris",
            &[good("a"), bad("b", "tcp-dropped"), bad("c", "tls-silent")],
        ),
        run(
            "Nice",
            &[
                bad("a", "dns-timeout"),
                bad("b", "dns-timeout"),
                bad("c", "dns-timeout"),
            ],
        ),
    ];
    let matrix = Matrix::new(&runs);
    let expected = [
        SharedCause::Site {
            site: "Nice".to_owned(),
            cause: "dns-timeout".to_owned(),
            endpoints: 3,
        },
        SharedCause::Endpoint {
            id: "b".to_owned(),
            endpoint: "b.example:443".to_owned(),
            cause: "tcp-dropped".to_owned(),
            sites: 2,
        },
    ];
    assert_eq!(matrix.shared, expected);
    let nice = Matrix::new(&[runs[2].clone(), runs[2].clone()]);
    let cause = "dns-timeout".to_owned();
    assert_eq!(nice.shared, [SharedCause::Everything { cause }]);
    let names: Vec<_> = nice.sites.iter().map(|site| site.site.as_str()).collect();
    assert_eq!(names, ["Nice (file.json)", "Nice (file.json) #2"]);
}

fn redacted(site: &str, rows: &[Row<'_>]) -> SavedRun {
    SavedRun {
        redacted: true,
        ..run(site, rows)
    }
}

#[test]
fn placeholders_of_two_reports_are_not_taken_for_one_name() {
    let before = redacted("a", &[good("host-1"), good("real"), good("host-3")]);
    let rows = [
        bad("host-1", "tcp-dropped"),
        bad("real", "tcp-dropped"),
        good("msoid.domain-2"),
    ];
    for after in [redacted("b", &rows), run("b", &rows)] {
        let comparison = Comparison::new(&before, &after);
        let totals = comparison.totals;
        assert_eq!((totals.not_comparable, totals.worse), (3, 1));
        assert_eq!((totals.new, totals.gone, totals.other_cause), (0, 0, 0));
        let notes = comparison.notes.iter();
        let told = notes.filter(|note| note.contains("placeholder"));
        assert_eq!(told.count(), 1);
    }
    let only_numbered = |code| redacted("a", &[good("real"), bad("host-1", code)]);
    let comparison = Comparison::new(
        &redacted("a", &[good("real"), good("host-1")]),
        &only_numbered("tcp-dropped"),
    );
    assert!(!comparison.regression);
    let plain = Comparison::new(&run("a", &[good("host-1")]), &run("b", &rows[..1]));
    assert!(plain.regression, "nobody has redacted these");
}

#[test]
fn placeholders_share_no_cause_in_a_matrix() {
    let rows = [
        good("a"),
        bad("host-1", "tcp-dropped"),
        bad("b", "tcp-dropped"),
    ];
    let matrix = Matrix::new(&[redacted("Lyon", &rows), redacted("Paris", &rows)]);
    let ids = matrix.shared.iter().map(|shared| match shared {
        SharedCause::Endpoint { id, .. } => id.as_str(),
        _ => "no endpoint",
    });
    assert_eq!(ids.collect::<Vec<_>>(), ["b"]);
    assert!(matrix.notes.iter().any(|note| note.contains("placeholder")));
}

#[test]
fn a_wide_matrix_becomes_a_list_and_stays_narrow() {
    let ids: Vec<String> = (0..40).map(|number| format!("endpoint-{number}")).collect();
    let runs: Vec<SavedRun> = (0..40)
        .map(|site| {
            let rows = ids.iter().enumerate().map(|(at, id)| {
                if at == site {
                    bad(id, "tcp-dropped")
                } else {
                    good(id)
                }
            });
            run(&format!("Site {site}"), &rows.collect::<Vec<_>>())
        })
        .collect();
    for few in [&runs[..4], &runs[..]] {
        let mut style = TextStyle::default();
        style.width = 80;
        let mut out = Vec::new();
        render::matrix(&Matrix::new(few), ComparisonFormat::Text, &style, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        assert!(text.contains("endpoint-3.example:443"), "{text}");
    }
}

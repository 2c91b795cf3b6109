//! Reports: saved, read, judged again, counted.

use reach365::{Error, Report};
use reach365_model::report::{FailOn, Summary};
use reach365_model::verdict::{Code, Outcome};

use crate::bench::*;
use crate::cases;

#[test]
fn a_saved_report_gives_the_same_report_again() {
    for case in cases::all() {
        let text = serde_json::to_string(&case.report).unwrap();
        let read = Report::from_json(&text).unwrap();
        assert_eq!(read, case.report, "{}", case.code);
        assert_eq!(reach365::judge().again(&read), case.report, "{}", case.code);
    }
}

/// An accusation has its falsifier; what accuses no party has none.
#[test]
fn whoever_is_accused_has_a_way_to_prove_it_wrong() {
    let expected = |outcome: Outcome, code: Option<Code>| {
        let accuses = matches!(outcome, Outcome::Blocked | Outcome::Degraded);
        code.filter(|_| accuses)
            .map(|code| code.wrong_if().to_owned())
    };
    for case in cases::all() {
        for row in &case.report.endpoints {
            let verdict = &row.verdict;
            let wanted = expected(verdict.outcome, verdict.code());
            assert_eq!(verdict.wrong_if, wanted, "{}", case.code);
        }
        for finding in &case.report.findings {
            let wanted = expected(finding.outcome, Some(finding.code));
            assert_eq!(finding.wrong_if, wanted, "{}", case.code);
        }
    }
}

fn complaint(text: &str) -> String {
    match Report::from_json(text) {
        Err(Error::Report(words)) => words,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_no_report_is_refused_with_a_reason() {
    assert!(complaint("{\n  \"schema\": oops").contains("line 2 column"));
    assert!(complaint("[]").contains("`schema` is missing"));
    assert!(complaint(r#"{"schema": "zizmor/1"}"#).contains("zizmor/1"));
    assert!(complaint(r#"{"schema": "reach365/report/2"}"#).contains("newer"));
    let later = complaint("{\"schema\": \"reach365/report/1\", \"tool\": 1,\n \"run\": oops}");
    assert!(
        later.contains("not JSON") && later.contains("line 2"),
        "{later}"
    );
    assert!(complaint(r#"{"tool": 1, "schema": "zizmor/1"}"#).contains("zizmor/1"));
    assert!(complaint(r#"{"schema": 1}"#).contains("`schema` is missing"));
    let partial = complaint(r#"{"schema": "reach365/report/1", "tool": 1}"#);
    assert!(partial.contains("line 1 column"), "{partial}");
    let hostile = complaint("{\"schema\": \"\\u001b[2J\"}");
    assert!(!hostile.contains('\u{1b}'), "{hostile}");
    assert!(complaint(&"[".repeat(100_000)).contains("recursion"));
}

fn summary(outcomes: &[Outcome]) -> Summary {
    let mut template = judged(vec![healthy("host.example", SITE)])
        .endpoints
        .remove(0)
        .verdict;
    let verdicts = outcomes.iter().map(|outcome| {
        template.outcome = *outcome;
        template.clone()
    });
    reach365_judge::report::summary(&verdicts.collect::<Vec<_>>())
}

#[test]
fn the_exit_code_follows_the_worst_that_counts() {
    use Outcome::{Blocked, Degraded, Inconclusive, Reachable, Skipped};
    let cases: [(&[Outcome], [u8; 3]); 7] = [
        (&[Reachable], [0, 0, 0]),
        (&[Reachable, Degraded], [0, 1, 0]),
        (&[Reachable, Inconclusive], [3, 3, 1]),
        (&[Inconclusive, Blocked], [1, 1, 1]),
        (&[Degraded, Inconclusive], [3, 1, 1]),
        (&[Skipped], [3, 3, 1]),
        (&[], [3, 3, 1]),
    ];
    for (outcomes, expected) in cases {
        let summary = summary(outcomes);
        let codes = [FailOn::Blocked, FailOn::Degraded, FailOn::Inconclusive]
            .map(|fail_on| summary.exit_code_for(fail_on));
        assert_eq!(codes, expected, "{outcomes:?}");
        assert_eq!(summary.exit_code, expected[0]);
    }
    assert_eq!(summary(&[Skipped]).outcome, Inconclusive);
}

#[test]
fn times_are_those_of_the_connection_that_counts() {
    let (endpoint, mut evidence) = healthy("host.example", SITE);
    let failed = tcp_failed(
        "203.0.113.11",
        443,
        reach365_model::evidence::FailureKind::Timeout,
        5000.0,
    );
    evidence.attempts.splice(0..0, failed);
    let row = judged(vec![(endpoint, evidence)]).endpoints.remove(0);
    let times = row.timings;
    assert_eq!(times.dns_ms, Some(12.0));
    assert_eq!(times.tcp_ms, Some(20.0));
    assert_eq!(times.tls_ms, Some(40.0));
    assert_eq!(times.http_ms, Some(50.0));
    assert!((times.total_ms - 122.0).abs() < 1e-9);
}

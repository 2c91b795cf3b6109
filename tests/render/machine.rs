//! Formats for build servers, monitors and spreadsheets, as those read them.

use reach365_model::endpoint::printable;
use reach365_model::report::Report;
use reach365_model::verdict::{Basis, Outcome, Who};
use reach365_render::formats::{Format, NagiosState};

use crate::fixture::{self, HOSTILE, Row};
use crate::{FIXTURES, checker, compare, plain, rendered};

/// Text that wants to be markup, a label, a figure, a formula or another line.
const EVIL: &str = "=1+1\u{fffe}\"} | blocked=0;; ]]> & 'x' -- \\ \n# TYPE x\r\n`b` [e](https://f.example) www.g.example <img src=x>, _c_ $d$";

/// Endpoints of every outcome with hostile text in every field that is not ours, two with one id.
fn hostile() -> Report {
    let row = || fixture::row("crl.microsoft.com", "activation");
    let text = format!("{EVIL}{HOSTILE}");
    let mut rows = vec![
        row().blocked("http-block-page", &text, Who::Proxy),
        row().inconclusive("dns-timeout", &text),
        row().degraded("tcp-flaky", &text, Who::Path),
        row().skipped(&text),
        row().reachable(),
    ];
    for (number, row) in rows.iter_mut().enumerate() {
        row.endpoint.id = format!("{EVIL}{}", number / 2);
        row.endpoint.groups = vec![EVIL.to_owned()];
        EVIL.clone_into(&mut row.via);
        EVIL.clone_into(&mut row.endpoint.purpose);
        let mut facts = row.verdict.facts();
        facts.insert(EVIL.to_owned(), EVIL.into());
        row.verdict.basis = Basis::from_saved(row.verdict.code(), facts);
    }
    let mut report = fixture::report(rows);
    report.advice = fixture::mixed().advice;
    EVIL.clone_into(&mut report.advice[0].text);
    report.run.site = Some(EVIL.to_owned());
    report.run.host = Some(EVIL.to_owned());
    EVIL.clone_into(&mut report.run.platform);
    report
}

fn reports() -> impl Iterator<Item = (&'static str, Report)> {
    let made = FIXTURES.into_iter().map(|(name, make)| (name, make()));
    made.chain([
        ("hostile", hostile()),
        ("empty", fixture::report(Vec::new())),
    ])
}

fn written(report: &Report, format: Format) -> String {
    rendered(report, format, plain(80))
}

#[test]
fn every_outcome_looks_as_stored() {
    let mixed = fixture::mixed();
    for outcome in [
        Outcome::Reachable,
        Outcome::Degraded,
        Outcome::Blocked,
        Outcome::Inconclusive,
        Outcome::Skipped,
    ] {
        let has = |report: &Report| {
            let mut rows = report.endpoints.iter();
            rows.any(|row| row.verdict.outcome == outcome)
        };
        assert!(has(&mixed), "{outcome}");
    }
    for (format, name) in [
        (Format::Junit, "mixed-junit.xml"),
        (Format::Nagios, "mixed-nagios.txt"),
        (Format::Prometheus, "mixed.prom"),
        (Format::Csv, "mixed.csv"),
        (Format::Markdown, "mixed-report.md"),
    ] {
        compare(name, &written(&mixed, format));
    }
}

#[test]
fn hostile_text_is_printable_in_every_format() {
    let hostile = hostile();
    for &format in Format::ALL {
        for line in written(&hostile, format).lines() {
            assert_eq!(line, printable(line), "{format}");
        }
    }
}

#[test]
fn a_validator_accepts_junit() {
    let schema = crate::cases().join("junit.xsd");
    let arguments = [
        "--noout",
        "--nonet",
        "--schema",
        schema.to_str().unwrap(),
        "-",
    ];
    for (name, report) in reports() {
        let mut report = report;
        if name == "hostile" {
            // Servers show both cases of one name; the schema is about ours, whose ids differ.
            for (number, row) in report.endpoints.iter_mut().enumerate() {
                row.endpoint.id += &number.to_string();
            }
        }
        let xml = written(&report, Format::Junit);
        let Some((accepted, words)) = checker::ask("xmllint", &arguments, &xml) else {
            return;
        };
        assert!(accepted, "{name}: {words}\n{xml}");
    }
    let xml = written(&fixture::one(), Format::Junit);
    for (right, wrong) in [
        ("<failure type=", "<failure kind="),
        ("tests=\"3\"", "tests=\"three\""),
        ("</testsuite>", "<testcase/></testsuite>"),
        ("message=\"tcp", "message=\"\u{1}tcp"),
    ] {
        assert!(xml.contains(right), "{right}\n{xml}");
        let broken = xml.replace(right, wrong);
        let (accepted, _) = checker::ask("xmllint", &arguments, &broken).unwrap();
        assert!(!accepted, "{wrong} was accepted");
    }
}

#[test]
fn junit_counts_what_it_holds() {
    for (name, report) in reports() {
        let xml = written(&report, Format::Junit);
        let counts = &report.summary;
        for (what, count) in [
            ("<testsuite ", 1),
            ("<testcase ", report.endpoints.len()),
            ("<failure ", counts.blocked),
            ("<error ", counts.inconclusive),
            ("<skipped ", counts.skipped),
            ("<system-out>degraded: ", counts.degraded),
        ] {
            assert_eq!(xml.matches(what).count(), count, "{name}: {what}\n{xml}");
        }
    }
}

#[test]
fn promtool_accepts_the_metrics() {
    for (name, report) in reports() {
        let text = written(&report, Format::Prometheus);
        let Some((accepted, words)) = checker::ask("promtool", &["check", "metrics"], &text) else {
            return;
        };
        assert!(accepted, "{name}: {words}\n{text}");
    }
    let text = written(&fixture::one(), Format::Prometheus);
    for wrong in [
        text.replace("\",host=", ",host="),
        text.replace("# HELP reach365_endpoints ", "# reach365_endpoints "),
    ] {
        assert_ne!(wrong, text);
        let (accepted, _) = checker::ask("promtool", &["check", "metrics"], &wrong).unwrap();
        assert!(!accepted, "{wrong}");
    }
}

#[test]
fn a_series_stands_once_and_the_cause_in_one_metric_alone() {
    for (name, report) in reports() {
        let text = written(&report, Format::Prometheus);
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let mut series: Vec<_> = samples
            .map(|line| line.rsplit_once(' ').unwrap().0)
            .collect();
        for series in &series {
            let info = series.starts_with("reach365_endpoint_cause_info{");
            assert_eq!(info, series.contains(",cause=\""), "{series}");
        }
        let count = series.len();
        series.sort_unstable();
        series.dedup();
        assert_eq!(series.len(), count, "{name}\n{text}");
    }
}

#[test]
fn an_endpoint_that_nobody_can_judge_is_neither_up_nor_down() {
    let rows = |report: &Report, outcomes: &[Outcome]| {
        let rows = report.endpoints.iter();
        rows.filter(|row| outcomes.contains(&row.verdict.outcome))
            .count()
    };
    for (name, report) in reports() {
        let text = written(&report, Format::Prometheus);
        let up = |value: &str| {
            let lines = text.lines();
            let up = lines.filter(|line| line.starts_with("reach365_endpoint_up{"));
            up.filter(|line| line.ends_with(value)).count()
        };
        let answers = rows(&report, &[Outcome::Reachable, Outcome::Degraded]);
        assert_eq!(up("} 1"), answers, "{name}");
        let judged = answers + rows(&report, &[Outcome::Blocked]);
        let down = match judged {
            // An alert that waits for a sample would be lost with the whole site.
            0 => rows(&report, &[Outcome::Inconclusive]),
            _ => rows(&report, &[Outcome::Blocked]),
        };
        assert_eq!(up("} 0"), down, "{name}");
    }
}

/// The records of RFC 4180, read as it is written.
fn records(text: &str) -> Vec<Vec<String>> {
    let mut records = vec![vec![String::new()]];
    let mut quoted = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let record = records.last_mut().unwrap();
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => {
                record.last_mut().unwrap().push(rest.next().unwrap());
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(String::new()),
            '\r' if !quoted => {
                assert_eq!(rest.next(), Some('\n'));
                records.push(vec![String::new()]);
            }
            '\n' if !quoted => panic!("a bare line feed"),
            other => record.last_mut().unwrap().push(other),
        }
    }
    assert_eq!(records.pop(), Some(vec![String::new()]), "no end of line");
    records
}

#[test]
fn csv_has_one_record_an_endpoint_and_no_formula() {
    let header = records(&written(&fixture::mixed(), Format::Csv)).remove(0);
    for (name, report) in reports() {
        let records = records(&written(&report, Format::Csv));
        assert_eq!(records[0], header, "{name}");
        assert_eq!(records.len(), report.endpoints.len() + 1, "{name}");
        let column = |name: &str| header.iter().position(|it| it == name).unwrap();
        for (record, row) in records[1..].iter().zip(&report.endpoints) {
            assert_eq!(record.len(), header.len(), "{name}");
            assert_eq!(record[column("outcome")], row.verdict.outcome.to_string());
            for field in record {
                assert!(
                    !field.starts_with(['=', '+', '-', '@', '\t', '\r']),
                    "{field}"
                );
            }
            if name == "hostile" {
                assert!(record[column("id")].starts_with("'=1+1"), "{record:?}");
            }
        }
    }
}

/// How many cells a line of a table has; every other mark of Markdown must be escaped.
fn bars(line: &str) -> usize {
    let mut escaped = false;
    let mut bars = 0;
    for c in line.chars() {
        assert!(escaped || !"`<>[]*$".contains(c), "{line}");
        bars += usize::from(c == '|' && !escaped);
        escaped = c == '\\' && !escaped;
    }
    bars
}

#[test]
fn markdown_has_a_table_an_outcome_and_nothing_that_foreign_text_made() {
    for (name, report) in reports() {
        let text = written(&report, Format::Markdown);
        let mut columns = 0;
        let mut rows = 0;
        for line in text.lines() {
            let bars = bars(line);
            let table = line.starts_with("| ");
            assert_eq!(bars > 0, table, "{name}: {line}");
            if line.starts_with("| --- |") {
                continue;
            }
            if line.starts_with("| Endpoint |") {
                columns = bars;
            } else if table {
                assert_eq!(bars, columns, "{name}: {line}");
                rows += 1;
            }
            assert!(!line.contains("://") && !line.contains("www."), "{line}");
        }
        assert_eq!(rows, report.endpoints.len(), "{name}\n{text}");
    }
}

#[test]
fn nagios_has_one_line_with_figures() {
    let states = [
        ("mixed", NagiosState::Critical),
        ("healthy", NagiosState::Ok),
        ("one", NagiosState::Critical),
        ("forty", NagiosState::Critical),
        ("resolver-dead", NagiosState::Unknown),
        ("hostile", NagiosState::Critical),
        ("empty", NagiosState::Unknown),
    ];
    for (name, report) in reports() {
        let text = written(&report, Format::Nagios);
        let (first, more) = text.split_once('\n').unwrap();
        let state = states.iter().find(|(it, _)| *it == name).unwrap().1;
        assert!(
            first.starts_with(&format!("REACH365 {state} - ")),
            "{first}"
        );
        assert!(first.len() < 1_024, "{name}: {}", first.len());
        assert_eq!(text.matches('|').count(), 1, "{text}");
        assert!(!text.contains(['<', '>']), "{text}");
        assert_eq!(more.lines().count(), report.advice.len(), "{text}");
        let figures = first.split_once(" | ").unwrap().1;
        let blocked = format!(
            "blocked={};;0;0;{}",
            report.summary.blocked,
            report.endpoints.len()
        );
        assert!(figures.starts_with(&blocked), "{figures}");
        for figure in figures.split(' ') {
            let (label, value) = figure.split_once('=').unwrap();
            assert!(
                !label.is_empty() && value.matches(';').count() <= 4,
                "{figure}"
            );
        }
    }
}

#[test]
fn a_state_follows_the_exit_code_and_the_counts() {
    let state = |exit_code, degraded| {
        let mut summary = fixture::healthy().summary;
        summary.exit_code = exit_code;
        summary.degraded = degraded;
        NagiosState::from_summary(&summary)
    };
    assert_eq!(state(0, 0).exit_code(), 0);
    assert_eq!(state(0, 1).exit_code(), 1);
    assert_eq!(state(1, 1).exit_code(), 2);
    assert_eq!(state(3, 1).exit_code(), 3);
    assert_eq!(state(4, 0).exit_code(), 3);
    let nothing = fixture::report(Vec::new()).summary;
    assert_eq!(NagiosState::from_summary(&nothing), NagiosState::Unknown);
}

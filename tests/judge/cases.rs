//! One case a code: the exact code, outcome, stage, culprit and confidence.

mod connectivity;
mod control_probes;
mod dns_and_tcp;
mod own_dns;
mod packet_sizes;
pub(crate) mod proxied;
mod sockets;
mod tls_and_http;
mod user_agents;

pub(crate) use dns_and_tcp::make_slow;
pub(crate) use sockets::rejected_by_rule;

use reach365::Report;
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{Attempt, Evidence, Stage};
use reach365_model::verdict::{Code, Confidence, Outcome, Who};

use crate::bench::*;

type Row = (Endpoint, Evidence);

/// The expected first result, or the expected first finding.
pub(crate) struct Case {
    pub(crate) code: Code,
    outcome: Outcome,
    who: Who,
    confidence: Confidence,
    finding: bool,
    pub(crate) report: Report,
}

fn row(code: Code, confidence: Confidence, first: Row, others: Vec<Row>) -> Case {
    let rows = std::iter::once(first).chain(others).collect();
    Case {
        code,
        outcome: code.outcome(),
        who: code.who(),
        confidence,
        finding: false,
        report: judged(rows),
    }
}

fn found_in(code: Code, outcome: Outcome, confidence: Confidence, report: Report) -> Case {
    Case {
        code,
        outcome,
        who: code.who(),
        confidence,
        finding: true,
        report,
    }
}

impl Case {
    fn blocked(self) -> Self {
        Self {
            outcome: Outcome::Blocked,
            ..self
        }
    }

    /// A path that is long or loses packets has no culprit, and a note has none either.
    fn accused(&self) -> Option<Who> {
        let by_nobody = matches!(self.code, Code::PathLoss | Code::PathLatency);
        let is_note = self.outcome == Outcome::Reachable;
        (!by_nobody && !is_note).then_some(self.who)
    }

    fn but(self, outcome: Outcome, who: Who) -> Self {
        Self {
            outcome,
            who,
            ..self
        }
    }
}

pub(crate) fn all() -> Vec<Case> {
    [
        user_agents::all(),
        control_probes::all(),
        dns_and_tcp::all(),
        tls_and_http::all(),
        proxied::all(),
        packet_sizes::all(),
        sockets::all(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn host() -> Endpoint {
    https("host.example")
}

fn at_site(attempts: Vec<Attempt>) -> Evidence {
    with(SITE, attempts)
}

#[test]
fn every_case_gives_exactly_its_code() {
    for (number, case) in all().into_iter().enumerate() {
        let name = format!("case {number}, {}", case.code);
        if case.finding {
            let finding = case.report.findings.first().expect(&name);
            assert_eq!(finding.code, case.code, "{name}: {finding:#?}");
            assert_eq!(finding.outcome, case.outcome, "{name}");
            assert_eq!(finding.confidence, case.confidence, "{name}");
            let who = finding.culprit.as_ref().map(|culprit| culprit.who);
            assert_eq!(who, case.accused(), "{name}");
            assert_eq!(finding.stage, case.code.stage(), "{name}");
            continue;
        }
        let verdict = &case.report.endpoints[0].verdict;
        assert_eq!(verdict.code(), Some(case.code), "{name}: {verdict:#?}");
        assert_eq!(verdict.outcome, case.outcome, "{name}: {verdict:#?}");
        assert_eq!(verdict.confidence, case.confidence, "{name}: {verdict:#?}");
        let culprit = verdict.culprit.as_ref().expect(&name);
        assert_eq!(culprit.who, case.who, "{name}");
        let stage = if case.code == Code::NcsiBlocked {
            Stage::Tcp
        } else {
            case.code.stage()
        };
        assert_eq!(verdict.stage, Some(stage), "{name}");
    }
}

#[test]
fn every_code_has_a_case() {
    let cases = all();
    for code in Code::ALL {
        assert!(
            cases.iter().any(|case| case.code == *code),
            "{code} has no case"
        );
    }
}

#[test]
fn every_sentence_is_filled() {
    for case in all() {
        let report = &case.report;
        let verdicts = report.endpoints.iter().map(|row| &row.verdict.summary);
        let findings = report.findings.iter().map(|finding| &finding.summary);
        let advice = report.advice.iter().map(|advice| &advice.text);
        for text in verdicts.chain(findings).chain(advice) {
            assert!(!text.contains(['{', '}']), "{}: {text}", case.code);
            assert!(!text.contains("(unknown)"), "{}: {text}", case.code);
            assert!(!text.is_empty(), "{}", case.code);
        }
    }
}

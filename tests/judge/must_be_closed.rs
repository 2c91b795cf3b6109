//! Endpoints that must be closed: closed is seen only beside a control, open is a fault.

use reach365_model::endpoint::{Endpoint, MustBe};
use reach365_model::evidence::{Evidence, FailureKind, RunEvidence, StopReason, Trust};
use reach365_model::report::EndpointReport;
use reach365_model::verdict::{Code, Outcome, Requirement, Who};

use crate::bench::*;

fn forbidden(endpoint: Endpoint) -> Endpoint {
    Endpoint {
        must_be: MustBe::Blocked,
        ..endpoint
    }
}

/// The result beside hosts that answer.
fn beside_controls(endpoint: Endpoint, evidence: Evidence) -> EndpointReport {
    let mut rows = vec![(forbidden(endpoint), evidence)];
    rows.extend(controls());
    judged(rows).endpoints.remove(0)
}

/// Methods by which a filter closes a host.
fn closings() -> Vec<(Endpoint, Evidence)> {
    let host = || https("storage.example");
    let refused = tcp_failed(SITE, 443, FailureKind::Refused, 1.0);
    let dropped = tcp_failed(SITE, 443, FailureKind::Timeout, 5_000.0);
    let blocked = page(
        403,
        "Access denied",
        "blocked by the web filter, category: storage",
    );
    vec![
        (host(), with(SITE, refused)),
        (host(), with(SITE, dropped)),
        (host(), unresolved(FailureKind::Nxdomain)),
        (host(), unresolved(FailureKind::DnsRefused)),
        (host(), unresolved(FailureKind::Servfail)),
        (host(), unresolved(FailureKind::Timeout)),
        (
            http("storage.example"),
            with(SITE, in_clear(SITE, &blocked)),
        ),
        (
            dns_row("storage.example"),
            unresolved(FailureKind::Nxdomain),
        ),
    ]
}

#[test]
fn closed_is_seen_beside_a_host_that_answers() {
    for (endpoint, evidence) in closings() {
        let row = beside_controls(endpoint, evidence);
        let verdict = &row.verdict;
        assert_eq!(verdict.outcome, Outcome::Reachable, "{verdict:#?}");
        assert_eq!(verdict.requirement, Some(Requirement::Met), "{verdict:#?}");
        assert_eq!(verdict.code(), None, "{verdict:#?}");
        assert!(
            verdict.summary.contains("closed as required"),
            "{verdict:#?}"
        );
        assert!(verdict.facts().contains_key("control"), "{verdict:#?}");
    }
}

#[test]
fn where_nothing_answers_no_host_is_seen_to_be_closed() {
    for (endpoint, evidence) in closings() {
        let others = ["a.one", "b.two", "c.three", "d.four"];
        let other = |host: &str| {
            let mut same = endpoint.clone();
            same.id = host.to_owned();
            same.host = reach365_model::endpoint::Host::parse(host).unwrap();
            (same, evidence.clone())
        };
        let mut rows = vec![(forbidden(endpoint.clone()), evidence.clone())];
        rows.extend(others.into_iter().map(other));
        let report = judged(rows);
        let verdict = &report.endpoints[0].verdict;
        assert_eq!(verdict.outcome, Outcome::Inconclusive, "{verdict:#?}");
        assert_eq!(
            verdict.requirement,
            Some(Requirement::Unknown),
            "{verdict:#?}"
        );
    }
}

#[test]
fn a_resolver_that_denies_everything_closes_nothing() {
    let evidence = unresolved(FailureKind::Nxdomain);
    let report = judged(vec![(forbidden(https("storage.example")), evidence)]);
    assert_eq!(report.summary.outcome, Outcome::Inconclusive);
    assert_eq!(report.summary.exit_code, 3);
}

#[test]
fn a_probe_that_was_cut_short_or_had_no_network_sees_nothing() {
    let cut = Evidence {
        cut_short: Some(StopReason::Deadline),
        ..with(SITE, Vec::new())
    };
    let row = beside_controls(https("storage.example"), cut);
    assert_eq!(row.verdict.requirement, Some(Requirement::Unknown));
    let nothing = RunEvidence {
        ipv4: Some(false),
        ipv6: Some(false),
        ..machine()
    };
    let rows = vec![(
        forbidden(https("storage.example")),
        unresolved(FailureKind::Timeout),
    )];
    let report = report(reach365_model::endpoint::Cloud::Worldwide, nothing, rows);
    assert_eq!(
        report.endpoints[0].verdict.requirement,
        Some(Requirement::Unknown)
    );
    assert_eq!(report.summary.exit_code, 3);
}

#[test]
fn what_answers_is_open_and_who_must_close_it_is_named() {
    let (_, genuine) = healthy("storage.example", SITE);
    let inspected = private_tls("storage.example", "CN=Corporate CA", Trust::Trusted);
    let inspected = over_tls(SITE, &inspected, Some(&answer(200)));
    for evidence in [genuine, with(SITE, inspected)] {
        let mut rows = vec![(forbidden(https("storage.example")), evidence)];
        rows.extend(controls());
        let report = judged(rows);
        let verdict = &report.endpoints[0].verdict;
        assert_eq!(verdict.outcome, Outcome::Blocked, "{verdict:#?}");
        assert_eq!(verdict.code(), Some(Code::PolicyOpen));
        assert_eq!(verdict.requirement, Some(Requirement::NotMet));
        assert_eq!(verdict.culprit.as_ref().unwrap().who, Who::Firewall);
        assert_eq!(report.summary.exit_code, 1);
        let advice = report
            .advice
            .iter()
            .find(|it| it.code == Code::PolicyOpen)
            .unwrap();
        assert!(
            advice.text.contains("storage.example:443"),
            "{}",
            advice.text
        );
        assert!(advice.text.contains("firewall"), "{}", advice.text);
    }
}

#[test]
fn a_name_that_must_not_resolve_and_does_is_the_resolvers() {
    let row = beside_controls(dns_row("storage.example"), resolves(SITE));
    assert_eq!(row.verdict.code(), Some(Code::PolicyOpen));
    assert_eq!(row.verdict.culprit.unwrap().who, Who::Resolver);
}

#[test]
fn a_certificate_that_nobody_trusts_shows_neither() {
    let odd = private_tls("storage.example", "CN=Odd", Trust::UnknownIssuer);
    let attempts = over_tls(SITE, &odd, None);
    let row = beside_controls(https("storage.example"), with(SITE, attempts));
    assert_eq!(
        row.verdict.outcome,
        Outcome::Inconclusive,
        "{:#?}",
        row.verdict
    );
    assert_eq!(row.verdict.requirement, Some(Requirement::Unknown));
}

#[test]
fn endpoints_that_must_be_reachable_have_no_requirement() {
    let report = judged(controls());
    assert!(
        report
            .endpoints
            .iter()
            .all(|row| row.verdict.requirement.is_none())
    );
    let json = serde_json::to_string(&report.endpoints[0].verdict).unwrap();
    assert!(!json.contains("requirement"));
}

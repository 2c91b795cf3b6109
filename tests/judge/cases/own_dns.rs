//! This machine's own DNS where a proxy looks names up.

use reach365_model::endpoint::{Cloud, Endpoint};
use reach365_model::evidence::{Evidence, FailureKind, Lookup, ProxySeen};
use reach365_model::verdict::{Code, Confidence, Outcome, Verdict};

use super::host;
use super::proxied::{asked, carried, open, said};
use crate::bench::*;

/// The name that Windows looks up to learn whether DNS works.
fn ncsi_name() -> Endpoint {
    Endpoint {
        groups: vec!["ncsi".to_owned()],
        dns_answer: vec![ip("131.107.255.255")],
        ..dns_row("dns.msftncsi.com")
    }
}

fn through_proxy(lookups: Vec<Lookup>) -> Evidence {
    Evidence {
        lookups,
        ..carried(open(1))
    }
}

fn judged_beside(controls: Vec<Lookup>, rows: Vec<(Endpoint, Evidence)>) -> reach365::Report {
    report(Cloud::Worldwide, controlled(controls), rows)
}

#[test]
fn where_a_proxy_serves_the_endpoints_own_dns_is_not_checked() {
    for why in [
        FailureKind::Nxdomain,
        FailureKind::Nodata,
        FailureKind::DnsRefused,
        FailureKind::Servfail,
        FailureKind::Timeout,
        FailureKind::Refused,
    ] {
        let rows = vec![
            (host(), through_proxy(unresolved(why).lookups)),
            (ncsi_name(), unresolved(why)),
        ];
        for controls in [vec![], vec![control("crl3.digicert.com", Err(why))]] {
            let report = judged_beside(controls, rows.clone());
            let verdict = &report.endpoints[1].verdict;
            assert_eq!(verdict.outcome, Outcome::Skipped, "{why:?}: {verdict:#?}");
            assert!(verdict.summary.contains("proxy"), "{}", verdict.summary);
            assert!(report.findings.is_empty(), "{:#?}", report.findings);
            assert!(report.advice.is_empty());
            assert_eq!(report.summary.exit_code, 0);
        }
    }
}

#[test]
fn a_made_up_answer_for_every_name_is_not_held_against_own_dns_behind_a_proxy() {
    let controls = vec![control("crl3.digicert.com", Ok("10.9.9.9"))];
    let rows = vec![
        (host(), through_proxy(vec![])),
        (ncsi_name(), resolves("10.9.9.9")),
    ];
    let report = judged_beside(controls, rows);
    assert_eq!(report.endpoints[1].verdict.outcome, Outcome::Skipped);
}

#[test]
fn own_dns_that_knows_other_names_and_lies_about_one_is_a_finding_behind_a_proxy_too() {
    let known = || vec![control("crl3.digicert.com", Ok("93.184.220.29"))];
    for (evidence, code) in [
        (resolves("10.9.9.9"), Code::NcsiDnsWrong),
        (unresolved(FailureKind::Nxdomain), Code::DnsNxdomain),
    ] {
        let rows = vec![(host(), through_proxy(vec![])), (ncsi_name(), evidence)];
        let report = judged_beside(known(), rows);
        let verdict = &report.endpoints[1].verdict;
        assert_eq!(verdict.code(), Some(code), "{verdict:#?}");
        assert_eq!(verdict.outcome, Outcome::Blocked);
    }
}

#[test]
fn a_dead_proxy_excuses_no_own_dns() {
    let dead = asked(None, FailureKind::Timeout);
    let rows = vec![
        (host(), dead),
        (ncsi_name(), unresolved(FailureKind::Nxdomain)),
    ];
    let controls = vec![control("crl3.digicert.com", Err(FailureKind::Nxdomain))];
    let report = judged_beside(controls, rows);
    let verdict = &report.endpoints[1].verdict;
    assert_eq!(verdict.outcome, Outcome::Inconclusive);
    assert_eq!(verdict.consequence_of, Some(Code::DnsNoInternetNames));
}

/// A bare 503 for a host that this machine's DNS does not know.
fn bare(status: u16) -> Evidence {
    let seen = ProxySeen {
        headers: std::collections::BTreeMap::new(),
        ..said(status, "")
    };
    Evidence {
        lookups: unresolved(FailureKind::Nxdomain).lookups,
        ..asked(Some(seen), FailureKind::ProxyRefused)
    }
}

fn refused_beside(controls: Vec<Lookup>, other: Vec<Lookup>, status: u16) -> Verdict {
    let rows = vec![
        (host(), bare(status)),
        (https("other.test"), through_proxy(other)),
    ];
    judged_beside(controls, rows).endpoints.remove(0).verdict
}

#[test]
fn a_vague_refusal_is_not_dns_because_own_dns_knows_no_internet_name() {
    for status in [500, 502, 503] {
        let verdict = refused_beside(vec![], unresolved(FailureKind::Nxdomain).lookups, status);
        assert_ne!(verdict.code(), Some(Code::ProxyUpstreamDns), "{verdict:#?}");
        if status > 500 {
            assert_eq!(verdict.code(), Some(Code::ProxyUpstreamUnreachable));
            assert!(verdict.confidence <= Confidence::Medium);
        }
    }
}

#[test]
fn a_vague_refusal_is_dns_where_own_dns_knows_others_but_not_this_one() {
    let controls = vec![control("crl3.digicert.com", Ok("93.184.220.29"))];
    for (controls, other) in [
        (controls, vec![]),
        (vec![], resolves("198.51.100.9").lookups),
    ] {
        let verdict = refused_beside(controls, other, 503);
        assert_eq!(verdict.code(), Some(Code::ProxyUpstreamDns), "{verdict:#?}");
        assert_eq!(verdict.confidence, Confidence::Medium);
    }
}

//! The connectivity test of Windows on machines that have no IPv6, or are set to another test.

use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{Evidence, FailureKind, Redirect, SkipReason};
use reach365_model::verdict::{Code, Outcome, Verdict};

use super::{Row, at_site, host};
use crate::bench::*;

const SITE_V6: &str = "2001:db8:1::7";

fn over_ipv6() -> Endpoint {
    Endpoint {
        id: "ncsi-web-ipv6".to_owned(),
        ipv6_only: true,
        ..ncsi()
    }
}

fn first(rows: Vec<Row>) -> Verdict {
    judged(rows).endpoints[0].verdict.clone()
}

fn dropped() -> Evidence {
    let attempts = tcp_failed(SITE_V6, 80, FailureKind::Timeout, 5_000.0);
    with(SITE_V6, attempts)
}

/// Another host that answers over IPv6.
fn passes_over_ipv6() -> Row {
    let tls = public_tls("alpha.example");
    let evidence = with(SITE_V6, over_tls(SITE_V6, &tls, Some(&answer(200))));
    (https("alpha.example"), evidence)
}

#[test]
fn a_network_without_ipv6_is_not_accused_by_the_test_over_ipv6() {
    let unreachable = tcp_failed(SITE_V6, 80, FailureKind::NetworkUnreachable, 0.1);
    for evidence in [
        unresolved(FailureKind::Nodata),
        unresolved(FailureKind::Timeout),
        with(SITE_V6, unreachable),
        dropped(),
    ] {
        let verdict = first(
            [(over_ipv6(), evidence)]
                .into_iter()
                .chain(controls())
                .collect(),
        );
        assert_eq!(verdict.outcome, Outcome::Skipped, "{}", verdict.summary);
        assert_eq!((verdict.code(), verdict.culprit), (None, None));
        assert!(verdict.summary.contains("IPv6"), "{}", verdict.summary);
    }
}

#[test]
fn where_ipv6_works_the_test_over_it_degrades_and_does_not_block() {
    let verdict = first(vec![(over_ipv6(), dropped()), passes_over_ipv6()]);
    assert_eq!(verdict.outcome, Outcome::Degraded, "{}", verdict.summary);
    assert_eq!(verdict.code(), Some(Code::TcpDropped));
}

#[test]
fn rows_that_were_not_probed_say_why() {
    let by = r"HKLM\SYSTEM\CurrentControlSet\Services\NlaSvc\Parameters\Internet\EnableActiveProbing = 0";
    let reasons = [
        (
            SkipReason::SwitchedOff { by: by.to_owned() },
            "switched off",
        ),
        (SkipReason::NoIpv6, "no IPv6 address"),
        (SkipReason::Ipv4Wanted, "IPv4 alone"),
        (SkipReason::ProxyDecides, "a proxy decides"),
    ];
    for (reason, words) in reasons {
        let evidence = Evidence {
            skipped: Some(reason),
            ..Evidence::default()
        };
        let rows = [(ncsi(), evidence)].into_iter().chain(controls()).collect();
        let report = judged(rows);
        let verdict = &report.endpoints[0].verdict;
        assert_eq!(verdict.outcome, Outcome::Skipped);
        assert!(verdict.summary.contains(words), "{}", verdict.summary);
        assert_eq!((report.summary.skipped, report.summary.exit_code), (1, 0));
        assert_eq!(reach365::judge().again(&report), report);
    }
}

#[test]
fn a_redirected_probe_says_so_whatever_comes_of_it() {
    let redirect = Redirect {
        key: r"HKLM\KEY".to_owned(),
        from: "http://www.msftconnecttest.com/connecttest.txt".to_owned(),
        to: "http://ncsi.corp.example/ok.txt".to_owned(),
    };
    let bad = at_site(in_clear(SITE, &page(200, "Blocked", "x")));
    let silent = at_site(tcp_failed(SITE, 80, FailureKind::Timeout, 5_000.0));
    for (evidence, code) in [
        (bad, Some(Code::NcsiWrongContent)),
        (silent, Some(Code::NcsiBlocked)),
        (resolves(SITE), None),
    ] {
        let evidence = Evidence {
            redirected: Some(redirect.clone()),
            ..evidence
        };
        let verdict = first(vec![(ncsi(), evidence), (host(), at_site(vec![]))]);
        assert_eq!(verdict.code(), code);
        let said = verdict.summary.matches("the registry of this machine");
        assert_eq!(said.count(), 1, "{}", verdict.summary);
        let words = verdict.basis.notes.probe.as_ref().unwrap().as_str();
        assert!(
            words.starts_with("redirected by the registry to http://ncsi.corp.example/ok.txt"),
            "{words}"
        );
    }
}

#[test]
fn the_ipv6_answer_of_the_lookup_is_information() {
    let name = || Endpoint {
        dns_answer: vec![ip("131.107.255.255"), ip("fd3e:4f5a:5b81::1")],
        ..dns_row("dns.msftncsi.com")
    };
    let both = |v6: &str| Evidence {
        lookups: vec![
            found(
                reach365_model::evidence::RecordKind::A,
                &["131.107.255.255"],
            ),
            found(reach365_model::evidence::RecordKind::Aaaa, &[v6]),
        ],
        ..Evidence::default()
    };
    for (evidence, said) in [
        (both("fd3e:4f5a:5b81::1"), "as expected"),
        (both("64:ff9b::1"), "another address"),
        (resolves("131.107.255.255"), "no answer"),
    ] {
        let verdict = first(vec![(name(), evidence)]);
        assert_eq!(verdict.outcome, Outcome::Reachable, "{}", verdict.summary);
        assert_eq!(verdict.facts()["ipv6"], said);
    }
    let verdict = first(vec![(name(), resolves("192.0.2.1"))]);
    assert_eq!(verdict.code(), Some(Code::NcsiDnsWrong));
}

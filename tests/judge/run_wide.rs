//! Run-wide causes, and the endpoints that they explain.

use std::net::IpAddr;

use std::collections::BTreeMap;

use reach365_model::Timestamp;
use reach365_model::endpoint::{Cloud, Endpoint, MustBe};
use reach365_model::evidence::{
    Evidence, FailureKind, HttpSeen, IcmpSeen, RecordKind, RunEvidence, Trust,
};
use reach365_model::verdict::{Code, Confidence, Outcome};

use crate::bench::*;

/// Three hosts with healthy certificates, seen by a clock that is ahead by some seconds.
pub(crate) fn wrong_clock(ahead: i64) -> Vec<(Endpoint, Evidence)> {
    let local = now().checked_add_ms(ahead * 1_000).unwrap();
    let row = |number: usize| {
        let host = format!("host{number}.example");
        let address = format!("203.0.113.{number}");
        let seen = dated(local, now());
        let attempts = over_tls(&address, &public_tls(&host), Some(&seen));
        (https(&host), with(&address, attempts))
    };
    vec![row(1), row(2), row(3)]
}

fn dated(local: Timestamp, real: Timestamp) -> HttpSeen {
    let date = real.format_utc("%a, %d %b %Y %H:%M:%S GMT");
    HttpSeen {
        headers: BTreeMap::from([("date".to_owned(), date)]),
        received: Some(local),
        ..answer(200)
    }
}

fn codes(report: &reach365::Report) -> Vec<Code> {
    report.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_wrong_clock_explains_certificates_that_seem_expired() {
    let report = judged(wrong_clock(86_400 * 400));
    assert_eq!(codes(&report), [Code::DeviceClockSkew]);
    for row in &report.endpoints {
        assert_eq!(row.verdict.code(), Some(Code::TlsExpired));
        assert_eq!(row.verdict.consequence_of, Some(Code::DeviceClockSkew));
    }
    assert_eq!(report.advice.len(), 1);
}

#[test]
fn a_clock_that_kerberos_tolerates_is_no_finding() {
    for tolerated in [30, 100, 120, 299] {
        let report = judged(wrong_clock(tolerated));
        assert_eq!(codes(&report), [], "{tolerated} s");
        assert!(report.advice.is_empty(), "{tolerated} s");
    }
    let report = judged(wrong_clock(400));
    assert_eq!(codes(&report), [Code::DeviceClockSkew]);
    assert_eq!(report.findings[0].outcome, Outcome::Degraded);
    assert_eq!(report.summary.exit_code, 0);
    assert_eq!(codes(&judged(wrong_clock(30))), []);
}

#[test]
fn an_old_answer_from_a_cache_is_no_wrong_clock() {
    let mut rows = wrong_clock(4_000);
    for (_, evidence) in &mut rows {
        for attempt in &mut evidence.attempts {
            let seen = attempt.http.as_mut().unwrap().value.as_mut().unwrap();
            seen.headers.insert("age".to_owned(), "4000".to_owned());
        }
    }
    assert_eq!(codes(&judged(rows)), []);
}

#[test]
fn without_a_network_no_row_is_accused() {
    let nothing = RunEvidence {
        ipv4: Some(false),
        ipv6: Some(false),
        ..machine()
    };
    let mut closed = https("closed.example");
    closed.must_be = MustBe::Blocked;
    let rows = vec![
        (https("a.example"), unresolved(FailureKind::DnsRefused)),
        (https("b.example"), unresolved(FailureKind::Servfail)),
        (closed, unresolved(FailureKind::Servfail)),
    ];
    let report = report(Cloud::Worldwide, nothing, rows);
    assert_eq!(codes(&report), [Code::DeviceNoNetwork]);
    assert_eq!(report.summary.inconclusive, 3);
    assert_eq!(report.summary.exit_code, 3);
    assert_eq!(report.advice.len(), 1);
}

#[test]
fn a_test_bench_on_loopback_needs_no_network() {
    let bench = RunEvidence {
        ipv4: Some(false),
        ipv6: Some(false),
        resolvers: vec!["127.0.0.1:5353".parse().unwrap()],
        resolvers_named: true,
        ..machine()
    };
    let attempts = tcp_failed("127.0.0.9", 443, FailureKind::Refused, 0.1);
    let rows = vec![(https("host.example"), with("127.0.0.9", attempts))];
    let report = report(Cloud::Worldwide, bench, rows);
    assert_eq!(codes(&report), []);
    assert_eq!(report.endpoints[0].verdict.code(), Some(Code::TcpRefused));
}

#[test]
fn a_resolver_that_fails_for_every_name_accuses_no_name() {
    for (kind, code) in [
        (FailureKind::Timeout, Code::DnsResolverDead),
        (FailureKind::Refused, Code::DnsResolverClosed),
        (FailureKind::Servfail, Code::DnsNoInternetNames),
        (FailureKind::DnsRefused, Code::DnsNoInternetNames),
        (FailureKind::Nxdomain, Code::DnsNoInternetNames),
    ] {
        let mut negative = https("closed.example");
        negative.must_be = MustBe::Blocked;
        let rows = vec![
            (https("a.example"), unresolved(kind)),
            (https("b.example"), unresolved(kind)),
            (https("c.example"), unresolved(kind)),
            (negative, unresolved(kind)),
        ];
        let report = judged(rows);
        assert_eq!(codes(&report), [code], "{kind:?}");
        assert_eq!(report.findings[0].outcome, Outcome::Inconclusive);
        assert_eq!(report.summary.inconclusive, 4, "{kind:?}");
        assert_eq!(report.summary.exit_code, 3);
        assert!(
            report
                .endpoints
                .iter()
                .all(|row| row.verdict.consequence_of == Some(code))
        );
    }
}

#[test]
fn a_port_that_is_not_called_closed_for_every_name_is_closed() {
    let rows = vec![
        (https("a.example"), unresolved(FailureKind::Refused)),
        (https("b.example"), unresolved(FailureKind::Timeout)),
    ];
    assert_eq!(codes(&judged(rows)), [Code::DnsResolverClosed]);
}

#[test]
fn a_rule_that_rejects_everybody_closes_the_port_even_where_it_is_silent() {
    let device: IpAddr = "10.9.1.1".parse().unwrap();
    let rejected = |address: &str| {
        let mut attempts = tcp_failed(address, 443, FailureKind::HostUnreachable, 11.0);
        for attempt in &mut attempts {
            attempt.icmp = Some(IcmpSeen {
                from: Some(device),
                version: 4,
                kind: 3,
                code: 13,
                local: false,
            });
        }
        with(address, attempts)
    };
    let silent = tcp_failed("20.1.1.3", 443, FailureKind::Timeout, 5_000.0);
    let report = judged(vec![
        (https("a.example"), rejected("20.1.1.1")),
        (https("b.example"), rejected("20.1.1.2")),
        (https("c.example"), with("20.1.1.3", silent)),
    ]);
    assert_eq!(codes(&report), [Code::TcpEgressClosed]);
    assert_eq!(
        report.findings[0].culprit.as_ref().unwrap().address,
        Some(device)
    );
    assert_eq!(report.findings[0].facts()["how"], "rejected by 10.9.1.1");
}

#[test]
fn a_redirected_connectivity_test_is_a_portal() {
    let portal = redirect("http://login.hotel.test/welcome");
    let tls = tls_failed(&hello_sent(), &failure(FailureKind::Reset));
    let report = judged(vec![
        (ncsi(), with(SITE, in_clear(SITE, &portal))),
        (crl("crl.example.org"), with(SITE, in_clear(SITE, &portal))),
        (https("host.example"), with(SITE, tls)),
    ]);
    assert_eq!(codes(&report), [Code::HttpCaptivePortal]);
    let rows = &report.endpoints;
    assert!(
        rows.iter()
            .all(|row| row.verdict.consequence_of == Some(Code::HttpCaptivePortal))
    );
    assert_eq!(rows[0].verdict.code(), Some(Code::HttpUnexpectedRedirect));
}

#[test]
fn one_page_for_unrelated_hosts_is_a_portal_where_no_tls_host_answers() {
    let welcome = page(200, "Welcome to the hotel", "");
    let list = |name: &str| (crl(name), with(SITE, in_clear(SITE, &welcome)));
    let tls = tls_failed(&hello_sent(), &failure(FailureKind::Reset));
    let rows = vec![
        list("crl.one.test"),
        list("crl.two.test"),
        (https("host.example"), with(SITE, tls)),
    ];
    let report = judged(rows.clone());
    assert_eq!(codes(&report), [Code::HttpCaptivePortal]);
    let summary = &report.findings[0].summary;
    assert!(summary.contains("\"Welcome to the hotel\""), "{summary}");
    assert_eq!(report.findings[0].endpoints.len(), 3);

    let control = healthy("control.example.org", "198.51.100.7");
    let with_control = judged([rows, vec![control]].concat());
    let found = codes(&with_control);
    assert_eq!(found, [Code::ContentNotCrl], "TLS works: no portal");
    let related = judged(vec![list("crl.one.test"), list("crl2.one.test")]);
    assert_eq!(codes(&related), [], "one site may have one page");
}

#[test]
fn a_redirect_in_clear_is_a_block_once_the_portal_is_known() {
    let portal = redirect("http://login.hotel.test/welcome");
    let row = |name: &str| (http(name), with(SITE, in_clear(SITE, &portal)));
    let alone = judged(vec![row("www.one.test")]);
    assert_eq!(alone.summary.outcome, Outcome::Degraded);
    let report = judged(vec![row("www.one.test"), row("www.two.test")]);
    assert_eq!(codes(&report), [Code::HttpCaptivePortal]);
    assert_eq!(report.summary.exit_code, 1);
}

#[test]
fn two_hosts_redirected_to_one_place_are_a_portal_but_a_working_tls_host_keeps_its_row() {
    let portal = redirect("http://login.hotel.test/welcome");
    let report = judged(vec![
        (crl("crl.one.test"), with(SITE, in_clear(SITE, &portal))),
        (crl("crl.two.test"), with(SITE, in_clear(SITE, &portal))),
        healthy("control.example.org", "198.51.100.7"),
        (
            https("host.example"),
            with(SITE, tcp_failed(SITE, 443, FailureKind::Timeout, 5000.0)),
        ),
    ]);
    assert_eq!(codes(&report), [Code::HttpCaptivePortal]);
    assert_eq!(
        report.findings[0].endpoints,
        ["crl.one.test", "crl.two.test"]
    );
    assert_eq!(report.endpoints[3].verdict.consequence_of, None);
}

#[test]
fn one_closed_port_collapses_its_rows() {
    let dropped = |name: &str, address: &str| {
        let attempts = tcp_failed(address, 443, FailureKind::Timeout, 5000.0);
        (https(name), with(address, attempts))
    };
    let alone = vec![
        dropped("a.example", "203.0.113.1"),
        dropped("b.example", "203.0.113.2"),
        dropped("c.example", "203.0.113.3"),
    ];
    let report = judged(alone);
    assert_eq!(codes(&report), [Code::TcpEgressClosed]);
    assert_eq!(report.findings[0].confidence, Confidence::Medium);
    assert_eq!(report.summary.blocked, 3);
    assert_eq!(report.endpoints[0].verdict.code(), Some(Code::TcpDropped));
    let advice = &report.advice;
    assert_eq!(advice.len(), 1);
    assert!(
        advice[0].text.contains("a.example:443"),
        "{}",
        advice[0].text
    );
}

#[test]
fn three_names_of_one_silent_machine_are_no_closed_port() {
    let dropped = |name: &str| {
        let attempts = tcp_failed(SITE, 443, FailureKind::Timeout, 5000.0);
        (https(name), with(SITE, attempts))
    };
    let names = ["a.example", "b.example", "c.example"];
    let report = judged(names.map(dropped).to_vec());
    assert_eq!(codes(&report), [Code::TcpDropped], "one cause, and no port");
    assert_eq!(report.endpoints[0].verdict.code(), Some(Code::TcpDropped));
}

#[test]
fn two_silent_hosts_and_one_that_answers_are_no_closed_port() {
    let dropped = |name: &str| {
        (
            https(name),
            with(SITE, tcp_failed(SITE, 443, FailureKind::Timeout, 5000.0)),
        )
    };
    let mut rows = vec![dropped("a.example"), dropped("b.example")];
    rows.extend(controls());
    let report = judged(rows);
    assert_eq!(codes(&report), []);
    assert_eq!(report.endpoints[0].verdict.confidence, Confidence::High);
}

#[test]
fn dead_ipv6_is_one_finding() {
    let row = |name: &str, v4: &str, v6: &str| {
        let mut row = healthy(name, v4);
        row.1
            .attempts
            .extend(tcp_failed(v6, 443, FailureKind::Timeout, 5000.0));
        row
    };
    let rows = || {
        vec![
            row("a.example", "203.0.113.1", "2001:db8::1"),
            row("b.example", "203.0.113.2", "2001:db8::2"),
        ]
    };
    let finding = judged(rows());
    assert_eq!(codes(&finding), [Code::TcpIpv6Broken]);
    assert_eq!(finding.summary.exit_code, 0);
    let without = RunEvidence {
        ipv6: Some(false),
        ..machine()
    };
    let silent = report(Cloud::Worldwide, without, rows());
    assert_eq!(codes(&silent), []);
    assert_eq!(silent.summary.reachable, 2);
}

#[test]
fn one_trusted_issuer_for_several_hosts_is_one_finding() {
    let row = |name: &str, address: &str| {
        let tls = private_tls(name, "CN=Corp Proxy CA", Trust::Trusted);
        (
            https(name),
            with(address, over_tls(address, &tls, Some(&answer(200)))),
        )
    };
    let report = judged(vec![
        row("a.example", SITE),
        row("b.example", "203.0.113.12"),
    ]);
    assert_eq!(codes(&report), [Code::TlsIntercepted]);
    assert_eq!(report.findings[0].outcome, Outcome::Degraded);
    assert_eq!(
        report.endpoints[0].verdict.consequence_of,
        Some(Code::TlsIntercepted)
    );
    assert!(report.findings[0].summary.contains("CN=Corp Proxy CA"));
}

#[test]
fn unrelated_names_at_one_address_with_a_foreign_certificate_are_a_sinkhole() {
    let row_at = |name: &str, address: &str| {
        let mut tls = public_tls(name);
        tls.name_matches = Some(false);
        tls.chain[0].names = vec!["filter.test".to_owned()];
        (https(name), with(address, over_tls(address, &tls, None)))
    };
    let row = |name: &str| row_at(name, SITE);
    let on_the_way = row_at("c.three.test", "203.0.113.77");
    let report = judged(vec![row("a.one.test"), row("b.two.test"), on_the_way]);
    for row in &report.endpoints {
        assert_eq!(row.verdict.code(), Some(Code::TlsWrongName));
    }
    let report = judged(vec![row("a.one.test"), row("b.two.test")]);
    for row in &report.endpoints {
        assert_eq!(row.verdict.code(), Some(Code::DnsSinkhole));
        assert_eq!(row.verdict.facts()["cause"], "tls-wrong-name");
    }
    let related = judged(vec![row("a.one.test"), row("b.one.test")]);
    assert_eq!(
        related.endpoints[0].verdict.code(),
        Some(Code::TlsWrongName)
    );
}

#[test]
fn what_answers_at_no_address_is_this_machine_and_not_the_service() {
    let (endpoint, _) = healthy("host.example", "0.0.0.0");
    let attempts = over_tls("0.0.0.0", &public_tls("host.example"), Some(&answer(200)));
    let verdict = &judged(vec![(endpoint, with("0.0.0.0", attempts))]).endpoints[0].verdict;
    assert_eq!(verdict.code(), Some(Code::DnsSinkhole));
    assert!(verdict.summary.contains("0.0.0.0"), "{}", verdict.summary);
}

#[test]
fn a_missing_issuer_that_another_host_sends_is_sure() {
    let mut lone = public_tls("host.example");
    lone.chain.truncate(1);
    lone.public_roots = Some(Trust::UnknownIssuer);
    lone.os_roots = Some(Trust::UnknownIssuer);
    let mut rows = vec![(
        https("host.example"),
        with(SITE, over_tls(SITE, &lone, None)),
    )];
    rows.extend(controls());
    let verdict = &judged(rows).endpoints[0].verdict;
    assert_eq!(verdict.code(), Some(Code::TlsIncompleteChain));
    assert_eq!(verdict.confidence, Confidence::High);
}

#[test]
fn an_unreachable_network_beside_working_ones_is_the_network_speaking() {
    let stuck = tcp_failed(SITE, 443, FailureKind::NetworkUnreachable, 0.2);
    let mut rows = vec![(https("host.example"), with(SITE, stuck))];
    rows.extend(controls());
    let verdict = &judged(rows).endpoints[0].verdict;
    assert_eq!(verdict.code(), Some(Code::TcpUnreachable));
    assert_eq!(verdict.outcome, Outcome::Blocked);
}

#[test]
fn dns_packets_without_a_route_are_no_silent_resolver() {
    let mut evidence = unresolved(FailureKind::NetworkUnreachable);
    evidence
        .lookups
        .retain(|lookup| lookup.kind == RecordKind::A);
    let report = judged(vec![(https("host.example"), evidence)]);
    assert_eq!(codes(&report), [Code::DeviceNoRoute]);
    assert_eq!(report.summary.exit_code, 3);
}

fn dropped(name: &str, address: &str, port: u16, why: FailureKind) -> (Endpoint, Evidence) {
    let endpoint = if port == 80 { http(name) } else { https(name) };
    (
        endpoint,
        with(address, tcp_failed(address, port, why, 5_000.0)),
    )
}

#[test]
fn where_no_port_is_open_directly_the_first_question_is_for_a_proxy() {
    for why in [FailureKind::Refused, FailureKind::Timeout] {
        let report = judged(vec![
            dropped("a.one.example", "203.0.113.1", 443, why),
            dropped("b.two.example", "203.0.113.2", 443, why),
            dropped("c.three.example", "203.0.113.3", 80, why),
        ]);
        assert_eq!(codes(&report), [Code::TcpEgressClosed]);
        assert_eq!(report.findings[0].endpoints.len(), 3);
        assert_eq!(report.advice.len(), 1);
        let advice = &report.advice[0];
        assert_eq!(advice.remedy.as_deref(), Some("find-proxy"));
        assert!(advice.text.contains("--wpad"), "{}", advice.text);
    }
}

#[test]
fn a_test_over_ipv6_alone_does_not_keep_a_port_open() {
    let mut rows: Vec<(Endpoint, Evidence)> = (1..=3)
        .map(|number| {
            let name = format!("crl{number}.example");
            dropped(
                &name,
                &format!("203.0.113.{number}"),
                80,
                FailureKind::Timeout,
            )
        })
        .collect();
    let (ipv6, evidence) = dropped("ipv6.example", "2001:db8::1", 80, FailureKind::Timeout);
    let ipv6 = Endpoint {
        ipv6_only: true,
        ..ipv6
    };
    rows.push((ipv6, evidence));
    rows.push(healthy("control.example", "198.51.100.7"));
    assert_eq!(codes(&judged(rows)), [Code::TcpEgressClosed]);
}

#[test]
fn one_cause_on_three_endpoints_is_said_once() {
    let cut = |number: usize| {
        let name = format!("host{number}.owner{number}.example");
        let attempts = tls_failed(&hello_sent(), &failure(FailureKind::Reset));
        (https(&name), with(&format!("203.0.113.{number}"), attempts))
    };
    let mut rows = vec![cut(1), cut(2), cut(3)];
    rows.extend(controls());
    let report = judged(rows);
    assert_eq!(codes(&report), [Code::TlsHelloReset]);
    let finding = &report.findings[0];
    assert_eq!(finding.endpoints.len(), 3);
    assert_eq!(finding.outcome, Outcome::Blocked);
    for row in &report.endpoints[..3] {
        assert_eq!(row.verdict.code(), Some(Code::TlsHelloReset));
        assert_eq!(row.verdict.consequence_of, Some(Code::TlsHelloReset));
    }
    assert_eq!(report.advice.len(), 1, "{:?}", report.advice);
    let mut two = vec![cut(1), cut(2)];
    two.extend(controls());
    assert_eq!(codes(&judged(two)), []);
}

//! Failures that name no party accuse no party unless a control passed or several owners' hosts agree.

use reach365::Report;
use reach365_model::endpoint::{Cloud, Endpoint, Host, Scheme};
use reach365_model::evidence::{
    Attempt, ControlHostSeen, Evidence, FailureKind, Observation, RecordKind, RunEvidence,
    ScriptFailure, ScriptFailureKind, TlsSeen,
};
use reach365_model::verdict::{Code, Confidence, Outcome, Who};
use reach365_proxy::route::{Origin, Route};

use crate::bench::*;
use crate::cases::proxied::{
    asked, beside_direct, candidate, carried, open, said, through, to_proxy, unresolved_name,
    with_candidates,
};

const TEXT: &str = "no control passed: name one with --control-host";

fn host() -> Endpoint {
    https("host.example")
}

fn tcp(kind: FailureKind) -> Evidence {
    with(SITE, tcp_failed(SITE, 443, kind, 5_000.0))
}

fn tls(kind: FailureKind) -> Evidence {
    with(SITE, tls_failed(&hello_sent(), &failure(kind)))
}

fn http_only(kind: FailureKind) -> Evidence {
    with(SITE, http_failed(None, kind, 443))
}

fn dropped(host: &str, address: &str) -> (Endpoint, Evidence) {
    let attempts = tcp_failed(address, 443, FailureKind::Timeout, 5_000.0);
    (https(host), with(address, attempts))
}

/// Every kind of failure on the direct path that identifies no party by itself.
fn direct() -> Vec<(Code, Evidence)> {
    vec![
        (Code::TcpDropped, tcp(FailureKind::Timeout)),
        (Code::TcpRefused, tcp(FailureKind::Refused)),
        (Code::TcpRefused, tcp(FailureKind::Reset)),
        (Code::TcpUnreachable, tcp(FailureKind::HostUnreachable)),
        (Code::TlsHelloReset, tls(FailureKind::Reset)),
        (Code::TlsHelloReset, tls(FailureKind::Closed)),
        (Code::TlsSilent, tls(FailureKind::Timeout)),
        (Code::TlsClosed, closed_before_hello()),
        (Code::HttpSilent, http_only(FailureKind::Timeout)),
        (Code::HttpClosed, http_only(FailureKind::Reset)),
    ]
}

/// Connections that were closed before a byte was sent.
fn closed_before_hello() -> Evidence {
    let nothing_sent = TlsSeen::default();
    with(
        SITE,
        tls_failed(&nothing_sent, &failure(FailureKind::Closed)),
    )
}

/// The same for a proxy that every connection goes through.
fn proxied() -> Vec<(Code, Evidence)> {
    let refused = |kind| {
        carried(Attempt {
            tcp: missed(kind, 900.0),
            ..to_proxy(1)
        })
    };
    let ended = carried(Attempt {
        tls: Some(Observation {
            failure: Some(failure(FailureKind::Closed)),
            ..seen(hello_sent(), 30.0)
        }),
        ..open(1)
    });
    vec![
        (Code::ProxyUnresolvable, unknown_proxy()),
        (Code::ProxyDropped, refused(FailureKind::Timeout)),
        (Code::ProxyRefused, refused(FailureKind::Refused)),
        (Code::ProxySilent, asked(None, FailureKind::Timeout)),
        (Code::ProxyNotAProxy, asked(None, FailureKind::Reset)),
        (Code::ProxyTunnelClosed, ended),
    ]
}

fn unknown_proxy() -> Evidence {
    Evidence {
        proxy_lookups: vec![unresolved_name()],
        ..through(Evidence::default())
    }
}

fn assert_open(code: Code, report: &Report) {
    let verdict = &report.endpoints[0].verdict;
    assert_eq!(verdict.code(), Some(code), "{verdict:#?}");
    assert_eq!(verdict.outcome, Outcome::Inconclusive, "{code}");
    assert_eq!(verdict.confidence, Confidence::Low, "{code}");
    assert_eq!(
        verdict.culprit.as_ref().unwrap().who,
        Who::Unknown,
        "{code}"
    );
    assert!(verdict.summary.ends_with(TEXT), "{}", verdict.summary);
    assert_eq!(report.summary.exit_code, 3, "{code}");
    let [advice] = report.advice.as_slice() else {
        panic!("{code}: {:?}", report.advice);
    };
    assert!(advice.text.contains("--control-host"), "{}", advice.text);
    assert_eq!(advice.remedy, None, "{code}");
}

fn assert_blocked(code: Code, report: &Report) {
    let verdict = &report.endpoints[0].verdict;
    assert_eq!(
        (verdict.code(), verdict.outcome),
        (Some(code), Outcome::Blocked),
        "{verdict:#?}"
    );
    assert!(!verdict.summary.contains("no control"), "{code}");
}

#[test]
fn one_endpoint_alone_accuses_no_party() {
    for (code, evidence) in direct().into_iter().chain(proxied()) {
        assert_open(code, &judged(vec![(host(), evidence)]));
    }
}

#[test]
fn another_endpoint_that_works_on_the_path_is_a_control() {
    for (code, evidence) in direct() {
        let mut rows = controls();
        rows.insert(0, (host(), evidence));
        assert_blocked(code, &judged(rows));
    }
}

#[test]
fn the_same_host_on_another_route_is_a_control() {
    for (code, evidence) in proxied() {
        let report = judged(vec![(host(), beside_direct(evidence))]);
        assert_blocked(code, &report);
    }
}

#[test]
fn what_got_less_far_or_took_another_path_is_no_control() {
    let connects_only = (
        https("other.example.org"),
        with("198.51.100.9", twice_reset("198.51.100.9")),
    );
    let over_ipv6 = {
        let address = "2001:db8::9";
        let tls = public_tls("six.example.org");
        let attempts = over_tls(address, &tls, Some(&answer(200)));
        let lookups = vec![found(RecordKind::Aaaa, &[address])];
        let evidence = Evidence {
            lookups,
            attempts,
            ..Evidence::default()
        };
        (https("six.example.org"), evidence)
    };
    let in_house = {
        let address = "10.0.0.80";
        let tls = public_tls("intranet.example.org");
        let attempts = over_tls(address, &tls, Some(&answer(200)));
        (https("intranet.example.org"), with(address, attempts))
    };
    let by_proxy = (https("other.example.org"), carried(open(1)));
    for (code, evidence, other) in [
        (Code::TlsSilent, tls(FailureKind::Timeout), connects_only),
        (Code::TcpDropped, tcp(FailureKind::Timeout), over_ipv6),
        (Code::TcpDropped, tcp(FailureKind::Timeout), in_house),
        (Code::TcpDropped, tcp(FailureKind::Timeout), by_proxy),
        (
            Code::ProxySilent,
            asked(None, FailureKind::Timeout),
            healthy("control.example.org", "198.51.100.7"),
        ),
    ] {
        let report = judged(vec![(host(), evidence), other]);
        let verdict = &report.endpoints[0].verdict;
        assert_eq!(verdict.code(), Some(code));
        assert_eq!(verdict.outcome, Outcome::Inconclusive, "{verdict:#?}");
    }
}

fn twice_reset(address: &str) -> Vec<Attempt> {
    let mut attempts = tls_failed(&hello_sent(), &failure(FailureKind::Reset));
    for attempt in &mut attempts {
        attempt.address.set_ip(ip(address));
    }
    attempts
}

#[test]
fn an_open_port_beside_a_closed_one_is_a_control_of_medium_confidence() {
    let rows = vec![
        (host(), tcp(FailureKind::Timeout)),
        healthy_crl("crl.example.org", "198.51.100.8"),
    ];
    let report = judged(rows);
    assert_blocked(Code::TcpDropped, &report);
    let verdict = &report.endpoints[0].verdict;
    assert_eq!(verdict.confidence, Confidence::Medium);
}

#[test]
fn a_tunnel_that_works_through_the_same_proxy_is_a_control() {
    let (code, ended) = proxied().remove(5);
    let rows = vec![
        (host(), ended),
        (https("other.example.org"), carried(open(1))),
    ];
    assert_blocked(code, &judged(rows));
}

#[test]
fn a_resolver_that_knows_other_names_is_a_control_for_that_of_a_proxy() {
    let known = control("www.example.org", Ok("198.51.100.7"));
    let denied = control("www.example.org", Err(FailureKind::Nxdomain));
    let rows = || vec![(host(), unknown_proxy())];
    let blocked = report(Cloud::Worldwide, controlled(vec![known]), rows());
    assert_blocked(Code::ProxyUnresolvable, &blocked);
    let open = report(Cloud::Worldwide, controlled(vec![denied]), rows());
    assert_open(Code::ProxyUnresolvable, &open);
}

#[test]
fn egress_is_closed_where_hosts_of_two_owners_agree() {
    let of = |names: [&str; 3]| {
        let rows = names.iter().enumerate();
        let row = |(number, name): (usize, &&str)| dropped(name, &format!("203.0.113.{number}"));
        judged(rows.map(row).collect())
    };
    let two = of([
        "a.contoso.example",
        "b.contoso.example",
        "www.fabrikam.test",
    ]);
    assert_eq!(two.findings[0].code, Code::TcpEgressClosed);
    assert_eq!(two.findings[0].outcome, Outcome::Blocked);
    assert_eq!(two.summary.exit_code, 1);
    let one = of([
        "a.contoso.example",
        "b.contoso.example",
        "c.contoso.example",
    ]);
    assert_eq!(one.findings[0].code, Code::TcpDropped);
    assert_eq!(one.findings[0].outcome, Outcome::Inconclusive);
    assert!(one.findings[0].summary.ends_with(TEXT));
    assert_eq!(one.summary.exit_code, 3);
    assert_eq!(one.advice.len(), 1);
}

#[test]
fn two_hosts_that_fail_alike_are_not_enough() {
    for (code, evidence) in direct().into_iter().chain(proxied()) {
        let rows = vec![
            (host(), evidence.clone()),
            (https("other.example.org"), evidence.clone()),
        ];
        let report = judged(rows);
        assert_eq!(report.summary.exit_code, 3, "{code}");
        for finding in &report.findings {
            assert_eq!(finding.outcome, Outcome::Inconclusive, "{finding:#?}");
        }
        assert_eq!(report.advice.len(), 1, "{code}: {:?}", report.advice);
    }
}

#[test]
fn a_proxy_that_fails_for_three_hosts_is_the_cause() {
    for (code, evidence) in proxied() {
        let names = [
            "a.contoso.example",
            "b.contoso.example",
            "www.fabrikam.test",
        ];
        let rows = names.map(|name| (https(name), evidence.clone()));
        let report = judged(rows.into());
        assert_eq!(report.findings[0].code, code);
        assert_eq!(report.findings[0].outcome, Outcome::Blocked, "{code}");
        assert_eq!(report.summary.exit_code, 1);
    }
}

/// A device sends so many ICMP messages and no more: silence beside them is the same rule.
#[test]
fn silence_beside_limited_messages_is_one_cause_with_the_device() {
    let told = |host: &str, late: bool| {
        let mut evidence = crate::cases::rejected_by_rule();
        for attempt in &mut evidence.attempts {
            attempt.tcp.elapsed_ms = 30.0;
        }
        if late {
            evidence.attempts[0].icmp = None;
            evidence.attempts[0].tcp = missed(FailureKind::Timeout, 5_000.0);
        }
        (https(host), evidence)
    };
    let rows = |late: bool| {
        let mut rows = vec![
            dropped("silent.contoso.example", "203.0.113.20"),
            told("a.contoso.example", late),
            told("www.fabrikam.test", false),
            dropped("silent.litware.example", "203.0.113.21"),
        ];
        rows.extend(controls());
        rows
    };
    let report = judged(rows(true));
    let [finding] = report.findings.as_slice() else {
        panic!("{:#?}", report.findings);
    };
    assert_eq!(finding.code, Code::TcpAdminProhibited);
    assert_eq!(finding.endpoints.len(), 4);
    let device = finding.culprit.as_ref().unwrap();
    assert_eq!(device.address, Some(ip("10.9.1.1")));
    assert_eq!(report.advice.len(), 1);
    // Where ICMP rejected every connection at once, nothing is limited; silence is another cause.
    let report = judged(rows(false));
    let told_all =
        |row: &reach365_model::report::EndpointReport| row.verdict.consequence_of.is_none();
    assert!(
        report.endpoints.iter().all(told_all),
        "{:#?}",
        report.findings
    );
}

/// An in-protocol answer identifies its sender, whatever else was seen.
#[test]
fn the_word_of_a_party_needs_no_control() {
    let refused = |status, error: &str| asked(Some(said(status, error)), FailureKind::ProxyRefused);
    let page = with(
        SITE,
        in_clear(
            SITE,
            &page(403, "Access Denied", "blocked by policy: web filter"),
        ),
    );
    let rows = [
        (
            host(),
            refused(403, "ERR_ACCESS_DENIED 0"),
            Code::ProxyDenied,
        ),
        (host(), refused(407, ""), Code::ProxyAuthRequired),
        (
            host(),
            refused(503, "ERR_CONNECT_FAIL 111"),
            Code::ProxyUpstreamUnreachable,
        ),
        (http("host.example"), page, Code::HttpBlockPage),
        (host(), with(SITE, alert(49, None)), Code::TlsAlert),
        (
            host(),
            crate::cases::rejected_by_rule(),
            Code::TcpAdminProhibited,
        ),
    ];
    for (endpoint, evidence, code) in rows {
        assert_blocked(code, &judged(vec![(endpoint, evidence)]));
    }
}

/// The script's own file is its word; that its address does not answer is not.
#[test]
fn a_script_that_cannot_be_fetched_needs_a_control_for_the_fallback() {
    let of = |kind: ScriptFailureKind| {
        let mut taken = candidate("explicit", &[], Origin::Explicit);
        taken.script_failure = Some(ScriptFailure {
            script: "http://proxy.example/proxy.pac".to_owned(),
            kind,
            detail: "no answer".to_owned(),
            status: None,
        });
        let evidence = with_candidates(tcp(FailureKind::Timeout), vec![taken]);
        judged(vec![(host(), evidence)])
    };
    assert_open(
        Code::RoutePacUnreachable,
        &of(ScriptFailureKind::Unreachable),
    );
    assert_blocked(Code::RoutePacNotScript, &of(ScriptFailureKind::NotScript));
}

#[test]
fn the_text_names_no_option_that_was_given() {
    let address = "198.51.100.99";
    let control = ControlHostSeen {
        host: Host::parse("www.elsewhere.example").unwrap(),
        port: 443,
        scheme: Scheme::Https,
        route: Route::direct(),
        evidence: dropped("www.elsewhere.example", address).1,
    };
    let run = RunEvidence {
        control_hosts: vec![control],
        ..machine()
    };
    let rows = vec![(host(), tcp(FailureKind::Timeout))];
    let report = report(Cloud::Worldwide, run, rows);
    let verdict = &report.endpoints[0].verdict;
    assert_eq!(verdict.outcome, Outcome::Inconclusive);
    assert!(
        verdict.summary.ends_with("no control passed"),
        "{}",
        verdict.summary
    );
}

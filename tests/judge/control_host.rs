//! A host outside Microsoft that the caller named, beside endpoints that are blocked.

use reach365::Report;
use reach365_model::endpoint::{Cloud, Endpoint, Host, Scheme};
use reach365_model::evidence::{
    ControlHostSeen, Evidence, FailureKind, RunEvidence, TlsSeen, Trust,
};
use reach365_model::facts::Text;
use reach365_model::verdict::{Code, Confidence, Outcome, Verdict};
use reach365_proxy::route::Route;

use crate::bench::*;

const NAME: &str = "www.elsewhere.example";
const ADDRESS: &str = "198.51.100.99";

fn outside(port: u16, evidence: Evidence) -> ControlHostSeen {
    ControlHostSeen {
        host: Host::parse(NAME).unwrap(),
        port,
        scheme: if port == 80 {
            Scheme::Http
        } else {
            Scheme::Https
        },
        route: Route::direct(),
        evidence,
    }
}

fn beside(control: ControlHostSeen, rows: Vec<(Endpoint, Evidence)>) -> Report {
    let run = RunEvidence {
        control_hosts: vec![control],
        ..machine()
    };
    report(Cloud::Worldwide, run, rows)
}

fn dropped(host: &str, address: &str) -> (Endpoint, Evidence) {
    let attempts = tcp_failed(address, 443, FailureKind::Timeout, 5_000.0);
    (https(host), with(address, attempts))
}

fn works() -> Evidence {
    with(
        ADDRESS,
        over_tls(ADDRESS, &public_tls(NAME), Some(&answer(200))),
    )
}

fn said(verdict: &Verdict) -> Option<&str> {
    verdict.basis.notes.control_host.as_ref().map(Text::as_str)
}

#[test]
fn a_host_that_works_makes_a_repeated_failure_sure() {
    let row = dropped("host.example", SITE);
    let alone = judged(vec![row.clone()]);
    assert_eq!(alone.endpoints[0].verdict.confidence, Confidence::Low);
    assert_eq!(alone.endpoints[0].verdict.outcome, Outcome::Inconclusive);
    assert_eq!(said(&alone.endpoints[0].verdict), None);
    let report = beside(outside(443, works()), vec![row]);
    let verdict = &report.endpoints[0].verdict;
    assert_eq!(verdict.code(), Some(Code::TcpDropped));
    assert_eq!(verdict.confidence, Confidence::High);
    assert_eq!(
        said(verdict),
        Some("www.elsewhere.example gets past this stage")
    );
}

#[test]
fn a_host_that_fails_alike_accuses_no_party() {
    let silent = with(
        ADDRESS,
        tcp_failed(ADDRESS, 443, FailureKind::Timeout, 5_000.0),
    );
    let report = beside(outside(443, silent), vec![dropped("host.example", SITE)]);
    let verdict = &report.endpoints[0].verdict;
    assert_eq!(
        (verdict.code(), verdict.outcome),
        (Some(Code::TcpDropped), Outcome::Inconclusive)
    );
    assert_eq!(verdict.confidence, Confidence::Low);
    assert_eq!(said(verdict), Some("www.elsewhere.example fails alike"));
    assert!(
        verdict.summary.contains("no rule for this host alone"),
        "{}",
        verdict.summary
    );
}

#[test]
fn a_host_that_fails_later_has_passed_the_stage() {
    let reset = with(
        ADDRESS,
        tls_failed(&hello_sent(), &failure(FailureKind::Reset)),
    );
    let report = beside(outside(443, reset), vec![dropped("host.example", SITE)]);
    assert_eq!(report.endpoints[0].verdict.confidence, Confidence::High);
}

#[test]
fn a_host_that_fails_otherwise_or_elsewhere_changes_nothing() {
    let refused = with(
        ADDRESS,
        tcp_failed(ADDRESS, 443, FailureKind::Refused, 30.0),
    );
    let report = beside(outside(443, refused), vec![dropped("host.example", SITE)]);
    let verdict = &report.endpoints[0].verdict;
    assert_eq!(verdict.confidence, Confidence::Low);
    assert_eq!(
        said(verdict),
        Some("www.elsewhere.example fails with tcp-refused")
    );
    assert!(!verdict.summary.contains("elsewhere"));
    let other_port = with(ADDRESS, in_clear(ADDRESS, &answer(200)));
    let report = beside(outside(80, other_port), vec![dropped("host.example", SITE)]);
    assert_eq!(said(&report.endpoints[0].verdict), None);
}

#[test]
fn a_port_on_which_somebody_else_answers_is_not_closed() {
    let rows = || {
        let row = |number: usize| {
            dropped(
                &format!("host{number}.example"),
                &format!("203.0.113.{number}"),
            )
        };
        vec![row(1), row(2), row(3)]
    };
    assert_eq!(judged(rows()).findings[0].code, Code::TcpEgressClosed);
    let report = beside(outside(443, works()), rows());
    let codes: Vec<Code> = report.findings.iter().map(|it| it.code).collect();
    assert_eq!(codes, [Code::TcpDropped], "one cause for three hosts");
    for row in &report.endpoints {
        assert_eq!(row.verdict.confidence, Confidence::High);
    }
}

#[test]
fn a_resolver_that_knows_somebody_else_is_not_dead() {
    let rows = || {
        vec![
            (https("one.example"), unresolved(FailureKind::Timeout)),
            (https("two.test"), unresolved(FailureKind::Timeout)),
        ]
    };
    assert_eq!(judged(rows()).findings[0].code, Code::DnsResolverDead);
    let report = beside(outside(443, works()), rows());
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!(report.endpoints[0].verdict.code(), Some(Code::DnsTimeout));
}

/// Over IPv6 internet access may be open while it is closed over IPv4.
#[test]
fn another_address_family_says_nothing() {
    let ipv6 = "2001:db8::99";
    let control = || with(ipv6, over_tls(ipv6, &public_tls(NAME), Some(&answer(200))));
    let report = beside(outside(443, control()), vec![dropped("host.example", SITE)]);
    let verdict = &report.endpoints[0].verdict;
    assert_eq!((verdict.confidence, said(verdict)), (Confidence::Low, None));
    let rows = (1..4).map(|number| {
        let address = format!("203.0.113.{number}");
        dropped(&format!("host{number}.example"), &address)
    });
    let report = beside(outside(443, control()), rows.collect());
    assert_eq!(report.findings[0].code, Code::TcpEgressClosed);
}

#[test]
fn a_host_of_the_own_network_says_nothing() {
    let private = "10.0.0.80";
    let near = with(
        private,
        over_tls(private, &public_tls(NAME), Some(&answer(200))),
    );
    let named = Evidence {
        hosts_file: vec![ip(ADDRESS)],
        ..works()
    };
    for control in [near, named] {
        let report = beside(outside(443, control), vec![dropped("host.example", SITE)]);
        let verdict = &report.endpoints[0].verdict;
        assert_eq!((verdict.confidence, said(verdict)), (Confidence::Low, None));
    }
}

#[test]
fn an_issuer_of_this_machine_alone_is_inspection_where_the_list_knows_the_name() {
    let row = |name: &str| {
        let tls = TlsSeen {
            os_root_named: Some(true),
            public_root_named: Some(false),
            ..private_tls(name, "CN=Appliance", Trust::UnknownIssuer)
        };
        let control = ControlHostSeen {
            host: Host::parse(name).unwrap(),
            ..outside(443, with(ADDRESS, over_tls(ADDRESS, &tls, None)))
        };
        let reset = tls_failed(&hello_sent(), &failure(FailureKind::Reset));
        let report = beside(control, vec![(https("host.example"), with(SITE, reset))]);
        said(&report.endpoints[0].verdict).map(str::to_owned)
    };
    assert_eq!(
        row("login.microsoftonline.com").as_deref(),
        Some("login.microsoftonline.com fails with tls-intercepted")
    );
    assert_eq!(
        row(NAME).as_deref(),
        Some("www.elsewhere.example fails with tls-untrusted-issuer")
    );
}

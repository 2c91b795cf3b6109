//! Cases up to the TCP stage.

use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{Evidence, FailureKind, MsoidResolver, RecordKind, RunEvidence};
use reach365_model::verdict::{Code, Confidence, Outcome};

use super::{Case, at_site, found_in, host, row};
use crate::bench::*;

const VIANET: &str = "clientconfig.partner.microsoftonline-p.net.cn";

pub(super) fn all() -> Vec<Case> {
    let groups = [
        device(),
        dns(),
        dns_doubts(),
        msoid_cases(),
        tcp(),
        tcp_doubts(),
    ];
    groups.into_iter().flatten().collect()
}

fn device() -> Vec<Case> {
    let nothing = RunEvidence {
        ipv4: Some(false),
        ipv6: Some(false),
        ..machine()
    };
    let mute = vec![(host(), unresolved(FailureKind::Timeout))];
    let stuck = tcp_failed(SITE, 443, FailureKind::NetworkUnreachable, 0.2);
    vec![
        found_in(
            Code::DeviceNoNetwork,
            Outcome::Inconclusive,
            Confidence::High,
            report(reach365_model::endpoint::Cloud::Worldwide, nothing, mute),
        ),
        found_in(
            Code::DeviceNoRoute,
            Outcome::Inconclusive,
            Confidence::High,
            judged(vec![(host(), at_site(stuck))]),
        ),
        found_in(
            Code::DeviceClockSkew,
            Outcome::Blocked,
            Confidence::Certain,
            judged(crate::run_wide::wrong_clock(86_400 * 400)),
        ),
        found_in(
            Code::PathLoss,
            Outcome::Degraded,
            Confidence::Medium,
            judged(crate::path::lossy(2)),
        ),
        found_in(
            Code::PathLatency,
            Outcome::Degraded,
            Confidence::Medium,
            judged(crate::path::far(700.0)),
        ),
    ]
}

fn dns() -> Vec<Case> {
    use Confidence::{Certain, High, Medium};
    let fails = |code, kind, sure| row(code, sure, (host(), unresolved(kind)), controls());
    vec![
        fails(Code::DnsTimeout, FailureKind::Timeout, High),
        fails(Code::DnsServfail, FailureKind::Servfail, Certain),
        fails(Code::DnsRefused, FailureKind::DnsRefused, Certain),
        fails(Code::DnsNxdomain, FailureKind::Nxdomain, Certain),
        fails(Code::DnsNodata, FailureKind::Nodata, Certain),
        fails(Code::DnsTcpBlocked, FailureKind::Truncated, High),
        fails(Code::DnsResolverClosed, FailureKind::Refused, Medium),
        found_in(
            Code::DnsResolverDead,
            Outcome::Inconclusive,
            High,
            judged(vec![
                (host(), unresolved(FailureKind::Timeout)),
                (https("other.example"), unresolved(FailureKind::Timeout)),
            ]),
        ),
        found_in(
            Code::DnsNoInternetNames,
            Outcome::Inconclusive,
            High,
            report(
                reach365_model::endpoint::Cloud::Worldwide,
                controlled(vec![control(
                    "crl3.digicert.com",
                    Err(FailureKind::Nxdomain),
                )]),
                vec![(host(), unresolved(FailureKind::Nxdomain))],
            ),
        ),
        row(
            Code::DnsSinkhole,
            High,
            (
                host(),
                with(
                    "10.9.9.9",
                    tcp_failed("10.9.9.9", 443, FailureKind::Timeout, 5000.0),
                ),
            ),
            controls(),
        ),
        row(
            Code::DnsHostsFile,
            Certain,
            (host(), by_hosts_file()),
            controls(),
        ),
    ]
}

fn by_hosts_file() -> Evidence {
    Evidence {
        hosts_file: vec![ip("0.0.0.0")],
        attempts: tcp_failed("0.0.0.0", 443, FailureKind::Refused, 0.1),
        ..Evidence::default()
    }
}

fn dns_doubts() -> Vec<Case> {
    use Confidence::Medium;
    let ranged = Endpoint {
        ranges: vec!["20.190.128.0/18".parse().unwrap()],
        ..host()
    };
    let owned = Endpoint {
        cname_suffixes: vec!["example.net".to_owned()],
        ..host()
    };
    let dropped = || tcp_failed(SITE, 443, FailureKind::Timeout, 5000.0);
    let mut garden = at_site(dropped());
    let alias = reach365_model::evidence::DnsRecord {
        name: "host.example".to_owned(),
        kind: RecordKind::Cname,
        ttl: 5,
        data: "garden.filter.test".to_owned(),
    };
    garden.lookups[0]
        .outcome
        .value
        .as_mut()
        .unwrap()
        .records
        .insert(0, alias);
    let mut aaaa = healthy("host.example", SITE);
    aaaa.1.lookups[1] = not_found(RecordKind::Aaaa, FailureKind::Timeout);
    let mut slow = healthy("host.example", SITE);
    make_slow(&mut slow.1, 900.0);
    vec![
        row(
            Code::DnsOutsidePublishedRange,
            Medium,
            (ranged, at_site(dropped())),
            controls(),
        ),
        row(Code::DnsForeignCname, Medium, (owned, garden), controls()),
        row(Code::DnsAaaaBroken, Medium, aaaa, vec![]),
        row(Code::DnsSlow, Medium, slow, vec![]),
    ]
}

fn msoid_cases() -> Vec<Case> {
    use Confidence::Certain;
    vec![
        row(
            Code::DnsMsoid21vianet,
            Certain,
            msoid(
                "contoso.example",
                vec![
                    view(
                        MsoidResolver::System,
                        &[
                            "x.example",
                            "ClientConfig.Partner.MicrosoftOnline-p.net.CN.",
                        ],
                    ),
                    view(MsoidResolver::Authoritative, &[VIANET]),
                ],
            ),
            vec![],
        ),
        Case {
            report: report(
                reach365_model::endpoint::Cloud::China,
                machine(),
                vec![msoid(
                    "contoso.example",
                    vec![view(MsoidResolver::Authoritative, &[])],
                )],
            ),
            ..row(
                Code::DnsMsoidMissing,
                Certain,
                (host(), Evidence::default()),
                vec![],
            )
        },
    ]
}

fn tcp() -> Vec<Case> {
    use Confidence::{High, Medium};
    let fails = |code, kind, ms, sure| {
        row(
            code,
            sure,
            (host(), at_site(tcp_failed(SITE, 443, kind, ms))),
            controls(),
        )
    };
    let closed = |name: &str, address: &str| {
        (
            https(name),
            with(
                address,
                tcp_failed(address, 443, FailureKind::Timeout, 5000.0),
            ),
        )
    };
    vec![
        fails(Code::TcpDropped, FailureKind::Timeout, 5000.0, High),
        fails(Code::TcpRefused, FailureKind::Refused, 1.0, Medium),
        fails(
            Code::TcpUnreachable,
            FailureKind::HostUnreachable,
            80.0,
            High,
        ),
        found_in(
            Code::TcpEgressClosed,
            Outcome::Blocked,
            High,
            judged(vec![
                closed("host.example", SITE),
                closed("other.example", "203.0.113.11"),
                healthy_crl("crl.example.org", "198.51.100.8"),
            ]),
        ),
    ]
}

fn tcp_doubts() -> Vec<Case> {
    use Confidence::Medium;
    let mut some = healthy("host.example", SITE);
    some.1.attempts.extend(tcp_failed(
        "203.0.113.11",
        443,
        FailureKind::Timeout,
        5000.0,
    ));
    let mut v6 = healthy("host.example", SITE);
    v6.1.attempts
        .extend(tcp_failed("2001:db8::1", 443, FailureKind::Timeout, 5000.0));
    let mut slow = healthy("host.example", SITE);
    slow.1.attempts[0].tcp.elapsed_ms = 1_500.0;
    let mut flaky = healthy("host.example", SITE);
    flaky.1.attempts[0].round = 2;
    flaky
        .1
        .attempts
        .insert(0, tcp_failed(SITE, 443, FailureKind::Reset, 12.0).remove(0));
    vec![
        row(Code::TcpSomeAddresses, Medium, some, vec![]),
        row(Code::TcpIpv6Broken, Medium, v6, vec![]),
        row(Code::TcpSlow, Medium, slow, controls()),
        row(Code::TcpFlaky, Medium, flaky, vec![]),
    ]
}

/// The name is asked for twice, and the resolver takes that long each time.
pub(crate) fn make_slow(evidence: &mut Evidence, ms: f64) {
    let lookup = &mut evidence.lookups[0];
    lookup.outcome.elapsed_ms = ms;
    for one in &mut lookup.tries {
        one.elapsed_ms = ms;
    }
    let again = lookup.clone();
    evidence.lookups.push(again);
}

#[test]
fn a_limping_resolver_is_named_where_it_is_the_only_one() {
    let slow = |second: Option<&str>| {
        let mut row = healthy("host.example", SITE);
        make_slow(&mut row.1, 900.0);
        if let Some(server) = second {
            row.1.lookups[1].tries[0].server = server.parse().unwrap();
        }
        let report = judged(vec![row]);
        assert_eq!(report.endpoints[0].verdict.code(), Some(Code::DnsSlow));
        report.endpoints[0].verdict.culprit.clone().unwrap().address
    };
    assert_eq!(slow(None), Some(ip("192.0.2.53")));
    assert_eq!(slow(Some("192.0.2.54:53")), None);
    let mut stub = healthy("host.example", SITE);
    make_slow(&mut stub.1, 900.0);
    for lookup in &mut stub.1.lookups {
        lookup.tries[0].server = "127.0.0.53:53".parse().unwrap();
    }
    let verdict = &judged(vec![stub]).endpoints[0].verdict;
    assert_eq!(
        verdict.culprit.as_ref().unwrap().address,
        None,
        "it asks others"
    );
    let mut silent = healthy("host.example", SITE);
    silent.1.lookups[1] = not_found(RecordKind::Aaaa, FailureKind::Timeout);
    let verdict = &judged(vec![silent]).endpoints[0].verdict;
    assert_eq!(verdict.code(), Some(Code::DnsAaaaBroken));
    assert_eq!(
        verdict.culprit.as_ref().unwrap().address,
        Some(ip("192.0.2.53"))
    );
}

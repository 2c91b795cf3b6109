//! The path itself, the families of this machine, and limits of the caller's own: no culprit.

use reach365::Report;
use reach365_model::endpoint::{Cloud, Endpoint};
use reach365_model::evidence::{
    BurstSeen, BusyResolver, Evidence, FailureKind, RecordKind, RunEvidence, Stage, TcpCounters,
    TcpSeen,
};
use reach365_model::report::FailOn;
use reach365_model::verdict::{Code, Outcome};

use crate::bench::*;
use crate::cases::make_slow;
use crate::never_blamed::assert_plain;

const HOSTS: [(&str, &str); 4] = [
    ("one.example", "203.0.113.11"),
    ("two.example", "203.0.113.12"),
    ("three.example", "203.0.113.13"),
    ("four.example", "203.0.113.14"),
];

fn hosts() -> Vec<(Endpoint, Evidence)> {
    HOSTS.map(|(host, address)| healthy(host, address)).into()
}

/// Hosts whose every round trip takes so long, that of the resolver too.
pub(crate) fn far(ms: f64) -> Vec<(Endpoint, Evidence)> {
    let mut rows = hosts();
    for (_, evidence) in &mut rows {
        make_slow(evidence, ms);
        for attempt in &mut evidence.attempts {
            attempt.tcp.elapsed_ms = ms;
        }
    }
    rows
}

/// Hosts of which so many needed a packet to be sent again.
pub(crate) fn lossy(lost: usize) -> Vec<(Endpoint, Evidence)> {
    let mut rows = hosts();
    for (place, (_, evidence)) in rows.iter_mut().take(lost).enumerate() {
        if place % 2 == 0 {
            let one = &mut evidence.lookups[0].tries[0];
            one.elapsed_ms = 420.0;
            one.resent_after_ms = Some(401.0);
            continue;
        }
        let attempt = &mut evidence.attempts[0];
        attempt.tcp.elapsed_ms = 1_020.0;
        attempt.counters = Some(TcpCounters {
            rtt_us: 20_000,
            retransmits: 1,
            ..TcpCounters::default()
        });
    }
    rows
}

fn assert_nobody_is_accused(report: &Report) {
    for row in &report.endpoints {
        assert_plain(&row.verdict, Outcome::Reachable);
    }
    assert!(report.advice.is_empty(), "{:#?}", report.advice);
    assert_eq!(report.summary.exit_code_for(FailOn::Degraded), 0);
    for finding in &report.findings {
        assert_eq!(finding.culprit, None);
    }
}

fn codes(report: &Report) -> Vec<Code> {
    report.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_satellite_makes_neither_resolver_nor_host_slow() {
    for ms in [450.0, 700.0, 1_000.0] {
        let report = judged(far(ms));
        assert_nobody_is_accused(&report);
        assert_eq!(codes(&report), [Code::PathLatency], "{ms} ms");
    }
    assert_eq!(codes(&judged(far(300.0))), []);
}

/// Its first packet may have waited for neighbor discovery, as that of every IPv6 connection does.
#[test]
fn the_only_host_of_a_family_is_not_compared_with_the_other_family() {
    let slow = |address| {
        let (endpoint, mut evidence) = healthy("late.example", address);
        evidence.attempts[0].tcp.elapsed_ms = 1_500.0;
        let mut rows = hosts();
        rows.push((endpoint, evidence));
        judged(rows)
    };
    assert_nobody_is_accused(&slow("2001:db8::1"));
    let report = slow("203.0.113.15");
    assert_eq!(report.endpoints[4].verdict.code(), Some(Code::TcpSlow));
}

#[test]
fn one_resolver_is_slow_on_a_short_path_and_where_it_is_slower_than_a_long_one() {
    let mut rows = hosts();
    make_slow(&mut rows[0].1, 900.0);
    assert_eq!(
        judged(rows).endpoints[0].verdict.code(),
        Some(Code::DnsSlow)
    );
    let mut rows = far(700.0);
    make_slow(&mut rows[0].1, 2_500.0);
    let slow = rows[0].1.lookups.remove(0);
    rows[0]
        .1
        .lookups
        .retain(|lookup| lookup.outcome.elapsed_ms > 2_000.0);
    rows[0].1.lookups.push(slow);
    for lookup in &mut rows[0].1.lookups {
        lookup.tries[0].elapsed_ms = 2_500.0;
    }
    let report = judged(rows);
    assert_eq!(report.endpoints[0].verdict.code(), Some(Code::DnsSlow));
}

#[test]
fn a_late_answer_alone_does_not_make_a_resolver_slow() {
    let mut rows = hosts();
    make_slow(&mut rows[0].1, 900.0);
    rows[0].1.lookups.pop();
    assert_nobody_is_accused(&judged(rows));
}

#[test]
fn lost_packets_are_counted_and_degrade_nobody() {
    for lost in 2..=4 {
        let report = judged(lossy(lost));
        assert_nobody_is_accused(&report);
        assert_eq!(codes(&report), [Code::PathLoss]);
        assert_eq!(report.findings[0].facts()["lost"], lost);
        // Four hosts with two lookups each and a connection each.
        assert_eq!(report.findings[0].facts()["exchanges"], 8);
        assert_eq!(report.findings[0].endpoints.len(), lost);
    }
    let report = judged(lossy(1));
    assert_nobody_is_accused(&report);
    assert_eq!(codes(&report), []);
}

#[test]
fn a_connection_that_was_sent_again_without_need_has_lost_nothing() {
    let mut rows = lossy(4);
    for (_, evidence) in &mut rows {
        evidence.lookups[0].tries[0].resent_after_ms = None;
        if let Some(counters) = &mut evidence.attempts[0].counters {
            counters.needless_retransmits = Some(1);
        }
    }
    assert_eq!(codes(&judged(rows)), []);
}

#[test]
fn silence_before_an_answer_is_a_lost_packet() {
    let mut rows = hosts();
    for (_, evidence) in rows.iter_mut().take(2) {
        let mut silent = evidence.attempts[0].clone();
        silent.tcp = missed(FailureKind::Timeout, 5_000.0);
        (silent.tls, silent.http) = (None, None);
        evidence.attempts[0].round = 2;
        evidence.attempts.insert(0, silent);
    }
    let report = judged(rows);
    assert_nobody_is_accused(&report);
    assert_eq!(codes(&report), [Code::PathLoss]);
}

fn on(run: RunEvidence, evidence: Evidence) -> reach365_model::verdict::Verdict {
    let rows = std::iter::once((https("host.example"), evidence)).chain(controls());
    report(Cloud::Worldwide, run, rows.collect())
        .endpoints
        .remove(0)
        .verdict
}

fn impatient(stage: Stage) -> RunEvidence {
    RunEvidence {
        short_limits: [(stage, 2_000)].into(),
        ..machine()
    }
}

#[test]
fn silence_within_a_limit_of_the_callers_own_accuses_nobody() {
    let silent_tls = {
        let mut attempts = tcp_failed(SITE, 443, FailureKind::Timeout, 2_000.0);
        for attempt in &mut attempts {
            attempt.tcp = seen(TcpSeen::default(), 20.0);
            attempt.tls = Some(missed(FailureKind::Timeout, 2_000.0));
        }
        with(SITE, attempts)
    };
    let cases = [
        (Stage::Dns, unresolved(FailureKind::Timeout)),
        (
            Stage::Tcp,
            with(SITE, tcp_failed(SITE, 443, FailureKind::Timeout, 2_000.0)),
        ),
        (Stage::Tls, silent_tls),
        (
            Stage::Http,
            with(SITE, http_failed(None, FailureKind::Timeout, 443)),
        ),
    ];
    for (stage, evidence) in cases {
        let verdict = on(impatient(stage), evidence.clone());
        assert_eq!(verdict.outcome, Outcome::Inconclusive, "{stage}");
        assert_eq!((verdict.code(), verdict.culprit), (None, None), "{stage}");
        let says =
            format!("no answer at the {stage} stage within 2 s, the limit that --timeout set");
        assert!(verdict.summary.contains(&says), "{}", verdict.summary);
        let verdict = on(machine(), evidence);
        assert_eq!(verdict.outcome, Outcome::Blocked, "{stage}");
    }
}

#[test]
fn a_short_limit_excuses_no_refusal() {
    let refused = with(SITE, tcp_failed(SITE, 443, FailureKind::Refused, 20.0));
    let verdict = on(impatient(Stage::Tcp), refused);
    assert_eq!(verdict.code(), Some(Code::TcpRefused));
}

#[test]
fn a_family_that_the_system_would_not_use_counts_for_nothing() {
    let answered = |failing: &str| {
        let (_, mut evidence) = healthy("host.example", SITE);
        let attempts = tcp_failed(failing, 443, FailureKind::Timeout, 5_000.0);
        evidence.attempts.extend(attempts);
        evidence
    };
    let without_ipv6 = RunEvidence {
        ipv6_used: Some(false),
        ..machine()
    };
    let v6 = "2001:db8::1";
    assert_plain(&on(without_ipv6.clone(), answered(v6)), Outcome::Reachable);
    assert_eq!(
        on(machine(), answered(v6)).code(),
        Some(Code::TcpIpv6Broken)
    );
    let mut broken = answered(v6);
    broken.lookups[1] = not_found(RecordKind::Aaaa, FailureKind::Timeout);
    assert_plain(&on(without_ipv6, broken), Outcome::Reachable);

    let without_ipv4 = RunEvidence {
        ipv4_used: Some(false),
        ..machine()
    };
    let mut over_ipv6 = answered("203.0.113.11");
    over_ipv6.attempts[0].address = "[2001:db8::1]:443".parse().unwrap();
    over_ipv6.lookups.push(found(RecordKind::Aaaa, &[v6]));
    assert_plain(&on(without_ipv4, over_ipv6.clone()), Outcome::Reachable);
    assert_eq!(
        on(machine(), over_ipv6).code(),
        Some(Code::TcpSomeAddresses)
    );
}

#[test]
fn an_address_behind_nat64_is_judged_by_the_one_within() {
    let dropped = |nat64: &[&str], answer: &str| {
        let mut endpoint = https("login.microsoftonline.com");
        endpoint.ranges = vec!["203.0.113.0/24".parse().unwrap()];
        let evidence = Evidence {
            lookups: vec![found(RecordKind::Aaaa, &[answer])],
            attempts: tcp_failed(answer, 443, FailureKind::Timeout, 5_000.0),
            ..Evidence::default()
        };
        let run = RunEvidence {
            nat64: nat64.iter().map(|text| text.parse().unwrap()).collect(),
            ..machine()
        };
        let rows = std::iter::once((endpoint, evidence)).chain(controls());
        let report = report(Cloud::Worldwide, run, rows.collect());
        report.endpoints[0].verdict.code()
    };
    let outside = Some(Code::DnsOutsidePublishedRange);
    assert_eq!(
        dropped(&[], "64:ff9b::203.0.113.10"),
        Some(Code::TcpDropped)
    );
    assert_eq!(dropped(&[], "64:ff9b::198.51.100.10"), outside);
    assert_eq!(dropped(&[], "2001:db8:64::203.0.113.10"), outside);
    let known = ["2001:db8:64::/96"];
    assert_eq!(
        dropped(&known, "2001:db8:64::203.0.113.10"),
        Some(Code::TcpDropped)
    );
}

/// A run in which some endpoints passed only when they were probed slowly.
fn crowded() -> RunEvidence {
    RunEvidence {
        burst: Some(BurstSeen {
            endpoints: 5,
            passed: 4,
        }),
        ..machine()
    }
}

#[test]
fn silence_where_bursts_are_limited_accuses_no_resolver() {
    let silent = || {
        (
            https("login.silent.example"),
            unresolved(FailureKind::Timeout),
        )
    };
    let alone = |run| {
        let rows = std::iter::once(silent()).chain(hosts());
        let report = report(Cloud::Worldwide, run, rows.collect());
        report.endpoints[0].verdict.outcome
    };
    assert_eq!(alone(machine()), Outcome::Blocked);
    assert_eq!(alone(crowded()), Outcome::Inconclusive);
}

/// The resolver of the hosts, which answers fewer questions than were asked at once.
fn busy(rows: &[(Endpoint, Evidence)], one_by_one: bool, dropped: usize) -> RunEvidence {
    RunEvidence {
        busy_resolvers: vec![BusyResolver {
            server: rows[0].1.lookups[0].tries[0].server,
            one_by_one,
            dropped,
        }],
        ..machine()
    }
}

#[test]
fn a_resolver_that_was_busy_with_other_questions_is_not_slow() {
    let mut rows = hosts();
    make_slow(&mut rows[0].1, 4_000.0);
    for lookup in &mut rows[0].1.lookups {
        lookup.tries[0].elapsed_ms = 4_000.0;
        lookup.tries[0].queued_ms = Some(3_880.0);
    }
    let run = busy(&rows, true, 0);
    assert_nobody_is_accused(&report(Cloud::Worldwide, run, rows.clone()));
    for lookup in &mut rows[0].1.lookups {
        lookup.tries[0].queued_ms = Some(900.0);
    }
    let slow = report(Cloud::Worldwide, machine(), rows);
    assert_eq!(slow.endpoints[0].verdict.code(), Some(Code::DnsSlow));
}

#[test]
fn what_a_busy_resolver_dropped_is_neither_loss_nor_silence_of_a_name() {
    let rows = lossy(4);
    let run = busy(&rows, false, 2);
    // The two connections that lost a packet remain.
    let report_of = |run, rows| report(Cloud::Worldwide, run, rows);
    let lost = report_of(run.clone(), rows).findings[0].facts()["lost"].clone();
    assert_eq!(lost, 2);
    let mut rows = hosts();
    rows.push((
        https("login.silent.example"),
        unresolved(FailureKind::Timeout),
    ));
    let outcome = |run| report_of(run, rows.clone()).endpoints[4].verdict.outcome;
    assert_eq!(outcome(machine()), Outcome::Blocked);
    assert_eq!(outcome(run), Outcome::Inconclusive);
}

#[test]
fn what_a_limit_on_bursts_dropped_is_no_loss() {
    let of = |run| codes(&report(Cloud::Worldwide, run, lossy(3)));
    assert_eq!(of(machine()), [Code::PathLoss]);
    assert_eq!(of(crowded()), []);
    let short = RunEvidence {
        short_limits: [(Stage::Dns, 300)].into(),
        ..machine()
    };
    assert_eq!(of(short), []);
}

/// Hosts with published addresses whose DNS answers are others, and that do not answer.
fn elsewhere(host: &str, address: &str) -> (Endpoint, Evidence) {
    let mut endpoint = https(host);
    endpoint.ranges = vec!["198.51.100.0/24".parse().unwrap()];
    let dropped = tcp_failed(address, 443, FailureKind::Timeout, 5_000.0);
    (endpoint, with(address, dropped))
}

#[test]
fn an_unpublished_address_takes_no_blame_for_what_others_share() {
    let code = |rows: Vec<(Endpoint, Evidence)>| {
        let report = report(Cloud::Worldwide, machine(), rows);
        report.endpoints[0].verdict.code()
    };
    let odd = || elsewhere("login.odd.example", "203.0.113.40");
    let beside = |more: Vec<(Endpoint, Evidence)>| {
        let rows = std::iter::once(odd()).chain(more);
        rows.chain(hosts()).collect::<Vec<_>>()
    };
    assert_eq!(
        code(beside(Vec::new())),
        Some(Code::DnsOutsidePublishedRange)
    );
    let mut other = elsewhere("ols.dropped.example", "203.0.113.41");
    other.0.ranges.clear();
    assert_eq!(code(beside(vec![other])), Some(Code::TcpDropped));
    let mut genuine = healthy("odc.genuine.example", "203.0.113.42");
    genuine.0.ranges = vec!["198.51.100.0/24".parse().unwrap()];
    assert_eq!(code(beside(vec![genuine])), Some(Code::TcpDropped));
    assert_eq!(code(vec![odd()]), Some(Code::TcpDropped));
}

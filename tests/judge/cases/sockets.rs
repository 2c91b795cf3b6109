//! What the system knows of a connection that failed: ICMP messages and counters.

use reach365_model::evidence::{Attempt, Evidence, FailureKind, IcmpSeen, TcpCounters, TcpSeen};
use reach365_model::verdict::{Code, Confidence, Outcome, Verdict, Who};

use super::{Case, at_site, host, row};
use crate::bench::*;

const FIREWALL: &str = "10.9.1.1";
const OWN: &str = "10.9.1.2";

pub(crate) fn all() -> Vec<Case> {
    use Confidence::{Certain, High};
    let icmp = |code, from, kind, number| {
        let attempts = rejected(FailureKind::HostUnreachable, from, kind, number);
        row(code, Certain, (host(), at_site(attempts)), controls())
    };
    let silent = |code, acked, received, out_of_order| {
        let attempts = silent_tls(acked, received, out_of_order);
        row(code, High, (host(), at_site(attempts)), controls())
    };
    let waiting = |code, retransmits, unacked, received| {
        let attempts = silent_with(&windows_counts(retransmits, unacked, received));
        row(code, High, (host(), at_site(attempts)), controls())
    };
    vec![
        icmp(Code::TcpAdminProhibited, FIREWALL, 3, 13),
        icmp(Code::TcpAdminProhibited, FIREWALL, 3, 9),
        icmp(Code::TcpUnreachable, FIREWALL, 3, 0),
        icmp(Code::TcpUnreachable, FIREWALL, 3, 1),
        icmp(Code::TcpRefused, FIREWALL, 3, 3),
        icmp(Code::DeviceLocalFirewall, OWN, 3, 13),
        row(
            Code::TcpUnreachable,
            High,
            (host(), at_site(without_neighbor())),
            controls(),
        ),
        row(
            Code::DeviceLocalFirewall,
            Certain,
            (host(), at_site(rejected_after(0.2, OWN, 3, 1))),
            controls(),
        ),
        row(
            Code::DeviceLocalFirewall,
            Confidence::Medium,
            (host(), at_site(refused_at_once())),
            vec![],
        ),
        silent(Code::TlsHelloDropped, 1, 0, 0),
        silent(Code::TlsMtuBlackhole, 180, 0, 1),
        silent(Code::TlsSilent, 180, 0, 0),
        silent(Code::TlsSilent, 180, 1_400, 0),
        Case {
            confidence: Confidence::Medium,
            ..waiting(Code::TlsHelloDropped, 1, 173, 0)
        },
        waiting(Code::TlsSilent, 0, 0, 0),
        waiting(Code::TlsSilent, 0, 0, 1_400),
    ]
}

/// What Linux reports three seconds later where no device has the address of the next hop.
fn without_neighbor() -> Vec<Attempt> {
    rejected_after(3_060.0, OWN, 3, 1)
}

/// A device on the path says that a rule forbids the connection.
pub(crate) fn rejected_by_rule() -> Evidence {
    at_site(rejected(FailureKind::HostUnreachable, FIREWALL, 3, 13))
}

fn rejected(why: FailureKind, from: &str, kind: u8, code: u8) -> Vec<Attempt> {
    with_message(tcp_failed(SITE, 443, why, 1_000.0), from, kind, code)
}

fn rejected_after(elapsed_ms: f64, from: &str, kind: u8, code: u8) -> Vec<Attempt> {
    let why = FailureKind::HostUnreachable;
    with_message(tcp_failed(SITE, 443, why, elapsed_ms), from, kind, code)
}

fn with_message(attempts: Vec<Attempt>, from: &str, kind: u8, code: u8) -> Vec<Attempt> {
    let message = IcmpSeen {
        from: Some(ip(from)),
        version: 4,
        kind,
        code,
        local: false,
    };
    let with_message = |attempt: Attempt| Attempt {
        icmp: Some(message.clone()),
        ..at_own_address(attempt)
    };
    attempts.into_iter().map(with_message).collect()
}

fn at_own_address(mut attempt: Attempt) -> Attempt {
    attempt.tcp.value = Some(TcpSeen {
        local: Some(format!("{OWN}:50000").parse().unwrap()),
        ..TcpSeen::default()
    });
    attempt
}

fn refused_at_once() -> Vec<Attempt> {
    tcp_failed(SITE, 443, FailureKind::PermissionDenied, 0.2)
}

fn silent_tls(acked: u64, received: u64, out_of_order: u32) -> Vec<Attempt> {
    let counters = TcpCounters {
        rtt_us: 20_000,
        retransmits: 5,
        unacked_segments: Some(1),
        bytes_acked: Some(acked),
        bytes_received: Some(received),
        data_segments_in: Some(out_of_order),
        out_of_order_in: Some(out_of_order),
        ..TcpCounters::default()
    };
    silent_with(&counters)
}

fn silent_with(counters: &TcpCounters) -> Vec<Attempt> {
    let attempts = tls_failed(&hello_sent(), &failure(FailureKind::Timeout));
    let counted = |attempt: Attempt| Attempt {
        counters: Some(counters.clone()),
        ..attempt
    };
    attempts.into_iter().map(counted).collect()
}

/// What `SIO_TCP_INFO` tells: no acknowledged bytes, no segments, nothing out of order.
fn windows_counts(retransmits: u32, unacked: u64, received: u64) -> TcpCounters {
    TcpCounters {
        rtt_us: 20_000,
        retransmits,
        bytes_retransmitted: Some(u64::from(retransmits) * 5 * 173),
        bytes_unacked: Some(unacked),
        bytes_received: Some(received),
        ..TcpCounters::default()
    }
}

/// What `TCP_CONNECTION_INFO` of macOS tells of an answer whose end alone arrived.
fn macos_counts(out_of_order: u64) -> TcpCounters {
    TcpCounters {
        bytes_unacked: Some(0),
        bytes_received: Some(0),
        bytes_out_of_order_in: Some(out_of_order),
        ..TcpCounters::default()
    }
}

fn verdict_of(attempts: Vec<Attempt>) -> Verdict {
    let mut rows = controls();
    rows.insert(0, (host(), at_site(attempts)));
    judged(rows).endpoints[0].verdict.clone()
}

#[test]
fn counters_that_are_absent_leave_the_plain_code() {
    let unclear = [
        // A segment is unacknowledged and was not retransmitted: it may still be in transit.
        windows_counts(0, 173, 0),
        // Sent again, and nothing waits: acknowledged in the end, or a timer has just run out.
        windows_counts(1, 0, 0),
        // Less than the ClientHello waits: some of it arrived.
        windows_counts(1, 100, 0),
        TcpCounters::default(),
        TcpCounters {
            bytes_unacked: None,
            ..windows_counts(1, 173, 0)
        },
        TcpCounters {
            bytes_received: None,
            ..windows_counts(1, 173, 0)
        },
    ];
    for counters in unclear {
        let verdict = verdict_of(silent_with(&counters));
        assert_eq!(verdict.code(), Some(Code::TlsSilent), "{counters:?}");
        assert_eq!(verdict.outcome, Outcome::Blocked);
        assert!(!verdict.facts().contains_key("how"), "{counters:?}");
    }
}

#[test]
fn what_waits_says_less_than_what_was_acknowledged() {
    let once = |mut attempts: Vec<Attempt>| {
        attempts.truncate(1);
        verdict_of(attempts)
    };
    let acknowledged = once(silent_tls(1, 0, 0));
    let waiting = once(silent_with(&windows_counts(1, 173, 0)));
    assert_eq!(waiting.code(), Some(Code::TlsHelloDropped));
    assert_eq!(waiting.outcome, acknowledged.outcome);
    assert!(waiting.confidence < acknowledged.confidence);
    // One episode of five packets.
    assert_eq!(waiting.facts()["retransmits"], 5);
}

#[test]
fn bytes_out_of_order_show_a_black_hole_where_nothing_was_read() {
    let verdict = verdict_of(silent_with(&macos_counts(400)));
    assert_eq!(verdict.code(), Some(Code::TlsMtuBlackhole));
    let verdict = verdict_of(silent_with(&macos_counts(0)));
    assert_eq!(verdict.code(), Some(Code::TlsSilent));
}

#[test]
fn the_device_that_rejects_is_the_culprit() {
    let case = row(
        Code::TcpAdminProhibited,
        Confidence::Certain,
        (
            host(),
            at_site(rejected(FailureKind::HostUnreachable, FIREWALL, 3, 10)),
        ),
        controls(),
    );
    let verdict = &case.report.endpoints[0].verdict;
    let culprit = verdict.culprit.as_ref().unwrap();
    assert_eq!(culprit.who, Who::Firewall);
    assert_eq!(culprit.address, Some(ip(FIREWALL)));
    assert!(verdict.summary.contains(FIREWALL), "{}", verdict.summary);
}

/// A route of the machine itself forbids one host; the kinds of routes have an error each.
#[test]
fn a_route_in_the_way_of_one_host_is_the_devices_own() {
    let kinds = [
        FailureKind::HostUnreachable,
        FailureKind::NetworkUnreachable,
        FailureKind::PermissionDenied,
        FailureKind::Other,
    ];
    for kind in kinds {
        let mut rows = vec![(host(), at_site(without_route(SITE, kind)))];
        rows.extend(controls());
        let verdict = judged(rows).endpoints.remove(0).verdict;
        assert_eq!(verdict.code(), Some(Code::DeviceNoRoute), "{kind:?}");
        assert_eq!(verdict.outcome, Outcome::Blocked, "{kind:?}");
        assert_eq!(verdict.culprit.unwrap().who, Who::Device, "{kind:?}");
    }
}

/// The same words a round trip later come from the network.
#[test]
fn an_error_that_comes_later_is_not_the_devices_own() {
    let attempts = tcp_failed(SITE, 443, FailureKind::HostUnreachable, 30.0);
    let mut rows = vec![(host(), at_site(attempts))];
    rows.extend(controls());
    let verdict = judged(rows).endpoints.remove(0).verdict;
    assert_eq!(verdict.code(), Some(Code::TcpUnreachable));
}

fn without_route(address: &str, kind: FailureKind) -> Vec<Attempt> {
    let mut attempts = tcp_failed(address, 443, kind, 0.1);
    for attempt in &mut attempts {
        attempt.tcp.value = Some(TcpSeen {
            no_route: true,
            ..TcpSeen::default()
        });
    }
    attempts
}

/// Laptops away from the office often have no route to private space.
#[test]
fn a_missing_route_to_where_nobody_lives_is_the_resolvers_fault() {
    for address in ["10.66.66.66", "255.255.255.255", "240.0.0.1"] {
        let attempts = without_route(address, FailureKind::NetworkUnreachable);
        let mut rows = vec![(host(), with(address, attempts))];
        rows.extend(controls());
        let verdict = judged(rows).endpoints.remove(0).verdict;
        assert_eq!(verdict.code(), Some(Code::DnsSinkhole), "{address}");
        assert_eq!(verdict.culprit.unwrap().who, Who::Resolver);
    }
}

#[test]
fn a_missing_route_of_ipv6_says_nothing_of_ipv4() {
    let mut attempts = tcp_failed(SITE, 443, FailureKind::NetworkUnreachable, 0.1);
    attempts.extend(without_route(
        "2001:db8::10",
        FailureKind::NetworkUnreachable,
    ));
    let mut rows = vec![(host(), at_site(attempts))];
    rows.extend(controls());
    let verdict = judged(rows).endpoints.remove(0).verdict;
    assert_eq!(verdict.code(), Some(Code::TcpUnreachable));
}

#[test]
fn a_missing_address_is_never_the_networks_fault() {
    let attempts = tcp_failed(SITE, 443, FailureKind::AddressNotAvailable, 0.1);
    let mut rows = vec![(host(), at_site(attempts))];
    rows.extend(controls());
    let verdict = judged(rows).endpoints.remove(0).verdict;
    assert_eq!(verdict.code(), Some(Code::DeviceNoRoute));
    assert_eq!(verdict.culprit.unwrap().who, Who::Device);
}

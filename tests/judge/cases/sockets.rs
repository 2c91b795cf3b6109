//! What the system knows of a connection that failed: ICMP messages and counters.

use reach365::evidence::{Attempt, FailureKind, IcmpSeen, TcpCounters, TcpSeen};
use reach365::verdict::{Code, Confidence, Who};

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
    vec![
        icmp(Code::TcpAdminProhibited, FIREWALL, 3, 13),
        icmp(Code::TcpAdminProhibited, FIREWALL, 3, 9),
        icmp(Code::TcpUnreachable, FIREWALL, 3, 0),
        icmp(Code::TcpUnreachable, FIREWALL, 3, 1),
        icmp(Code::TcpRefused, FIREWALL, 3, 3),
        icmp(Code::DeviceLocalFirewall, OWN, 3, 13),
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
    ]
}

fn rejected(why: FailureKind, from: &str, kind: u8, code: u8) -> Vec<Attempt> {
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
    let attempts = tcp_failed(SITE, 443, why, 1_000.0);
    attempts.into_iter().map(with_message).collect()
}

fn at_own_address(mut attempt: Attempt) -> Attempt {
    attempt.tcp.value = Some(TcpSeen {
        local: Some(format!("{OWN}:50000").parse().unwrap()),
        closed_before_hello: None,
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
        unacked_segments: 1,
        bytes_acked: Some(acked),
        bytes_received: Some(received),
        data_segments_in: Some(out_of_order),
        out_of_order_in: Some(out_of_order),
    };
    let attempts = tls_failed(&hello_sent(), &failure(FailureKind::Timeout));
    let counted = |attempt: Attempt| Attempt {
        counters: Some(counters.clone()),
        ..attempt
    };
    attempts.into_iter().map(counted).collect()
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

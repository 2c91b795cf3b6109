//! The TCP stage.

use crate::verdict::diagnosis::{Diagnosis, whole_ms};
use crate::verdict::types::AttemptResult;
use reach365_model::cause::FailedConnect;
use reach365_model::evidence::{Attempt, Failure, FailureKind, IcmpSeen};
use reach365_model::facts::short;
use reach365_model::verdict::{Code, Confidence};

/// A failure within this time came from this machine, not from the network.
pub(super) const AT_ONCE_MS: f64 = 20.0;

/// What the system means by "host unreachable" where no device on the path has said it.
pub(super) const NO_NEIGHBOR: &str = "the next hop does not answer";

/// What a failed connection says. An ICMP message that the system kept says most: which device
/// rejected it, and whether by a rule.
pub(super) fn judge_failure(attempt: &Attempt, failure: &Failure) -> AttemptResult {
    if let Some(diagnosis) = attempt
        .icmp
        .as_ref()
        .and_then(|icmp| rejected(attempt, icmp))
    {
        return AttemptResult::Failed(diagnosis);
    }
    let code = match failure.kind {
        _ if has_no_route(attempt) => Code::DeviceNoRoute,
        FailureKind::Timeout => Code::TcpDropped,
        FailureKind::Refused | FailureKind::Reset => Code::TcpRefused,
        FailureKind::HostUnreachable => Code::TcpUnreachable,
        FailureKind::NetworkUnreachable if !is_local(attempt) => Code::TcpUnreachable,
        FailureKind::NetworkUnreachable | FailureKind::AddressNotAvailable => Code::DeviceNoRoute,
        // The system itself refuses, and no message from the network is there to have told it so.
        FailureKind::PermissionDenied if is_local(attempt) => Code::DeviceLocalFirewall,
        FailureKind::NoSocket => {
            return AttemptResult::unknown("this machine refused another socket");
        }
        _ => return AttemptResult::unknown(&failure_text(failure)),
    };
    let counters = attempt.counters.as_ref();
    let counters = counters.filter(|_| code == Code::TcpDropped);
    let connect = FailedConnect {
        system: has_no_route(attempt).then(|| failure_text(failure).into()),
        // How often the system sent the SYN: one lost packet does not prove a rule.
        requests: counters.map(|counters| u64::from(counters.retransmits) + 1),
        ..FailedConnect::default()
    };
    AttemptResult::Failed(unconnected(code, attempt, connect))
}

/// What an ICMP message says: who rejected the connection, and how.
fn rejected(attempt: &Attempt, icmp: &IcmpSeen) -> Option<Diagnosis> {
    let (code, words) = meaning(icmp)?;
    if has_no_neighbor(attempt, icmp) {
        return Some(no_neighbor(attempt));
    }
    let code = if is_own(attempt, icmp) {
        Code::DeviceLocalFirewall
    } else {
        code
    };
    let device = icmp
        .from
        .map_or("this machine".to_owned(), |from| from.to_string());
    let message = format!("type {} code {} ({words})", icmp.kind, icmp.code);
    let diagnosis = unconnected(
        code,
        attempt,
        FailedConnect {
            icmp: Some(message.into()),
            device: Some(device.into()),
            ..FailedConnect::default()
        },
    );
    Some(diagnosis.sure(Confidence::Certain).at_address(icmp.from))
}

/// No host answers at the next hop: no party's rule, and this machine works.
fn no_neighbor(attempt: &Attempt) -> Diagnosis {
    let connect = FailedConnect {
        device: Some("this machine".into()),
        icmp: Some(NO_NEIGHBOR.into()),
        ..FailedConnect::default()
    };
    unconnected(Code::TcpUnreachable, attempt, connect)
}

/// The diagnosis of a connection that was not established.
fn unconnected(code: Code, attempt: &Attempt, connect: FailedConnect) -> Diagnosis {
    let mut diagnosis = Diagnosis::new(code).connected_to(attempt.address);
    if let Some(facts) = diagnosis.cause_mut().connect_mut() {
        *facts = FailedConnect {
            waited_ms: Some(whole_ms(attempt.tcp.elapsed_ms)),
            ..connect
        };
    }
    diagnosis
}

/// Whether the OS of this machine got no answer from the next hop. It asks for a while before
/// it says so; a rule of this machine rejects at once.
pub(super) fn has_no_neighbor(attempt: &Attempt, icmp: &IcmpSeen) -> bool {
    let unreachable = matches!((icmp.version, icmp.kind, icmp.code), (4, 3, 1) | (6, 1, 3));
    unreachable && is_own(attempt, icmp) && !is_local(attempt)
}

/// Whether the message came from this machine itself.
pub(super) fn is_own(attempt: &Attempt, icmp: &IcmpSeen) -> bool {
    let own = attempt.tcp.value.as_ref().and_then(|seen| seen.local);
    icmp.from.is_some() && icmp.from == own.map(|own| own.ip())
}

/// RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1.
pub(super) fn meaning(icmp: &IcmpSeen) -> Option<(Code, &'static str)> {
    Some(match (icmp.version, icmp.kind, icmp.code) {
        (4, 3, 9) => (
            Code::TcpAdminProhibited,
            "network administratively prohibited",
        ),
        (4, 3, 10) => (Code::TcpAdminProhibited, "host administratively prohibited"),
        (4, 3, 13) | (6, 1, 1) => (Code::TcpAdminProhibited, "administratively prohibited"),
        (6, 1, 5) => (Code::TcpAdminProhibited, "source address failed policy"),
        (6, 1, 6) => (Code::TcpAdminProhibited, "reject route to destination"),
        (4, 3, 0) | (6, 1, 0) => (Code::TcpUnreachable, "no route to the network"),
        (4, 3, 1 | 7) | (6, 1, 3) => (Code::TcpUnreachable, "host unreachable"),
        (4, 3, 6 | 11 | 12) => (Code::TcpUnreachable, "network or host unknown"),
        (4, 11, _) | (6, 3, _) => (Code::TcpUnreachable, "too many hops, a routing loop"),
        (4, 3, 3) | (6, 1, 4) => (Code::TcpRefused, "port unreachable"),
        _ => return None,
    })
}

/// Whether the system's own routing table ended the connection.
pub(super) fn has_no_route(attempt: &Attempt) -> bool {
    let seen = attempt.tcp.value.as_ref();
    seen.is_some_and(|seen| seen.no_route) && !attempt.tcp.passed()
}

pub(super) fn is_local(attempt: &Attempt) -> bool {
    attempt.tcp.elapsed_ms < AT_ONCE_MS
}

/// The round trip of a connection that was established: what the OS measured if it retransmitted a
/// packet, else the time of the handshake.
pub(super) fn round_trip_ms(attempt: &Attempt) -> Option<f64> {
    if !attempt.tcp.passed() {
        return None;
    }
    let handshake = attempt.tcp.elapsed_ms;
    let Some(counters) = &attempt.counters else {
        return Some(handshake);
    };
    let measured = counters.shortest_rtt_us.unwrap_or(counters.rtt_us);
    match (counters.retransmits, measured) {
        (0, _) => Some(handshake),
        (_, 0) => None,
        (_, measured) => Some(handshake.min(f64::from(measured) / 1_000.0)),
    }
}

fn failure_text(failure: &Failure) -> String {
    let detail = short(&failure.detail);
    if detail.is_empty() {
        return format!("the system reports {:?}", failure.kind);
    }
    format!("the system reports \"{detail}\"")
}

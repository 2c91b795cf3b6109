//! The TCP stage.

use crate::evidence::{Attempt, Failure, FailureKind};
use crate::verdict::attempt::Ruling;
use crate::verdict::claim::{Claim, short, whole_ms};
use crate::verdict::{Code, Confidence};

/// A failure within this time came from this machine, not from the network.
pub(super) const AT_ONCE_MS: f64 = 20.0;

/// What a failed connection says.
pub(super) fn rule(attempt: &Attempt, failure: &Failure) -> Ruling {
    let code = match failure.kind {
        FailureKind::Timeout => Code::TcpDropped,
        FailureKind::Refused | FailureKind::Reset => Code::TcpRefused,
        FailureKind::HostUnreachable => Code::TcpUnreachable,
        FailureKind::NetworkUnreachable if !is_local(attempt) => Code::TcpUnreachable,
        FailureKind::NetworkUnreachable | FailureKind::AddressNotAvailable => Code::DeviceNoRoute,
        FailureKind::NoSocket => return Ruling::unknown("this machine refused another socket"),
        _ => return Ruling::unknown(&words(failure)),
    };
    let waited = whole_ms(attempt.tcp.elapsed_ms);
    let claim = Claim::new(code)
        .fact("address", attempt.address.to_string())
        .fact("waited_ms", waited);
    Ruling::Failed(claim)
}

pub(super) fn is_local(attempt: &Attempt) -> bool {
    attempt.tcp.elapsed_ms < AT_ONCE_MS
}

/// The most that a second look can make of a code.
pub(super) fn ceiling(code: Code) -> Confidence {
    match code {
        Code::TcpRefused
        | Code::TlsIncompleteChain
        | Code::DnsOutsidePublishedRange
        | Code::DnsForeignCname => Confidence::Medium,
        _ => Confidence::High,
    }
}

fn words(failure: &Failure) -> String {
    let detail = short(&failure.detail);
    if detail.is_empty() {
        return format!("the system reports {:?}", failure.kind);
    }
    format!("the system reports \"{detail}\"")
}

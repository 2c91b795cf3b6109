//! What control probes say: they were made after a failure, and each differs in one thing.

use std::net::IpAddr;

use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::dns;
use reach365_model::cause::Cause;
use reach365_model::endpoint::{Endpoint, Scheme};
use reach365_model::evidence::{Attempt, Evidence, LegacyHello, SizeControl, SniControl};
use reach365_model::verdict::{Code, Confidence, Outcome, Verdict, Who};

/// Failures that a filter for names in ClientHellos may explain.
const CUT_HELLOS: [Code; 4] = [
    Code::TlsHelloReset,
    Code::TlsHelloDropped,
    Code::TlsSilent,
    Code::TlsClosed,
];
/// Failures where another party answers in the host's name.
const FOREIGN: [Code; 5] = [
    Code::DnsSinkhole,
    Code::TlsWrongName,
    Code::TlsSelfSigned,
    Code::TlsUntrustedIssuer,
    Code::TlsPlaintext,
];

/// The most that a second look can make of a verdict for this cause.
pub(super) fn ceiling(code: Code, verdict: &Verdict) -> Confidence {
    match code {
        _ if stays_doubtful(verdict) => Confidence::Medium,
        Code::TcpRefused
        | Code::TlsIncompleteChain
        | Code::DnsOutsidePublishedRange
        | Code::DnsForeignCname
        | Code::ProxyUpstreamUnreachable
        | Code::ProxyUpstreamDns => Confidence::Medium,
        _ => Confidence::High,
    }
}

/// Whether another host that works does not raise the confidence: it does not tell what was lost.
fn stays_doubtful(verdict: &Verdict) -> bool {
    let blocked = verdict.outcome == Outcome::Blocked;
    let doubtful = |cause: &Cause| match cause {
        Cause::TlsHelloDropped {
            acknowledgements, ..
        } => acknowledgements.is_some(),
        Cause::TlsSniFiltered { heard, .. } => heard.is_some(),
        _ => false,
    };
    blocked && verdict.basis.cause.as_ref().is_some_and(doubtful)
}

/// Whether another name in the ClientHello would tell more.
pub(super) fn wants_other_name(verdict: &Verdict) -> bool {
    is_one_of(verdict, &CUT_HELLOS)
}

/// Whether shorter packets and a shorter answer would tell more.
pub(super) fn wants_sizes(endpoint: &Endpoint, verdict: &Verdict) -> bool {
    let in_clear = endpoint.scheme == Scheme::Http;
    is_one_of(verdict, &[Code::TlsSilent]) || (in_clear && is_one_of(verdict, &[Code::HttpSilent]))
}

/// Whether names that do not exist would tell more.
pub(super) fn wants_random_labels(verdict: &Verdict) -> bool {
    is_one_of(verdict, &FOREIGN)
}

fn is_one_of(verdict: &Verdict, codes: &[Code]) -> bool {
    let code = verdict.code();
    verdict.outcome == Outcome::Blocked && code.is_some_and(|code| codes.contains(&code))
}

/// The diagnosis as the controls leave it.
pub(super) fn apply(evidence: &Evidence, diagnosis: Diagnosis) -> Diagnosis {
    // A probe of another address says nothing about this one.
    let address = diagnosis.basis.subject.address;
    let size_control = evidence.size_control.as_ref();
    let size_control = size_control.filter(|control| Some(control.address) == address);
    let sni_control = evidence.sni_control.as_ref();
    let sni_control = sni_control.filter(|control| Some(control.address) == address);
    let diagnosis = match size_control.and_then(Size::from_control) {
        Some(size) if is_silence(&diagnosis) && !gets_long_packets(evidence, sni_control) => {
            answered_when_short(size, diagnosis)
        }
        _ => diagnosis,
    };
    if let Some(control) = sni_control
        && CUT_HELLOS.contains(&diagnosis.code())
        && let Some(confidence) = is_by_name(control, &diagnosis)
    {
        return filtered_by_name(control, confidence, diagnosis);
    }
    if FOREIGN.contains(&diagnosis.code())
        && let Some(label) = rewritten(evidence)
    {
        let label = Some(label.into());
        return instead(Cause::DnsRewritten { label }, diagnosis)
            .sure(Confidence::High)
            .note(|notes| notes.answers = Some(dns::to_list(&dns::answers(evidence))));
    }
    diagnosis
}

/// What only long packets show.
#[derive(Debug, Clone, Copy)]
enum Size {
    /// The same question is answered where segments are short: nothing else differs.
    Segments(u16),
    /// A short answer comes. A device on the path may have sent it.
    Answer,
}

impl Size {
    /// An answer on the ordinary connection, or silence in short segments too, clears the line; so
    /// does an ordinary connection that was not established.
    fn from_control(control: &SizeControl) -> Option<Self> {
        match control.short_segments {
            _ if control.ordinary != Some(false) => None,
            Some(true) => Some(Self::Segments(control.segment_limit)),
            Some(false) => None,
            None => control.short_answer.then_some(Self::Answer),
        }
    }
}

fn is_silence(diagnosis: &Diagnosis) -> bool {
    matches!(diagnosis.code(), Code::TlsSilent | Code::HttpSilent)
}

/// Whether packets of full size arrive: another ClientHello got a ServerHello, whose flight fills
/// them, or something of the answer itself came.
fn gets_long_packets(evidence: &Evidence, sni_control: Option<&SniControl>) -> bool {
    sni_control.is_some_and(|control| others(control).any(|hello| hello.version.is_some()))
        || evidence.attempts.iter().any(has_received)
}

/// The head of an answer in clear is short: only its body counts.
fn has_received(attempt: &Attempt) -> bool {
    let tls = attempt.tls.as_ref().and_then(|tls| tls.value.as_ref());
    let http = attempt.http.as_ref().and_then(|http| http.value.as_ref());
    let counted = attempt.counters.as_ref().filter(|_| attempt.tls.is_some());
    let counted = counted.and_then(|counters| counters.bytes_received);
    attempt.hop.is_none()
        && (counted.is_some_and(|bytes| bytes > 0)
            || tls.is_some_and(|seen| seen.bytes_received > 0)
            || http.is_some_and(|seen| seen.body_bytes > 0))
}

/// A short answer alone accuses no line: a shield on the PC lets it through and holds the rest, a
/// slow line is done with it in time, and a device on the path may have given it.
fn answered_when_short(size: Size, mut diagnosis: Diagnosis) -> Diagnosis {
    let bytes = match size {
        // A status came: the answer was not too long.
        Size::Answer if diagnosis.basis.notes.status.is_some() => return diagnosis,
        Size::Answer => None,
        Size::Segments(bytes) => Some(bytes),
    };
    let how = |bytes| {
        format!("the same question is answered where segments are limited to {bytes} bytes").into()
    };
    match (diagnosis.cause_mut(), bytes) {
        (Cause::TlsSilent { silence } | Cause::HttpSilent { silence }, None) => {
            silence.short_answer = Some(true);
            diagnosis
        }
        (Cause::TlsSilent { .. }, Some(bytes)) => {
            let cause = Cause::TlsMtuBlackhole {
                how: Some(how(bytes)),
                waited_ms: None,
            };
            instead(cause, diagnosis).sure(Confidence::High)
        }
        (Cause::HttpSilent { silence }, Some(bytes)) => {
            silence.how = Some(how(bytes));
            diagnosis.by(Who::Path).sure(Confidence::High)
        }
        _ => diagnosis,
    }
}

/// Confidence in a filter for the name: every ClientHello with the host's own failed, another name
/// was answered. Where only one of two was, chance may have chosen.
fn is_by_name(control: &SniControl, diagnosis: &Diagnosis) -> Option<Confidence> {
    // Where nothing came, the packets may be too long: an alert is too short to tell.
    let is_answered = |hello: &&LegacyHello| match diagnosis.code() {
        Code::TlsSilent => hello.version.is_some(),
        _ => is_answer(hello),
    };
    let mut own = std::iter::once(&control.own).chain(&control.own_again);
    if own.any(is_answer) {
        return None;
    }
    match others(control).filter(is_answered).count() {
        0 => None,
        2 if control.own_again.is_some() => Some(Confidence::High),
        _ => Some(Confidence::Medium),
    }
}

fn others(control: &SniControl) -> impl Iterator<Item = &LegacyHello> {
    std::iter::once(&control.other).chain(&control.other_again)
}

/// A ServerHello or an alert: both show that a TLS server read the ClientHello.
fn is_answer(hello: &LegacyHello) -> bool {
    hello.version.is_some() || hello.alert.is_some()
}

fn filtered_by_name(
    control: &SniControl,
    confidence: Confidence,
    diagnosis: Diagnosis,
) -> Diagnosis {
    let once = confidence != Confidence::High;
    let cause = Cause::TlsSniFiltered {
        control: Some(control.name.as_str().into()),
        heard: once.then(|| "once".into()),
    };
    instead(cause, diagnosis).sure(confidence)
}

/// Another code for the same failure, whose own becomes the cause.
fn instead(cause: Cause, diagnosis: Diagnosis) -> Diagnosis {
    let mut better = Diagnosis::new(cause);
    let own = better.basis.cause.take();
    better.address = diagnosis.address;
    better.basis = match own {
        Some(cause) => diagnosis.basis.explained_by(cause),
        None => diagnosis.basis,
    };
    better
}

/// The name that does not exist and has the host's own addresses.
fn rewritten(evidence: &Evidence) -> Option<&str> {
    let answers = dns::answers(evidence);
    let shared = |address: &IpAddr| answers.contains(address);
    let mut lookups = evidence.random_labels.iter();
    let found = lookups.find(|lookup| dns::addresses_of(lookup).any(|address| shared(&address)))?;
    Some(&found.name)
}

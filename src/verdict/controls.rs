//! What control probes say: they were made after a failure, and each differs in one thing.

use std::net::IpAddr;

use crate::endpoint::{Endpoint, Scheme};
use crate::evidence::{Attempt, Evidence, LegacyHello, SizeControl};
use crate::verdict::claim::Claim;
use crate::verdict::{Code, Confidence, Outcome, Verdict, Who, dns};

/// Name of the fact that the system counts only what waits for its acknowledgement.
pub(super) const UNCOUNTED: &str = "acknowledgements";
/// Failures that a filter for names in greetings may explain.
const CUT_GREETINGS: [Code; 4] = [
    Code::TlsHelloReset,
    Code::TlsHelloDropped,
    Code::TlsSilent,
    Code::TlsClosed,
];
/// Failures behind which somebody else answers in the host's name.
const FOREIGN: [Code; 5] = [
    Code::DnsSinkhole,
    Code::TlsWrongName,
    Code::TlsSelfSigned,
    Code::TlsUntrustedIssuer,
    Code::TlsPlaintext,
];

/// Whether another host that works makes the verdict no surer: it does not tell what was lost.
pub(super) fn stays_doubtful(verdict: &Verdict) -> bool {
    is_one_of(verdict, &[Code::TlsHelloDropped]) && verdict.facts.contains_key(UNCOUNTED)
}

/// Whether another name in the greeting would tell more.
pub(crate) fn wants_other_name(verdict: &Verdict) -> bool {
    is_one_of(verdict, &CUT_GREETINGS)
}

/// Whether shorter packets and a shorter answer would tell more.
pub(crate) fn wants_sizes(endpoint: &Endpoint, verdict: &Verdict) -> bool {
    let in_clear = endpoint.scheme == Scheme::Http;
    is_one_of(verdict, &[Code::TlsSilent]) || (in_clear && is_one_of(verdict, &[Code::HttpSilent]))
}

/// Whether names that do not exist would tell more.
pub(crate) fn wants_random_labels(verdict: &Verdict) -> bool {
    is_one_of(verdict, &FOREIGN)
}

fn is_one_of(verdict: &Verdict, codes: &[Code]) -> bool {
    let code = verdict.code;
    verdict.outcome == Outcome::Blocked && code.is_some_and(|code| codes.contains(&code))
}

/// The claim as the controls leave it.
pub(super) fn hear(evidence: &Evidence, claim: Claim) -> Claim {
    let claim = match evidence.size_control.as_ref().and_then(Size::of) {
        Some(size) if is_silence(&claim) && !gets_long_packets(evidence) => {
            heard_when_short(size, claim)
        }
        _ => claim,
    };
    if CUT_GREETINGS.contains(&claim.code) && is_by_name(evidence, &claim) {
        return filtered_by_name(evidence, claim);
    }
    if FOREIGN.contains(&claim.code)
        && let Some(label) = rewritten(evidence)
    {
        return instead(Claim::new(Code::DnsRewritten), claim)
            .sure(Confidence::High)
            .fact("label", label)
            .fact("answers", dns::words(&dns::answers(evidence)));
    }
    claim
}

/// What only long packets show.
#[derive(Debug, Clone, Copy)]
enum Size {
    /// The same question is answered where segments are short: nothing else differs.
    Segments(u16),
    /// A short answer comes. Somebody on the way may have given it.
    Answer,
}

impl Size {
    /// An answer on the ordinary connection, or silence in short segments too, clears the line.
    fn of(control: &SizeControl) -> Option<Self> {
        match control.short_segments {
            _ if control.ordinary => None,
            Some(true) => Some(Self::Segments(control.segment_limit)),
            Some(false) => None,
            None => control.short_answer.then_some(Self::Answer),
        }
    }
}

fn is_silence(claim: &Claim) -> bool {
    matches!(claim.code, Code::TlsSilent | Code::HttpSilent)
}

/// Whether packets of full size arrive: another greeting got a ServerHello, whose flight fills
/// them, or something of the answer itself came.
fn gets_long_packets(evidence: &Evidence) -> bool {
    let control = evidence.sni_control.as_ref();
    control.is_some_and(|control| control.other.version.is_some())
        || evidence.attempts.iter().any(has_received)
}

fn has_received(attempt: &Attempt) -> bool {
    let counted = attempt.counters.as_ref().and_then(|all| all.bytes_received);
    let tls = attempt.tls.as_ref().and_then(|tls| tls.value.as_ref());
    let http = attempt.http.as_ref().and_then(|http| http.value.as_ref());
    attempt.hop.is_none()
        && (counted.is_some_and(|bytes| bytes > 0)
            || tls.is_some_and(|seen| seen.bytes_received > 0)
            || http.is_some_and(|seen| seen.status != 0))
}

/// A short answer alone accuses no line: a shield on the PC lets it through and holds the rest, a
/// slow line is done with it in time, and a device on the way may have given it.
fn heard_when_short(size: Size, claim: Claim) -> Claim {
    let bytes = match size {
        Size::Answer => return claim.fact("short_answer", true),
        Size::Segments(bytes) => bytes,
    };
    let claim = match claim.code {
        Code::TlsSilent => instead(Claim::new(Code::TlsMtuBlackhole), claim),
        _ => claim.by(Who::Path),
    };
    claim.sure(Confidence::High).fact(
        "how",
        format!("the same question is answered where segments are limited to {bytes} bytes"),
    )
}

fn is_by_name(evidence: &Evidence, claim: &Claim) -> bool {
    // Where nothing came, the packets may be too long: an alert is too short to tell.
    let is_heard = |hello: &LegacyHello| match claim.code {
        Code::TlsSilent => hello.version.is_some(),
        _ => is_answer(hello),
    };
    let control = evidence.sni_control.as_ref();
    control.is_some_and(|control| !is_answer(&control.own) && is_heard(&control.other))
}

/// A ServerHello or an alert: either way something that speaks TLS heard the greeting.
fn is_answer(hello: &LegacyHello) -> bool {
    hello.version.is_some() || hello.alert.is_some()
}

fn filtered_by_name(evidence: &Evidence, claim: Claim) -> Claim {
    let name = evidence
        .sni_control
        .as_ref()
        .map(|control| control.name.as_str());
    instead(Claim::new(Code::TlsSniFiltered), claim)
        .sure(Confidence::High)
        .fact("control", name.unwrap_or_default())
}

/// Another code for the same failure, whose own becomes the cause.
fn instead(mut better: Claim, claim: Claim) -> Claim {
    better.address = claim.address;
    better.facts = claim.facts;
    better.fact("cause", claim.code.id())
}

/// The name that does not exist and has the host's own addresses.
fn rewritten(evidence: &Evidence) -> Option<&str> {
    let answers = dns::answers(evidence);
    let shared = |address: &IpAddr| answers.contains(address);
    let mut lookups = evidence.random_labels.iter();
    let found = lookups.find(|lookup| dns::addresses_of(lookup).any(|address| shared(&address)))?;
    Some(&found.name)
}

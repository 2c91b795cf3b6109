//! What control probes say: they were made after a failure, and each differs in one thing.

use std::net::IpAddr;

use crate::evidence::{Evidence, LegacyHello};
use crate::verdict::claim::Claim;
use crate::verdict::{Code, Confidence, Outcome, Verdict, dns};

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

/// Whether another name in the greeting would tell more.
pub(crate) fn wants_other_name(verdict: &Verdict) -> bool {
    is_one_of(verdict, &CUT_GREETINGS)
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
    if CUT_GREETINGS.contains(&claim.code) && is_by_name(evidence) {
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

fn is_by_name(evidence: &Evidence) -> bool {
    let control = evidence.sni_control.as_ref();
    control.is_some_and(|control| !is_answer(&control.own) && is_answer(&control.other))
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

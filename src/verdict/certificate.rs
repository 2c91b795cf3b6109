//! The certificates of a handshake: who issued them, for whom, and for how long.

use jiff::Timestamp;

use crate::catalog::Catalog;
use crate::endpoint::{Endpoint, Inspection, Issuer};
use crate::evidence::{Attempt, Certificate, TlsSeen, Trust};
use crate::verdict::claim::Claim;
use crate::verdict::tls::Handshake;
use crate::verdict::{Code, Confidence, Facts, Outcome};

/// Organisations that issue for everybody. Root bundles drop their older roots, so a chain of
/// theirs that a bundle does not know is no sign of interception.
pub(super) const PUBLIC_ISSUERS: [&str; 11] = [
    "O=DigiCert Inc",
    "O=Microsoft Corporation",
    "O=Baltimore",
    "O=GlobalSign",
    "O=Sectigo Limited",
    "O=COMODO CA Limited",
    "O=Entrust",
    "O=VeriSign",
    "O=Let's Encrypt",
    "O=Internet Security Research Group",
    "O=Google Trust Services",
];

/// Judges the chain, or gives `None` where none came.
pub(super) fn rule(
    endpoint: &Endpoint,
    attempt: &Attempt,
    seen: &TlsSeen,
    now: Timestamp,
) -> Option<Handshake> {
    let leaf = seen.chain.first()?;
    if let Some(why) = &leaf.unreadable {
        return Some(Handshake::Unknown(format!(
            "the certificate cannot be read ({why})"
        )));
    }
    let judged = match (&seen.public_roots, &seen.os_roots) {
        (Some(Trust::Trusted), _) => named_and_dated(seen, leaf, now, Confidence::Certain),
        (_, Some(Trust::Trusted)) => trusted_here(endpoint, seen, leaf, now),
        _ => untrusted(seen, leaf),
    };
    Some(with_address(judged, attempt))
}

fn with_address(judged: Handshake, attempt: &Attempt) -> Handshake {
    let address = attempt.address.to_string();
    match judged {
        Handshake::Failed(claim) => Handshake::Failed(claim.fact("address", address)),
        Handshake::Inspected(claim) => Handshake::Inspected(claim.fact("address", address)),
        other => other,
    }
}

/// A trusted chain: the name and the dates decide.
fn named_and_dated(
    seen: &TlsSeen,
    leaf: &Certificate,
    now: Timestamp,
    confidence: Confidence,
) -> Handshake {
    if seen.name_matches == Some(false) {
        return Handshake::Failed(wrong_name(leaf));
    }
    if let Some(code) = date_fault(leaf, now) {
        return Handshake::Failed(about(code, leaf).sure(Confidence::Certain));
    }
    let mut facts = Facts::new();
    facts.insert(
        "issuer".to_owned(),
        about(Code::TlsIntercepted, leaf).facts["issuer"].clone(),
    );
    if seen.os_roots == Some(Trust::UnknownIssuer) {
        facts.insert("os_trust".to_owned(), "no root of the system".into());
    }
    Handshake::Genuine { facts, confidence }
}

/// A chain that the system trusts and the public roots do not.
fn trusted_here(
    endpoint: &Endpoint,
    seen: &TlsSeen,
    leaf: &Certificate,
    now: Timestamp,
) -> Handshake {
    if seen.name_matches == Some(false) {
        return Handshake::Failed(wrong_name(leaf));
    }
    if seen.public_roots != Some(Trust::UnknownIssuer) || has_public_issuer(seen) {
        // The public roots could not say: no proof, and no accusation either.
        return named_and_dated(seen, leaf, now, Confidence::Low);
    }
    if !needs_public_issuer(endpoint) {
        return match named_and_dated(seen, leaf, now, Confidence::High) {
            Handshake::Genuine { facts, confidence } => Handshake::Private { facts, confidence },
            other => other,
        };
    }
    let claim = about(Code::TlsIntercepted, leaf)
        .sure(Confidence::Certain)
        .fact("chain", subjects(seen));
    Handshake::Inspected(match (date_fault(leaf, now), endpoint.inspection) {
        (Some(fault), _) => claim.fact("dates", fault.id()),
        (None, Inspection::Forbidden) => claim,
        (None, Inspection::Discouraged) => claim.with_outcome(Outcome::Degraded),
    })
}

/// A chain that nobody trusts.
fn untrusted(seen: &TlsSeen, leaf: &Certificate) -> Handshake {
    if leaf.self_issued {
        return Handshake::Failed(about(Code::TlsSelfSigned, leaf).sure(Confidence::Certain));
    }
    let asked =
        |trust: &Option<Trust>| matches!(trust, Some(Trust::UnknownIssuer | Trust::Refused(_)));
    if !asked(&seen.public_roots) {
        return Handshake::Unknown(
            "no public roots were there to judge the certificate".to_owned(),
        );
    }
    if seen.chain.len() == 1 && seen.public_roots == Some(Trust::UnknownIssuer) {
        return Handshake::Failed(about(Code::TlsIncompleteChain, leaf));
    }
    let claim = about(Code::TlsUntrustedIssuer, leaf).fact("chain", subjects(seen));
    Handshake::Failed(match (objection(seen), asked(&seen.os_roots)) {
        (None, true) => claim.sure(Confidence::Certain),
        (reason, _) => claim
            .fact(
                "objection",
                reason.unwrap_or("the system's roots could not be read"),
            )
            .with_outcome(Outcome::Inconclusive),
    })
}

/// What a verifier objected to beside the issuer: this program may be stricter than Windows.
fn objection(seen: &TlsSeen) -> Option<&str> {
    let stores = [&seen.os_roots, &seen.public_roots];
    stores.into_iter().find_map(|trust| match trust {
        Some(Trust::Refused(reason)) => Some(reason.as_str()),
        _ => None,
    })
}

pub(super) fn wrong_name(leaf: &Certificate) -> Claim {
    let names: Vec<&str> = leaf.names.iter().map(String::as_str).collect();
    let claim = about(Code::TlsWrongName, leaf).sure(Confidence::Certain);
    if names.is_empty() {
        return claim.fact("names", vec![leaf.subject.as_str()]);
    }
    claim.fact("names", names)
}

pub(super) fn date_fault(leaf: &Certificate, now: Timestamp) -> Option<Code> {
    if leaf.not_after.is_some_and(|end| end < now) {
        return Some(Code::TlsExpired);
    }
    if leaf.not_before.is_some_and(|beginning| beginning > now) {
        return Some(Code::TlsNotYetValid);
    }
    None
}

/// Whether the certificate is valid at a time.
pub(super) fn valid_at(leaf: &Certificate, now: Timestamp) -> bool {
    date_fault(leaf, now).is_none()
}

/// Whether an issuer that only this machine trusts is TLS inspection. Reports of older versions do
/// not say it: then the name decides.
pub(super) fn needs_public_issuer(endpoint: &Endpoint) -> bool {
    let known = || Catalog::builtin().issuer_of(&endpoint.host);
    endpoint.issuer.unwrap_or_else(known) == Issuer::Public
}

/// The issuer of a certificate that the system trusts and the public roots do not.
pub(super) fn private_issuer(seen: &TlsSeen) -> Option<&str> {
    let private = seen.os_roots == Some(Trust::Trusted)
        && seen.public_roots == Some(Trust::UnknownIssuer)
        && !has_public_issuer(seen);
    let leaf = seen.chain.first().filter(|_| private)?;
    Some(&leaf.issuer)
}

/// Whether one of the issuers is an organisation that issues for everybody.
pub(super) fn has_public_issuer(seen: &TlsSeen) -> bool {
    let known = |issuer: &str| PUBLIC_ISSUERS.iter().any(|name| issuer.contains(name));
    seen.chain
        .iter()
        .any(|certificate| known(&certificate.issuer))
}

pub(super) fn about(code: Code, leaf: &Certificate) -> Claim {
    let claim = Claim::new(code)
        .fact("issuer", leaf.issuer.as_str())
        .fact("subject", leaf.subject.as_str())
        .fact("sha256", leaf.sha256.as_str());
    let dated = |claim: Claim, name: &str, time: Option<Timestamp>| match time {
        Some(time) => claim.fact(name, time.to_string()),
        None => claim,
    };
    let claim = dated(claim, "not_before", leaf.not_before);
    dated(claim, "not_after", leaf.not_after)
}

fn subjects(seen: &TlsSeen) -> Vec<String> {
    let subject = |certificate: &Certificate| certificate.subject.clone();
    seen.chain.iter().map(subject).collect()
}

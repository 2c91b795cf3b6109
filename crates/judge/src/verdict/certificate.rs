//! The certificates of a handshake: who issued them, for whom, and for how long.

use reach365_model::Timestamp;

use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::types::Handshake;
use reach365_model::cause::{Cause, Leaf};
use reach365_model::endpoint::{Endpoint, Inspection, Issuer};
use reach365_model::evidence::{Attempt, Certificate, TlsSeen, Trust};
use reach365_model::facts::List;
use reach365_model::notes::Notes;
use reach365_model::verdict::{Code, Confidence, Outcome, Who};

/// Organizations that issue public certificates. Root bundles drop their older roots, so a chain of
/// theirs that a bundle does not know is not a sign of interception.
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

/// What a machine lacks that does not trust the private issuer of an entry.
const NOT_INSTALLED: &str = "the list states a private issuer for it, and the operating system does \
                             not trust this one: install the root certificate of the company";

/// Judges the chain, or gives `None` where none came.
pub(super) fn judge(
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
        _ => untrusted(endpoint, seen, leaf),
    };
    Some(with_address(judged, attempt))
}

fn with_address(judged: Handshake, attempt: &Attempt) -> Handshake {
    let address = attempt.address;
    match judged {
        Handshake::Failed(diagnosis) => Handshake::Failed(diagnosis.connected_to(address)),
        Handshake::Inspected(diagnosis) => Handshake::Inspected(diagnosis.connected_to(address)),
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
        return Handshake::Failed(not_named(seen, leaf));
    }
    if let Some(code) = date_fault(leaf, now) {
        return Handshake::Failed(about(code, leaf).sure(Confidence::Certain));
    }
    let unknown = seen.os_roots == Some(Trust::UnknownIssuer);
    let mut notes = Notes::default();
    notes.issuer = Some(leaf.issuer.as_str().into());
    notes.os_trust = unknown.then(|| "no root of the system".into());
    Handshake::Genuine { notes, confidence }
}

/// A chain that the system trusts and the public roots do not.
fn trusted_here(
    endpoint: &Endpoint,
    seen: &TlsSeen,
    leaf: &Certificate,
    now: Timestamp,
) -> Handshake {
    if seen.name_matches == Some(false) {
        return Handshake::Failed(not_named(seen, leaf));
    }
    if seen.public_roots != Some(Trust::UnknownIssuer) || has_public_issuer(seen) {
        // The public roots could not say: no proof, and no accusation either.
        return named_and_dated(seen, leaf, now, Confidence::Low);
    }
    if !needs_public_issuer(endpoint) {
        return match named_and_dated(seen, leaf, now, Confidence::High) {
            Handshake::Genuine { notes, confidence } => Handshake::Private { notes, confidence },
            other => other,
        };
    }
    let fault = date_fault(leaf, now);
    let cause = Cause::TlsIntercepted {
        leaf: with_chain(seen, leaf, None),
        dates: fault,
    };
    let diagnosis = issued(cause, leaf).sure(Confidence::Certain);
    Handshake::Inspected(match (fault, endpoint.inspection) {
        (Some(_), _) | (None, Inspection::Forbidden) => diagnosis,
        (None, Inspection::Discouraged) => diagnosis.with_outcome(Outcome::Degraded),
    })
}

/// A chain that neither store trusts.
fn untrusted(endpoint: &Endpoint, seen: &TlsSeen, leaf: &Certificate) -> Handshake {
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
    let own_root = seen.os_root_named == Some(true) && seen.public_root_named == Some(false);
    if own_root && !has_public_issuer(seen) {
        return Handshake::Failed(rejected_here(endpoint, seen, leaf));
    }
    // What neither store knows by name stays untrusted, whatever else is odd about it.
    let unknown = seen.os_root_named == Some(false) && seen.public_root_named == Some(false);
    let objection = objection(seen).filter(|_| !unknown);
    let alone = seen.chain.len() == 1 && seen.public_roots == Some(Trust::UnknownIssuer);
    // A company's own root may sign for its hosts itself: then one certificate is the whole chain.
    if alone && objection.is_none() && !states_private_issuer(endpoint) {
        return Handshake::Failed(about(Code::TlsIncompleteChain, leaf));
    }
    let untrusted = |objection| {
        let leaf_facts = with_chain(seen, leaf, objection);
        issued(Cause::TlsUntrustedIssuer { leaf: leaf_facts }, leaf)
    };
    Handshake::Failed(match (objection, asked(&seen.os_roots)) {
        (None, true) if states_private_issuer(endpoint) => untrusted(None)
            .sure(Confidence::Certain)
            .by(Who::Tool)
            .with_outcome(Outcome::Inconclusive)
            .note(|notes| notes.own_issuer = Some(NOT_INSTALLED.into())),
        (None, true) => untrusted(None).sure(Confidence::Certain),
        (reason, _) => untrusted(reason.or(Some("the system's roots could not be read")))
            .by(Who::Tool)
            .with_outcome(Outcome::Inconclusive),
    })
}

/// The chain ends below a root that the system has and the public does not, and this program
/// rejects it (SHA-1, a leaf that is an authority, weak keys): Windows may accept it. The service
/// did not issue it. Where inspection is forbidden that is enough; elsewhere it is not known whether
/// the connection works on Windows.
fn rejected_here(endpoint: &Endpoint, seen: &TlsSeen, leaf: &Certificate) -> Diagnosis {
    let reason = objection(seen).unwrap_or("the chain to its root does not verify");
    let intercepted = needs_public_issuer(endpoint);
    let leaf_facts = with_chain(seen, leaf, Some(reason));
    let cause = if intercepted {
        Cause::TlsIntercepted {
            leaf: leaf_facts,
            dates: None,
        }
    } else {
        Cause::TlsUntrustedIssuer { leaf: leaf_facts }
    };
    let diagnosis = issued(cause, leaf).sure(Confidence::Medium);
    match endpoint.inspection {
        Inspection::Forbidden if intercepted => diagnosis,
        _ if intercepted => diagnosis.with_outcome(Outcome::Inconclusive),
        _ => diagnosis.by(Who::Tool).with_outcome(Outcome::Inconclusive),
    }
}

/// What a verifier objected to beside the issuer: this program may be stricter than Windows.
fn objection(seen: &TlsSeen) -> Option<&str> {
    let stores = [&seen.os_roots, &seen.public_roots];
    stores.into_iter().find_map(|trust| match trust {
        Some(Trust::Refused(reason)) => Some(reason.as_str()),
        _ => None,
    })
}

/// A certificate that does not name the host. Windows takes the common name of the subject where
/// the certificate has no other name.
fn not_named(seen: &TlsSeen, leaf: &Certificate) -> Diagnosis {
    match named_by_subject(seen, leaf).filter(|_| leaf.names.is_empty()) {
        Some(name) => {
            let cause = Cause::TlsNoSan {
                leaf: facts_of(leaf),
                common_name: Some(name.into()),
            };
            issued(cause, leaf).sure(Confidence::Certain)
        }
        None => wrong_name(leaf),
    }
}

/// A certificate for other names.
pub(super) fn wrong_name(leaf: &Certificate) -> Diagnosis {
    let names: List = match leaf.names.as_slice() {
        [] => vec![leaf.subject.as_str()].into(),
        names => names.iter().map(String::as_str).collect(),
    };
    let cause = Cause::TlsWrongName {
        leaf: facts_of(leaf),
        names: Some(names),
    };
    issued(cause, leaf).sure(Confidence::Certain)
}

/// The common name of the subject that is the host, or a wildcard for it.
fn named_by_subject<'a>(seen: &TlsSeen, leaf: &'a Certificate) -> Option<&'a str> {
    let host = seen.server_name.as_deref()?;
    let parent = host.split_once('.').map(|(_, parent)| parent);
    let parts = leaf.subject.split(',').map(str::trim);
    let mut names = parts.filter_map(|part| part.strip_prefix("CN="));
    names.find(|name| {
        let wildcard = name.strip_prefix("*.");
        let below =
            wildcard.is_some_and(|name| parent.is_some_and(|it| it.eq_ignore_ascii_case(name)));
        name.eq_ignore_ascii_case(host) || below
    })
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

/// Whether an issuer that only this machine trusts is TLS inspection. Where the issuer is not
/// stated, no party is accused.
pub(super) fn needs_public_issuer(endpoint: &Endpoint) -> bool {
    endpoint.issuer == Some(Issuer::Public)
}

/// Whether the list itself says that an authority of the company's own signs for the host: then
/// an unknown issuer accuses no device on the path.
pub(super) fn states_private_issuer(endpoint: &Endpoint) -> bool {
    endpoint.issuer_stated && endpoint.issuer == Some(Issuer::Private)
}

/// The issuer of a certificate that the system trusts and the public roots do not.
pub(super) fn private_issuer(seen: &TlsSeen) -> Option<&str> {
    let private = seen.os_roots == Some(Trust::Trusted)
        && seen.public_roots == Some(Trust::UnknownIssuer)
        && !has_public_issuer(seen);
    let leaf = seen.chain.first().filter(|_| private)?;
    Some(&leaf.issuer)
}

/// Whether one of the issuers is an organization that issues for everybody.
pub(super) fn has_public_issuer(seen: &TlsSeen) -> bool {
    let known = |issuer: &str| PUBLIC_ISSUERS.iter().any(|name| issuer.contains(name));
    seen.chain
        .iter()
        .any(|certificate| known(&certificate.issuer))
}

pub(super) fn about(code: Code, leaf: &Certificate) -> Diagnosis {
    let mut cause = Cause::bare(code);
    if let Some(facts) = cause.leaf_mut() {
        *facts = facts_of(leaf);
    }
    issued(cause, leaf)
}

/// A diagnosis that says who issued the certificate.
fn issued(cause: Cause, leaf: &Certificate) -> Diagnosis {
    let issuer = leaf.issuer.as_str().into();
    Diagnosis::new(cause).note(|notes| notes.issuer = Some(issuer))
}

fn facts_of(leaf: &Certificate) -> Leaf {
    Leaf {
        subject: Some(leaf.subject.as_str().into()),
        sha256: Some(leaf.sha256.as_str().into()),
        not_before: leaf.not_before.map(|time| time.to_string().into()),
        not_after: leaf.not_after.map(|time| time.to_string().into()),
        ..Leaf::default()
    }
}

fn with_chain(seen: &TlsSeen, leaf: &Certificate, objection: Option<&str>) -> Leaf {
    let subjects = seen
        .chain
        .iter()
        .map(|certificate| certificate.subject.as_str());
    Leaf {
        chain: Some(subjects.collect()),
        objection: objection.map(Into::into),
        ..facts_of(leaf)
    }
}

//! What an answer holds: revocation lists, fixed texts, JSON.

use reach365_model::Timestamp;

use crate::verdict::block_page;
use crate::verdict::diagnosis::{Diagnosis, short};
use crate::verdict::http::{self, Answer};
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{CrlSeen, HttpSeen};
use reach365_model::verdict::{Code, Confidence, Facts, Outcome};

/// Whether an endpoint is part of the connectivity test of Windows.
pub(super) fn is_ncsi(endpoint: &Endpoint) -> bool {
    endpoint.groups.iter().any(|group| group == "ncsi")
}

/// A body that the peer cut off, or that did not end in time.
pub(super) fn truncated(answer: &Answer<'_>) -> Option<Diagnosis> {
    let seen = answer.seen;
    if seen.body_complete {
        return None;
    }
    let announced = seen.announced_length?;
    (answer.cut && announced > seen.body_bytes).then(|| {
        certain(Code::ContentTruncated)
            .fact("announced", announced)
            .fact("received", seen.body_bytes)
    })
}

/// A body that the entry needs, and that is incomplete.
fn unfinished(answer: &Answer<'_>) -> Option<Diagnosis> {
    truncated(answer).or_else(|| {
        let stopped = answer.stalled && !answer.seen.body_complete;
        stopped.then(|| {
            Diagnosis::new(Code::HttpSilent)
                .fact("waited_ms", answer.elapsed_ms)
                .fact("received", answer.seen.body_bytes)
        })
    })
}

/// A certificate revocation list, or a genuine "not found".
pub(super) fn crl(answer: &Answer<'_>) -> Option<Diagnosis> {
    match answer.seen.status {
        200 | 203 | 206 => crl_body(answer),
        404 | 410 => None,
        _ => {
            http::redirected_away(answer).or_else(|| Some(http::other_status(answer, "200 or 404")))
        }
    }
}

fn crl_body(answer: &Answer<'_>) -> Option<Diagnosis> {
    if let Some(diagnosis) = unfinished(answer) {
        return Some(diagnosis);
    }
    match &answer.seen.crl {
        Some(list) if list.valid => crl_expired(list, answer.seen),
        _ => Some(not_a_crl(answer)),
    }
}

fn not_a_crl(answer: &Answer<'_>) -> Diagnosis {
    let diagnosis = certain(Code::ContentNotCrl).fact("page", block_page::described(answer.seen));
    softened(diagnosis, answer)
}

fn crl_expired(list: &CrlSeen, seen: &HttpSeen) -> Option<Diagnosis> {
    let due: Timestamp = list.next_update?;
    let received = seen.received?;
    (due < received).then(|| {
        let mut diagnosis = certain(Code::ContentCrlExpired);
        diagnosis.facts = crl_facts(seen);
        diagnosis
    })
}

/// Whose list it is, and when the next one is due.
pub(super) fn crl_facts(seen: &HttpSeen) -> Facts {
    let Some(list) = seen.crl.as_ref().filter(|list| list.valid) else {
        return Facts::new();
    };
    let issuer = list.issuer.as_deref().map(short);
    let due = list.next_update.map(|due| due.to_string());
    let facts = [("crl_issuer", issuer), ("next_update", due)];
    let known = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    known.collect()
}

/// A fixed text.
pub(super) fn body(answer: &Answer<'_>, wanted: &str) -> Option<Diagnosis> {
    let seen = answer.seen;
    let ncsi = is_ncsi(answer.endpoint);
    if seen.status == 200 && seen.body_text.trim() == wanted.trim() {
        return None;
    }
    if let Some(diagnosis) = http::redirected_away(answer) {
        return Some(diagnosis);
    }
    if seen.status != 200 {
        return Some(other_status(answer, wanted, ncsi));
    }
    unfinished(answer).or_else(|| Some(mismatch(answer, wanted, ncsi)))
}

fn other_status(answer: &Answer<'_>, wanted: &str, ncsi: bool) -> Diagnosis {
    let diagnosis = http::other_status(answer, "200");
    if ncsi && diagnosis.code == Code::HttpUnexpectedStatus {
        return mismatch(answer, wanted, ncsi);
    }
    diagnosis
}

fn mismatch(answer: &Answer<'_>, wanted: &str, ncsi: bool) -> Diagnosis {
    let code = if ncsi {
        Code::NcsiWrongContent
    } else {
        Code::ContentMismatch
    };
    let diagnosis = certain(code)
        .fact("expected", short(wanted))
        .fact("page", block_page::described(answer.seen));
    softened(diagnosis, answer)
}

/// A key of a JSON object.
pub(super) fn json_key(answer: &Answer<'_>, key: &str) -> Option<Diagnosis> {
    if answer.seen.json_keys.iter().any(|known| known == key) {
        return None;
    }
    if let Some(diagnosis) = http::redirected_away(answer) {
        return Some(diagnosis);
    }
    if answer.seen.status != 200 {
        return Some(http::other_status(answer, "200"));
    }
    let wanted = format!("the JSON key `{key}`");
    unfinished(answer).or_else(|| {
        let cut_by_us = !answer.seen.body_complete && answer.seen.body_text.starts_with('{');
        (!cut_by_us).then(|| mismatch(answer, &wanted, false))
    })
}

/// What the host itself sent over a genuine chain is not a block by another party.
fn softened(diagnosis: Diagnosis, answer: &Answer<'_>) -> Diagnosis {
    match answer.channel {
        channel if channel.is_proven() => diagnosis.with_outcome(Outcome::Degraded),
        _ => diagnosis,
    }
}

fn certain(code: Code) -> Diagnosis {
    Diagnosis::new(code).sure(Confidence::Certain)
}

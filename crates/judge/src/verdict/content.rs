//! What an answer holds: revocation lists, fixed texts, JSON.

use reach365_model::Timestamp;

use crate::verdict::block_page;
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::http;
use crate::verdict::types::Answer;
use reach365_model::cause::{Cause, Silence};
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{CrlSeen, HttpSeen};
use reach365_model::notes::Notes;
use reach365_model::verdict::{Code, Outcome};

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
        Diagnosis::certain(Cause::ContentTruncated {
            announced: Some(announced),
            received: Some(seen.body_bytes),
        })
    })
}

/// A body that the entry needs, and that is incomplete.
fn unfinished(answer: &Answer<'_>) -> Option<Diagnosis> {
    truncated(answer).or_else(|| {
        let stopped = answer.stalled && !answer.seen.body_complete;
        stopped.then(|| {
            let silence = Silence {
                waited_ms: Some(answer.elapsed_ms),
                received: Some(answer.seen.body_bytes),
                ..Silence::default()
            };
            Diagnosis::new(Cause::HttpSilent { silence })
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
    let page = block_page::described(answer.seen).into();
    let diagnosis = Diagnosis::certain(Code::ContentNotCrl).note(|notes| notes.page = Some(page));
    softened(diagnosis, answer)
}

fn crl_expired(list: &CrlSeen, seen: &HttpSeen) -> Option<Diagnosis> {
    let due: Timestamp = list.next_update?;
    let received = seen.received?;
    (due < received)
        .then(|| Diagnosis::certain(Code::ContentCrlExpired).note(|notes| note_crl(notes, seen)))
}

/// Whose list it is, and when the next one is due.
pub(super) fn note_crl(notes: &mut Notes, seen: &HttpSeen) {
    let Some(list) = seen.crl.as_ref().filter(|list| list.valid) else {
        return;
    };
    notes.crl_issuer = list.issuer.as_deref().map(Into::into);
    notes.next_update = list.next_update.map(|due| due.to_string().into());
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
    if ncsi && diagnosis.code() == Code::HttpUnexpectedStatus {
        return mismatch(answer, wanted, ncsi);
    }
    diagnosis
}

fn mismatch(answer: &Answer<'_>, wanted: &str, ncsi: bool) -> Diagnosis {
    let expected = Some(wanted.into());
    let cause = if ncsi {
        Cause::NcsiWrongContent { expected }
    } else {
        Cause::ContentMismatch {
            expected,
            location_host: None,
        }
    };
    let page = block_page::described(answer.seen).into();
    let diagnosis = Diagnosis::certain(cause).note(|notes| notes.page = Some(page));
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

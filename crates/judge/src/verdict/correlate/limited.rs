//! Silence beside ICMP messages that a device limits.
//!
//! Routers and firewalls send so many ICMP messages a second and no more: of several connections that
//! one rule rejects, some are told so and the others are silent. Both are one cause, with the device
//! that answered. It stands before equal causes are put together, which would make two of them.

use crate::verdict::correlate::collapse::shared;
use crate::verdict::correlate::results::{blocked_by, free, hosts};
use crate::verdict::effects::Effects;
use crate::verdict::types::{Context, Judged};
use reach365_model::evidence::{Attempt, FailureKind};
use reach365_model::verdict::{Code, Confidence};

/// So many hosts must have been told.
const TOLD: usize = 2;
/// A message for the first request comes within this; a later one answers a request that was sent
/// again, so that the first got none.
const FIRST_MS: f64 = 900.0;
/// What ICMP messages say of a connection.
const SAID: [Code; 3] = [
    Code::TcpAdminProhibited,
    Code::TcpRefused,
    Code::TcpUnreachable,
];

/// Finds connections that one device rejects, be it with a message or, for want of more messages, in
/// silence.
pub(super) fn find(context: &Context<'_>, rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    let mut taken: Vec<usize> = Vec::new();
    for code in SAID {
        let told = free(rows, |row| blocked_by(row, &[code]) && is_told(row));
        let Some(first) = told.first().copied() else {
            continue;
        };
        let culprit = rows[first].verdict.culprit.clone();
        let told = told.into_iter();
        let told: Vec<usize> = told
            .filter(|place| rows[*place].verdict.culprit == culprit)
            .collect();
        let mut silent = free(rows, |row| {
            blocked_by(row, &[Code::TcpDropped]) && told.iter().any(|it| are_alike(row, &rows[*it]))
        });
        silent.retain(|place| !taken.contains(place));
        let is_limited = told.iter().any(|place| is_limited(&rows[*place]));
        if hosts(rows, &told).len() < TOLD || silent.is_empty() || !is_limited {
            continue;
        }
        let mut places = [told, silent].concat();
        places.sort_unstable();
        effects.find(shared(context, code, first, &places, rows));
        effects.explain(rows, &places, code);
        taken.extend(places);
    }
    effects
}

/// Whether a device on the path said in an ICMP message that it rejects the connection.
fn is_told(row: &Judged<'_>) -> bool {
    let verdict = &row.verdict;
    let address = verdict.culprit.as_ref().and_then(|it| it.address);
    verdict.confidence == Confidence::Certain && row.has_icmp() && address.is_some()
}

/// Whether two endpoints were tried on one port, directly and over one address family.
fn are_alike(one: &Judged<'_>, other: &Judged<'_>) -> bool {
    let family = |row: &Judged<'_>| {
        let mut direct = row.evidence.attempts.iter().filter(|it| it.hop.is_none());
        direct.next().map(|it| it.address.is_ipv6())
    };
    one.endpoint.port == other.endpoint.port
        && family(one).is_some()
        && family(one) == family(other)
}

/// Whether the device left a request for a connection without a message.
fn is_limited(row: &Judged<'_>) -> bool {
    let silent = |attempt: &Attempt| {
        let failure = attempt.tcp.failure.as_ref();
        failure.is_some_and(|it| it.kind == FailureKind::Timeout)
    };
    let late = |attempt: &Attempt| attempt.icmp.is_some() && attempt.tcp.elapsed_ms >= FIRST_MS;
    let mut attempts = row.evidence.attempts.iter();
    attempts.any(|attempt| silent(attempt) || late(attempt))
}

//! What the run knows about a single result.

use crate::verdict::control_probe::ceiling;
use crate::verdict::correlate::results::{blocked_by, finding, free, is_genuine};
use crate::verdict::correlate::{control_host, uncontrolled};
use crate::verdict::diagnosis::{Diagnosis, whole_ms};
use crate::verdict::effects::Effects;
use crate::verdict::known_names::KnownNames;
use crate::verdict::tcp::{self, has_no_route};
use crate::verdict::types::{Context, Judged};
use crate::verdict::{attempt, content, skipped};
use reach365_model::cause::Cause;
use reach365_model::endpoint::Scheme;
use reach365_model::evidence::{Attempt, FailureKind, Stage};
use reach365_model::verdict::{Code, Confidence, Outcome};

/// A connection that takes longer may be slow.
pub(super) const SLOW_CONNECT_MS: f64 = 1_000.0;
/// And is slow when it takes this many times the median of the run.
pub(super) const SLOW_CONNECT_RATIO: f64 = 5.0;

/// "Network unreachable" at once means that this machine has no route, unless it reaches others
/// of the same family: then the network said so, or this host has a route of its own.
pub(super) fn tell_routes_apart(rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    if !rows.iter().any(connects_over_ipv4) {
        return effects;
    }
    let stuck = |row: &Judged<'_>| {
        let attempts = &row.evidence.attempts;
        let ipv4 = attempts.iter().any(|attempt| attempt.address.is_ipv4());
        row.verdict.code() == Some(Code::DeviceNoRoute) && ipv4
    };
    for place in free(rows, stuck) {
        let row = &rows[place];
        // An IPv6 connection without a route says nothing about IPv4.
        let attempts = row.evidence.attempts.iter();
        let mut ipv4 = attempts.filter(|attempt| attempt.address.is_ipv4());
        if ipv4.clone().any(has_no_route) {
            effects.verdict(rows, place).outcome = Outcome::Blocked;
            continue;
        }
        if ipv4.any(has_no_address) {
            continue;
        }
        let confidence = row.verdict.confidence;
        effects.recode(rows, place, Code::TcpUnreachable, confidence);
    }
    effects
}

/// The machine's own want, whatever the network is like.
fn has_no_address(attempt: &Attempt) -> bool {
    let failure = attempt.tcp.failure.as_ref();
    failure.is_some_and(|failure| failure.kind == FailureKind::AddressNotAvailable)
}

fn connects_over_ipv4(row: &Judged<'_>) -> bool {
    let works = |attempt: &Attempt| attempt.address.is_ipv4() && attempt.tcp.passed();
    row.evidence.attempts.iter().any(works)
}

/// Slow by the clock, and by comparison with other connections of the same address family: a long
/// path alone is not `tcp-slow`, and the first packets of a family may wait for neighbor discovery.
pub(super) fn slow_connections(rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    let medians = [false, true].map(|ipv6| median_connect(rows, ipv6));
    for place in free(rows, |row| row.verdict.outcome == Outcome::Reachable) {
        let row = &rows[place];
        let Some(basis) = attempt::basis(row.evidence, row.address()) else {
            continue;
        };
        // A retransmitted packet was lost, which is not slowness.
        let Some(elapsed) = tcp::round_trip_ms(basis) else {
            continue;
        };
        let Some(median) = medians[usize::from(basis.address.is_ipv6())] else {
            continue;
        };
        if elapsed > SLOW_CONNECT_MS && elapsed > SLOW_CONNECT_RATIO * median {
            let cause = Cause::TcpSlow {
                tcp_ms: Some(whole_ms(elapsed)),
                median_ms: Some(whole_ms(median)),
            };
            effects.recode(rows, place, cause, Confidence::Medium);
        }
    }
    effects
}

fn median_connect(rows: &[Judged<'_>], ipv6: bool) -> Option<f64> {
    let attempts = rows.iter().flat_map(|row| &row.evidence.attempts);
    let attempts = attempts.filter(|attempt| attempt.address.is_ipv6() == ipv6);
    let mut times: Vec<f64> = attempts.filter_map(tcp::round_trip_ms).collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len().saturating_sub(1) / 2).copied()
}

/// A repeated failure beside a control that passed has high confidence: another host that answers
/// on the same path and port, or for DNS another name that resolves.
pub(super) fn strengthen(
    context: &Context<'_>,
    known: &KnownNames,
    rows: &[Judged<'_>],
) -> Effects {
    let mut effects = Effects::default();
    let repeated = |row: &Judged<'_>| {
        row.verdict.outcome == Outcome::Blocked && row.verdict.confidence == Confidence::Medium
    };
    for place in free(rows, repeated) {
        let row = &rows[place];
        let most = row.verdict.code();
        let most = most.map_or(Confidence::Medium, |code| ceiling(code, row.verdict));
        if most >= Confidence::High && has_control(context, known, rows, row) {
            effects.verdict(rows, place).confidence = Confidence::High;
        }
    }
    effects
}

fn has_control(
    context: &Context<'_>,
    known: &KnownNames,
    rows: &[Judged<'_>],
    row: &Judged<'_>,
) -> bool {
    if row.verdict.stage == Some(Stage::Dns) {
        return known.confirms(&row.endpoint.host, row.evidence);
    }
    let Some(code) = control_host::cause(row) else {
        return false;
    };
    let works = |other: &Judged<'_>| {
        other.endpoint.host != row.endpoint.host
            && is_genuine(other)
            && other.endpoint.port == row.endpoint.port
            && uncontrolled::passes(context, row, code, other)
    };
    rows.iter().any(works)
}

/// What fails at the connectivity test of Windows has the name that Windows admins know; the
/// stage and the culprit stay those of the cause.
pub(super) fn connectivity_test(rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    let fails = |row: &Judged<'_>| {
        let known = [
            Code::NcsiBlocked,
            Code::NcsiWrongContent,
            Code::NcsiDnsWrong,
        ];
        row.endpoint.scheme == Scheme::Http
            && content::is_ncsi(row.endpoint)
            && row.verdict.outcome == Outcome::Blocked
            && !blocked_by(row, &known)
    };
    for place in free(rows, fails) {
        let row = &rows[place];
        let verdict = effects.verdict(rows, place);
        let Some(stage) = verdict.stage.filter(|_| verdict.code().is_some()) else {
            continue;
        };
        let basis = std::mem::take(&mut verdict.basis);
        verdict.basis = basis.explained_by(Code::NcsiBlocked.into());
        verdict.summary = verdict.basis.sentence(stage, row.endpoint);
        skipped::tell_redirect(row.evidence, verdict);
    }
    effects
}

/// A wrong msoid record concerns every user of the domain: a finding of its own.
pub(super) fn msoid(rows: &[Judged<'_>]) -> Effects {
    let is_wrong = |row: &Judged<'_>| {
        let judged = row.evidence.msoid.is_some() && row.verdict.code().is_some();
        judged && row.verdict.outcome != Outcome::Inconclusive
    };
    let places = free(rows, is_wrong).into_iter();
    places
        .filter_map(|place| {
            let verdict = &rows[place].verdict;
            let diagnosis = Diagnosis::of(verdict, verdict.code()?).with_outcome(verdict.outcome);
            let mut found = finding(diagnosis, rows, &[place]);
            found.summary.clone_from(&verdict.summary);
            Some(found)
        })
        .collect()
}

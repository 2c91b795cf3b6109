//! The clock of this machine against the Date headers of the answers.

use reach365_model::Timestamp;

use crate::verdict::certificate;
use crate::verdict::correlate::results::{blocked_by, finding, free};
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::effects::Effects;
use crate::verdict::types::Judged;
use reach365_model::cause::Cause;
use reach365_model::endpoint::Host;
use reach365_model::evidence::{Attempt, HttpSeen};
use reach365_model::verdict::{Code, Confidence, Outcome, Who};

/// Hosts that must agree on the time: two servers with wrong clocks must not accuse this machine.
pub(super) const HOSTS: usize = 3;
/// A clock that is off by more is wrong: Kerberos and the sign-in tolerate less.
pub(super) const SKEW_SECONDS: i64 = 300;
/// Clocks that differ by no more agree; beyond it, certificates may seem out of date.
pub(super) const AGREE_SECONDS: i64 = 60;

/// Finds a wrong clock, and the certificates that it makes seem invalid.
pub(super) fn find(rows: &[Judged<'_>]) -> Effects {
    let mut skews = skews(rows);
    if skews.len() < HOSTS {
        return doubt(rows);
    }
    skews.sort_unstable();
    let skew = skews[skews.len() / 2];
    let agreeing = skews
        .iter()
        .filter(|other| (*other - skew).abs() <= AGREE_SECONDS);
    if skew.abs() <= AGREE_SECONDS || agreeing.count() < HOSTS {
        return Effects::default();
    }
    let explained = free(rows, |row| is_explained(row, skew));
    if explained.is_empty() && skew.abs() <= SKEW_SECONDS {
        return Effects::default();
    }
    let outcome = if explained.is_empty() {
        Outcome::Degraded
    } else {
        Outcome::Blocked
    };
    let cause = Cause::DeviceClockSkew {
        skew_seconds: Some(skew.unsigned_abs()),
        direction: Some(if skew > 0 { "ahead" } else { "behind" }.into()),
    };
    let diagnosis = Diagnosis::certain(cause)
        .with_outcome(outcome)
        .note(|notes| notes.hosts = Some(skews.len() as u64));
    let mut effects = Effects::default();
    effects.explain(rows, &explained, Code::DeviceClockSkew);
    effects.find(finding(diagnosis, rows, &explained));
    effects
}

/// With too few hosts for confidence, an answer that tells another time than this machine makes its
/// own certificate's dates uncertain.
fn doubt(rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    for (place, row) in rows.iter().enumerate() {
        let Some(skew) = row.evidence.attempts.iter().find_map(skew_of) else {
            continue;
        };
        if skew.abs() <= SKEW_SECONDS || !is_explained(row, skew) {
            continue;
        }
        let verdict = effects.verdict(rows, place);
        verdict.confidence = Confidence::Low;
        verdict.basis.notes.clock_differs_seconds = Some(skew);
        if let Some(culprit) = &mut verdict.culprit {
            culprit.who = Who::Device;
        }
    }
    effects
}

/// Local time minus the time of each host, in seconds; a host counts once.
fn skews(rows: &[Judged<'_>]) -> Vec<i64> {
    let mut seen: Vec<&Host> = Vec::new();
    let mut skews = Vec::new();
    for row in rows {
        let host = &row.endpoint.host;
        if seen.contains(&host) {
            continue;
        }
        if let Some(skew) = row.evidence.attempts.iter().find_map(skew_of) {
            seen.push(host);
            skews.push(skew);
        }
    }
    skews
}

fn skew_of(attempt: &Attempt) -> Option<i64> {
    let seen = attempt.http.as_ref()?.value.as_ref()?;
    let received = seen.received?;
    Some(received.seconds_since(date_header(seen)?))
}

/// The time that an answer tells: its date, and how long a cache has held it.
fn date_header(seen: &HttpSeen) -> Option<Timestamp> {
    let date = seen.headers.get("date")?;
    let date = Timestamp::from_http_date(date)?;
    let age = seen
        .headers
        .get("age")
        .and_then(|age| age.trim().parse::<u32>().ok());
    date.checked_add_ms(i64::from(age.unwrap_or(0)) * 1_000)
}

/// Whether a certificate that seems out of date is in date by the corrected clock.
fn is_explained(row: &Judged<'_>, skew: i64) -> bool {
    if !blocked_by(row, &[Code::TlsExpired, Code::TlsNotYetValid]) {
        return false;
    }
    let in_date = |attempt: &Attempt| {
        let http = attempt.http.as_ref().and_then(|http| http.value.as_ref());
        let received = http.and_then(|seen| seen.received)?;
        let now = received.checked_add_ms(skew.checked_mul(-1_000)?)?;
        let tls = attempt.tls.as_ref()?.value.as_ref()?;
        Some(certificate::valid_at(tls.chain.first()?, now))
    };
    row.evidence
        .attempts
        .iter()
        .filter_map(in_date)
        .any(|valid| valid)
}

//! Limits of the caller's own that are shorter than usual: silence within them accuses no party.

use reach365_model::evidence::{Attempt, Failure, FailureKind, RunEvidence, Stage};
use reach365_model::options::Timeouts;

/// Why a silence is not evidence: the caller's limit ended the wait.
pub(super) fn shortened_for(run: &RunEvidence, stage: Stage, failure: &Failure) -> Option<String> {
    let shortened_for = run.short_limits.get(&stage)?;
    if failure.kind != FailureKind::Timeout {
        return None;
    }
    let usual = Timeouts::usual_ms(stage).unwrap_or_default();
    Some(format!(
        "no answer at the {stage} stage within {}, the limit that --timeout set; the usual limit is {}",
        seconds(*shortened_for),
        seconds(usual)
    ))
}

/// The same for a connection. What a device on the path said stands.
pub(super) fn shortened(run: &RunEvidence, attempt: &Attempt) -> Option<String> {
    if attempt.icmp.is_some() {
        return None;
    }
    let failures = [
        (Stage::Tcp, attempt.tcp.failure.as_ref()),
        (
            Stage::Tls,
            attempt
                .proxy_tls
                .as_ref()
                .and_then(|it| it.failure.as_ref()),
        ),
        (
            Stage::Proxy,
            attempt.proxy.as_ref().and_then(|it| it.failure.as_ref()),
        ),
        (
            Stage::Tls,
            attempt.tls.as_ref().and_then(|it| it.failure.as_ref()),
        ),
        (
            Stage::Http,
            attempt.http.as_ref().and_then(|it| it.failure.as_ref()),
        ),
    ];
    let mut waits = failures
        .into_iter()
        .filter_map(|(stage, failure)| shortened_for(run, stage, failure?));
    waits.next()
}

fn seconds(ms: u64) -> String {
    format!("{} s", ms as f64 / 1_000.0)
}

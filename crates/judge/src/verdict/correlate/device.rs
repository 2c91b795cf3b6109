//! This machine has no network, or no route out.

use crate::verdict::correlate::results::{connected, finding};
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::effects::Effects;
use crate::verdict::tcp::{self, AT_ONCE_MS};
use crate::verdict::types::{Context, Judged};
use crate::verdict::{dns, network};
use reach365_model::evidence::{Attempt, FailureKind};
use reach365_model::verdict::{Code, Confidence, Outcome};

/// Finds that no packet can leave this machine; then no result accuses a party.
pub(super) fn find(context: &Context<'_>, rows: &[Judged<'_>]) -> Effects {
    let Some(code) = cause(context, rows) else {
        return Effects::default();
    };
    let not_skipped = |(place, row): (usize, &Judged<'_>)| {
        (row.verdict.outcome != Outcome::Skipped).then_some(place)
    };
    let places: Vec<usize> = rows.iter().enumerate().filter_map(not_skipped).collect();
    let diagnosis = Diagnosis::new(code).sure(Confidence::High);
    let mut effects = Effects::default();
    effects.explain_as_inconclusive(rows, &places, code);
    effects.find(finding(diagnosis, rows, &places));
    effects.ends = true;
    effects
}

/// Why no packet can leave this machine.
pub(super) fn cause(context: &Context<'_>, rows: &[Judged<'_>]) -> Option<Code> {
    let run = context.run;
    if rows.is_empty() || rows.iter().any(connected) || network::is_test_bench(run) {
        return None;
    }
    let no_address = run.ipv4 == Some(false) && run.ipv6 == Some(false);
    if no_address && !rows.iter().any(was_answered) {
        return Some(Code::DeviceNoNetwork);
    }
    let tried = |row: &&Judged<'_>| was_tried(row);
    let stuck = rows.iter().any(was_tried) && rows.iter().filter(tried).all(has_no_route);
    stuck.then_some(Code::DeviceNoRoute)
}

/// Whether a record came, which a local stub resolver without a network cannot give.
fn was_answered(row: &Judged<'_>) -> bool {
    row.evidence.hosts_file.is_empty() && !dns::answers(row.evidence).is_empty()
}

fn was_tried(row: &Judged<'_>) -> bool {
    !row.evidence.lookups.is_empty() || !row.evidence.attempts.is_empty()
}

fn has_no_route(row: &Judged<'_>) -> bool {
    let attempts = &row.evidence.attempts;
    if attempts.is_empty() {
        return dns::has_no_route(row.evidence);
    }
    attempts.iter().all(stuck)
}

fn stuck(attempt: &Attempt) -> bool {
    let failure = attempt.tcp.failure.as_ref();
    let kind = failure.map(|failure| failure.kind);
    let no_way = matches!(
        kind,
        Some(FailureKind::NetworkUnreachable | FailureKind::AddressNotAvailable)
    );
    tcp::has_no_route(attempt) || (no_way && attempt.tcp.elapsed_ms < AT_ONCE_MS)
}

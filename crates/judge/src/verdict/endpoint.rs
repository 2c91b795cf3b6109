//! One endpoint, by its own evidence: the stages in the order of the path, each asked once.

use crate::verdict::diagnosis;
use crate::verdict::network::GenuineAddresses;
use crate::verdict::types::Context;
use crate::verdict::{closed, dns, hops, host, msoid, route, skipped, trace, user_agent};
use reach365_model::endpoint::{Endpoint, MustBe, Scheme};
use reach365_model::evidence::{Attempt, Evidence, StopReason};
use reach365_model::verdict::{Outcome, Verdict};

/// Judges one endpoint by its own evidence; `correlate` then looks at the whole run.
///
/// An entry with `must-be = "blocked"` gives `blocked` by [`Code::PolicyOpen`](reach365_model::verdict::Code::PolicyOpen) where the host
/// answers. That it is closed takes a control that works, which `correlate` knows: until then such
/// an entry is `inconclusive`, unless a device on the path said itself that it denies the host.
pub fn judge(endpoint: &Endpoint, evidence: &Evidence, context: &Context<'_>) -> Verdict {
    judge_with(endpoint, evidence, context, &GenuineAddresses::default())
}

/// Judges one endpoint, knowing where in the run genuine answers came from.
pub(super) fn judge_with(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    genuine_addresses: &GenuineAddresses,
) -> Verdict {
    let verdict = judge_as_open(endpoint, evidence, context, genuine_addresses);
    match endpoint.must_be {
        MustBe::Reachable => verdict,
        MustBe::Blocked => closed::judge(endpoint, evidence, context, verdict),
    }
}

/// Judges an endpoint as one that must be reachable, whatever the list says.
pub(super) fn judge_as_open(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    genuine_addresses: &GenuineAddresses,
) -> Verdict {
    if let Some(reason) = &evidence.skipped {
        return skipped::verdict(endpoint, reason);
    }
    if let Some(why) = settings_unread(evidence, context) {
        return diagnosis::inconclusive(endpoint, &why);
    }
    let verdict = match (&evidence.msoid, endpoint.scheme) {
        (Some(msoid), _) => msoid::judge(endpoint, msoid, context),
        (None, Scheme::Dns) => dns::judge(endpoint, evidence, context.run),
        _ => on_the_path(endpoint, evidence, context, genuine_addresses),
    };
    let verdict = unless_cut_short(endpoint, evidence, verdict);
    let mut verdict = trace::locate(evidence, verdict);
    skipped::tell_redirect(evidence, &mut verdict);
    verdict
}

/// Why the proxy settings do not tell the route to an endpoint. Taking another one would show what
/// clients do not do.
fn settings_unread(evidence: &Evidence, context: &Context<'_>) -> Option<String> {
    if let Some(why) = &context.run.proxy_settings_unread {
        return Some(format!(
            "the proxy settings of this machine could not be read ({why})"
        ));
    }
    let why = evidence.ways.first()?.unreadable.as_ref()?;
    Some(format!("what names the proxy cannot be read ({why})"))
}

/// Judges the route that was taken, then the settings that chose it.
fn on_the_path(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    genuine_addresses: &GenuineAddresses,
) -> Verdict {
    let verdict = hops::judge(endpoint, evidence, context, genuine_addresses);
    let verdict = user_agent::consider(endpoint, evidence, verdict);
    route::consider(endpoint, evidence, context, verdict)
}

/// Judges some of the direct connections alone.
pub(super) fn judge_attempts(
    endpoint: &Endpoint,
    evidence: &Evidence,
    attempts: &[&Attempt],
    context: &Context<'_>,
) -> Verdict {
    let none = GenuineAddresses::default();
    let verdict = host::judge(endpoint, evidence, attempts, context, &none);
    unless_cut_short(endpoint, evidence, verdict)
}

/// A probe that was cut short accuses no party; a genuine answer counts.
fn unless_cut_short(endpoint: &Endpoint, evidence: &Evidence, verdict: Verdict) -> Verdict {
    let Some(reason) = evidence.cut_short else {
        return verdict;
    };
    if matches!(verdict.outcome, Outcome::Reachable | Outcome::Degraded) {
        return verdict;
    }
    let why = match reason {
        StopReason::Deadline => "the time limit of the run passed before the probe was done",
        StopReason::NoSocket => "this machine refused another socket",
    };
    diagnosis::inconclusive(endpoint, why)
}

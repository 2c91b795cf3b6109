//! The settings that chose the route: a script that failed, and a route that is closed while
//! another works.

use crate::verdict::diagnosis::{self, Diagnosis};
use crate::verdict::hops;
use crate::verdict::network::GenuineAddresses;
use crate::verdict::types::Context;
use reach365_model::cause::{BetterRoute, Cause, FailedScript};
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{
    Evidence, OtherRoute, RouteCandidate, ScriptFailure, ScriptFailureKind, Stage,
};
use reach365_model::facts::OtherRouteResult;
use reach365_model::verdict::{Code, Confidence, Outcome, Verdict};
use reach365_proxy::route::{Hop, Origin, Route};

/// Looks at a verdict with the settings in mind that led to it.
pub(super) fn consider(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    mut verdict: Verdict,
) -> Verdict {
    let others = other_routes(endpoint, evidence, context);
    if !others.is_empty() {
        let others = others.iter().map(OtherRouteVerdict::to_fact);
        verdict.basis.notes.other_ways = Some(others.collect());
    }
    let Some(taken) = evidence.ways.first() else {
        return verdict;
    };
    if let Some(failure) = &taken.script_failure {
        return script_failed(endpoint, taken, failure, verdict);
    }
    if !taken.changes_with.is_empty() {
        return unstable(endpoint, taken, &others, verdict);
    }
    match others.iter().find(|other| other.is_working_proxy()) {
        Some(working) if is_closed(&verdict) && went_directly(taken, &verdict) => {
            wrong_way(endpoint, evidence, taken, working, verdict)
        }
        _ => verdict,
    }
}

/// The result of another route.
struct OtherRouteVerdict<'a> {
    control: &'a OtherRoute,
    verdict: Verdict,
}

fn other_routes<'a>(
    endpoint: &Endpoint,
    evidence: &'a Evidence,
    context: &Context<'_>,
) -> Vec<OtherRouteVerdict<'a>> {
    let judged = |control: &'a OtherRoute| OtherRouteVerdict {
        control,
        verdict: hops::judge(
            endpoint,
            &control.evidence,
            context,
            &GenuineAddresses::default(),
        ),
    };
    evidence.controls.iter().map(judged).collect()
}

/// What came of the host on each known route beside the one that was taken, by the route's name.
pub(super) fn beside(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
) -> Vec<(String, Verdict)> {
    let others = other_routes(endpoint, evidence, context).into_iter();
    others.map(|other| (other.name(), other.verdict)).collect()
}

impl OtherRouteVerdict<'_> {
    fn is_working_proxy(&self) -> bool {
        let works = matches!(self.verdict.outcome, Outcome::Reachable | Outcome::Degraded);
        works && !self.control.way.route.is_direct()
    }

    /// `direct`, `machine PROXY proxy.example:8080`.
    fn name(&self) -> String {
        let candidate = &self.control.way;
        if candidate.route.is_direct() {
            return candidate.view.clone();
        }
        format!("{} {}", candidate.view, route_text(&candidate.route))
    }

    /// `direct: reachable`, `machine PROXY proxy.example:8080: blocked (proxy-denied)`.
    fn to_fact(&self) -> OtherRouteResult {
        OtherRouteResult {
            name: self.name().into(),
            outcome: self.verdict.outcome,
            code: self.verdict.code(),
        }
    }
}

/// Hops as a script answers them.
pub(super) fn route_text(route: &Route) -> String {
    route.hop_words().join("; ")
}

fn is_closed(verdict: &Verdict) -> bool {
    matches!(verdict.outcome, Outcome::Blocked | Outcome::Inconclusive)
}

fn went_directly(taken: &RouteCandidate, verdict: &Verdict) -> bool {
    taken.route.is_direct() || verdict.basis.subject.hop == Some(Hop::Direct)
}

/// The direct path was chosen and is closed, and a proxy that is known works.
fn wrong_way(
    endpoint: &Endpoint,
    evidence: &Evidence,
    taken: &RouteCandidate,
    working: &OtherRouteVerdict<'_>,
    verdict: Verdict,
) -> Verdict {
    let is_known = |control: &OtherRoute| control.way.view == KNOWN_PROXY;
    let candidate = &working.control.way;
    let better = BetterRoute {
        working: Some(route_text(&candidate.route).into()),
        view: Some(candidate.view.as_str().into()),
        causes: None,
    };
    let cause = match taken.route.origin {
        Origin::Pac | Origin::Wpad => Cause::RoutePacWrongBranch { better },
        _ if evidence.controls.iter().any(is_known) => Cause::RouteBypassHidesHost { better },
        _ => Cause::RouteProxyNotConfigured { better },
    };
    because(
        endpoint,
        Diagnosis::new(cause).sure(Confidence::High),
        verdict,
    )
}

/// Source of a route through a proxy that the settings name, but not for this host.
pub const KNOWN_PROXY: &str = "known-proxy";

/// Source of a route that the same script names for the same URL under other circumstances.
pub const PAC_ROUTE: &str = "pac-route";

/// A script that answers one URL with several routes: a client takes any of them, so the endpoint is
/// as bad as that makes it, and no better than degraded. Where none of them works, their cause says
/// more than the script.
fn unstable(
    endpoint: &Endpoint,
    taken: &RouteCandidate,
    others: &[OtherRouteVerdict<'_>],
    verdict: Verdict,
) -> Verdict {
    let others = others.iter().filter(|it| it.control.way.view == PAC_ROUTE);
    let mut routes = vec![(route_text(&taken.route), &verdict)];
    routes.extend(others.map(|other| (route_text(&other.control.way.route), &other.verdict)));
    let works =
        |verdict: &Verdict| matches!(verdict.outcome, Outcome::Reachable | Outcome::Degraded);
    let names: Vec<String> = routes.iter().map(|(name, _)| name.clone()).collect();
    let mut failing: Vec<String> = Vec::new();
    for (name, verdict) in &routes {
        let own = match verdict.code() {
            _ if works(verdict) => None,
            Some(code) => Some(format!("{name} ({code})")),
            None => Some(format!("{name} (unclear)")),
        };
        for one in own.into_iter().chain(passed_over(verdict)) {
            if !failing.contains(&one) {
                failing.push(one);
            }
        }
    }
    let working = routes.iter().find(|(_, verdict)| works(verdict));
    let Some(working) = working.map(|(_, verdict)| (*verdict).clone()) else {
        let mut verdict = verdict;
        verdict.basis.notes.pac_routes = Some(names.into());
        return verdict;
    };
    let cause = Cause::RoutePacUnstable {
        changes_with: Some(taken.changes_with.join(", ").into()),
        pac_routes: Some(names.into()),
        failing: (!failing.is_empty()).then(|| failing.clone().into()),
    };
    let mut verdict = because(endpoint, Diagnosis::certain(cause), working);
    verdict.summary.push_str(&which_of_them(&failing));
    verdict
}

/// Proxies of a route that clients pass over because they are dead, as `PROXY HOST:PORT (CODE)`.
fn passed_over(verdict: &Verdict) -> Vec<String> {
    let hops = verdict.basis.notes.passed_over.iter().flatten();
    hops.map(|one| format!("{} ({})", one.hop, one.code))
        .collect()
}

/// The end of a sentence about routes, some of which fail.
pub(super) fn which_of_them(failing: &[String]) -> String {
    let verb = match failing.len() {
        0 => return String::new(),
        1 => "fails",
        _ => "fail",
    };
    format!("; of these {} {verb}", failing.join(" and "))
}

/// The required script failed: what clients fall back to is what was probed.
fn script_failed(
    endpoint: &Endpoint,
    taken: &RouteCandidate,
    failure: &ScriptFailure,
    mut verdict: Verdict,
) -> Verdict {
    let Some(code) = code_of(failure.kind) else {
        return diagnosis::inconclusive(endpoint, &failure.detail);
    };
    if !may_explain(failure, &verdict) {
        verdict.basis.notes.script_fault = Some(code);
        return verdict;
    }
    let outcome = match verdict.outcome {
        Outcome::Reachable | Outcome::Skipped => Outcome::Degraded,
        other => other,
    };
    let cause = verdict.code();
    let diagnosis = of_script(code, failure, &taken.route).with_outcome(outcome);
    let confidence = confidence(outcome);
    let mut verdict = because(endpoint, diagnosis.sure(confidence), verdict);
    if let (true, Some(cause)) = (is_closed(&verdict), cause) {
        verdict.summary += &which_fails(cause.id());
    }
    verdict
}

/// That a script fails is certain; that the route it would have chosen works is not.
pub(super) fn confidence(outcome: Outcome) -> Confidence {
    match outcome {
        Outcome::Blocked | Outcome::Inconclusive => Confidence::Medium,
        _ => Confidence::Certain,
    }
}

/// The end of a sentence about a route that clients fall back to.
pub(super) fn which_fails(cause: &str) -> String {
    format!(", which fails ({cause})")
}

/// The sentence for a script that fails, with the route that clients use instead.
pub(super) fn of_script(code: Code, failure: &ScriptFailure, fallback: &Route) -> Diagnosis {
    let fallback = if fallback.is_direct() {
        "directly".to_owned()
    } else {
        format!("to {}", route_text(fallback))
    };
    let mut diagnosis = Diagnosis::certain(code);
    if let Some(script) = diagnosis.cause_mut().script_mut() {
        *script = FailedScript {
            script: Some(failure.script.as_str().into()),
            detail: Some(failure.detail.as_str().into()),
            fallback: Some(fallback.into()),
        };
    }
    diagnosis.note(|notes| notes.status = failure.status)
}

/// The code of a script's failure; none where this build has no engine.
pub(super) fn code_of(kind: ScriptFailureKind) -> Option<Code> {
    Some(match kind {
        ScriptFailureKind::Unreachable => Code::RoutePacUnreachable,
        ScriptFailureKind::Status => Code::RoutePacHttpStatus,
        ScriptFailureKind::NotScript => Code::RoutePacNotScript,
        ScriptFailureKind::Error => Code::RoutePacError,
        ScriptFailureKind::Limit => Code::RoutePacLimit,
        ScriptFailureKind::NotSupported => return None,
    })
}

/// Whether another route could give another result: a certificate or an answer would be the same.
/// A machine without network or DNS does not reach the script either.
fn may_explain(failure: &ScriptFailure, verdict: &Verdict) -> bool {
    let by_way = |stage| match stage {
        Stage::Dns => failure.kind != ScriptFailureKind::Unreachable,
        Stage::Route | Stage::Tcp | Stage::Proxy => true,
        Stage::Device | Stage::Tls | Stage::Http | Stage::Content => false,
    };
    let good = matches!(verdict.outcome, Outcome::Reachable | Outcome::Skipped);
    good || verdict.stage.is_some_and(by_way)
}

/// Puts a diagnosis in the place of a verdict, whose code becomes its cause.
fn because(endpoint: &Endpoint, mut diagnosis: Diagnosis, verdict: Verdict) -> Verdict {
    diagnosis.basis.notes.cause = verdict.code().map(Into::into);
    diagnosis.basis.or(verdict.basis);
    diagnosis.verdict(endpoint)
}

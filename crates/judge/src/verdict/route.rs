//! The settings that chose the route: a script that failed, and a route that is closed while
//! another works.

use crate::verdict::diagnosis::{self, Diagnosis};
use crate::verdict::network::GenuineAddresses;
use crate::verdict::{Context, hops};
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{
    Evidence, OtherRoute, RouteCandidate, ScriptFailure, ScriptFailureKind, Stage,
};
use reach365_model::verdict::{Code, Confidence, Outcome, Verdict};
use reach365_proxy::route::{Origin, Route};

/// Looks at a verdict with the settings in mind that led to it.
pub(super) fn consider(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    mut verdict: Verdict,
) -> Verdict {
    let others = other_routes(endpoint, evidence, context);
    if !others.is_empty() {
        let others: Vec<String> = others.iter().map(OtherRouteVerdict::to_text).collect();
        verdict.facts.insert("other_ways".to_owned(), others.into());
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
    fn to_text(&self) -> String {
        let name = self.name();
        match self.verdict.code {
            Some(code) => format!("{name}: {} ({code})", self.verdict.outcome),
            None => format!("{name}: {}", self.verdict.outcome),
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
    let hop = verdict.facts.get("hop").and_then(|hop| hop.as_str());
    taken.route.is_direct() || hop == Some("DIRECT")
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
    let code = match taken.route.origin {
        Origin::Pac | Origin::Wpad => Code::RoutePacWrongBranch,
        _ if evidence.controls.iter().any(is_known) => Code::RouteBypassHidesHost,
        _ => Code::RouteProxyNotConfigured,
    };
    let candidate = &working.control.way;
    let diagnosis = Diagnosis::new(code)
        .sure(Confidence::High)
        .fact("working", route_text(&candidate.route))
        .fact("view", candidate.view.as_str());
    because(endpoint, diagnosis, verdict)
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
        let own = match verdict.code {
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
        verdict.facts.insert("pac_routes".to_owned(), names.into());
        return verdict;
    };
    let mut diagnosis = Diagnosis::new(Code::RoutePacUnstable)
        .sure(Confidence::Certain)
        .fact("changes_with", taken.changes_with.join(", "))
        .fact("pac_routes", names);
    if !failing.is_empty() {
        diagnosis = diagnosis.fact("failing", failing.clone());
    }
    let mut verdict = because(endpoint, diagnosis, working);
    verdict.summary.push_str(&which_of_them(&failing));
    verdict
}

/// Proxies of a route that clients pass over because they are dead, as `PROXY HOST:PORT (CODE)`.
fn passed_over(verdict: &Verdict) -> Vec<String> {
    let list = verdict
        .facts
        .get("passed_over")
        .and_then(|it| it.as_array());
    list.into_iter()
        .flatten()
        .filter_map(|it| it.as_str())
        .map(|word| match word.rsplit_once(' ') {
            Some((hop, code)) => format!("{hop} ({code})"),
            None => word.to_owned(),
        })
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
        verdict.facts.insert("script".to_owned(), code.id().into());
        return verdict;
    }
    let outcome = match verdict.outcome {
        Outcome::Reachable | Outcome::Skipped => Outcome::Degraded,
        other => other,
    };
    let cause = verdict.code;
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
    let diagnosis = Diagnosis::new(code)
        .sure(Confidence::Certain)
        .fact("script", failure.script.as_str())
        .fact("detail", failure.detail.as_str())
        .fact("fallback", fallback);
    match failure.status {
        Some(status) => diagnosis.fact("status", status),
        None => diagnosis,
    }
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
    if let Some(code) = verdict.code {
        diagnosis = diagnosis.fact("cause", code.id());
    }
    let mut facts = verdict.facts;
    facts.append(&mut diagnosis.facts);
    diagnosis.facts = facts;
    diagnosis.verdict(endpoint)
}

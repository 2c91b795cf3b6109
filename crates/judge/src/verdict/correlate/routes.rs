//! The settings that chose the routes: scripts that fail, routes that are closed while another
//! works, sources that contradict each other.

use std::collections::BTreeSet;

use crate::verdict::correlate::results::{finding, free, hosts};
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::effects::Effects;
use crate::verdict::route;
use crate::verdict::types::{Context, Judged};
use reach365_model::cause::{BetterRoute, Cause};
use reach365_model::evidence::{RouteCandidate, ScriptFailure};
use reach365_model::facts::Text;
use reach365_model::verdict::{Code, Confidence, Finding, Outcome};
use reach365_proxy::route::Route;

/// Settings that mislead so many hosts are one matter.
const HOSTS: usize = 2;

/// Finds a PAC script that fails for every host that needed its decision.
pub(super) fn scripts(rows: &[Judged<'_>]) -> Effects {
    let failures: Vec<(ScriptFailure, Route)> = rows.iter().filter_map(failure_of).collect();
    let mut effects = Effects::default();
    let mut told: Vec<&ScriptFailure> = Vec::new();
    for (failure, fallback) in &failures {
        let is_told = told.iter().any(|other| is_same(other, failure));
        let Some(code) = route::code_of(failure.kind).filter(|_| !is_told) else {
            continue;
        };
        told.push(failure);
        let places = free(rows, |row| {
            failure_of(row).is_some_and(|(other, _)| is_same(&other, failure))
        });
        let hit = |place: &usize| rows[*place].verdict.code() == Some(code);
        let explained: Vec<usize> = places.into_iter().filter(hit).collect();
        if hosts(rows, &explained).len() < HOSTS {
            continue;
        }
        let worst = explained
            .iter()
            .map(|place| rows[*place].verdict.outcome)
            .max();
        let worst = worst.unwrap_or(Outcome::Degraded);
        let diagnosis = route::of_script(code, failure, fallback)
            .with_outcome(worst)
            .sure(route::confidence(worst));
        let causes = causes(rows, &explained);
        effects.explain(rows, &explained, code);
        let mut found = finding(diagnosis, rows, &explained);
        if !causes.is_empty() {
            found.summary += &route::which_fails(&causes.join(", "));
        }
        effects.find(found);
    }
    effects
}

/// A script that was stopped for one URL is not run for the next: the words differ then.
fn is_same(one: &ScriptFailure, other: &ScriptFailure) -> bool {
    one.script == other.script && one.kind == other.kind
}

fn failure_of(row: &Judged<'_>) -> Option<(ScriptFailure, Route)> {
    let taken = row.evidence.ways.first()?;
    let failure = taken.script_failure.clone()?;
    Some((failure, taken.route.clone()))
}

/// Finds settings that send several hosts directly, which is closed, past the same working proxy.
pub(super) fn misled(rows: &[Judged<'_>]) -> Effects {
    let codes = [
        Code::RouteProxyNotConfigured,
        Code::RouteBypassHidesHost,
        Code::RoutePacWrongBranch,
    ];
    let found = codes.into_iter().map(|code| past_proxies(rows, code));
    found.fold(Effects::default(), Effects::and)
}

fn past_proxies(rows: &[Judged<'_>], code: Code) -> Effects {
    let of_code = |row: &Judged<'_>| row.verdict.code() == Some(code);
    let all = free(rows, of_code);
    let working = |place: &usize| working(&rows[*place]).map(str::to_owned);
    let proxies: BTreeSet<String> = all.iter().filter_map(working).collect();
    let mut effects = Effects::default();
    for proxy in proxies {
        let places = free(rows, |row| {
            of_code(row) && self::working(row) == Some(&proxy)
        });
        if hosts(rows, &places).len() < HOSTS {
            continue;
        }
        let diagnosis = past_proxy(rows, code, &proxy, &places);
        effects.explain(rows, &places, code);
        effects.find(finding(diagnosis, rows, &places));
    }
    effects
}

fn past_proxy(rows: &[Judged<'_>], code: Code, proxy: &str, places: &[usize]) -> Diagnosis {
    let views = places
        .iter()
        .filter_map(|place| better(&rows[*place])?.view.as_ref());
    let views: BTreeSet<&str> = views.map(Text::as_str).collect();
    let views: Vec<&str> = views.into_iter().collect();
    let better = BetterRoute {
        working: Some(proxy.into()),
        view: Some(views.join(", ").into()),
        causes: Some(causes(rows, places).into()),
    };
    let cause = match code {
        Code::RoutePacWrongBranch => Cause::RoutePacWrongBranch { better },
        Code::RouteBypassHidesHost => Cause::RouteBypassHidesHost { better },
        _ => Cause::RouteProxyNotConfigured { better },
    };
    let hosts = hosts(rows, places).len() as u64;
    let diagnosis = Diagnosis::new(cause).sure(Confidence::High);
    diagnosis.note(|notes| notes.hosts = Some(hosts))
}

fn better<'a>(row: &'a Judged<'_>) -> Option<&'a BetterRoute> {
    row.verdict.basis.cause.as_ref()?.better_route()
}

/// The proxy that works beside the route of the settings.
fn working<'a>(row: &'a Judged<'_>) -> Option<&'a str> {
    better(row)?.working.as_ref().map(Text::as_str)
}

/// The causes that lie behind results, each once.
fn causes(rows: &[Judged<'_>], places: &[usize]) -> Vec<String> {
    let causes = places
        .iter()
        .filter_map(|place| rows[*place].verdict.basis.underlying());
    let once: BTreeSet<&str> = causes.map(Code::id).collect();
    once.into_iter().map(str::to_owned).collect()
}

/// Finds settings that lead to different routes for the same endpoint. The direct path and a named
/// proxy are not settings; Office does not read the environment on Windows. It explains no
/// endpoint, and is reported beside the cause that does.
pub(super) fn disagreement(context: &Context<'_>, rows: &[Judged<'_>]) -> Option<Finding> {
    let places: Vec<usize> = (0..rows.len())
        .filter(|place| distinct(context, &rows[*place].evidence.ways).len() > 1)
        .collect();
    let first = *places.first()?;
    let ways = distinct(context, &rows[first].evidence.ways);
    let cause = Cause::RouteSourcesDisagree {
        ways: Some(ways.into()),
        example: Some(rows[first].endpoint.host.to_string().into()),
    };
    Some(finding(Diagnosis::certain(cause), rows, &places))
}

/// The different routes that programs use, as text; one where all agree.
fn distinct(context: &Context<'_>, ways: &[RouteCandidate]) -> Vec<String> {
    let counts = |candidate: &&RouteCandidate| match candidate.view.as_str() {
        "user" | "machine" => true,
        "environment" => !context.run.windows,
        _ => false,
    };
    let mut seen: Vec<&RouteCandidate> = Vec::new();
    for candidate in ways.iter().filter(counts) {
        if !seen
            .iter()
            .any(|other| route::route_text(&other.route) == route::route_text(&candidate.route))
        {
            seen.push(candidate);
        }
    }
    let words = |candidate: &&RouteCandidate| {
        format!("{} {}", candidate.view, route::route_text(&candidate.route))
    };
    seen.iter().map(words).collect()
}

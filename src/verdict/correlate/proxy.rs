//! A proxy that fails for everybody, and settings that contradict each other.

use std::collections::BTreeSet;

use crate::evidence::{ScriptFailure, Way};
use crate::route::Route;
use crate::verdict::claim::Claim;
use crate::verdict::correlate::{collapse, fact, finding, free, hosts, is_genuine};
use crate::verdict::{Code, Confidence, Context, Facts, Finding, Judged, Outcome, route};

/// Causes that lie with the proxy and not with the host that was asked for.
const OF_THE_PROXY: [Code; 11] = [
    Code::ProxyUnresolvable,
    Code::ProxyDropped,
    Code::ProxyRefused,
    Code::ProxySilent,
    Code::ProxyNotAProxy,
    Code::ProxyAuthRequired,
    Code::ProxyAuthRejected,
    Code::ProxyDenied,
    Code::ProxyRateLimited,
    Code::ProxyUpstreamDns,
    Code::ProxyUpstreamUnreachable,
];
/// Causes of single hosts that mean the proxy when so many hosts share them.
const HOSTS: usize = 2;

/// Finds proxies that fail for every host sent to them, each with one cause; ports that a proxy
/// denies to all; and proxies that clients pass over because they are dead.
pub(super) fn find(rows: &mut [Judged<'_>]) -> Vec<Finding> {
    let proxies: BTreeSet<String> = rows.iter().filter_map(proxy_of).collect();
    let mut findings = Vec::new();
    for proxy in &proxies {
        excuse_working(rows, proxy);
        let found = dead(rows, proxy).or_else(|| port_denied(rows, proxy));
        findings.extend(found);
    }
    findings.extend(passed_over(rows));
    findings
}

fn proxy_of(row: &Judged<'_>) -> Option<String> {
    fact(row, "proxy").map(str::to_owned)
}

fn through(rows: &[Judged<'_>], proxy: &str) -> Vec<usize> {
    free(rows, |row| fact(row, "proxy") == Some(proxy))
}

/// A proxy that serves others is one: where it hangs up on a host, it denies that host.
fn excuse_working(rows: &mut [Judged<'_>], proxy: &str) {
    let serves = |place: &usize| is_genuine(&rows[*place]);
    if !through(rows, proxy).iter().any(serves) {
        return;
    }
    let hung_up = free(rows, |row| {
        fact(row, "proxy") == Some(proxy) && row.verdict.code == Some(Code::ProxyNotAProxy)
    });
    for place in hung_up {
        let row = &mut rows[place];
        let mut claim = Claim::new(Code::ProxyDenied)
            .sure(Confidence::Low)
            .at_address(
                row.verdict
                    .culprit
                    .as_ref()
                    .and_then(|culprit| culprit.address),
            );
        claim.facts = std::mem::take(&mut row.verdict.facts);
        *row.verdict = claim.verdict(row.endpoint);
    }
}

fn dead(rows: &mut [Judged<'_>], proxy: &str) -> Option<Finding> {
    let places = through(rows, proxy);
    let code = cause(&rows[*places.first()?])?;
    let same = |place: &usize| cause(&rows[*place]) == Some(code);
    if hosts(rows, &places).len() < HOSTS || !places.iter().all(same) {
        return None;
    }
    let says = match code {
        Code::ProxyAuthRequired => {
            "The proxy {proxy} wants a sign-in for every host ({schemes}; {hosts} hosts)"
        }
        Code::ProxyAuthRejected => {
            "The proxy {proxy} rejects the credentials for every host ({schemes}; {hosts} hosts)"
        }
        Code::ProxyDenied => "The proxy {proxy} denies all {hosts} hosts: {answer}",
        Code::ProxyUpstreamDns => "The proxy {proxy} resolves none of {hosts} hosts: {answer}",
        Code::ProxyUpstreamUnreachable => {
            "The proxy {proxy} connects to none of {hosts} hosts: {answer}"
        }
        other => other.says(),
    };
    let claim = run_wide(rows, code, &places);
    collapse(rows, &places, code);
    let says = if places.iter().all(|place| works_directly(&rows[*place])) {
        format!("{says}; directly all of them answer")
    } else {
        says.to_owned()
    };
    Some(finding(claim, &says, rows, &places))
}

/// Whether the direct path was tried beside the proxy and works.
fn works_directly(row: &Judged<'_>) -> bool {
    let others = row.verdict.facts.get("other_ways");
    let others = others.and_then(|others| others.as_array());
    let mut told = others
        .into_iter()
        .flatten()
        .filter_map(|other| other.as_str());
    told.any(|other| other == "direct: reachable")
}

/// The cause that a row names, also behind a failed connectivity test.
fn cause(row: &Judged<'_>) -> Option<Code> {
    let code = row.verdict.code?;
    let blocked = row.verdict.outcome == Outcome::Blocked;
    (blocked && OF_THE_PROXY.contains(&code)).then_some(code)
}

/// The claim of the first row, with the number of hosts that share it.
fn run_wide(rows: &[Judged<'_>], code: Code, places: &[usize]) -> Claim {
    let first = &rows[places[0]].verdict;
    let culprit = first.culprit.as_ref();
    let mut claim = Claim::new(code)
        .sure(first.confidence)
        .at_address(culprit.and_then(|culprit| culprit.address));
    let shared: Facts = first.facts.clone();
    claim.facts = shared;
    claim.facts.remove("other_ways");
    claim.fact("hosts", hosts(rows, places).len())
}

/// Every host on a port is denied, and hosts on another port are served.
fn port_denied(rows: &mut [Judged<'_>], proxy: &str) -> Option<Finding> {
    let places = through(rows, proxy);
    let ports: BTreeSet<u16> = places
        .iter()
        .map(|place| rows[*place].endpoint.port)
        .collect();
    let denied = |place: &usize| cause(&rows[*place]) == Some(Code::ProxyDenied);
    let port = ports.into_iter().find(|port| {
        let mut on_port = places
            .iter()
            .filter(|place| rows[**place].endpoint.port == *port);
        on_port.all(denied)
    })?;
    let on_port: Vec<usize> = places
        .iter()
        .copied()
        .filter(|place| rows[*place].endpoint.port == port)
        .collect();
    let served = places
        .iter()
        .any(|place| rows[*place].endpoint.port != port && is_genuine(&rows[*place]));
    if hosts(rows, &on_port).len() < HOSTS || !served {
        return None;
    }
    let claim = run_wide(rows, Code::ProxyPortDenied, &on_port).fact("port", port);
    collapse(rows, &on_port, Code::ProxyPortDenied);
    let says = Code::ProxyPortDenied.says();
    Some(finding(claim, says, rows, &on_port))
}

/// Proxies at the head of an answer that clients pass over: every connection waits for them first.
fn passed_over(rows: &[Judged<'_>]) -> Vec<Finding> {
    let words = |row: &Judged<'_>| {
        let list = row.verdict.facts.get("passed_over");
        let list = list.and_then(|list| list.as_array()).cloned();
        list.unwrap_or_default()
    };
    let all: BTreeSet<String> = rows
        .iter()
        .flat_map(words)
        .filter_map(|word| word.as_str().map(str::to_owned))
        .collect();
    let found = all.iter().filter_map(|word| {
        let (hop, code) = word.rsplit_once(' ')?;
        let code = Code::parse(code)?;
        let places = free(rows, |row| words(row).iter().any(|one| one == word));
        let claim = Claim::new(code)
            .with_outcome(Outcome::Degraded)
            .sure(Confidence::Medium)
            .fact("proxy", hop.split_once(' ').map_or(hop, |(_, server)| server))
            .fact("hosts", hosts(rows, &places).len());
        let says = "The proxy {proxy} cannot be reached; clients pass it over and lose time ({hosts} hosts)";
        (!places.is_empty()).then(|| finding(claim, says, rows, &places))
    });
    found.collect()
}

/// Finds a PAC script that fails for every host that it had to decide on.
pub(super) fn scripts(rows: &mut [Judged<'_>]) -> Vec<Finding> {
    let failures: Vec<(ScriptFailure, Route)> = rows.iter().filter_map(failure_of).collect();
    let mut findings = Vec::new();
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
        let hit = |place: &usize| rows[*place].verdict.code == Some(code);
        let explained: Vec<usize> = places.into_iter().filter(hit).collect();
        if hosts(rows, &explained).len() < HOSTS {
            continue;
        }
        let worst = explained
            .iter()
            .map(|place| rows[*place].verdict.outcome)
            .max();
        let claim = route::of_script(code, failure, fallback)
            .with_outcome(worst.unwrap_or(Outcome::Degraded));
        collapse(rows, &explained, code);
        findings.push(finding(claim, code.says(), rows, &explained));
    }
    findings
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

/// Finds settings that lead to different ways for the same endpoint. The direct path and a named
/// proxy are no settings; Office does not read the environment on Windows.
pub(super) fn disagreement(context: &Context<'_>, rows: &[Judged<'_>]) -> Option<Finding> {
    let places = free(rows, |row| distinct(context, &row.evidence.ways).len() > 1);
    let first = *places.first()?;
    let ways = distinct(context, &rows[first].evidence.ways);
    let claim = Claim::new(Code::RouteSourcesDisagree)
        .sure(Confidence::Certain)
        .fact("ways", ways)
        .fact("example", rows[first].endpoint.host.to_string());
    let says = Code::RouteSourcesDisagree.says();
    Some(finding(claim, says, rows, &places))
}

/// The different ways of views that programs go by, in words; one where all agree.
fn distinct(context: &Context<'_>, ways: &[Way]) -> Vec<String> {
    let counts = |way: &&Way| match way.view.as_str() {
        "user" | "machine" => true,
        "environment" => !context.run.windows,
        _ => false,
    };
    let mut seen: Vec<&Way> = Vec::new();
    for way in ways.iter().filter(counts) {
        if !seen
            .iter()
            .any(|other| route::words(&other.route) == route::words(&way.route))
        {
            seen.push(way);
        }
    }
    let words = |way: &&Way| format!("{} {}", way.view, route::words(&way.route));
    seen.iter().map(words).collect()
}

//! The hops of a route: which one a client would use, and what came of it.

use crate::verdict::attempt::{by_address, furthest};
use crate::verdict::diagnosis::{self, Diagnosis};
use crate::verdict::network::GenuineAddresses;
use crate::verdict::types::Context;
use crate::verdict::types::{AddressResult, AttemptResult};
use crate::verdict::{dns, host, limit, proxy};
use reach365_model::cause::Cause;
use reach365_model::endpoint::{Endpoint, Scheme};
use reach365_model::evidence::{Attempt, Evidence, Failure, FailureKind, Lookup, Stage};
use reach365_model::facts::{List, PassedOver};
use reach365_model::verdict::{Code, Confidence, Outcome, Verdict, Who};
use reach365_proxy::route::{Hop, ProxyProtocol, ProxyServer};

/// What came of one hop.
struct HopResult<'a> {
    hop: &'a Hop,
    result: AttemptResult,
}

impl HopResult<'_> {
    fn passed_over(&self) -> Option<PassedOver> {
        let AttemptResult::Failed(diagnosis) = &self.result else {
            return None;
        };
        Some(PassedOver {
            hop: self.hop.clone(),
            code: diagnosis.code(),
        })
    }
}

/// Judges an endpoint on its route; directly where no proxy is on it.
pub(super) fn judge(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    genuine_addresses: &GenuineAddresses,
) -> Verdict {
    let hops = hops(evidence);
    if hops.iter().all(|hop| **hop == Hop::Direct) {
        let attempts: Vec<&Attempt> = evidence.attempts.iter().collect();
        return host::judge(endpoint, evidence, &attempts, context, genuine_addresses);
    }
    let mut passed_over: Vec<HopResult<'_>> = Vec::new();
    let mut direct: Option<Verdict> = None;
    let last = hops.len() - 1;
    for (place, hop) in hops.iter().copied().enumerate() {
        let verdict = match hop.proxy() {
            None => {
                let attempts = direct_attempts(evidence);
                let verdict =
                    host::judge(endpoint, evidence, &attempts, context, genuine_addresses);
                if place < last && is_unconnected(endpoint, &attempts, &verdict) {
                    direct = Some(verdict);
                    continue;
                }
                verdict
            }
            Some(proxy) => {
                let result = through(endpoint, evidence, context, proxy);
                if is_passed_over(&result) {
                    passed_over.push(HopResult { hop, result });
                    continue;
                }
                verdict(endpoint, result)
            }
        };
        let direct = direct.filter(|_| hop.proxy().is_some());
        return after(&passed_over, direct.as_ref(), verdict, hop);
    }
    let others =
        |passed_over: &[HopResult<'_>]| -> List { passed_over.iter().map(to_text).collect() };
    // Everything is dead: clients report the first.
    if let Some(mut verdict) = direct.take_if(|_| *hops[0] == Hop::Direct) {
        verdict.basis.notes.other_hops = Some(others(&passed_over));
        return verdict;
    }
    let first = passed_over.swap_remove(0);
    let mut verdict = verdict(endpoint, first.result);
    if !passed_over.is_empty() {
        verdict.basis.notes.other_hops = Some(others(&passed_over));
    }
    verdict
}

/// The hops of the route that was taken, none twice.
fn hops(evidence: &Evidence) -> Vec<&Hop> {
    let taken = evidence
        .ways
        .iter()
        .take(1)
        .flat_map(|candidate| &candidate.route.hops);
    let tried = evidence
        .attempts
        .iter()
        .map(|attempt| attempt.hop.as_ref().unwrap_or(&Hop::Direct));
    let mut hops: Vec<&Hop> = Vec::new();
    for hop in taken.chain(tried) {
        if !hops.contains(&hop) {
            hops.push(hop);
        }
    }
    hops
}

/// The evidence of the direct hop alone.
fn direct_attempts(evidence: &Evidence) -> Vec<&Attempt> {
    let direct = evidence.attempts.iter();
    direct.filter(|attempt| attempt.hop.is_none()).collect()
}

/// Clients go on to the next hop only where the proxy itself cannot be reached, not where it
/// refuses (measured on Chromium since version 67).
fn is_passed_over(result: &AttemptResult) -> bool {
    let unreached = [
        Code::ProxyUnresolvable,
        Code::ProxyDropped,
        Code::ProxyRefused,
        Code::DeviceNoRoute,
    ];
    matches!(result, AttemptResult::Failed(diagnosis) if unreached.contains(&diagnosis.code()))
}

/// Clients go on from the direct path too where no connection was established; what fails later is final
/// (Chromium, and WinHTTP with automatic proxy settings).
fn is_unconnected(endpoint: &Endpoint, direct: &[&Attempt], verdict: &Verdict) -> bool {
    let failed = matches!(verdict.outcome, Outcome::Blocked | Outcome::Inconclusive);
    let connected = direct.iter().any(|attempt| attempt.tcp.passed());
    failed && !connected && endpoint.scheme != Scheme::Dns
}

/// What came of one proxy.
fn through(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    proxy: &ProxyServer,
) -> AttemptResult {
    let own = |attempt: &&Attempt| attempt.hop.as_ref().and_then(Hop::proxy) == Some(proxy);
    let attempts: Vec<&Attempt> = evidence.attempts.iter().filter(own).collect();
    let Some(first) = attempts.first() else {
        return unresolved(evidence, proxy, context);
    };
    let result = sum_up(&by_address(endpoint, &attempts, context));
    match (result, proxy.protocol) {
        (AttemptResult::Unknown(why), ProxyProtocol::Socks4) => {
            proxy::about(no_name(endpoint, evidence, context, &why), first)
        }
        (result, _) => result,
    }
}

/// SOCKS 4 leaves the host's name to this machine: its DNS is then no information but needed.
fn no_name(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    why: &str,
) -> AttemptResult {
    match dns::failure(endpoint, evidence, context.run) {
        AttemptResult::Failed(diagnosis) if dns::answers(evidence).is_empty() => {
            AttemptResult::Failed(diagnosis.note(|notes| notes.why = Some(why.into())))
        }
        _ => AttemptResult::unknown(why),
    }
}

/// A genuine answer at any address counts; else the failure that got furthest.
fn sum_up(results: &[AddressResult]) -> AttemptResult {
    let diagnoses = results.iter().filter_map(|result| match &result.result {
        AttemptResult::Failed(diagnosis) => Some(diagnosis),
        _ => None,
    });
    let failed = furthest(diagnoses).map(AttemptResult::Failed);
    let rest = |wanted: fn(&AttemptResult) -> bool| {
        let found = results.iter().find(|result| wanted(&result.result));
        found.map(|result| result.result.clone())
    };
    let genuine = rest(|result| matches!(result, AttemptResult::Genuine(_)));
    genuine
        .map(|result| with_dead_addresses(result, results))
        .or(failed)
        .or_else(|| rest(|result| matches!(result, AttemptResult::Unknown(_))))
        .unwrap_or_else(|| AttemptResult::unknown("the probe left no evidence of the proxy"))
}

/// Addresses of a proxy that fail while another serves: clients lose time on them.
fn with_dead_addresses(result: AttemptResult, results: &[AddressResult]) -> AttemptResult {
    let line = |one: &AddressResult| match &one.result {
        AttemptResult::Failed(diagnosis) => Some(format!("{} {}", one.address, diagnosis.code())),
        _ => None,
    };
    let dead: Vec<String> = results.iter().filter_map(line).collect();
    match result {
        AttemptResult::Genuine(mut genuine) if !dead.is_empty() => {
            genuine.basis.notes.dead_proxy_addresses = Some(dead.into());
            AttemptResult::Genuine(genuine)
        }
        other => other,
    }
}

fn unresolved(evidence: &Evidence, proxy: &ProxyServer, context: &Context<'_>) -> AttemptResult {
    let name = proxy.host.name().unwrap_or_default();
    let asked = asked_for(evidence, name);
    let mut own = evidence.proxy_lookups.iter();
    if own.any(|lookup| asked.contains(&lookup.name.as_str()) && lookup.outcome.passed()) {
        return AttemptResult::unknown("the probe left no evidence of the proxy");
    }
    let failures_of = |asked: &str| {
        let own = evidence.proxy_lookups.iter();
        own.filter(move |lookup| lookup.name == asked)
            .filter_map(|lookup| lookup.outcome.failure.as_ref())
            .collect::<Vec<&Failure>>()
    };
    let is_denial =
        |failure: &&Failure| matches!(failure.kind, FailureKind::Nxdomain | FailureKind::Nodata);
    let denied = asked
        .iter()
        .all(|asked| failures_of(asked).iter().any(is_denial));
    let mut own_limits = asked
        .iter()
        .flat_map(|asked| failures_of(asked))
        .filter_map(|failure| limit::shortened_for(context.run, Stage::Dns, failure));
    if let Some(why) = own_limits.next().filter(|_| !denied) {
        return AttemptResult::Unknown(why);
    }
    if let Some(family) = family_without_record(evidence, &asked) {
        return AttemptResult::Unknown(dns::lacks_family(
            family,
            &format!("the name of the proxy {proxy}"),
        ));
    }
    let failures = asked.iter().flat_map(|asked| failures_of(asked));
    let mut seen: Vec<String> = failures.map(dns::seen).collect();
    seen.dedup();
    if seen.is_empty() {
        return AttemptResult::unknown("the probe left no evidence of the proxy");
    }
    let cause = Cause::ProxyUnresolvable {
        seen: Some(seen.into()),
        asked: (asked != [name]).then(|| asked.into_iter().collect()),
    };
    let mut diagnosis = Diagnosis::new(cause).sure(Confidence::Medium);
    diagnosis.basis.subject.proxy = Some(proxy.to_string().into());
    // Only the resolver's own word that there is no such name is about the name.
    AttemptResult::Failed(if denied {
        diagnosis
    } else {
        diagnosis.by(Who::Resolver)
    })
}

/// The one address family that was asked for, where a proxy's name is there without a record of it.
fn family_without_record(evidence: &Evidence, asked: &[&str]) -> Option<&'static str> {
    let own = |lookup: &&Lookup| asked.contains(&lookup.name.as_str());
    let lookups = evidence.proxy_lookups.iter().filter(own);
    let mut failures = lookups
        .clone()
        .filter_map(|lookup| lookup.outcome.failure.as_ref());
    let exists = failures.any(|failure| failure.kind == FailureKind::Nodata);
    dns::only_family(lookups).filter(|_| exists)
}

/// The full names under which a proxy was looked up.
fn asked_for<'a>(evidence: &'a Evidence, name: &'a str) -> Vec<&'a str> {
    let completed = evidence.proxy_names.iter().find(|one| one.name == name);
    completed.map_or_else(
        || vec![name],
        |one| one.asked.iter().map(String::as_str).collect(),
    )
}

fn verdict(endpoint: &Endpoint, result: AttemptResult) -> Verdict {
    match result {
        AttemptResult::Genuine(genuine) => host::answered(endpoint, genuine),
        AttemptResult::Failed(diagnosis) => diagnosis.verdict(endpoint),
        AttemptResult::Unknown(why) => diagnosis::inconclusive(endpoint, &why),
        AttemptResult::Connected => {
            diagnosis::inconclusive(endpoint, "the proxy was only connected to")
        }
    }
}

/// Says which hop a client would use, and what was wrong with those before it.
fn after(
    passed_over: &[HopResult<'_>],
    direct: Option<&Verdict>,
    mut verdict: Verdict,
    used: &Hop,
) -> Verdict {
    verdict.basis.subject.hop = Some(used.clone());
    let notes = &mut verdict.basis.notes;
    if let Some(direct) = direct {
        let why = direct.code().map_or("unknown", Code::id);
        notes.direct_failed = Some(why.into());
    }
    let hops = passed_over.iter().filter_map(HopResult::passed_over);
    notes.passed_over = (!passed_over.is_empty()).then(|| hops.collect());
    verdict
}

fn to_text(hop: &HopResult<'_>) -> String {
    match &hop.result {
        AttemptResult::Failed(diagnosis) => format!("{} {}", hop.hop, diagnosis.code()),
        _ => format!("{} unclear", hop.hop),
    }
}

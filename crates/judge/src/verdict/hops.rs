//! The hops of a route: which one a client would use, and what came of it.

use crate::verdict::attempt::{AddressRuling, Ruling, by_address, furthest};
use crate::verdict::diagnosis::{self, Diagnosis, short};
use crate::verdict::network::Controls;
use crate::verdict::{Context, dns, host, limit, proxy};
use reach365_model::endpoint::{Endpoint, Scheme};
use reach365_model::evidence::{Attempt, Evidence, Failure, FailureKind, Lookup, Stage};
use reach365_model::verdict::{Code, Confidence, Outcome, Verdict, Who};
use reach365_proxy::route::{Hop, ProxyProtocol, ProxyServer};

/// What came of one hop.
struct HopRuling<'a> {
    hop: &'a Hop,
    ruling: Ruling,
}

/// Judges an endpoint on its route; directly where no proxy is on it.
pub(super) fn judge(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    controls: &Controls,
) -> Verdict {
    let hops = hops(evidence);
    if hops.iter().all(|hop| **hop == Hop::Direct) {
        return host::judge(endpoint, evidence, context, controls);
    }
    let mut passed_over: Vec<HopRuling<'_>> = Vec::new();
    let mut direct: Option<Verdict> = None;
    let last = hops.len() - 1;
    for (place, hop) in hops.iter().copied().enumerate() {
        let verdict = match hop.proxy() {
            None => {
                let part = direct_part(evidence);
                let verdict = host::judge(endpoint, &part, context, controls);
                if place < last && is_unconnected(endpoint, &part, &verdict) {
                    direct = Some(verdict);
                    continue;
                }
                verdict
            }
            Some(proxy) => {
                let ruling = through(endpoint, evidence, context, proxy);
                if is_passed_over(&ruling) {
                    passed_over.push(HopRuling { hop, ruling });
                    continue;
                }
                verdict(endpoint, ruling)
            }
        };
        let direct = direct.filter(|_| hop.proxy().is_some());
        return after(&passed_over, direct.as_ref(), verdict, hop);
    }
    let others = |passed_over: &[HopRuling<'_>]| -> Vec<String> {
        passed_over.iter().map(in_words).collect()
    };
    // Everything is dead: clients report the first.
    if let Some(mut verdict) = direct.take_if(|_| *hops[0] == Hop::Direct) {
        let others = others(&passed_over);
        verdict.facts.insert("other_hops".to_owned(), others.into());
        return verdict;
    }
    let first = passed_over.swap_remove(0);
    let others = others(&passed_over);
    let mut verdict = verdict(endpoint, first.ruling);
    if !others.is_empty() {
        verdict.facts.insert("other_hops".to_owned(), others.into());
    }
    verdict
}

/// The hops of the way that was taken, none twice.
fn hops(evidence: &Evidence) -> Vec<&Hop> {
    let taken = evidence.ways.iter().take(1).flat_map(|way| &way.route.hops);
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
fn direct_part(evidence: &Evidence) -> Evidence {
    let mut part = evidence.clone();
    part.attempts.retain(|attempt| attempt.hop.is_none());
    part
}

/// Clients go on to the next hop only where the proxy itself cannot be reached, not where it
/// refuses (measured on Chromium since version 67).
fn is_passed_over(ruling: &Ruling) -> bool {
    let unreached = [
        Code::ProxyUnresolvable,
        Code::ProxyDropped,
        Code::ProxyRefused,
        Code::DeviceNoRoute,
    ];
    matches!(ruling, Ruling::Failed(diagnosis) if unreached.contains(&diagnosis.code))
}

/// Clients go on from the direct path too where no connection was established; what fails later is final
/// (Chromium, and WinHTTP with automatic proxy settings).
fn is_unconnected(endpoint: &Endpoint, direct: &Evidence, verdict: &Verdict) -> bool {
    let failed = matches!(verdict.outcome, Outcome::Blocked | Outcome::Inconclusive);
    let connected = direct.attempts.iter().any(|attempt| attempt.tcp.passed());
    failed && !connected && endpoint.scheme != Scheme::Dns
}

/// What came of one proxy.
fn through(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    proxy: &ProxyServer,
) -> Ruling {
    let own = |attempt: &&Attempt| attempt.hop.as_ref().and_then(Hop::proxy) == Some(proxy);
    let attempts: Vec<&Attempt> = evidence.attempts.iter().filter(own).collect();
    let Some(first) = attempts.first() else {
        return unresolved(evidence, proxy, context);
    };
    let ruling = sum_up(&by_address(endpoint, &attempts, context));
    match (ruling, proxy.protocol) {
        (Ruling::Unknown(why), ProxyProtocol::Socks4) => {
            proxy::about(no_name(endpoint, evidence, context, &why), first)
        }
        (ruling, _) => ruling,
    }
}

/// SOCKS 4 leaves the host's name to this machine: its DNS is then no information but needed.
fn no_name(endpoint: &Endpoint, evidence: &Evidence, context: &Context<'_>, why: &str) -> Ruling {
    match dns::failure(endpoint, evidence, context.run) {
        Ruling::Failed(diagnosis) if dns::answers(evidence).is_empty() => {
            Ruling::Failed(diagnosis.fact("why", why))
        }
        _ => Ruling::unknown(why),
    }
}

/// A genuine answer at any address counts; else the failure that got furthest.
fn sum_up(rulings: &[AddressRuling]) -> Ruling {
    let diagnoses = rulings.iter().filter_map(|ruling| match &ruling.ruling {
        Ruling::Failed(diagnosis) => Some(diagnosis),
        _ => None,
    });
    let failed = furthest(diagnoses).map(Ruling::Failed);
    let rest = |wanted: fn(&Ruling) -> bool| {
        let found = rulings.iter().find(|ruling| wanted(&ruling.ruling));
        found.map(|ruling| ruling.ruling.clone())
    };
    let genuine = rest(|ruling| matches!(ruling, Ruling::Genuine(_)));
    genuine
        .map(|ruling| with_dead_addresses(ruling, rulings))
        .or(failed)
        .or_else(|| rest(|ruling| matches!(ruling, Ruling::Unknown(_))))
        .unwrap_or_else(|| Ruling::unknown("the probe left no evidence of the proxy"))
}

/// Addresses of a proxy that fail while another serves: clients lose time on them.
fn with_dead_addresses(ruling: Ruling, rulings: &[AddressRuling]) -> Ruling {
    let line = |one: &AddressRuling| match &one.ruling {
        Ruling::Failed(diagnosis) => Some(format!("{} {}", one.address, diagnosis.code)),
        _ => None,
    };
    let dead: Vec<String> = rulings.iter().filter_map(line).collect();
    match ruling {
        Ruling::Genuine(mut genuine) if !dead.is_empty() => {
            let facts = &mut genuine.facts;
            facts.insert("dead_proxy_addresses".to_owned(), dead.into());
            Ruling::Genuine(genuine)
        }
        other => other,
    }
}

fn unresolved(evidence: &Evidence, proxy: &ProxyServer, context: &Context<'_>) -> Ruling {
    let name = proxy.host.name().unwrap_or_default();
    let asked = asked_for(evidence, name);
    let mut own = evidence.proxy_lookups.iter();
    if own.any(|lookup| asked.contains(&lookup.name.as_str()) && lookup.outcome.passed()) {
        return Ruling::unknown("the probe left no evidence of the proxy");
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
        .filter_map(|failure| limit::own(context.run, Stage::Dns, failure));
    if let Some(why) = own_limits.next().filter(|_| !denied) {
        return Ruling::Unknown(why);
    }
    if let Some(family) = family_without_record(evidence, &asked) {
        return Ruling::Unknown(dns::lacks_family(
            family,
            &format!("the name of the proxy {proxy}"),
        ));
    }
    let failures = asked.iter().flat_map(|asked| failures_of(asked));
    let mut seen: Vec<String> = failures.map(dns::seen).collect();
    seen.dedup();
    if seen.is_empty() {
        return Ruling::unknown("the probe left no evidence of the proxy");
    }
    let diagnosis = Diagnosis::new(Code::ProxyUnresolvable)
        .sure(Confidence::Medium)
        .fact("proxy", proxy.to_string())
        .fact("seen", seen);
    let diagnosis = if asked == [name] {
        diagnosis
    } else {
        diagnosis.fact("asked", words(&asked))
    };
    // The settings name nobody only where the resolver says so.
    let diagnosis = if denied {
        diagnosis
    } else {
        diagnosis.by(Who::Resolver)
    };
    Ruling::Failed(diagnosis)
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

fn words(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| short(name)).collect()
}

fn verdict(endpoint: &Endpoint, ruling: Ruling) -> Verdict {
    match ruling {
        Ruling::Genuine(genuine) => host::answered(endpoint, genuine),
        Ruling::Failed(diagnosis) => diagnosis.verdict(endpoint),
        Ruling::Unknown(why) => diagnosis::inconclusive(endpoint, &why),
        Ruling::Connected => diagnosis::inconclusive(endpoint, "the proxy was only connected to"),
    }
}

/// Says which hop a client would use, and what was wrong with those before it.
fn after(
    passed_over: &[HopRuling<'_>],
    direct: Option<&Verdict>,
    mut verdict: Verdict,
    used: &Hop,
) -> Verdict {
    let facts = &mut verdict.facts;
    facts.insert("hop".to_owned(), used.to_string().into());
    if let Some(direct) = direct {
        let why = direct.code.map_or("unknown", Code::id);
        facts.insert("direct_failed".to_owned(), why.into());
    }
    if passed_over.is_empty() {
        return verdict;
    }
    let words: Vec<String> = passed_over.iter().map(in_words).collect();
    facts.insert("passed_over".to_owned(), words.into());
    verdict
}

fn in_words(hop: &HopRuling<'_>) -> String {
    match &hop.ruling {
        Ruling::Failed(diagnosis) => format!("{} {}", hop.hop, diagnosis.code),
        _ => format!("{} unclear", hop.hop),
    }
}

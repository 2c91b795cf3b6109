//! A proxy that fails for everybody, and one that serves others.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::verdict::correlate::results::{finding, free, hosts, is_genuine};
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::dns;
use crate::verdict::effects::Effects;
use crate::verdict::known_names::{self, KnownNames};
use crate::verdict::types::Judged;
use reach365_model::cause::Cause;
use reach365_model::endpoint::Scheme;
use reach365_model::evidence::{Attempt, Evidence, FailureKind, Lookup, Observation, Stage};
use reach365_model::facts::PassedOver;
use reach365_model::verdict::{Code, Confidence, Outcome, Verdict};
use reach365_proxy::route::Hop;

/// Causes that lie with the proxy, or behind it, and not with a host when several share them.
const OF_THE_PROXY: [Code; 14] = [
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
    Code::ProxyUpstreamTimeout,
    Code::ProxyTunnelClosed,
    Code::TlsPlaintext,
];
/// A proxy that takes longer than that for a tunnel has more requests than it serves at once.
const QUEUE_MS: f64 = 3_000.0;
/// Causes of single hosts that mean the proxy when so many hosts share them.
const HOSTS: usize = 2;

/// A proxy that cannot connect and does not say why may not find the name: squid 5 has no other
/// word for that. This machine's resolver can tell, where it resolves names of others and not this
/// one. On sites where the proxy does all lookups it knows no name and tells nothing.
pub(super) fn apply_own_dns(known: &KnownNames, rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    let is_dns = |row: &Judged<'_>| {
        is_vague(row) && known.confirms(&row.endpoint.host, &own_lookups(row.evidence))
    };
    for place in free(rows, is_dns) {
        let row = &rows[place];
        let mut diagnosis = with_reply(row, Code::ProxyUpstreamDns).sure(Confidence::Medium);
        if let Some(reply) = diagnosis.cause_mut().reply_mut() {
            let words = "the resolver of this machine does not know the name either";
            reply.own_dns = Some(words.into());
        }
        effects.replace(place, diagnosis.verdict(row.endpoint));
    }
    effects
}

/// The resolvers that must show whether names are known to them at all, before what they do not
/// know says anything of a proxy.
pub(super) fn without_control(known: &KnownNames, rows: &[Judged<'_>]) -> Vec<SocketAddr> {
    let places = free(rows, |row| {
        is_vague(row) && !known.confirms(&row.endpoint.host, &own_lookups(row.evidence))
    });
    let lookups = places
        .iter()
        .map(|place| own_lookups(rows[*place].evidence));
    lookups
        .flat_map(|lookups| known_names::asked(&lookups))
        .collect()
}

/// Whether the proxy gave no reason, and this machine's resolver says that the name does not exist.
fn is_vague(row: &Judged<'_>) -> bool {
    let verdict = &row.verdict;
    let vague = verdict.code() == Some(Code::ProxyUpstreamUnreachable)
        && verdict.outcome == Outcome::Blocked
        && verdict.confidence < Confidence::High;
    let unknown = |lookup: &Lookup| {
        let failure = lookup.outcome.failure.as_ref();
        failure.is_some_and(|failure| {
            matches!(failure.kind, FailureKind::Nxdomain | FailureKind::Nodata)
        })
    };
    let lookups = own_lookups(row.evidence).lookups;
    // A name without an address of the one family that was asked for may have one of the other.
    let half = || {
        let nodata = |lookup: &Lookup| {
            let failure = lookup.outcome.failure.as_ref();
            failure.is_some_and(|failure| failure.kind == FailureKind::Nodata)
        };
        dns::only_family(&lookups).is_some() && lookups.iter().any(nodata)
    };
    vague && !lookups.is_empty() && lookups.iter().all(unknown) && !half()
}

/// The lookups of the host's name, those for other routes too.
fn own_lookups(evidence: &Evidence) -> Evidence {
    let beside = evidence.controls.iter();
    let beside = beside.flat_map(|control| &control.evidence.lookups);
    Evidence {
        lookups: evidence.lookups.iter().chain(beside).cloned().collect(),
        ..Evidence::default()
    }
}

/// What proxies that serve some hosts do to others, each proxy by itself.
pub(super) fn excuse(rows: &[Judged<'_>]) -> Effects {
    let proxies = proxies(rows).into_iter();
    let effects = proxies.map(|proxy| excuse_working(rows, &proxy));
    effects.fold(Effects::default(), Effects::and)
}

/// Finds proxies that fail for every host sent to them, each with one cause, and ports that a proxy
/// denies to all.
pub(super) fn find(rows: &[Judged<'_>]) -> Effects {
    let proxies = proxies(rows).into_iter();
    let found =
        proxies.filter_map(|proxy| dead(rows, &proxy).or_else(|| port_denied(rows, &proxy)));
    found.fold(Effects::default(), Effects::and)
}

/// Finds proxies that refuse every tunnel in their own words.
pub(super) fn refusing(rows: &[Judged<'_>]) -> Effects {
    let words = [
        Code::ProxyAuthRequired,
        Code::ProxyAuthRejected,
        Code::ProxyDenied,
    ];
    let mut effects = Effects::default();
    for proxy in proxies(rows) {
        let refuses = free(rows, |row| {
            let said = cause(row).is_some_and(|code| words.contains(&code));
            said && row.proxy() == Some(&proxy)
        });
        if let Some(found) = dead(rows, &proxy).filter(|_| !refuses.is_empty()) {
            effects = effects.and(found);
        }
    }
    effects
}

/// The proxies that verdicts name.
pub(super) fn proxies(rows: &[Judged<'_>]) -> BTreeSet<String> {
    let named = rows.iter().filter_map(|row| row.proxy());
    named.map(str::to_owned).collect()
}

fn through(rows: &[Judged<'_>], proxy: &str) -> Vec<usize> {
    free(rows, |row| row.proxy() == Some(proxy))
}

/// A proxy that serves others is one: where it closes a host's connection, it denies that host;
/// where it does not answer, it waits for that host itself.
fn excuse_working(rows: &[Judged<'_>], proxy: &str) -> Effects {
    let mut effects = Effects::default();
    let own =
        |row: &Judged<'_>, code| row.proxy() == Some(proxy) && row.verdict.code() == Some(code);
    let carries = rows.iter().any(|row| is_carried(row, proxy));
    if carries {
        for place in free(rows, |row| own(row, Code::ProxyNotAProxy)) {
            let verdict = instead(&rows[place], Code::ProxyDenied, None);
            effects.replace(place, verdict);
        }
    }
    if !carries && !rows.iter().any(|row| has_refused(row, proxy)) {
        return effects;
    }
    let is_slow = is_slow(rows, proxy);
    for place in free(rows, |row| own(row, Code::ProxySilent)) {
        let answer = "none in time, while it answers about other hosts";
        let mut verdict = instead(&rows[place], Code::ProxyUpstreamTimeout, Some(answer));
        if is_slow {
            verdict.outcome = Outcome::Inconclusive;
            verdict.summary.push_str(
                "; it took seconds for other hosts too, so it may open only some tunnels at a time",
            );
        }
        effects.replace(place, verdict);
    }
    effects
}

/// Whether the proxy let others wait so long that the rest may have stood in its queue.
fn is_slow(rows: &[Judged<'_>], proxy: &str) -> bool {
    let carried = rows.iter().filter(|row| is_carried(row, proxy));
    let mut attempts = carried.flat_map(|row| &row.evidence.attempts);
    attempts.any(|attempt| {
        let tunnel = attempt.proxy.as_ref().map(|proxy| proxy.elapsed_ms);
        tunnel.is_some_and(|elapsed| elapsed > QUEUE_MS)
    })
}

fn instead(row: &Judged<'_>, code: Code, answer: Option<&str>) -> Verdict {
    let mut diagnosis = with_reply(row, code).sure(Confidence::Low);
    if let (Some(reply), Some(answer)) = (diagnosis.cause_mut().reply_mut(), answer) {
        reply.answer = Some(answer.into());
    }
    diagnosis.verdict(row.endpoint)
}

/// Another cause of the proxy, with the same answer of it.
fn with_reply(row: &Judged<'_>, code: Code) -> Diagnosis {
    let mut diagnosis = Diagnosis::instead_of(row.verdict, code);
    let known = row.verdict.basis.cause.as_ref().and_then(Cause::reply);
    if let (Some(reply), Some(known)) = (diagnosis.cause_mut().reply_mut(), known) {
        reply.clone_from(known);
    }
    diagnosis
}

/// Whether the proxy has said in its own protocol that it does not forward to a host.
fn has_refused(row: &Judged<'_>, proxy: &str) -> bool {
    let of_its_own = [
        Code::ProxyUnresolvable,
        Code::ProxyDropped,
        Code::ProxyRefused,
        Code::ProxySilent,
        Code::ProxyNotAProxy,
    ];
    let said =
        cause(row).is_some_and(|code| code.stage() == Stage::Proxy && !of_its_own.contains(&code));
    said && row.proxy() == Some(proxy)
}

/// Whether the proxy has forwarded a connection: a TLS handshake ran through it, or content came
/// that is proven genuine. The origin of an answer in clear text is unknown.
pub(super) fn is_carried(row: &Judged<'_>, proxy: &str) -> bool {
    let through = |attempt: &&Attempt| {
        let hop = attempt.hop.as_ref().and_then(Hop::proxy);
        hop.is_some_and(|server| server.to_string() == proxy)
    };
    let spoken = |attempt: &Attempt| attempt.tls.as_ref().is_some_and(Observation::passed);
    let mut attempts = row.evidence.attempts.iter().filter(through);
    let own = row.proxy() == Some(proxy);
    attempts.any(spoken) || (own && is_genuine(row) && row.verdict.confidence >= Confidence::High)
}

/// One cause for every host that was sent to the proxy. Hosts without TLS may show it
/// differently: it explains them too.
fn dead(rows: &[Judged<'_>], proxy: &str) -> Option<Effects> {
    let through = through(rows, proxy);
    let (named, other): (Vec<usize>, Vec<usize>) = through
        .iter()
        .partition(|place| cause(&rows[**place]).is_some());
    let code = cause(&rows[*named.first()?])?;
    let same = |place: &usize| cause(&rows[*place]) == Some(code);
    let explained = |place: &usize| is_explained(&rows[*place], code, proxy);
    if hosts(rows, &named).len() < HOSTS || !named.iter().all(same) || !other.iter().all(explained)
    {
        return None;
    }
    let mut effects = Effects::default();
    for place in other {
        doubt(&mut effects, rows, place, proxy);
    }
    let diagnosis = run_wide(rows, &named, &through);
    effects.explain(rows, &through, code);
    let mut found = finding(diagnosis, rows, &through);
    let withheld = found.basis.notes.credentials_withheld.as_ref();
    if let Some(why) = withheld.filter(|_| code == Code::ProxyAuthRequired) {
        found.summary = format!("{}; {why}", found.summary);
    }
    if through.iter().all(|place| works_directly(&rows[*place])) {
        found.summary += "; directly all of them answer";
    }
    effects.find(found);
    Some(effects)
}

/// Whether the direct path was tried beside the proxy and works.
fn works_directly(row: &Judged<'_>) -> bool {
    let mut others = row.verdict.basis.notes.other_ways.iter().flatten();
    others.any(|other| {
        other.name == *"direct" && other.outcome == Outcome::Reachable && other.code.is_none()
    })
}

/// Whether a result without a cause of the proxy's follows from it: in clear text the proxy itself
/// may have answered. Where it has only closed TLS, an answer means that it serves other ports.
fn is_explained(row: &Judged<'_>, code: Code, proxy: &str) -> bool {
    let clear = row.endpoint.scheme == Scheme::Http && !is_carried(row, proxy);
    clear && (code == Code::ProxyNotAProxy || !is_genuine(row))
}

/// Where this is not a proxy, the sender of an answer in clear text is unknown.
fn doubt(effects: &mut Effects, rows: &[Judged<'_>], place: usize, proxy: &str) {
    if is_genuine(&rows[place]) {
        let endpoint = rows[place].endpoint;
        let verdict = effects.verdict(rows, place);
        verdict.outcome = Outcome::Inconclusive;
        verdict.summary =
            format!("{endpoint} could not be judged: an answer came, but {proxy} is no proxy");
    }
}

/// The cause that a result names, where it may be the proxy's: its own certificate is among them.
pub(super) fn cause(row: &Judged<'_>) -> Option<Code> {
    let code = row.verdict.code()?;
    let blocked = row.verdict.outcome == Outcome::Blocked;
    let of_proxy = row.verdict.stage == Some(Stage::Proxy) && code.stage() == Stage::Tls;
    (blocked && (of_proxy || OF_THE_PROXY.contains(&code))).then_some(code)
}

/// The diagnosis of the first result that names the cause, with the number of hosts that share it.
fn run_wide(rows: &[Judged<'_>], named: &[usize], places: &[usize]) -> Diagnosis {
    let first = &rows[named[0]].verdict;
    let mut diagnosis = Diagnosis::of(first, Code::ProxyDenied);
    diagnosis.basis.notes.other_ways = None;
    let hosts = hosts(rows, places).len() as u64;
    diagnosis.note(|notes| notes.hosts = Some(hosts))
}

/// Every host on a port is denied, and hosts on another port are served.
fn port_denied(rows: &[Judged<'_>], proxy: &str) -> Option<Effects> {
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
    let mut diagnosis = run_wide(rows, &on_port, &on_port);
    let mut reply = diagnosis.cause_mut().reply().cloned().unwrap_or_default();
    reply.port = Some(port);
    *diagnosis.cause_mut() = Cause::ProxyPortDenied { reply };
    let mut effects = Effects::default();
    effects.explain(rows, &on_port, Code::ProxyPortDenied);
    effects.find(finding(diagnosis, rows, &on_port));
    Some(effects)
}

/// Proxies at the head of an answer that clients pass over: every connection waits for them first.
pub(super) fn passed_over(rows: &[Judged<'_>]) -> Effects {
    let over = |row: &Judged<'_>| {
        row.verdict
            .basis
            .notes
            .passed_over
            .clone()
            .unwrap_or_default()
    };
    let all: BTreeMap<String, PassedOver> = rows
        .iter()
        .flat_map(over)
        .map(|one| (one.to_string(), one))
        .collect();
    let found = all.values().filter_map(|one| {
        let proxy = one.hop.proxy().map_or("DIRECT".to_owned(), ToString::to_string);
        let places = free(rows, |row| over(row).contains(one));
        let hosts = hosts(rows, &places).len();
        let mut diagnosis = Diagnosis::new(one.code)
            .with_outcome(Outcome::Degraded)
            .sure(Confidence::Medium)
            .note(|notes| notes.hosts = Some(hosts as u64));
        diagnosis.basis.subject.proxy = Some(proxy.as_str().into());
        let mut found = finding(diagnosis, rows, &places);
        found.summary = format!(
            "The proxy {proxy} cannot be reached; clients pass it over and lose time ({hosts} hosts)"
        );
        (!places.is_empty()).then_some(found)
    });
    found.collect()
}

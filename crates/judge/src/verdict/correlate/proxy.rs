//! A proxy that fails for everybody, and one that serves others.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use crate::verdict::correlate::{collapse, fact, finding, free, hosts, is_genuine};
use crate::verdict::diagnosis::{Diagnosis, WITHHELD};
use crate::verdict::known_names::{self, KnownNames};
use crate::verdict::{Judged, dns};
use reach365_model::endpoint::Scheme;
use reach365_model::evidence::{Attempt, Evidence, FailureKind, Lookup, Observation, Stage};
use reach365_model::verdict::{Code, Confidence, Facts, Finding, Outcome};
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
pub(super) fn apply_own_dns(known: &KnownNames, rows: &mut [Judged<'_>]) {
    let is_dns = |row: &Judged<'_>| {
        is_vague(row) && known.confirms(&row.endpoint.host, &own_lookups(row.evidence))
    };
    for place in free(rows, is_dns) {
        let row = &mut rows[place];
        let culprit = row.verdict.culprit.as_ref();
        let mut diagnosis = Diagnosis::new(Code::ProxyUpstreamDns)
            .sure(Confidence::Medium)
            .at_address(culprit.and_then(|culprit| culprit.address));
        diagnosis.facts = std::mem::take(&mut row.verdict.facts);
        let words = "the resolver of this machine does not know the name either";
        *row.verdict = diagnosis.fact("own_dns", words).verdict(row.endpoint);
    }
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
    let vague = verdict.code == Some(Code::ProxyUpstreamUnreachable)
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

/// Finds proxies that fail for every host sent to them, each with one cause; ports that a proxy
/// denies to all; and proxies that clients pass over because they are dead.
pub(super) fn find(rows: &mut [Judged<'_>]) -> Vec<Finding> {
    let proxies = proxies(rows);
    let mut findings = Vec::new();
    for proxy in &proxies {
        excuse_working(rows, proxy);
        let found = dead(rows, proxy).or_else(|| port_denied(rows, proxy));
        findings.extend(found);
    }
    findings.extend(passed_over(rows));
    findings
}

/// Finds proxies that refuse every tunnel in their own words.
pub(super) fn refusing(rows: &mut [Judged<'_>]) -> Vec<Finding> {
    let words = [
        Code::ProxyAuthRequired,
        Code::ProxyAuthRejected,
        Code::ProxyDenied,
    ];
    let mut findings = Vec::new();
    for proxy in proxies(rows) {
        let refuses = free(rows, |row| {
            let said = cause(row).is_some_and(|code| words.contains(&code));
            said && fact(row, "proxy") == Some(&proxy)
        });
        if !refuses.is_empty() {
            findings.extend(dead(rows, &proxy));
        }
    }
    findings
}

/// The proxies that verdicts name.
pub(super) fn proxies(rows: &[Judged<'_>]) -> BTreeSet<String> {
    let named = rows.iter().filter_map(|row| fact(row, "proxy"));
    named.map(str::to_owned).collect()
}

fn through(rows: &[Judged<'_>], proxy: &str) -> Vec<usize> {
    free(rows, |row| fact(row, "proxy") == Some(proxy))
}

/// A proxy that serves others is one: where it closes a host's connection, it denies that host;
/// where it does not answer, it waits for that host itself.
fn excuse_working(rows: &mut [Judged<'_>], proxy: &str) {
    let own = |row: &Judged<'_>, code| {
        fact(row, "proxy") == Some(proxy) && row.verdict.code == Some(code)
    };
    let carries = rows.iter().any(|row| is_carried(row, proxy));
    if carries {
        for place in free(rows, |row| own(row, Code::ProxyNotAProxy)) {
            excuse(&mut rows[place], Code::ProxyDenied);
        }
    }
    if !carries && !rows.iter().any(|row| has_refused(row, proxy)) {
        return;
    }
    let is_slow = is_slow(rows, proxy);
    for place in free(rows, |row| own(row, Code::ProxySilent)) {
        let answer = "none in time, while it answers about other hosts";
        let facts = &mut rows[place].verdict.facts;
        facts.insert("answer".to_owned(), answer.into());
        excuse(&mut rows[place], Code::ProxyUpstreamTimeout);
        if is_slow {
            let verdict = &mut *rows[place].verdict;
            verdict.outcome = Outcome::Inconclusive;
            verdict.summary.push_str(
                "; it took seconds for other hosts too, so it may open only some tunnels at a time",
            );
        }
    }
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

fn excuse(row: &mut Judged<'_>, code: Code) {
    let culprit = row.verdict.culprit.as_ref();
    let mut diagnosis = Diagnosis::new(code)
        .sure(Confidence::Low)
        .at_address(culprit.and_then(|culprit| culprit.address));
    diagnosis.facts = std::mem::take(&mut row.verdict.facts);
    *row.verdict = diagnosis.verdict(row.endpoint);
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
    said && fact(row, "proxy") == Some(proxy)
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
    let own = fact(row, "proxy") == Some(proxy);
    attempts.any(spoken) || (own && is_genuine(row) && row.verdict.confidence >= Confidence::High)
}

/// One cause for every host that was sent to the proxy. Hosts without TLS may show it
/// differently: it explains them too.
fn dead(rows: &mut [Judged<'_>], proxy: &str) -> Option<Finding> {
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
    for place in other {
        doubt(&mut rows[place], proxy);
    }
    let diagnosis = run_wide(rows, &named, &through);
    collapse(rows, &through, code);
    let mut says = says(code).to_owned();
    if diagnosis.facts.contains_key(WITHHELD) && code == Code::ProxyAuthRequired {
        says += "; {credentials_withheld}";
    }
    if through.iter().all(|place| works_directly(&rows[*place])) {
        says += "; directly all of them answer";
    }
    Some(finding(diagnosis, &says, rows, &through))
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

/// Whether a result without a cause of the proxy's follows from it: in clear text the proxy itself
/// may have answered. Where it has only closed TLS, an answer means that it serves other ports.
fn is_explained(row: &Judged<'_>, code: Code, proxy: &str) -> bool {
    let clear = row.endpoint.scheme == Scheme::Http && !is_carried(row, proxy);
    clear && (code == Code::ProxyNotAProxy || !is_genuine(row))
}

/// Where this is not a proxy, the sender of an answer in clear text is unknown.
fn doubt(row: &mut Judged<'_>, proxy: &str) {
    if is_genuine(row) {
        row.verdict.outcome = Outcome::Inconclusive;
        row.verdict.summary = format!(
            "{} could not be judged: an answer came, but {proxy} is no proxy",
            row.endpoint
        );
    }
}

fn says(code: Code) -> &'static str {
    match code {
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
        Code::ProxyUpstreamTimeout => {
            "The proxy {proxy} gets an answer from none of {hosts} hosts: {answer}"
        }
        Code::ProxyTunnelClosed => {
            "The proxy {proxy} opens tunnels and closes them at once ({how}; {hosts} hosts)"
        }
        Code::TlsPlaintext => {
            "The proxy {proxy} opens tunnels and answers in clear text in them: \"{first_bytes}\" ({hosts} hosts)"
        }
        Code::TlsSelfSigned | Code::TlsUntrustedIssuer => {
            "The certificate of the proxy {proxy} is not trusted: issued by \"{issuer}\" for \"{subject}\""
        }
        Code::TlsWrongName => "The certificate of the proxy {proxy} names other hosts: {names}",
        Code::TlsExpired => "The certificate of the proxy {proxy} expired on {not_after}",
        Code::TlsNotYetValid => {
            "The certificate of the proxy {proxy} is valid only from {not_before}"
        }
        other => other.says(),
    }
}

/// The cause that a result names, where it may be the proxy's: its own certificate is among them.
pub(super) fn cause(row: &Judged<'_>) -> Option<Code> {
    let code = row.verdict.code?;
    let blocked = row.verdict.outcome == Outcome::Blocked;
    let of_proxy = row.verdict.stage == Some(Stage::Proxy) && code.stage() == Stage::Tls;
    (blocked && (of_proxy || OF_THE_PROXY.contains(&code))).then_some(code)
}

/// The diagnosis of the first result that names the cause, with the number of hosts that share it.
fn run_wide(rows: &[Judged<'_>], named: &[usize], places: &[usize]) -> Diagnosis {
    let first = &rows[named[0]].verdict;
    let mut diagnosis =
        Diagnosis::new(first.code.unwrap_or(Code::ProxyDenied)).sure(first.confidence);
    if let Some(culprit) = &first.culprit {
        diagnosis = diagnosis.by(culprit.who).at_address(culprit.address);
    }
    diagnosis.stage = first.stage.unwrap_or(diagnosis.stage);
    let shared: Facts = first.facts.clone();
    diagnosis.facts = shared;
    diagnosis.facts.remove("other_ways");
    diagnosis.fact("hosts", hosts(rows, places).len())
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
    let mut diagnosis = run_wide(rows, &on_port, &on_port).fact("port", port);
    diagnosis.code = Code::ProxyPortDenied;
    collapse(rows, &on_port, Code::ProxyPortDenied);
    let says = Code::ProxyPortDenied.says();
    Some(finding(diagnosis, says, rows, &on_port))
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
        let diagnosis = Diagnosis::new(code)
            .with_outcome(Outcome::Degraded)
            .sure(Confidence::Medium)
            .fact("proxy", hop.split_once(' ').map_or(hop, |(_, server)| server))
            .fact("hosts", hosts(rows, &places).len());
        let says = "The proxy {proxy} cannot be reached; clients pass it over and lose time ({hosts} hosts)";
        (!places.is_empty()).then(|| finding(diagnosis, says, rows, &places))
    });
    found.collect()
}

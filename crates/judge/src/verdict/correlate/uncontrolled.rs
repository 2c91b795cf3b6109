//! Whether a control passed beside a failure that names no party.
//!
//! Silence, a reset, a refusal and an end identify no party: the host may be down. They accuse
//! a party beside something comparable that works (another endpoint that got as far on the same path,
//! the same host on another route, a control host), or where hosts of unrelated owners fail alike,
//! which is the wider cause. Otherwise the outcome is inconclusive. It stands after every rule that
//! finds a wider cause or a control, and before endpoints that share a cause are put together.

use crate::verdict::correlate::control_host::{self, ControlHost};
use crate::verdict::correlate::results::hosts;
use crate::verdict::effects::Effects;
use crate::verdict::known_names::{self, KnownNames};
use crate::verdict::types::{Context, Judged};
use crate::verdict::{network, route};
use reach365_model::endpoint::{Host, MustBe};
use reach365_model::evidence::{Attempt, Evidence, Observation, Stage};
use reach365_model::verdict::{Code, Confidence, Culprit, Finding, Outcome, Verdict, Who};
use reach365_proxy::route::Hop;

/// So many hosts with one cause on one path need no control: the cause is the wider one.
const HOSTS: usize = 3;
/// And so many where the address of the PAC script fails beside them.
const HOSTS_BESIDE_SCRIPT: usize = 2;
/// What is missing, after the sentence of a cause.
const MISSING: &str = "; no control passed";
/// What else to do about it, where no control host was named.
const NAME_ONE: &str = ": name one with --control-host";

/// Not blocked by anyone known.
const UNKNOWN: Culprit = Culprit::new(Who::Unknown);

/// The end of a sentence about a cause without a control.
pub(super) fn missing(context: &Context<'_>) -> String {
    let named = !context.run.control_hosts.is_empty();
    format!("{MISSING}{}", if named { "" } else { NAME_ONE })
}

/// Whether a cause identifies no party by itself.
fn names_no_party(code: Code) -> bool {
    matches!(
        code,
        Code::TcpDropped
            | Code::TcpRefused
            | Code::TcpUnreachable
            | Code::ProxyUnresolvable
            | Code::ProxyDropped
            | Code::ProxyRefused
            | Code::ProxySilent
            | Code::ProxyNotAProxy
            | Code::ProxyTunnelClosed
            | Code::TlsHelloReset
            | Code::TlsHelloDropped
            | Code::TlsSilent
            | Code::TlsClosed
            | Code::TlsMtuBlackhole
            | Code::HttpSilent
            | Code::HttpClosed
    )
}

/// Withdraws accusations beside which no control passed, and the findings that rest on them.
pub(super) fn withdraw(
    context: &Context<'_>,
    known: &KnownNames,
    control_hosts: &[ControlHost<'_>],
    rows: &[Judged<'_>],
    findings: &[Finding],
) -> Effects {
    let missing = missing(context);
    let uncontrolled = |place: &usize| {
        let Some(code) = unproven(&rows[*place]) else {
            return false;
        };
        !is_wide(rows, &rows[*place], code)
            && !has_control(context, known, control_hosts, rows, *place, code)
    };
    let places: Vec<usize> = (0..rows.len()).filter(uncontrolled).collect();
    let mut effects = Effects::default();
    for place in &places {
        make_inconclusive(effects.verdict(rows, *place), &missing);
    }
    let ids = places.iter().map(|place| rows[*place].endpoint.id.as_str());
    let withdrawn: Vec<&str> = ids.collect();
    for (index, finding) in findings.iter().enumerate() {
        let own = |row: &&Judged<'_>| finding.endpoints.contains(&row.endpoint.id);
        let is_withdrawn = |row: &Judged<'_>| withdrawn.contains(&row.endpoint.id.as_str());
        let blocked =
            |row: &Judged<'_>| row.verdict.outcome == Outcome::Blocked && !is_withdrawn(row);
        if finding.outcome == Outcome::Blocked
            && rows.iter().filter(own).any(is_withdrawn)
            && !rows.iter().filter(own).any(blocked)
        {
            let mut open = finding.clone();
            open.outcome = Outcome::Inconclusive;
            open.confidence = Confidence::Low;
            open.culprit = Some(UNKNOWN);
            open.summary.push_str(&missing);
            open.basis.notes.no_control = Some(true);
            effects.change_finding(index, open);
        }
    }
    effects
}

/// The cause of a blocked endpoint that rests on no party's own answer and on no control of its
/// own. Egress that is closed for all hosts has been weighed by its own rule. The file at the
/// address of a PAC script is evidence in itself, whatever the result of the fallback.
fn unproven(row: &Judged<'_>) -> Option<Code> {
    let verdict = &row.verdict;
    let is_open = verdict.outcome == Outcome::Blocked
        && verdict.confidence < Confidence::High
        && verdict.consequence_of != Some(Code::TcpEgressClosed)
        && row.endpoint.must_be == MustBe::Reachable;
    let is_said =
        verdict.stage == Some(Stage::Route) && verdict.code() != Some(Code::RoutePacUnreachable);
    // A trace finds a hop only beside a control of its own: another name, or another port.
    let is_located = verdict.culprit.as_ref().is_some_and(|it| it.hop.is_some());
    let is_proven = is_said || is_located;
    control_host::cause(row).filter(|code| is_open && !is_proven && names_no_party(*code))
}

fn make_inconclusive(verdict: &mut Verdict, missing: &str) {
    verdict.outcome = Outcome::Inconclusive;
    verdict.confidence = Confidence::Low;
    verdict.culprit = Some(UNKNOWN);
    verdict.summary.push_str(missing);
    verdict.basis.notes.no_control = Some(true);
}

/// Whether so many hosts fail alike on the path that one host cannot be the reason. Hosts of one
/// owner may be down together, but not together with the proxy that all of them go through.
fn is_wide(rows: &[Judged<'_>], row: &Judged<'_>, code: Code) -> bool {
    let alike = |place: &usize| {
        let other = &rows[*place];
        other.verdict.outcome == Outcome::Blocked
            && other.endpoint.must_be == MustBe::Reachable
            && control_host::cause(other) == Some(code)
            && other.proxy() == row.proxy()
    };
    let places: Vec<usize> = (0..rows.len()).filter(alike).collect();
    let hosts = hosts(rows, &places);
    let needed = match row.verdict.code() {
        Some(Code::RoutePacUnreachable) => HOSTS_BESIDE_SCRIPT,
        _ => HOSTS,
    };
    hosts.len() >= needed && (code.stage() == Stage::Proxy || have_two_owners(&hosts))
}

/// Whether hosts belong to unrelated owners.
pub(super) fn have_two_owners(hosts: &[&Host]) -> bool {
    hosts.iter().any(|host| network::unrelated(host, hosts[0]))
}

fn has_control(
    context: &Context<'_>,
    known: &KnownNames,
    control_hosts: &[ControlHost<'_>],
    rows: &[Judged<'_>],
    place: usize,
    code: Code,
) -> bool {
    let row = &rows[place];
    let others = rows.iter().enumerate();
    let mut others = others.filter(|(other, _)| *other != place);
    others.any(|(_, other)| passes(context, row, code, other))
        || control_host::passes(control_hosts, row, code)
        || works_on_another_route(context, row)
        || code == Code::ProxyUnresolvable && resolver_knows_names(known, row.evidence)
}

/// Whether another endpoint got past the stage at which an endpoint failed, on the same path.
pub(super) fn passes(
    context: &Context<'_>,
    row: &Judged<'_>,
    code: Code,
    other: &Judged<'_>,
) -> bool {
    let mut attempts = other.evidence.attempts.iter();
    attempts.any(|attempt| is_on_path(context, row, attempt) && gets_past(attempt, code))
}

/// Whether a connection took the path of an endpoint: through the same proxy, or directly over the
/// same address family. Private addresses lie on other paths than those of the internet.
fn is_on_path(context: &Context<'_>, row: &Judged<'_>, attempt: &Attempt) -> bool {
    let proxy = attempt.hop.as_ref().and_then(Hop::proxy);
    if let Some(wanted) = row.proxy() {
        return proxy.is_some_and(|proxy| proxy.to_string() == wanted);
    }
    let bench = network::is_test_bench(context.run);
    let own = row.evidence.attempts.iter().filter(|own| own.hop.is_none());
    let mut own = own.map(|own| own.address.ip());
    let address = attempt.address.ip();
    proxy.is_none()
        && own.any(|own| {
            own.is_ipv6() == address.is_ipv6()
                && (bench || network::is_bogus(own) == network::is_bogus(address))
        })
}

fn gets_past(attempt: &Attempt, code: Code) -> bool {
    let http = attempt.http.as_ref().and_then(|http| http.value.as_ref());
    let answers = http.is_some_and(|seen| seen.status != 0);
    let handshake = attempt.tls.as_ref().is_some_and(Observation::passed);
    match (code, code.stage()) {
        (Code::ProxyDropped | Code::ProxyRefused, _)
        | (_, Stage::Device | Stage::Route | Stage::Dns | Stage::Tcp) => attempt.tcp.passed(),
        (Code::ProxyTunnelClosed, _) | (_, Stage::Tls) => handshake,
        (_, Stage::Proxy) => {
            let tunnel = attempt.proxy.as_ref();
            tunnel.is_some_and(|tunnel| tunnel.value.is_some()) || answers
        }
        (_, Stage::Http | Stage::Content) => answers,
    }
}

fn works_on_another_route(context: &Context<'_>, row: &Judged<'_>) -> bool {
    let routes = route::beside(row.endpoint, row.evidence, context);
    let works =
        |verdict: &Verdict| matches!(verdict.outcome, Outcome::Reachable | Outcome::Degraded);
    routes.iter().any(|(_, verdict)| works(verdict))
}

/// Whether the resolver that does not know the name of a proxy knows other names.
fn resolver_knows_names(known: &KnownNames, evidence: &Evidence) -> bool {
    let asked = Evidence {
        lookups: evidence.proxy_lookups.clone(),
        ..Evidence::default()
    };
    known.resolve_something(&known_names::asked(&asked), &[])
}

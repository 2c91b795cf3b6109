//! Endpoints that must be closed: which judgment proves it, and beside which control.
//!
//! "Closed" is a result only where the path itself was seen to work: on a network where nothing
//! answers, every forbidden host is silent too. So a failure counts beside another endpoint of the run
//! that answers on the same route, for DNS beside another name that the resolver knows: one of an
//! unrelated owner, or one of an endpoint that answers.

use crate::verdict::diagnosis::{self, Diagnosis};
use crate::verdict::route;
use crate::verdict::types::Context;
use reach365_model::cause::Cause;
use reach365_model::endpoint::{Endpoint, Scheme};
use reach365_model::evidence::{Evidence, Stage};
use reach365_model::verdict::{Basis, Code, Confidence, Outcome, Requirement, Verdict, Who};

/// What the judgment of an endpoint says of a rule that should close it.
enum Seen {
    /// The host answers, or another party's inspection forwards its answer.
    Open,
    /// The host cannot be reached from here.
    Closed,
    /// Neither was seen.
    Nothing,
}

/// Turns the judgment of an endpoint that must be closed, with no more than its own evidence.
pub(super) fn judge(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    open: Verdict,
) -> Verdict {
    let said_so = open.confidence == Confidence::Certain && open.stage > Some(Stage::Dns);
    let control = said_so.then_some("the word of the device that denies it");
    if let Some(verdict) = answers_elsewhere(endpoint, evidence, context, &open) {
        return verdict;
    }
    turned(endpoint, open, control)
}

pub(super) fn turned(endpoint: &Endpoint, open: Verdict, control: Option<&str>) -> Verdict {
    match (seen(endpoint, &open), control) {
        _ if open.outcome == Outcome::Skipped => with(open, Requirement::Unknown),
        (Seen::Open, _) => answers(endpoint, open),
        (Seen::Closed, Some(control)) => is_closed(endpoint, open, control),
        (Seen::Closed, None) => {
            let why = format!("{}; nothing else answers there", open.summary);
            not_seen(endpoint, open, &why)
        }
        (Seen::Nothing, _) if open.outcome == Outcome::Inconclusive => {
            with(open, Requirement::Unknown)
        }
        (Seen::Nothing, _) => {
            let why = open.summary.clone();
            not_seen(endpoint, open, &why)
        }
    }
}

fn with(mut verdict: Verdict, requirement: Requirement) -> Verdict {
    verdict.requirement = Some(requirement);
    verdict
}

fn is_closed(endpoint: &Endpoint, open: Verdict, control: &str) -> Verdict {
    let summary = format!("{endpoint} is closed as required: {}", open.summary);
    let confidence = open.confidence.max(Confidence::High);
    let mut basis = behind(open.basis);
    basis.notes.control = Some(control.into());
    let verdict = diagnosis::plain(Outcome::Reachable, confidence, summary, basis);
    with(verdict, Requirement::Met)
}

fn not_seen(endpoint: &Endpoint, open: Verdict, why: &str) -> Verdict {
    let mut verdict = diagnosis::inconclusive(endpoint, why);
    verdict.basis = behind(open.basis);
    with(verdict, Requirement::Unknown)
}

/// What an open endpoint's judgment rests on, as what lies behind another one.
fn behind(mut open: Basis) -> Basis {
    if let Some(code) = open.code() {
        open.notes.cause = Some(code.into());
    }
    open.because.splice(0..0, open.cause.take());
    open
}

fn answers(endpoint: &Endpoint, open: Verdict) -> Verdict {
    let (who, closing) = match endpoint.scheme {
        Scheme::Dns => (Who::Resolver, "resolver"),
        _ if open.basis.subject.proxy.is_some() => (Who::Proxy, "proxy"),
        _ => (Who::Firewall, "firewall"),
    };
    let cause = Cause::PolicyOpen {
        answer: Some(open.summary.into()),
        closing: Some(closing.into()),
    };
    let mut diagnosis = Diagnosis::new(cause).sure(open.confidence).by(who);
    if endpoint.scheme == Scheme::Dns {
        diagnosis.stage = Stage::Dns;
    }
    diagnosis.basis.or(open.basis);
    with(diagnosis.verdict(endpoint), Requirement::NotMet)
}

/// A host that is closed on the route of the settings, and answers on another one that this machine
/// knows, is open: any program may take that route.
pub(super) fn answers_elsewhere(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    open: &Verdict,
) -> Option<Verdict> {
    if open.outcome == Outcome::Skipped || matches!(seen(endpoint, open), Seen::Open) {
        return None;
    }
    let mut beside = route::beside(endpoint, evidence, context).into_iter();
    let (route, mut other) =
        beside.find(|(_, other)| matches!(seen(endpoint, other), Seen::Open))?;
    other.summary = format!("on the route {route}, {}", other.summary);
    let notes = &mut other.basis.notes;
    notes.route = Some(route.into());
    notes.cause = open.code().map(Into::into).or(notes.cause.take());
    let others = open.basis.notes.other_ways.clone();
    notes.other_ways = others.or(notes.other_ways.take());
    Some(answers(endpoint, other))
}

fn seen(endpoint: &Endpoint, open: &Verdict) -> Seen {
    match (open.outcome, open.code()) {
        (Outcome::Reachable | Outcome::Degraded, _) => Seen::Open,
        (Outcome::Blocked, Some(code)) => seen_by_code(endpoint, open, code),
        _ => Seen::Nothing,
    }
}

/// What a failure means for a host that must be closed. A proxy that is dead or requires
/// credentials, and an answer of unknown origin, say nothing about a rule.
fn seen_by_code(endpoint: &Endpoint, open: &Verdict, code: Code) -> Seen {
    let notes = &open.basis.notes;
    match code {
        // The host answered: with an old certificate, to another agent, on a route beside this one.
        Code::TlsExpired
        | Code::TlsNotYetValid
        | Code::TlsIncompleteChain
        | Code::HttpUserAgentFiltered
        | Code::RouteBypassHidesHost
        | Code::RouteProxyNotConfigured
        | Code::RoutePacWrongBranch => Seen::Open,
        // An inspection device answers for the host that it has reached, unless it says "blocked".
        Code::TlsIntercepted | Code::TlsInterceptedUntrusted if notes.page.is_some() => {
            Seen::Closed
        }
        Code::TlsIntercepted | Code::TlsInterceptedUntrusted if notes.status.is_some() => {
            Seen::Open
        }
        // In clear text silence may be a filter that reads the request; after a genuine handshake the
        // host has been reached.
        Code::HttpSilent | Code::HttpClosed if endpoint.scheme == Scheme::Http => Seen::Closed,
        _ if CLOSING.contains(&code) => Seen::Closed,
        _ => Seen::Nothing,
    }
}

/// Causes that keep everybody from a host.
const CLOSING: [Code; 27] = [
    Code::DeviceLocalFirewall,
    Code::DeviceNoRoute,
    Code::DnsTimeout,
    Code::DnsServfail,
    Code::DnsRefused,
    Code::DnsNxdomain,
    Code::DnsNodata,
    Code::DnsSinkhole,
    Code::DnsOutsidePublishedRange,
    Code::DnsForeignCname,
    Code::DnsRewritten,
    Code::DnsHostsFile,
    Code::TcpDropped,
    Code::TcpRefused,
    Code::TcpAdminProhibited,
    Code::TcpUnreachable,
    Code::ProxyDenied,
    Code::ProxyUpstreamDns,
    Code::ProxyUpstreamUnreachable,
    Code::ProxyUpstreamTimeout,
    Code::ProxyTunnelClosed,
    Code::TlsHelloReset,
    Code::TlsHelloDropped,
    Code::TlsSniFiltered,
    Code::TlsClosed,
    Code::TlsPlaintext,
    Code::HttpBlockPage,
];

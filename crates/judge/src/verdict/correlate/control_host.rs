//! A host outside Microsoft that the caller named: whether it fails alike.

use std::net::IpAddr;

use crate::verdict::control_probe::ceiling;
use crate::verdict::correlate::results::{blocked_by, free};
use crate::verdict::effects::Effects;
use crate::verdict::endpoint::{judge, judge_attempts};
use crate::verdict::types::{Context, Judged};
use crate::verdict::{dns, network};
use reach365_model::endpoint::{Host, Scheme};
use reach365_model::evidence::{Attempt, ControlHostSeen, Stage};
use reach365_model::plan;
use reach365_model::verdict::{Code, Confidence, Outcome, Verdict};

/// The host on one route and port, judged.
pub(super) struct ControlHost<'a> {
    name: String,
    seen: &'a ControlHostSeen,
    verdict: Verdict,
    /// The same over IPv4 alone and over IPv6 alone.
    by_family: [Verdict; 2],
    /// Whether it is on the internet: a host of the own network says nothing about internet access.
    is_far: bool,
}

/// What the host says about a result.
enum Comparison {
    /// It gets past the stage at which the endpoint fails.
    Works,
    /// It fails for the same cause.
    Alike,
    /// It fails for another cause, at the same stage or before.
    Otherwise(Code),
}

/// All that was seen of the host.
pub(super) fn all<'a>(context: &Context<'a>) -> Vec<ControlHost<'a>> {
    let seen = context.run.control_hosts.iter();
    let judged = seen.map(|seen| {
        let mut endpoint = plan::comparison(&seen.host, seen.port, seen.scheme);
        endpoint.issuer = Some(context.builtin.issuer_of(&endpoint.host));
        let over = |ipv6: bool| {
            let attempts = seen.evidence.attempts.iter();
            let own = attempts.filter(|attempt| attempt.address.is_ipv6() == ipv6);
            let own: Vec<&Attempt> = own.collect();
            judge_attempts(&endpoint, &seen.evidence, &own, context)
        };
        ControlHost {
            name: endpoint.host.to_string(),
            seen,
            verdict: judge(&endpoint, &seen.evidence, context),
            by_family: [over(false), over(true)],
            is_far: is_far(seen, context),
        }
    });
    judged.collect()
}

/// Whether any address of the host may be a public one, and its name is not of the hosts file.
/// Unresolved names are as far as others.
fn is_far(seen: &ControlHostSeen, context: &Context<'_>) -> bool {
    let mut known = dns::answers(&seen.evidence);
    if let Host::Address(address) = seen.host {
        known.push(address);
    }
    let bench = network::is_test_bench(context.run);
    let may_be =
        |address: &IpAddr| !network::is_bogus(*address) || (bench && address.is_loopback());
    seen.evidence.hosts_file.is_empty() && (known.is_empty() || known.iter().any(may_be))
}

/// Whether the host accepted a direct connection on a port over a family that endpoints have tried
/// there: then the port is not closed for all hosts.
pub(super) fn connects(control_hosts: &[ControlHost<'_>], rows: &[Judged<'_>], port: u16) -> bool {
    let on_port = |control: &&ControlHost<'_>| control.is_far && control.seen.port == port;
    let tried = |ipv6: bool| {
        let rows = rows.iter().filter(|row| row.endpoint.port == port);
        let mut attempts = rows.flat_map(|row| &row.evidence.attempts);
        attempts.any(|attempt| attempt.hop.is_none() && attempt.address.is_ipv6() == ipv6)
    };
    let connected = |control: &ControlHost<'_>| {
        let attempts = control.seen.evidence.attempts.iter();
        let mut passed = attempts.filter(|attempt| attempt.hop.is_none() && attempt.tcp.passed());
        passed.any(|attempt| tried(attempt.address.is_ipv6()))
    };
    control_hosts.iter().filter(on_port).any(connected)
}

/// Results beside a host that works are confirmed; results beside one that fails alike accuse no
/// rule for their own host.
pub(super) fn apply(control_hosts: &[ControlHost<'_>], rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    for place in free(rows, |row| row.verdict.outcome == Outcome::Blocked) {
        let row = &rows[place];
        let Some(code) = cause(row) else { continue };
        let compared = control_hosts.iter().find_map(|control| {
            let comparison = control.compared(row, code)?;
            Some((&control.name, comparison))
        });
        if let Some((name, comparison)) = compared {
            tell(effects.verdict(rows, place), code, name, &comparison);
        }
    }
    effects
}

/// Whether such a host gets past the stage at which an endpoint failed.
pub(super) fn passes(control_hosts: &[ControlHost<'_>], row: &Judged<'_>, code: Code) -> bool {
    let mut control_hosts = control_hosts.iter();
    control_hosts.any(|control| matches!(control.compared(row, code), Some(Comparison::Works)))
}

/// The cause of a failure, below the name that Windows admins know it by and below a wrong route.
pub(super) fn cause(row: &Judged<'_>) -> Option<Code> {
    if row.verdict.stage == Some(Stage::Route) {
        return row.verdict.basis.underlying();
    }
    if blocked_by(row, &[Code::NcsiBlocked])
        && let Some(cause) = row.verdict.basis.underlying()
    {
        return Some(cause);
    }
    row.verdict.code()
}

/// Whether the direct connection that failed was one over IPv6: other families have other routes.
fn failed_over(row: &Judged<'_>) -> Option<bool> {
    let address = row.address().filter(|_| !row.is_proxied())?;
    Some(address.is_ipv6())
}

impl ControlHost<'_> {
    /// What the host says about a result on the same route.
    fn compared(&self, row: &Judged<'_>, code: Code) -> Option<Comparison> {
        let stage = match row.verdict.stage? {
            Stage::Route => code.stage(),
            stage => stage,
        };
        if !self.is_far || !self.is_beside(row, stage) {
            return None;
        }
        let verdict = match failed_over(row) {
            Some(ipv6) if stage > Stage::Dns => &self.by_family[usize::from(ipv6)],
            _ => &self.verdict,
        };
        let works = matches!(verdict.outcome, Outcome::Reachable | Outcome::Degraded);
        // An answer in clear text may be forged: only what it says of the connection counts.
        let proven = self.seen.scheme == Scheme::Https || stage <= Stage::Proxy;
        match verdict.code() {
            _ if works => proven.then_some(Comparison::Works),
            Some(own) if own == code => Some(Comparison::Alike),
            _ if verdict.stage > Some(stage) => Some(Comparison::Works),
            Some(own) => Some(Comparison::Otherwise(own)),
            None => None,
        }
    }

    /// Whether the host was probed as the endpoint was. Names are looked up for every port alike,
    /// and a proxy itself is the same for all.
    fn is_beside(&self, row: &Judged<'_>, stage: Stage) -> bool {
        let ways = &row.evidence.ways;
        let taken = ways.first().map(|candidate| candidate.route.hop_words());
        let taken = taken.unwrap_or_else(|| reach365_proxy::route::Route::direct().hop_words());
        let same_port = self.seen.port == row.endpoint.port;
        taken == self.seen.route.hop_words() && (same_port || stage == Stage::Dns)
    }
}

fn tell(verdict: &mut Verdict, code: Code, name: &str, comparison: &Comparison) {
    let words = match comparison {
        Comparison::Works => {
            if verdict.confidence == Confidence::Medium {
                verdict.confidence = ceiling(code, verdict);
            }
            format!("{name} gets past this stage")
        }
        Comparison::Alike => {
            accuse_no_rule(verdict, name);
            format!("{name} fails alike")
        }
        Comparison::Otherwise(own) => format!("{name} fails with {own}"),
    };
    verdict.basis.notes.control_host = Some(words.into());
}

/// A fault that other hosts share is not specific to this host.
fn accuse_no_rule(verdict: &mut Verdict, name: &str) {
    let words = format!("; {name} fails alike, so that no rule for this host alone explains it");
    verdict.summary.push_str(&words);
}

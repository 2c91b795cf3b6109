//! Which names a resolver knows: the control of every accusation that rests on DNS.
//!
//! A name that does not resolve accuses its resolver only where the same resolver gives the name of
//! an unrelated owner a usable address in the same run. Otherwise no name of the internet may be
//! known there at all, as on sites where a proxy does all lookups.

use std::net::{IpAddr, SocketAddr};

use crate::verdict::types::{Context, Judged};
use crate::verdict::{dns, network};
use reach365_model::catalog::CUSTOM;
use reach365_model::endpoint::Host;
use reach365_model::evidence::{Attempt, Evidence, FailureKind, Lookup, RecordKind, Trust};

/// What the name servers of the internet's root are called; roots of closed networks have others.
const ROOT: &str = "root-servers.net";

/// What every resolver of a run said of every name.
#[derive(Debug, Default)]
pub(super) struct KnownNames {
    seen: Vec<Seen>,
    /// Resolvers that know the root of the internet.
    roots: Vec<SocketAddr>,
    bench: bool,
}

/// One name as one lookup shows it.
#[derive(Debug)]
struct Seen {
    host: Host,
    servers: Vec<SocketAddr>,
    addresses: Vec<IpAddr>,
    /// Whether the host itself answered at one of them: then the name is known, whatever kind of
    /// address a VPN or a private link gives it.
    proven: bool,
    /// Whether the name was asked for as a control, and is not an endpoint of the run.
    control: bool,
    failure: Option<FailureKind>,
}

impl KnownNames {
    pub(super) fn new(context: &Context<'_>, rows: &[Judged<'_>]) -> Self {
        let mut known = Self {
            bench: network::is_test_bench(context.run),
            ..Self::default()
        };
        for row in rows {
            let own = row.endpoint.groups.iter().any(|group| group == CUSTOM);
            let proven = proven_addresses(row.evidence, own);
            let lookups = &row.evidence.lookups;
            known.add_all(&row.endpoint.host, lookups, &proven, false);
        }
        for control in &context.run.control_hosts {
            let proven = proven_addresses(&control.evidence, false);
            let lookups = &control.evidence.lookups;
            known.add_all(&control.host, lookups, &proven, true);
        }
        for lookup in &context.run.dns_controls {
            known.add_control(lookup);
        }
        known
    }

    fn add_all(&mut self, host: &Host, lookups: &[Lookup], proven: &[IpAddr], control: bool) {
        for lookup in lookups {
            let addresses: Vec<IpAddr> = dns::addresses_of(lookup).collect();
            self.seen.push(Seen {
                host: host.clone(),
                servers: servers(lookup),
                proven: addresses.iter().any(|address| proven.contains(address)),
                addresses,
                control,
                failure: lookup.outcome.failure.as_ref().map(|failure| failure.kind),
            });
        }
    }

    fn add_control(&mut self, lookup: &Lookup) {
        if lookup.kind == RecordKind::Ns {
            if names_the_root(lookup) {
                self.roots.extend(servers(lookup));
            }
            return;
        }
        if let Ok(host) = Host::parse(&lookup.name) {
            self.add_all(&host, std::slice::from_ref(lookup), &[], true);
        }
    }

    /// Whether a resolver of this endpoint resolves the name of an unrelated owner.
    pub(super) fn confirms(&self, host: &Host, evidence: &Evidence) -> bool {
        let asked = asked(evidence);
        let forged = dns::answers(evidence);
        let works = |seen: &Seen| {
            network::unrelated(&seen.host, host)
                && shares_a_server(seen, &asked)
                && self.is_known(seen, &forged)
        };
        self.seen.iter().any(works) || self.root_vouches(evidence)
    }

    /// A resolver that knows the internet's root and denies a name does so on purpose. One that
    /// fails or is silent may have the root in its cache or hints.
    fn root_vouches(&self, evidence: &Evidence) -> bool {
        let denied = evidence.lookups.iter().filter(|lookup| {
            let failure = lookup.outcome.failure.as_ref();
            failure.is_some_and(|failure| failure.kind == FailureKind::Nxdomain)
        });
        denied
            .flat_map(servers)
            .any(|server| self.roots.contains(&server))
    }

    /// Whether any name at all has a usable address there, beside those that were forged.
    pub(super) fn resolve_something(&self, asked: &[SocketAddr], forged: &[IpAddr]) -> bool {
        let mut seen = self.seen.iter();
        seen.any(|seen| shares_a_server(seen, asked) && self.is_known(seen, forged))
    }

    /// Control names that these resolvers were asked for, and whether they answered.
    pub(super) fn controls(&self, asked: &[SocketAddr], answered: bool) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for seen in self.seen.iter().filter(|seen| seen.control) {
            let name = seen.host.to_string();
            let is_answered = seen.failure.is_none_or(dns::is_answer);
            let counts = shares_a_server(seen, asked) && is_answered == answered;
            if counts && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Whether these resolvers say anything about any name. That a control fails at the server
    /// does not count: forwarders answer so, after a while, when no upstream server answers.
    pub(super) fn are_answered(&self, asked: &[SocketAddr]) -> bool {
        let told = |seen: &Seen| match seen.failure {
            Some(FailureKind::Servfail) => !seen.control,
            Some(failure) => dns::is_answer(failure),
            None => true,
        };
        let mut seen = self.seen.iter();
        seen.any(|seen| shares_a_server(seen, asked) && told(seen))
    }

    /// Whether a name has an address of its host, as far as can be told.
    fn is_known(&self, seen: &Seen, forged: &[IpAddr]) -> bool {
        let usable = |address: &IpAddr| self.is_usable(*address) && !forged.contains(address);
        seen.proven || seen.addresses.iter().any(usable)
    }

    /// An address that may be one of the internet.
    fn is_usable(&self, address: IpAddr) -> bool {
        !network::is_bogus(address) || (self.bench && address.is_loopback())
    }
}

/// The addresses at which the host itself answered: on the direct path, over a public chain for its
/// name. A host that the user named may be a site's own, which resolvers without any name of the
/// internet know as well: it proves nothing.
fn proven_addresses(evidence: &Evidence, own: bool) -> Vec<IpAddr> {
    if own {
        return Vec::new();
    }
    let direct = evidence.attempts.iter();
    let genuine = direct.filter(|attempt| attempt.hop.is_none() && has_public_chain(attempt));
    genuine.map(|attempt| attempt.address.ip()).collect()
}

fn has_public_chain(attempt: &Attempt) -> bool {
    let tls = attempt.tls.as_ref().filter(|tls| tls.passed());
    let seen = tls.and_then(|tls| tls.value.as_ref());
    seen.is_some_and(|seen| {
        seen.public_roots == Some(Trust::Trusted) && seen.name_matches == Some(true)
    })
}

/// The resolvers that lookups went to.
pub(super) fn asked(evidence: &Evidence) -> Vec<SocketAddr> {
    evidence.lookups.iter().flat_map(servers).collect()
}

/// The server that answered; all that were asked where none did.
fn servers(lookup: &Lookup) -> Vec<SocketAddr> {
    let answered = lookup.tries.iter().rev().find(|one| one.failure.is_none());
    match (answered, &lookup.outcome.failure) {
        (Some(one), _) => vec![one.server],
        (None, Some(failure)) if dns::is_answer(failure.kind) => lookup
            .tries
            .last()
            .map(|one| one.server)
            .into_iter()
            .collect(),
        (None, _) => lookup.tries.iter().map(|one| one.server).collect(),
    }
}

fn shares_a_server(seen: &Seen, asked: &[SocketAddr]) -> bool {
    seen.servers.iter().any(|server| asked.contains(server))
}

fn names_the_root(lookup: &Lookup) -> bool {
    let answer = lookup.outcome.value.iter();
    let mut records = answer.flat_map(|answer| &answer.records);
    records.any(|record| record.kind == RecordKind::Ns && network::below(&record.data, ROOT))
}

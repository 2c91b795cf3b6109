//! A name server that resolves nothing while another one works. Clients go on to the other one, so
//! that it explains no endpoint: it costs time, and the redundancy that it is there for is gone.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use crate::verdict::correlate::results::finding;
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::dns;
use crate::verdict::types::{Context, Judged};
use reach365_model::cause::{Cause, FailedResolvers};
use reach365_model::endpoint::Host;
use reach365_model::evidence::{DnsTry, Evidence, FailureKind, Lookup, Transport};
use reach365_model::verdict::{Confidence, Finding, Outcome};

/// Names of so many owners must fail there: a filter that drops some names answers others.
const UNRELATED_NAMES: usize = 3;
/// Shorter silence may be a limit of the user's own on a long path.
const SILENCE_MS: f64 = 950.0;

/// What one name server did in the whole run.
#[derive(Default)]
struct Record {
    /// It said something about a name.
    answers: bool,
    silent: BTreeSet<String>,
    closed: BTreeSet<String>,
    refused: BTreeSet<String>,
}

/// Finds the servers that never resolved a name although they were asked for several, while another
/// one resolved those.
pub(super) fn find(context: &Context<'_>, rows: &[Judged<'_>]) -> Option<Finding> {
    let servers = &context.run.resolvers;
    let lookups: Vec<&Lookup> = rows
        .iter()
        .flat_map(lookups_that_matter)
        .chain(&context.run.dns_controls)
        .collect();
    let records = servers.iter().map(|server| Record::new(*server, &lookups));
    let records: Vec<(SocketAddr, Record)> = servers.iter().copied().zip(records).collect();
    let resolves = |server: SocketAddr| lookups.iter().any(|lookup| resolved_by(lookup, server));
    let working: Vec<SocketAddr> = servers
        .iter()
        .copied()
        .filter(|one| resolves(*one))
        .collect();
    let dead: Vec<(SocketAddr, &Record, &str)> = records
        .iter()
        .filter_map(|(server, record)| Some((*server, record, record.fault()?)))
        .collect();
    let (first, _, _) = *dead.first()?;
    if working.is_empty() {
        return None;
    }
    let words = |(server, _, fault): &(SocketAddr, &Record, &str)| {
        format!("{} ({fault})", dns::server_words(*server))
    };
    let names = dead.iter().map(|(_, record, _)| record.names()).max();
    let cause = Cause::DnsResolverDead {
        resolvers: FailedResolvers {
            names: Some(names.unwrap_or_default() as u64),
            ..FailedResolvers::default()
        },
        dead: Some(dead.iter().map(words).collect()),
        working: Some(working.into_iter().map(dns::server_words).collect()),
    };
    let diagnosis = Diagnosis::new(cause)
        .with_outcome(Outcome::Degraded)
        .sure(Confidence::High)
        .at_address(Some(first.ip()));
    let dead: Vec<SocketAddr> = dead.iter().map(|(server, _, _)| *server).collect();
    let places: Vec<usize> = (0..rows.len())
        .filter(|place| asked_any(rows[*place].evidence, &dead))
        .collect();
    Some(finding(diagnosis, rows, &places))
}

/// Lookups that a connection waits for. With a proxy the host's own name is not among
/// them.
fn lookups_that_matter<'a>(row: &Judged<'a>) -> impl Iterator<Item = &'a Lookup> {
    let evidence: &'a Evidence = row.evidence;
    let own: &'a [Lookup] = if row.is_proxied() {
        &[]
    } else {
        &evidence.lookups
    };
    own.iter()
        .chain(&evidence.proxy_lookups)
        .chain(&evidence.random_labels)
}

fn asked_any(evidence: &Evidence, servers: &[SocketAddr]) -> bool {
    let mut tries = evidence.lookups.iter().flat_map(|lookup| &lookup.tries);
    tries.any(|one| servers.contains(&one.server))
}

/// Whether the answer of a lookup that passed came from this server.
fn resolved_by(lookup: &Lookup, server: SocketAddr) -> bool {
    let answer = lookup.tries.iter().rev().find(|one| one.rcode.is_some());
    lookup.outcome.passed() && answer.is_some_and(|one| one.server == server)
}

impl Record {
    fn new(server: SocketAddr, lookups: &[&Lookup]) -> Self {
        let mut record = Self::default();
        for lookup in lookups {
            for one in lookup.tries.iter().filter(|one| one.server == server) {
                record.add(&lookup.name, one);
            }
        }
        record
    }

    fn add(&mut self, name: &str, one: &DnsTry) {
        let kind = one.failure.as_ref().map(|failure| failure.kind);
        match (one.rcode.as_deref(), kind) {
            (Some("NOERROR" | "NXDOMAIN" | "TRUNCATED"), _) => self.answers = true,
            (Some(_), _) => {
                self.refused.insert(name.to_owned());
            }
            (None, Some(FailureKind::Refused)) => {
                self.closed.insert(name.to_owned());
            }
            (None, Some(FailureKind::Timeout | FailureKind::HostUnreachable))
                if one.transport == Transport::Udp && one.elapsed_ms >= SILENCE_MS =>
            {
                self.silent.insert(name.to_owned());
            }
            _ => {}
        }
    }

    /// What is wrong with the server; `None` where it may work. One that refuses is not dead: with
    /// split DNS it refuses what is not its own.
    fn fault(&self) -> Option<&'static str> {
        let enough = |names: &BTreeSet<String>| owners(names) >= UNRELATED_NAMES;
        if self.answers || !self.refused.is_empty() {
            return None;
        }
        if enough(&self.closed) {
            return Some("port closed");
        }
        enough(&self.silent).then_some("no answer")
    }

    fn names(&self) -> usize {
        let all = [&self.silent, &self.closed, &self.refused];
        let all: BTreeSet<&String> = all.into_iter().flatten().collect();
        all.len()
    }
}

fn owners(names: &BTreeSet<String>) -> usize {
    let hosts = names.iter().filter_map(|name| Host::parse(name).ok());
    let owners: BTreeSet<String> = hosts.map(|host| host.owner()).collect();
    owners.len()
}

//! Name resolution with every packet on record. Nothing is cached.

mod ask;
mod exchange;
mod load;
mod servers;
mod tried;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::classify;
use crate::clock::{RunClock, milliseconds};
use reach365_model::evidence::{
    DnsAnswer, DnsRecord, DnsTry, Failure, FailureKind, Lookup, Observation, RecordKind,
};
use reach365_model::options::CNAME_LIMIT;

use ask::Asking;
pub use servers::NameServers;

/// Asks a list of name servers.
#[derive(Debug, Clone)]
pub struct DnsClient {
    /// The servers, in the order in which they are queried.
    pub servers: Vec<SocketAddr>,
    /// The limit of one question.
    pub timeout: Duration,
    /// Whether the servers are to find out for us; off for authoritative ones.
    pub recursion: bool,
    /// The start and the deadline of the run.
    pub clock: RunClock,
    /// What the run has learned about its servers.
    pub known: Arc<NameServers>,
}

/// The end of one try: an answer, or how it failed.
type TryResult = Result<DnsAnswer, Failure>;

impl DnsClient {
    /// Looks a name up, with all tries. An alias whose target is missing from the answer is
    /// followed on the same servers.
    pub async fn lookup(&self, name: &str, kind: RecordKind) -> Lookup {
        let began = Instant::now();
        let mut tries = Vec::new();
        let mut result = Box::pin(self.ask(name, kind, &mut tries)).await;
        if let Ok(answer) = &mut result {
            Box::pin(self.complete(name, kind, answer, &mut tries)).await;
        }
        let (value, failure) = match result {
            Ok(answer) => {
                let failure = objection(name, kind, &answer);
                (Some(answer), failure)
            }
            Err(failure) => (None, Some(failure)),
        };
        Lookup {
            name: name.to_owned(),
            kind,
            outcome: Observation {
                at_ms: self.clock.at(began),
                elapsed_ms: milliseconds(began.elapsed()),
                value,
                failure,
            },
            tries,
        }
    }

    /// Follows a chain that the server did not follow itself.
    async fn complete(
        &self,
        name: &str,
        kind: RecordKind,
        answer: &mut DnsAnswer,
        tries: &mut Vec<DnsTry>,
    ) {
        if !matches!(kind, RecordKind::A | RecordKind::Aaaa) {
            return;
        }
        for _ in 0..CNAME_LIMIT {
            let Chain::Dangling(target) = follow(name, kind, &answer.records) else {
                return;
            };
            if answer.rcode != "NOERROR" {
                return;
            }
            let Ok(more) = self.ask(&target, kind, tries).await else {
                return;
            };
            if more.records.is_empty() && more.rcode == "NOERROR" {
                return;
            }
            answer.rcode = more.rcode;
            answer.records.extend(more.records);
        }
    }

    /// One question, with all its tries.
    async fn ask(&self, name: &str, kind: RecordKind, tries: &mut Vec<DnsTry>) -> TryResult {
        if self.servers.is_empty() {
            return Err(classify::failure(FailureKind::Other, self.known.why_none()));
        }
        let result = Asking::new(self, name, kind).run(tries).await;
        tracing::debug!(%name, ?kind, passed = result.is_ok(), "DNS question over");
        result
    }
}

/// Where a chain of aliases ends.
#[derive(Debug, PartialEq, Eq)]
enum Chain {
    /// At records of the requested type, or at the name itself.
    Whole,
    /// At an alias whose target has no record in the answer.
    Dangling(String),
    /// Nowhere: it is a loop, or longer than resolvers follow.
    Endless,
}

fn follow(name: &str, kind: RecordKind, records: &[DnsRecord]) -> Chain {
    let mut current = name.trim_end_matches('.').to_ascii_lowercase();
    for link in 0..=CNAME_LIMIT {
        let alias = records
            .iter()
            .find(|record| record.kind == RecordKind::Cname && record.name == current);
        match alias {
            Some(alias) => current.clone_from(&alias.data),
            None if link == 0 => return Chain::Whole,
            None if records.iter().any(|r| r.kind == kind && r.name == current) => {
                return Chain::Whole;
            }
            None => return Chain::Dangling(current),
        }
    }
    Chain::Endless
}

/// What is wrong with an answer for a client that needs records of that type.
fn objection(name: &str, kind: RecordKind, answer: &DnsAnswer) -> Option<Failure> {
    let kind_of_failure = match answer.rcode.as_str() {
        "NOERROR" => return missing(name, kind, answer),
        "NXDOMAIN" => FailureKind::Nxdomain,
        "SERVFAIL" => FailureKind::Servfail,
        "REFUSED" => FailureKind::DnsRefused,
        _ => FailureKind::DnsCode,
    };
    let mut words = answer.rcode.clone();
    for error in &answer.extended_errors {
        words.push_str("; ");
        words.push_str(error);
    }
    Some(classify::failure(kind_of_failure, words))
}

fn missing(name: &str, kind: RecordKind, answer: &DnsAnswer) -> Option<Failure> {
    if kind != RecordKind::Cname && follow(name, kind, &answer.records) == Chain::Endless {
        return Some(classify::failure(
            FailureKind::CnameLoop,
            format!("the chain of aliases does not end within {CNAME_LIMIT} links"),
        ));
    }
    if addresses_or_names(kind, &answer.records).next().is_none() {
        return Some(classify::failure(FailureKind::Nodata, ""));
    }
    None
}

fn addresses_or_names(kind: RecordKind, records: &[DnsRecord]) -> impl Iterator<Item = &str> {
    records
        .iter()
        .filter(move |record| record.kind == kind)
        .map(|record| record.data.as_str())
}

/// The addresses of a lookup that passed, each once, in the order of the answer.
pub fn addresses(lookup: &Lookup) -> Vec<IpAddr> {
    let Some(answer) = lookup
        .outcome
        .value
        .as_ref()
        .filter(|_| lookup.outcome.passed())
    else {
        return Vec::new();
    };
    let mut found: Vec<IpAddr> = Vec::new();
    for text in addresses_or_names(lookup.kind, &answer.records) {
        match text.parse() {
            Ok(address) if !found.contains(&address) => found.push(address),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alias(name: &str, target: &str) -> DnsRecord {
        DnsRecord {
            name: name.to_owned(),
            kind: RecordKind::Cname,
            ttl: 60,
            data: target.to_owned(),
        }
    }

    fn address(name: &str) -> DnsRecord {
        DnsRecord {
            name: name.to_owned(),
            kind: RecordKind::A,
            ttl: 60,
            data: "192.0.2.1".to_owned(),
        }
    }

    #[test]
    fn a_chain_is_followed_to_its_end() {
        let records = [alias("a", "b"), alias("b", "c"), address("c")];
        assert_eq!(follow("A.", RecordKind::A, &records), Chain::Whole);
        assert_eq!(
            follow("a", RecordKind::A, &records[..2]),
            Chain::Dangling("c".to_owned())
        );
    }

    #[test]
    fn circles_and_endless_chains_are_told() {
        let circle = [alias("a", "b"), alias("b", "a")];
        assert_eq!(follow("a", RecordKind::A, &circle), Chain::Endless);
        let long: Vec<_> = (0..60)
            .map(|n| alias(&format!("n{n}"), &format!("n{}", n + 1)))
            .collect();
        assert_eq!(follow("n0", RecordKind::A, &long), Chain::Endless);
    }
}

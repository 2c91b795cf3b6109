//! The resolver fails for every name: then no name can be blamed.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::endpoint::{Host, MustBe};
use crate::evidence::{Evidence, FailureKind, Lookup, Stage};
use crate::verdict::claim::Claim;
use crate::verdict::correlate::{acquit, finding, free, hosts, is_proxied};
use crate::verdict::{Code, Confidence, Context, Finding, Judged, Outcome, dns};

/// Names of so many owners must fail before the resolver is named instead of the names.
const UNRELATED_NAMES: usize = 3;

/// Finds that not one name of the run resolves.
pub(super) fn find(context: &Context<'_>, rows: &mut [Judged<'_>]) -> Option<Finding> {
    let asked = |row: &Judged<'_>| {
        !row.evidence.lookups.is_empty() && row.evidence.hosts_file.is_empty() && !is_proxied(row)
    };
    if rows
        .iter()
        .any(|row| asked(row) && !dns::answers(row.evidence).is_empty())
    {
        return None;
    }
    let failed = free(rows, |row| {
        asked(row) && row.verdict.stage == Some(Stage::Dns)
    });
    let code = cause(rows, &failed)?;
    let names = hosts(rows, &failed).len();
    let said = answers(rows, &failed);
    let answered = !said.is_empty();
    let idle = free(rows, is_idle_msoid);
    let negative = (0..rows.len()).filter(|place| {
        let row = &rows[*place];
        row.endpoint.must_be == MustBe::Blocked && asked(row)
    });
    let mut places = [failed, idle, negative.collect()].concat();
    places.sort_unstable();
    acquit(rows, &places, code);
    let claim = Claim::new(code)
        .with_outcome(Outcome::Inconclusive)
        .sure(confidence(code, names))
        .at_address(context.run.resolvers.first().map(std::net::SocketAddr::ip))
        .fact("names", names)
        .fact("resolvers", resolvers(context, rows))
        .fact("answers", said);
    let says = sentence(code, answered, names);
    Some(finding(claim, says, rows, &places))
}

/// Silence, a closed port, or an answer that tells nothing for names of several owners. An answer
/// for fewer is what the resolver says of those names.
fn cause(rows: &[Judged<'_>], failed: &[usize]) -> Option<Code> {
    if failed.is_empty() {
        return None;
    }
    if rows.iter().any(|row| has_spoken(row.evidence)) {
        return (owners(rows, failed) >= UNRELATED_NAMES).then_some(Code::DnsResolverDead);
    }
    let closed = |place: &usize| rows[*place].verdict.code == Some(Code::DnsResolverClosed);
    let all = failed.iter().all(closed);
    if all || (failed.iter().any(closed) && is_one_server(rows, failed)) {
        return Some(Code::DnsResolverClosed);
    }
    Some(Code::DnsResolverDead)
}

/// Whether one name server alone was asked. A system limits how often it says that a port is
/// closed: silence beside such a message is the same closed port.
fn is_one_server(rows: &[Judged<'_>], places: &[usize]) -> bool {
    let lookups = places
        .iter()
        .flat_map(|place| &rows[*place].evidence.lookups);
    let tries = lookups.flat_map(|lookup| &lookup.tries);
    let servers: BTreeSet<IpAddr> = tries.map(|one| one.server.ip()).collect();
    servers.len() == 1
}

fn owners(rows: &[Judged<'_>], places: &[usize]) -> usize {
    let hosts = places.iter().map(|place| &rows[*place].endpoint.host);
    let names = hosts.filter(|host| host.name().is_some());
    let owners: BTreeSet<String> = names.map(Host::owner).collect();
    owners.len()
}

/// What the resolver says where it says anything, once each.
fn answers(rows: &[Judged<'_>], places: &[usize]) -> Vec<String> {
    let lookups = places
        .iter()
        .flat_map(|place| &rows[*place].evidence.lookups);
    let failures = lookups
        .filter(|lookup| was_answered(lookup))
        .filter_map(|lookup| lookup.outcome.failure.as_ref());
    let said: BTreeSet<String> = failures.map(dns::seen).collect();
    said.into_iter().collect()
}

/// Whether a name server said anything at all.
fn has_spoken(evidence: &Evidence) -> bool {
    let msoid = evidence.msoid.iter().flat_map(|msoid| &msoid.views);
    evidence.lookups.iter().any(was_answered) || msoid.into_iter().any(|view| view.outcome.passed())
}

fn was_answered(lookup: &Lookup) -> bool {
    let failure = lookup.outcome.failure.as_ref();
    failure.is_none_or(|failure| {
        matches!(
            failure.kind,
            FailureKind::Nxdomain
                | FailureKind::Nodata
                | FailureKind::Servfail
                | FailureKind::DnsRefused
                | FailureKind::DnsCode
                | FailureKind::Truncated
                | FailureKind::CnameLoop
                | FailureKind::Malformed
        )
    })
}

fn is_idle_msoid(row: &Judged<'_>) -> bool {
    row.evidence.msoid.is_some() && row.verdict.outcome == Outcome::Inconclusive
}

/// One silent name may be that name's own trouble.
fn confidence(code: Code, names: usize) -> Confidence {
    match code {
        _ if names < 2 => Confidence::Low,
        Code::DnsResolverDead => Confidence::High,
        _ => Confidence::Certain,
    }
}

fn resolvers(context: &Context<'_>, rows: &[Judged<'_>]) -> Vec<String> {
    let named: Vec<IpAddr> = context
        .run
        .resolvers
        .iter()
        .map(std::net::SocketAddr::ip)
        .collect();
    if !named.is_empty() {
        return dns::words(&named);
    }
    let lookups = rows.iter().flat_map(|row| &row.evidence.lookups);
    let mut servers: Vec<IpAddr> = Vec::new();
    for one in lookups.flat_map(|lookup| &lookup.tries) {
        if !servers.contains(&one.server.ip()) {
            servers.push(one.server.ip());
        }
    }
    dns::words(&servers)
}

fn sentence(code: Code, answered: bool, names: usize) -> &'static str {
    match code {
        Code::DnsResolverClosed => {
            "Nothing listens on the DNS port of {resolvers}: no name can be looked up"
        }
        _ if answered => {
            "The resolver {resolvers} resolves no internet name: of {names} names with different owners it says only {answers}"
        }
        _ if names == 1 => {
            "The resolver does not answer: one name asked of {resolvers}, no reply at all"
        }
        _ => code.says(),
    }
}

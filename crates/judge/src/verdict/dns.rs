//! The DNS stage: failed lookups, degraded lookups, and endpoints that are a DNS record only.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::verdict::diagnosis::{self, Diagnosis, whole_ms};
use crate::verdict::tcp::{self, AT_ONCE_MS};
use crate::verdict::types::AttemptResult;
use crate::verdict::{limit, network};
use reach365_model::cause::{Cause, FailedLookup};
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{
    DnsTry, Evidence, Failure, FailureKind, Lookup, RecordKind, RunEvidence, Stage,
};
use reach365_model::facts::{List, short};
use reach365_model::verdict::{Basis, Code, Confidence, Outcome, Verdict, Who};

/// An answer that takes longer is slow, on a path whose own round trip is short.
pub(super) const SLOW_LOOKUP_MS: f64 = 500.0;
/// Round trips to the host that a resolver may take beside that.
const PATH_SHARE: f64 = 2.0;

/// The addresses that a connection would use: those of the hosts file win over DNS.
pub(super) fn addresses(evidence: &Evidence) -> Vec<IpAddr> {
    if evidence.hosts_file.is_empty() {
        return answers(evidence);
    }
    evidence.hosts_file.clone()
}

/// The addresses in the answers of the resolver.
pub(super) fn answers(evidence: &Evidence) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = Vec::new();
    for lookup in &evidence.lookups {
        for address in addresses_of(lookup) {
            if !found.contains(&address) {
                found.push(address);
            }
        }
    }
    found
}

pub(super) fn addresses_of(lookup: &Lookup) -> impl Iterator<Item = IpAddr> {
    let passed = lookup.outcome.passed();
    let answer = lookup.outcome.value.iter().filter(move |_| passed);
    let records = answer.flat_map(|answer| &answer.records);
    records.filter_map(|record| match record.kind {
        RecordKind::A | RecordKind::Aaaa => record.data.parse().ok(),
        RecordKind::Cname | RecordKind::Ns | RecordKind::Soa => None,
    })
}

/// The names that the CNAME chain passes through.
pub(super) fn chain(evidence: &Evidence) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for lookup in &evidence.lookups {
        let records = lookup
            .outcome
            .value
            .iter()
            .flat_map(|answer| &answer.records);
        let aliases = records.filter(|record| record.kind == RecordKind::Cname);
        for alias in aliases {
            if !names.contains(&alias.data.as_str()) {
                names.push(&alias.data);
            }
        }
    }
    names
}

/// Judges an endpoint that is a DNS record alone.
pub(super) fn judge(endpoint: &Endpoint, evidence: &Evidence, run: &RunEvidence) -> Verdict {
    let found = addresses(evidence);
    if found.is_empty() {
        return match failure(endpoint, evidence, run) {
            AttemptResult::Failed(diagnosis) => diagnosis.verdict(endpoint),
            AttemptResult::Unknown(why) => diagnosis::inconclusive(endpoint, &why),
            _ => diagnosis::inconclusive(endpoint, "no lookup was recorded"),
        };
    }
    if !endpoint.dns_answer.is_empty() && !is_expected(endpoint, &found) {
        return wrong_answer(endpoint, evidence)
            .sure(Confidence::Certain)
            .note(|notes| notes.answers = Some(to_list(&found)))
            .verdict(endpoint);
    }
    let summary = format!("{endpoint} resolves to {}", to_strings(&found).join(", "));
    let mut basis = Basis::default();
    basis.notes.answers = Some(to_list(&found));
    basis.notes.ipv6 = about_ipv6(endpoint, &found).map(Into::into);
    diagnosis::plain(Outcome::Reachable, Confidence::Certain, summary, basis)
}

fn wrong_answer(endpoint: &Endpoint, evidence: &Evidence) -> Diagnosis {
    let expected = Some(to_list(&endpoint.dns_answer));
    if evidence.hosts_file.is_empty() {
        return Diagnosis::new(Cause::NcsiDnsWrong { expected });
    }
    let words = "Windows expects another address";
    let diagnosis = Diagnosis::new(Cause::DnsHostsFile { expected });
    diagnosis.note(|notes| notes.cause = Some(words.into()))
}

/// Every answer of the family that decides must be in the entry: IPv4 where it was answered and
/// the entry has such an address. IPv6 beside it is information, since many resolvers leave it
/// out or forge it.
fn is_expected(endpoint: &Endpoint, found: &[IpAddr]) -> bool {
    let expected = &endpoint.dns_answer;
    let judged = |v6: bool| {
        let has = expected.iter().any(|address| address.is_ipv6() == v6);
        let mut own = found.iter().filter(|address| address.is_ipv6() == v6);
        let any = has && own.clone().next().is_some();
        any.then(|| own.all(|address| expected.contains(address)))
    };
    judged(false).or_else(|| judged(true)).unwrap_or_default()
}

/// The IPv6 answers, and whether they are those of the entry, where it has any.
fn about_ipv6(endpoint: &Endpoint, found: &[IpAddr]) -> Option<&'static str> {
    let expected = &endpoint.dns_answer;
    let mut own = found.iter().filter(|address| address.is_ipv6());
    if !expected.iter().any(IpAddr::is_ipv6) {
        return None;
    }
    if own.clone().next().is_none() {
        return Some("no answer");
    }
    let right = own.all(|address| expected.contains(address));
    Some(if right {
        "as expected"
    } else {
        "another address"
    })
}

/// Why the name has no address. An entry for IPv6 alone is held to its own family.
pub(super) fn failure(
    endpoint: &Endpoint,
    evidence: &Evidence,
    run: &RunEvidence,
) -> AttemptResult {
    let failed = |lookup: &&Lookup| lookup.outcome.failure.is_some();
    let worst = evidence.lookups.iter().filter(failed).max_by_key(|lookup| {
        let kind = lookup.outcome.failure.as_ref().map(|failure| failure.kind);
        (kind.map_or(0, telling), lookup.kind == RecordKind::A)
    });
    let Some(lookup) = worst else {
        return AttemptResult::Connected;
    };
    let Some(failure) = &lookup.outcome.failure else {
        return AttemptResult::Connected;
    };
    if let Some(why) = limit::shortened_for(run, Stage::Dns, failure) {
        return AttemptResult::Unknown(why);
    }
    if failure.kind == FailureKind::Nodata
        && !endpoint.ipv6_only
        && let Some(family) = only_family(&evidence.lookups)
    {
        return AttemptResult::Unknown(lacks_family(family, "the name"));
    }
    judge_failure(lookup, failure)
}

/// The address family that alone was asked for: that a name has no address of it says nothing about
/// the other one.
pub(super) fn only_family<'a>(
    lookups: impl IntoIterator<Item = &'a Lookup>,
) -> Option<&'static str> {
    let asked: BTreeSet<bool> = lookups
        .into_iter()
        .filter_map(|lookup| match lookup.kind {
            RecordKind::A => Some(false),
            RecordKind::Aaaa => Some(true),
            _ => None,
        })
        .collect();
    match (asked.contains(&false), asked.contains(&true)) {
        (true, false) => Some("IPv4"),
        (false, true) => Some("IPv6"),
        _ => None,
    }
}

/// Why a name without an address of the one family that was asked for accuses no party.
pub(super) fn lacks_family(family: &str, name: &str) -> String {
    format!("only {family} addresses were asked for, and {name} has none")
}

/// How much a failure says: an answer says more than silence, and "no such record" for one family
/// says nothing about the other.
fn telling(kind: FailureKind) -> u8 {
    match kind {
        FailureKind::Nodata => 0,
        FailureKind::Timeout => 1,
        FailureKind::Truncated => 2,
        _ => 3,
    }
}

fn judge_failure(lookup: &Lookup, failure: &Failure) -> AttemptResult {
    let code = match failure.kind {
        FailureKind::Nxdomain => Code::DnsNxdomain,
        FailureKind::Nodata | FailureKind::CnameLoop => Code::DnsNodata,
        FailureKind::Servfail | FailureKind::DnsCode => Code::DnsServfail,
        FailureKind::DnsRefused => Code::DnsRefused,
        FailureKind::Truncated => Code::DnsTcpBlocked,
        FailureKind::Timeout | FailureKind::HostUnreachable => Code::DnsTimeout,
        FailureKind::Refused => Code::DnsResolverClosed,
        FailureKind::NetworkUnreachable | FailureKind::AddressNotAvailable => Code::DeviceNoRoute,
        FailureKind::NoSocket => {
            return AttemptResult::unknown("this machine refused another socket");
        }
        _ => return AttemptResult::Unknown(format!("the lookup failed ({})", seen(failure))),
    };
    let server = server_that_failed(lookup, failure);
    let name = server.map_or_else(|| "of this machine".to_owned(), server_words);
    let blamed = server.filter(|_| code.who() == Who::Resolver);
    let mut diagnosis = Diagnosis::new(code).at_address(blamed.map(|server| server.ip()));
    if let Some(failed) = diagnosis.cause_mut().lookup_mut() {
        *failed = FailedLookup {
            resolver: Some(name.as_str().into()),
            address: Some(name.into()),
            tries: Some(lookup.tries.len() as u64),
            rcode: Some(rcode(lookup, failure).into()),
            seen: Some(seen(failure).into()),
        };
    }
    AttemptResult::Failed(diagnosis.sure(confidence(lookup, failure)))
}

/// The server whose answer the failure is; the last one where none answered.
fn server_that_failed(lookup: &Lookup, failure: &Failure) -> Option<SocketAddr> {
    let mut latest = lookup.tries.iter().rev();
    let found = match failure.kind {
        FailureKind::Refused => latest.find(|one| {
            let own = one.failure.as_ref();
            own.is_some_and(|own| own.kind == FailureKind::Refused)
        }),
        kind if is_answer(kind) => latest.find(|one| one.rcode.is_some()),
        _ => None,
    };
    found.or(lookup.tries.last()).map(|one| one.server)
}

/// A name server as text, its zone included.
pub(super) fn server_words(server: SocketAddr) -> String {
    match server {
        SocketAddr::V6(v6) if v6.scope_id() != 0 => format!("{}%{}", v6.ip(), v6.scope_id()),
        _ => server.ip().to_string(),
    }
}

fn confidence(lookup: &Lookup, failure: &Failure) -> Confidence {
    match failure.kind {
        FailureKind::Nxdomain
        | FailureKind::Nodata
        | FailureKind::Servfail
        | FailureKind::DnsCode
        | FailureKind::DnsRefused => Confidence::Certain,
        _ if lookup.tries.len() > 1 => Confidence::Medium,
        _ => Confidence::Low,
    }
}

/// The response code by its standard name.
fn rcode(lookup: &Lookup, failure: &Failure) -> String {
    let answer = lookup
        .outcome
        .value
        .as_ref()
        .map(|answer| answer.rcode.as_str());
    let tried = lookup
        .tries
        .iter()
        .rev()
        .find_map(|one| one.rcode.as_deref());
    match answer.filter(|code| !code.is_empty()).or(tried) {
        Some(code) => short(code),
        None => seen(failure),
    }
}

/// Whether a name server said something, if only that it cannot or will not tell.
pub(super) fn is_answer(failure: FailureKind) -> bool {
    matches!(
        failure,
        FailureKind::Nxdomain
            | FailureKind::Nodata
            | FailureKind::Servfail
            | FailureKind::DnsRefused
            | FailureKind::DnsCode
            | FailureKind::Truncated
            | FailureKind::CnameLoop
            | FailureKind::Malformed
    )
}

/// A failed lookup in a few words.
pub(super) fn seen(failure: &Failure) -> String {
    let text = match failure.kind {
        FailureKind::Timeout => "no answer",
        FailureKind::Refused => "port closed",
        FailureKind::Nxdomain => "NXDOMAIN",
        FailureKind::Nodata => "no such record",
        FailureKind::Servfail => "SERVFAIL",
        FailureKind::DnsRefused => "REFUSED",
        FailureKind::CnameLoop => "the CNAME chain goes in a circle or is longer than 16",
        FailureKind::Truncated => "truncated",
        FailureKind::Malformed => "an answer that cannot be read",
        _ if failure.detail.is_empty() => "an error",
        _ => return short(&failure.detail),
    };
    text.to_owned()
}

/// Degradations of a lookup that succeeded.
pub(super) fn flaws(evidence: &Evidence, run: &RunEvidence) -> Vec<Diagnosis> {
    if !evidence.hosts_file.is_empty() {
        return Vec::new();
    }
    // The answers for a family that this machine lacks are not needed.
    let broken = aaaa_broken(evidence, run).filter(|_| !network::lacks(run, true));
    broken.into_iter().chain(slow(evidence)).collect()
}

fn aaaa_broken(evidence: &Evidence, run: &RunEvidence) -> Option<Diagnosis> {
    let of = |kind| {
        evidence
            .lookups
            .iter()
            .filter(move |lookup| lookup.kind == kind)
    };
    let resolved = of(RecordKind::A).any(|lookup| lookup.outcome.passed());
    let answered = of(RecordKind::Aaaa).any(|lookup| lookup.outcome.passed());
    let lookup = of(RecordKind::Aaaa).next_back()?;
    let failure = lookup.outcome.failure.as_ref()?;
    let breaks = matches!(
        failure.kind,
        FailureKind::Timeout
            | FailureKind::Servfail
            | FailureKind::DnsRefused
            | FailureKind::DnsCode
            | FailureKind::Truncated
    ) && limit::shortened_for(run, Stage::Dns, failure).is_none();
    (resolved && !answered && breaks).then(|| {
        let seen = Some(seen(failure).into());
        Diagnosis::new(Cause::DnsAaaaBroken { seen })
            .sure(confidence(lookup, failure))
            .at_address(only_resolver(evidence))
    })
}

/// A name whose every lookup took long by itself. One late answer is not evidence: packets get
/// lost, and a resolver that must ask others answers the next question at once.
fn slow(evidence: &Evidence) -> Option<Diagnosis> {
    let limit = SLOW_LOOKUP_MS + PATH_SHARE * path_ms(evidence);
    let slow = evidence.lookups.iter().filter_map(|lookup| {
        let same = |other: &&Lookup| {
            other.name == lookup.name && other.kind == lookup.kind && other.outcome.passed()
        };
        let times: Vec<f64> = evidence
            .lookups
            .iter()
            .filter(same)
            .map(answer_ms)
            .collect();
        let shortest = times.iter().copied().min_by(f64::total_cmp)?;
        (times.len() > 1 && shortest > limit).then_some((lookup, shortest))
    });
    let (lookup, elapsed) = slow.max_by(|one, other| one.1.total_cmp(&other.1))?;
    let cause = Cause::DnsSlow {
        dns_ms: Some(whole_ms(elapsed)),
        tries: Some(lookup.tries.len() as u64),
    };
    let diagnosis = Diagnosis::new(cause).sure(Confidence::Medium);
    Some(diagnosis.at_address(only_resolver(evidence)))
}

/// Names that one more question would tell a slow resolver from a lost packet about.
pub(super) fn slow_once(evidence: &Evidence) -> Vec<(String, RecordKind)> {
    let lookups = evidence
        .lookups
        .iter()
        .filter(|lookup| lookup.outcome.passed() && answer_ms(lookup) > SLOW_LOOKUP_MS);
    let names: BTreeSet<(String, RecordKind)> = lookups
        .map(|lookup| (lookup.name.clone(), lookup.kind))
        .collect();
    names.into_iter().collect()
}

/// The shortest round trip to the host itself.
fn path_ms(evidence: &Evidence) -> f64 {
    let direct = evidence.attempts.iter().filter(|it| it.hop.is_none());
    let shortest = direct.filter_map(tcp::round_trip_ms).min_by(f64::total_cmp);
    shortest.unwrap_or_default()
}

/// How long a lookup took without what was spent before on servers that gave no answer, on
/// questions with EDNS that were not answered, and while other questions of the run had their turn.
fn answer_ms(lookup: &Lookup) -> f64 {
    let useful = |one: &&DnsTry| {
        let rcode = one.rcode.as_deref();
        matches!(rcode, Some("NOERROR" | "NXDOMAIN" | "TRUNCATED"))
    };
    let queued = lookup.tries.iter().filter_map(|one| one.queued_ms);
    let own = lookup.outcome.elapsed_ms - queued.sum::<f64>();
    let Some(answered) = lookup.tries.iter().find(useful) else {
        return own;
    };
    let resent = answered.resent_after_ms.unwrap_or_default();
    let before = (answered.at_ms - lookup.outcome.at_ms).max(0.0);
    own - before - resent
}

/// The address of the resolver, where it is one: which of several is at fault is unknown.
fn only_resolver(evidence: &Evidence) -> Option<IpAddr> {
    let tries = evidence.lookups.iter().flat_map(|lookup| &lookup.tries);
    let mut servers = tries.map(|one| one.server.ip());
    let first = servers.next()?;
    let alone = servers.all(|server| server == first);
    (alone && !is_stub(first)).then_some(first)
}

/// A server on this machine asks others: which of those fails cannot be seen.
fn is_stub(server: IpAddr) -> bool {
    const STUBS: [IpAddr; 4] = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V4(Ipv4Addr::new(127, 0, 0, 53)),
        IpAddr::V4(Ipv4Addr::new(127, 0, 0, 54)),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];
    STUBS.contains(&server)
}

/// Whether every packet of every lookup failed at once for want of a route.
pub(super) fn has_no_route(evidence: &Evidence) -> bool {
    let stuck = |lookup: &Lookup| {
        let failure = lookup.outcome.failure.as_ref();
        failure.is_some_and(|failure| failure.kind == FailureKind::NetworkUnreachable)
            || (!lookup.tries.is_empty() && lookup.tries.iter().all(try_has_no_route))
    };
    !evidence.lookups.is_empty() && evidence.lookups.iter().all(stuck)
}

fn try_has_no_route(one: &DnsTry) -> bool {
    let failure = one.failure.as_ref();
    let unreachable = failure.is_some_and(|f| f.kind == FailureKind::NetworkUnreachable);
    unreachable && one.elapsed_ms < AT_ONCE_MS
}

/// Addresses as text.
pub(super) fn to_strings(addresses: &[IpAddr]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

/// Addresses as a fact.
pub(super) fn to_list(addresses: &[IpAddr]) -> List {
    addresses.iter().map(ToString::to_string).collect()
}

//! One endpoint: all its addresses, and how DNS affects it.

use std::net::IpAddr;

use crate::verdict::attempt::{by_address, furthest};
use crate::verdict::diagnosis::{self, Diagnosis};
use crate::verdict::network::{self, GenuineAddresses, below, is_bogus, lacks};
use crate::verdict::types::Context;
use crate::verdict::types::{AddressResult, AttemptResult, Genuine};
use crate::verdict::{control_probe, dns, nat64};
use reach365_model::cause::{Cause, MsoidRecord, SomeAddresses};
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{Attempt, Evidence, Stage};
use reach365_model::notes::Notes;
use reach365_model::verdict::{Basis, Code, Confidence, Outcome, Verdict};

/// What is said first where several things are wrong beside a genuine answer.
const FLAWS: [Code; 15] = [
    Code::TlsIntercepted,
    Code::HttpUnexpectedRedirect,
    Code::HttpServiceError,
    Code::HttpRateLimited,
    Code::HttpUnexpectedStatus,
    Code::ContentMismatch,
    Code::ContentNotCrl,
    Code::ContentTruncated,
    Code::ContentCrlExpired,
    Code::TcpFlaky,
    Code::TcpSomeAddresses,
    Code::TcpIpv6Broken,
    Code::DnsAaaaBroken,
    Code::HttpSlow,
    Code::DnsSlow,
];

/// Judges an endpoint that is to be connected to.
pub(super) fn judge(
    endpoint: &Endpoint,
    evidence: &Evidence,
    attempts: &[&Attempt],
    context: &Context<'_>,
    genuine_addresses: &GenuineAddresses,
) -> Verdict {
    let results = by_address(endpoint, attempts, context);
    let genuine: Vec<&Genuine> = results.iter().filter_map(genuine_of).collect();
    if let Some(first) = genuine.first() {
        let mut basis = first.basis.clone();
        note_dns(&mut basis.notes, endpoint, evidence, context);
        let flaws = all_flaws(evidence, context, &results);
        return with_flaws(endpoint, basis, first.confidence, flaws);
    }
    match accusation(endpoint, evidence, context, &results) {
        AttemptResult::Failed(diagnosis) => {
            let dns = DnsFaultCheck {
                endpoint,
                evidence,
                attempts,
                context,
                genuine_addresses,
            };
            control_probe::apply(evidence, dns.underlying_fault(diagnosis)).verdict(endpoint)
        }
        AttemptResult::Unknown(why) => diagnosis::inconclusive(endpoint, &why),
        _ => diagnosis::inconclusive(endpoint, "the probe left no evidence"),
    }
}

fn genuine_of(result: &AddressResult) -> Option<&Genuine> {
    match &result.result {
        AttemptResult::Genuine(genuine) => Some(genuine),
        _ => None,
    }
}

fn failure_of(result: &AddressResult) -> Option<&Diagnosis> {
    match &result.result {
        AttemptResult::Failed(diagnosis) => Some(diagnosis),
        _ => None,
    }
}

/// A genuine answer came through a proxy: reachable, or degraded by what was wrong with it.
pub(super) fn answered(endpoint: &Endpoint, genuine: Genuine) -> Verdict {
    with_flaws(endpoint, genuine.basis, genuine.confidence, genuine.flaws)
}

/// Reachable, or degraded by the worst of what was wrong beside a genuine answer.
fn with_flaws(
    endpoint: &Endpoint,
    basis: Basis,
    confidence: Confidence,
    mut flaws: Vec<Diagnosis>,
) -> Verdict {
    flaws.sort_by_key(|flaw| FLAWS.iter().position(|code| *code == flaw.code()));
    flaws.dedup_by_key(|flaw| flaw.code());
    let mut flaws = flaws.into_iter();
    let Some(first) = flaws.next() else {
        let summary = answer_in_words(endpoint, &basis);
        return diagnosis::plain(Outcome::Reachable, confidence, summary, basis);
    };
    let mut flaw = first.with_outcome(Outcome::Degraded);
    flaw.basis.or(basis);
    flaw.basis.further = flaws.filter_map(|other| other.basis.cause).collect();
    flaw.verdict(endpoint)
}

fn answer_in_words(endpoint: &Endpoint, basis: &Basis) -> String {
    let through = basis
        .subject
        .proxy
        .as_ref()
        .map(|proxy| format!(" through the proxy {proxy}"));
    let proxied = through.is_some();
    let through = through.unwrap_or_default();
    let address = basis
        .subject
        .address
        .map(|it| it.to_string())
        .unwrap_or_default();
    let status = basis.notes.status.unwrap_or_default();
    match (&basis.notes.client_certificate, proxied) {
        (Some(_), true) => {
            format!("{endpoint} answers genuinely{through}: it requires a client certificate")
        }
        (Some(_), false) => {
            format!("{endpoint} answers genuinely: it requires a client certificate, at {address}")
        }
        (None, true) => format!("{endpoint} answers genuinely{through}: HTTP {status}"),
        (None, false) => format!("{endpoint} answers genuinely: HTTP {status} from {address}"),
    }
}

/// Oddities of DNS that a genuine answer settles.
fn note_dns(notes: &mut Notes, endpoint: &Endpoint, evidence: &Evidence, context: &Context<'_>) {
    if is_outside(endpoint, evidence, context) {
        notes.outside_published_range = Some(true);
        note_source(notes, endpoint);
    }
    if !evidence.hosts_file.is_empty() {
        notes.hosts_file = Some(dns::to_list(&evidence.hosts_file));
    }
    notes.foreign_cname = foreign_cname(endpoint, evidence).map(Into::into);
}

/// Where the published addresses come from, where that is known.
fn note_source(notes: &mut Notes, endpoint: &Endpoint) {
    let source = endpoint.ranges_from.as_str();
    notes.ranges_from = (!source.is_empty()).then(|| source.into());
}

fn all_flaws(
    evidence: &Evidence,
    context: &Context<'_>,
    results: &[AddressResult],
) -> Vec<Diagnosis> {
    let of_answers = results.iter().filter_map(genuine_of);
    let mut flaws: Vec<Diagnosis> = of_answers
        .flat_map(|genuine| genuine.flaws.clone())
        .collect();
    flaws.extend(family_flaws(context, results));
    flaws.extend(dns::flaws(evidence, context.run));
    flaws
}

/// Addresses that fail while others answer.
fn family_flaws(context: &Context<'_>, results: &[AddressResult]) -> Vec<Diagnosis> {
    let mut flaws = Vec::new();
    for v6 in [false, true] {
        let family: Vec<&AddressResult> = of_family(results, v6).collect();
        let failed: Vec<&AddressResult> = family
            .iter()
            .copied()
            .filter(|result| failure_of(result).is_some())
            .collect();
        let Some(cause) = furthest(failed.iter().copied().filter_map(failure_of)) else {
            continue;
        };
        let all = failed.len() == family.len();
        if lacks(context.run, v6) || v6 && all && is_local(&failed) {
            continue;
        }
        flaws.push(partly(v6 && all, &cause, &failed, results));
    }
    flaws
}

fn of_family(results: &[AddressResult], v6: bool) -> impl Iterator<Item = &AddressResult> {
    let same = move |result: &&AddressResult| result.address.is_ipv6() == v6;
    results.iter().filter(same)
}

/// Whether every failure came from this machine itself, for want of a route or an address.
fn is_local(failed: &[&AddressResult]) -> bool {
    let no_route = |result: &&AddressResult| {
        failure_of(result).is_some_and(|diagnosis| diagnosis.code() == Code::DeviceNoRoute)
    };
    failed.iter().all(no_route)
}

fn partly(
    is_ipv6_broken: bool,
    cause: &Diagnosis,
    failed: &[&AddressResult],
    results: &[AddressResult],
) -> Diagnosis {
    let address = |result: &AddressResult| result.address.to_string();
    let answering = results.iter().filter(|result| genuine_of(result).is_some());
    let addresses = SomeAddresses {
        cause: Some(cause.code()),
        failed: Some(failed.iter().map(|result| address(result)).collect()),
        answering: Some(answering.map(address).collect()),
    };
    let flaw = if is_ipv6_broken {
        Cause::TcpIpv6Broken { addresses }
    } else {
        Cause::TcpSomeAddresses { addresses }
    };
    Diagnosis::new(flaw).sure(cause.confidence.min(Confidence::Medium))
}

/// No genuine answer came: the failure that got furthest, else that of DNS.
fn accusation(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    results: &[AddressResult],
) -> AttemptResult {
    if results.is_empty() {
        return no_connection(endpoint, evidence, context);
    }
    let counts = |result: &&AddressResult| {
        let others = of_family(results, !result.address.is_ipv6());
        others.count() == 0 || !means_little(context, result)
    };
    let counted: Vec<&AddressResult> = results.iter().filter(counts).collect();
    let failures = counted.iter().copied().filter_map(failure_of);
    let best = furthest(failures);
    let why = counted.iter().find_map(|result| match &result.result {
        AttemptResult::Unknown(why) => Some(why.clone()),
        _ => None,
    });
    let connected = counted
        .iter()
        .any(|result| matches!(result.result, AttemptResult::Connected));
    match (best, why) {
        (Some(diagnosis), _) if !(connected && diagnosis.stage <= Stage::Tcp) => {
            AttemptResult::Failed(with_addresses(diagnosis, results))
        }
        (_, Some(why)) => AttemptResult::Unknown(why),
        _ => AttemptResult::unknown("a connection was established, but nothing was recorded of it"),
    }
}

/// A failure over a family that this machine has not says nothing about the host.
fn means_little(context: &Context<'_>, result: &AddressResult) -> bool {
    let v6 = result.address.is_ipv6();
    let no_route = || failure_of(result).is_some_and(|it| it.code() == Code::DeviceNoRoute);
    lacks(context.run, v6) || v6 && no_route()
}

/// What happened at each address, where there are several.
fn with_addresses(diagnosis: Diagnosis, results: &[AddressResult]) -> Diagnosis {
    if results.len() < 2 {
        return diagnosis;
    }
    let line = |result: &AddressResult| match &result.result {
        AttemptResult::Failed(diagnosis) => format!("{} {}", result.address, diagnosis.code()),
        _ => format!("{} unclear", result.address),
    };
    diagnosis.note(|notes| notes.addresses = Some(results.iter().map(line).collect()))
}

fn no_connection(endpoint: &Endpoint, evidence: &Evidence, context: &Context<'_>) -> AttemptResult {
    let found = dns::addresses(evidence);
    if found.is_empty() {
        return match dns::failure(endpoint, evidence, context.run) {
            AttemptResult::Connected => AttemptResult::unknown("the probe left no evidence"),
            other => other,
        };
    }
    if found.iter().all(IpAddr::is_unspecified) {
        return AttemptResult::Failed(Diagnosis::certain(Code::DnsSinkhole));
    }
    AttemptResult::unknown("the name resolves, but no connection was recorded")
}

/// Looks for a fault of DNS behind a failure further on.
struct DnsFaultCheck<'a> {
    endpoint: &'a Endpoint,
    evidence: &'a Evidence,
    attempts: &'a [&'a Attempt],
    context: &'a Context<'a>,
    genuine_addresses: &'a GenuineAddresses,
}

impl DnsFaultCheck<'_> {
    /// The fault of DNS that explains the failure, else the failure itself.
    fn underlying_fault(&self, diagnosis: Diagnosis) -> Diagnosis {
        if !self.evidence.hosts_file.is_empty() {
            return with_cause(hosts_file(self.evidence), diagnosis);
        }
        let found = dns::answers(self.evidence);
        let nowhere = found.iter().all(IpAddr::is_unspecified);
        // Many machines have no route to private space: what matters is who led there.
        let no_route = diagnosis.code() == Code::DeviceNoRoute;
        if found.is_empty() || (diagnosis.stage == Stage::Device && !nowhere && !no_route) {
            return diagnosis;
        }
        if diagnosis.outcome != Outcome::Blocked && !nowhere && !no_route {
            return diagnosis;
        }
        if self.is_sinkhole(&diagnosis) {
            return with_cause(
                self.dns_fault(Code::DnsSinkhole.into(), &diagnosis),
                diagnosis,
            );
        }
        if no_route {
            return diagnosis;
        }
        if is_outside(self.endpoint, self.evidence, self.context) {
            let fault = self.dns_fault(Code::DnsOutsidePublishedRange.into(), &diagnosis);
            let fault = fault.note(|notes| note_source(notes, self.endpoint));
            return with_cause(fault, diagnosis);
        }
        if let Some(name) = foreign_cname(self.endpoint, self.evidence) {
            let cause = Cause::DnsForeignCname {
                record: MsoidRecord::default(),
                cname: Some(name.into()),
            };
            return with_cause(self.dns_fault(cause, &diagnosis), diagnosis);
        }
        diagnosis
    }

    fn dns_fault(&self, cause: Cause, diagnosis: &Diagnosis) -> Diagnosis {
        let server = self
            .evidence
            .lookups
            .iter()
            .filter_map(|lookup| lookup.tries.last());
        let answers = dns::to_list(&dns::answers(self.evidence));
        Diagnosis::new(cause)
            .sure(diagnosis.confidence.min(Confidence::Medium))
            .at_address(server.map(|one| one.server.ip()).next())
            .note(|notes| notes.answers = Some(answers))
    }

    /// Answers that no public service has, and nothing there that proves to be the host.
    fn is_sinkhole(&self, diagnosis: &Diagnosis) -> bool {
        let found = dns::answers(self.evidence);
        let bench = network::is_test_bench(self.context.run);
        let excused = |address: &IpAddr| {
            !address.is_unspecified()
                && (self.genuine_addresses.confirms(self.endpoint, *address)
                    || (bench && address.is_loopback()))
        };
        let meant = meant(self.evidence, self.context);
        meant.iter().all(|address| is_bogus(*address))
            && !found.iter().any(excused)
            && !is_named_by_its_certificate(self.attempts, diagnosis)
    }
}

/// Whether a certificate for the host came that another party has signed: then there is more to
/// say than "sinkhole".
fn is_named_by_its_certificate(attempts: &[&Attempt], diagnosis: &Diagnosis) -> bool {
    let elsewhere = |attempt: &&Attempt| !attempt.address.ip().is_unspecified();
    let named = attempts.iter().copied().filter(elsewhere).any(|attempt| {
        let seen = attempt.tls.as_ref().and_then(|tls| tls.value.as_ref());
        seen.is_some_and(|seen| seen.name_matches == Some(true))
    });
    named && diagnosis.code() != Code::TlsSelfSigned
}

fn with_cause(mut fault: Diagnosis, diagnosis: Diagnosis) -> Diagnosis {
    let code = diagnosis.code();
    fault.basis.or(diagnosis.basis);
    fault.note(|notes| {
        notes.cause = Some(match code {
            Code::DnsSinkhole => "nothing to connect to".into(),
            code => code.into(),
        });
    })
}

fn hosts_file(evidence: &Evidence) -> Diagnosis {
    let answers = dns::to_list(&evidence.hosts_file);
    Diagnosis::certain(Code::DnsHostsFile).note(|notes| notes.answers = Some(answers))
}

/// The addresses that the answers mean.
fn meant(evidence: &Evidence, context: &Context<'_>) -> Vec<IpAddr> {
    let found = dns::answers(evidence);
    let meant = found
        .iter()
        .map(|it| nat64::meant(context.run, *it, &found));
    meant.collect()
}

/// Whether every answer lies outside the addresses that the most specific set publishes.
fn is_outside(endpoint: &Endpoint, evidence: &Evidence, context: &Context<'_>) -> bool {
    let found = meant(evidence, context);
    let published = |address: &IpAddr| endpoint.ranges.iter().any(|range| range.contains(address));
    !endpoint.ranges.is_empty() && !found.is_empty() && !found.iter().any(published)
}

/// The first name of the CNAME chain that is below none of the expected suffixes.
fn foreign_cname<'a>(endpoint: &Endpoint, evidence: &'a Evidence) -> Option<&'a str> {
    let suffixes = &endpoint.cname_suffixes;
    if suffixes.is_empty() {
        return None;
    }
    let belongs = |name: &&str| suffixes.iter().any(|suffix| below(name, suffix));
    dns::chain(evidence).into_iter().find(|name| !belongs(name))
}

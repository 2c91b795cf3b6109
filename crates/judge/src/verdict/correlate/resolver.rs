//! Resolvers that know no name of the internet, or answer nothing: then no name is at fault.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use crate::verdict::correlate::results::{blocked_by, finding, free, hosts};
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::dns;
use crate::verdict::effects::Effects;
use crate::verdict::known_names::{self, KnownNames};
use crate::verdict::types::{Context, Judged};
use reach365_model::cause::{Cause, FailedLookup, FailedResolvers};
use reach365_model::endpoint::{Host, MustBe};
use reach365_model::evidence::{Evidence, FailureKind, Lookup, Stage};
use reach365_model::verdict::{Code, Confidence, Outcome};

/// Without a control lookup, names of so many owners must fail before it is the resolver's matter.
const UNRELATED_NAMES: usize = 3;
/// Whose answers take longer has more questions than it answers at once.
const QUEUE_MS: f64 = 1_000.0;
/// Why nothing is held against a resolver.
const NO_CONTROL: &str = "; no name of another owner was resolved by the same resolver in this run, \
    so the resolver may fail for every name";

/// Withdraws what is said of names whose resolver resolves no unrelated name, and finds out what
/// that resolver does instead.
pub(super) fn find(context: &Context<'_>, known: &KnownNames, rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    let failed = accused(known, rows);
    let negative = closed_by_dns(known, rows);
    let case = Case::new(known, rows, &failed);
    let Some(code) = case.cause(rows) else {
        doubt(&mut effects, rows, &failed);
        doubt(&mut effects, rows, &negative);
        return effects;
    };
    let idle = free(rows, is_idle_msoid);
    let diagnosis = case.diagnosis(code, context, rows);
    let mut places = [failed, idle, negative].concat();
    places.sort_unstable();
    effects.explain_as_inconclusive(rows, &places, code);
    effects.find(finding(diagnosis, rows, &places));
    effects
}

/// The resolvers of names without a control: control lookups must run before they are accused.
pub(super) fn without_control(known: &KnownNames, rows: &[Judged<'_>]) -> Vec<SocketAddr> {
    let places = [accused(known, rows), closed_by_dns(known, rows)].concat();
    let mut servers: Vec<SocketAddr> = Vec::new();
    for place in places {
        for server in known_names::asked(rows[place].evidence) {
            if !servers.contains(&server) {
                servers.push(server);
            }
        }
    }
    servers
}

/// Results whose verdict rests on what a resolver says, without a control.
fn accused(known: &KnownNames, rows: &[Judged<'_>]) -> Vec<usize> {
    free(rows, |row| {
        rests_on_dns(row) && !known.confirms(&row.endpoint.host, row.evidence)
    })
}

fn rests_on_dns(row: &Judged<'_>) -> bool {
    row.verdict.stage == Some(Stage::Dns)
        && row.verdict.code() != Some(Code::DnsHostsFile)
        && matches!(
            row.verdict.outcome,
            Outcome::Blocked | Outcome::Inconclusive
        )
        && !row.evidence.lookups.is_empty()
}

/// Hosts that must be closed, and of which nothing was seen but that their names do not resolve.
fn closed_by_dns(known: &KnownNames, rows: &[Judged<'_>]) -> Vec<usize> {
    let unseen = |place: &usize| {
        let row = &rows[*place];
        row.endpoint.must_be == MustBe::Blocked
            && row.verdict.consequence_of.is_none()
            && row.verdict.code() != Some(Code::PolicyOpen)
            && row.evidence.attempts.is_empty()
            && !row.evidence.lookups.is_empty()
            && row.evidence.hosts_file.is_empty()
            && !row.is_proxied()
            && !known.confirms(&row.endpoint.host, row.evidence)
    };
    (0..rows.len()).filter(unseen).collect()
}

/// Without a control a resolver may fail for everybody: nothing is held against it for one name.
fn doubt(effects: &mut Effects, rows: &[Judged<'_>], places: &[usize]) {
    for place in places {
        let endpoint = rows[*place].endpoint;
        let verdict = effects.verdict(rows, *place);
        if endpoint.must_be == MustBe::Blocked {
            verdict.summary =
                format!("{endpoint} could not be judged: its name does not resolve here");
        }
        verdict.outcome = Outcome::Inconclusive;
        verdict.confidence = Confidence::Low;
        if !verdict.summary.ends_with(NO_CONTROL) {
            verdict.summary += NO_CONTROL;
        }
    }
}

/// Where the network limits bursts, the resolver or a firewall drops questions by their number: a
/// name that got no answer may be one of those.
pub(super) fn doubt_silence(context: &Context<'_>, rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    let run = context.run;
    // A resolver that answers one question after another keeps the last ones waiting.
    let mut lookups = rows.iter().flat_map(|row| &row.evidence.lookups);
    let keeps_waiting =
        lookups.any(|lookup| lookup.outcome.passed() && lookup.outcome.elapsed_ms > QUEUE_MS);
    let limited = run
        .burst
        .is_some_and(|burst| burst.passed > 0 || keeps_waiting);
    for place in free(rows, |row| blocked_by(row, &[Code::DnsTimeout])) {
        let asked = known_names::asked(rows[place].evidence);
        let mut busy = run.busy_resolvers.iter();
        if !limited && !busy.any(|one| asked.contains(&one.server)) {
            continue;
        }
        let verdict = effects.verdict(rows, place);
        verdict.outcome = Outcome::Inconclusive;
        verdict.confidence = Confidence::Low;
        verdict
            .summary
            .push_str("; this network limits bursts, and may have dropped the questions");
    }
    effects
}

/// What is known of resolvers without a control.
struct Case<'a> {
    known: &'a KnownNames,
    failed: Vec<usize>,
    asked: Vec<SocketAddr>,
    /// Addresses that they gave for the names that failed.
    forged: Vec<IpAddr>,
    /// Control names that were answered and fail alike.
    controls: Vec<String>,
    /// What they said, once each.
    answers: Vec<String>,
    names: usize,
}

impl<'a> Case<'a> {
    fn new(known: &'a KnownNames, rows: &[Judged<'_>], failed: &[usize]) -> Self {
        let evidence = |place: &usize| rows[*place].evidence;
        let asked: Vec<SocketAddr> = failed
            .iter()
            .flat_map(|place| known_names::asked(evidence(place)))
            .collect();
        let controls = known.controls(&asked, true);
        let silent = known.controls(&asked, false);
        Self {
            known,
            forged: failed
                .iter()
                .flat_map(|place| dns::answers(evidence(place)))
                .collect(),
            answers: answers(rows, failed),
            names: hosts(rows, failed).len() + controls.len() + silent.len(),
            controls,
            failed: failed.to_vec(),
            asked,
        }
    }

    /// Silence, a closed port, or answers that hold no name of the internet; `None` where the
    /// resolver knows some names, or where too few were asked for to tell.
    fn cause(&self, rows: &[Judged<'_>]) -> Option<Code> {
        let knows_some = self.known.resolve_something(&self.asked, &self.forged);
        if self.failed.is_empty() || knows_some {
            return None;
        }
        if self.known.are_answered(&self.asked) || rows.iter().any(|row| shows_msoid(row.evidence))
        {
            let enough = !self.controls.is_empty() || self.owners(rows) >= UNRELATED_NAMES;
            return enough.then_some(Code::DnsNoInternetNames);
        }
        let closed = |place: &usize| rows[*place].verdict.code() == Some(Code::DnsResolverClosed);
        let all = self.failed.iter().all(closed);
        if all || (self.failed.iter().any(closed) && self.is_one_server()) {
            return Some(Code::DnsResolverClosed);
        }
        Some(Code::DnsResolverDead)
    }

    /// Whether one name server alone was asked. A system limits how often it says that a port is
    /// closed: silence beside such a message is the same closed port.
    fn is_one_server(&self) -> bool {
        let servers: BTreeSet<IpAddr> = self.asked.iter().map(SocketAddr::ip).collect();
        servers.len() == 1
    }

    fn owners(&self, rows: &[Judged<'_>]) -> usize {
        let hosts = self.failed.iter().map(|place| &rows[*place].endpoint.host);
        let owners: BTreeSet<String> = hosts.map(Host::owner).collect();
        owners.len()
    }

    fn diagnosis(&self, code: Code, context: &Context<'_>, rows: &[Judged<'_>]) -> Diagnosis {
        let first = context.run.resolvers.first().map(SocketAddr::ip);
        let only = self.asked.first().map(SocketAddr::ip);
        let address = only.filter(|_| self.is_one_server()).or(first);
        let hosts = hosts(rows, &self.failed);
        let host = hosts.first().map(ToString::to_string).unwrap_or_default();
        let resolvers = FailedResolvers {
            names: Some(self.names as u64),
            host: Some(host.into()),
            controls: Some(self.controls.clone().into()),
            resolvers: Some(self.resolvers(context).into()),
        };
        let cause = match code {
            Code::DnsNoInternetNames => Cause::DnsNoInternetNames { resolvers },
            Code::DnsResolverClosed => Cause::DnsResolverClosed {
                lookup: FailedLookup::default(),
                resolvers,
            },
            _ => Cause::DnsResolverDead {
                resolvers,
                dead: None,
                working: None,
            },
        };
        Diagnosis::new(cause)
            .with_outcome(Outcome::Inconclusive)
            .sure(self.confidence(code))
            .at_address(address)
            .note(|notes| notes.answers = Some(self.answers.clone().into()))
    }

    /// One silent name may be that name's own trouble.
    fn confidence(&self, code: Code) -> Confidence {
        match code {
            _ if self.names < 2 => Confidence::Low,
            Code::DnsResolverClosed => Confidence::Certain,
            _ => Confidence::High,
        }
    }

    fn resolvers(&self, context: &Context<'_>) -> Vec<String> {
        let mut servers: Vec<IpAddr> = Vec::new();
        let named = context.run.resolvers.iter().chain(&self.asked);
        for server in named.map(SocketAddr::ip) {
            let asked = self.asked.iter().any(|one| one.ip() == server);
            if asked && !servers.contains(&server) {
                servers.push(server);
            }
        }
        dns::to_strings(&servers)
    }
}

/// What the resolver says where it says anything, once each.
fn answers(rows: &[Judged<'_>], places: &[usize]) -> Vec<String> {
    let lookups = places
        .iter()
        .flat_map(|place| &rows[*place].evidence.lookups);
    let said: BTreeSet<String> = lookups.clone().filter_map(answer).collect();
    if said.is_empty() {
        // "No such record" for one family says nothing beside what the other family shows.
        let failures = lookups.filter_map(|lookup| lookup.outcome.failure.as_ref());
        let mut answered = failures.filter(|failure| dns::is_answer(failure.kind));
        return answered.next().map(dns::seen).into_iter().collect();
    }
    said.into_iter().collect()
}

fn answer(lookup: &Lookup) -> Option<String> {
    match &lookup.outcome.failure {
        Some(failure) if failure.kind == FailureKind::Nodata => None,
        Some(failure) => dns::is_answer(failure.kind).then(|| dns::seen(failure)),
        None => dns::addresses_of(lookup)
            .next()
            .map(|address| format!("the address {address}")),
    }
}

/// Whether a resolver told anything about an `msoid` record.
fn shows_msoid(evidence: &Evidence) -> bool {
    let mut views = evidence.msoid.iter().flat_map(|msoid| &msoid.views);
    views.any(|view| view.outcome.passed())
}

fn is_idle_msoid(row: &Judged<'_>) -> bool {
    row.evidence.msoid.is_some() && row.verdict.outcome == Outcome::Inconclusive
}

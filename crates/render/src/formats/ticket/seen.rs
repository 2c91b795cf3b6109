//! What was seen on the path to an endpoint, as text, with the time.

use std::fmt::Display;

use reach365_model::Timestamp;

use reach365_model::evidence::{
    Attempt, Evidence, Failure, FailureKind, IcmpSeen, Lookup, Observation, RecordKind, Stage,
};
use reach365_model::facts::short;
use reach365_model::report::EndpointReport;

/// Lookups, and connections, that are told of one endpoint at most.
const EVENTS: usize = 6;
/// Names or addresses that are listed at most.
const LISTED: usize = 16;

/// An instant as tickets have it.
pub(in crate::formats) fn moment(instant: Timestamp) -> String {
    instant.format_utc("%F %T UTC")
}

/// Targets of the aliases on the path to the addresses, in order; of an msoid record where it was
/// looked for.
pub(in crate::formats) fn chain(evidence: &Evidence) -> Vec<String> {
    let records = evidence
        .lookups
        .iter()
        .filter_map(|lookup| lookup.outcome.value.as_ref())
        .flat_map(|answer| &answer.records)
        .filter(|record| record.kind == RecordKind::Cname)
        .map(|record| &record.data);
    let views = evidence.msoid.iter().flat_map(|msoid| &msoid.views);
    once(records.chain(views.flat_map(|view| &view.chain)))
}

/// Where connections went; without one what DNS answered.
pub(in crate::formats) fn addresses(evidence: &Evidence) -> Vec<String> {
    let tried = evidence.attempts.iter().map(|attempt| match attempt.hop {
        Some(_) => format!("{} (the proxy)", attempt.address),
        None => attempt.address.to_string(),
    });
    let tried = once(tried);
    if !tried.is_empty() {
        return tried;
    }
    let answers = evidence
        .lookups
        .iter()
        .filter_map(|lookup| lookup.outcome.value.as_ref());
    let records = answers.flat_map(|answer| &answer.records);
    let found = records.filter(|it| matches!(it.kind, RecordKind::A | RecordKind::Aaaa));
    once(found.map(|record| format!("{} (from DNS, not connected)", record.data)))
}

fn once(texts: impl Iterator<Item = impl Display>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for text in texts.map(|text| short(&text.to_string())) {
        if !seen.contains(&text) && seen.len() < LISTED {
            seen.push(text);
        }
    }
    seen
}

/// What happened and when: lookups where DNS is the matter, else connections.
pub(in crate::formats) fn events(started: Timestamp, row: &EndpointReport) -> Vec<String> {
    let evidence = &row.evidence;
    let about_dns = row.verdict.stage == Some(Stage::Dns) || evidence.attempts.is_empty();
    let lookups = evidence.lookups.iter().filter(|_| about_dns).take(EVENTS);
    let attempts = evidence.attempts.iter().take(EVENTS);
    lookups
        .map(|lookup| at(started, lookup.outcome.at_ms, &lookup_words(lookup)))
        .chain(attempts.map(|attempt| at(started, attempt.tcp.at_ms, &attempt_words(attempt))))
        .collect()
}

fn at(started: Timestamp, at_ms: f64, words: &str) -> String {
    let instant = started.checked_add_ms(at_ms as i64).unwrap_or(started);
    format!("{}, {words}", instant.format_utc("%F %T%.3f UTC"))
}

fn lookup_words(lookup: &Lookup) -> String {
    let asked = format!("{} record of {}", lookup.kind, lookup.name);
    let server = lookup.tries.last().map(|one| format!(" at {}", one.server));
    let server = server.unwrap_or_default();
    let tries = match lookup.tries.len() {
        0 | 1 => String::new(),
        more => format!(" ({more} tries)"),
    };
    let answer = match (&lookup.outcome.failure, &lookup.outcome.value) {
        (Some(failure), _) => failure_words(failure),
        (None, Some(answer)) => {
            let data = once(answer.records.iter().map(|record| &record.data));
            format!("{} {}", answer.rcode, data.join(", "))
        }
        (None, None) => "nothing recorded".to_owned(),
    };
    format!("{asked}{server}{tries}: {}", short(answer.trim_end()))
}

/// The stages of a connection up to the one that failed.
fn attempt_words(attempt: &Attempt) -> String {
    let status = |status: u16| format!("answered {status}");
    let stages = [
        Some(stage("TCP", &attempt.tcp, |_| None)),
        attempt
            .proxy_tls
            .as_ref()
            .map(|it| stage("TLS with the proxy", it, |_| None)),
        attempt
            .proxy
            .as_ref()
            .map(|it| stage("request to the proxy", it, |seen| seen.status.map(status))),
        attempt
            .tls
            .as_ref()
            .map(|it| stage("TLS", it, |seen| issuer(&seen.chain))),
        attempt.http.as_ref().map(|it| {
            stage("HTTP", it, |seen| {
                (seen.status != 0).then(|| status(seen.status))
            })
        }),
        attempt.icmp.as_ref().map(icmp_words),
    ];
    let words: Vec<String> = stages.into_iter().flatten().collect();
    format!("connection to {}: {}", attempt.address, words.join("; "))
}

fn issuer(chain: &[reach365_model::evidence::Certificate]) -> Option<String> {
    let leaf = chain.first()?;
    Some(format!("issuer \"{}\"", short(&leaf.issuer)))
}

fn stage<T>(name: &str, seen: &Observation<T>, words: impl Fn(&T) -> Option<String>) -> String {
    let told = seen.value.as_ref().and_then(words);
    let told = told.map(|told| format!(", {told}")).unwrap_or_default();
    let ms = seen.elapsed_ms;
    match &seen.failure {
        Some(failure) => format!("{name} {} after {ms:.0} ms{told}", failure_words(failure)),
        None => format!("{name} done in {ms:.0} ms{told}"),
    }
}

fn failure_words(failure: &Failure) -> String {
    let kind = kind_words(failure.kind);
    match failure.detail.as_str() {
        "" => kind,
        detail => format!("{kind} ({})", short(detail)),
    }
}

/// The name of the kind as JSON has it, with spaces.
fn kind_words(kind: FailureKind) -> String {
    let name = serde_json::to_value(kind).ok();
    let name = name.as_ref().and_then(|name| name.as_str());
    name.unwrap_or("failed").replace('-', " ")
}

fn icmp_words(icmp: &IcmpSeen) -> String {
    let from = match icmp.from {
        Some(address) => format!(" from {address}"),
        None if icmp.local => " by this machine itself".to_owned(),
        None => String::new(),
    };
    let version = if icmp.version == 6 { "ICMPv6" } else { "ICMP" };
    format!("{version} type {} code {}{from}", icmp.kind, icmp.code)
}

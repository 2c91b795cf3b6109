//! One connection, and all connections to one address.

use std::net::SocketAddr;

use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::http;
use crate::verdict::tls;
use crate::verdict::types::Channel;
use crate::verdict::types::Context;
use crate::verdict::types::{AddressResult, AttemptResult, Genuine, Handshake};
use crate::verdict::{block_page, limit, proxy, tcp};
use reach365_model::cause::Cause;
use reach365_model::endpoint::{Endpoint, Expect, Scheme};
use reach365_model::evidence::{Attempt, Evidence, HttpSeen, Observation, Stage, TlsSeen};
use reach365_model::notes::Notes;
use reach365_model::verdict::{Basis, Code, Confidence, Outcome};
use reach365_proxy::route::Hop;

/// Sums up connections on one hop, address by address in the order of first use.
pub(super) fn by_address(
    endpoint: &Endpoint,
    attempts: &[&Attempt],
    context: &Context<'_>,
) -> Vec<AddressResult> {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for attempt in attempts {
        if !addresses.contains(&attempt.address) {
            addresses.push(attempt.address);
        }
    }
    let settle_one = |address| {
        let same = |attempt: &&&Attempt| attempt.address == address;
        let mut rounds: Vec<&Attempt> = attempts.iter().filter(same).copied().collect();
        rounds.sort_by_key(|attempt| attempt.round);
        let results = rounds
            .iter()
            .map(|attempt| judge_attempt(endpoint, attempt, context));
        let result = unless_nowhere(address, settle(results.collect()));
        AddressResult { address, result }
    };
    addresses.into_iter().map(settle_one).collect()
}

/// A connection to 0.0.0.0 or :: ends at this machine itself, whatever answers there.
fn unless_nowhere(address: SocketAddr, result: AttemptResult) -> AttemptResult {
    match result {
        AttemptResult::Genuine(_) if address.ip().is_unspecified() => {
            AttemptResult::Failed(Diagnosis::certain(Code::DnsSinkhole))
        }
        other => other,
    }
}

fn judge_attempt(endpoint: &Endpoint, attempt: &Attempt, context: &Context<'_>) -> AttemptResult {
    let result = judge_hop(endpoint, attempt, context);
    match (limit::shortened(context.run, attempt), &result) {
        (Some(why), AttemptResult::Failed(_)) => AttemptResult::Unknown(why),
        _ => result,
    }
}

fn judge_hop(endpoint: &Endpoint, attempt: &Attempt, context: &Context<'_>) -> AttemptResult {
    match attempt.hop.as_ref().and_then(Hop::proxy) {
        None => judge_direct(endpoint, attempt, context),
        Some(server) => proxy::judge(attempt, server, context)
            .or_else(|| proxy::closed_tunnel(attempt))
            .unwrap_or_else(|| judge_behind_proxy(endpoint, attempt, context)),
    }
}

/// The path through the proxy is open: what lies behind it is judged as on the direct path, but for
/// what the proxy itself answers where there is no TLS.
fn judge_behind_proxy(
    endpoint: &Endpoint,
    attempt: &Attempt,
    context: &Context<'_>,
) -> AttemptResult {
    let by_url = attempt.tls.is_none() && attempt.proxy.is_none();
    let http = attempt.http.as_ref().filter(|_| by_url);
    let own = http.and_then(|http| {
        let answer = http.value.as_ref().and_then(proxy::own_answer);
        answer.or_else(|| proxy::no_answer(http))
    });
    let result = match own {
        Some(diagnosis) => AttemptResult::Failed(diagnosis),
        None => judge_direct(endpoint, attempt, context),
    };
    proxy::about(result, attempt)
}

fn judge_direct(endpoint: &Endpoint, attempt: &Attempt, context: &Context<'_>) -> AttemptResult {
    if let Some(failure) = &attempt.tcp.failure {
        return tcp::judge_failure(attempt, failure);
    }
    match (endpoint.scheme, &attempt.tls) {
        (Scheme::Https, Some(tls)) => judge_tls(endpoint, attempt, tls, context),
        (Scheme::Https, None) => AttemptResult::Connected,
        _ => judge_http(endpoint, attempt, Channel::Clear),
    }
}

fn judge_tls(
    endpoint: &Endpoint,
    attempt: &Attempt,
    tls: &Observation<TlsSeen>,
    context: &Context<'_>,
) -> AttemptResult {
    match tls::judge(endpoint, attempt, tls, context) {
        Handshake::Unknown(why) => AttemptResult::Unknown(why),
        Handshake::Failed(diagnosis) => AttemptResult::Failed(with_page(diagnosis, attempt)),
        Handshake::Inspected(diagnosis) => judge_inspected(endpoint, attempt, diagnosis),
        Handshake::Genuine { notes, confidence } => {
            let answer = judge_http(endpoint, attempt, Channel::Genuine);
            with_chain(answer, notes, confidence)
        }
        Handshake::AsksForCertificate { notes, confidence } => {
            asks_for_certificate(endpoint, attempt, notes, confidence)
        }
        Handshake::Private { notes, confidence } => {
            let answer = judge_http(endpoint, attempt, Channel::Private);
            with_chain(answer, notes, confidence)
        }
    }
}

/// The host proved who it is and wants a client certificate: that is an answer, unless the entry
/// expects more of one.
fn asks_for_certificate(
    endpoint: &Endpoint,
    attempt: &Attempt,
    notes: Notes,
    confidence: Confidence,
) -> AttemptResult {
    if endpoint.expect != Expect::AnyGenuine {
        return AttemptResult::unknown("the host wants a client certificate before it answers");
    }
    let mut basis = Basis::default();
    basis.subject.address = Some(attempt.address);
    basis.notes = notes;
    basis.notes.client_certificate = Some("required".into());
    AttemptResult::Genuine(Genuine {
        basis,
        confidence,
        flaws: Vec::new(),
    })
}

/// Adds what the chain says to a genuine answer that came over it.
fn with_chain(answer: AttemptResult, notes: Notes, confidence: Confidence) -> AttemptResult {
    let AttemptResult::Genuine(mut genuine) = answer else {
        return answer;
    };
    genuine.basis.notes.or(notes);
    genuine.confidence = genuine.confidence.min(confidence);
    AttemptResult::Genuine(genuine)
}

/// Behind a trusted inspection device: its block page says more than the inspection does; what
/// Microsoft forbids fails in any case; elsewhere the answer counts.
fn judge_inspected(endpoint: &Endpoint, attempt: &Attempt, inspected: Diagnosis) -> AttemptResult {
    let answer = judge_http(endpoint, attempt, Channel::Inspected);
    match answer {
        AttemptResult::Failed(diagnosis) if diagnosis.code() == Code::HttpBlockPage => {
            AttemptResult::Failed(with_issuer(diagnosis, &inspected))
        }
        _ if inspected.outcome == Outcome::Blocked => {
            AttemptResult::Failed(with_page(inspected, attempt))
        }
        AttemptResult::Failed(diagnosis) => {
            AttemptResult::Failed(with_issuer(diagnosis, &inspected))
        }
        AttemptResult::Genuine(mut genuine) => {
            genuine.flaws.insert(0, inspected);
            AttemptResult::Genuine(genuine)
        }
        other => other,
    }
}

fn with_issuer(diagnosis: Diagnosis, inspected: &Diagnosis) -> Diagnosis {
    diagnosis.note(|notes| notes.issuer.clone_from(&inspected.basis.notes.issuer))
}

/// Adds what came over a connection whose certificate is not genuine.
fn with_page(diagnosis: Diagnosis, attempt: &Attempt) -> Diagnosis {
    let Some(seen) = attempt.http.as_ref().and_then(|http| http.value.as_ref()) else {
        return diagnosis;
    };
    diagnosis.note(|notes| {
        notes.status = Some(seen.status);
        if block_page::is_one(seen) {
            notes.page = Some(block_page::described(seen).into());
        }
    })
}

fn judge_http(endpoint: &Endpoint, attempt: &Attempt, channel: Channel) -> AttemptResult {
    match &attempt.http {
        Some(http) => http::judge(endpoint, attempt, http, channel),
        None if channel == Channel::Clear => AttemptResult::Connected,
        None => AttemptResult::unknown("no HTTP exchange was recorded"),
    }
}

/// Sums up the rounds of one address.
fn settle(results: Vec<AttemptResult>) -> AttemptResult {
    let failures: Vec<Diagnosis> = results.iter().filter_map(failure_of).cloned().collect();
    let connected = results
        .iter()
        .any(|result| matches!(result, AttemptResult::Connected));
    if failures.is_empty() {
        return best_without_failure(results);
    }
    if let Some(genuine) = results.into_iter().rev().find_map(genuine_of) {
        return AttemptResult::Genuine(flaky(genuine, &failures));
    }
    let diagnosis = confirmed(&failures);
    if connected && is_of_connecting(&diagnosis) {
        return AttemptResult::Connected;
    }
    AttemptResult::Failed(diagnosis)
}

/// Whether the connection itself failed.
fn is_of_connecting(diagnosis: &Diagnosis) -> bool {
    diagnosis.stage <= Stage::Tcp
        || matches!(diagnosis.code(), Code::ProxyDropped | Code::ProxyRefused)
}

fn best_without_failure(results: Vec<AttemptResult>) -> AttemptResult {
    let rank = |result: &AttemptResult| match result {
        AttemptResult::Genuine(_) => 3,
        AttemptResult::Unknown(_) => 2,
        AttemptResult::Connected | AttemptResult::Failed(_) => 1,
    };
    let best = results.into_iter().max_by_key(rank);
    best.unwrap_or(AttemptResult::Connected)
}

fn genuine_of(result: AttemptResult) -> Option<Genuine> {
    match result {
        AttemptResult::Genuine(genuine) => Some(genuine),
        _ => None,
    }
}

fn failure_of(result: &AttemptResult) -> Option<&Diagnosis> {
    match result {
        AttemptResult::Failed(diagnosis) => Some(diagnosis),
        _ => None,
    }
}

/// Silence before an answer is a lost packet, which has no culprit; a refusal or a reset was sent
/// by a party on the path.
fn flaky(mut genuine: Genuine, failures: &[Diagnosis]) -> Genuine {
    let Some(first) = failures
        .iter()
        .find(|diagnosis| !diagnosis.code().is_silence())
    else {
        return genuine;
    };
    let cause = Cause::TcpFlaky {
        first_failure: Some(first.code()),
        failed_stage: Some(first.stage),
    };
    genuine
        .flaws
        .push(Diagnosis::new(cause).sure(Confidence::Medium));
    genuine
}

/// The failure that says most; medium when every round that failed agrees with it.
fn confirmed(failures: &[Diagnosis]) -> Diagnosis {
    let best = furthest(failures.iter()).expect("there is at least one failure");
    let repeated = failures
        .iter()
        .filter(|diagnosis| agrees(diagnosis, &best))
        .count()
        > 1;
    let rounds = failures.len();
    let floor = if repeated {
        Confidence::Medium
    } else {
        Confidence::Low
    };
    let confidence = best.confidence.max(floor);
    best.sure(confidence)
        .note(|notes| notes.rounds = Some(rounds as u64))
}

/// A close before the ClientHello is looked for in confirming rounds only: before, it looks like a
/// close after it.
fn agrees(diagnosis: &Diagnosis, best: &Diagnosis) -> bool {
    let (one, other) = (diagnosis.code(), best.code());
    one == other || (other == Code::TlsClosed && one == Code::TlsHelloReset)
}

/// Of several failures the one that got furthest, and of those the most specific; ties go to the
/// first.
pub(super) fn furthest<'a>(diagnoses: impl Iterator<Item = &'a Diagnosis>) -> Option<Diagnosis> {
    let mut best: Option<&Diagnosis> = None;
    for diagnosis in diagnoses {
        if best.is_none_or(|known| weight(diagnosis) > weight(known)) {
            best = Some(diagnosis);
        }
    }
    best.cloned()
}

/// What a device said of a connection weighs more than the silence of the next: messages are limited.
fn weight(diagnosis: &Diagnosis) -> (Stage, bool, bool) {
    let vague = matches!(diagnosis.code(), Code::TlsAlert | Code::TlsHelloReset);
    let mut connects = diagnosis.basis.causes().filter_map(Cause::connect);
    let said = connects.any(|connect| connect.icmp.is_some());
    (diagnosis.stage, !vague, said)
}

/// The first connection that shows what a verdict rests on: the address it names, else the one
/// that got furthest.
pub(crate) fn basis(evidence: &Evidence, address: Option<SocketAddr>) -> Option<&Attempt> {
    let named = |attempt: &&Attempt| address == Some(attempt.address);
    let chosen: Vec<&Attempt> = evidence.attempts.iter().filter(named).collect();
    let all = || evidence.attempts.iter().collect();
    let candidates = if chosen.is_empty() { all() } else { chosen };
    candidates.into_iter().max_by_key(|attempt| depth(attempt))
}

/// How far a connection got; later rounds win ties.
fn depth(attempt: &Attempt) -> (u8, u32) {
    let http: Option<&Observation<HttpSeen>> = attempt.http.as_ref();
    let steps = [
        attempt.tcp.passed(),
        attempt.proxy.is_some(),
        attempt.tls.is_some(),
        attempt.tls.as_ref().is_some_and(Observation::passed),
        http.is_some(),
        http.is_some_and(Observation::passed),
    ];
    let reached = steps.iter().filter(|step| **step).count();
    (reached as u8, attempt.round)
}

//! A request whose User-Agent contains `MSOIDCRL` fails where a neutral one passes.

use std::net::IpAddr;

use crate::verdict::block_page;
use crate::verdict::certificate::needs_public_issuer;
use crate::verdict::diagnosis::Diagnosis;
use reach365_model::cause::Cause;
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{Attempt, Evidence, Trust, UserAgent};
use reach365_model::verdict::{Confidence, Outcome, Verdict, Who};
use reach365_proxy::route::Hop;

/// Answers of each User-Agent that must agree before a party is accused.
const ROUNDS: usize = 2;

/// Whether the result of the first request with the other User-Agent differs from the neutral one;
/// then both are asked again in turn.
pub(super) fn user_agents_differ(evidence: &Evidence) -> bool {
    let passing = || evidence.attempts.iter().filter(|attempt| passed(attempt));
    let mut others = attempts_with(evidence, UserAgent::Msoidcrl);
    // On another hop a dead proxy would be the difference, at another address a dead server.
    others.any(|other| {
        let same =
            |attempt: &&Attempt| attempt.hop == other.hop && attempt.address == other.address;
        let neutral = passing().find(same);
        neutral.is_some_and(|neutral| is_refused(other, neutral) && !is_hurried(other, neutral))
    })
}

/// Whether the other agent was given less time for an answer than the neutral one has needed.
fn is_hurried(other: &Attempt, neutral: &Attempt) -> bool {
    let waited = |attempt: &Attempt| attempt.http.as_ref().map(|http| http.elapsed_ms);
    status(other).is_none() && waited(other).is_some() && waited(other) <= waited(neutral)
}

/// Looks at a genuine answer with the agents in mind.
pub(super) fn consider(endpoint: &Endpoint, evidence: &Evidence, verdict: Verdict) -> Verdict {
    if !matches!(verdict.outcome, Outcome::Reachable | Outcome::Degraded) {
        return verdict;
    }
    match filtered(endpoint, evidence) {
        Some(mut diagnosis) => {
            diagnosis.basis.or(verdict.basis);
            diagnosis.verdict(endpoint)
        }
        None => verdict,
    }
}

fn filtered(endpoint: &Endpoint, evidence: &Evidence) -> Option<Diagnosis> {
    let neutral: Vec<&Attempt> = attempts_with(evidence, UserAgent::Neutral).collect();
    let other: Vec<&Attempt> = attempts_with(evidence, UserAgent::Msoidcrl).collect();
    let first = *neutral.first()?;
    let fine = neutral.len() >= ROUNDS && neutral.iter().all(|attempt| passed(attempt));
    let refused = other.len() > ROUNDS && other.iter().all(|attempt| is_refused(attempt, first));
    if !fine || !refused {
        return None;
    }
    let (who, confidence) = blamed(endpoint, first);
    let plain: Vec<&Attempt> = attempts_with(evidence, UserAgent::Msie6).collect();
    let cause = Cause::HttpUserAgentFiltered {
        neutral: Some(to_text(first).into()),
        msoidcrl: Some(to_text(other[0]).into()),
        msie6: plain.first().map(|attempt| to_text(attempt).into()),
        denies: denied(&plain, first).map(Into::into),
    };
    let diagnosis = Diagnosis::new(cause)
        .by(who)
        .at_address(proxy(first))
        .sure(confidence);
    let rounds = neutral.len() + other.len();
    Some(diagnosis.note(|notes| notes.rounds = Some(rounds as u64)))
}

/// What the rule denies: Internet Explorer 6, with which the sign-in components name themselves too,
/// or `MSOIDCRL` alone. Unknown where the answers to a plain MSIE 6.0 differ.
fn denied(plain: &[&Attempt], neutral: &Attempt) -> Option<&'static str> {
    let denied = plain.iter().filter(|it| is_refused(it, neutral)).count();
    match denied {
        _ if plain.is_empty() => None,
        0 if plain.iter().all(|it| passed(it)) => Some("MSOIDCRL"),
        count if count == plain.len() => Some("MSIE 6.0"),
        _ => None,
    }
}

fn attempts_with(evidence: &Evidence, user_agent: UserAgent) -> impl Iterator<Item = &Attempt> {
    let same = evidence
        .agents
        .iter()
        .filter(move |asked| asked.agent == user_agent);
    same.map(|asked| &asked.attempt)
}

fn status(attempt: &Attempt) -> Option<u16> {
    let seen = attempt.http.as_ref()?.value.as_ref()?;
    (seen.status != 0).then_some(seen.status)
}

fn passed(attempt: &Attempt) -> bool {
    let http = attempt.http.as_ref();
    http.is_some_and(|http| http.failure.is_none()) && status(attempt).is_some()
}

/// A refusal where the neutral User-Agent gets something else, or no answer at all to what carried
/// the User-Agent: one that was not sent yet cannot be filtered.
fn is_refused(attempt: &Attempt, neutral: &Attempt) -> bool {
    match status(attempt) {
        Some(refusal @ (403 | 407)) => status(neutral) != Some(refusal),
        Some(_) => false,
        None => was_sent(attempt),
    }
}

fn was_sent(attempt: &Attempt) -> bool {
    attempt.http.is_some() || attempt.tcp.passed() && attempt.proxy.is_some()
}

/// Who can read the User-Agent: a proxy that sees the request, an inspection device. Over a genuine
/// chain only the service itself can, and behind the company's own authority the party is unknown.
fn blamed(endpoint: &Endpoint, attempt: &Attempt) -> (Who, Confidence) {
    let tls = attempt.tls.as_ref().and_then(|tls| tls.value.as_ref());
    let genuine = tls.is_some_and(|seen| seen.public_roots == Some(Trust::Trusted));
    match (&attempt.hop, tls.is_some()) {
        (Some(Hop::Proxy(_)), _) => (Who::Proxy, Confidence::High),
        (_, true) if genuine => (Who::Service, Confidence::Medium),
        (_, true) if !needs_public_issuer(endpoint) => (Who::Unknown, Confidence::Medium),
        (_, true) => (Who::Inspection, Confidence::High),
        (_, false) => (Who::Firewall, Confidence::High),
    }
}

/// Where the proxy is that reads the agent.
fn proxy(attempt: &Attempt) -> Option<IpAddr> {
    let proxied = matches!(attempt.hop, Some(Hop::Proxy(_)));
    proxied.then(|| attempt.address.ip())
}

fn to_text(attempt: &Attempt) -> String {
    let failed = |stage: &str, kind| format!("no answer ({stage}: {kind:?})").to_lowercase();
    if let Some(failure) = &attempt.tcp.failure {
        return failed("tcp", failure.kind);
    }
    if let Some(proxy) = attempt.proxy.as_ref().filter(|proxy| !proxy.passed()) {
        let status = proxy.value.as_ref().and_then(|seen| seen.status);
        return status.map_or("no answer of the proxy".to_owned(), |status| {
            format!("HTTP {status} from the proxy")
        });
    }
    if let Some(failure) = attempt.tls.as_ref().and_then(|tls| tls.failure.as_ref()) {
        return failed("tls", failure.kind);
    }
    let http = attempt.http.as_ref();
    match http.and_then(|http| http.value.as_ref()) {
        Some(seen) if block_page::is_html(seen) => {
            format!("HTTP {}, \"{}\"", seen.status, block_page::described(seen))
        }
        Some(seen) => format!("HTTP {}", seen.status),
        None => "no answer (http)".to_owned(),
    }
}

//! The HTTP stage: failures, and the rules on status and redirects.

use url::Url;

use crate::verdict::attempt::{AttemptResult, Genuine};
use crate::verdict::diagnosis::{Diagnosis, short, whole_ms};
use crate::verdict::network::below;
use crate::verdict::{block_page, content, page};
use reach365_model::endpoint::{Endpoint, Expect, Issuer, Scheme};
use reach365_model::evidence::{Attempt, Failure, FailureKind, HttpSeen, Observation};
use reach365_model::verdict::{Code, Confidence, Facts, Outcome, Who};
use reach365_proxy::owner::registrable_domain;

/// From the request to the response head; more than this is slow.
pub(super) const SLOW_FIRST_BYTE_MS: f64 = 3_000.0;

/// The channel of the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// Nothing but TCP: any device on the path may have answered.
    Clear,
    /// TLS with a public chain: the host itself answered.
    Genuine,
    /// TLS with a chain that only this machine trusts, for a host that may have one.
    Private,
    /// TLS with a chain that only this machine trusts.
    Inspected,
}

impl Channel {
    /// Whether the host itself answered, as far as its certificate proves it.
    pub(super) fn is_proven(self) -> bool {
        matches!(self, Self::Genuine | Self::Private)
    }
}

/// An answer with everything that judges it.
#[derive(Clone, Copy)]
pub(super) struct Answer<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) seen: &'a HttpSeen,
    pub(super) channel: Channel,
    /// Whether the peer closed before the end of the body.
    pub(super) cut: bool,
    /// Whether the body did not end within the limit.
    pub(super) stalled: bool,
    /// How long the whole exchange took.
    pub(super) elapsed_ms: u64,
}

/// Judges an exchange.
pub(super) fn judge(
    endpoint: &Endpoint,
    attempt: &Attempt,
    http: &Observation<HttpSeen>,
    channel: Channel,
) -> AttemptResult {
    let result = match (&http.value, &http.failure) {
        (Some(seen), _) if was_not_read(endpoint, seen) => AttemptResult::unknown(
            "the answer breaks the rules of HTTP, so the content that the entry expects was not read",
        ),
        (Some(seen), failure) if seen.status != 0 => {
            let kind = failure.as_ref().map(|failure| failure.kind);
            judged(Answer {
                endpoint,
                seen,
                channel,
                cut: matches!(kind, Some(FailureKind::Closed | FailureKind::Reset)),
                stalled: kind == Some(FailureKind::Timeout),
                elapsed_ms: whole_ms(http.elapsed_ms),
            })
        }
        (_, Some(failure)) => failed(http, failure),
        (_, None) => AttemptResult::unknown("the HTTP exchange left no status"),
    };
    with_address(result, attempt)
}

/// Whether the verdict needs a body that could not be read.
fn was_not_read(endpoint: &Endpoint, seen: &HttpSeen) -> bool {
    let content = matches!(
        endpoint.expect,
        Expect::JsonKey(_) | Expect::Body(_) | Expect::DerCrl
    );
    content && seen.irregular.is_some() && !block_page::is_one(seen)
}

fn with_address(result: AttemptResult, attempt: &Attempt) -> AttemptResult {
    let address = attempt.address.to_string();
    match result {
        AttemptResult::Failed(diagnosis) => {
            AttemptResult::Failed(diagnosis.fact("address", address))
        }
        AttemptResult::Genuine(mut genuine) => {
            genuine.facts.insert("address".to_owned(), address.into());
            AttemptResult::Genuine(genuine)
        }
        other => other,
    }
}

fn failed(http: &Observation<HttpSeen>, failure: &Failure) -> AttemptResult {
    let how = match failure.kind {
        FailureKind::Reset => "reset",
        _ => "closed",
    };
    let diagnosis = match failure.kind {
        FailureKind::Timeout => Diagnosis::new(Code::HttpSilent),
        FailureKind::Closed | FailureKind::Reset => {
            Diagnosis::new(Code::HttpClosed).fact("how", how)
        }
        FailureKind::Malformed | FailureKind::TooLarge => {
            Diagnosis::new(Code::HttpMalformed).fact("detail", detail(failure))
        }
        _ => {
            return AttemptResult::Unknown(format!(
                "the HTTP exchange failed ({})",
                detail(failure)
            ));
        }
    };
    AttemptResult::Failed(diagnosis.fact("waited_ms", whole_ms(http.elapsed_ms)))
}

fn detail(failure: &Failure) -> String {
    if failure.detail.is_empty() {
        return format!("{:?}", failure.kind).to_lowercase();
    }
    short(&failure.detail)
}

/// Judges an answer: what no entry can expect first, then what this entry expects.
fn judged(answer: Answer<'_>) -> AttemptResult {
    let diagnosis = foreign(&answer)
        .or_else(|| overloaded(&answer))
        .or_else(|| expected(&answer));
    let Some(diagnosis) = diagnosis else {
        return AttemptResult::Genuine(genuine(&answer, None));
    };
    let diagnosis = diagnosis.fact("status", answer.seen.status);
    match diagnosis.outcome {
        Outcome::Degraded => AttemptResult::Genuine(genuine(&answer, Some(diagnosis))),
        _ => AttemptResult::Failed(diagnosis),
    }
}

fn genuine(answer: &Answer<'_>, flaw: Option<Diagnosis>) -> Genuine {
    let mut facts = Facts::new();
    facts.insert("status".to_owned(), answer.seen.status.into());
    if let Some(why) = &answer.seen.irregular {
        facts.insert("irregular".to_owned(), short(why).into());
    }
    facts.extend(content::crl_facts(answer.seen));
    Genuine {
        facts,
        confidence: confidence(answer),
        flaws: flaw.into_iter().chain(slow(answer)).collect(),
    }
}

/// Over TLS the certificate proves the answer; in clear text only its content can.
fn confidence(answer: &Answer<'_>) -> Confidence {
    match (answer.channel, &answer.endpoint.expect) {
        (Channel::Genuine | Channel::Private, _) => Confidence::Certain,
        (Channel::Clear, Expect::Body(_) | Expect::DerCrl) => Confidence::High,
        (Channel::Clear | Channel::Inspected, _) => Confidence::Medium,
    }
}

fn slow(answer: &Answer<'_>) -> Option<Diagnosis> {
    // In a proxy's queue behind the other requests of this run the host is not even asked yet.
    let waited = answer.seen.first_byte_ms - answer.seen.queued_ms.unwrap_or_default();
    (waited > SLOW_FIRST_BYTE_MS).then(|| {
        Diagnosis::new(Code::HttpSlow)
            .sure(Confidence::Medium)
            .fact("first_byte_ms", whole_ms(waited))
    })
}

/// Answers from a device on the path: a portal, a block page.
fn foreign(answer: &Answer<'_>) -> Option<Diagnosis> {
    let seen = answer.seen;
    if seen.status == 511 {
        return Some(certain(Code::HttpCaptivePortal));
    }
    if is_ncsi_page(answer) {
        return None;
    }
    if !block_page::is_one(seen) {
        return of_a_portal(answer);
    }
    match answer.channel {
        Channel::Genuine => None,
        // Behind a private authority a host may say "access denied" itself; a filter that names
        // itself in a header is not part of the host.
        Channel::Private if !block_page::names_itself(seen) => Some(
            block_page_of(answer)
                .sure(Confidence::Low)
                .by(Who::Unknown)
                .with_outcome(Outcome::Inconclusive),
        ),
        _ => Some(block_page_of(answer)),
    }
}

/// A page in clear text that asks the reader for something, or leads elsewhere, where the host is a
/// public one and the entry compares no content: it may be that of a captive portal or of a filter.
/// Alone it accuses no party; it is not an answer of the host either.
fn of_a_portal(answer: &Answer<'_>) -> Option<Diagnosis> {
    let (seen, endpoint) = (answer.seen, answer.endpoint);
    let compares = !matches!(endpoint.expect, Expect::AnyGenuine | Expect::Status(_));
    let proven = answer.channel != Channel::Clear || endpoint.issuer == Some(Issuer::Private);
    if compares || proven || !(200..300).contains(&seen.status) {
        return None;
    }
    let own = endpoint.host.owner();
    let leads_away = |target: &String| own != registrable_domain(target);
    let elsewhere = seen.leads_to.as_ref().filter(|target| leads_away(target));
    if elsewhere.is_none() && !page::asks_for_access(seen) {
        return None;
    }
    let diagnosis = Diagnosis::new(Code::ContentMismatch)
        .with_outcome(Outcome::Inconclusive)
        .fact("expected", "proof that the host itself sent the page")
        .fact("page", block_page::described(seen));
    Some(match elsewhere {
        Some(target) => diagnosis.fact("location_host", short(target)),
        None => diagnosis,
    })
}

/// The connectivity test compares a text: a wrong page with status 200 has a code of its own.
fn is_ncsi_page(answer: &Answer<'_>) -> bool {
    let compares = matches!(answer.endpoint.expect, Expect::Body(_));
    compares && content::is_ncsi(answer.endpoint) && answer.seen.status == 200
}

/// A block page; over inspected TLS the inspection device wrote it.
pub(super) fn block_page_of(answer: &Answer<'_>) -> Diagnosis {
    let diagnosis = certain(Code::HttpBlockPage).fact("page", block_page::described(answer.seen));
    match answer.channel {
        Channel::Inspected | Channel::Private => diagnosis.by(Who::Inspection),
        _ => diagnosis,
    }
}

/// Answers of a service in trouble. In clear text their origin is unknown.
fn overloaded(answer: &Answer<'_>) -> Option<Diagnosis> {
    let status = answer.seen.status;
    if let Expect::Status(wanted) = &answer.endpoint.expect
        && wanted.contains(&status)
    {
        return None;
    }
    let diagnosis = match status {
        502..=504 => certain(Code::HttpServiceError),
        429 => certain(Code::HttpRateLimited),
        _ => return None,
    };
    Some(match answer.channel {
        channel if channel.is_proven() => diagnosis.fact("speaker", "the service itself says so"),
        _ => diagnosis
            .fact("speaker", "whether the service sent it cannot be verified")
            .sure(Confidence::Low)
            .by(Who::Unknown)
            .with_outcome(Outcome::Inconclusive),
    })
}

fn expected(answer: &Answer<'_>) -> Option<Diagnosis> {
    match &answer.endpoint.expect {
        Expect::AnyGenuine => any_genuine(answer),
        Expect::Status(wanted) => status(answer, wanted),
        Expect::RedirectHost(wanted) => redirect(answer, wanted),
        Expect::JsonKey(key) => content::json_key(answer, key),
        Expect::Body(text) => content::body(answer, text),
        Expect::DerCrl => content::crl(answer),
    }
}

fn any_genuine(answer: &Answer<'_>) -> Option<Diagnosis> {
    if answer.channel.is_proven() {
        return content::truncated(answer)
            .map(|diagnosis| diagnosis.with_outcome(Outcome::Degraded));
    }
    let weak = |diagnosis: Diagnosis| {
        diagnosis
            .sure(Confidence::Low)
            .with_outcome(Outcome::Degraded)
    };
    redirected_away(answer).map(weak)
}

fn status(answer: &Answer<'_>, wanted: &[u16]) -> Option<Diagnosis> {
    if wanted.contains(&answer.seen.status) {
        return None;
    }
    let words: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    redirected_away(answer).or_else(|| Some(other_status(answer, &words.join(" or "))))
}

fn redirect(answer: &Answer<'_>, wanted: &[String]) -> Option<Diagnosis> {
    let Some(target) = redirect_host(answer) else {
        return Some(other_status(answer, "a redirect"));
    };
    if wanted.iter().any(|suffix| below(&target, suffix)) {
        return None;
    }
    Some(elsewhere(answer, &target))
}

/// A status that the entry does not expect: a block page where it looks like one.
pub(super) fn other_status(answer: &Answer<'_>, wanted: &str) -> Diagnosis {
    if is_refusal_page(answer) {
        return block_page_of(answer).sure(Confidence::Medium);
    }
    let sure = match answer.channel {
        channel if channel.is_proven() => Confidence::Certain,
        _ => Confidence::Low,
    };
    Diagnosis::new(Code::HttpUnexpectedStatus)
        .sure(sure)
        .fact("expected", wanted)
}

/// An HTML page with status 403 where a file is due, not from the content network itself.
fn is_refusal_page(answer: &Answer<'_>) -> bool {
    !answer.channel.is_proven()
        && answer.seen.status == 403
        && block_page::is_html(answer.seen)
        && !block_page::is_of_a_cdn(answer.seen)
}

/// A redirect to a host of another owner.
pub(super) fn redirected_away(answer: &Answer<'_>) -> Option<Diagnosis> {
    let target = redirect_host(answer)?;
    let own = answer.endpoint.host.owner();
    (own != registrable_domain(&target)).then(|| elsewhere(answer, &target))
}

fn elsewhere(answer: &Answer<'_>, target: &str) -> Diagnosis {
    let diagnosis = certain(Code::HttpUnexpectedRedirect).fact("location_host", target);
    match answer.channel {
        channel if channel.is_proven() => diagnosis.with_outcome(Outcome::Degraded),
        _ => diagnosis,
    }
}

/// The host that a redirect leads to.
fn redirect_host(answer: &Answer<'_>) -> Option<String> {
    let seen = answer.seen;
    if !matches!(seen.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = seen.headers.get("location")?;
    let endpoint = answer.endpoint;
    let scheme = match endpoint.scheme {
        Scheme::Https => "https",
        _ => "http",
    };
    let base = Url::parse(&format!("{scheme}://{endpoint}{}", endpoint.path)).ok()?;
    let target = base.join(location).ok()?;
    target.host_str().map(short)
}

fn certain(code: Code) -> Diagnosis {
    Diagnosis::new(code).sure(Confidence::Certain)
}

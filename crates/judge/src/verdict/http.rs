//! The HTTP stage: failures, and the rules on status and redirects.

use crate::verdict::types::{Answer, Channel};
use url::Url;

use crate::verdict::diagnosis::{Diagnosis, whole_ms};
use crate::verdict::network::below;
use crate::verdict::types::{AttemptResult, Genuine};
use crate::verdict::{block_page, content, page};
use reach365_model::cause::{Cause, Overload, Silence};
use reach365_model::endpoint::{Endpoint, Expect, Issuer, Scheme};
use reach365_model::evidence::{Attempt, Failure, FailureKind, HttpSeen, Observation};
use reach365_model::facts::short;
use reach365_model::verdict::{Basis, Code, Confidence, Outcome, Who};
use reach365_proxy::owner::registrable_domain;

/// From the request to the response head; more than this is slow.
pub(super) const SLOW_FIRST_BYTE_MS: f64 = 3_000.0;

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
    let address = attempt.address;
    match result {
        AttemptResult::Failed(diagnosis) => AttemptResult::Failed(diagnosis.connected_to(address)),
        AttemptResult::Genuine(mut genuine) => {
            genuine.basis.subject.address = Some(address);
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
    let waited_ms = Some(whole_ms(http.elapsed_ms));
    let cause = match failure.kind {
        FailureKind::Timeout => Cause::HttpSilent {
            silence: Silence {
                waited_ms,
                ..Silence::default()
            },
        },
        FailureKind::Closed | FailureKind::Reset => Cause::HttpClosed {
            how: Some(how.into()),
            waited_ms,
        },
        FailureKind::Malformed | FailureKind::TooLarge => Cause::HttpMalformed {
            detail: Some(detail(failure).into()),
            waited_ms,
        },
        _ => {
            return AttemptResult::Unknown(format!(
                "the HTTP exchange failed ({})",
                detail(failure)
            ));
        }
    };
    AttemptResult::Failed(Diagnosis::new(cause))
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
    let diagnosis = diagnosis.note(|notes| notes.status = Some(answer.seen.status));
    match diagnosis.outcome {
        Outcome::Degraded => AttemptResult::Genuine(genuine(&answer, Some(diagnosis))),
        _ => AttemptResult::Failed(diagnosis),
    }
}

fn genuine(answer: &Answer<'_>, flaw: Option<Diagnosis>) -> Genuine {
    let mut basis = Basis::default();
    let notes = &mut basis.notes;
    notes.status = Some(answer.seen.status);
    notes.irregular = answer.seen.irregular.as_deref().map(Into::into);
    content::note_crl(notes, answer.seen);
    Genuine {
        basis,
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
        let first_byte_ms = Some(whole_ms(waited));
        Diagnosis::new(Cause::HttpSlow { first_byte_ms }).sure(Confidence::Medium)
    })
}

/// Answers from a device on the path: a portal, a block page.
fn foreign(answer: &Answer<'_>) -> Option<Diagnosis> {
    let seen = answer.seen;
    if seen.status == 511 {
        return Some(Diagnosis::certain(Code::HttpCaptivePortal));
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
    let cause = Cause::ContentMismatch {
        expected: Some("proof that the host itself sent the page".into()),
        location_host: elsewhere.map(|target| target.as_str().into()),
    };
    let diagnosis = Diagnosis::new(cause).with_outcome(Outcome::Inconclusive);
    Some(diagnosis.note(|notes| notes.page = Some(block_page::described(seen).into())))
}

/// The connectivity test compares a text: a wrong page with status 200 has a code of its own.
fn is_ncsi_page(answer: &Answer<'_>) -> bool {
    let compares = matches!(answer.endpoint.expect, Expect::Body(_));
    compares && content::is_ncsi(answer.endpoint) && answer.seen.status == 200
}

/// A block page; over inspected TLS the inspection device wrote it.
pub(super) fn block_page_of(answer: &Answer<'_>) -> Diagnosis {
    let page = block_page::described(answer.seen).into();
    let diagnosis = Diagnosis::certain(Code::HttpBlockPage).note(|notes| notes.page = Some(page));
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
    let proven = answer.channel.is_proven();
    let speaker = if proven {
        "the service itself says so"
    } else {
        "whether the service sent it cannot be verified"
    };
    let overload = Overload {
        speaker: Some(speaker.into()),
    };
    let diagnosis = Diagnosis::certain(match status {
        502..=504 => Cause::HttpServiceError { overload },
        429 => Cause::HttpRateLimited { overload },
        _ => return None,
    });
    if proven {
        return Some(diagnosis);
    }
    let diagnosis = diagnosis.sure(Confidence::Low).by(Who::Unknown);
    Some(diagnosis.with_outcome(Outcome::Inconclusive))
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
    let expected = Some(wanted.into());
    Diagnosis::new(Cause::HttpUnexpectedStatus { expected }).sure(sure)
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
    let location_host = Some(target.into());
    let diagnosis = Diagnosis::certain(Cause::HttpUnexpectedRedirect { location_host });
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

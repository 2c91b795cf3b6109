//! The proxy stage: the proxy itself, and what it says to the request for a tunnel.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::verdict::diagnosis::{Diagnosis, whole_ms};
use crate::verdict::refusal::Refusal;
use crate::verdict::types::AttemptResult;
use crate::verdict::types::Context;
use crate::verdict::{certificate, tcp};
use reach365_model::cause::{Cause, FailedProxy, ProxyReply};
use reach365_model::evidence::{
    Attempt, Failure, FailureKind, HttpSeen, Observation, ProxySeen, Stage, TlsSeen, Trust,
};
use reach365_model::facts::{OneOrMany, Text, short};
use reach365_model::verdict::{Code, Confidence, Outcome, Who};
use reach365_proxy::route::{Hop, ProxyProtocol, ProxyServer};

/// The result of a connection to a proxy before the host behind it answered; `None` where the
/// path through it is open.
pub(super) fn judge(
    attempt: &Attempt,
    proxy: &ProxyServer,
    context: &Context<'_>,
) -> Option<AttemptResult> {
    let result = unreached(attempt)
        .or_else(|| own_tls(attempt, proxy, context))
        .or_else(|| refused(attempt, proxy));
    result.map(|result| about(result, attempt))
}

/// Names the proxy in what is said about a path through it.
pub(super) fn about(result: AttemptResult, attempt: &Attempt) -> AttemptResult {
    let Some(Hop::Proxy(proxy)) = &attempt.hop else {
        return result;
    };
    match result {
        AttemptResult::Failed(diagnosis) => {
            let diagnosis = seen_behind(diagnosis);
            let blamed = diagnosis.who == Who::Proxy;
            let address = blamed.then(|| attempt.address.ip()).or(diagnosis.address);
            let mut diagnosis = diagnosis.at_address(address).connected_to(attempt.address);
            diagnosis.basis.subject.proxy = Some(proxy.to_string().into());
            AttemptResult::Failed(diagnosis)
        }
        AttemptResult::Genuine(mut genuine) => {
            genuine.basis.subject.proxy = Some(proxy.to_string().into());
            AttemptResult::Genuine(genuine)
        }
        other => other,
    }
}

/// A packet filter behind a proxy cannot be seen; clear text there comes from the proxy.
fn seen_behind(diagnosis: Diagnosis) -> Diagnosis {
    if diagnosis.who != Who::Firewall || diagnosis.stage <= Stage::Proxy {
        return diagnosis;
    }
    match diagnosis.code() {
        Code::TlsPlaintext => diagnosis.by(Who::Proxy),
        _ => diagnosis.by(Who::Unknown),
    }
}

fn unreached(attempt: &Attempt) -> Option<AttemptResult> {
    let failure = attempt.tcp.failure.as_ref()?;
    let waited_ms = Some(whole_ms(attempt.tcp.elapsed_ms));
    let connect = |how: Option<&str>| FailedProxy {
        how: how.map(Into::into),
        waited_ms,
    };
    let dropped = |how| Cause::ProxyDropped {
        connect: connect(Some(how)),
    };
    let cause = match failure.kind {
        _ if tcp::has_no_route(attempt) => return Some(tcp::judge_failure(attempt, failure)),
        FailureKind::Timeout => dropped("silence"),
        FailureKind::HostUnreachable => dropped("host unreachable"),
        FailureKind::NetworkUnreachable if !tcp::is_local(attempt) => {
            dropped("network unreachable")
        }
        FailureKind::Refused | FailureKind::Reset => Cause::ProxyRefused {
            connect: connect(None),
        },
        _ => return Some(tcp::judge_failure(attempt, failure)),
    };
    let diagnosis = by_device(Diagnosis::new(cause), attempt);
    Some(AttemptResult::Failed(diagnosis))
}

/// Names the device on the path that rejected the connection, if an ICMP message identifies one.
fn by_device(mut diagnosis: Diagnosis, attempt: &Attempt) -> Diagnosis {
    let Some(icmp) = &attempt.icmp else {
        return diagnosis;
    };
    let other = |device: &IpAddr| *device != attempt.address.ip();
    let Some(device) = icmp.from.filter(other) else {
        return diagnosis;
    };
    if tcp::has_no_neighbor(attempt, icmp) {
        ended(&mut diagnosis, tcp::NO_NEIGHBOR);
        return diagnosis.by(Who::Path);
    }
    let who = if tcp::is_own(attempt, icmp) {
        Who::Device
    } else {
        Who::Firewall
    };
    let sure = match tcp::meaning(icmp) {
        Some(_) => Confidence::Certain,
        None => diagnosis.confidence,
    };
    ended(&mut diagnosis, &format!("rejected by {device}"));
    diagnosis.sure(sure).by(who).at_address(Some(device))
}

/// Says how the connection to a proxy ended.
fn ended(diagnosis: &mut Diagnosis, how: &str) {
    if let Cause::ProxyDropped { connect } | Cause::ProxyRefused { connect } = diagnosis.cause_mut()
    {
        connect.how = Some(how.into());
    }
}

/// The handshake with a proxy over TLS. Its certificate is judged apart from
/// that of the endpoint; a private issuer is all right where this machine trusts it.
fn own_tls(attempt: &Attempt, proxy: &ProxyServer, context: &Context<'_>) -> Option<AttemptResult> {
    let tls = attempt.proxy_tls.as_ref()?;
    if let Some(failure) = &tls.failure {
        return Some(AttemptResult::Failed(tls_failed(tls, failure)));
    }
    let diagnosis = bad_certificate(tls.value.as_ref()?, context)?;
    let mut diagnosis = diagnosis
        .sure(Confidence::Certain)
        .by(Who::Proxy)
        .note(|notes| {
            notes.target = Some(format!("the proxy {proxy}").into());
            notes.host = Some(proxy.host.to_string().into());
        });
    diagnosis.stage = Stage::Proxy;
    Some(AttemptResult::Failed(diagnosis))
}

fn tls_failed(tls: &Observation<TlsSeen>, failure: &Failure) -> Diagnosis {
    if failure.kind == FailureKind::Timeout {
        return silent(tls.elapsed_ms);
    }
    not_a_proxy(
        format!("no TLS handshake ({})", failure_text(failure)),
        None,
    )
}

fn bad_certificate(seen: &TlsSeen, context: &Context<'_>) -> Option<Diagnosis> {
    let leaf = seen.chain.first()?;
    let trusted = [&seen.public_roots, &seen.os_roots].contains(&&Some(Trust::Trusted));
    if !trusted {
        let code = if leaf.self_issued {
            Code::TlsSelfSigned
        } else {
            Code::TlsUntrustedIssuer
        };
        return Some(certificate::about(code, leaf));
    }
    if seen.name_matches == Some(false) {
        return Some(certificate::wrong_name(leaf));
    }
    certificate::date_fault(leaf, context.now).map(|code| certificate::about(code, leaf))
}

/// What the proxy said to the request for a tunnel.
fn refused(attempt: &Attempt, proxy: &ProxyServer) -> Option<AttemptResult> {
    let observation = attempt.proxy.as_ref()?;
    let failure = observation.failure.as_ref()?;
    let empty = ProxySeen::default();
    let seen = observation.value.as_ref().unwrap_or(&empty);
    let diagnosis = match failure.kind {
        FailureKind::ProxyRefused => Some(answered(seen, failure, proxy)),
        _ if seen.credentials_sent => Some(cut_after_credentials(failure, &seen.auth_schemes)),
        _ => unanswered(failure, observation.elapsed_ms),
    };
    Some(diagnosis.map_or_else(
        || AttemptResult::Unknown(failure_text(failure)),
        AttemptResult::Failed,
    ))
}

/// The proxy asked for credentials and did not answer the request that had them: it may reject them
/// so, or be in trouble. They are not sent again to find out.
fn cut_after_credentials(failure: &Failure, offered: &[String]) -> Diagnosis {
    let how = match failure.kind {
        FailureKind::Timeout => "did not answer",
        FailureKind::Closed => "closed the connection after",
        FailureKind::Reset => "reset the connection after",
        _ => "did not answer in HTTP",
    };
    let why = format!("the proxy {how} the request with credentials; they were not sent again");
    let reply = ProxyReply {
        schemes: Some(schemes(None, offered)),
        ..ProxyReply::default()
    };
    let diagnosis = Diagnosis::new(Cause::ProxyAuthRequired { reply });
    diagnosis
        .with_outcome(Outcome::Inconclusive)
        .note(|notes| notes.credentials_withheld = Some(why.into()))
}

/// Silence, an end, or bytes that do not answer the request.
fn unanswered(failure: &Failure, elapsed_ms: f64) -> Option<Diagnosis> {
    Some(match failure.kind {
        FailureKind::Timeout => silent(elapsed_ms),
        FailureKind::Closed if failure.detail.contains("within") => {
            not_a_proxy(failure_text(failure), Some("closed"))
        }
        FailureKind::Closed | FailureKind::Reset => {
            let how = how_it_ended(failure.kind);
            not_a_proxy(format!("{how} without an answer"), Some(how))
        }
        FailureKind::Malformed | FailureKind::TooLarge | FailureKind::Plaintext => {
            not_a_proxy(failure_text(failure), None).sure(Confidence::Certain)
        }
        _ => return None,
    })
}

/// A request by absolute URL without an answer: the proxy owes one, whatever the host does. A head
/// that is too large may be the host's own.
pub(super) fn no_answer(http: &Observation<HttpSeen>) -> Option<Diagnosis> {
    let failure = http.failure.as_ref()?;
    let answered = http.value.as_ref().is_some_and(|seen| seen.status != 0);
    if answered || failure.kind == FailureKind::TooLarge {
        return None;
    }
    if http
        .value
        .as_ref()
        .is_some_and(|seen| seen.proxy_credentials_sent)
    {
        return Some(cut_after_credentials(failure, &[]));
    }
    let mut diagnosis = unanswered(failure, http.elapsed_ms)?;
    if failure.kind == FailureKind::Malformed
        && let Some(reply) = diagnosis.cause_mut().reply_mut()
    {
        reply.answer = Some("what came is not HTTP".into());
    }
    Some(diagnosis)
}

fn not_a_proxy(answer: String, how: Option<&str>) -> Diagnosis {
    let reply = ProxyReply {
        answer: Some(answer.into()),
        how: how.map(Into::into),
        ..ProxyReply::default()
    };
    Diagnosis::new(Cause::ProxyNotAProxy { reply })
}

fn silent(elapsed_ms: f64) -> Diagnosis {
    let reply = ProxyReply {
        waited_ms: Some(whole_ms(elapsed_ms)),
        ..ProxyReply::default()
    };
    Diagnosis::new(Cause::ProxySilent { reply })
}

/// The end of a connection, in the words of a sentence.
pub(super) fn how_it_ended(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Reset => "reset",
        _ => "closed",
    }
}

fn answered(seen: &ProxySeen, failure: &Failure, proxy: &ProxyServer) -> Diagnosis {
    let diagnosis = match (seen.status, seen.socks_reply) {
        (Some(status), _) => Refusal::of_tunnel(seen, status).diagnosis(),
        (None, Some(reply)) => by_socks_reply(proxy.protocol, reply),
        // SOCKS 5 without a method that this client has (RFC 1928, section 3).
        (None, None) => Diagnosis::certain(Code::ProxyAuthRequired),
    };
    with_answer(diagnosis, seen, &failure.detail)
}

/// The facts of an answer; `words` are those of the failure.
fn with_answer(mut diagnosis: Diagnosis, seen: &ProxySeen, words: &str) -> Diagnosis {
    let software = seen
        .headers
        .get("server")
        .or_else(|| seen.headers.get("via"));
    let asks = matches!(
        diagnosis.code(),
        Code::ProxyAuthRequired | Code::ProxyAuthRejected
    );
    if let Some(reply) = diagnosis.cause_mut().reply_mut() {
        reply.proxy_error = seen
            .headers
            .get("x-squid-error")
            .map(|it| it.as_str().into());
        reply.proxy_software = software.map(|it| it.as_str().into());
        if asks {
            reply.schemes = Some(schemes(reply.redirect.as_ref(), &seen.auth_schemes));
        } else {
            reply.answer = Some(to_text(seen, words).into());
        }
    }
    diagnosis.note(|notes| {
        notes.status = seen.status;
        notes.page = seen.title.as_deref().map(Into::into);
    })
}

fn schemes(redirect: Option<&Text>, offered: &[String]) -> OneOrMany {
    match redirect {
        Some(page) if offered.is_empty() => {
            OneOrMany::One(format!("it redirects to {page}").into())
        }
        _ if offered.is_empty() => "no scheme named".into(),
        _ => OneOrMany::Many(offered.to_vec().into()),
    }
}

/// `HTTP 403 Forbidden, ERR_ACCESS_DENIED 0, "Access denied"`, or the reply of SOCKS with its
/// meaning.
fn to_text(seen: &ProxySeen, words: &str) -> String {
    let text = match (seen.status, seen.socks_reply) {
        (Some(status), _) => by_http(seen, status),
        (None, Some(reply)) => format!("{words} (SOCKS reply {reply})"),
        (None, None) => words.to_owned(),
    };
    match &seen.title {
        Some(title) => format!("{text}, \"{title}\""),
        None => text,
    }
}

fn by_http(seen: &ProxySeen, status: u16) -> String {
    let text = format!("HTTP {status} {}", seen.reason);
    let text = text.trim_end();
    match Refusal::of_tunnel(seen, status).squid_words() {
        Some(error) => format!("{text}, {error}"),
        None => text.to_owned(),
    }
}

/// Replies of RFC 1928, section 6, and of version 4.
fn by_socks_reply(protocol: ProxyProtocol, reply: u8) -> Diagnosis {
    let version_4 = matches!(protocol, ProxyProtocol::Socks4 | ProxyProtocol::Socks4a);
    match (version_4, reply) {
        (true, 92 | 93) => Diagnosis::certain(Code::ProxyAuthRequired),
        // "Rejected or failed": the protocol does not tell which.
        (true, _) => Diagnosis::new(Code::ProxyDenied).with_outcome(Outcome::Inconclusive),
        (false, 2) => Diagnosis::certain(Code::ProxyDenied),
        (false, 3 | 5) => Diagnosis::certain(Code::ProxyUpstreamUnreachable),
        // Dante says 4 as well where the name does not resolve.
        (false, 6) => Diagnosis::certain(Code::ProxyUpstreamTimeout),
        (false, 7 | 8) => Diagnosis::certain(Code::ProxyNotAProxy),
        (false, _) => Diagnosis::certain(Code::ProxyUpstreamUnreachable).sure(Confidence::Medium),
    }
}

/// An answer to a request by absolute URL that the proxy itself has given, where that can be told
/// from an answer of the host.
pub(super) fn own_answer(seen: &HttpSeen) -> Option<Diagnosis> {
    let refusal = Refusal::of_answer(seen);
    if !refusal.is_of_the_proxy() {
        return None;
    }
    let as_tunnel = ProxySeen {
        status: Some(seen.status),
        headers: seen.headers.clone(),
        title: seen.title.clone(),
        auth_schemes: offered(&seen.headers),
        body_text: seen.body_text.clone(),
        ..ProxySeen::default()
    };
    Some(with_answer(refusal.diagnosis(), &as_tunnel, ""))
}

/// The schemes in Proxy-Authenticate: the first word of every part that is not a parameter.
fn offered(headers: &BTreeMap<String, String>) -> Vec<String> {
    let value = headers.get("proxy-authenticate");
    let parts = value.into_iter().flat_map(|value| value.split(','));
    let words = parts.filter_map(|part| part.split_whitespace().next());
    let schemes = words.filter(|word| !word.contains('=') && !word.contains('"'));
    schemes.map(str::to_owned).collect()
}

/// The proxy opened a tunnel and nothing of TLS came back before the end.
pub(super) fn closed_tunnel(attempt: &Attempt) -> Option<AttemptResult> {
    attempt.proxy.as_ref()?;
    let tls = attempt.tls.as_ref()?;
    let kind = tls.failure.as_ref()?.kind;
    let received = tls.value.as_ref().map_or(0, |seen| seen.bytes_received);
    let ended = matches!(kind, FailureKind::Closed | FailureKind::Reset);
    (ended && received == 0).then(|| {
        let reply = ProxyReply {
            how: Some(how_it_ended(kind).into()),
            ..ProxyReply::default()
        };
        let diagnosis = Diagnosis::new(Cause::ProxyTunnelClosed { reply });
        about(AttemptResult::Failed(diagnosis), attempt)
    })
}

fn failure_text(failure: &Failure) -> String {
    if failure.detail.is_empty() {
        return format!("{:?}", failure.kind).to_lowercase();
    }
    short(&failure.detail)
}

//! What a refusal by an HTTP proxy says: its status, its headers, its page.

use std::collections::BTreeMap;

use crate::evidence::{HttpSeen, ProxySeen};
use crate::verdict::claim::Claim;
use crate::verdict::{Code, Confidence, Who, page};

/// Header in which squid names its errors.
const SQUID_ERROR: &str = "x-squid-error";
/// Squid's errors that have a code of their own.
const SQUID_CODES: [(&str, Code); 6] = [
    ("ERR_DNS_FAIL", Code::ProxyUpstreamDns),
    ("ERR_ACCESS_DENIED", Code::ProxyDenied),
    ("ERR_FORWARDING_DENIED", Code::ProxyDenied),
    ("ERR_READ_TIMEOUT", Code::ProxyUpstreamTimeout),
    ("ERR_LIFETIME_EXP", Code::ProxyUpstreamTimeout),
    ("ERR_CONNECT_FAIL", Code::ProxyUpstreamUnreachable),
];
/// What squid means by errors that do not say it.
const SQUID_WORDS: [(&str, &str); 5] = [
    (
        "ERR_CANNOT_FORWARD",
        "it has no address and no other proxy for the host",
    ),
    ("ERR_ZERO_SIZE_OBJECT", "the host closed without an answer"),
    ("ERR_READ_ERROR", "it could not read from the host"),
    ("ERR_WRITE_ERROR", "it could not write to the host"),
    ("ERR_SECURE_CONNECT_FAIL", "its TLS with the host failed"),
];
/// Numbers of system errors on Linux, which squid appends.
const SYSTEM_ERRORS: [(&str, &str); 5] = [
    ("101", "network unreachable"),
    ("104", "connection reset"),
    (TIMED_OUT, "connection timed out"),
    ("111", "connection refused"),
    ("113", "no route to the host"),
];
const TIMED_OUT: &str = "110";
/// Words by which a page blames the resolution of the name.
const ABOUT_DNS: [&str; 9] = [
    "dns",
    "could not resolve",
    "cannot resolve",
    "unable to resolve",
    "name resolution",
    "name lookup",
    "host not found",
    "unknown host",
    "name or service not known",
];
/// Words by which a page says that the host did not answer.
const ABOUT_TIME: [&str; 3] = ["timed out", "timeout", "time-out"];

/// Every phrase that a refusal is known by.
pub(super) fn phrases() -> impl Iterator<Item = &'static str> {
    let errors = SQUID_CODES.into_iter().map(|(code, _)| code);
    let words = SQUID_WORDS
        .into_iter()
        .flat_map(|(code, words)| [code, words]);
    let system = SYSTEM_ERRORS.into_iter().map(|(_, words)| words);
    let about = ABOUT_DNS.into_iter().chain(ABOUT_TIME);
    errors.chain(words).chain(system).chain(about)
}

/// A refusal by HTTP, from CONNECT or from a request by absolute URL.
pub(super) struct Refusal<'a> {
    status: u16,
    reason: &'a str,
    title: Option<&'a str>,
    page: &'a str,
    headers: &'a BTreeMap<String, String>,
    /// Whether credentials went with the request.
    signed_in: bool,
}

impl<'a> Refusal<'a> {
    pub(super) fn of_tunnel(seen: &'a ProxySeen, status: u16) -> Self {
        Self {
            status,
            reason: &seen.reason,
            title: seen.title.as_deref(),
            page: &seen.body_text,
            headers: &seen.headers,
            signed_in: seen.credentials_sent,
        }
    }

    pub(super) fn of_answer(seen: &'a HttpSeen) -> Self {
        Self {
            status: seen.status,
            reason: "",
            title: seen.title.as_deref(),
            page: &seen.body_text,
            headers: &seen.headers,
            signed_in: seen.proxy_credentials_sent,
        }
    }

    /// Whether the proxy itself has refused a request by absolute URL. Hosts answer with the same
    /// status codes: only who names itself is known.
    pub(super) fn is_of_the_proxy(&self) -> bool {
        match self.status {
            407 => true,
            401 if !self.signed_in => false,
            401 | 403 | 500 | 502..=504 => self.squid_error().is_some() || self.is_of_tinyproxy(),
            _ => false,
        }
    }

    /// Tinyproxy names itself as the server of its own pages, and in `Via` of those of hosts.
    fn is_of_tinyproxy(&self) -> bool {
        let server = self.headers.get("server");
        server.is_some_and(|server| server.starts_with("tinyproxy/"))
            && !self.headers.contains_key("via")
    }

    pub(super) fn claim(&self) -> Claim {
        match self.status {
            // Tinyproxy says 401 where the credentials are wrong.
            401 | 407 if self.signed_in => certain(Code::ProxyAuthRejected),
            401 | 407 => certain(Code::ProxyAuthRequired),
            429 => certain(Code::ProxyRateLimited),
            511 => certain(Code::HttpCaptivePortal).by(Who::Proxy),
            400 | 404 | 405 | 501 => Claim::new(Code::ProxyNotAProxy),
            500 | 502..=504 => self.behind_it(),
            _ => certain(Code::ProxyDenied),
        }
    }

    /// The proxy failed on the way to the host.
    fn behind_it(&self) -> Claim {
        if let Some(code) = self.squid_code() {
            return certain(code);
        }
        if self.squid_error().is_none() && self.speaks_of(&ABOUT_DNS) {
            return Claim::new(Code::ProxyUpstreamDns).sure(Confidence::Medium);
        }
        if self.status == 504 {
            return certain(Code::ProxyUpstreamTimeout);
        }
        if self.speaks_of(&ABOUT_TIME) {
            return Claim::new(Code::ProxyUpstreamTimeout).sure(Confidence::Medium);
        }
        Claim::new(Code::ProxyUpstreamUnreachable).sure(Confidence::Medium)
    }

    fn squid_code(&self) -> Option<Code> {
        let error = self.squid_error()?;
        let known = SQUID_CODES.iter().find(|(name, _)| *name == error);
        known.map(|(_, code)| match code {
            Code::ProxyUpstreamUnreachable if self.system_error() == Some(TIMED_OUT) => {
                Code::ProxyUpstreamTimeout
            }
            code => *code,
        })
    }

    /// Squid's error with what it means: `ERR_CONNECT_FAIL 111 (connection refused)`.
    pub(super) fn squid_words(&self) -> Option<String> {
        let value = self.headers.get(SQUID_ERROR)?;
        let error = self.squid_error()?;
        let system = self.system_error();
        let meaning = SQUID_WORDS.iter().find(|(name, _)| *name == error);
        let cause = SYSTEM_ERRORS
            .iter()
            .find(|(number, _)| Some(*number) == system);
        Some(match meaning.or(cause) {
            Some((_, words)) => format!("{value} ({words})"),
            None => value.clone(),
        })
    }

    /// What squid calls the error: `ERR_DNS_FAIL 0`.
    fn squid_error(&self) -> Option<&'a str> {
        self.headers.get(SQUID_ERROR)?.split_whitespace().next()
    }

    fn system_error(&self) -> Option<&'a str> {
        self.headers.get(SQUID_ERROR)?.split_whitespace().nth(1)
    }

    /// Whether reason, title or page speak of something.
    fn speaks_of(&self, words: &[&str]) -> bool {
        let said = [
            self.reason.to_ascii_lowercase(),
            self.title.unwrap_or_default().to_ascii_lowercase(),
            page::words(self.page),
        ];
        said.iter()
            .any(|text| words.iter().any(|word| has_words(text, word)))
    }
}

/// Whether words stand in a text, not within longer ones.
fn has_words(text: &str, words: &str) -> bool {
    let mut places = text.match_indices(words);
    places.any(|(start, _)| {
        let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        ends(text[..start].chars().next_back()) && ends(text[start + words.len()..].chars().next())
    })
}

fn certain(code: Code) -> Claim {
    Claim::new(code).sure(Confidence::Certain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, reason: &str, squid_error: &str, page: &str) -> Claim {
        let error = (SQUID_ERROR.to_owned(), squid_error.to_owned());
        let named = (!squid_error.is_empty()).then_some(error);
        let seen = ProxySeen {
            reason: reason.to_owned(),
            headers: named.into_iter().collect(),
            body_text: page.to_owned(),
            ..ProxySeen::default()
        };
        Refusal::of_tunnel(&seen, status).claim()
    }

    #[test]
    fn each_refusal_has_its_code() {
        use Code::{ProxyDenied, ProxyUpstreamDns, ProxyUpstreamTimeout, ProxyUpstreamUnreachable};
        let prefetch = "<head><link rel='dns-prefetch'></head><script>setTimeout(f)</script>Sorry";
        let cases = [
            (403, "Forbidden", "", "", ProxyDenied),
            (503, "", "ERR_DNS_FAIL 0", "", ProxyUpstreamDns),
            (503, "", "ERR_CONNECT_FAIL 110", "", ProxyUpstreamTimeout),
            (
                503,
                "",
                "ERR_CONNECT_FAIL 111",
                "",
                ProxyUpstreamUnreachable,
            ),
            (
                500,
                "",
                "ERR_CANNOT_FORWARD 0",
                "no DNS",
                ProxyUpstreamUnreachable,
            ),
            (504, "Gateway Timeout", "", "", ProxyUpstreamTimeout),
            (504, "", "ERR_READ_TIMEOUT 0", "", ProxyUpstreamTimeout),
            (500, "Unable to connect", "", "", ProxyUpstreamUnreachable),
            (502, "Bad Gateway", "", "<p>DNS error</p>", ProxyUpstreamDns),
            (
                502,
                "Bad Gateway",
                "",
                "<p>Cannot resolve x.example",
                ProxyUpstreamDns,
            ),
            (
                502,
                "Bad Gateway",
                "",
                "<p>Connection timed out</p>",
                ProxyUpstreamTimeout,
            ),
            (502, "Bad Gateway", "", prefetch, ProxyUpstreamUnreachable),
            (
                503,
                "",
                "",
                "We work to resolve the problem",
                ProxyUpstreamUnreachable,
            ),
        ];
        for (status, reason, error, page, code) in cases {
            let claim = refused(status, reason, error, page);
            assert_eq!(claim.code, code, "{status} {reason} {error} {page}");
        }
    }

    #[test]
    fn words_of_a_page_alone_make_nobody_certain() {
        for page in ["DNS error", "timed out", "Sorry"] {
            let claim = refused(502, "Bad Gateway", "", page);
            assert_eq!(claim.confidence, Confidence::Medium, "{page}");
        }
    }

    #[test]
    fn a_page_of_a_host_is_not_taken_for_one_of_the_proxy() {
        let answer = |status: u16, headers: &[(&str, &str)], signed_in: bool| {
            let headers = headers.iter();
            let seen = HttpSeen {
                status,
                headers: headers
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
                proxy_credentials_sent: signed_in,
                ..HttpSeen::default()
            };
            Refusal::of_answer(&seen).is_of_the_proxy()
        };
        let tinyproxy = ("server", "tinyproxy/1.11.1");
        let squid = (SQUID_ERROR, "ERR_ACCESS_DENIED 0");
        assert!(answer(407, &[], false));
        assert!(answer(403, &[squid], false));
        assert!(answer(403, &[tinyproxy], false));
        assert!(answer(401, &[tinyproxy], true));
        assert!(
            !answer(401, &[tinyproxy], false),
            "a host may ask for a user"
        );
        assert!(!answer(401, &[], true));
        assert!(!answer(403, &[], false));
        assert!(!answer(404, &[squid], false));
        let through = [tinyproxy, ("via", "1.1 branch (tinyproxy/1.11.1)")];
        assert!(!answer(403, &through, false));
    }
}

//! What a refusal by an HTTP proxy says: its status, its headers, its page.
//!
//! Status and form come first, then what a product names; words, of whatever language, only add.

mod product;
mod redirect;
mod words;

use std::collections::BTreeMap;

use url::Url;

use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::page;
use reach365_model::evidence::{CredentialsWithheld, HttpSeen, ProxySeen};
use reach365_model::verdict::{Code, Confidence, Outcome, Who};
use redirect::Leads;
use words::About;

/// Header in which squid names its errors.
const SQUID_ERROR: &str = "x-squid-error";
/// Squid's errors that have a code of their own.
const SQUID_CODES: [(&str, Code); 9] = [
    ("ERR_DNS_FAIL", Code::ProxyUpstreamDns),
    ("ERR_ACCESS_DENIED", Code::ProxyDenied),
    ("ERR_FORWARDING_DENIED", Code::ProxyDenied),
    ("ERR_BLOCKED", Code::ProxyDenied),
    ("ERR_CACHE_ACCESS_DENIED", Code::ProxyAuthRequired),
    ("ERR_CACHE_MGR_ACCESS_DENIED", Code::ProxyAuthRequired),
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
/// Every phrase that a refusal is known by.
pub(super) fn phrases() -> impl Iterator<Item = &'static str> {
    let errors = SQUID_CODES.into_iter().map(|(code, _)| code);
    let words = SQUID_WORDS
        .into_iter()
        .flat_map(|(code, words)| [code, words]);
    let system = SYSTEM_ERRORS.into_iter().map(|(_, words)| words);
    let own = errors.chain(words).chain(system);
    let others = product::phrases().chain(redirect::phrases());
    own.chain(others).chain(words::phrases())
}

/// Whether a page forbids, in whatever language; title and words in lower case.
pub(super) fn forbids(title: &str, words: &str) -> bool {
    let about = words::of_line(title).or_else(|| words::of_page(words));
    about == Some(About::Denial)
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
    /// Why none went.
    withheld: Option<CredentialsWithheld>,
    /// Whether the proxy offers schemes of authentication.
    offers: bool,
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
            withheld: seen.credentials_withheld,
            offers: !seen.auth_schemes.is_empty(),
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
            withheld: seen.proxy_credentials_withheld,
            offers: seen.headers.contains_key("proxy-authenticate"),
        }
    }

    /// Whether the proxy itself has refused a request by absolute URL. Hosts answer with the same
    /// status codes: only who names itself is known.
    pub(super) fn is_of_the_proxy(&self) -> bool {
        match self.status {
            407 => true,
            401 if !self.signed_in => false,
            300..=399 => self.location().is_some_and(redirect::is_of_a_product),
            401 | 403 | 500 | 502..=504 => {
                self.squid_error().is_some()
                    || self.is_of_tinyproxy()
                    || self.named_by_product().is_some()
            }
            _ => false,
        }
    }

    /// Tinyproxy names itself as the server of its own pages, and in `Via` of those of hosts.
    fn is_of_tinyproxy(&self) -> bool {
        let server = self.headers.get("server");
        server.is_some_and(|server| server.starts_with("tinyproxy/"))
            && !self.headers.contains_key("via")
    }

    pub(super) fn diagnosis(&self) -> Diagnosis {
        match self.status {
            401 | 407 => self.unauthenticated(),
            429 => Diagnosis::certain(Code::ProxyRateLimited),
            511 => Diagnosis::certain(Code::HttpCaptivePortal).by(Who::Proxy),
            300..=399 => self.redirected(),
            400 | 404 | 405 | 501 => self.not_understood(),
            408 => Diagnosis::new(Code::ProxyUpstreamTimeout).sure(Confidence::Medium),
            500.. => self.behind_it(),
            _ if self.offers => self.unauthenticated(),
            _ => Diagnosis::certain(self.squid_code().unwrap_or(Code::ProxyDenied)),
        }
    }

    /// The proxy wants credentials. Tinyproxy says 401 where they are wrong.
    fn unauthenticated(&self) -> Diagnosis {
        if self.signed_in {
            return Diagnosis::certain(Code::ProxyAuthRejected);
        }
        let diagnosis = match self.withheld {
            Some(CredentialsWithheld::Rejected) => Diagnosis::certain(Code::ProxyAuthRejected),
            // Whether they would have sufficed was never seen.
            Some(CredentialsWithheld::Unanswered) => {
                Diagnosis::new(Code::ProxyAuthRequired).with_outcome(Outcome::Inconclusive)
            }
            _ => Diagnosis::certain(Code::ProxyAuthRequired),
        };
        match self.withheld {
            Some(why) => {
                diagnosis.note(|notes| notes.credentials_withheld = Some(why.to_string().into()))
            }
            None => diagnosis,
        }
    }

    /// A redirect instead of a tunnel: no client of Windows follows it.
    fn redirected(&self) -> Diagnosis {
        let location = self.location().unwrap_or_default();
        let leads = redirect::leads(location);
        let sign_in = |confidence| Diagnosis::new(Code::ProxyAuthRequired).sure(confidence);
        let mut diagnosis = match leads {
            Leads::ToSignIn if redirect::is_of_a_product(location) => sign_in(Confidence::Certain),
            Leads::ToSignIn => sign_in(Confidence::High),
            Leads::ToBlockPage => Diagnosis::certain(Code::ProxyDenied),
            Leads::Somewhere if self.asks_for_sign_in() => sign_in(Confidence::Medium),
            Leads::Somewhere => Diagnosis::new(Code::ProxyDenied).sure(Confidence::Medium),
        };
        if let Some(reply) = diagnosis.cause_mut().reply_mut() {
            reply.redirect = page_address(location).map(Into::into);
        }
        diagnosis
    }

    /// Statuses that web servers give, and some proxies where they have a reason of their own.
    fn not_understood(&self) -> Diagnosis {
        let code = self.squid_code().or_else(|| self.named_by_product());
        let worded = || match self.about()? {
            About::Denial => Some(Code::ProxyDenied),
            About::Dns => Some(Code::ProxyUpstreamDns),
            About::Rate => Some(Code::ProxyRateLimited),
            About::Time => None,
        };
        match code {
            Some(code) => Diagnosis::certain(code),
            None => match worded() {
                Some(code) => Diagnosis::new(code).sure(Confidence::Medium),
                None => Diagnosis::new(Code::ProxyNotAProxy),
            },
        }
    }

    /// The proxy failed on the path to the host, or forbids it: many deny with 5xx.
    fn behind_it(&self) -> Diagnosis {
        if let Some(code) = self.squid_code() {
            return Diagnosis::certain(code);
        }
        if self.squid_error().is_some() {
            return Diagnosis::new(Code::ProxyUpstreamUnreachable).sure(Confidence::Medium);
        }
        if let Some(code) = self.named_by_product() {
            return Diagnosis::certain(code);
        }
        let diagnosis = |code| Diagnosis::new(code).sure(Confidence::Medium);
        match self.about() {
            Some(About::Denial) => diagnosis(Code::ProxyDenied).sure(self.sure_of_denial()),
            Some(About::Dns) => diagnosis(Code::ProxyUpstreamDns),
            Some(About::Rate) => diagnosis(Code::ProxyRateLimited),
            _ if self.status == 504 => Diagnosis::certain(Code::ProxyUpstreamTimeout),
            Some(About::Time) => diagnosis(Code::ProxyUpstreamTimeout),
            None => diagnosis(Code::ProxyUpstreamUnreachable),
        }
    }

    /// The status line comes from the proxy itself; a page may say anything.
    fn sure_of_denial(&self) -> Confidence {
        let reason = words::of_line(&self.reason.to_lowercase());
        if reason == Some(About::Denial) {
            Confidence::High
        } else {
            Confidence::Medium
        }
    }

    fn location(&self) -> Option<&'a str> {
        self.headers.get("location").map(String::as_str)
    }

    /// What a product names as the cause, by headers and by names that no language changes.
    fn named_by_product(&self) -> Option<Code> {
        let texts = || self.texts().into_iter();
        product::of_headers(self.headers).or_else(|| texts().find_map(|it| product::of_text(&it)))
    }

    /// What the words are about: the reason phrase before the title before the page.
    fn about(&self) -> Option<About> {
        let [reason, title, page] = self.texts();
        let line = words::of_line(&reason).or_else(|| words::of_line(&title));
        line.or_else(|| words::of_page(&page))
    }

    fn asks_for_sign_in(&self) -> bool {
        self.texts().iter().any(|it| words::asks_for_sign_in(it))
    }

    /// Reason phrase, title and page in lower case.
    fn texts(&self) -> [String; 3] {
        [
            self.reason.to_lowercase(),
            self.title.unwrap_or_default().to_lowercase(),
            page::text_of(self.page),
        ]
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
}

/// Scheme, host and path of the page that a redirect leads to.
fn page_address(location: &str) -> Option<String> {
    let mut url = Url::parse(location).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url.to_string())
}

#[cfg(test)]
mod tests;

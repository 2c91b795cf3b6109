//! What a refusal by an HTTP proxy says: its status, its headers, its page.
//!
//! Status and form come first, then what a product names; words, of whatever language, only add.

mod product;
mod redirect;
mod words;

use std::collections::BTreeMap;

use url::Url;

use crate::evidence::{CredentialsWithheld, HttpSeen, ProxySeen};
use crate::verdict::claim::{Claim, WITHHELD};
use crate::verdict::{Code, Confidence, Outcome, Who, page};
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

    pub(super) fn claim(&self) -> Claim {
        match self.status {
            401 | 407 => self.unauthenticated(),
            429 => certain(Code::ProxyRateLimited),
            511 => certain(Code::HttpCaptivePortal).by(Who::Proxy),
            300..=399 => self.redirected(),
            400 | 404 | 405 | 501 => self.not_understood(),
            408 => Claim::new(Code::ProxyUpstreamTimeout).sure(Confidence::Medium),
            500.. => self.behind_it(),
            _ if self.offers => self.unauthenticated(),
            _ => certain(self.squid_code().unwrap_or(Code::ProxyDenied)),
        }
    }

    /// The proxy wants credentials. Tinyproxy says 401 where they are wrong.
    fn unauthenticated(&self) -> Claim {
        if self.signed_in {
            return certain(Code::ProxyAuthRejected);
        }
        let claim = match self.withheld {
            Some(CredentialsWithheld::Rejected) => certain(Code::ProxyAuthRejected),
            // Whether they would have sufficed was never seen.
            Some(CredentialsWithheld::Unanswered) => {
                Claim::new(Code::ProxyAuthRequired).with_outcome(Outcome::Inconclusive)
            }
            _ => certain(Code::ProxyAuthRequired),
        };
        match self.withheld {
            Some(why) => claim.fact(WITHHELD, why.to_string()),
            None => claim,
        }
    }

    /// A redirect instead of a tunnel: no client of Windows follows it.
    fn redirected(&self) -> Claim {
        let location = self.location().unwrap_or_default();
        let leads = redirect::leads(location);
        let sign_in = |confidence| Claim::new(Code::ProxyAuthRequired).sure(confidence);
        let claim = match leads {
            Leads::ToSignIn if redirect::is_of_a_product(location) => sign_in(Confidence::Certain),
            Leads::ToSignIn => sign_in(Confidence::High),
            Leads::ToBlockPage => certain(Code::ProxyDenied),
            Leads::Somewhere if self.asks_for_sign_in() => sign_in(Confidence::Medium),
            Leads::Somewhere => Claim::new(Code::ProxyDenied).sure(Confidence::Medium),
        };
        match page_address(location) {
            Some(address) => claim.fact("redirect", address),
            None => claim,
        }
    }

    /// Statuses that web servers give, and some proxies where they have a reason of their own.
    fn not_understood(&self) -> Claim {
        let code = self.squid_code().or_else(|| self.named_by_product());
        let worded = || match self.about()? {
            About::Denial => Some(Code::ProxyDenied),
            About::Dns => Some(Code::ProxyUpstreamDns),
            About::Rate => Some(Code::ProxyRateLimited),
            About::Time => None,
        };
        match code {
            Some(code) => certain(code),
            None => match worded() {
                Some(code) => Claim::new(code).sure(Confidence::Medium),
                None => Claim::new(Code::ProxyNotAProxy),
            },
        }
    }

    /// The proxy failed on the way to the host, or forbids it: many deny with 5xx.
    fn behind_it(&self) -> Claim {
        if let Some(code) = self.squid_code() {
            return certain(code);
        }
        if self.squid_error().is_some() {
            return Claim::new(Code::ProxyUpstreamUnreachable).sure(Confidence::Medium);
        }
        if let Some(code) = self.named_by_product() {
            return certain(code);
        }
        let claim = |code| Claim::new(code).sure(Confidence::Medium);
        match self.about() {
            Some(About::Denial) => claim(Code::ProxyDenied).sure(self.sure_of_denial()),
            Some(About::Dns) => claim(Code::ProxyUpstreamDns),
            Some(About::Rate) => claim(Code::ProxyRateLimited),
            _ if self.status == 504 => certain(Code::ProxyUpstreamTimeout),
            Some(About::Time) => claim(Code::ProxyUpstreamTimeout),
            None => claim(Code::ProxyUpstreamUnreachable),
        }
    }

    /// In the status line a proxy speaks for itself; a page may say anything.
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
            page::words(self.page),
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

    fn answered(status: u16, reason: &str, headers: &[(&str, &str)], page: &str) -> Claim {
        let headers = headers.iter();
        let seen = ProxySeen {
            reason: reason.to_owned(),
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body_text: page.to_owned(),
            ..ProxySeen::default()
        };
        Refusal::of_tunnel(&seen, status).claim()
    }

    #[test]
    fn denials_with_5xx_are_denials() {
        let reasons = [
            "Proxy Error ( Forefront TMG denied the specified Uniform Resource Locator (URL). )",
            "Proxy Error ( The specified Secure Sockets Layer (SSL) port is not allowed. )",
            "Proxy Error ( Der Zugriff auf die URL wurde verweigert. )",
            "Blocked by policy",
            "Access Denied",
        ];
        for reason in reasons {
            let claim = answered(502, reason, &[("via", "1.1 TMG01")], "");
            assert_eq!(claim.code, Code::ProxyDenied, "{reason}");
            assert_eq!(claim.confidence, Confidence::High, "{reason}");
        }
        let pages = [
            (503, "<big>Access Denied (policy_denied)</big>"),
            (502, "<p>Fehlercode: 12202</p>"),
            (502, "<p>Erreur : (12204)</p>"),
            (503, "<p>Notification codes: (1, BLOCK_WEBCAT, x)</p>"),
            (
                503,
                "<p>Web Page Blocked. Access to the page has been blocked",
            ),
            (500, "<p>Acc&egrave;s refus&eacute;</p>"),
            (502, "<p>このサイトへのアクセスは禁止されています</p>"),
            (404, "<h1>Request blocked by Privoxy</h1>"),
        ];
        for (status, page) in pages {
            let claim = answered(status, "", &[], page);
            assert_eq!(claim.code, Code::ProxyDenied, "{page}");
        }
    }

    #[test]
    fn failures_behind_the_proxy_are_no_denials() {
        use Code::{ProxyUpstreamDns, ProxyUpstreamTimeout, ProxyUpstreamUnreachable};
        let cases = [
            (
                502,
                "Proxy Error ( The host was not found. )",
                "",
                ProxyUpstreamDns,
            ),
            (
                502,
                "Proxy Error ( 11001 )",
                "Code (11001)",
                ProxyUpstreamDns,
            ),
            (404, "No such domain", "", ProxyUpstreamDns),
            (500, "Cannot find server.", "", ProxyUpstreamDns),
            (
                503,
                "",
                "Network Error (dns_unresolved_hostname)",
                ProxyUpstreamDns,
            ),
            (
                502,
                "",
                "[Errno 11004] getaddrinfo failed",
                ProxyUpstreamDns,
            ),
            (502, "Verbindung verweigert", "", ProxyUpstreamUnreachable),
            (502, "", "(13) Permission denied", ProxyUpstreamUnreachable),
            (
                502,
                "",
                "Host Not Found or connection failed",
                ProxyUpstreamUnreachable,
            ),
            (
                503,
                "",
                "A firewall may have blocked it",
                ProxyUpstreamUnreachable,
            ),
            (
                502,
                "",
                "Error Code 10060: Connection timeout",
                ProxyUpstreamTimeout,
            ),
            (503, "Service Unavailable", "", ProxyUpstreamUnreachable),
            (
                502,
                "Bad Gateway",
                "ticket 11001 12202",
                ProxyUpstreamUnreachable,
            ),
        ];
        for (status, reason, page, code) in cases {
            let claim = answered(status, reason, &[], page);
            assert_eq!(claim.code, code, "{status} {reason} {page}");
        }
    }

    #[test]
    fn headers_of_standards_name_the_cause() {
        // A proxy in trouble says when it will be back; only a name or words tell of a limit.
        let later = ("retry-after", "30");
        let unavailable = answered(503, "Service Unavailable", &[later], "");
        assert_eq!(unavailable.code, Code::ProxyUpstreamUnreachable);
        for (reason, page) in [
            ("Too Many Requests", ""),
            ("Service Unavailable", "<h1>Rate limit exceeded</h1>"),
            (
                "",
                "Request blocked: too many connections from your address",
            ),
        ] {
            let claim = answered(503, reason, &[later], page);
            assert_eq!(claim.code, Code::ProxyRateLimited, "{reason} {page}");
        }
        let limit = ("proxy-status", "p.example; error=connection_limit_reached");
        let limited = answered(503, "", &[limit], "");
        assert_eq!(limited.code, Code::ProxyRateLimited);
        let refused = ("proxy-status", "p.example; error=http_request_denied");
        assert_eq!(answered(503, "", &[refused], "").code, Code::ProxyDenied);
        let dns = (
            "proxy-status",
            "p.example; error=dns_error; rcode=\"NXDOMAIN\"",
        );
        assert_eq!(
            answered(502, "", &[dns], "blocked by x").code,
            Code::ProxyUpstreamDns
        );
    }

    #[test]
    fn redirects_are_judged_by_where_they_lead() {
        let to = |location: &str, page: &str| {
            let claim = answered(307, "Temporary Redirect", &[("location", location)], page);
            (claim.code, claim.confidence)
        };
        let sign_in = "https://gateway.zscalertwo.net:443/auD?origurl=***";
        assert_eq!(
            to(sign_in, ""),
            (Code::ProxyAuthRequired, Confidence::Certain)
        );
        let consent = "https://portal.contoso.com/consent";
        assert_eq!(to(consent, ""), (Code::ProxyAuthRequired, Confidence::High));
        let block = "https://proxy.contoso.com/blocked.html?url=***";
        assert_eq!(to(block, ""), (Code::ProxyDenied, Confidence::Certain));
        let other = "https://www.contoso.com/";
        assert_eq!(to(other, ""), (Code::ProxyDenied, Confidence::Medium));
        let worded = to(other, "Please log in to continue");
        assert_eq!(worded, (Code::ProxyAuthRequired, Confidence::Medium));
    }

    #[test]
    fn credentials_that_were_withheld_say_why() {
        let claim = |why| {
            let seen = ProxySeen {
                credentials_withheld: Some(why),
                ..ProxySeen::default()
            };
            Refusal::of_tunnel(&seen, 407).claim()
        };
        let wpad = claim(CredentialsWithheld::Wpad);
        assert_eq!(wpad.code, Code::ProxyAuthRequired);
        assert!(wpad.facts.contains_key(WITHHELD));
        let rejected = claim(CredentialsWithheld::Rejected);
        assert_eq!(rejected.code, Code::ProxyAuthRejected);
        let unanswered = claim(CredentialsWithheld::Unanswered);
        assert_eq!(unanswered.outcome, Outcome::Inconclusive);
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

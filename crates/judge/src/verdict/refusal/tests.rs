//! Replies of proxies, each with its cause.

use super::*;

fn refused(status: u16, reason: &str, squid_error: &str, page: &str) -> Diagnosis {
    let error = (SQUID_ERROR.to_owned(), squid_error.to_owned());
    let named = (!squid_error.is_empty()).then_some(error);
    let seen = ProxySeen {
        reason: reason.to_owned(),
        headers: named.into_iter().collect(),
        body_text: page.to_owned(),
        ..ProxySeen::default()
    };
    Refusal::of_tunnel(&seen, status).diagnosis()
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
        let diagnosis = refused(status, reason, error, page);
        assert_eq!(diagnosis.code(), code, "{status} {reason} {error} {page}");
    }
}

fn answered(status: u16, reason: &str, headers: &[(&str, &str)], page: &str) -> Diagnosis {
    let headers = headers.iter();
    let seen = ProxySeen {
        reason: reason.to_owned(),
        headers: headers
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body_text: page.to_owned(),
        ..ProxySeen::default()
    };
    Refusal::of_tunnel(&seen, status).diagnosis()
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
        let diagnosis = answered(502, reason, &[("via", "1.1 TMG01")], "");
        assert_eq!(diagnosis.code(), Code::ProxyDenied, "{reason}");
        assert_eq!(diagnosis.confidence, Confidence::High, "{reason}");
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
        let diagnosis = answered(status, "", &[], page);
        assert_eq!(diagnosis.code(), Code::ProxyDenied, "{page}");
    }
}

#[test]
fn failures_behind_the_proxy_are_no_denials() {
    let dns = [
        (502, "Proxy Error ( The host was not found. )", ""),
        (502, "Proxy Error ( 11001 )", "Code (11001)"),
        (404, "No such domain", ""),
        (500, "Cannot find server.", ""),
        (503, "", "Network Error (dns_unresolved_hostname)"),
        (502, "", "[Errno 11004] getaddrinfo failed"),
    ];
    let unreachable = [
        (502, "Verbindung verweigert", ""),
        (502, "", "(13) Permission denied"),
        (502, "", "Host Not Found or connection failed"),
        (503, "", "A firewall may have blocked it"),
        (503, "Service Unavailable", ""),
        (502, "Bad Gateway", "ticket 11001 12202"),
    ];
    let timeout = [(502, "", "Error Code 10060: Connection timeout")];
    for (code, cases) in [
        (Code::ProxyUpstreamDns, &dns[..]),
        (Code::ProxyUpstreamUnreachable, &unreachable),
        (Code::ProxyUpstreamTimeout, &timeout),
    ] {
        for (status, reason, page) in cases {
            let diagnosis = answered(*status, reason, &[], page);
            assert_eq!(diagnosis.code(), code, "{status} {reason} {page}");
        }
    }
}

#[test]
fn headers_of_standards_name_the_cause() {
    // A proxy in trouble says when it will be back; only a name or words tell of a limit.
    let later = ("retry-after", "30");
    let unavailable = answered(503, "Service Unavailable", &[later], "");
    assert_eq!(unavailable.code(), Code::ProxyUpstreamUnreachable);
    for (reason, page) in [
        ("Too Many Requests", ""),
        ("Service Unavailable", "<h1>Rate limit exceeded</h1>"),
        (
            "",
            "Request blocked: too many connections from your address",
        ),
    ] {
        let diagnosis = answered(503, reason, &[later], page);
        assert_eq!(diagnosis.code(), Code::ProxyRateLimited, "{reason} {page}");
    }
    let limit = ("proxy-status", "p.example; error=connection_limit_reached");
    let limited = answered(503, "", &[limit], "");
    assert_eq!(limited.code(), Code::ProxyRateLimited);
    let refused = ("proxy-status", "p.example; error=http_request_denied");
    assert_eq!(answered(503, "", &[refused], "").code(), Code::ProxyDenied);
    let dns = (
        "proxy-status",
        "p.example; error=dns_error; rcode=\"NXDOMAIN\"",
    );
    assert_eq!(
        answered(502, "", &[dns], "blocked by x").code(),
        Code::ProxyUpstreamDns
    );
}

#[test]
fn redirects_are_judged_by_where_they_lead() {
    let to = |location: &str, page: &str| {
        let diagnosis = answered(307, "Temporary Redirect", &[("location", location)], page);
        (diagnosis.code(), diagnosis.confidence)
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
    let diagnosis = |why| {
        let seen = ProxySeen {
            credentials_withheld: Some(why),
            ..ProxySeen::default()
        };
        Refusal::of_tunnel(&seen, 407).diagnosis()
    };
    let wpad = diagnosis(CredentialsWithheld::Wpad);
    assert_eq!(wpad.code(), Code::ProxyAuthRequired);
    assert!(wpad.basis.notes.credentials_withheld.is_some());
    let rejected = diagnosis(CredentialsWithheld::Rejected);
    assert_eq!(rejected.code(), Code::ProxyAuthRejected);
    let unanswered = diagnosis(CredentialsWithheld::Unanswered);
    assert_eq!(unanswered.outcome, Outcome::Inconclusive);
}

#[test]
fn words_of_a_page_alone_make_nobody_certain() {
    for page in ["DNS error", "timed out", "Sorry"] {
        let diagnosis = refused(502, "Bad Gateway", "", page);
        assert_eq!(diagnosis.confidence, Confidence::Medium, "{page}");
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

//! A proxy that refuses everybody, one that cuts what has credentials, and the direct path before a
//! proxy.

use reach365::Report;
use reach365_model::endpoint::{Endpoint, Issuer};
use reach365_model::evidence::{
    Attempt, CredentialsWithheld, Evidence, FailureKind, HttpSeen, Observation, PageAsks, ProxySeen,
};
use reach365_model::verdict::{Code, Outcome};
use reach365_proxy::route::Origin;

use crate::bench::*;
use crate::cases::proxied::{asked, candidate, carried, open, said, to_proxy};

fn refusal(status: u16, headers: &[(&str, &str)]) -> ProxySeen {
    let headers = headers.iter();
    ProxySeen {
        headers: headers
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        auth_schemes: Vec::new(),
        ..said(status, "")
    }
}

fn by_url(http: HttpSeen) -> Evidence {
    carried(Attempt {
        http: Some(seen(http, 50.0)),
        ..to_proxy(1)
    })
}

/// The proxy refuses two tunnels; requests in clear text get this answer from it, or by it.
fn refusing(tunnels: &ProxySeen, clear: &HttpSeen) -> Report {
    let tunnel = || asked(Some(tunnels.clone()), FailureKind::ProxyRefused);
    judged(vec![
        (https("login.alpha.example"), tunnel()),
        (https("ols.beta.example"), tunnel()),
        (crl("crl.gamma.example"), by_url(clear.clone())),
        (http("www.delta.example"), by_url(clear.clone())),
        (ncsi(), by_url(clear.clone())),
    ])
}

fn is_all(report: &Report, code: Code) {
    let findings: Vec<Code> = report.findings.iter().map(|it| it.code).collect();
    assert_eq!(findings, [code]);
    for row in &report.endpoints {
        assert_eq!(row.verdict.code(), Some(code), "{}", row.verdict.summary);
        assert_eq!(row.verdict.outcome, Outcome::Blocked);
        assert_eq!(row.verdict.consequence_of, Some(code));
    }
}

#[test]
fn a_proxy_that_denies_everything_without_a_word_is_one_cause() {
    is_all(
        &refusing(&refusal(403, &[]), &answer(403)),
        Code::ProxyDenied,
    );
    let via = ("via", "1.1 proxy01");
    let mut same = answer(403);
    same.headers.insert(via.0.to_owned(), via.1.to_owned());
    is_all(&refusing(&refusal(403, &[via]), &same), Code::ProxyDenied);
    let unavailable = refusal(503, &[("retry-after", "30")]);
    let report = refusing(&unavailable, &answer(503));
    is_all(&report, Code::ProxyUpstreamUnreachable);
}

#[test]
fn a_genuine_answer_beside_a_closed_port_is_the_hosts_own() {
    let mut genuine = answer(403);
    let server = ("server".to_owned(), "AkamaiGHost".to_owned());
    genuine.headers.extend([server]);
    let report = refusing(&refusal(403, &[]), &genuine);
    assert_eq!(report.findings[0].code, Code::ProxyPortDenied);
    assert_eq!(report.endpoints[3].verdict.outcome, Outcome::Reachable);
}

#[test]
fn a_proxy_that_carries_others_does_not_answer_for_a_host() {
    let denied = asked(Some(refusal(403, &[])), FailureKind::ProxyRefused);
    let report = judged(vec![
        (https("login.alpha.example"), denied),
        (https("host.example"), carried(open(1))),
        (http("www.delta.example"), by_url(answer(403))),
    ]);
    assert_eq!(report.endpoints[2].verdict.outcome, Outcome::Reachable);
}

#[test]
fn a_proxy_that_sends_everybody_to_a_sign_in_page_is_no_captive_portal() {
    let page = "https://sso.contoso.example/signin?url=x";
    let report = refusing(&refusal(302, &[("location", page)]), &redirect(page));
    is_all(&report, Code::ProxyAuthRequired);
}

#[test]
fn the_text_of_a_limit_has_the_status_that_came() {
    for (status, reason) in [(429, "Too Many Requests"), (503, "Rate limit exceeded")] {
        let seen = ProxySeen {
            reason: reason.to_owned(),
            ..refusal(status, &[("retry-after", "30")])
        };
        let evidence = asked(Some(seen), FailureKind::ProxyRefused);
        let report = judged(vec![(https("host.example"), evidence)]);
        let verdict = &report.endpoints[0].verdict;
        assert_eq!(verdict.code(), Some(Code::ProxyRateLimited));
        let words = format!("HTTP {status} {reason}");
        assert!(verdict.summary.contains(&words), "{}", verdict.summary);
    }
}

/// The request with credentials was cut; after it none were sent.
fn cut(kind: FailureKind) -> Report {
    let signed = ProxySeen {
        credentials_sent: true,
        status: None,
        ..said(407, "")
    };
    let first = Attempt {
        proxy: Some(Observation {
            value: Some(signed),
            ..missed(kind, 900.0)
        }),
        ..to_proxy(1)
    };
    let withheld = ProxySeen {
        credentials_withheld: Some(CredentialsWithheld::Unanswered),
        ..said(407, "")
    };
    let later = asked(Some(withheld), FailureKind::ProxyRefused);
    let mut evidence = later.clone();
    evidence.attempts[0] = first;
    judged(vec![
        (https("login.alpha.example"), evidence),
        (https("ols.beta.example"), later.clone()),
        (https("c.gamma.example"), later),
    ])
}

#[test]
fn what_a_cut_after_credentials_means_is_not_known() {
    for kind in [
        FailureKind::Reset,
        FailureKind::Closed,
        FailureKind::Timeout,
        FailureKind::Malformed,
    ] {
        let report = cut(kind);
        for row in &report.endpoints {
            assert_eq!(
                row.verdict.code(),
                Some(Code::ProxyAuthRequired),
                "{kind:?}"
            );
            assert_eq!(row.verdict.outcome, Outcome::Inconclusive, "{kind:?}");
        }
        assert_eq!(report.summary.exit_code, 3);
    }
    let clear = HttpSeen {
        status: 0,
        proxy_credentials_sent: true,
        ..HttpSeen::default()
    };
    let evidence = carried(Attempt {
        http: Some(Observation {
            value: Some(clear),
            ..missed(FailureKind::Reset, 900.0)
        }),
        ..to_proxy(1)
    });
    let report = judged(vec![(http("www.delta.example"), evidence)]);
    let verdict = &report.endpoints[0].verdict;
    assert_eq!(verdict.code(), Some(Code::ProxyAuthRequired));
    assert!(verdict.summary.contains("reset"), "{}", verdict.summary);
}

/// A PAC answer that names the direct path before a proxy.
fn direct_first(direct: &Evidence, proxy: &Evidence) -> Report {
    let hops = ["DIRECT", "PROXY proxy.example:8080"];
    let mut evidence = direct.clone();
    evidence.attempts.extend(proxy.attempts.clone());
    evidence.ways = vec![candidate("user", &hops, Origin::Pac)];
    judged(vec![(https("host.example"), evidence)])
}

#[test]
fn clients_go_on_from_a_direct_path_without_a_connection() {
    let dropped = with(SITE, tcp_failed(SITE, 443, FailureKind::Timeout, 6_500.0));
    for direct in [unresolved(FailureKind::Nxdomain), dropped.clone()] {
        let report = direct_first(&direct, &carried(open(1)));
        let verdict = &report.endpoints[0].verdict;
        assert_eq!(verdict.outcome, Outcome::Reachable, "{}", verdict.summary);
        assert_eq!(verdict.culprit, None);
        assert!(verdict.facts().contains_key("direct_failed"));
        let denied = asked(Some(said(403, "")), FailureKind::ProxyRefused);
        let report = direct_first(&direct, &denied);
        let code = report.endpoints[0].verdict.code();
        assert_eq!(code, Some(Code::ProxyDenied));
    }
    let dead = carried(Attempt {
        tcp: missed(FailureKind::Refused, 5.0),
        ..to_proxy(1)
    });
    let report = direct_first(&dropped, &dead);
    assert_eq!(report.endpoints[0].verdict.code(), Some(Code::TcpDropped));
}

#[test]
fn clients_stay_on_a_direct_path_that_connects() {
    let (_, genuine) = healthy("host.example", SITE);
    let denied = asked(Some(said(403, "")), FailureKind::ProxyRefused);
    let report = direct_first(&genuine, &denied);
    assert_eq!(report.endpoints[0].verdict.outcome, Outcome::Reachable);
    let silent = with(SITE, http_failed(None, FailureKind::Timeout, 443));
    let report = direct_first(&silent, &carried(open(1)));
    assert_eq!(report.endpoints[0].verdict.code(), Some(Code::HttpSilent));
}

/// A page in clear text for an entry that is content with any answer.
fn any(endpoint: Endpoint, page: &HttpSeen) -> Outcome {
    let report = judged(vec![(endpoint, with(SITE, in_clear(SITE, page)))]);
    report.endpoints[0].verdict.outcome
}

#[test]
fn a_page_that_wants_something_proves_no_public_host_in_clear_text() {
    let host = || http("crl.host.example");
    let form = HttpSeen {
        asks: vec![PageAsks::Form, PageAsks::Password],
        ..page(200, "Hello", "")
    };
    let guest = HttpSeen {
        asks: vec![PageAsks::Form],
        ..page(200, "Guest WiFi", "Accept the terms")
    };
    let leads = HttpSeen {
        leads_to: Some("portal.hotel.test".to_owned()),
        ..page(200, "", "")
    };
    let german = page(200, "Zugriff verweigert", "Diese Seite ist gesperrt");
    for wrong in [&form, &guest, &leads, &german] {
        assert_eq!(any(host(), wrong), Outcome::Inconclusive);
    }
    let own = Endpoint {
        issuer: Some(Issuer::Private),
        ..host()
    };
    assert_eq!(any(own, &form), Outcome::Reachable);
    let search = HttpSeen {
        asks: vec![PageAsks::Form],
        leads_to: Some("www.host.example".to_owned()),
        ..page(200, "Lists", "Search")
    };
    let missing = page(404, "Not Found", "The resource is not here");
    for fine in [
        search,
        missing,
        page(200, "Lists", "All of them"),
        redirect("/a"),
    ] {
        assert_eq!(any(host(), &fine), Outcome::Reachable);
    }
}

#[test]
fn one_page_that_wants_a_sign_in_for_unrelated_hosts_is_a_portal() {
    let form = HttpSeen {
        asks: vec![PageAsks::Form, PageAsks::Password],
        headers: [("content-type".to_owned(), "text/html".to_owned())].into(),
        ..page(200, "Guest access", "")
    };
    let row = |name: &str| (http(name), with(SITE, in_clear(SITE, &form)));
    let report = judged(vec![row("www.one.test"), row("www.two.test")]);
    assert_eq!(report.findings[0].code, Code::HttpCaptivePortal);
    assert_eq!(report.summary.exit_code, 1);
}

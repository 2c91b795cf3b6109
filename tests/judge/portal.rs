//! What is not a captive portal: errors, silence and empty answers to the connectivity test.

use std::collections::BTreeMap;

use reach365::Report;
use reach365_model::endpoint::{Cloud, Endpoint, Host};
use reach365_model::evidence::{Evidence, FailureKind, HttpSeen, Trust};
use reach365_model::verdict::{Code, Outcome};

use crate::bench::*;

/// The older connectivity test, whose name has another owner.
fn older_ncsi() -> Endpoint {
    Endpoint {
        id: "ncsi-old".to_owned(),
        host: Host::parse("www.msftncsi.com").unwrap(),
        ..ncsi()
    }
}

/// Both connectivity tests get the same, and no TLS host answers.
fn both_tests_get(seen: &HttpSeen) -> Report {
    let row = |endpoint: Endpoint| (endpoint, with(SITE, in_clear(SITE, seen)));
    judged(vec![row(ncsi()), row(older_ncsi())])
}

fn has_portal(report: &Report) -> bool {
    let found = |code| code == Some(Code::HttpCaptivePortal);
    let findings = report.findings.iter().map(|finding| Some(finding.code));
    let rows = report.endpoints.iter();
    let rows = rows.flat_map(|row| [row.verdict.code(), row.verdict.consequence_of]);
    findings.chain(rows).any(found)
}

fn empty() -> HttpSeen {
    HttpSeen {
        headers: BTreeMap::from([("content-type".to_owned(), "text/html".to_owned())]),
        ..answer(200)
    }
}

#[test]
fn a_page_with_status_200_for_both_tests_is_a_portal() {
    assert!(has_portal(&both_tests_get(&page(
        200,
        "Guest access",
        "Sign in"
    ))));
}

#[test]
fn an_error_of_whatever_status_is_none() {
    for status in [400, 401, 404, 407, 429, 500, 502, 503] {
        let report = both_tests_get(&page(status, "Guest access", "Sign in"));
        assert!(!has_portal(&report), "{status}: {:?}", report.findings);
        assert_ne!(report.endpoints[0].verdict.outcome, Outcome::Reachable);
    }
}

#[test]
fn an_empty_answer_is_open_and_still_not_what_windows_wants() {
    let report = both_tests_get(&empty());
    assert!(!has_portal(&report), "{:?}", report.findings);
    for row in &report.endpoints {
        assert_eq!(row.verdict.code(), Some(Code::NcsiWrongContent));
    }
}

#[test]
fn silence_is_none() {
    let silent = |endpoint: Endpoint| {
        (
            endpoint,
            with(SITE, http_failed(None, FailureKind::Timeout, 80)),
        )
    };
    let report = judged(vec![silent(ncsi()), silent(older_ncsi())]);
    assert!(!has_portal(&report), "{:?}", report.findings);
    assert_eq!(report.endpoints[0].verdict.code(), Some(Code::NcsiBlocked));
}

/// A portal elsewhere does not make an error or an empty answer of the test its own.
#[test]
fn beside_a_portal_only_its_own_pages_are_signs() {
    let portal = redirect("http://login.hotel.test/welcome");
    let sent = |name: &str| (crl(name), with(SITE, in_clear(SITE, &portal)));
    for seen in [page(500, "Error", "x"), empty()] {
        let rows: Vec<(Endpoint, Evidence)> = vec![
            (ncsi(), with(SITE, in_clear(SITE, &seen))),
            sent("crl.one.test"),
            sent("crl.two.test"),
            healthy("login.example.org", "198.51.100.7"),
        ];
        let report = judged(rows);
        assert_eq!(report.findings[0].code, Code::HttpCaptivePortal);
        assert_eq!(report.endpoints[0].verdict.consequence_of, None);
        assert_eq!(
            report.endpoints[0].verdict.code(),
            Some(Code::NcsiWrongContent)
        );
    }
}

/// The name led to this address, where TLS has a certificate of another host.
fn foreign_at(name: &str, address: &str) -> (Endpoint, Evidence) {
    let mut tls = private_tls("portal.hotel.test", "CN=Hotel", Trust::UnknownIssuer);
    tls.name_matches = Some(false);
    let attempts = over_tls(address, &tls, None);
    (https(name), with(address, attempts))
}

/// The name led to this address, which redirects.
fn sent_from(endpoint: Endpoint, address: &str, to: &str) -> (Endpoint, Evidence) {
    (endpoint, with(address, in_clear(address, &redirect(to))))
}

#[test]
fn a_portal_that_answers_for_all_names_is_a_portal() {
    let controls = |address: &str| {
        ["crl3.digicert.com", "login.live.com"].map(|name| control(name, Ok(address)))
    };
    for address in ["10.9.0.1", "192.168.8.1", "172.16.1.1", "198.18.0.5"] {
        let portal = "http://portal.hotel.test/";
        let rows = vec![
            foreign_at("login.alpha.example", address),
            foreign_at("ols.beta.example", address),
            sent_from(ncsi(), address, portal),
            sent_from(crl("crl.gamma.example"), address, portal),
            windows_dns_test(address),
        ];
        let run = controlled(controls(address).to_vec());
        let report = report(Cloud::Worldwide, run, rows);
        let codes: Vec<Code> = report.findings.iter().map(|it| it.code).collect();
        assert_eq!(codes, [Code::HttpCaptivePortal], "{address}: {report:#?}");
        for row in &report.endpoints {
            let explained = row.verdict.consequence_of;
            assert_eq!(explained, Some(Code::HttpCaptivePortal), "{row:#?}");
        }
        assert_eq!(report.summary.exit_code, 1);
    }
}

#[test]
fn a_filter_that_answers_for_names_is_no_portal() {
    let notice = "http://notice.test/";
    let vouched = || vec![control("crl3.digicert.com", Ok("93.184.220.29"))];
    let forbidden = || {
        vec![
            foreign_at("login.alpha.example", "10.9.0.1"),
            sent_from(crl("crl.gamma.example"), "10.9.0.1", notice),
            sent_from(crl("crl.delta.example"), "10.9.0.1", notice),
        ]
    };
    let beside_a_host_that_works = vec![
        sent_from(ncsi(), "10.9.0.1", notice),
        sent_from(crl("crl.gamma.example"), "10.9.0.1", notice),
        healthy("login.alpha.example", "203.0.113.20"),
    ];
    let mut one_owner = forbidden();
    one_owner.truncate(1);
    one_owner.push(sent_from(ncsi(), "10.9.0.1", notice));
    for rows in [forbidden(), beside_a_host_that_works, one_owner] {
        let report = report(Cloud::Worldwide, controlled(vouched()), rows);
        assert!(!has_portal(&report), "{report:#?}");
    }
}

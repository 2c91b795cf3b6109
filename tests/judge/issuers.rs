//! An authority that only this machine trusts: the company's own, or that of an inspection device.

use reach365::Report;
use reach365_model::endpoint::{Endpoint, Issuer};
use reach365_model::evidence::{Evidence, HttpSeen, TlsSeen, Trust};
use reach365_model::verdict::{Code, Confidence, Finding, Outcome, Who};

use crate::bench::*;

const COMPANY: &str = "CN=Contoso Issuing CA 1, O=Contoso";

/// A host that may have any issuer, as one of a user's list that does not state it.
fn private(host: &str) -> Endpoint {
    Endpoint {
        issuer: Some(Issuer::Private),
        ..https(host)
    }
}

fn stated(host: &str) -> Endpoint {
    Endpoint {
        issuer_stated: true,
        ..private(host)
    }
}

fn answers(tls: &TlsSeen, http: &HttpSeen) -> Evidence {
    with(SITE, over_tls(SITE, tls, Some(http)))
}

fn signed(endpoint: Endpoint, issuer: &str) -> (Endpoint, Evidence) {
    let tls = private_tls(&endpoint.host.to_string(), issuer, Trust::Trusted);
    (endpoint, answers(&tls, &answer(200)))
}

fn codes(report: &Report) -> Vec<Option<Code>> {
    report
        .endpoints
        .iter()
        .map(|row| row.verdict.code())
        .collect()
}

#[test]
fn an_own_authority_on_own_hosts_is_no_inspection() {
    let report = judged(vec![
        signed(private("adfs.contoso.co.uk"), COMPANY),
        signed(private("intranet.contoso.co.uk"), COMPANY),
        healthy("login.microsoftonline.com", "203.0.113.12"),
    ]);
    assert_eq!(codes(&report), [None; 3]);
    assert!(report.findings.is_empty());
    assert_eq!(report.summary.exit_code, 0);
    let facts = &report.endpoints[0].verdict.facts();
    assert_eq!(facts["issuer"], COMPANY);
}

#[test]
fn a_name_that_needs_a_public_issuer_is_inspected_whatever_named_it() {
    let old_report = Endpoint {
        issuer: None,
        ..https("login.microsoftonline.com")
    };
    let unknown_name = Endpoint {
        issuer: None,
        ..https("adfs.contoso.example")
    };
    let report = judged(vec![signed(old_report, COMPANY)]);
    assert_eq!(codes(&report), [Some(Code::TlsIntercepted)]);
    let report = judged(vec![signed(unknown_name, COMPANY)]);
    assert_eq!(codes(&report), [None]);
}

#[test]
fn one_private_issuer_on_hosts_of_several_owners_inspects() {
    let hosts = ["a.contoso.co.uk", "b.fabrikam.co.uk", "c.litware.example"];
    for (count, confidence) in [(2, Confidence::Medium), (3, Confidence::High)] {
        let rows = hosts[..count].iter();
        let report = judged(rows.map(|host| signed(private(host), COMPANY)).collect());
        assert_eq!(codes(&report), vec![Some(Code::TlsIntercepted); count]);
        let finding = &report.findings[0];
        assert_eq!(finding.code, Code::TlsIntercepted);
        assert_eq!(finding.confidence, confidence);
        assert_eq!(finding.outcome, Outcome::Degraded);
    }
}

#[test]
fn the_issuer_of_an_inspected_public_name_inspects_the_others_too() {
    let report = judged(vec![
        signed(private("www.fabrikam.example"), COMPANY),
        signed(https("login.microsoftonline.com"), COMPANY),
        signed(private("adfs.contoso.example"), "CN=Another CA"),
    ]);
    let inspected = Some(Code::TlsIntercepted);
    assert_eq!(codes(&report), [inspected, inspected, None]);
    assert_eq!(report.findings[0].confidence, Confidence::Certain);
}

#[test]
fn a_stated_private_issuer_exempts_the_entry() {
    let report = judged(vec![
        signed(stated("a.contoso.example"), COMPANY),
        signed(stated("b.fabrikam.example"), COMPANY),
        signed(private("c.litware.example"), COMPANY),
    ]);
    assert_eq!(codes(&report), [None; 3]);
}

#[test]
fn a_stated_private_issuer_whose_root_is_missing_accuses_nobody() {
    for only_leaf in [false, true] {
        let row = |endpoint: Endpoint| {
            let host = endpoint.host.to_string();
            let mut tls = private_tls(&host, COMPANY, Trust::UnknownIssuer);
            if only_leaf {
                tls.chain.truncate(1);
            }
            (endpoint, with(SITE, over_tls(SITE, &tls, None)))
        };
        let hosts = [
            "a.contoso.example",
            "b.fabrikam.example",
            "c.litware.example",
        ];
        let mut rows: Vec<_> = hosts.map(|host| row(stated(host))).into();
        rows.extend(controls());
        let report = judged(rows);
        for row in &report.endpoints[..3] {
            let verdict = &row.verdict;
            assert_eq!(
                verdict.code(),
                Some(Code::TlsUntrustedIssuer),
                "{verdict:#?}"
            );
            assert_eq!(verdict.outcome, Outcome::Inconclusive, "{verdict:#?}");
            assert_eq!(verdict.culprit.as_ref().unwrap().who, Who::Tool);
            assert!(verdict.summary.contains("install the root certificate"));
            assert!(verdict.remedies.is_empty(), "{:?}", verdict.remedies);
        }
        let findings = &report.findings;
        let is_open = |it: &Finding| it.outcome == Outcome::Inconclusive;
        assert!(findings.iter().all(is_open), "{findings:#?}");
        let advice: Vec<&str> = report.advice.iter().map(|it| it.text.as_str()).collect();
        assert!(
            advice.iter().all(|it| it.starts_with("Install the root")),
            "{advice:#?}"
        );
        assert_eq!(report.summary.exit_code, 3);
    }
}

#[test]
fn a_stated_private_issuer_leaves_the_finding_over_other_hosts() {
    let row = |endpoint: Endpoint| {
        let tls = private_tls(&endpoint.host.to_string(), "CN=Box", Trust::UnknownIssuer);
        (endpoint, with(SITE, over_tls(SITE, &tls, None)))
    };
    let report = judged(vec![
        row(stated("a.contoso.example")),
        row(https("host.example")),
        row(https("host.test")),
    ]);
    let untrusted = Some(Code::TlsInterceptedUntrusted);
    let own = Some(Code::TlsUntrustedIssuer);
    assert_eq!(codes(&report), [own, untrusted, untrusted]);
    assert_eq!(report.findings[0].endpoints.len(), 2);
}

#[test]
fn several_authorities_of_one_company_are_no_inspection() {
    let report = judged(vec![
        signed(private("a.contoso.example"), COMPANY),
        signed(private("b.fabrikam.example"), "CN=Fabrikam CA"),
    ]);
    assert_eq!(codes(&report), [None; 2]);
}

#[test]
fn a_public_issuer_on_a_host_that_may_have_a_private_one_is_fine() {
    let (_, evidence) = healthy("adfs.contoso.example", SITE);
    let report = judged(vec![(stated("adfs.contoso.example"), evidence)]);
    assert_eq!(codes(&report), [None]);
}

#[test]
fn an_own_host_that_denies_access_is_not_a_filter_for_sure() {
    let tls = private_tls("adfs.contoso.example", COMPANY, Trust::Trusted);
    let judge = |http: &HttpSeen| {
        let row = (private("adfs.contoso.example"), answers(&tls, http));
        judged(vec![row]).endpoints.remove(0).verdict
    };
    for status in [302, 401, 403, 404, 405] {
        assert_eq!(
            judge(&answer(status)).outcome,
            Outcome::Reachable,
            "{status}"
        );
    }
    let denied = page(403, "Access denied", "Contact your administrator");
    let verdict = judge(&denied);
    assert_eq!(verdict.outcome, Outcome::Inconclusive);
    assert_eq!(verdict.culprit.unwrap().who, Who::Unknown);
    let mut filter = denied;
    let header = ("x-squid-error", "ERR_ACCESS_DENIED 0");
    filter
        .headers
        .insert(header.0.to_owned(), header.1.to_owned());
    let verdict = judge(&filter);
    assert_eq!(verdict.outcome, Outcome::Blocked);
    assert_eq!(verdict.code(), Some(Code::HttpBlockPage));
    assert_eq!(verdict.culprit.unwrap().who, Who::Inspection);
}

#[test]
fn redacting_keeps_who_may_issue() {
    let report = judged(vec![signed(private("adfs.contoso.example"), COMPANY)]);
    let again = reach365::judge()
        .again(&reach365_render::redaction::redact(&report, reach365::builtin()).unwrap());
    assert_eq!(codes(&again), codes(&report));
    assert_eq!(again.endpoints[0].endpoint.issuer, Some(Issuer::Private));
}

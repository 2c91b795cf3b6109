//! Products named by their signatures; a name never raises the confidence.

use std::collections::BTreeMap;

use reach365::Report;
use reach365_judge::verdict::Signatures;
use reach365_model::endpoint::{Endpoint, Issuer};
use reach365_model::evidence::{Evidence, FailureKind, Observation, ProxySeen, Trust};
use reach365_model::facts::Text;
use reach365_model::verdict::{Code, Outcome, Who};

use crate::bench::*;

const ZSCALER: &str = "CN=Zscaler Intermediate Root CA (zscaler.net) (t), O=Zscaler Inc.";

fn inspected(host: &str, issuer: &str, os: Trust) -> (Endpoint, Evidence) {
    let tls = private_tls(host, issuer, os);
    let attempts = over_tls(SITE, &tls, Some(&answer(200)));
    (https(host), with(SITE, attempts))
}

fn two_inspected(issuer: &str, os: &Trust) -> Report {
    let hosts = ["login.one.example", "login.two.test"];
    judged(
        hosts
            .map(|host| inspected(host, issuer, os.clone()))
            .to_vec(),
    )
}

fn product(report: &Report, row: usize) -> Option<&str> {
    let product = &report.endpoints[row].verdict.basis.notes.product;
    product.as_ref().map(Text::as_str)
}

#[test]
fn an_interception_of_many_hosts_names_its_product() {
    for (os, code) in [
        (Trust::Trusted, Code::TlsIntercepted),
        (Trust::UnknownIssuer, Code::TlsInterceptedUntrusted),
    ] {
        let named = two_inspected(ZSCALER, &os);
        let plain = two_inspected("CN=Contoso Inspection", &os);
        assert_eq!(product(&named, 0), Some("Zscaler (by issuer)"));
        assert_eq!(product(&plain, 0), None);
        let (finding, other) = (&named.findings[0], &plain.findings[0]);
        assert_eq!(finding.code, code);
        assert_eq!(finding.facts()["product"], "Zscaler (by issuer)");
        let said = "; product: Zscaler (by issuer)";
        assert!(finding.summary.ends_with(said), "{}", finding.summary);
        assert!(!other.summary.contains("product"), "{}", other.summary);
        assert_eq!(finding.confidence, other.confidence);
        assert_eq!(
            named.endpoints[0].verdict.confidence,
            plain.endpoints[0].verdict.confidence
        );
    }
}

/// One inspected host is enough where the issuer gives the product away; on a host of the company's
/// own the same issuer may be the device's own web page.
#[test]
fn an_untrusted_issuer_of_a_product_inspects_a_single_host() {
    let issuers = [
        ZSCALER,
        "E=support@fortinet.com, CN=FG100E, OU=Certificate Authority, O=Fortinet, C=US",
        "CN=ca.contoso.goskope.com, O=Netskope Inc.",
        "CN=Cisco Umbrella Secondary SubCA lon-SG, O=Cisco",
        "CN=Palo Alto Decrypt, O=Palo Alto Networks",
    ];
    for issuer in issuers {
        let mut row = inspected("login.one.example", issuer, Trust::UnknownIssuer);
        let report = judged(vec![row.clone()]);
        let verdict = &report.endpoints[0].verdict;
        assert_eq!(
            verdict.code(),
            Some(Code::TlsInterceptedUntrusted),
            "{issuer}"
        );
        assert_eq!(verdict.culprit.as_ref().unwrap().who, Who::Inspection);
        assert!(verdict.summary.contains("a name of"), "{}", verdict.summary);
        assert!(product(&report, 0).is_some(), "{issuer}");
        row.0.issuer = Some(Issuer::Private);
        let own = judged(vec![row.clone()]);
        let verdict = &own.endpoints[0].verdict;
        assert_eq!(verdict.code(), Some(Code::TlsUntrustedIssuer), "{issuer}");
        assert_eq!(verdict.culprit.as_ref().unwrap().who, Who::Unknown);
        row.0.issuer_stated = true;
        let stated = judged(vec![row]);
        let outcome = stated.endpoints[0].verdict.outcome;
        assert_eq!(outcome, Outcome::Inconclusive, "{issuer}");
    }
    let plain = inspected("login.one.example", "CN=Contoso CA", Trust::UnknownIssuer);
    let report = judged(vec![plain]);
    let code = report.endpoints[0].verdict.code();
    assert_eq!(code, Some(Code::TlsUntrustedIssuer));
}

/// Inspection devices often send the leaf alone.
#[test]
fn a_product_that_sends_its_leaf_alone_is_no_incomplete_chain() {
    let mut tls = private_tls("login.one.example", ZSCALER, Trust::UnknownIssuer);
    tls.chain.truncate(1);
    let attempts = over_tls(SITE, &tls, Some(&answer(200)));
    let report = judged(vec![(https("login.one.example"), with(SITE, attempts))]);
    let code = report.endpoints[0].verdict.code();
    assert_eq!(code, Some(Code::TlsInterceptedUntrusted));
}

#[test]
fn the_name_of_a_product_in_a_genuine_chain_means_nothing() {
    let mut tls = private_tls("host.example", ZSCALER, Trust::Trusted);
    tls.public_roots = Some(Trust::Trusted);
    let attempts = over_tls(SITE, &tls, Some(&answer(200)));
    let report = judged(vec![(https("host.example"), with(SITE, attempts))]);
    assert_eq!(report.endpoints[0].verdict.code(), None);
    assert_eq!(product(&report, 0), None);
}

fn blocked_page(name: &str, value: &str) -> Report {
    let mut page = page(403, "Access Denied", "is blocked");
    page.headers = BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let evidence = with(SITE, in_clear(SITE, &page));
    judged(vec![(crl("crl.one.example"), evidence)])
}

#[test]
fn a_block_page_names_its_product_by_its_own_header_and_never_by_via() {
    let named = blocked_page("server", "Zscaler/6.2");
    let plain = blocked_page("via", "1.1 gateway (Zscaler/6.2), 1.1 squid");
    assert_eq!(product(&named, 0), Some("Zscaler (by header)"));
    assert_eq!(product(&plain, 0), None);
    for report in [&named, &plain] {
        assert_eq!(
            report.endpoints[0].verdict.code(),
            Some(Code::HttpBlockPage)
        );
    }
    let confidence = |report: &Report| report.endpoints[0].verdict.confidence;
    assert_eq!(confidence(&named), confidence(&plain));
}

fn denied(header: (&str, &str)) -> Report {
    let refusal = ProxySeen {
        request: "CONNECT login.one.example:443".to_owned(),
        status: Some(403),
        reason: "Forbidden".to_owned(),
        headers: BTreeMap::from([(header.0.to_owned(), header.1.to_owned())]),
        ..ProxySeen::default()
    };
    let mut attempts = over_tls("10.1.2.3", &public_tls("login.one.example"), None);
    for attempt in &mut attempts {
        attempt.hop = Some("PROXY proxy.example:8080".parse().unwrap());
        attempt.tls = None;
        attempt.proxy = Some(Observation {
            failure: Some(failure(FailureKind::ProxyRefused)),
            ..seen(refusal.clone(), 5.0)
        });
    }
    judged(vec![(
        https("login.one.example"),
        with("10.1.2.3", attempts),
    )])
}

#[test]
fn a_proxy_that_denies_is_named_by_its_own_header_and_never_by_via() {
    let named = denied(("x-squid-error", "ERR_ACCESS_DENIED 0"));
    let plain = denied(("via", "1.1 proxy.example (squid/5.7)"));
    assert_eq!(product(&named, 0), Some("Squid (by header)"));
    assert_eq!(product(&plain, 0), None);
    for report in [&named, &plain] {
        let verdict = &report.endpoints[0].verdict;
        assert_eq!(verdict.code(), Some(Code::ProxyDenied));
    }
}

#[test]
fn own_signatures_name_what_the_built_in_ones_do_not_know() {
    let report = two_inspected("CN=Contoso Inspection", &Trust::Trusted);
    let own = "[[signature]]\nproduct = \"Contoso Gateway\"\nissuers = [\"contoso insp\"]";
    let signatures = Signatures::parse("own.toml", own).unwrap();
    let again = reach365::judge()
        .with_signatures(&signatures)
        .again(&report);
    assert_eq!(product(&again, 0), Some("Contoso Gateway (by issuer)"));
    let found = &again.findings[0].summary;
    assert!(found.contains("Contoso Gateway"), "{found}");
    assert_eq!(reach365::judge().again(&again), report);
}

//! Who must not be accused.

use reach365_model::endpoint::{Cloud, Endpoint, Expect, Inspection, Issuer, MustBe};
use reach365_model::evidence::{
    Attempt, CrlSeen, Evidence, FailureKind, HttpSeen, RecordKind, RunEvidence, StopReason, Trust,
};
use reach365_model::verdict::{Code, Confidence, Outcome, Requirement, Verdict, Who};

use crate::bench::*;

fn verdict(endpoint: Endpoint, evidence: Evidence) -> Verdict {
    let mut rows = vec![(endpoint, evidence)];
    rows.extend(controls());
    judged(rows).endpoints.remove(0).verdict
}

pub(crate) fn assert_plain(verdict: &Verdict, outcome: Outcome) {
    assert_eq!(verdict.outcome, outcome, "{verdict:#?}");
    assert_eq!(verdict.code(), None, "{verdict:#?}");
    assert!(!verdict.summary.is_empty());
}

fn at_site(attempts: Vec<Attempt>) -> Evidence {
    with(SITE, attempts)
}

#[test]
fn no_evidence_is_inconclusive() {
    let empty = verdict(https("host.example"), Evidence::default());
    assert_plain(&empty, Outcome::Inconclusive);
    let resolved = verdict(https("host.example"), resolves(SITE));
    assert_plain(&resolved, Outcome::Inconclusive);
}

#[test]
fn a_probe_that_was_cut_short_accuses_nobody() {
    for reason in [StopReason::Deadline, StopReason::NoSocket] {
        let mut evidence = at_site(tcp_failed(SITE, 443, FailureKind::Timeout, 5000.0));
        evidence.cut_short = Some(reason);
        assert_plain(
            &verdict(https("host.example"), evidence),
            Outcome::Inconclusive,
        );
        let (endpoint, mut evidence) = healthy("host.example", SITE);
        evidence.cut_short = Some(reason);
        assert_plain(&verdict(endpoint, evidence), Outcome::Reachable);
    }
}

#[test]
fn a_machine_without_sockets_accuses_nobody() {
    let evidence = at_site(tcp_failed(SITE, 443, FailureKind::NoSocket, 0.1));
    assert_plain(
        &verdict(https("host.example"), evidence),
        Outcome::Inconclusive,
    );
}

#[test]
fn one_round_alone_is_weak() {
    let mut attempts = tcp_failed(SITE, 443, FailureKind::Timeout, 5000.0);
    attempts.truncate(1);
    let verdict = verdict(https("host.example"), at_site(attempts));
    assert_eq!(verdict.code(), Some(Code::TcpDropped));
    assert_eq!(verdict.confidence, Confidence::Low);
}

#[test]
fn any_genuine_status_is_reachable() {
    for status in [200, 204, 302, 400, 401, 403, 404, 405, 500] {
        let attempts = over_tls(SITE, &public_tls("host.example"), Some(&answer(status)));
        let verdict = verdict(https("host.example"), at_site(attempts));
        assert_plain(&verdict, Outcome::Reachable);
        assert_eq!(verdict.confidence, Confidence::Certain);
    }
}

#[test]
fn words_of_a_filter_over_a_genuine_chain_mean_nothing() {
    let seen = page(
        403,
        "Access Denied",
        "Request blocked. Contact your administrator.",
    );
    let attempts = over_tls(SITE, &public_tls("host.example"), Some(&seen));
    assert_plain(
        &verdict(https("host.example"), at_site(attempts)),
        Outcome::Reachable,
    );
}

#[test]
fn one_good_address_is_enough() {
    let (endpoint, mut evidence) = healthy("host.example", SITE);
    evidence.attempts.splice(
        0..0,
        tcp_failed("203.0.113.11", 443, FailureKind::Refused, 1.0),
    );
    let verdict = verdict(endpoint, evidence);
    assert_eq!(verdict.code(), Some(Code::TcpSomeAddresses));
    assert_eq!(verdict.outcome, Outcome::Degraded);
}

#[test]
fn a_machine_without_ipv6_is_not_degraded_by_it() {
    for kind in [
        FailureKind::NetworkUnreachable,
        FailureKind::AddressNotAvailable,
    ] {
        let (endpoint, mut evidence) = healthy("host.example", SITE);
        evidence
            .attempts
            .extend(tcp_failed("2001:db8::1", 443, kind, 0.1));
        assert_plain(&verdict(endpoint, evidence), Outcome::Reachable);
    }
}

#[test]
fn no_aaaa_record_is_normal() {
    let (endpoint, evidence) = healthy("host.example", SITE);
    assert!(
        evidence
            .lookups
            .iter()
            .any(|lookup| lookup.kind == RecordKind::Aaaa)
    );
    assert_plain(&verdict(endpoint, evidence), Outcome::Reachable);
}

#[test]
fn a_genuine_certificate_settles_odd_answers_of_dns() {
    let (mut endpoint, evidence) = healthy("host.example", "10.1.2.3");
    endpoint.ranges = vec!["20.190.128.0/18".parse().unwrap()];
    let verdict = verdict(endpoint, evidence);
    assert_plain(&verdict, Outcome::Reachable);
    assert_eq!(verdict.facts()["outside_published_range"], true);
}

#[test]
fn a_private_address_beside_genuine_ones_is_no_sinkhole() {
    let dropped = with(
        "10.1.2.3",
        tcp_failed("10.1.2.3", 443, FailureKind::Timeout, 5000.0),
    );
    let rows = vec![
        (https("host.example"), dropped.clone()),
        healthy("near.example.org", "10.1.9.9"),
    ];
    let near = judged(rows).endpoints.remove(0).verdict;
    assert_eq!(near.code(), Some(Code::TcpDropped));
    assert_eq!(
        verdict(https("host.example"), dropped).code(),
        Some(Code::DnsSinkhole)
    );
}

#[test]
fn no_neighbor_excuses_the_unspecified_address() {
    let nowhere = with(
        "0.0.0.0",
        tcp_failed("0.0.0.0", 443, FailureKind::Refused, 0.1),
    );
    let bench = RunEvidence {
        resolvers: vec!["127.0.0.1:53".parse().unwrap()],
        resolvers_named: true,
        ..machine()
    };
    let report = report(
        Cloud::Worldwide,
        bench,
        vec![(https("host.example"), nowhere)],
    );
    assert_eq!(report.endpoints[0].verdict.code(), Some(Code::DnsSinkhole));
}

#[test]
fn a_certificate_for_the_host_is_judged_as_such_behind_a_private_address() {
    let tls = private_tls("host.example", "CN=Odd CA", Trust::UnknownIssuer);
    let evidence = with("10.1.2.3", over_tls("10.1.2.3", &tls, None));
    let verdict = verdict(https("host.example"), evidence);
    assert_eq!(verdict.code(), Some(Code::TlsUntrustedIssuer));
}

#[test]
fn a_public_issuer_that_a_bundle_has_dropped_is_no_interception() {
    let issuer = "CN=DigiCert Global CA, O=DigiCert Inc, C=US";
    let tls = private_tls("host.example", issuer, Trust::Trusted);
    let attempts = over_tls(SITE, &tls, Some(&answer(200)));
    let verdict = verdict(https("host.example"), at_site(attempts));
    assert_plain(&verdict, Outcome::Reachable);
    assert_eq!(verdict.confidence, Confidence::Low);
}

#[test]
fn without_public_roots_nobody_is_accused_of_interception() {
    for public in [Trust::NoRoots, Trust::Refused("odd signature".to_owned())] {
        let mut tls = private_tls("host.example", "CN=Corp Proxy CA", Trust::Trusted);
        tls.public_roots = Some(public);
        let attempts = over_tls(SITE, &tls, Some(&answer(200)));
        let verdict = verdict(https("host.example"), at_site(attempts));
        assert_plain(&verdict, Outcome::Reachable);
    }
    let mut tls = private_tls("host.example", "CN=Odd CA", Trust::UnknownIssuer);
    tls.public_roots = Some(Trust::NoRoots);
    let verdict = verdict(https("host.example"), at_site(over_tls(SITE, &tls, None)));
    assert_plain(&verdict, Outcome::Inconclusive);
}

#[test]
fn a_signature_that_this_program_dislikes_is_inconclusive() {
    let refused = Trust::Refused("UnsupportedSignatureAlgorithm".to_owned());
    let tls = private_tls("host.example", "CN=Old CA", refused);
    let verdict = verdict(https("host.example"), at_site(over_tls(SITE, &tls, None)));
    assert_eq!(verdict.outcome, Outcome::Inconclusive);
}

/// A chain that this program rejects below a root of the system: SHA-1, or a leaf that is an
/// authority.
fn rejected(endpoint: Endpoint, why: &str) -> Verdict {
    let refused = Trust::Refused(why.to_owned());
    let mut tls = private_tls("host.example", "CN=Corp Proxy CA", refused);
    tls.chain.truncate(1);
    tls.public_root_named = Some(false);
    tls.os_root_named = Some(true);
    verdict(endpoint, at_site(over_tls(SITE, &tls, None)))
}

#[test]
fn what_windows_may_accept_is_never_the_fault_of_the_service() {
    for why in ["UnsupportedSignatureAlgorithm", "CA:TRUE"] {
        let public = rejected(https("host.example"), why);
        assert_eq!(public.code(), Some(Code::TlsIntercepted));
        assert_eq!(public.outcome, Outcome::Inconclusive);
        let forbidden = Endpoint {
            inspection: Inspection::Forbidden,
            ..https("host.example")
        };
        assert_eq!(rejected(forbidden, why).outcome, Outcome::Blocked);
        let private = Endpoint {
            issuer: Some(Issuer::Private),
            ..https("host.example")
        };
        let own = rejected(private, why);
        assert_eq!(own.outcome, Outcome::Inconclusive);
        assert_eq!(own.culprit.unwrap().who, Who::Tool);
    }
}

#[test]
fn alert_40_without_a_second_question_is_inconclusive() {
    let verdict = verdict(https("host.example"), at_site(alert(40, None)));
    assert_eq!(verdict.code(), Some(Code::TlsAlert));
    assert_eq!(verdict.outcome, Outcome::Inconclusive);
}

#[test]
fn a_refusal_of_the_content_network_itself_is_no_block_page() {
    let text = "You don't have permission to access this. Reference #18.1 errors.edgesuite.net";
    let seen = page(403, "Access Denied", text);
    let verdict = verdict(crl("host.example"), at_site(in_clear(SITE, &seen)));
    assert_eq!(verdict.code(), Some(Code::HttpUnexpectedStatus));
    assert_eq!(verdict.outcome, Outcome::Degraded);
}

#[test]
fn a_retired_revocation_list_is_reachable() {
    for status in [404, 410] {
        let seen = page(status, "404 - File or directory not found.", "");
        let verdict = verdict(crl("host.example"), at_site(in_clear(SITE, &seen)));
        assert_plain(&verdict, Outcome::Reachable);
    }
}

#[test]
fn a_list_that_our_own_limit_cut_is_no_fault_and_something_endless_is_no_list() {
    let cut = |valid: bool| HttpSeen {
        crl: Some(CrlSeen {
            valid,
            ..CrlSeen::default()
        }),
        body_bytes: 262_144,
        body_complete: false,
        ..answer(200)
    };
    let judge = |seen: &HttpSeen| verdict(crl("host.example"), at_site(in_clear(SITE, seen)));
    assert_plain(&judge(&cut(true)), Outcome::Reachable);
    assert_eq!(judge(&cut(false)).code(), Some(Code::ContentNotCrl));
}

#[test]
fn a_redirect_within_the_site_is_none_elsewhere() {
    let verdict = verdict(
        http("www.host.example"),
        at_site(in_clear(SITE, &redirect("https://login.host.example/"))),
    );
    assert_plain(&verdict, Outcome::Reachable);
}

#[test]
fn an_expected_redirect_is_reachable() {
    let endpoint = Endpoint {
        expect: Expect::RedirectHost(vec!["microsoft.com".to_owned()]),
        ..https("go.example")
    };
    let seen = redirect("https://www.microsoft.com/en-us");
    let attempts = over_tls(SITE, &public_tls("go.example"), Some(&seen));
    assert_plain(&verdict(endpoint, at_site(attempts)), Outcome::Reachable);
}

#[test]
fn a_negative_test_passes_when_the_host_is_closed() {
    let mut endpoint = https("host.example");
    endpoint.must_be = MustBe::Blocked;
    let dropped = at_site(tcp_failed(SITE, 443, FailureKind::Timeout, 5000.0));
    let (control, answer) = healthy("control.example", "203.0.113.12");
    let report = judged(vec![(endpoint, dropped), (control, answer)]);
    let closed = &report.endpoints[0].verdict;
    assert_plain(closed, Outcome::Reachable);
    assert_eq!(closed.requirement, Some(Requirement::Met));
    assert!(
        closed.summary.contains("closed as required"),
        "{}",
        closed.summary
    );
}

#[test]
fn a_healthy_connectivity_test_is_reachable() {
    let seen = HttpSeen {
        body_text: "Microsoft Connect Test\r\n".to_owned(),
        ..answer(200)
    };
    assert_plain(
        &verdict(ncsi(), at_site(in_clear(SITE, &seen))),
        Outcome::Reachable,
    );
    let name = Endpoint {
        dns_answer: vec![ip("131.107.255.255")],
        ..dns_row("dns.msftncsi.com")
    };
    assert_plain(
        &verdict(name, resolves("131.107.255.255")),
        Outcome::Reachable,
    );
}

#[test]
fn hosts_below_one_name_may_share_a_private_issuer() {
    let row = |name: &str, address: &str| {
        let tls = private_tls(name, "CN=Odd CA", Trust::UnknownIssuer);
        (https(name), with(address, over_tls(address, &tls, None)))
    };
    let report = judged(vec![
        row("a.corp.test", SITE),
        row("b.corp.test", "203.0.113.12"),
    ]);
    assert_eq!(
        report.endpoints[0].verdict.code(),
        Some(Code::TlsUntrustedIssuer)
    );
    assert!(report.findings.is_empty());
}

#[test]
fn a_second_server_that_answers_for_the_first_is_no_slow_lookup() {
    let (endpoint, mut evidence) = healthy("host.example", SITE);
    let mut first = evidence.lookups[0].tries[0].clone();
    first.server = "192.0.2.54:53".parse().unwrap();
    first.failure = Some(failure(FailureKind::Timeout));
    evidence.lookups[0].tries.insert(0, first);
    assert_plain(
        &verdict(endpoint.clone(), evidence.clone()),
        Outcome::Reachable,
    );
    // Nor is a lost packet one.
    evidence.lookups[0].tries[0].server = "192.0.2.53:53".parse().unwrap();
    assert_plain(&verdict(endpoint, evidence), Outcome::Reachable);
}

#[test]
fn a_clock_that_one_host_contradicts_makes_its_certificate_doubtful() {
    let rows = crate::run_wide::wrong_clock(86_400 * 400)
        .into_iter()
        .take(1);
    let report = judged(rows.collect());
    assert!(report.findings.is_empty());
    let verdict = &report.endpoints[0].verdict;
    assert_eq!(verdict.code(), Some(Code::TlsExpired));
    assert_eq!(verdict.confidence, Confidence::Low);
    let culprit = verdict.culprit.as_ref().unwrap();
    assert_eq!(culprit.who, Who::Device);
}

#[test]
fn a_hosts_file_is_named_before_the_resolver() {
    let name = Endpoint {
        dns_answer: vec![ip("131.107.255.255")],
        ..dns_row("dns.msftncsi.com")
    };
    let evidence = Evidence {
        hosts_file: vec![ip("0.0.0.0")],
        ..resolves("131.107.255.255")
    };
    assert_eq!(verdict(name, evidence).code(), Some(Code::DnsHostsFile));
}

/// An entry of the built-in list, in a cloud, whose name resolves to an address that no set
/// publishes and where no server answers.
fn answered_elsewhere(id: &str, cloud: Cloud) -> Verdict {
    let list = reach365::builtin();
    let endpoint = list.in_cloud(list.endpoint(id).unwrap(), cloud);
    let attempts = tcp_failed(SITE, endpoint.port, FailureKind::Timeout, 5000.0);
    verdict(endpoint, at_site(attempts))
}

#[test]
fn an_exact_entry_goes_before_a_wildcard_with_addresses() {
    let licensing = answered_elsewhere("ols", Cloud::Worldwide);
    assert_eq!(licensing.code(), Some(Code::DnsOutsidePublishedRange));
    // It falls under the wildcard of the same set, and is published by name without addresses.
    let content = answered_elsewhere("cdn-odc", Cloud::Worldwide);
    assert_eq!(content.code(), Some(Code::TcpDropped));
    assert!(!content.facts().contains_key("outside_published_range"));
}

#[test]
fn a_cloud_that_publishes_no_addresses_has_none_outside() {
    let sign_in = answered_elsewhere("odc", Cloud::Worldwide);
    assert_eq!(sign_in.code(), Some(Code::DnsOutsidePublishedRange));
    let in_china = answered_elsewhere("odc", Cloud::China);
    assert_eq!(in_china.code(), Some(Code::TcpDropped));
}

#[test]
fn a_genuine_answer_that_a_strict_parser_rejects_is_genuine() {
    let odd = |status| HttpSeen {
        irregular: Some("invalid HTTP header parsed".to_owned()),
        body_complete: false,
        ..answer(status)
    };
    for status in [200, 302, 403, 404] {
        let attempts = over_tls(SITE, &public_tls("host.example"), Some(&odd(status)));
        let verdict = verdict(https("host.example"), at_site(attempts));
        assert_plain(&verdict, Outcome::Reachable);
        assert_eq!(verdict.facts()["irregular"], "invalid HTTP header parsed");
    }
    let verdict = verdict(crl("host.example"), at_site(in_clear(SITE, &odd(200))));
    assert_plain(&verdict, Outcome::Inconclusive);
}

#[test]
fn a_genuine_host_that_wants_a_client_certificate_is_reachable() {
    for number in [40, 42, 116] {
        let mut tls = public_tls("host.example");
        tls.client_certificate_requested = true;
        let mut refusal = failure(FailureKind::Alert);
        refusal.number = Some(number);
        let attempts = tls_failed(&tls, &refusal);
        let judge = |endpoint| verdict(endpoint, at_site(attempts.clone()));
        assert_plain(&judge(https("host.example")), Outcome::Reachable);
        let expects_more = Endpoint {
            expect: Expect::Status(vec![200]),
            ..https("host.example")
        };
        assert_plain(&judge(expects_more), Outcome::Inconclusive);
    }
}

//! An accusation by DNS needs the name of an unrelated owner, resolved by the same resolver.

use reach365::Report;
use reach365_model::endpoint::{Cloud, Endpoint, MustBe};
use reach365_model::evidence::{Evidence, FailureKind, Lookup, RecordKind};
use reach365_model::verdict::{Code, Confidence, Outcome, Who};

use crate::bench::*;

const ANSWERS: [FailureKind; 4] = [
    FailureKind::Nxdomain,
    FailureKind::DnsRefused,
    FailureKind::Servfail,
    FailureKind::DnsCode,
];

fn beside(controls: Vec<Lookup>, rows: Vec<(Endpoint, Evidence)>) -> Report {
    report(Cloud::Worldwide, controlled(controls), rows)
}

fn all_fail(why: FailureKind) -> Vec<Lookup> {
    ["crl3.digicert.com", "login.live.com", "config.office.com"]
        .map(|name| control(name, Err(why)))
        .to_vec()
}

fn one(why: FailureKind) -> Vec<(Endpoint, Evidence)> {
    vec![(https("host.example"), unresolved(why))]
}

fn assert_accuses_nobody(report: &Report) {
    for row in &report.endpoints {
        assert_eq!(row.verdict.outcome, Outcome::Inconclusive, "{row:#?}");
        assert_eq!(row.verdict.confidence, Confidence::Low, "{row:#?}");
        assert_eq!(row.verdict.consequence_of, None);
    }
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert!(report.advice.is_empty(), "{:#?}", report.advice);
    assert_eq!(report.summary.exit_code, 3);
}

fn assert_knows_no_names(report: &Report) {
    let codes: Vec<Code> = report.findings.iter().map(|it| it.code).collect();
    assert_eq!(codes, [Code::DnsNoInternetNames], "{report:#?}");
    let finding = &report.findings[0];
    assert_eq!(finding.outcome, Outcome::Inconclusive);
    assert_eq!(finding.culprit.as_ref().unwrap().who, Who::Resolver);
    assert_eq!(
        finding.culprit.as_ref().unwrap().address,
        Some(ip("192.0.2.53"))
    );
    for row in &report.endpoints {
        assert_eq!(row.verdict.outcome, Outcome::Inconclusive);
        assert_eq!(row.verdict.consequence_of, Some(Code::DnsNoInternetNames));
    }
    assert_eq!(report.summary.exit_code, 3);
    let advice: Vec<Code> = report.advice.iter().map(|it| it.code).collect();
    assert_eq!(advice, [Code::DnsNoInternetNames]);
}

#[test]
fn one_host_on_a_network_without_internet_names_accuses_no_name() {
    for why in ANSWERS {
        assert_knows_no_names(&beside(all_fail(why), one(why)));
        let two = vec![
            (https("a.example"), unresolved(why)),
            (https("b.example"), unresolved(FailureKind::Nodata)),
        ];
        assert_knows_no_names(&beside(all_fail(FailureKind::Servfail), two));
    }
}

#[test]
fn a_control_name_that_resolves_lets_an_accusation_stand() {
    let controls = vec![control("crl3.digicert.com", Ok("93.184.220.29"))];
    let report = beside(controls, one(FailureKind::Nxdomain));
    let verdict = &report.endpoints[0].verdict;
    assert_eq!(verdict.code(), Some(Code::DnsNxdomain));
    assert_eq!(verdict.outcome, Outcome::Blocked);
    assert_eq!(verdict.confidence, Confidence::Certain);
    assert_eq!(report.summary.exit_code, 1);
}

#[test]
fn without_any_control_nobody_is_accused() {
    for why in ANSWERS {
        assert_accuses_nobody(&judged(one(why)));
    }
    let two =
        ["a.example", "b.example"].map(|name| (https(name), unresolved(FailureKind::Nxdomain)));
    assert_accuses_nobody(&judged(two.to_vec()));
}

#[test]
fn names_of_one_owner_are_no_control_for_each_other() {
    let mut rows = one(FailureKind::Nxdomain);
    rows.push(healthy("www.host.example", "203.0.113.20"));
    let report = judged(rows);
    assert_eq!(report.endpoints[0].verdict.outcome, Outcome::Inconclusive);
    assert_eq!(report.endpoints[1].verdict.outcome, Outcome::Reachable);
    assert!(report.findings.is_empty());
}

#[test]
fn names_of_the_own_network_are_no_control() {
    let mut rows = one(FailureKind::Nxdomain);
    let intranet = Endpoint {
        groups: vec!["custom".to_owned()],
        ..https("intranet.corp.example")
    };
    rows.push((intranet, {
        let attempts = over_tls(
            "10.1.2.3",
            &public_tls("intranet.corp.example"),
            Some(&answer(200)),
        );
        with("10.1.2.3", attempts)
    }));
    let report = beside(all_fail(FailureKind::Nxdomain), rows);
    assert_eq!(report.findings[0].code, Code::DnsNoInternetNames);
    assert_eq!(report.endpoints[0].verdict.outcome, Outcome::Inconclusive);
    assert_eq!(report.endpoints[1].verdict.outcome, Outcome::Reachable);
}

#[test]
fn another_resolver_is_no_control() {
    let mut elsewhere = control("crl3.digicert.com", Ok("93.184.220.29"));
    for one in &mut elsewhere.tries {
        one.server = "192.0.2.99:53".parse().unwrap();
    }
    assert_accuses_nobody(&beside(vec![elsewhere], one(FailureKind::Nxdomain)));
}

#[test]
fn one_address_for_every_name_is_no_control() {
    let forged = |name: &str| control(name, Ok("203.0.113.80"));
    let controls = vec![forged("crl3.digicert.com"), forged("login.live.com")];
    let wrong = private_tls(
        "filter.example",
        "CN=Filter",
        reach365_model::evidence::Trust::UnknownIssuer,
    );
    let mut wrong_name = wrong.clone();
    wrong_name.name_matches = Some(false);
    let row = |name: &str| {
        let attempts = over_tls("203.0.113.80", &wrong_name, None);
        (https(name), with("203.0.113.80", attempts))
    };
    let report = beside(controls, vec![row("a.example"), row("b.example")]);
    for row in &report.endpoints {
        assert_ne!(
            row.verdict.code(),
            Some(Code::DnsSinkhole).filter(|_| { row.verdict.outcome == Outcome::Blocked }),
            "{row:#?}"
        );
    }
    let nowhere = with(
        "0.0.0.0",
        tcp_failed("0.0.0.0", 443, FailureKind::Refused, 0.1),
    );
    let controls = vec![control("crl3.digicert.com", Ok("0.0.0.0"))];
    assert_knows_no_names(&beside(controls, vec![(https("a.example"), nowhere)]));
}

#[test]
fn a_sinkhole_without_a_control_accuses_nobody() {
    let nowhere = with(
        "10.9.9.9",
        tcp_failed("10.9.9.9", 443, FailureKind::Timeout, 5000.0),
    );
    let rows = vec![(https("a.example"), nowhere)];
    assert_accuses_nobody(&judged(rows.clone()));
    let controls = vec![control("crl3.digicert.com", Ok("93.184.220.29"))];
    let verdict = beside(controls, rows).endpoints.remove(0).verdict;
    assert_eq!(verdict.code(), Some(Code::DnsSinkhole));
    assert_eq!(verdict.outcome, Outcome::Blocked);
}

#[test]
fn silence_is_a_dead_resolver_and_with_a_control_the_name_alone() {
    let report = beside(all_fail(FailureKind::Timeout), one(FailureKind::Timeout));
    assert_eq!(report.findings[0].code, Code::DnsResolverDead);
    assert_eq!(report.findings[0].confidence, Confidence::High);
    let forwarder = beside(all_fail(FailureKind::Servfail), one(FailureKind::Timeout));
    assert_eq!(forwarder.findings[0].code, Code::DnsResolverDead);
    let controls = vec![control("crl3.digicert.com", Ok("93.184.220.29"))];
    let verdict = beside(controls, one(FailureKind::Timeout))
        .endpoints
        .remove(0)
        .verdict;
    assert_eq!(verdict.code(), Some(Code::DnsTimeout));
    assert_eq!(verdict.outcome, Outcome::Blocked);
}

#[test]
fn the_root_counts_only_if_it_is_that_of_the_internet() {
    let with_root = |server: &str, why: FailureKind| {
        let mut controls = all_fail(why);
        controls.push(root(server));
        beside(controls, one(why))
    };
    let real = with_root("a.root-servers.net", FailureKind::Nxdomain);
    assert_eq!(real.endpoints[0].verdict.outcome, Outcome::Blocked);
    assert_knows_no_names(&with_root("dc1.corp.example", FailureKind::Nxdomain));
    // Resolvers have the root in their hints: one that cannot ask others knows it too.
    assert_knows_no_names(&with_root("a.root-servers.net", FailureKind::Servfail));
}

#[test]
fn a_host_that_must_be_closed_is_not_passed_by_a_resolver_that_denies_everything() {
    let mut closed = https("games.example");
    closed.must_be = MustBe::Blocked;
    let rows = vec![(closed, unresolved(FailureKind::Nxdomain))];
    let report = judged(rows.clone());
    assert_eq!(report.endpoints[0].verdict.outcome, Outcome::Inconclusive);
    assert_eq!(report.summary.exit_code, 3);
    let controls = vec![control("crl3.digicert.com", Ok("93.184.220.29"))];
    let report = beside(controls, rows);
    assert_eq!(report.endpoints[0].verdict.outcome, Outcome::Reachable);
}

#[test]
fn a_name_without_an_address_of_the_one_family_asked_for_accuses_nobody() {
    for (kind, family) in [(RecordKind::Aaaa, "IPv6"), (RecordKind::A, "IPv4")] {
        let half = Evidence {
            lookups: vec![not_found(kind, FailureKind::Nodata)],
            ..Evidence::default()
        };
        for endpoint in [https("host.example"), dns_row("host.example")] {
            let mut rows = vec![(endpoint, half.clone())];
            rows.extend(controls());
            let report = judged(rows);
            let verdict = &report.endpoints[0].verdict;
            assert_eq!(verdict.outcome, Outcome::Inconclusive, "{verdict:#?}");
            assert_eq!(verdict.code(), None);
            let why = format!("only {family} addresses were asked for, and the name has none");
            assert!(verdict.summary.contains(&why), "{}", verdict.summary);
            assert!(report.findings.is_empty(), "{:#?}", report.findings);
            assert!(report.advice.is_empty());
            assert_eq!(report.summary.exit_code, 3);
        }
        let denied = Evidence {
            lookups: vec![not_found(kind, FailureKind::Nxdomain)],
            ..Evidence::default()
        };
        let mut rows = vec![(https("host.example"), denied)];
        rows.extend(controls());
        let report = judged(rows);
        assert_eq!(
            report.endpoints[0].verdict.code(),
            Some(Code::DnsNxdomain),
            "a name that does not exist has no address of either family"
        );
    }
    let mut rows = vec![(https("host.example"), unresolved(FailureKind::Nodata))];
    rows.extend(controls());
    let report = judged(rows);
    assert_eq!(report.endpoints[0].verdict.code(), Some(Code::DnsNodata));
    assert_eq!(report.endpoints[0].verdict.outcome, Outcome::Blocked);
}

/// A host of another owner that answers itself at an address which no public service has.
fn itself_at(name: &str, address: &str) -> (Endpoint, Evidence) {
    let attempts = over_tls(address, &public_tls(name), Some(&answer(200)));
    (https(name), with(address, attempts))
}

#[test]
fn a_host_that_proves_itself_at_a_made_up_or_private_address_vouches_for_the_resolver() {
    for (own, address) in [
        ("198.18.0.7", "198.18.0.9"),
        ("198.19.3.4", "198.18.0.1"),
        ("10.4.0.5", "10.4.0.9"),
        ("100.64.0.5", "100.64.0.9"),
    ] {
        let rows = vec![
            itself_at("login.alpha.example", own),
            itself_at("ols.beta.example", own),
            windows_dns_test(address),
        ];
        let made_up = |name: &str| control(name, Ok("198.18.0.77"));
        let controls = vec![made_up("crl3.digicert.com"), made_up("login.live.com")];
        let report = beside(controls, rows);
        assert!(report.findings.is_empty(), "{own}: {:#?}", report.findings);
        let verdict = &report.endpoints[2].verdict;
        assert_eq!(verdict.code(), Some(Code::NcsiDnsWrong), "{verdict:#?}");
        assert_ne!(report.summary.exit_code, 3, "{own}");
    }
}

#[test]
fn made_up_addresses_where_no_host_proves_itself_vouch_for_nothing() {
    let foreign = |name: &str| {
        let mut tls = public_tls(name);
        tls.name_matches = Some(false);
        let attempts = over_tls("198.18.0.7", &tls, None);
        (https(name), with("198.18.0.7", attempts))
    };
    let rows = vec![
        foreign("login.alpha.example"),
        foreign("ols.beta.example"),
        windows_dns_test("198.18.0.9"),
    ];
    let controls = vec![control("crl3.digicert.com", Ok("198.18.0.77"))];
    let report = beside(controls, rows);
    assert_eq!(report.findings[0].code, Code::DnsNoInternetNames);
    assert_eq!(report.summary.exit_code, 3);
}

//! The msoid record: what the internet sees counts, and only of domains that are there.

use reach365::Report;
use reach365_model::endpoint::Cloud;
use reach365_model::evidence::{FailureKind, MsoidResolver, MsoidView, RecordKind};
use reach365_model::verdict::{Code, Confidence, Outcome, Verdict, Who};

use crate::bench::*;

use MsoidResolver::{Authoritative, Second, System};

const VIANET: &str = "clientconfig.partner.microsoftonline-p.net.cn";
const WORLDWIDE: &str = "clientconfig.microsoftonline-p.net";

fn report_of(cloud: Cloud, views: Vec<MsoidView>) -> Report {
    report(cloud, machine(), vec![msoid("contoso.example", views)])
}

fn verdict_of(cloud: Cloud, views: Vec<MsoidView>) -> Verdict {
    report_of(cloud, views).endpoints.remove(0).verdict
}

fn assert_open(cloud: Cloud, views: Vec<MsoidView>, why: &str) {
    let report = report_of(cloud, views);
    let verdict = &report.endpoints[0].verdict;
    assert_eq!(verdict.outcome, Outcome::Inconclusive, "{verdict:#?}");
    assert_eq!(verdict.confidence, Confidence::Low);
    assert!(verdict.summary.contains(why), "{why}: {}", verdict.summary);
    assert!(report.findings.is_empty());
    assert!(report.advice.is_empty());
    assert_eq!(report.summary.exit_code, 3);
}

fn lame() -> MsoidView {
    let mut lame = view(Authoritative, &[]);
    let head = lame.domain.as_mut().unwrap();
    head.outcome.value.as_mut().unwrap().authoritative = false;
    lame
}

fn private() -> MsoidView {
    let mut private = view(Authoritative, &[]);
    private.servers = vec!["10.1.1.1:53".parse().unwrap()];
    private.domain.as_mut().unwrap().tries[0].server = private.servers[0];
    private
}

#[test]
fn absent_is_a_result_only_where_the_internet_was_seen() {
    for cloud in [Cloud::Worldwide, Cloud::China] {
        assert_open(cloud, vec![view(System, &[])], "external DNS was not seen");
        let closed = vec![view(System, &[]), silent_view(Authoritative)];
        assert_open(cloud, closed, "the domain's own name servers: no answer");
        assert_open(cloud, vec![view(System, &[]), lame()], "without authority");
        assert_open(cloud, vec![view(System, &[]), private()], "10.1.1.1");
        let second = vec![view(System, &[]), silent_view(Second)];
        assert_open(cloud, second, "the second resolver: no answer");
    }
    let own = verdict_of(
        Cloud::Worldwide,
        vec![view(System, &[]), view(Authoritative, &[])],
    );
    assert_eq!(own.outcome, Outcome::Reachable);
    assert_eq!(own.confidence, Confidence::Certain);
    let second = verdict_of(
        Cloud::Worldwide,
        vec![silent_view(Authoritative), view(Second, &[])],
    );
    assert_eq!(second.outcome, Outcome::Reachable);
    assert_eq!(second.confidence, Confidence::Medium);
}

#[test]
fn a_domain_that_does_not_exist_has_no_absent_record() {
    for cloud in [Cloud::Worldwide, Cloud::China] {
        for views in [
            vec![denying_view(System), silent_view(Authoritative)],
            vec![denying_view(System), denying_view(Authoritative)],
            vec![silent_view(System), denying_view(Second)],
        ] {
            assert_open(cloud, views, "does not exist as seen by");
        }
    }
}

#[test]
fn an_answer_that_shows_no_domain_is_none() {
    let mut empty = view(Second, &[]);
    empty.domain = Some(not_found(RecordKind::Soa, FailureKind::Nodata));
    assert_open(Cloud::Worldwide, vec![empty], "no SOA or NS record");
    let mut within = view(Authoritative, &[]);
    let mut head = not_found(RecordKind::Soa, FailureKind::Nodata);
    head.outcome.value = Some(reach365_model::evidence::DnsAnswer {
        rcode: "NOERROR".to_owned(),
        authoritative: true,
        zone_labels: Some(2),
        ..Default::default()
    });
    within.domain = Some(head);
    let rows = vec![msoid("sales.contoso.example", vec![within])];
    let report = report(Cloud::Worldwide, machine(), rows);
    assert_eq!(report.endpoints[0].verdict.outcome, Outcome::Reachable);
}

#[test]
fn a_record_that_leads_to_china_is_blamed_on_the_owner_of_the_zone() {
    let both = verdict_of(
        Cloud::Worldwide,
        vec![view(System, &[VIANET]), view(Authoritative, &[VIANET])],
    );
    assert_eq!(both.code(), Some(Code::DnsMsoid21vianet));
    assert_eq!(both.outcome, Outcome::Blocked);
    assert_eq!(both.confidence, Confidence::Certain);
    assert_eq!(both.culprit.unwrap().who, Who::Service);
    let second = verdict_of(
        Cloud::Worldwide,
        vec![view(System, &[VIANET]), view(Second, &[VIANET])],
    );
    assert_eq!(second.outcome, Outcome::Blocked);
    assert_eq!(second.confidence, Confidence::Medium);
}

#[test]
fn the_row_says_where_inside_and_outside_differ() {
    let judge = |inside: &[&str], outside: &[&str]| {
        let views = vec![view(System, inside), view(Authoritative, outside)];
        report_of(Cloud::Worldwide, views)
    };
    let inside = judge(&[VIANET], &[]);
    let finding = &inside.findings[0];
    assert_eq!(finding.code, Code::DnsMsoid21vianet);
    assert!(finding.summary.contains("internal resolver is wrong"));
    assert_eq!(finding.culprit.as_ref().unwrap().who, Who::Resolver);
    assert_eq!(
        finding.culprit.as_ref().unwrap().address,
        Some(ip("192.0.2.53"))
    );
    let outside = judge(&[], &[VIANET]);
    assert!(
        outside.findings[0]
            .summary
            .contains("the public record is wrong")
    );
    assert_eq!(
        outside.findings[0].culprit.as_ref().unwrap().who,
        Who::Service
    );
    assert_eq!(outside.advice.len(), 1);
    assert!(outside.advice[0].text.contains("msoid.contoso.example"));
}

#[test]
fn what_the_own_resolver_alone_shows_is_told_and_not_held_against_anybody() {
    let views = vec![view(System, &[VIANET]), silent_view(Authoritative)];
    let report = report_of(Cloud::Worldwide, views);
    let verdict = &report.endpoints[0].verdict;
    assert_eq!(verdict.outcome, Outcome::Inconclusive);
    assert_eq!(verdict.code(), Some(Code::DnsMsoid21vianet));
    assert!(report.findings.is_empty());
    assert!(report.advice.is_empty());
}

#[test]
fn a_foreign_cname_and_a_loop_are_degraded_and_named() {
    let mut circle = view(Authoritative, &["a.contoso.example", "b.contoso.example"]);
    circle.outcome.failure = Some(failure(FailureKind::CnameLoop));
    for (foreign, named) in [
        (
            view(Authoritative, &["www.fabrikam.example"]),
            "www.fabrikam.example",
        ),
        (circle, "loop"),
    ] {
        let report = report_of(Cloud::Worldwide, vec![foreign]);
        let verdict = &report.endpoints[0].verdict;
        assert_eq!(verdict.outcome, Outcome::Degraded, "{verdict:#?}");
        assert_eq!(verdict.code(), Some(Code::DnsForeignCname));
        assert_eq!(verdict.confidence, Confidence::Certain);
        assert_eq!(verdict.culprit.as_ref().unwrap().who, Who::Service);
        assert!(verdict.summary.contains(named), "{}", verdict.summary);
        assert_eq!(report.summary.exit_code, 0);
        let advice = &report.advice[0].text;
        assert!(advice.contains("msoid.contoso.example"), "{advice}");
    }
}

#[test]
fn a_wildcard_and_an_address_are_notes() {
    let mut address = view(Authoritative, &[]);
    address.addresses = vec![ip("203.0.113.7")];
    let mut wildcard = view(Authoritative, &["www.fabrikam.example"]);
    let mut label = found(RecordKind::Cname, &["www.fabrikam.example"]);
    label.name = "host.example".to_owned();
    wildcard.random_label = Some(label);
    for (noted, word) in [
        (address, "address record"),
        (wildcard, "wildcard"),
        (view(Authoritative, &[WORLDWIDE]), "does not lead to China"),
    ] {
        let verdict = verdict_of(Cloud::Worldwide, vec![noted]);
        assert_eq!(verdict.outcome, Outcome::Reachable, "{verdict:#?}");
        assert!(verdict.summary.contains(word), "{}", verdict.summary);
    }
    let mut china = view(Authoritative, &[VIANET]);
    china.random_label = Some(found(RecordKind::Cname, &[VIANET]));
    let verdict = verdict_of(Cloud::Worldwide, vec![china]);
    assert_eq!(verdict.outcome, Outcome::Blocked);
}

#[test]
fn in_china_the_record_is_needed() {
    let right = verdict_of(
        Cloud::China,
        vec![view(System, &[VIANET]), view(Authoritative, &[VIANET])],
    );
    assert_eq!(right.outcome, Outcome::Reachable);
    let report = report_of(Cloud::China, vec![view(Authoritative, &[])]);
    assert_eq!(report.findings[0].code, Code::DnsMsoidMissing);
    assert_eq!(report.findings[0].confidence, Confidence::Certain);
    assert_eq!(
        report.findings[0].culprit.as_ref().unwrap().who,
        Who::Service
    );
    let second = verdict_of(Cloud::China, vec![view(Second, &[])]);
    assert_eq!(second.code(), Some(Code::DnsMsoidMissing));
    assert_eq!(second.confidence, Confidence::Medium);
    // A resolver that denies everything shows nothing of this record.
    let denied = vec![denying_view(System), view(Authoritative, &[VIANET])];
    assert_eq!(verdict_of(Cloud::China, denied).outcome, Outcome::Reachable);
}

#[test]
fn external_dns_that_cannot_be_seen_leaves_a_healthy_run_alone() {
    let blind = || {
        msoid(
            "contoso.example",
            vec![view(System, &[]), silent_view(Authoritative)],
        )
    };
    let with = |first| {
        let mut rows = vec![first];
        rows.extend(controls());
        judged(rows)
    };
    let healthy = with(blind());
    assert_eq!(healthy.endpoints[0].verdict.outcome, Outcome::Inconclusive);
    assert_eq!(healthy.summary.outcome, Outcome::Reachable);
    assert_eq!(healthy.summary.exit_code, 0);
    let denied = msoid(
        "contoso.example",
        vec![denying_view(System), silent_view(Authoritative)],
    );
    assert_eq!(with(denied).summary.exit_code, 3);
    assert_eq!(judged(vec![blind()]).summary.exit_code, 3);
}

#[test]
fn a_resolver_that_knows_no_name_denies_no_domain() {
    let denied = msoid(
        "contoso.example",
        vec![denying_view(System), silent_view(Authoritative)],
    );
    let (mut intranet, evidence) = healthy("intranet.corp.example", "10.1.2.3");
    intranet.groups = vec!["custom".to_owned()];
    let report = judged(vec![denied, (intranet, evidence)]);
    assert_eq!(report.endpoints[0].verdict.outcome, Outcome::Inconclusive);
    assert_eq!(report.summary.exit_code, 0);
}

fn unseen_by_clients(why: FailureKind) -> MsoidView {
    let mut own = silent_view(System);
    own.outcome = missed(why, 5.0);
    own
}

#[test]
fn what_the_own_resolver_does_not_tell_is_no_absent_record() {
    let kinds = [
        (FailureKind::Servfail, "this machine's resolver: SERVFAIL"),
        (FailureKind::DnsRefused, "this machine's resolver: REFUSED"),
        (FailureKind::Timeout, "this machine's resolver: no answer"),
        (FailureKind::Refused, "this machine's resolver: port closed"),
    ];
    for (kind, why) in kinds {
        for outside in [Authoritative, Second] {
            for record in [&[][..], &[WORLDWIDE][..]] {
                let views = vec![unseen_by_clients(kind), view(outside, record)];
                assert_open(Cloud::Worldwide, views, why);
            }
            let views = vec![unseen_by_clients(kind), view(outside, &[VIANET])];
            assert_open(Cloud::China, views, why);
        }
        let views = vec![unseen_by_clients(kind), view(Authoritative, &[])];
        let mut rows = vec![msoid("contoso.example", views)];
        rows.extend(controls());
        let report = judged(rows);
        assert_eq!(report.summary.outcome, Outcome::Reachable);
        assert_eq!(report.summary.unseen, 1);
        assert_eq!(report.summary.exit_code, 0);
        let wrong = vec![unseen_by_clients(kind), view(Authoritative, &[VIANET])];
        let verdict = verdict_of(Cloud::Worldwide, wrong);
        assert_eq!(verdict.outcome, Outcome::Blocked);
    }
    let denied = vec![denying_view(System), view(Authoritative, &[])];
    let verdict = verdict_of(Cloud::Worldwide, denied);
    assert_eq!(verdict.outcome, Outcome::Reachable);
}

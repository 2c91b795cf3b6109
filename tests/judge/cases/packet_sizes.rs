//! Answers that are lost for their size.

use reach365_model::evidence::{
    Evidence, FailureKind, HttpSeen, LegacyHello, SizeControl, SniControl,
};
use reach365_model::verdict::{Code, Confidence, Verdict, Who};

use super::{Case, at_site, host, row};
use crate::bench::*;

pub(crate) fn all() -> Vec<Case> {
    vec![row(
        Code::TlsMtuBlackhole,
        Confidence::High,
        (host(), silent_tls(size_control(false, Some(true), true))),
        vec![],
    )]
}

fn size_control(ordinary: bool, short_segments: Option<bool>, short_answer: bool) -> SizeControl {
    SizeControl {
        address: format!("{SITE}:443").parse().unwrap(),
        ordinary: Some(ordinary),
        segment_limit: 536,
        short_segments,
        short_answer,
    }
}

fn greeted(own: LegacyHello, other: LegacyHello) -> SniControl {
    SniControl {
        address: format!("{SITE}:443").parse().unwrap(),
        name: "www.example.com".to_owned(),
        own_again: Some(own.clone()),
        own,
        other_again: Some(other.clone()),
        other,
    }
}

fn silent_tls(control: SizeControl) -> Evidence {
    Evidence {
        size_control: Some(control),
        ..at_site(tls_failed(&hello_sent(), &failure(FailureKind::Timeout)))
    }
}

fn silent_http(mut control: SizeControl) -> Evidence {
    control.address.set_port(80);
    Evidence {
        size_control: Some(control),
        ..at_site(http_failed(None, FailureKind::Timeout, 80))
    }
}

fn verdict_of(evidence: Evidence) -> Verdict {
    judged(vec![(host(), evidence)]).endpoints.remove(0).verdict
}

#[test]
fn an_answer_that_comes_either_way_or_neither_blames_no_line() {
    let cases = [
        (true, Some(true), true),
        (true, None, true),
        // The system could limit the segments, and it made no difference: the server hangs.
        (false, Some(false), true),
        (false, None, false),
    ];
    for (ordinary, segments, answer) in cases {
        let verdict = verdict_of(silent_tls(size_control(ordinary, segments, answer)));
        assert_eq!(verdict.code(), Some(Code::TlsSilent));
        assert_eq!(verdict.culprit.unwrap().who, Who::Unknown);
    }
}

/// A server refuses names that it does not know, and a refusal is short.
#[test]
fn a_refusal_of_another_name_is_no_filter_where_packets_are_too_long() {
    let mut evidence = silent_tls(size_control(false, Some(true), true));
    evidence.sni_control = Some(greeted(LegacyHello::default(), legacy(None, None, false)));
    assert_eq!(verdict_of(evidence).code(), Some(Code::TlsMtuBlackhole));
}

#[test]
fn a_connection_that_did_not_come_about_compares_nothing() {
    let control = SizeControl {
        ordinary: None,
        ..size_control(false, Some(true), true)
    };
    assert_eq!(
        verdict_of(silent_tls(control)).code(),
        Some(Code::TlsSilent)
    );
}

#[test]
fn controls_at_another_address_say_nothing() {
    let elsewhere = "198.51.100.66:443".parse().unwrap();
    let size = SizeControl {
        address: elsewhere,
        ..size_control(false, Some(true), true)
    };
    let mut evidence = silent_tls(size);
    assert_eq!(verdict_of(evidence.clone()).code(), Some(Code::TlsSilent));
    let heard = legacy(Some(0x0303), Some(0xc02f), false);
    evidence.sni_control = Some(SniControl {
        address: elsewhere,
        ..greeted(LegacyHello::default(), heard)
    });
    assert_eq!(verdict_of(evidence).code(), Some(Code::TlsSilent));
}

/// The ClientHello with another name got a ServerHello: packets of full size arrive.
#[test]
fn a_long_answer_to_another_name_clears_the_line() {
    let mut evidence = silent_tls(size_control(false, Some(true), true));
    let heard = legacy(Some(0x0303), Some(0xc02f), false);
    evidence.sni_control = Some(greeted(heard.clone(), heard));
    assert_eq!(verdict_of(evidence).code(), Some(Code::TlsSilent));
}

#[test]
fn an_answer_that_began_to_come_clears_the_line() {
    let mut begun = silent_tls(size_control(false, Some(true), true));
    for attempt in &mut begun.attempts {
        let tls = attempt.tls.as_mut().unwrap();
        tls.value.as_mut().unwrap().bytes_received = 1_400;
    }
    assert_eq!(verdict_of(begun).code(), Some(Code::TlsSilent));
}

/// A line that loses long packets lets an alert through whatever the name is.
#[test]
fn an_alert_to_another_name_is_no_filter_where_nothing_came() {
    let mut evidence = silent_tls(size_control(false, None, false));
    evidence.sni_control = Some(greeted(LegacyHello::default(), legacy(None, None, false)));
    assert_eq!(verdict_of(evidence.clone()).code(), Some(Code::TlsSilent));
    let heard = legacy(Some(0x0303), Some(0xc02f), false);
    evidence.sni_control = Some(greeted(LegacyHello::default(), heard));
    assert_eq!(verdict_of(evidence).code(), Some(Code::TlsSniFiltered));
}

#[test]
fn silence_in_clear_is_the_path_where_short_packets_arrive() {
    let cases = [
        (Some(true), Who::Path, Confidence::High),
        (None, Who::Unknown, Confidence::High),
        (Some(false), Who::Unknown, Confidence::High),
    ];
    for (segments, who, confidence) in cases {
        let mut rows = vec![(
            http("host.example"),
            silent_http(size_control(false, segments, true)),
        )];
        rows.extend(controls());
        let verdict = judged(rows).endpoints.remove(0).verdict;
        assert_eq!(verdict.code(), Some(Code::HttpSilent));
        assert_eq!(verdict.culprit.unwrap().who, who, "{segments:?}");
        assert_eq!(verdict.confidence, confidence, "{segments:?}");
    }
}

/// A shield lets a short answer through and holds the rest; a device answers refusals itself.
#[test]
fn a_short_answer_alone_adds_a_fact_and_accuses_nobody() {
    let rows = [
        (host(), silent_tls(size_control(false, None, true))),
        (
            http("host.example"),
            silent_http(size_control(false, None, true)),
        ),
    ];
    for (row, code) in rows.into_iter().zip([Code::TlsSilent, Code::HttpSilent]) {
        let verdict = judged(vec![row]).endpoints.remove(0).verdict;
        assert_eq!(verdict.code(), Some(code));
        assert_eq!(verdict.facts()["short_answer"], true);
        assert_eq!(verdict.culprit.unwrap().who, Who::Unknown);
    }
}

/// The head fits into a short packet; a body that began to come does not.
#[test]
fn a_body_that_began_to_come_clears_the_line() {
    for (body_bytes, who) in [(0, Who::Path), (900, Who::Unknown)] {
        let begun = HttpSeen {
            body_bytes,
            body_complete: false,
            ..answer(200)
        };
        let silent = silent_http(size_control(false, Some(true), true));
        let evidence = Evidence {
            attempts: http_failed(Some(&begun), FailureKind::Timeout, 80),
            ..silent
        };
        let row = (crl("host.example"), evidence);
        let verdict = judged(vec![row]).endpoints.remove(0).verdict;
        assert_eq!(verdict.code(), Some(Code::HttpSilent));
        assert_eq!(verdict.culprit.unwrap().who, who, "{body_bytes}");
    }
}

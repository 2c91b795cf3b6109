//! Control probes: another name in the ClientHello, names that do not exist.

use reach365_model::evidence::{
    Evidence, FailureKind, LegacyHello, Lookup, RecordKind, SniControl,
};
use reach365_model::verdict::{Code, Confidence};

use super::{Case, at_site, host, row};
use crate::bench::*;

pub(crate) fn all() -> Vec<Case> {
    vec![
        row(
            Code::TlsSniFiltered,
            Confidence::High,
            (
                host(),
                greeted(
                    LegacyHello::default(),
                    legacy(Some(0x0303), Some(0xc02f), false),
                ),
            ),
            vec![],
        ),
        row(
            Code::DnsRewritten,
            Confidence::High,
            (host(), rewritten()),
            controls(),
        ),
    ]
}

/// A ClientHello that was reset, and what the hand-made ones got.
fn greeted(own: LegacyHello, other: LegacyHello) -> Evidence {
    let control = SniControl {
        address: format!("{SITE}:443").parse().unwrap(),
        name: "www.example.com".to_owned(),
        own_again: Some(own.clone()),
        own,
        other_again: Some(other.clone()),
        other,
    };
    Evidence {
        sni_control: Some(control),
        ..at_site(tls_failed(&hello_sent(), &failure(FailureKind::Reset)))
    }
}

fn rewritten() -> Evidence {
    let label = Lookup {
        name: "reach365-0123.invalid".to_owned(),
        ..found(RecordKind::A, &["10.0.0.80"])
    };
    Evidence {
        random_labels: vec![label],
        ..with(
            "10.0.0.80",
            tcp_failed("10.0.0.80", 443, FailureKind::Refused, 1.0),
        )
    }
}

#[test]
fn a_filter_for_names_is_said_only_where_the_name_is_the_difference() {
    let heard = legacy(Some(0x0303), Some(0xc02f), false);
    let cases = [
        (LegacyHello::default(), LegacyHello::default()),
        (heard.clone(), heard.clone()),
        (heard, LegacyHello::default()),
    ];
    for (own, other) in cases {
        let report = judged(vec![(host(), greeted(own, other))]);
        let code = report.endpoints[0].verdict.code();
        assert_eq!(code, Some(Code::TlsHelloReset));
    }
}

#[test]
fn a_label_with_another_address_accuses_nobody() {
    let mut evidence = rewritten();
    evidence.random_labels = vec![found(RecordKind::A, &["10.9.9.9"])];
    let report = judged(vec![(host(), evidence)]);
    assert_eq!(report.endpoints[0].verdict.code(), Some(Code::DnsSinkhole));
}

/// One answer of four may be what a lossy line let through.
#[test]
fn a_name_heard_once_is_no_proof() {
    let heard = legacy(Some(0x0303), Some(0xc02f), false);
    let deaf = LegacyHello::default();
    let mut evidence = greeted(deaf.clone(), heard.clone());
    let mut control = evidence.sni_control.clone().unwrap();
    control.other_again = Some(deaf);
    evidence.sni_control = Some(control.clone());
    let mut rows = vec![(host(), evidence.clone())];
    rows.extend(controls());
    let verdict = judged(rows).endpoints.remove(0).verdict;
    assert_eq!(verdict.code(), Some(Code::TlsSniFiltered));
    assert_eq!(verdict.confidence, Confidence::Medium);
    control.own_again = Some(heard);
    evidence.sni_control = Some(control);
    let verdict = judged(vec![(host(), evidence)]).endpoints.remove(0).verdict;
    assert_eq!(verdict.code(), Some(Code::TlsHelloReset));
}

//! The hop of a finding, from the traces of the endpoints that it explains.

use reach365::Report;
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{
    Evidence, FailureKind, HopAnswer, IcmpSeen, OtherPort, Trace, TraceHop,
};
use reach365_model::verdict::Code;

use crate::bench::*;

fn expired(ttl: u8) -> TraceHop {
    TraceHop {
        ttl,
        answer: HopAnswer::Expired,
        rtt_ms: None,
        icmp: Some(IcmpSeen {
            from: Some(ip(&format!("10.9.{ttl}.1"))),
            version: 4,
            kind: 11,
            code: 0,
            local: false,
        }),
        failure: None,
    }
}

fn ends(ttl: u8, answer: HopAnswer) -> TraceHop {
    TraceHop {
        answer,
        icmp: None,
        ..expired(ttl)
    }
}

/// Silence behind a hop, which another port passes where the place is known.
fn silent_behind(last: u8, known: bool) -> Trace {
    let route = |answer| {
        let mut hops: Vec<TraceHop> = (1..=last).map(expired).collect();
        hops.push(ends(last + 1, answer));
        hops
    };
    Trace {
        address: format!("{SITE}:443").parse().unwrap(),
        elapsed_ms: 1.0,
        route: route(HopAnswer::Silent),
        other_port: known.then(|| OtherPort {
            port: 80,
            route: route(HopAnswer::Refused),
        }),
        hello: None,
        control_hello: None,
    }
}

fn row(number: usize, trace: Option<Trace>) -> (Endpoint, Evidence) {
    let address = format!("203.0.113.{number}");
    let attempts = tcp_failed(&address, 443, FailureKind::Timeout, 5_000.0);
    let evidence = Evidence {
        trace,
        ..with(&address, attempts)
    };
    (https(&format!("host{number}.example")), evidence)
}

fn closed(traces: [Option<Trace>; 3]) -> Report {
    let rows = (1..).zip(traces).map(|(number, trace)| row(number, trace));
    let report = judged(rows.collect());
    assert_eq!(report.findings[0].code, Code::TcpEgressClosed);
    report
}

#[test]
fn rows_that_agree_give_the_finding_their_hop() {
    let report = closed([
        Some(silent_behind(2, true)),
        Some(silent_behind(2, true)),
        None,
    ]);
    assert_eq!(report.findings[0].culprit.as_ref().unwrap().hop, Some(2));
}

#[test]
fn rows_that_differ_or_do_not_know_give_none() {
    let others = [Some(silent_behind(3, true)), Some(silent_behind(2, false))];
    for other in others {
        let report = closed([Some(silent_behind(2, true)), other, None]);
        assert_eq!(report.findings[0].culprit.as_ref().unwrap().hop, None);
    }
    assert_eq!(
        closed([None, None, None]).findings[0]
            .culprit
            .as_ref()
            .unwrap()
            .hop,
        None
    );
}

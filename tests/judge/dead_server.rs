//! A name server that resolves nothing while another one works.

use reach365::{Cloud, Report};
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{DnsTry, Evidence, FailureKind, RunEvidence, Transport};
use reach365_model::verdict::{Code, Confidence, Outcome};

use crate::bench::*;

const FIRST: &str = "192.0.2.52:53";
const SECOND: &str = "192.0.2.53:53";
const HOSTS: [&str; 3] = [
    "login.alpha.example",
    "ols.beta.example",
    "www.gamma.example",
];

/// What the first server did about one name.
#[derive(Clone, Copy)]
enum First {
    Silent(f64),
    Closed,
    Said(&'static str),
}

impl First {
    fn as_try(self) -> DnsTry {
        let (elapsed_ms, rcode, failed) = match self {
            Self::Silent(ms) => (ms, None, Some(FailureKind::Timeout)),
            Self::Closed => (0.2, None, Some(FailureKind::Refused)),
            Self::Said(code) => (1.0, Some(code.to_owned()), None),
        };
        DnsTry {
            server: FIRST.parse().unwrap(),
            transport: Transport::Udp,
            at_ms: 0.0,
            elapsed_ms,
            edns: Some(true),
            resent_after_ms: None,
            queued_ms: None,
            rcode,
            failure: failed.map(failure),
        }
    }
}

/// A host that resolves at the second server, after the first one.
fn row(host: &str, first: First) -> (Endpoint, Evidence) {
    let (endpoint, mut evidence) = healthy(host, SITE);
    for lookup in &mut evidence.lookups {
        host.clone_into(&mut lookup.name);
        lookup.tries.truncate(1);
        lookup.tries[0].failure = None;
        lookup.tries[0].rcode = Some("NOERROR".to_owned());
        lookup.tries[0].server = SECOND.parse().unwrap();
        lookup.tries.insert(0, first.as_try());
    }
    (endpoint, evidence)
}

fn run() -> RunEvidence {
    RunEvidence {
        resolvers: [FIRST, SECOND].map(|server| server.parse().unwrap()).into(),
        ..machine()
    }
}

fn seen(rows: Vec<(Endpoint, Evidence)>) -> Report {
    report(Cloud::Worldwide, run(), rows)
}

fn all(first: First) -> Vec<(Endpoint, Evidence)> {
    HOSTS.map(|host| row(host, first)).into()
}

fn accuses_nobody(report: &Report) {
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn a_dead_first_server_is_one_finding_and_no_endpoint_suffers() {
    for (first, words) in [
        (First::Silent(2_005.0), "192.0.2.52 (no answer)"),
        (First::Closed, "192.0.2.52 (port closed)"),
    ] {
        let report = seen(all(first));
        let [finding] = report.findings.as_slice() else {
            panic!("{words}: {:?}", report.findings);
        };
        assert_eq!(finding.code, Code::DnsResolverDead);
        assert_eq!(finding.outcome, Outcome::Degraded);
        assert_eq!(finding.confidence, Confidence::High);
        assert_eq!(
            finding.culprit.as_ref().unwrap().address,
            Some(ip("192.0.2.52"))
        );
        assert!(finding.summary.contains(words), "{}", finding.summary);
        assert!(
            finding.summary.contains("192.0.2.53"),
            "{}",
            finding.summary
        );
        assert_eq!(finding.endpoints.len(), 3);
        for row in &report.endpoints {
            assert_eq!(row.verdict.outcome, Outcome::Reachable, "{words}");
        }
        assert_eq!(report.summary.exit_code, 0);
    }
}

#[test]
fn a_server_that_says_anything_about_a_name_is_not_dead() {
    for word in ["NOERROR", "NXDOMAIN", "TRUNCATED"] {
        let mut rows = all(First::Silent(2_005.0));
        rows[2] = row(HOSTS[2], First::Said(word));
        accuses_nobody(&seen(rows));
    }
    let mut rows = all(First::Said("REFUSED"));
    rows[0] = row(HOSTS[0], First::Said("NOERROR"));
    accuses_nobody(&seen(rows));
}

#[test]
fn silence_about_few_names_or_for_a_short_time_says_nothing() {
    let mut few = all(First::Silent(2_005.0));
    few.pop();
    accuses_nobody(&seen(few));
    accuses_nobody(&seen(all(First::Silent(300.0))));
    let one_owner = [
        "login.alpha.example",
        "ols.alpha.example",
        "www.alpha.example",
    ];
    let rows = one_owner.map(|host| row(host, First::Silent(2_005.0)));
    accuses_nobody(&seen(rows.into()));
}

/// With split DNS the server of a VPN refuses what is not its own.
#[test]
fn a_server_that_refuses_every_name_is_not_dead() {
    for word in ["REFUSED", "SERVFAIL"] {
        accuses_nobody(&seen(all(First::Said(word))));
    }
}

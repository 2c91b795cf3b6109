//! Routes and proxies.

use reach365_model::endpoint::{Cloud, Endpoint, Host, MustBe, Scheme};
use reach365_model::evidence::{
    Attempt, ControlHostSeen, Evidence, FailureKind, Lookup, Observation, OtherRoute, ProxySeen,
    RecordKind, RouteCandidate, RunEvidence, ScriptFailure, ScriptFailureKind, TcpSeen, TlsSeen,
};
use reach365_model::verdict::{Code, Confidence, Outcome, Requirement, Who};
use reach365_proxy::route::{Hop, Origin, Route};

use super::{Case, Row, found_in, host, row};
use crate::bench::*;

const PROXY: &str = "PROXY proxy.example:8080";
const PROXY_ADDRESS: &str = "10.1.2.3";

pub(crate) fn all() -> Vec<Case> {
    let loopback = vec![loopback(None), loopback(Some(false))];
    [
        scripts(),
        unstable(),
        settings(),
        unreached(),
        refused(),
        behind(),
        loopback,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// An agent on this machine is the proxy for everything; the state of the broker's exemption.
fn loopback(exempt: Option<bool>) -> Case {
    let own = Attempt {
        address: "127.0.0.1:8080".parse().unwrap(),
        ..open(1)
    };
    let run = RunEvidence {
        windows: true,
        loopback_exempt: exempt,
        ..machine()
    };
    let report = report(Cloud::Worldwide, run, vec![(host(), carried(own))]);
    assert_eq!(report.summary.exit_code, 0);
    let outcome = report.summary.outcome;
    let code = Code::RouteLoopbackProxy;
    let case = found_in(code, Outcome::Degraded, Confidence::Certain, report);
    if exempt.is_some() {
        assert_eq!(outcome, Outcome::Degraded);
        return case;
    }
    assert_eq!(outcome, Outcome::Reachable);
    assert!(case.report.advice.is_empty());
    case.but(Outcome::Reachable, Who::Unknown)
}

fn scripts() -> Vec<Case> {
    [
        (Code::RoutePacUnreachable, ScriptFailureKind::Unreachable),
        (Code::RoutePacHttpStatus, ScriptFailureKind::Status),
        (Code::RoutePacNotScript, ScriptFailureKind::NotScript),
        (Code::RoutePacError, ScriptFailureKind::Error),
        (Code::RoutePacLimit, ScriptFailureKind::Limit),
    ]
    .into_iter()
    .flat_map(|(code, kind)| {
        let taken = RouteCandidate {
            script_failure: Some(script_failure(kind)),
            ..candidate("explicit", &[], Origin::Explicit)
        };
        let fine = (host(), with_candidates(genuine(), vec![taken.clone()]));
        let (endpoint, evidence) = closed();
        let closed = (endpoint, with_candidates(evidence, vec![taken]));
        [
            row(code, Confidence::Certain, fine, vec![]),
            row(code, Confidence::High, closed.clone(), controls()).blocked(),
            found_in(
                code,
                Outcome::Blocked,
                Confidence::Medium,
                judged(both(&closed)),
            ),
        ]
    })
    .collect()
}

/// A script that sends the host directly or through a proxy, as chance has it.
fn unstable() -> Vec<Case> {
    let by_chance = |evidence: Evidence, controls: Vec<OtherRoute>| {
        let taken = RouteCandidate {
            changes_with: vec!["chance (Math.random)".to_owned()],
            ..candidate("user", &["DIRECT"], Origin::Pac)
        };
        let evidence = Evidence {
            controls,
            ..with_candidates(evidence, vec![taken])
        };
        let row_of = (host(), evidence);
        row(Code::RoutePacUnstable, Confidence::Certain, row_of, vec![])
    };
    let failing = by_chance(closed().1, vec![working_proxy("pac-route")]);
    let summary = &failing.report.endpoints[0].verdict.summary;
    assert!(
        summary.contains("of these DIRECT (tcp-dropped) fails"),
        "{summary}"
    );
    vec![
        by_chance(genuine(), vec![working_proxy("pac-route")]),
        failing,
    ]
}

/// A dead proxy at the head of one of the routes costs time there, whichever route was taken first.
#[test]
fn a_dead_proxy_of_one_of_several_routes_is_named() {
    let passing_over = |taken_first: bool| {
        let dead: Hop = "PROXY dead.example:3128".parse().unwrap();
        let refused = Attempt {
            hop: Some(dead),
            tcp: missed(FailureKind::Refused, 1.0),
            ..to_proxy(1)
        };
        let mut both = carried(open(1));
        both.attempts.insert(0, refused.clone());
        both.attempts.insert(
            1,
            Attempt {
                round: 2,
                ..refused
            },
        );
        let hops = ["PROXY dead.example:3128", PROXY];
        let long = RouteCandidate {
            changes_with: vec!["chance (Math.random)".to_owned()],
            ..candidate(
                if taken_first { "user" } else { "pac-route" },
                &hops,
                Origin::Pac,
            )
        };
        both.ways = vec![long.clone()];
        let short = RouteCandidate {
            changes_with: long.changes_with.clone(),
            ..candidate(
                if taken_first { "pac-route" } else { "user" },
                &[PROXY],
                Origin::Pac,
            )
        };
        let plain = with_candidates(carried(open(1)), vec![short.clone()]);
        let (mut main, other, other_route) = if taken_first {
            (both, plain, short)
        } else {
            (plain, both, long)
        };
        main.controls = vec![OtherRoute {
            way: other_route,
            evidence: other,
        }];
        main
    };
    for taken_first in [true, false] {
        let names = ["a.example", "b.example.org", "c.example.net"];
        let rows = names.map(|name| (https(name), passing_over(taken_first)));
        let report = judged(rows.into());
        let says = "of these PROXY dead.example:3128 (proxy-refused) fails";
        let row = &report.endpoints[0].verdict;
        assert_eq!(row.code(), Some(Code::RoutePacUnstable), "{row:#?}");
        assert!(row.summary.contains(says), "{}", row.summary);
        let mut findings = report.findings.iter();
        let found = findings.find(|it| it.code == Code::RoutePacUnstable);
        let summary = &found.unwrap().summary;
        assert!(summary.contains(says), "{summary}");
        assert!(summary.contains(PROXY), "{summary}");
    }
}

fn settings() -> Vec<Case> {
    let of = |code: Code, origin: Origin, view: &str| {
        let (endpoint, evidence) = closed();
        let taken = candidate("user", &[], origin);
        let evidence = Evidence {
            controls: vec![working_proxy(view)],
            ..with_candidates(evidence, vec![taken])
        };
        row(code, Confidence::High, (endpoint, evidence), vec![])
    };
    let ways = vec![
        candidate("user", &[PROXY], Origin::User),
        candidate("machine", &[], Origin::Machine),
    ];
    let disagreeing = (host(), with_candidates(carried(open(1)), ways));
    vec![
        of(Code::RoutePacWrongBranch, Origin::Pac, "known-proxy"),
        of(Code::RouteBypassHidesHost, Origin::User, "known-proxy"),
        of(Code::RouteProxyNotConfigured, Origin::User, "machine"),
        found_in(
            Code::RouteSourcesDisagree,
            Outcome::Degraded,
            Confidence::Certain,
            judged(vec![disagreeing]),
        ),
    ]
}

fn unreached() -> Vec<Case> {
    let tcp = |kind: FailureKind| {
        carried(Attempt {
            tcp: missed(kind, 900.0),
            ..to_proxy(1)
        })
    };
    let unresolved = through(Evidence {
        proxy_lookups: vec![unresolved_name()],
        ..Evidence::default()
    });
    vec![
        case(
            Code::ProxyUnresolvable,
            Confidence::Medium,
            beside_direct(unresolved),
        ),
        case(
            Code::ProxyDropped,
            Confidence::Medium,
            beside_direct(tcp(FailureKind::Timeout)),
        ),
        case(
            Code::ProxyRefused,
            Confidence::Medium,
            beside_direct(tcp(FailureKind::Refused)),
        ),
        case(
            Code::ProxySilent,
            Confidence::Medium,
            beside_direct(asked(None, FailureKind::Timeout)),
        ),
        case(
            Code::ProxyNotAProxy,
            Confidence::Certain,
            asked(None, FailureKind::Malformed),
        ),
    ]
}

fn refused() -> Vec<Case> {
    let answers = [
        (Code::ProxyAuthRequired, 407, ""),
        (Code::ProxyDenied, 403, "ERR_ACCESS_DENIED 0"),
        (Code::ProxyRateLimited, 429, ""),
        (Code::ProxyUpstreamDns, 503, "ERR_DNS_FAIL 0"),
        (Code::ProxyUpstreamUnreachable, 503, "ERR_CONNECT_FAIL 111"),
        (Code::ProxyUpstreamTimeout, 503, "ERR_CONNECT_FAIL 110"),
    ];
    let single = answers.map(|(code, status, error)| {
        case(
            code,
            Confidence::Certain,
            asked(Some(said(status, error)), FailureKind::ProxyRefused),
        )
    });
    let rejected = ProxySeen {
        credentials_sent: true,
        ..said(407, "")
    };
    let rejected = asked(Some(rejected), FailureKind::ProxyRefused);
    let denied = asked(Some(said(403, "")), FailureKind::ProxyRefused);
    let mut port = vec![(http("other.example"), carried(answered_by_url()))];
    for name in ["a.example", "b.example.org"] {
        port.push((https(name), denied.clone()));
    }
    let port = judged(port);
    let for_all = asked(Some(said(407, "")), FailureKind::ProxyRefused);
    let for_all = judged(vec![
        (https("a.example"), for_all.clone()),
        (https("b.example.org"), for_all),
    ]);
    let mut cases = Vec::from(single);
    cases.extend([
        case(Code::ProxyAuthRejected, Confidence::Certain, rejected),
        found_in(
            Code::ProxyPortDenied,
            Outcome::Blocked,
            Confidence::Certain,
            port,
        ),
        found_in(
            Code::ProxyAuthRequired,
            Outcome::Blocked,
            Confidence::Certain,
            for_all,
        ),
    ]);
    cases
}

fn behind() -> Vec<Case> {
    let ended = Attempt {
        tls: Some(Observation {
            failure: Some(failure(FailureKind::Closed)),
            ..seen(hello_sent(), 30.0)
        }),
        ..open(1)
    };
    vec![case(
        Code::ProxyTunnelClosed,
        Confidence::Medium,
        beside_direct(carried(ended)),
    )]
}

fn case(code: Code, confidence: Confidence, evidence: Evidence) -> Case {
    row(code, confidence, (host(), evidence), vec![])
}

/// Two owners' hosts with the same evidence.
fn both(first: &Row) -> Vec<Row> {
    let (_, evidence) = first;
    vec![
        first.clone(),
        (https("other.example.org"), evidence.clone()),
    ]
}

/// The same host answers on the direct path.
pub(crate) fn beside_direct(evidence: Evidence) -> Evidence {
    let direct = OtherRoute {
        way: candidate("direct", &[], Origin::Explicit),
        evidence: genuine(),
    };
    Evidence {
        controls: vec![direct],
        ..evidence
    }
}

/// The settings lead to the proxy.
pub(crate) fn through(evidence: Evidence) -> Evidence {
    with_candidates(
        evidence,
        vec![candidate("explicit", &[PROXY], Origin::Explicit)],
    )
}

/// The direct path is closed.
fn closed() -> Row {
    let dropped = tcp_failed(SITE, 443, FailureKind::Timeout, 6_500.0);
    (host(), with(SITE, dropped))
}

fn genuine() -> Evidence {
    let tls = public_tls("host.example");
    with(SITE, over_tls(SITE, &tls, Some(&answer(200))))
}

pub(crate) fn with_candidates(evidence: Evidence, ways: Vec<RouteCandidate>) -> Evidence {
    Evidence { ways, ..evidence }
}

pub(crate) fn candidate(view: &str, hops: &[&str], origin: Origin) -> RouteCandidate {
    RouteCandidate {
        view: view.to_owned(),
        route: Route {
            hops: hops.iter().map(|hop| hop.parse().unwrap()).collect(),
            origin,
            reasons: Vec::new(),
            cleartext_script: false,
        },
        script_failure: None,
        unreadable: None,
        changes_with: Vec::new(),
    }
}

fn script_failure(kind: ScriptFailureKind) -> ScriptFailure {
    ScriptFailure {
        script: "http://proxy.example/proxy.pac".to_owned(),
        kind,
        detail: "line 3: what is wrong".to_owned(),
        status: (kind == ScriptFailureKind::Status).then_some(404),
    }
}

fn working_proxy(view: &str) -> OtherRoute {
    OtherRoute {
        way: candidate(view, &[PROXY], Origin::Machine),
        evidence: carried(open(1)),
    }
}

pub(crate) fn to_proxy(round: u32) -> Attempt {
    let hop: Hop = PROXY.parse().unwrap();
    Attempt {
        address: format!("{PROXY_ADDRESS}:8080").parse().unwrap(),
        round,
        hop: Some(hop),
        icmp: None,
        counters: None,
        tcp: seen(TcpSeen::default(), 20.0),
        proxy_tls: None,
        proxy: None,
        tls: None,
        http: None,
    }
}

/// A tunnel that leads to the host itself.
pub(crate) fn open(round: u32) -> Attempt {
    let tls: TlsSeen = public_tls("host.example");
    Attempt {
        proxy: Some(seen(said(200, ""), 20.0)),
        tls: Some(seen(tls, 40.0)),
        http: Some(seen(answer(200), 50.0)),
        ..to_proxy(round)
    }
}

fn answered_by_url() -> Attempt {
    Attempt {
        http: Some(seen(answer(200), 50.0)),
        ..to_proxy(1)
    }
}

pub(crate) fn asked(value: Option<ProxySeen>, kind: FailureKind) -> Evidence {
    carried(Attempt {
        proxy: Some(Observation {
            value,
            ..missed(kind, 900.0)
        }),
        ..to_proxy(1)
    })
}

/// Two rounds of the same through the proxy.
pub(crate) fn carried(attempt: Attempt) -> Evidence {
    let again = Attempt {
        round: 2,
        ..attempt.clone()
    };
    Evidence {
        attempts: vec![attempt, again],
        ways: vec![candidate("explicit", &[PROXY], Origin::Explicit)],
        ..Evidence::default()
    }
}

pub(crate) fn said(status: u16, squid_error: &str) -> ProxySeen {
    let mut seen = ProxySeen {
        request: "CONNECT host.example:443".to_owned(),
        status: Some(status),
        reason: "some words".to_owned(),
        ..ProxySeen::default()
    };
    if status == 407 {
        seen.auth_schemes = vec!["Negotiate".to_owned(), "Basic".to_owned()];
    }
    if !squid_error.is_empty() {
        let name = "x-squid-error".to_owned();
        seen.headers.insert(name, squid_error.to_owned());
    }
    seen
}

pub(crate) fn unresolved_name() -> Lookup {
    Lookup {
        name: "proxy.example".to_owned(),
        ..not_found(RecordKind::A, FailureKind::Nxdomain)
    }
}

/// A route of the machine forbids the proxy: no device on the path has dropped anything.
#[test]
fn a_route_in_the_way_of_the_proxy_is_the_devices_own() {
    let attempt = Attempt {
        tcp: Observation {
            value: Some(TcpSeen {
                no_route: true,
                ..TcpSeen::default()
            }),
            ..missed(FailureKind::HostUnreachable, 0.1)
        },
        ..to_proxy(1)
    };
    let report = judged(vec![(host(), carried(attempt))]);
    assert_eq!(
        report.endpoints[0].verdict.code(),
        Some(Code::DeviceNoRoute)
    );
}

/// The cause on the wrong route is compared, not the stage of the settings.
#[test]
fn a_wrong_way_is_compared_by_what_failed_on_it() {
    let address = "198.51.100.99";
    let failed = tcp_failed(address, 443, FailureKind::Timeout, 5_000.0);
    let control = ControlHostSeen {
        host: Host::parse("www.elsewhere.example").unwrap(),
        port: 443,
        scheme: Scheme::Https,
        route: Route::direct(),
        evidence: with(address, failed),
    };
    let run = RunEvidence {
        control_hosts: vec![control],
        ..machine()
    };
    let (endpoint, evidence) = closed();
    let evidence = Evidence {
        controls: vec![working_proxy("machine")],
        ..with_candidates(evidence, vec![candidate("user", &[], Origin::User)])
    };
    let report = report(Cloud::Worldwide, run, vec![(endpoint, evidence)]);
    let verdict = &report.endpoints[0].verdict;
    assert_eq!(verdict.code(), Some(Code::RouteProxyNotConfigured));
    assert_eq!(verdict.facts()["cause"], "tcp-dropped");
    let words = "www.elsewhere.example fails alike";
    assert_eq!(verdict.facts()["control_host"], words);
}

/// What must be closed, is closed on the route that was taken, and was tried on others.
fn forbidden(taken: &Evidence, controls: Vec<OtherRoute>) -> reach365::Report {
    let endpoint = Endpoint {
        must_be: MustBe::Blocked,
        ..host()
    };
    let evidence = Evidence {
        controls,
        ..taken.clone()
    };
    let served = (https("control.example.org"), carried(open(1)));
    let mut rows = vec![(endpoint, evidence), served];
    rows.extend(crate::bench::controls());
    judged(rows)
}

fn on_direct(evidence: Evidence) -> OtherRoute {
    OtherRoute {
        way: candidate("direct", &["DIRECT"], Origin::Direct),
        evidence,
    }
}

#[test]
fn what_must_be_closed_and_answers_on_another_known_route_is_open() {
    let refused = |status, error| asked(Some(said(status, error)), FailureKind::ProxyRefused);
    let closings = [
        refused(502, ""),
        refused(403, "ERR_ACCESS_DENIED 0"),
        refused(503, "ERR_DNS_FAIL 0"),
        asked(None, FailureKind::Timeout),
    ];
    for taken in closings {
        let report = forbidden(&taken, vec![on_direct(genuine())]);
        let verdict = &report.endpoints[0].verdict;
        assert_eq!(
            verdict.requirement,
            Some(Requirement::NotMet),
            "{verdict:#?}"
        );
        assert_eq!(verdict.code(), Some(Code::PolicyOpen), "{verdict:#?}");
        assert_eq!(verdict.facts()["route"], "direct");
        assert!(
            verdict.summary.contains("on the route direct"),
            "{}",
            verdict.summary
        );
        assert_eq!(verdict.culprit.as_ref().unwrap().who, Who::Firewall);
        assert_eq!(report.summary.exit_code, 1);
    }
    let (_, silent) = closed();
    let report = forbidden(&silent, vec![working_proxy("machine")]);
    let verdict = &report.endpoints[0].verdict;
    assert_eq!(
        verdict.requirement,
        Some(Requirement::NotMet),
        "{verdict:#?}"
    );
}

#[test]
fn what_must_be_closed_and_fails_on_every_known_route_is_closed() {
    let denied = said(403, "ERR_ACCESS_DENIED 0");
    let taken = asked(Some(denied), FailureKind::ProxyRefused);
    let (_, silent) = closed();
    for controls in [vec![], vec![on_direct(silent)]] {
        let report = forbidden(&taken, controls);
        let verdict = &report.endpoints[0].verdict;
        assert_eq!(verdict.requirement, Some(Requirement::Met), "{verdict:#?}");
    }
}

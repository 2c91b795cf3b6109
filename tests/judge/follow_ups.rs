//! Which probe the evidence of one endpoint calls for.

use std::net::SocketAddr;

use reach365_judge::verdict::{Context, FollowUps, Signatures, follow_ups};
use reach365_model::endpoint::{Cloud, Endpoint};
use reach365_model::evidence::{Evidence, FailureKind, ScriptFailure, ScriptFailureKind, Trust};
use reach365_model::verdict::Outcome;
use reach365_proxy::route::Origin;

use crate::bench::*;
use crate::cases::proxied::{candidate, with_candidates};

fn next(endpoint: &Endpoint, evidence: &Evidence) -> FollowUps {
    let context = Context {
        cloud: Cloud::Worldwide,
        run: &machine(),
        now: now(),
        signatures: Signatures::builtin(),
        builtin: reach365::builtin(),
    };
    follow_ups(endpoint, evidence, &context)
}

fn site() -> SocketAddr {
    SocketAddr::new(ip(SITE), 443)
}

fn dropped() -> Evidence {
    with(SITE, tcp_failed(SITE, 443, FailureKind::Timeout, 5_000.0))
}

#[test]
fn a_genuine_answer_calls_for_nothing() {
    let (endpoint, evidence) = healthy("host.example", SITE);
    let next = next(&endpoint, &evidence);
    assert_eq!(next.outcome, Outcome::Reachable);
    assert!(!next.confirm && !next.has_controls() && !next.user_agents);
    assert!(!next.other_routes && !next.control_host && !next.second_pass);
    assert!(next.look_up_again.is_empty() && next.trace.is_none());
}

#[test]
fn silence_calls_for_other_routes_a_trace_and_a_second_pass() {
    let next = next(&https("host.example"), &dropped());
    assert!(next.confirm && next.other_routes && next.control_host);
    assert!(next.second_pass && next.is_silence && !next.is_refusal);
    assert_eq!(next.trace, Some(site()));
    assert!(!next.has_controls());
}

#[test]
fn a_cut_handshake_calls_for_another_name() {
    let cut = tls_failed(&hello_sent(), &failure(FailureKind::Reset));
    let next = next(&https("host.example"), &with(SITE, cut));
    assert_eq!(next.other_name, Some(site()));
    assert_eq!((next.sizes, next.random_labels), (None, false));
}

#[test]
fn a_silent_handshake_calls_for_packet_sizes_too() {
    let silent = tls_failed(&hello_sent(), &failure(FailureKind::Timeout));
    let next = next(&https("host.example"), &with(SITE, silent));
    assert_eq!((next.other_name, next.sizes), (Some(site()), Some(site())));
}

#[test]
fn a_foreign_certificate_calls_for_random_labels() {
    let tls = private_tls("host.example", "CN=Some Box", Trust::UnknownIssuer);
    let next = next(
        &https("host.example"),
        &with(SITE, over_tls(SITE, &tls, None)),
    );
    assert!(next.random_labels && next.other_name.is_none());
}

/// The fallback of a script that gives no route is not the path of the settings: neither a burst nor
/// a device on it is looked for.
#[test]
fn a_failure_behind_a_broken_script_calls_for_no_second_pass() {
    let mut taken = candidate("explicit", &[], Origin::Explicit);
    taken.script_failure = Some(ScriptFailure {
        script: "http://proxy.example/proxy.pac".to_owned(),
        kind: ScriptFailureKind::Unreachable,
        detail: "no answer".to_owned(),
        status: None,
    });
    let evidence = with_candidates(dropped(), vec![taken]);
    let next = next(&https("host.example"), &evidence);
    assert!(!next.second_pass && next.trace.is_none());
    assert!(next.confirm && next.other_routes);
}

#[test]
fn a_pass_that_got_further_says_more() {
    let refused = with(SITE, tcp_failed(SITE, 443, FailureKind::Refused, 1.0));
    let first = next(&https("host.example"), &dropped());
    let later = next(&https("host.example"), &refused);
    assert!(first.says_less_than(&later) && !later.says_less_than(&first));
}

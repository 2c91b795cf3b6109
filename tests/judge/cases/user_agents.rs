//! Agents: one that contains MSOIDCRL beside a neutral one.

use reach365_model::evidence::{
    Attempt, Evidence, FailureKind, Trust, UserAgent, UserAgentAttempt,
};
use reach365_model::verdict::{Code, Confidence, Outcome, Who};

use super::{Case, at_site, host, row};
use crate::bench::*;

const NAME: &str = "host.example";

pub(crate) fn all() -> Vec<Case> {
    let inspected = private_tls(NAME, "CN=Gateway", Trust::Trusted);
    vec![
        case(&public_tls(NAME), Confidence::Medium).but(Outcome::Blocked, Who::Service),
        case(&inspected, Confidence::High).but(Outcome::Blocked, Who::Inspection),
    ]
}

fn case(tls: &reach365_model::evidence::TlsSeen, sure: Confidence) -> Case {
    let evidence = asked(tls, 200, 403);
    row(
        Code::HttpUserAgentFiltered,
        sure,
        (host(), evidence),
        vec![],
    )
}

/// What the engine asks: once beside the probe, then neutral, MSOIDCRL, MSOIDCRL, neutral.
fn asked(tls: &reach365_model::evidence::TlsSeen, neutral: u16, other: u16) -> Evidence {
    let attempt =
        |status: u16| -> Attempt { over_tls(SITE, tls, Some(&answer(status))).swap_remove(0) };
    let one = |agent: UserAgent| UserAgentAttempt {
        agent,
        attempt: attempt(match agent {
            UserAgent::Neutral => neutral,
            UserAgent::Msoidcrl | UserAgent::Msie6 => other,
        }),
    };
    let order = [
        UserAgent::Msoidcrl,
        UserAgent::Neutral,
        UserAgent::Msoidcrl,
        UserAgent::Msoidcrl,
        UserAgent::Neutral,
    ];
    Evidence {
        agents: order.into_iter().map(one).collect(),
        ..at_site(over_tls(SITE, tls, Some(&answer(neutral))))
    }
}

#[test]
fn the_same_answer_to_both_agents_accuses_nobody() {
    for (neutral, other) in [(200, 200), (403, 403), (200, 400), (200, 503)] {
        let evidence = asked(&public_tls(NAME), neutral, other);
        let report = judged(vec![(host(), evidence)]);
        let code = report.endpoints[0].verdict.code();
        assert_ne!(code, Some(Code::HttpUserAgentFiltered), "{neutral} {other}");
    }
}

#[test]
fn one_difference_alone_accuses_nobody() {
    let mut evidence = asked(&public_tls(NAME), 200, 403);
    evidence.agents.truncate(1);
    let report = judged(vec![(host(), evidence)]);
    assert_eq!(report.endpoints[0].verdict.code(), None);
}

#[test]
fn an_agent_that_was_never_sent_is_not_filtered() {
    let mut evidence = asked(&public_tls(NAME), 200, 403);
    let lost = || tcp_failed(SITE, 443, FailureKind::Timeout, 5000.0).swap_remove(0);
    for asked in &mut evidence.agents {
        if asked.agent == UserAgent::Msoidcrl {
            asked.attempt = lost();
        }
    }
    let report = judged(vec![(host(), evidence)]);
    assert_eq!(report.endpoints[0].verdict.code(), None);
}

#[test]
fn a_plain_old_browser_tells_which_rule_it_is() {
    let tls = private_tls(NAME, "CN=Gateway", Trust::Trusted);
    for (plain, denies) in [(403, "MSIE 6.0"), (200, "MSOIDCRL")] {
        let mut evidence = asked(&tls, 200, 403);
        let attempt = over_tls(SITE, &tls, Some(&answer(plain))).swap_remove(0);
        for _ in 0..2 {
            evidence.agents.push(UserAgentAttempt {
                agent: UserAgent::Msie6,
                attempt: attempt.clone(),
            });
        }
        let report = judged(vec![(host(), evidence)]);
        let verdict = &report.endpoints[0].verdict;
        assert_eq!(verdict.code(), Some(Code::HttpUserAgentFiltered));
        assert_eq!(verdict.facts()["denies"], denies);
        assert_eq!(verdict.facts()["msie6"], format!("HTTP {plain}"));
    }
}

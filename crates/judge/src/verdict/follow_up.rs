//! Which probes come next: what the evidence of one endpoint leaves open.

use std::net::SocketAddr;

use crate::verdict::endpoint::judge;
use crate::verdict::types::Context;
use crate::verdict::{burst, control_probe, dns, user_agent};
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{Evidence, RecordKind, Stage};
use reach365_model::verdict::{Code, Outcome, Verdict};

/// What to send next for one endpoint. Whoever has sent some of it asks again.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a probe of its own")]
#[non_exhaustive]
pub struct FollowUps {
    /// What the evidence comes to so far.
    pub outcome: Outcome,
    /// Probe once more on fresh sockets: nothing but a genuine answer stands after one round.
    pub confirm: bool,
    /// Names that were answered late, to be asked for once more.
    pub look_up_again: Vec<(String, RecordKind)>,
    /// A ClientHello that names another host, to this address.
    pub other_name: Option<SocketAddr>,
    /// Questions and answers of several sizes, to this address.
    pub sizes: Option<SocketAddr>,
    /// Names that do not exist, below the domain of the host.
    pub random_labels: bool,
    /// Both User-Agents by turns: their first answers differ.
    pub user_agents: bool,
    /// The routes of other settings.
    pub other_routes: bool,
    /// The control host, on the same route and port.
    pub control_host: bool,
    /// A trace to this address, where the route is the direct one.
    pub trace: Option<SocketAddr>,
    /// A second pass at a slow rate: a limit on bursts may be the cause.
    pub second_pass: bool,
    /// Whether a connection or a DNS question was refused.
    pub is_refusal: bool,
    /// Whether the cause is that nothing came.
    pub is_silence: bool,
    stage: Option<Stage>,
    code: Option<Code>,
}

/// Says which probes the evidence of one endpoint calls for.
pub fn follow_ups(endpoint: &Endpoint, evidence: &Evidence, context: &Context<'_>) -> FollowUps {
    let verdict = judge(endpoint, evidence, context);
    let address = verdict.basis.subject.address;
    FollowUps {
        outcome: verdict.outcome,
        confirm: verdict.outcome != Outcome::Reachable,
        look_up_again: dns::slow_once(evidence),
        other_name: address.filter(|_| control_probe::wants_other_name(&verdict)),
        sizes: address.filter(|_| control_probe::wants_sizes(endpoint, &verdict)),
        random_labels: control_probe::wants_random_labels(&verdict),
        user_agents: user_agent::user_agents_differ(evidence),
        other_routes: matches!(verdict.outcome, Outcome::Blocked | Outcome::Inconclusive),
        control_host: verdict.outcome == Outcome::Blocked,
        trace: blocked_at(evidence, &verdict),
        second_pass: burst::may_explain(&verdict, evidence),
        is_refusal: burst::is_refusal(&verdict),
        is_silence: burst::is_silence(&verdict),
        stage: verdict.stage,
        code: verdict.code(),
    }
}

impl FollowUps {
    /// Whether control probes are wanted, which separate causes with the same symptom.
    pub fn has_controls(&self) -> bool {
        self.other_name.is_some() || self.sizes.is_some() || self.random_labels
    }

    /// Whether a later pass got further, or got an answer that this one did not: then something that
    /// passed in between was the cause of this one.
    pub fn says_less_than(&self, later: &Self) -> bool {
        later.stage > self.stage || (self.code != later.code && !later.is_silence)
    }
}

/// The address at which the direct connection is blocked.
fn blocked_at(evidence: &Evidence, verdict: &Verdict) -> Option<SocketAddr> {
    let blocked = verdict.outcome == Outcome::Blocked;
    let stage = verdict.stage.filter(|_| blocked)?;
    if !matches!(stage, Stage::Tcp | Stage::Tls) {
        return None;
    }
    let mut direct = evidence.attempts.iter().filter(|it| it.hop.is_none());
    let basis = direct.find(|attempt| attempt.tcp.passed() == (stage == Stage::Tls));
    basis.map(|attempt| attempt.address)
}

//! From evidence to judgment: pure, no I/O.
//!
//! [`judge`] looks at one endpoint, [`correlate`] at the whole run.

mod agent;
mod attempt;
mod block_page;
mod burst;
mod certificate;
mod claim;
mod closed;
mod code;
mod content;
mod controls;
mod correlate;
mod dns;
mod hops;
mod host;
mod http;
mod known_names;
mod limit;
mod msoid;
mod nat64;
mod network;
mod page;
mod proxy;
mod refusal;
mod route;
mod signature;
mod skipped;
mod table;
mod tcp;
mod tls;
mod trace;
mod vocabulary;

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use agent::agents_differ;
pub(crate) use attempt::basis;
pub(crate) use burst::{is_refusal, is_silence, may_explain};
pub(crate) use claim::{NO_CONTROL, OWN_ISSUER, fill, short};
pub(crate) use controls::{named_address, wants_other_name, wants_random_labels, wants_sizes};
pub use correlate::correlate;
pub(crate) use correlate::resolvers_without_control;
pub(crate) use dns::slow_once;
pub(crate) use msoid::{OWN_NOT_SEEN, is_unseen};
pub(crate) use nat64::{NAME as NAT64_NAME, prefixes as nat64_prefixes};
pub(crate) use route::{KNOWN_PROXY, PAC_ROUTE};
pub use signature::Signatures;
pub use table::Code;
pub use trace::{Ending, TraceReading, read_trace};
pub(crate) use vocabulary::known_words;

use crate::endpoint::{Cloud, Endpoint, MustBe, Scheme};
use crate::evidence::{CutShort, Evidence, RunEvidence, Stage};
use network::Controls;

/// What holds for every endpoint of a run.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The cloud whose rules apply.
    pub cloud: Cloud,
    /// What was seen of the machine and its resolvers.
    pub run: &'a RunEvidence,
    /// When the run began; certificates whose answer bears no time are judged by it.
    pub now: Timestamp,
    /// The names of products.
    pub signatures: &'a Signatures,
}

/// One row of a run, for [`correlate`].
#[derive(Debug)]
pub struct Judged<'a> {
    /// What was to be reached.
    pub endpoint: &'a Endpoint,
    /// What was seen.
    pub evidence: &'a Evidence,
    /// What [`judge`] made of it.
    pub verdict: &'a mut Verdict,
}

/// Judges one endpoint by its own evidence; [`correlate`] then looks at the whole run.
///
/// An entry with `must-be = "blocked"` gives `blocked` by [`Code::PolicyOpen`] where the host
/// answers. That it is closed takes a control that works, which [`correlate`] knows: until then such
/// an entry is `inconclusive`, unless a device on the path said itself that it denies the host.
pub fn judge(endpoint: &Endpoint, evidence: &Evidence, context: &Context<'_>) -> Verdict {
    judge_with(endpoint, evidence, context, &Controls::default())
}

/// Judges one endpoint, knowing where in the run genuine answers came from.
fn judge_with(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    controls: &Controls,
) -> Verdict {
    let verdict = judge_as_open(endpoint, evidence, context, controls);
    match endpoint.must_be {
        MustBe::Reachable => verdict,
        MustBe::Blocked => closed::judge(endpoint, evidence, context, verdict),
    }
}

/// Judges an endpoint as one that must be reachable, whatever the list says.
fn judge_as_open(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    controls: &Controls,
) -> Verdict {
    if let Some(reason) = &evidence.skipped {
        return skipped::verdict(endpoint, reason);
    }
    if let Some(why) = settings_unread(evidence, context) {
        return claim::inconclusive(endpoint, &why);
    }
    let verdict = match (&evidence.msoid, endpoint.scheme) {
        (Some(msoid), _) => msoid::judge(endpoint, msoid, context),
        (None, Scheme::Dns) => dns::judge(endpoint, evidence, context.run),
        _ => on_the_way(endpoint, evidence, context, controls),
    };
    let verdict = hear_the_interruption(endpoint, evidence, verdict);
    let mut verdict = trace::locate(evidence, verdict);
    skipped::tell_redirect(evidence, &mut verdict);
    verdict
}

/// Why the proxy settings do not tell the route to an endpoint. Taking another one would show what
/// clients do not do.
fn settings_unread(evidence: &Evidence, context: &Context<'_>) -> Option<String> {
    if let Some(why) = &context.run.proxy_settings_unread {
        return Some(format!(
            "the proxy settings of this machine could not be read ({why})"
        ));
    }
    let why = evidence.ways.first()?.unreadable.as_ref()?;
    Some(format!("what names the proxy cannot be read ({why})"))
}

/// Judges the way that was taken, then the settings that led there.
fn on_the_way(
    endpoint: &Endpoint,
    evidence: &Evidence,
    context: &Context<'_>,
    controls: &Controls,
) -> Verdict {
    let verdict = hops::judge(endpoint, evidence, context, controls);
    let verdict = agent::consider(endpoint, evidence, verdict);
    route::consider(endpoint, evidence, context, verdict)
}

/// A probe that was cut short accuses nobody; a genuine answer stands.
fn hear_the_interruption(endpoint: &Endpoint, evidence: &Evidence, verdict: Verdict) -> Verdict {
    let Some(reason) = evidence.cut_short else {
        return verdict;
    };
    if matches!(verdict.outcome, Outcome::Reachable | Outcome::Degraded) {
        return verdict;
    }
    let why = match reason {
        CutShort::Deadline => "the time limit of the run passed before the probe was done",
        CutShort::NoSocket => "this machine refused another socket",
    };
    claim::inconclusive(endpoint, why)
}

/// The judgment on one endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verdict {
    /// What came out.
    pub outcome: Outcome,
    /// Of an endpoint that must be closed: whether it is. `None` for every other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<Requirement>,
    /// Where it broke; `None` where nothing did.
    pub stage: Option<Stage>,
    /// The cause; `None` where there is none.
    pub code: Option<Code>,
    /// How sure the judgment is.
    pub confidence: Confidence,
    /// Who did it.
    pub culprit: Option<Culprit>,
    /// One sentence for people.
    pub summary: String,
    /// The facts that the judgment rests on, by name.
    pub facts: Facts,
    /// The run-wide finding that explains this row.
    pub consequence_of: Option<Code>,
    /// Ids of the remedies, best first.
    pub remedies: Vec<String>,
    /// What would prove an accusation wrong, in a clause after "this would be wrong if"; `None`
    /// where nothing is blocked or degraded.
    #[serde(default)]
    pub wrong_if: Option<String>,
}

/// Facts by name, in alphabetical order; values are JSON, foreign text is printable.
pub type Facts = BTreeMap<String, serde_json::Value>;

/// What came out of a check. Ordered from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// Not probed on purpose.
    Skipped,
    /// A genuine answer came.
    Reachable,
    /// A genuine answer came, but something on the way is wrong.
    Degraded,
    /// The evidence does not suffice to accuse anyone.
    Inconclusive,
    /// No genuine answer came, and the evidence says why.
    Blocked,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Skipped => "skipped",
            Self::Reachable => "reachable",
            Self::Degraded => "degraded",
            Self::Inconclusive => "inconclusive",
            Self::Blocked => "blocked",
        })
    }
}

/// Whether an endpoint that must be closed is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Requirement {
    /// It is closed, and the path to it works.
    Met,
    /// It answers.
    NotMet,
    /// Neither was seen.
    Unknown,
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Met => "met",
            Self::NotMet => "not-met",
            Self::Unknown => "unknown",
        })
    }
}

/// How sure a judgment is. Ordered from weak to strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Confidence {
    /// Seen once, or ambiguous.
    Low,
    /// Repeated.
    Medium,
    /// Repeated, and a control passed.
    High,
    /// The other party said so within the protocol.
    Certain,
}

impl std::fmt::Display for Confidence {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Certain => "certain",
        })
    }
}

/// Who did it, as far as the evidence tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Culprit {
    /// The kind of device or party.
    pub who: Who,
    /// Its address, where known.
    pub address: Option<IpAddr>,
    /// Its distance in hops, where known.
    pub hop: Option<u8>,
}

/// The parties that can break a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Who {
    /// This machine.
    Device,
    /// The DNS resolver or filter.
    Resolver,
    /// A packet filter.
    Firewall,
    /// A proxy.
    Proxy,
    /// A TLS inspection device.
    Inspection,
    /// Routing, or a lossy or narrow link.
    Path,
    /// Microsoft's service, or whoever runs the host.
    Service,
    /// This program: it cannot tell.
    Tool,
    /// Nobody known.
    Unknown,
}

impl std::fmt::Display for Who {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Device => "device",
            Self::Resolver => "resolver",
            Self::Firewall => "firewall",
            Self::Proxy => "proxy",
            Self::Inspection => "inspection",
            Self::Path => "path",
            Self::Service => "service",
            Self::Tool => "tool",
            Self::Unknown => "unknown",
        })
    }
}

/// A cause that holds for several endpoints or for the whole run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The cause.
    pub code: Code,
    /// What it means for the endpoints.
    pub outcome: Outcome,
    /// Where it sits.
    pub stage: Stage,
    /// How sure the judgment is.
    pub confidence: Confidence,
    /// Who did it; `None` where the path itself is long or loses packets.
    pub culprit: Option<Culprit>,
    /// One sentence for people.
    pub summary: String,
    /// The facts that the judgment rests on.
    pub facts: Facts,
    /// Ids of the endpoints concerned, in plan order.
    pub endpoints: Vec<String>,
    /// Ids of the remedies, best first.
    pub remedies: Vec<String>,
    /// What would prove an accusation wrong, in a clause after "this would be wrong if"; `None`
    /// where nothing is blocked or degraded.
    #[serde(default)]
    pub wrong_if: Option<String>,
}

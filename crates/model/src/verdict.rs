//! What a run concludes: outcomes, causes, parties, findings. The rules are elsewhere.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

pub use crate::codes::Code;
use crate::evidence::Stage;

/// The judgment on one endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
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
    /// A genuine answer came, but something on the path is wrong.
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
#[non_exhaustive]
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
#[non_exhaustive]
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

impl Verdict {
    /// A judgment without a cause.
    pub fn new(outcome: Outcome, confidence: Confidence, summary: String) -> Self {
        Self {
            outcome,
            requirement: None,
            stage: None,
            code: None,
            confidence,
            culprit: None,
            summary,
            facts: Facts::new(),
            consequence_of: None,
            remedies: Vec::new(),
            wrong_if: None,
        }
    }
}

impl Culprit {
    /// A party of which nothing else is known.
    pub const fn new(who: Who) -> Self {
        Self {
            who,
            address: None,
            hop: None,
        }
    }
}

impl Finding {
    /// A cause at its usual stage, which concerns no endpoint yet.
    pub fn new(code: Code, outcome: Outcome, confidence: Confidence, summary: String) -> Self {
        Self {
            code,
            outcome,
            stage: code.stage(),
            confidence,
            culprit: None,
            summary,
            facts: Facts::new(),
            endpoints: Vec::new(),
            remedies: Vec::new(),
            wrong_if: None,
        }
    }
}

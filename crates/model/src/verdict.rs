//! What a run concludes: outcomes, causes, parties, findings. The rules are elsewhere.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::cause::{Cause, by_name, read_each};
pub use crate::codes::Code;
use crate::evidence::Stage;
pub use crate::facts::Facts;
use crate::facts::Text;
use crate::notes::{Notes, Subject};
use crate::report::v1;

/// What a judgment rests on: its cause, and what is known beside it.
#[derive(Clone, Default)]
pub struct Basis {
    /// The cause; `None` where there is none.
    pub cause: Option<Cause>,
    /// The causes that lie behind it, the nearest first.
    pub because: Vec<Cause>,
    /// Other causes seen on the same endpoint.
    pub further: Vec<Cause>,
    /// What was connected to, and over what.
    pub subject: Subject,
    /// What the judgment says beside its cause.
    pub notes: Notes,
    /// The facts of a saved report, which may have names that this version does not know.
    pub(crate) saved: Option<Facts>,
}

/// The judgment on one endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "v1::Verdict", into = "v1::Verdict")]
#[non_exhaustive]
pub struct Verdict {
    /// What came out.
    pub outcome: Outcome,
    /// Of an endpoint that must be closed: whether it is. `None` for every other one.
    pub requirement: Option<Requirement>,
    /// Where it broke; `None` where nothing did.
    pub stage: Option<Stage>,
    /// Its cause, with what is known beside it; programs that embed the library read [`Self::code`]
    /// and [`Self::facts`].
    #[doc(hidden)]
    pub basis: Basis,
    /// How sure the judgment is.
    pub confidence: Confidence,
    /// Who did it.
    pub culprit: Option<Culprit>,
    /// One sentence for people.
    pub summary: String,
    /// The run-wide finding that explains this row.
    pub consequence_of: Option<Code>,
    /// Ids of the remedies, best first.
    pub remedies: Vec<String>,
    /// What would prove an accusation wrong, in a clause after "this would be wrong if"; `None`
    /// where nothing is blocked or degraded.
    pub wrong_if: Option<String>,
}

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
#[serde(from = "v1::Finding", into = "v1::Finding")]
#[non_exhaustive]
pub struct Finding {
    /// Its code.
    pub code: Code,
    /// The cause, with what is known beside it; programs that embed the library read
    /// [`Self::facts`].
    #[doc(hidden)]
    pub basis: Basis,
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
    /// Ids of the endpoints concerned, in plan order.
    pub endpoints: Vec<String>,
    /// Ids of the remedies, best first.
    pub remedies: Vec<String>,
    /// What would prove an accusation wrong, in a clause after "this would be wrong if"; `None`
    /// where nothing is blocked or degraded.
    pub wrong_if: Option<String>,
}

impl Verdict {
    /// A judgment without a cause.
    pub fn new(outcome: Outcome, confidence: Confidence, summary: String) -> Self {
        Self {
            outcome,
            requirement: None,
            stage: None,
            basis: Basis::default(),
            confidence,
            culprit: None,
            summary,
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
            basis: Basis::new(code.into()),
            outcome,
            stage: code.stage(),
            confidence,
            culprit: None,
            summary,
            endpoints: Vec::new(),
            remedies: Vec::new(),
            wrong_if: None,
        }
    }
}

impl Basis {
    /// A cause alone.
    pub fn new(cause: Cause) -> Self {
        Self {
            cause: Some(cause),
            ..Self::default()
        }
    }

    /// The code of the cause.
    pub fn code(&self) -> Option<Code> {
        self.cause.as_ref().map(Cause::code)
    }

    /// The cause and those behind it, the nearest first.
    pub fn causes(&self) -> impl Iterator<Item = &Cause> {
        self.cause.iter().chain(&self.because)
    }

    /// The code that the cause rests on.
    pub fn underlying(&self) -> Option<Code> {
        match &self.notes.cause {
            Some(underlying) => underlying.code(),
            None => self.causes().find_map(Cause::underlying),
        }
    }

    /// Whether a cause was seen on the endpoint, as the first or beside others.
    pub fn shows(&self, code: Code) -> bool {
        self.code() == Some(code) || self.further.iter().any(|cause| cause.code() == code)
    }

    /// Puts a cause before the one that is known, which from then on lies behind it.
    #[must_use]
    pub fn explained_by(mut self, cause: Cause) -> Self {
        if let Some(code) = self.code() {
            self.notes.cause = Some(code.into());
        }
        self.because.splice(0..0, self.cause.take());
        self.cause = Some(cause);
        self
    }

    /// The same, completed by what another judgment knows: its facts lie behind the own ones.
    pub fn or(&mut self, other: Self) {
        self.because
            .extend(other.cause.into_iter().chain(other.because));
        self.further.extend(other.further);
        self.subject.or(other.subject);
        self.notes.or(other.notes);
    }

    /// Who closes an endpoint that must be closed.
    pub fn closing(&self) -> Option<&Text> {
        self.causes().find_map(|cause| match cause {
            Cause::PolicyOpen { closing, .. } => closing.as_ref(),
            _ => None,
        })
    }

    /// The domain of a `msoid` record.
    pub fn msoid_domain(&self) -> Option<&Text> {
        self.causes().find_map(|cause| match cause {
            Cause::DnsForeignCname { record, .. }
            | Cause::DnsMsoid21vianet { record }
            | Cause::DnsMsoidMissing { record } => record.domain.as_ref(),
            _ => None,
        })
    }

    /// Leaves out what holds for one endpoint alone.
    pub fn forget_endpoint(&mut self) {
        self.subject.address = None;
        self.notes.addresses = None;
        self.notes.other_ways = None;
        self.notes.host = None;
        for cause in self.cause.iter_mut().chain(&mut self.because) {
            if let Some(lookup) = cause.lookup_mut() {
                lookup.address = None;
            }
        }
    }

    /// The facts by name, as JSON has them: those of the cause before those of what lies behind it.
    pub fn facts(&self) -> Facts {
        if let Some(saved) = &self.saved {
            return saved.clone();
        }
        let mut facts = Facts::new();
        for cause in self.because.iter().rev().chain(&self.cause) {
            facts.extend(cause.facts());
        }
        facts.extend(by_name(&self.subject));
        facts.extend(by_name(&self.notes));
        if !self.further.is_empty() {
            let codes: Vec<&str> = self.further.iter().map(|cause| cause.code().id()).collect();
            facts.insert("also".to_owned(), codes.into());
        }
        facts
    }

    /// What a saved report says; names that this version does not know stay in its facts.
    pub fn from_saved(code: Option<Code>, facts: Facts) -> Self {
        let known = |id: &serde_json::Value| id.as_str().and_then(Code::parse);
        let also = facts.get("also").and_then(|also| also.as_array());
        Self {
            cause: code.map(|code| Cause::from_facts(code, &facts)),
            because: Vec::new(),
            further: also
                .into_iter()
                .flatten()
                .filter_map(known)
                .map(Cause::bare)
                .collect(),
            subject: read_each(&facts),
            notes: read_each(&facts),
            saved: Some(facts),
        }
    }
}

/// As a report says it: most facts of most judgments are absent.
impl std::fmt::Debug for Basis {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = out.debug_struct("Basis");
        shown
            .field("code", &self.code())
            .field("facts", &self.facts());
        shown.finish()
    }
}

/// Two judgments are equal where a report says the same of them.
impl PartialEq for Basis {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code() && self.facts() == other.facts()
    }
}

impl Verdict {
    /// The code of the cause; `None` where there is none.
    pub fn code(&self) -> Option<Code> {
        self.basis.code()
    }

    /// The facts that the judgment rests on, by name.
    pub fn facts(&self) -> Facts {
        self.basis.facts()
    }
}

impl Finding {
    /// The facts that the judgment rests on, by name.
    pub fn facts(&self) -> Facts {
        self.basis.facts()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::SomeAddresses;

    #[test]
    fn what_lies_behind_is_found_behind_another_cause_too() {
        let addresses = SomeAddresses {
            cause: Some(Code::TcpDropped),
            ..SomeAddresses::default()
        };
        let flaw = Basis::new(Cause::TcpSomeAddresses { addresses });
        let mut filtered = Basis::new(Code::HttpUserAgentFiltered.into());
        filtered.or(flaw);
        assert_eq!(filtered.underlying(), Some(Code::TcpDropped));
        assert_eq!(filtered.facts()["cause"], "tcp-dropped");
    }

    #[test]
    fn a_saved_judgment_keeps_facts_that_are_not_known_or_have_another_form() {
        let saved = r#"{"proxy": "p.example:3128", "rounds": "two", "of_tomorrow": [1]}"#;
        let facts: Facts = serde_json::from_str(saved).unwrap();
        let basis = Basis::from_saved(Some(Code::TcpDropped), facts.clone());
        assert_eq!(basis.facts(), facts);
        assert_eq!(
            basis.subject.proxy.as_ref().unwrap().as_str(),
            "p.example:3128"
        );
        assert_eq!(basis.notes.rounds, None);
    }
}

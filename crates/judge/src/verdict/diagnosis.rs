//! A diagnosis: a code with its facts, worded as a verdict at the end.

use std::net::IpAddr;

use serde_json::Value;

use reach365_model::endpoint::{Endpoint, printable};
use reach365_model::evidence::Stage;
use reach365_model::verdict::{Code, Confidence, Culprit, Facts, Outcome, Verdict, Who};

/// Characters of foreign text that a fact holds at most.
const FACT_LIMIT: usize = 200;
/// The fact that says why credentials were not sent.
pub(super) const WITHHELD: &str = "credentials_withheld";
/// The fact that the list states a private issuer, and what this machine lacks to trust it.
pub const OWN_ISSUER: &str = "own_issuer";
/// The fact that nothing comparable was seen to work, so that the cause accuses no party.
pub const NO_CONTROL: &str = "no_control";
/// Entries of a list that a fact holds at most.
const LIST_LIMIT: usize = 16;

/// The cause of a failure, or a flaw of an answer.
#[derive(Debug, Clone)]
pub(super) struct Diagnosis {
    pub(super) code: Code,
    pub(super) outcome: Outcome,
    pub(super) stage: Stage,
    pub(super) confidence: Confidence,
    pub(super) who: Who,
    pub(super) address: Option<IpAddr>,
    pub(super) facts: Facts,
}

impl Diagnosis {
    /// A diagnosis with the defaults of its code, seen once.
    pub(super) fn new(code: Code) -> Self {
        Self {
            code,
            outcome: code.outcome(),
            stage: code.stage(),
            confidence: Confidence::Low,
            who: code.who(),
            address: None,
            facts: Facts::new(),
        }
    }

    pub(super) fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), bounded(value.into()));
        self
    }

    pub(super) fn sure(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    pub(super) fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    pub(super) fn by(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    /// The address of the culprit.
    pub(super) fn at_address(mut self, address: Option<IpAddr>) -> Self {
        self.address = address;
        self
    }

    pub(super) fn verdict(self, endpoint: &Endpoint) -> Verdict {
        let mut summary = fill(
            self.code.says(),
            &self.sentence_facts(endpoint),
            Some(endpoint),
        );
        let remarks = [WITHHELD, OWN_ISSUER];
        for why in remarks.iter().filter_map(|name| self.facts.get(*name)) {
            summary = format!("{summary}; {}", value_text(why));
        }
        let mut culprit = Culprit::new(self.who);
        culprit.address = self.address;
        let mut verdict = Verdict::new(self.outcome, self.confidence, summary);
        verdict.stage = Some(self.stage);
        verdict.code = Some(self.code);
        verdict.culprit = Some(culprit);
        verdict.facts = self.facts;
        verdict
    }

    /// The facts as they stand in the sentence: behind a proxy the address is the proxy's, and what
    /// happened there happened on the path through it.
    fn sentence_facts(&self, endpoint: &Endpoint) -> Facts {
        let mut facts = self.facts.clone();
        if let Some(Value::String(proxy)) = self.facts.get("proxy")
            && self.stage > Stage::Proxy
        {
            let path = format!("{endpoint} through the proxy {proxy}");
            facts.insert("address".to_owned(), path.into());
        }
        facts
    }
}

/// A verdict without a cause.
pub(super) fn plain(
    outcome: Outcome,
    confidence: Confidence,
    summary: String,
    facts: Facts,
) -> Verdict {
    let mut verdict = Verdict::new(outcome, confidence, summary);
    verdict.facts = facts;
    verdict
}

/// The cause is unknown, and why.
pub(super) fn inconclusive(endpoint: &Endpoint, why: &str) -> Verdict {
    let summary = format!("{endpoint} could not be judged: {}", printable(why));
    plain(
        Outcome::Inconclusive,
        Confidence::Low,
        summary,
        Facts::new(),
    )
}

/// Puts facts into a sentence; `host`, `port` and `target` come from the endpoint.
pub fn fill(template: &str, facts: &Facts, endpoint: Option<&Endpoint>) -> String {
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            break;
        };
        out.push_str(&value_of(name, facts, endpoint));
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn value_of(name: &str, facts: &Facts, endpoint: Option<&Endpoint>) -> String {
    if let Some(value) = facts.get(name) {
        return value_text(value);
    }
    match (name, endpoint) {
        ("host", Some(endpoint)) => endpoint.host.to_string(),
        ("port", Some(endpoint)) => endpoint.port.to_string(),
        ("target", Some(endpoint)) => endpoint.to_string(),
        _ => "(unknown)".to_owned(),
    }
}

/// A fact as it stands in a sentence.
fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "nothing".to_owned(),
        Value::Array(items) => items.iter().map(value_text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn bounded(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(short(&text)),
        Value::Array(items) => items.into_iter().take(LIST_LIMIT).map(bounded).collect(),
        other => other,
    }
}

/// Foreign text, printable and of bounded length.
pub fn short(text: &str) -> String {
    let text = printable(text);
    match text.char_indices().nth(FACT_LIMIT) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Milliseconds as people read them.
pub(super) fn whole_ms(ms: f64) -> u64 {
    if ms.is_finite() {
        ms.max(0.0).round() as u64
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_takes_its_facts_once_and_never_rereads_foreign_braces() {
        let diagnosis = Diagnosis::new(Code::TlsPlaintext)
            .fact("address", "192.0.2.1:443")
            .fact("first_bytes", "{host}\u{1b}[2J");
        let text = fill(
            "{address} says {first_bytes}, {missing}",
            &diagnosis.facts,
            None,
        );
        assert_eq!(text, "192.0.2.1:443 says {host}\\u{1b}[2J, (unknown)");
    }

    #[test]
    fn foreign_text_is_cut() {
        let diagnosis = Diagnosis::new(Code::TlsPlaintext).fact("first_bytes", "x".repeat(100_000));
        assert_eq!(
            value_text(&diagnosis.facts["first_bytes"]).chars().count(),
            201
        );
    }
}

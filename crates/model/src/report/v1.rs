//! Judgments as schema 1 writes them: a code, and its facts by name.

use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::evidence::Stage;
use crate::facts::Facts;
use crate::verdict::{self, Basis, Confidence, Culprit, Outcome, Requirement};

/// The judgment on one endpoint.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = schema::define_facts))]
pub(crate) struct Verdict {
    /// What came out.
    outcome: Outcome,
    /// Of an endpoint that must be closed: whether it is. `None` for every other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requirement: Option<Requirement>,
    /// Where it broke; `None` where nothing did.
    stage: Option<Stage>,
    /// The cause; `None` where there is none.
    code: Option<Code>,
    /// How sure the judgment is.
    confidence: Confidence,
    /// Who did it.
    culprit: Option<Culprit>,
    /// One sentence for people.
    summary: String,
    /// The facts that the judgment rests on, by name.
    facts: Facts,
    /// The run-wide finding that explains this row.
    consequence_of: Option<Code>,
    /// Ids of the remedies, best first.
    remedies: Vec<String>,
    /// What would prove an accusation wrong, in a clause after "this would be wrong if"; `None`
    /// where nothing is blocked or degraded.
    #[serde(default)]
    wrong_if: Option<String>,
}

impl From<verdict::Verdict> for Verdict {
    fn from(verdict: verdict::Verdict) -> Self {
        Self {
            outcome: verdict.outcome,
            requirement: verdict.requirement,
            stage: verdict.stage,
            code: verdict.code(),
            confidence: verdict.confidence,
            facts: verdict.facts(),
            culprit: verdict.culprit,
            summary: verdict.summary,
            consequence_of: verdict.consequence_of,
            remedies: verdict.remedies,
            wrong_if: verdict.wrong_if,
        }
    }
}

impl From<Verdict> for verdict::Verdict {
    fn from(saved: Verdict) -> Self {
        Self {
            outcome: saved.outcome,
            requirement: saved.requirement,
            stage: saved.stage,
            basis: Basis::from_saved(saved.code, saved.facts),
            confidence: saved.confidence,
            culprit: saved.culprit,
            summary: saved.summary,
            consequence_of: saved.consequence_of,
            remedies: saved.remedies,
            wrong_if: saved.wrong_if,
        }
    }
}

/// A cause that holds for several endpoints or for the whole run.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = schema::refer_to_facts))]
pub(crate) struct Finding {
    /// The cause.
    code: Code,
    /// What it means for the endpoints.
    outcome: Outcome,
    /// Where it sits.
    stage: Stage,
    /// How sure the judgment is.
    confidence: Confidence,
    /// Who did it; `None` where the path itself is long or loses packets.
    culprit: Option<Culprit>,
    /// One sentence for people.
    summary: String,
    /// The facts that the judgment rests on.
    facts: Facts,
    /// Ids of the endpoints concerned, in plan order.
    endpoints: Vec<String>,
    /// Ids of the remedies, best first.
    remedies: Vec<String>,
    /// What would prove an accusation wrong, in a clause after "this would be wrong if"; `None`
    /// where nothing is blocked or degraded.
    #[serde(default)]
    wrong_if: Option<String>,
}

impl From<verdict::Finding> for Finding {
    fn from(finding: verdict::Finding) -> Self {
        Self {
            code: finding.code,
            outcome: finding.outcome,
            stage: finding.stage,
            confidence: finding.confidence,
            facts: finding.facts(),
            culprit: finding.culprit,
            summary: finding.summary,
            endpoints: finding.endpoints,
            remedies: finding.remedies,
            wrong_if: finding.wrong_if,
        }
    }
}

impl From<Finding> for verdict::Finding {
    fn from(saved: Finding) -> Self {
        Self {
            code: saved.code,
            basis: Basis::from_saved(Some(saved.code), saved.facts),
            outcome: saved.outcome,
            stage: saved.stage,
            confidence: saved.confidence,
            culprit: saved.culprit,
            summary: saved.summary,
            endpoints: saved.endpoints,
            remedies: saved.remedies,
            wrong_if: saved.wrong_if,
        }
    }
}

/// Which facts of its own each code has, and of which type; a judgment may have others beside them.
#[cfg(feature = "schema")]
mod schema {
    use schemars::Schema;
    use schemars::generate::SchemaSettings;
    use serde_json::{Map, Value, json};

    use crate::cause::Cause;

    /// The rules stand once, at the verdict; findings refer to them.
    pub(super) fn define_facts(schema: &mut Schema) {
        let settings = SchemaSettings::default().with(|it| it.inline_subschemas = true);
        let causes = settings.into_generator().into_root_schema_for::<Cause>();
        let variants = causes.get("oneOf").and_then(Value::as_array);
        let rules: Vec<Value> = variants.into_iter().flatten().filter_map(rule).collect();
        schema.insert(
            "$defs".to_owned(),
            json!({ "FactsByCode": { "allOf": rules } }),
        );
        refer_to_facts(schema);
    }

    pub(super) fn refer_to_facts(schema: &mut Schema) {
        let rules = json!([{ "$ref": "#/$defs/Verdict/$defs/FactsByCode" }]);
        schema.insert("allOf".to_owned(), rules);
    }

    fn rule(variant: &Value) -> Option<Value> {
        let code = &variant["properties"]["code"]["const"];
        let facts = variant["properties"]["facts"]["properties"].as_object()?;
        let facts: Map<String, Value> = facts
            .iter()
            .map(|(name, value)| (name.clone(), json!({ "type": type_of(name, value) })))
            .collect();
        (!facts.is_empty()).then(|| {
            json!({
                "if": { "properties": { "code": { "const": code } } },
                "then": { "properties": { "facts": { "properties": facts } } }
            })
        })
    }

    /// The JSON type of a fact that is there: one that is absent is left out, not null. An alert may
    /// have come without a number that can be read.
    fn type_of(name: &str, value: &Value) -> Value {
        let mut types = types_of(value);
        types.retain(|one| one != "null" || name == "alert");
        types.dedup();
        match types.as_slice() {
            [one] => one.as_str().into(),
            _ => types.into(),
        }
    }

    fn types_of(value: &Value) -> Vec<String> {
        let alternatives = value.get("anyOf").or_else(|| value.get("oneOf"));
        match (value.get("type"), alternatives) {
            (Some(Value::String(one)), _) => vec![one.clone()],
            (Some(Value::Array(all)), _) => {
                let names = all.iter().filter_map(Value::as_str);
                names.map(str::to_owned).collect()
            }
            (_, Some(Value::Array(parts))) => parts.iter().flat_map(types_of).collect(),
            _ => vec!["string".to_owned()],
        }
    }
}

#[cfg(all(test, feature = "schema"))]
mod tests {
    #[test]
    fn the_schema_says_which_facts_a_code_has() {
        let schema = schemars::schema_for!(crate::report::Report);
        let text = serde_json::to_string(&schema).unwrap();
        let rule = r#""then":{"properties":{"facts":{"properties":{"median_ms":{"type":"integer"},"tcp_ms":{"type":"integer"}}}}}"#;
        assert!(text.contains(rule), "{text}");
    }
}

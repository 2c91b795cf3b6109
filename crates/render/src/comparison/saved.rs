//! A saved report without its evidence.

use std::borrow::Cow;

use reach365_model::Timestamp;
use serde::Deserialize;

use reach365_model::endpoint::{Cloud, Scheme, printable};
use reach365_model::error::Error;
use reach365_model::report::{SCHEMA, Timings, check_schema};
use reach365_model::verdict::{Outcome, Requirement};
use reach365_proxy::text;

use crate::redaction::placeholder::{has_placeholder, is_placeholder_address};

/// What a comparison keeps of a saved report.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedRun {
    /// How it is called: the site, else the machine, else what the caller called it.
    pub name: String,
    /// What the caller called it, such as the name of its file.
    pub source: String,
    /// Unique name of the run.
    pub id: String,
    /// When it began.
    pub started: Timestamp,
    /// The cloud whose rules were applied.
    pub cloud: Cloud,
    /// Version of the program that wrote it.
    pub version: String,
    /// Whether placeholders replace what is private in it.
    pub redacted: bool,
    /// The results, in their order.
    pub rows: Vec<SavedRow>,
    /// The run-wide causes.
    pub findings: Vec<SavedFinding>,
}

/// What a comparison keeps of a result.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "RawRow")]
pub struct SavedRow {
    /// Name of the entry in its list.
    pub id: String,
    /// Host and port.
    pub target: String,
    /// What is asked for, with the path; results of one id with different requests are different.
    pub request: String,
    /// The path of the connection: `direct` or `proxy`.
    pub via: String,
    /// What came out.
    pub outcome: Outcome,
    /// Of an endpoint that must be closed: whether it is.
    pub requirement: Option<Requirement>,
    /// The cause; one that this version does not know stays a word.
    pub code: Option<String>,
    /// The run-wide cause that explains the result.
    pub consequence_of: Option<String>,
    /// One sentence for people.
    pub summary: String,
    /// Milliseconds per stage.
    pub timings: Timings,
}

/// What a comparison keeps of a run-wide cause.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SavedFinding {
    /// The cause.
    pub code: String,
    /// What it means for the endpoints.
    pub outcome: Outcome,
    /// One sentence for people.
    pub summary: String,
    /// Ids of the endpoints concerned.
    pub endpoints: Vec<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "a report")]
struct Raw<'a> {
    #[serde(borrow)]
    schema: Option<Cow<'a, str>>,
    tool: RawTool,
    run: RawRun,
    endpoints: Vec<SavedRow>,
    findings: Vec<SavedFinding>,
}

/// Only the name of the schema, for documents that are not reports.
#[derive(Deserialize)]
#[serde(expecting = "a report")]
struct Envelope<'a> {
    #[serde(borrow)]
    schema: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct RawTool {
    version: String,
}

#[derive(Deserialize)]
struct RawRun {
    id: String,
    started: Timestamp,
    cloud: Cloud,
    site: Option<String>,
    host: Option<String>,
    #[serde(default)]
    redacted: bool,
}

#[derive(Deserialize)]
struct RawRow {
    id: String,
    host: String,
    port: u16,
    scheme: Scheme,
    path: String,
    via: String,
    verdict: RawVerdict,
    timings: Timings,
}

#[derive(Deserialize)]
struct RawVerdict {
    outcome: Outcome,
    #[serde(default)]
    requirement: Option<Requirement>,
    code: Option<String>,
    consequence_of: Option<String>,
    summary: String,
}

impl SavedRun {
    /// Reads a saved report and drops its evidence. `source` names it where it names neither a site
    /// nor a machine.
    ///
    /// # Errors
    /// [`Error::Report`] where the text is not JSON, names another schema or a newer one, or does
    /// not hold what the schema asks for; the message begins with `source`.
    pub fn from_json(source: &str, bytes: &[u8]) -> Result<Self, Error> {
        let said = |why: &str| Error::Report(format!("{source}: {why}"));
        let text = text::decode(bytes).ok_or_else(|| said("neither UTF-8 nor UTF-16 text"))?;
        let raw = read(&text).map_err(|why| said(&why))?;
        let name = [raw.run.site, raw.run.host]
            .into_iter()
            .flatten()
            .find(|name| !name.trim().is_empty());
        Ok(Self {
            name: name.unwrap_or_else(|| source.to_owned()),
            source: source.to_owned(),
            id: raw.run.id,
            started: raw.run.started,
            cloud: raw.run.cloud,
            version: raw.tool.version,
            redacted: raw.run.redacted,
            rows: raw.endpoints,
            findings: raw.findings,
        })
    }
}

/// The words of a mistake are those of `replay`.
fn read(text: &str) -> Result<Raw<'_>, String> {
    serde_json::from_str::<Raw<'_>>(text)
        .map_err(|error| explain(text, &error))
        .and_then(|raw| match check_schema(raw.schema.as_deref()) {
            Ok(()) => Ok(raw),
            Err(error) => Err(error.to_string()),
        })
}

/// Another schema is why nothing else fits, so it is said first.
fn explain(text: &str, error: &serde_json::Error) -> String {
    let words = printable(&error.to_string());
    match serde_json::from_str::<Envelope<'_>>(text) {
        Err(broken) if !broken.is_data() => format!("not JSON: {}", printable(&broken.to_string())),
        Err(_) => format!("not a report: {words}"),
        Ok(envelope) => match check_schema(envelope.schema.as_deref()) {
            Err(other) => other.to_string(),
            Ok(()) => format!("not a report of schema {SCHEMA}: {words}"),
        },
    }
}

impl From<RawRow> for SavedRow {
    fn from(raw: RawRow) -> Self {
        let host = if raw.host.contains(':') {
            format!("[{}]", raw.host)
        } else {
            raw.host
        };
        let target = match raw.scheme {
            Scheme::Dns => host,
            _ => format!("{host}:{}", raw.port),
        };
        Self {
            request: format!("{}://{target}{}", raw.scheme, raw.path),
            target,
            id: raw.id,
            via: raw.via,
            outcome: raw.verdict.outcome,
            requirement: raw.verdict.requirement,
            code: raw.verdict.code,
            consequence_of: raw.verdict.consequence_of,
            summary: raw.verdict.summary,
            timings: raw.timings,
        }
    }
}

impl SavedRow {
    /// Whether a placeholder replaces its id or its host, where its report is redacted.
    pub fn is_nameless(&self) -> bool {
        let target = self.target.rsplit_once(':');
        let host = target.map_or(self.target.as_str(), |(host, _)| host);
        has_placeholder(&self.id)
            || has_placeholder(host)
            || host
                .trim_matches(['[', ']'])
                .parse()
                .is_ok_and(is_placeholder_address)
    }

    /// Whether a genuine answer came.
    pub fn answered(&self) -> bool {
        matches!(self.outcome, Outcome::Reachable | Outcome::Degraded)
    }

    /// Whether something is wrong with it.
    pub fn failed(&self) -> bool {
        matches!(
            self.outcome,
            Outcome::Degraded | Outcome::Inconclusive | Outcome::Blocked
        )
    }

    /// The cause: the run-wide cause where one explains the result, else its own.
    pub fn cause(&self) -> Option<&str> {
        let cause = self.consequence_of.as_deref().or(self.code.as_deref());
        cause.filter(|_| self.failed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = include_str!("../../../../examples/saved_report.json");

    #[test]
    fn a_report_is_read_without_its_evidence() {
        let run = SavedRun::from_json("a.json", REPORT.as_bytes()).unwrap();
        assert_eq!((run.name.as_str(), run.rows.len()), ("a.json", 3));
        assert!(
            run.rows[0]
                .request
                .starts_with("https://login.alpha.example:")
        );
        assert!(run.rows.iter().any(|row| row.cause().is_some()));
    }

    #[test]
    fn the_site_then_the_machine_name_a_run() {
        let named = |from: &str, to: &str| {
            let text = REPORT.replacen(from, to, 1);
            SavedRun::from_json("a.json", text.as_bytes()).unwrap().name
        };
        assert_eq!(named(r#""host": null"#, r#""host": "pc-7""#), "pc-7");
        assert_eq!(named(r#""site": null"#, r#""site": "Lyon""#), "Lyon");
    }

    #[test]
    fn what_is_no_report_is_refused_with_a_reason() {
        let newer = REPORT.replace("report/1", "report/2");
        let cases = [
            (&REPORT[..REPORT.len() / 2], "not JSON"),
            ("", "not JSON"),
            ("[]", "not a report"),
            ("{}", "`schema` is missing"),
            ("{\"schema\": \"reach365/report/1\"}", "missing field"),
            (newer.as_str(), "newer than this program"),
            (
                "{\"schema\": \"reach365/report/3\", \"rows\": 1}",
                "newer than this program",
            ),
        ];
        for (text, words) in cases {
            let error = SavedRun::from_json("b.json", text.as_bytes()).unwrap_err();
            let said = error.to_string();
            assert!(
                said.starts_with("b.json: ") && said.contains(words),
                "{said}"
            );
        }
    }
}

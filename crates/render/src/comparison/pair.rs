//! Two runs, before and after a change.

use reach365_model::Timestamp;
use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::comparison::saved::{SavedFinding, SavedRow, SavedRun};
use reach365_model::report::Timings;
use reach365_model::verdict::{Outcome, Requirement};

/// A time must grow by this factor to be called slower: the same host asked twice within a minute
/// commonly varies by half, so that less would be noise.
pub const SLOWER_FACTOR: f64 = 2.0;
/// It must grow by so many milliseconds too: less is not noticed, and 2 ms that become 5 are noise.
pub const SLOWER_MS: f64 = 100.0;

/// What changed between two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The earlier run, as the caller has it.
    pub before: Side,
    /// The later one.
    pub after: Side,
    /// What makes the two hard to compare, a sentence each.
    pub notes: Vec<String>,
    /// The number of results for each kind of change.
    pub totals: Totals,
    /// Whether something that worked or half worked is worse.
    pub regression: bool,
    /// The results that changed, worst kind first.
    pub changes: Vec<Change>,
    /// Run-wide causes that came.
    pub findings_came: Vec<FindingChange>,
    /// Run-wide causes that went.
    pub findings_went: Vec<FindingChange>,
}

/// One of the two runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The site, the machine or the file.
    pub name: String,
    /// What the caller called it.
    pub source: String,
    /// When it began.
    pub started: Timestamp,
    /// The cloud whose rules were applied.
    pub cloud: reach365_model::endpoint::Cloud,
    /// Version of the program.
    pub version: String,
    /// How many results it has.
    pub rows: usize,
}

/// The number of results for each kind of change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Worse than before.
    pub worse: usize,
    /// Better than before.
    pub better: usize,
    /// As bad as before, for another cause.
    pub other_cause: usize,
    /// As good as before, and slower beyond noise.
    pub slower: usize,
    /// Skipped in one of the two, another request under the same id, or a placeholder for its name.
    pub not_comparable: usize,
    /// In the later run alone.
    pub new: usize,
    /// In the earlier run alone.
    pub gone: usize,
    /// As before.
    pub unchanged: usize,
}

/// How a result changed; the order is that of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Worse than before.
    Worse,
    /// Better than before.
    Better,
    /// As bad as before, for another cause.
    OtherCause,
    /// Slower beyond noise.
    Slower,
    /// Skipped in one of the two, another request under the same id, or a placeholder for its name.
    NotComparable,
    /// In the later run alone.
    New,
    /// In the earlier run alone.
    Gone,
}

/// One result that changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// How it changed.
    pub kind: Kind,
    /// Name of the entry.
    pub id: String,
    /// Host and port.
    pub endpoint: String,
    /// What it was.
    pub before: Option<State>,
    /// What it is.
    pub after: Option<State>,
    /// The time that grew most, where one grew beyond noise.
    pub slower: Option<SlowStage>,
    /// What else there is to say, such as another route.
    pub note: Option<String>,
}

/// A result in one of the runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct State {
    /// What came out.
    pub outcome: Outcome,
    /// Of an endpoint that must be closed: whether it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirement: Option<Requirement>,
    /// The cause: the run-wide cause where one explains the result, else its own.
    pub code: Option<String>,
    /// The proxy or direct path of the connection.
    pub via: String,
    /// One sentence for people.
    pub summary: String,
    /// All stages together.
    pub total_ms: f64,
}

/// A time that grew beyond noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SlowStage {
    /// `dns`, `tcp`, `proxy`, `tls`, `http` or `total`.
    pub stage: &'static str,
    /// Milliseconds before.
    pub before_ms: f64,
    /// Milliseconds after.
    pub after_ms: f64,
}

/// A run-wide cause that came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingChange {
    /// The cause.
    pub code: String,
    /// What it means for the endpoints.
    pub outcome: Outcome,
    /// One sentence for people.
    pub summary: String,
    /// How many endpoints it concerns.
    pub endpoints: usize,
}

impl Comparison {
    /// Compares two runs. Results are paired by id, request and proxy or direct path; where
    /// only that path changed, by id and request; else by id.
    ///
    /// It is a regression where a result is worse, or where a new run-wide cause degrades or
    /// blocks and no result shows it. What is slower, new or gone is information.
    pub fn new(before: &SavedRun, after: &SavedRun) -> Self {
        let pairs = pairs(&before.rows, &after.rows);
        let redacted = before.redacted || after.redacted;
        let mut changes = Vec::new();
        let mut totals = Totals::default();
        for (old, new) in &pairs {
            let nameless = redacted
                && [*old, *new]
                    .into_iter()
                    .flatten()
                    .any(SavedRow::is_nameless);
            let change = if nameless {
                numbered(*old, *new)
            } else {
                change(*old, *new)
            };
            totals.count(change.as_ref().map(|change| change.kind));
            changes.extend(change);
        }
        changes.sort_by_key(|change| change.kind);
        let findings_came = missing_in(&before.findings, &after.findings);
        let findings_went = missing_in(&after.findings, &before.findings);
        Self {
            notes: notes(before, after),
            regression: totals.worse > 0 || findings_came.iter().any(FindingChange::speaks_alone),
            before: Side::from_run(before),
            after: Side::from_run(after),
            totals,
            changes,
            findings_came,
            findings_went,
        }
    }

    /// The exit code of the command line: 1 for a regression, else 0.
    pub fn exit_code(&self) -> u8 {
        u8::from(self.regression)
    }
}

type Pair<'a> = (Option<&'a SavedRow>, Option<&'a SavedRow>);

/// Pairs of results, in the order of the later run; those that are gone come last.
fn pairs<'a>(before: &'a [SavedRow], after: &'a [SavedRow]) -> Vec<Pair<'a>> {
    let exact = positions(before, |row| (&*row.id, &*row.request, &*row.via));
    let by_request = positions(before, |row| (&*row.id, &*row.request));
    let by_id = positions(before, |row| &*row.id);
    let mut taken = HashSet::new();
    let mut partner: Vec<Option<usize>> = Vec::with_capacity(after.len());
    for row in after {
        let found = exact.get(&(&*row.id, &*row.request, &*row.via));
        partner.push(found.copied().filter(|at| taken.insert(*at)));
    }
    for (row, partner) in after.iter().zip(&mut partner) {
        if partner.is_none() {
            let found = by_request.get(&(&*row.id, &*row.request)).copied();
            *partner = found.filter(|at| taken.insert(*at));
        }
    }
    for (row, partner) in after.iter().zip(&mut partner) {
        if partner.is_none() {
            let found = by_id.get(&*row.id).copied();
            *partner = found.filter(|at| taken.insert(*at));
        }
    }
    let both = after
        .iter()
        .zip(partner)
        .map(|(row, at)| (at.map(|at| &before[at]), Some(row)));
    let gone = before.iter().enumerate();
    let gone = gone.filter(|(at, _)| !taken.contains(at));
    let gone: Vec<Pair<'a>> = gone.map(|(_, row)| (Some(row), None)).collect();
    both.chain(gone).collect()
}

fn positions<'a, K: std::hash::Hash + Eq>(
    rows: &'a [SavedRow],
    key: impl Fn(&'a SavedRow) -> K,
) -> HashMap<K, usize> {
    let rows = rows.iter().enumerate();
    rows.map(|(at, row)| (key(row), at)).collect()
}

/// How a result changed; `None` where it did not.
fn change(before: Option<&SavedRow>, after: Option<&SavedRow>) -> Option<Change> {
    let (kind, slower, note) = match (before, after) {
        (Some(old), Some(new)) => judged(old, new)?,
        (None, _) => (Kind::New, None, None),
        (_, None) => (Kind::Gone, None, None),
    };
    let shown = after.or(before)?;
    Some(Change {
        kind,
        id: shown.id.clone(),
        endpoint: shown.target.clone(),
        before: before.map(State::from_row),
        after: after.map(State::from_row),
        slower,
        note,
    })
}

/// A result with a placeholder for its name: the one of the other report may be another host.
fn numbered(before: Option<&SavedRow>, after: Option<&SavedRow>) -> Option<Change> {
    let shown = after.or(before)?;
    Some(Change {
        kind: Kind::NotComparable,
        id: shown.id.clone(),
        endpoint: shown.target.clone(),
        before: before.map(State::from_row),
        after: after.map(State::from_row),
        slower: None,
        note: Some("a placeholder stands for its name".to_owned()),
    })
}

type Judged = (Kind, Option<SlowStage>, Option<String>);

fn judged(old: &SavedRow, new: &SavedRow) -> Option<Judged> {
    if old.request != new.request {
        let note = format!(
            "the id means {} before and {} after",
            old.request, new.request
        );
        return Some((Kind::NotComparable, None, Some(note)));
    }
    if old.requirement.is_some() != new.requirement.is_some() {
        let note = "it must be closed by one list and reachable by the other".to_owned();
        return Some((Kind::NotComparable, None, Some(note)));
    }
    let skipped = |row: &SavedRow| row.outcome == Outcome::Skipped;
    if skipped(old) && skipped(new) {
        return None;
    }
    if skipped(old) || skipped(new) {
        let when = if skipped(old) { "before" } else { "after" };
        let note = format!("it was not probed {when}, so nothing follows");
        return Some((Kind::NotComparable, None, Some(note)));
    }
    let slower = slowest(old, new);
    let kind = match new.outcome.cmp(&old.outcome) {
        std::cmp::Ordering::Greater => Kind::Worse,
        std::cmp::Ordering::Less => Kind::Better,
        std::cmp::Ordering::Equal if old.cause() != new.cause() => Kind::OtherCause,
        std::cmp::Ordering::Equal => slower.map(|_| Kind::Slower)?,
    };
    Some((kind, slower, other_way(old, new)))
}

fn other_way(old: &SavedRow, new: &SavedRow) -> Option<String> {
    let words = |via: &str| match via {
        "direct" => "directly".to_owned(),
        "proxy" => "through a proxy".to_owned(),
        other => format!("by `{other}`"),
    };
    (old.via != new.via).then(|| {
        format!(
            "the way changed: {} before, {} after",
            words(&old.via),
            words(&new.via)
        )
    })
}

/// The stage that grew most beyond noise, or the total where no single stage did. Times of failures
/// are limits of this program and are not compared.
fn slowest(old: &SavedRow, new: &SavedRow) -> Option<SlowStage> {
    if !old.answered() || !new.answered() {
        return None;
    }
    let grown = stages(&old.timings).into_iter().zip(stages(&new.timings));
    let grown = grown.filter_map(|((stage, before), (_, after))| {
        let slow = SlowStage {
            stage,
            before_ms: before?,
            after_ms: after?,
        };
        slow.is_beyond_noise().then_some(slow)
    });
    let growth = |slow: &SlowStage| slow.after_ms - slow.before_ms;
    let stage = grown.max_by(|one, other| growth(one).total_cmp(&growth(other)));
    let total = SlowStage {
        stage: "total",
        before_ms: old.timings.total_ms,
        after_ms: new.timings.total_ms,
    };
    stage.or_else(|| total.is_beyond_noise().then_some(total))
}

fn stages(timings: &Timings) -> [(&'static str, Option<f64>); 5] {
    [
        ("dns", timings.dns_ms),
        ("tcp", timings.tcp_ms),
        ("proxy", timings.proxy_ms),
        ("tls", timings.tls_ms),
        ("http", timings.http_ms),
    ]
}

impl SlowStage {
    fn is_beyond_noise(&self) -> bool {
        self.after_ms > self.before_ms * SLOWER_FACTOR && self.after_ms - self.before_ms > SLOWER_MS
    }
}

fn missing_in(there: &[SavedFinding], findings: &[SavedFinding]) -> Vec<FindingChange> {
    let known: HashSet<&str> = there.iter().map(|finding| finding.code.as_str()).collect();
    let new = findings
        .iter()
        .filter(|finding| !known.contains(finding.code.as_str()));
    new.map(FindingChange::from_finding).collect()
}

/// What a reader must know before trusting the differences.
fn notes(before: &SavedRun, after: &SavedRun) -> Vec<String> {
    let mut notes = Vec::new();
    if before.id == after.id {
        notes.push("both reports are of the same run".to_owned());
    } else if after.started < before.started {
        notes.push("the second report is older than the first".to_owned());
    }
    if before.cloud != after.cloud {
        notes.push(format!(
            "different clouds: {} before, {} after; what is required differs",
            before.cloud, after.cloud
        ));
    }
    if before.name != after.name && before.name != before.source && after.name != after.source {
        notes.push(format!(
            "different places: {} before, {} after",
            before.name, after.name
        ));
    }
    if before.version != after.version {
        notes.push(format!(
            "judged by different versions ({} before, {} after); `reach365 replay` judges both by the same rules",
            before.version, after.version
        ));
    }
    notes.extend(different_lists(&before.rows, &after.rows));
    notes.extend(placeholders(&[before, after]));
    notes
}

/// What cannot be told of redacted reports, where one of them has placeholders for endpoints.
pub(super) fn placeholders(runs: &[&SavedRun]) -> Option<String> {
    let redacted = runs.iter().any(|run| run.redacted);
    let mut rows = runs.iter().flat_map(|run| &run.rows);
    (redacted && rows.any(SavedRow::is_nameless)).then(|| {
        "redacted reports number names each by itself: rows with a placeholder are not compared"
            .to_owned()
    })
}

fn different_lists(before: &[SavedRow], after: &[SavedRow]) -> Option<String> {
    let ids = |rows: &[SavedRow]| rows.iter().map(|row| row.id.clone()).collect();
    let (old, new): (HashSet<String>, HashSet<String>) = (ids(before), ids(after));
    let (only_old, only_new) = (old.difference(&new).count(), new.difference(&old).count());
    (only_old + only_new > 0).then(|| {
        format!(
            "different lists or selections: {only_old} rows before alone, {only_new} after alone"
        )
    })
}

impl Side {
    fn from_run(run: &SavedRun) -> Self {
        Self {
            name: run.name.clone(),
            source: run.source.clone(),
            started: run.started,
            cloud: run.cloud,
            version: run.version.clone(),
            rows: run.rows.len(),
        }
    }
}

impl State {
    fn from_row(row: &SavedRow) -> Self {
        Self {
            outcome: row.outcome,
            requirement: row.requirement,
            code: row.cause().map(str::to_owned),
            via: row.via.clone(),
            summary: row.summary.clone(),
            total_ms: row.timings.total_ms,
        }
    }
}

impl FindingChange {
    fn from_finding(finding: &SavedFinding) -> Self {
        Self {
            code: finding.code.clone(),
            outcome: finding.outcome,
            summary: finding.summary.clone(),
            endpoints: finding.endpoints.len(),
        }
    }

    /// Whether no result shows what it means.
    fn speaks_alone(&self) -> bool {
        self.endpoints == 0 && matches!(self.outcome, Outcome::Degraded | Outcome::Blocked)
    }
}

impl Totals {
    fn count(&mut self, kind: Option<Kind>) {
        let place = match kind {
            Some(Kind::Worse) => &mut self.worse,
            Some(Kind::Better) => &mut self.better,
            Some(Kind::OtherCause) => &mut self.other_cause,
            Some(Kind::Slower) => &mut self.slower,
            Some(Kind::NotComparable) => &mut self.not_comparable,
            Some(Kind::New) => &mut self.new,
            Some(Kind::Gone) => &mut self.gone,
            None => &mut self.unchanged,
        };
        *place += 1;
    }
}

impl Kind {
    /// Every kind, in the order of the report.
    pub const ALL: [Self; 7] = [
        Self::Worse,
        Self::Better,
        Self::OtherCause,
        Self::Slower,
        Self::NotComparable,
        Self::New,
        Self::Gone,
    ];

    /// The name, as JSON and CSV spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Better => "better",
            Self::OtherCause => "other-cause",
            Self::Slower => "slower",
            Self::NotComparable => "not-comparable",
            Self::New => "new",
            Self::Gone => "gone",
        }
    }
}

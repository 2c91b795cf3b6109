//! Many runs beside each other: sites by endpoints, with what they have in common named once.

use reach365_model::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use crate::comparison::pair::placeholders;
use crate::comparison::saved::{SavedRow, SavedRun};
use reach365_model::endpoint::Cloud;
use reach365_model::verdict::{Code, Outcome, Requirement};

/// Something is shared where so many have it; one alone shares nothing.
const SHARED_BY: usize = 2;

/// Sites by endpoints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Matrix {
    /// What makes the runs hard to compare, a sentence each.
    pub notes: Vec<String>,
    /// Causes that many cells have in common, each once.
    pub shared: Vec<SharedCause>,
    /// The endpoints, in the order of the first run that has them.
    pub columns: Vec<Column>,
    /// The sites, in the order of the caller.
    pub sites: Vec<SiteRow>,
}

/// An endpoint. Lists may give one id to different requests: these are columns of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Name of the entry.
    pub id: String,
    /// Host and port.
    pub endpoint: String,
    /// What is asked for, with the path.
    pub request: String,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SiteRow {
    /// The site, the machine or the file; no two are the same.
    pub site: String,
    /// What the caller called it.
    pub source: String,
    /// When it began.
    pub started: Timestamp,
    /// The worst outcome of its cells.
    pub outcome: Option<Outcome>,
    /// One cell a column; `null` where the run has no such endpoint.
    pub cells: Vec<Option<Cell>>,
}

/// One endpoint at one site.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Cell {
    /// What came out.
    pub outcome: Outcome,
    /// Of an endpoint that must be closed: whether it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirement: Option<Requirement>,
    /// The cause: the run-wide cause where one explains the result, else its own.
    pub cause: Option<String>,
}

/// A cause that many cells have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "of")]
pub enum SharedCause {
    /// Every endpoint of every site.
    Everything {
        /// The cause.
        cause: String,
    },
    /// Every endpoint of one site.
    Site {
        /// The site.
        site: String,
        /// The cause.
        cause: String,
        /// How many endpoints.
        endpoints: usize,
    },
    /// One endpoint at every site that is not broken as a whole.
    Endpoint {
        /// Name of the entry.
        id: String,
        /// Host and port.
        endpoint: String,
        /// The cause.
        cause: String,
        /// How many sites.
        sites: usize,
    },
}

impl Matrix {
    /// Puts runs beside each other.
    pub fn new(runs: &[SavedRun]) -> Self {
        let columns = columns(runs);
        let names = names(runs);
        let sites: Vec<SiteRow> = runs
            .iter()
            .zip(names)
            .map(|(run, name)| SiteRow::new(run, name, &columns))
            .collect();
        Self {
            notes: notes(runs),
            shared: shared(&columns, &sites, &nameless(runs)),
            columns,
            sites,
        }
    }
}

impl SiteRow {
    fn new(run: &SavedRun, site: String, columns: &[Column]) -> Self {
        let mut rows: HashMap<(&str, &str), &SavedRow> = HashMap::new();
        for row in &run.rows {
            // An endpoint on two routes is as bad as the worse one.
            let known = rows.entry((&*row.id, &*row.request)).or_insert(row);
            if row.outcome > known.outcome {
                *known = row;
            }
        }
        let cell = |column: &Column| {
            let row = rows.get(&(&*column.id, &*column.request));
            row.map(|row| Cell::from_row(row))
        };
        let cells: Vec<Option<Cell>> = columns.iter().map(cell).collect();
        Self {
            site,
            source: run.source.clone(),
            started: run.started,
            outcome: cells.iter().flatten().map(|cell| cell.outcome).max(),
            cells,
        }
    }

    /// The cells that were probed.
    fn probed(&self) -> impl Iterator<Item = &Cell> {
        let cells = self.cells.iter().flatten();
        cells.filter(|cell| cell.outcome != Outcome::Skipped)
    }
}

impl Cell {
    fn from_row(row: &SavedRow) -> Self {
        Self {
            outcome: row.outcome,
            requirement: row.requirement,
            cause: row.cause().map(str::to_owned),
        }
    }
}

fn columns(runs: &[SavedRun]) -> Vec<Column> {
    let mut known = HashSet::new();
    let rows = runs.iter().flat_map(|run| &run.rows);
    let new = rows.filter(|row| known.insert((&*row.id, &*row.request)));
    new.map(|row| Column {
        id: row.id.clone(),
        endpoint: row.target.clone(),
        request: row.request.clone(),
    })
    .collect()
}

/// Ids for which redacted reports have placeholders: the same one is another endpoint elsewhere.
fn nameless(runs: &[SavedRun]) -> HashSet<&str> {
    if !runs.iter().any(|run| run.redacted) {
        return HashSet::new();
    }
    let rows = runs.iter().flat_map(|run| &run.rows);
    let nameless = rows.filter(|row| row.is_nameless());
    nameless.map(|row| row.id.as_str()).collect()
}

/// A name each: where two are the same the source tells them apart, else a number does.
fn names(runs: &[SavedRun]) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for run in runs {
        *counts.entry(run.name.as_str()).or_default() += 1;
    }
    let mut used: HashMap<String, usize> = HashMap::new();
    let named = runs.iter().map(|run| {
        let alone = counts.get(run.name.as_str()) == Some(&1) || run.name == run.source;
        let name = if alone {
            run.name.clone()
        } else {
            format!("{} ({})", run.name, run.source)
        };
        let seen = used.entry(name.clone()).or_default();
        *seen += 1;
        match *seen {
            1 => name,
            number => format!("{name} #{number}"),
        }
    });
    named.collect()
}

fn notes(runs: &[SavedRun]) -> Vec<String> {
    let clouds: BTreeMap<Cloud, usize> = counted(runs.iter().map(|run| run.cloud));
    let versions: BTreeMap<&str, usize> = counted(runs.iter().map(|run| run.version.as_str()));
    let mut lists: HashSet<Vec<&str>> = HashSet::new();
    for run in runs {
        let mut ids: Vec<&str> = run.rows.iter().map(|row| row.id.as_str()).collect();
        ids.sort_unstable();
        lists.insert(ids);
    }
    let mut notes = Vec::new();
    if clouds.len() > 1 {
        notes.push(format!("different clouds: {}", listed(&clouds)));
    }
    if versions.len() > 1 {
        notes.push(format!(
            "judged by different versions: {}",
            listed(&versions)
        ));
    }
    if lists.len() > 1 {
        let count = lists.len();
        notes.push(format!(
            "{count} different lists or selections: a row that a run lacks was not asked for"
        ));
    }
    notes.extend(placeholders(&runs.iter().collect::<Vec<_>>()));
    notes
}

fn counted<T: Ord>(values: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

fn listed<T: std::fmt::Display>(counts: &BTreeMap<T, usize>) -> String {
    let parts = counts
        .iter()
        .map(|(value, count)| format!("{value} ({count})"));
    parts.collect::<Vec<_>>().join(", ")
}

/// The causes that many cells share, the widest first; no cell is explained twice, and none of an
/// endpoint for which it is unknown whether it is the same everywhere.
fn shared(columns: &[Column], sites: &[SiteRow], nameless: &HashSet<&str>) -> Vec<SharedCause> {
    let whole: Vec<Option<&str>> = sites.iter().map(|site| common(site.probed())).collect();
    if let Some(cause) = everywhere(&whole) {
        return vec![SharedCause::Everything {
            cause: cause.to_owned(),
        }];
    }
    let broken = sites.iter().zip(&whole).filter_map(|(site, cause)| {
        Some(SharedCause::Site {
            site: site.site.clone(),
            cause: (*cause)?.to_owned(),
            endpoints: site.probed().count(),
        })
    });
    let others = sites.iter().zip(&whole);
    let others: Vec<&SiteRow> = others
        .filter(|(_, cause)| cause.is_none())
        .map(|(site, _)| site)
        .collect();
    let columns = columns.iter().enumerate();
    let named = columns.filter(|(_, column)| !nameless.contains(column.id.as_str()));
    let endpoints = named.filter_map(|(at, column)| {
        let cells = others.iter().filter_map(|site| site.cells[at].as_ref());
        let cells: Vec<&Cell> = cells
            .filter(|cell| cell.outcome != Outcome::Skipped)
            .collect();
        Some(SharedCause::Endpoint {
            id: column.id.clone(),
            endpoint: column.endpoint.clone(),
            cause: common(cells.iter().copied())?.to_owned(),
            sites: cells.len(),
        })
    });
    broken.chain(endpoints).collect()
}

fn everywhere<'a>(whole: &[Option<&'a str>]) -> Option<&'a str> {
    let first = (*whole.first()?)?;
    let same = whole.len() >= SHARED_BY && whole.iter().all(|cause| *cause == Some(first));
    same.then_some(first)
}

/// The cause that all cells have, where there are enough of them.
fn common<'a>(cells: impl Iterator<Item = &'a Cell>) -> Option<&'a str> {
    let mut count = 0;
    let mut first: Option<&str> = None;
    for cell in cells {
        let cause = cell.cause.as_deref()?;
        if first.get_or_insert(cause) != &cause {
            return None;
        }
        count += 1;
    }
    first.filter(|_| count >= SHARED_BY)
}

impl SharedCause {
    /// The cause.
    pub fn cause(&self) -> &str {
        match self {
            Self::Everything { cause }
            | Self::Site { cause, .. }
            | Self::Endpoint { cause, .. } => cause,
        }
    }
}

impl std::fmt::Display for SharedCause {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Everything { .. } => write!(out, "every endpoint at every site: ")?,
            Self::Site {
                site, endpoints, ..
            } => {
                write!(out, "{site}: all {endpoints} endpoints: ")?;
            }
            Self::Endpoint {
                endpoint, sites, ..
            } => {
                write!(out, "{endpoint}: all {sites} sites that can tell: ")?;
            }
        }
        out.write_str(&explained(self.cause()))
    }
}

/// A cause with what it means, where this version knows.
pub(crate) fn explained(cause: &str) -> String {
    match Code::parse(cause) {
        Some(code) => format!("{cause}: {}", code.means()),
        None => cause.to_owned(),
    }
}

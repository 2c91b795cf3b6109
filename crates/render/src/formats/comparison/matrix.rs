//! Sites by endpoints, for people: what all have in common as text, the rest as a table that
//! leaves out what is everywhere the same, or as a list where the table is too wide.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;

use crate::comparison::{Cell, Matrix, SharedCause, SiteRow, explained};
use crate::formats::layout::{Lead, NARROWEST, Page, text_width};
use crate::formats::required;
use crate::formats::style::{Color, TextStyle};
use reach365_model::verdict::Outcome;
use reach365_proxy::safe_text::counted;

/// Columns that one endpoint takes: up to two digits and a space.
const CELL: usize = 3;
/// More endpoints than two digits can number are listed.
const MOST_COLUMNS: usize = 99;
/// A site's name is shortened beyond this.
const LONGEST_NAME: usize = 30;
/// Sites that are named in one group before "and n more".
const NAMED: usize = 3;
/// Groups of sites that are shown; the other formats have them all.
const MOST_GROUPS: usize = 60;

/// Sites whose cells are the same.
struct Alike<'a> {
    sites: Vec<&'a SiteRow>,
    cells: Vec<Option<&'a Cell>>,
}

pub(super) fn text(matrix: &Matrix, style: &TextStyle, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page::new(style, out);
    let (sites, endpoints) = (matrix.sites.len(), matrix.columns.len());
    page.paragraph(
        &Lead::indent(0),
        &format!("{sites} sites, {endpoints} endpoints"),
        Color::Title,
    )?;
    for note in &matrix.notes {
        let lead = Lead::indent(2).then(style, Color::Title, "note ");
        page.paragraph(&lead, note, Color::Plain)?;
    }
    common_causes(matrix, &mut page)?;
    differences(matrix, &mut page)?;
    legend(&mut page)
}

fn common_causes(matrix: &Matrix, page: &mut Page<'_>) -> io::Result<()> {
    if matrix.shared.is_empty() {
        return Ok(());
    }
    page.title("IN COMMON")?;
    for (cause, sites) in broken_sites(matrix) {
        let words = format!("{}: every endpoint: {}", listed(&sites), explained(cause));
        page.paragraph(&Lead::indent(2), &words, Color::Plain)?;
    }
    let others = matrix.shared.iter();
    for shared in others.filter(|shared| !matches!(shared, SharedCause::Site { .. })) {
        page.paragraph(&Lead::indent(2), &shared.to_string(), Color::Plain)?;
    }
    Ok(())
}

/// The sites that one cause explains as a whole, by cause.
fn broken_sites(matrix: &Matrix) -> BTreeMap<&str, Vec<&str>> {
    let mut by_cause: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for shared in &matrix.shared {
        if let SharedCause::Site { site, cause, .. } = shared {
            by_cause.entry(cause).or_default().push(site);
        }
    }
    by_cause
}

fn listed(names: &[&str]) -> String {
    let shown = names
        .iter()
        .take(NAMED)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn differences(matrix: &Matrix, page: &mut Page<'_>) -> io::Result<()> {
    let sites = told_apart(matrix);
    let shown = differing(matrix, &sites);
    let alike = grouped(&sites, &shown);
    if shown.is_empty() {
        page.title("NO DIFFERENCES")?;
        let words = "what is not named above is the same at every site";
        return page.paragraph(&Lead::indent(2), words, Color::Plain);
    }
    let left_out = matrix.columns.len() - shown.len();
    page.title("WHERE SITES DIFFER")?;
    if left_out > 0 {
        let words = format!("left out: {left_out} endpoints that are the same at every site");
        page.paragraph(&Lead::indent(2), &words, Color::Faint)?;
    }
    let name_width = page.width().saturating_sub(2 + CELL * shown.len());
    if name_width >= NARROWEST && shown.len() <= MOST_COLUMNS {
        table(matrix, &shown, &alike, name_width.min(LONGEST_NAME), page)?;
    } else {
        list(matrix, &shown, &alike, page)?;
    }
    let hidden = alike.len().saturating_sub(MOST_GROUPS);
    if hidden > 0 {
        let words = format!("and {hidden} more lines: --format csv or html has them all");
        page.paragraph(&Lead::indent(2), &words, Color::Faint)?;
    }
    Ok(())
}

/// The sites that no cause explains as a whole: those are named already.
fn told_apart(matrix: &Matrix) -> Vec<&SiteRow> {
    let whole = matrix.shared.iter().filter_map(|shared| match shared {
        SharedCause::Site { site, .. } => Some(site.as_str()),
        _ => None,
    });
    let whole: HashSet<&str> = whole.collect();
    let sites = matrix.sites.iter();
    sites
        .filter(|site| !whole.contains(site.site.as_str()))
        .collect()
}

/// Positions of the endpoints that are not the same at every one of the sites.
fn differing(matrix: &Matrix, sites: &[&SiteRow]) -> Vec<usize> {
    let differs = |at: &usize| {
        let mut cells = sites.iter().map(|site| &site.cells[*at]);
        let first = cells.next();
        cells.any(|cell| Some(cell) != first)
    };
    (0..matrix.columns.len()).filter(differs).collect()
}

/// Sites with the same cells together, worst first.
fn grouped<'a>(sites: &[&'a SiteRow], shown: &[usize]) -> Vec<Alike<'a>> {
    let mut at: HashMap<Vec<Option<&Cell>>, usize> = HashMap::new();
    let mut groups: Vec<Alike<'a>> = Vec::new();
    for site in sites.iter().copied() {
        let cells: Vec<Option<&Cell>> = shown.iter().map(|at| site.cells[*at].as_ref()).collect();
        let group = *at.entry(cells.clone()).or_insert(groups.len());
        match groups.get_mut(group) {
            Some(alike) => alike.sites.push(site),
            None => groups.push(Alike {
                sites: vec![site],
                cells,
            }),
        }
    }
    groups.sort_by_key(|alike| std::cmp::Reverse(alike.badness()));
    groups
}

impl Alike<'_> {
    fn badness(&self) -> (usize, usize, usize) {
        let count = |outcome| {
            let cells = self.cells.iter().flatten();
            cells.filter(|cell| cell.outcome == outcome).count()
        };
        (
            count(Outcome::Blocked),
            count(Outcome::Inconclusive),
            count(Outcome::Degraded),
        )
    }

    fn names(&self, most: usize) -> String {
        let names = self.sites.iter().take(most).map(|site| site.site.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        match self.sites.len().saturating_sub(most) {
            0 => names,
            more => format!("{names} and {more} more"),
        }
    }
}

fn table(
    matrix: &Matrix,
    shown: &[usize],
    alike: &[Alike<'_>],
    name_width: usize,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let mut head = Lead::indent(2 + name_width);
    for number in 1..=shown.len() {
        head = head.then(page.style, Color::Faint, &format!("{number:>CELL$}"));
    }
    page.line(&head)?;
    for group in alike.iter().take(MOST_GROUPS) {
        let name = shortened(
            &reach365_model::endpoint::printable(&group.names(1)),
            name_width,
        );
        let mut line = Lead::indent(2)
            .then(page.style, Color::Plain, &name)
            .up_to(2 + name_width);
        for cell in &group.cells {
            let (color, mark) = marked(*cell, page.style);
            let column = line.width() + CELL - 1;
            line = line.up_to(column).then(page.style, color, mark);
        }
        page.line(&line)?;
    }
    page.blank()?;
    for (number, at) in (1..).zip(shown) {
        let lead = Lead::indent(2)
            .then(page.style, Color::Faint, &format!("{number:>2}"))
            .up_to(5);
        let causes = causes(alike, number - 1);
        let words = format!("{}{causes}", matrix.columns[*at].endpoint);
        page.paragraph(&lead, &words, Color::Plain)?;
    }
    Ok(())
}

/// Which causes an endpoint has, with the number of sites.
fn causes(alike: &[Alike<'_>], at: usize) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for group in alike {
        if let Some(cause) = group.cells[at].and_then(|cell| cell.cause.as_deref()) {
            *counts.entry(cause).or_default() += group.sites.len();
        }
    }
    let parts = counts
        .iter()
        .map(|(cause, count)| format!("{cause} at {}", counted(*count, "site")));
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(": {}", parts.join(", "))
    }
}

fn marked(cell: Option<&Cell>, style: &TextStyle) -> (Color, &'static str) {
    match cell {
        Some(cell) => (Color::Outcome(cell.outcome), style.mark(cell.outcome)),
        None => (Color::Faint, "."),
    }
}

/// The same as a list: sites with what fails there.
fn list(
    matrix: &Matrix,
    shown: &[usize],
    alike: &[Alike<'_>],
    page: &mut Page<'_>,
) -> io::Result<()> {
    for group in alike.iter().take(MOST_GROUPS) {
        page.paragraph(&Lead::indent(2), &group.names(NAMED), Color::Title)?;
        let mut by_cause: BTreeMap<(std::cmp::Reverse<Outcome>, &str), Vec<&str>> = BTreeMap::new();
        for (at, cell) in shown.iter().zip(&group.cells) {
            let Some(cell) = cell.filter(|cell| cell.outcome > Outcome::Reachable) else {
                continue;
            };
            let key = (
                std::cmp::Reverse(cell.outcome),
                cell.cause.as_deref().unwrap_or_default(),
            );
            by_cause
                .entry(key)
                .or_default()
                .push(&matrix.columns[*at].endpoint);
        }
        if by_cause.is_empty() {
            page.paragraph(
                &Lead::indent(4),
                "nothing fails of what differs",
                Color::Plain,
            )?;
        }
        for ((outcome, cause), endpoints) in by_cause {
            let mark = page.style.mark(outcome.0);
            let lead = Lead::indent(4)
                .then(page.style, Color::Outcome(outcome.0), mark)
                .then(page.style, Color::Plain, " ");
            let result = match cause {
                "policy-open" => required::OPEN.to_owned(),
                _ => format!("{} {cause}", outcome.0),
            };
            let words = format!("{result}: {}", endpoints.join(", "));
            page.paragraph(&lead, &words, Color::Plain)?;
        }
    }
    Ok(())
}

fn shortened(text: &str, width: usize) -> String {
    if text_width(text) <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        if text_width(&short) + 2 > width.saturating_sub(1) {
            break;
        }
        short.push(c);
    }
    short + "~"
}

fn legend(page: &mut Page<'_>) -> io::Result<()> {
    page.blank()?;
    let outcomes = [
        Outcome::Blocked,
        Outcome::Inconclusive,
        Outcome::Degraded,
        Outcome::Reachable,
        Outcome::Skipped,
    ];
    let mut parts: Vec<(Color, String)> = outcomes
        .iter()
        .map(|outcome| {
            let mark = page.style.mark(*outcome);
            (Color::Outcome(*outcome), format!("{mark} {outcome}"))
        })
        .collect();
    parts.push((Color::Faint, ". not asked for".to_owned()));
    page.parts(&parts)
}

//! Tables for spreadsheets: RFC 4180, and no cell that a spreadsheet would run.

use std::io;

use crate::comparison::{Cell, Change, Column, Comparison, Matrix, State};
use crate::formats::{csv, required};

const CHANGES: [&str; 13] = [
    "change",
    "id",
    "endpoint",
    "outcome_before",
    "outcome_after",
    "code_before",
    "code_after",
    "via_before",
    "via_after",
    "total_ms_before",
    "total_ms_after",
    "slower_stage",
    "note",
];

/// One line a changed result.
pub(super) fn comparison(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(csv::record(&CHANGES.map(str::to_owned)).as_bytes())?;
    let mut changes = comparison.changes.iter();
    changes.try_for_each(|change| out.write_all(csv::record(&cells(change)).as_bytes()))
}

fn cells(change: &Change) -> [String; 13] {
    let of = |state: &Option<State>, value: fn(&State) -> String| {
        state.as_ref().map(value).unwrap_or_default()
    };
    let (before, after) = (&change.before, &change.after);
    let outcome = |state: &State| state.outcome.to_string();
    let code = |state: &State| state.code.clone().unwrap_or_default();
    let via = |state: &State| state.via.clone();
    let total = |state: &State| format!("{:.1}", state.total_ms);
    [
        change.kind.name().to_owned(),
        change.id.clone(),
        change.endpoint.clone(),
        of(before, outcome),
        of(after, outcome),
        of(before, code),
        of(after, code),
        of(before, via),
        of(after, via),
        of(before, total),
        of(after, total),
        change
            .slower
            .map(|slow| slow.stage.to_owned())
            .unwrap_or_default(),
        change.note.clone().unwrap_or_default(),
    ]
}

/// One line a site, one column an endpoint.
pub(super) fn matrix(matrix: &Matrix, out: &mut dyn io::Write) -> io::Result<()> {
    let names = matrix.columns.iter().map(|column| name(column, matrix));
    let first = ["site", "source", "started"].map(str::to_owned);
    let head: Vec<String> = first.into_iter().chain(names).collect();
    out.write_all(csv::record(&head).as_bytes())?;
    for site in &matrix.sites {
        let first = [
            site.site.clone(),
            site.source.clone(),
            site.started.to_string(),
        ];
        let cells = site.cells.iter();
        let cells = cells.map(|cell| cell.as_ref().map(text_of).unwrap_or_default());
        let row: Vec<String> = first.into_iter().chain(cells).collect();
        out.write_all(csv::record(&row).as_bytes())?;
    }
    Ok(())
}

/// The id, or what is asked for where lists give one id to different requests.
fn name(column: &Column, matrix: &Matrix) -> String {
    let same = matrix.columns.iter().filter(|other| other.id == column.id);
    match same.count() {
        1 => column.id.clone(),
        _ => column.request.clone(),
    }
}

fn text_of(cell: &Cell) -> String {
    match &cell.cause {
        Some(cause) => format!(
            "{} {cause}",
            required::label(cell.outcome, cell.requirement)
        ),
        None => required::label(cell.outcome, cell.requirement),
    }
}

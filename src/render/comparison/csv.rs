//! Tables for spreadsheets: RFC 4180, and no cell that a spreadsheet would run.

use std::io;

use crate::comparison::{Cell, Change, Comparison, Matrix, State};
use crate::endpoint::printable;

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

/// One line a changed row.
pub(super) fn comparison(comparison: &Comparison, out: &mut dyn io::Write) -> io::Result<()> {
    line(CHANGES.map(str::to_owned), out)?;
    comparison
        .changes
        .iter()
        .try_for_each(|change| line(cells(change), out))
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
    let names = matrix.columns.iter().map(|column| column.id.clone());
    line(
        ["site", "source", "started"]
            .map(str::to_owned)
            .into_iter()
            .chain(names),
        out,
    )?;
    for site in &matrix.sites {
        let first = [
            site.site.clone(),
            site.source.clone(),
            site.started.to_string(),
        ];
        let cells = site
            .cells
            .iter()
            .map(|cell| cell.as_ref().map(words).unwrap_or_default());
        line(first.into_iter().chain(cells), out)?;
    }
    Ok(())
}

fn words(cell: &Cell) -> String {
    match &cell.cause {
        Some(cause) => format!("{} {cause}", cell.outcome),
        None => cell.outcome.to_string(),
    }
}

fn line(cells: impl IntoIterator<Item = String>, out: &mut dyn io::Write) -> io::Result<()> {
    let cells: Vec<String> = cells.into_iter().map(|cell| field(&cell)).collect();
    out.write_all(cells.join(",").as_bytes())?;
    out.write_all(b"\r\n")
}

/// A cell that begins like a formula gets an apostrophe, which spreadsheets take for "this is text".
fn field(text: &str) -> String {
    let text = printable(text);
    let formula = text.starts_with(['=', '+', '-', '@']);
    let text = if formula { format!("'{text}") } else { text };
    if text.contains(['"', ',']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_one_cell_and_no_formula() {
        assert_eq!(field("a"), "a");
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(field("=1+1"), "'=1+1");
        assert_eq!(field("a\r\nb"), "a\\u{d}\\u{a}b");
    }
}

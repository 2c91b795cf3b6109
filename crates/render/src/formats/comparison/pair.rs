//! Before and after, for people.

use std::io;

use crate::comparison::{Change, Comparison, FindingChange, Kind, Side, State};
use crate::formats::layout::{Lead, Page};
use crate::formats::required;
use crate::formats::style::{Color, TextStyle};
use reach365_model::verdict::Outcome;
use reach365_proxy::safe_text::counted;

pub(super) fn text(
    comparison: &Comparison,
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut page = Page::new(style, out);
    side("before", &comparison.before, &mut page)?;
    side("after", &comparison.after, &mut page)?;
    for note in &comparison.notes {
        let lead = Lead::indent(0).then(style, Color::Title, "note    ");
        page.paragraph(&lead, note, Color::Plain)?;
    }
    for kind in Kind::ALL {
        section(kind, &comparison.changes, &mut page)?;
    }
    findings("CAUSES THAT CAME", &comparison.findings_came, &mut page)?;
    findings("CAUSES THAT WENT", &comparison.findings_went, &mut page)?;
    page.blank()?;
    ending(comparison, &mut page)
}

fn side(label: &str, side: &Side, page: &mut Page<'_>) -> io::Result<()> {
    let lead = Lead::indent(0)
        .then(page.style, Color::Title, label)
        .up_to(8);
    let started = side.started.format_utc("%Y-%m-%d %H:%M:%S UTC");
    let words = format!(
        "{}, {started}, {} cloud, {}",
        side.name,
        side.cloud,
        counted(side.rows, "row")
    );
    page.paragraph(&lead, &words, Color::Plain)
}

fn section(kind: Kind, changes: &[Change], page: &mut Page<'_>) -> io::Result<()> {
    let of_kind = || changes.iter().filter(|change| change.kind == kind);
    if of_kind().next().is_none() {
        return Ok(());
    }
    page.title(&format!("{} ({})", heading(kind), of_kind().count()))?;
    of_kind().try_for_each(|change| row(change, page))
}

pub(super) fn heading(kind: Kind) -> &'static str {
    match kind {
        Kind::Worse => "WORSE",
        Kind::Better => "BETTER",
        Kind::OtherCause => "ANOTHER CAUSE",
        Kind::Slower => "SLOWER",
        Kind::NotComparable => "NOT COMPARABLE",
        Kind::New => "NEW",
        Kind::Gone => "GONE",
    }
}

fn row(change: &Change, page: &mut Page<'_>) -> io::Result<()> {
    let shown = change.after.as_ref().or(change.before.as_ref());
    let outcome = shown.map_or(Outcome::Skipped, |state| state.outcome);
    let mark = page.style.mark(outcome);
    let lead = Lead::indent(2)
        .then(page.style, Color::Outcome(outcome), mark)
        .then(page.style, Color::Plain, " ");
    let words = format!("{}: {}", change.endpoint, became(change));
    page.paragraph(&lead, &words, Color::Plain)?;
    for more in details(change) {
        page.paragraph(&Lead::indent(6), &more, Color::Faint)?;
    }
    Ok(())
}

/// `reachable, now blocked (tcp-dropped)`.
pub(super) fn became(change: &Change) -> String {
    match (&change.before, &change.after) {
        (Some(old), Some(new)) if old.outcome == new.outcome && old.code == new.code => state(new),
        (Some(old), Some(new)) => format!("{}, now {}", state(old), state(new)),
        (None, Some(only)) | (Some(only), None) => state(only),
        (None, None) => String::new(),
    }
}

fn state(state: &State) -> String {
    let result = required::label(state.outcome, state.requirement);
    match &state.code {
        Some(code) => format!("{result} ({code})"),
        None => result,
    }
}

pub(super) fn details(change: &Change) -> Vec<String> {
    let mut details = Vec::new();
    let tells = matches!(change.kind, Kind::Worse | Kind::OtherCause | Kind::New);
    let failed = |state: &&State| state.outcome != Outcome::Reachable;
    if let Some(after) = change.after.as_ref().filter(failed).filter(|_| tells) {
        details.push(after.summary.clone());
    }
    details.extend(change.note.clone());
    if let Some(slow) = &change.slower {
        details.push(format!(
            "{}: {:.0} ms before, {:.0} ms after",
            slow.stage, slow.before_ms, slow.after_ms
        ));
    }
    details
}

fn findings(title: &str, findings: &[FindingChange], page: &mut Page<'_>) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    page.title(&format!("{title} ({})", findings.len()))?;
    for finding in findings {
        let mark = page.style.mark(finding.outcome);
        let lead = Lead::indent(2)
            .then(page.style, Color::Outcome(finding.outcome), mark)
            .then(page.style, Color::Plain, " ");
        let words = format!("{}: {}", finding.code, finding.summary);
        page.paragraph(&lead, &words, Color::Plain)?;
    }
    Ok(())
}

fn ending(comparison: &Comparison, page: &mut Page<'_>) -> io::Result<()> {
    let totals = &comparison.totals;
    let counts = [
        (totals.worse, "worse"),
        (totals.better, "better"),
        (totals.other_cause, "with another cause"),
        (totals.slower, "slower"),
        (totals.not_comparable, "not comparable"),
        (totals.new, "new"),
        (totals.gone, "gone"),
        (totals.unchanged, "unchanged"),
    ];
    let shown = counts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> = shown
        .map(|(count, word)| (Color::Plain, format!("{count} {word}")))
        .collect();
    page.parts(&parts)?;
    let (outcome, words) = verdict(comparison);
    page.paragraph(&Lead::indent(0), words, Color::Verdict(outcome))
}

pub(super) fn verdict(comparison: &Comparison) -> (Outcome, &'static str) {
    if comparison.regression {
        (Outcome::Blocked, "exit 1: something is worse than before")
    } else {
        (
            Outcome::Reachable,
            "exit 0: nothing that both have is worse",
        )
    }
}

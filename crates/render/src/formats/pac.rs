//! Answers of PAC scripts and remarks about them, for people and for programs.

use std::io;

use serde::Serialize;

use crate::formats::json::document;
use crate::formats::layout::{Lead, Page};
use crate::formats::style::{Color, TextStyle};
use reach365_model::verdict::Outcome;
use reach365_proxy::conceal_argument;
use reach365_proxy::pac::{Entry, PacAnswer, PacFailure, Remark, RemarkLevel};
use reach365_proxy::route::Hop;

/// The column at which the text of a line begins.
const COLUMN: usize = 11;

/// What a script answered for one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacRow {
    /// The URL as the caller gave it.
    pub url: String,
    /// The answer, or why there is none.
    pub result: Result<PacAnswer, PacFailure>,
    /// Whether clients go to this host without asking any script.
    pub never_asked: bool,
}

/// Writes answers as text, a block for each URL.
///
/// # Errors
/// What `out` reports.
pub fn pac_answers(rows: &[PacRow], style: &TextStyle, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page::new(style, out);
    for (position, row) in rows.iter().enumerate() {
        if position > 0 {
            page.blank()?;
        }
        page.paragraph(&Lead::indent(0), &row.url, Color::Title)?;
        match &row.result {
            Ok(answer) => answered(answer, &mut page)?,
            Err(failure) => failed(failure, &mut page)?,
        }
        if row.never_asked {
            line(
                "note",
                "clients go to this host directly and ask no script",
                &mut page,
            )?;
        }
    }
    Ok(())
}

fn answered(answer: &PacAnswer, page: &mut Page<'_>) -> io::Result<()> {
    line(
        "answer",
        &format!("\"{}\"", conceal_argument(&answer.answer)),
        page,
    )?;
    let hops: Vec<String> = answer.hops.iter().map(ToString::to_string).collect();
    line("means", &hops.join(", then "), page)?;
    for ignored in &answer.ignored {
        line(
            "ignored",
            &format!("{}: {}", ignored.element, ignored.why),
            page,
        )?;
    }
    if !answer.names.is_empty() {
        line("asked", &answer.names.join(", "), page)?;
    }
    if answer.entry == Entry::FindProxyForUrlEx {
        line("by", answer.entry.name(), page)?;
    }
    answer
        .log
        .iter()
        .try_for_each(|message| line("alert", message, page))
}

fn failed(failure: &PacFailure, page: &mut Page<'_>) -> io::Result<()> {
    let color = Color::Outcome(Outcome::Blocked);
    let code = format!("{}  ", failure.code());
    let lead = Lead::indent(2).then(page.style, color, &code);
    page.paragraph(&lead, &failure.to_string(), Color::Plain)
}

fn line(name: &str, words: &str, page: &mut Page<'_>) -> io::Result<()> {
    let lead = Lead::indent(2).then(page.style, Color::Faint, name);
    page.paragraph(&lead.up_to(COLUMN), words, Color::Plain)
}

#[derive(Serialize)]
struct AnswerLine<'a> {
    url: &'a str,
    answer: Option<String>,
    hops: &'a [Hop],
    error: Option<&'a str>,
    message: Option<&'a str>,
    line: Option<u32>,
    names: &'a [String],
    ignored: Vec<IgnoredElement<'a>>,
    log: &'a [String],
    entry: Option<&'a str>,
    never_asked: bool,
}

#[derive(Serialize)]
struct IgnoredElement<'a> {
    element: &'a str,
    why: &'a str,
}

/// Writes answers as JSON, one object a line.
///
/// # Errors
/// What `out` reports.
pub fn pac_answers_json(rows: &[PacRow], out: &mut dyn io::Write) -> io::Result<()> {
    for row in rows {
        serde_json::to_writer(&mut *out, &answer_line(row))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn answer_line(row: &PacRow) -> AnswerLine<'_> {
    let answer = row.result.as_ref().ok();
    let failure = row.result.as_ref().err();
    let ignored = answer.map_or(&[][..], |answer| &answer.ignored);
    AnswerLine {
        url: &row.url,
        answer: answer.map(|answer| conceal_argument(&answer.answer)),
        hops: answer.map_or(&[], |answer| &answer.hops),
        error: failure.map(PacFailure::code),
        message: failure.map(|failure| failure.message.as_str()),
        line: failure.and_then(|failure| failure.line),
        names: answer.map_or(&[], |answer| &answer.names),
        ignored: ignored
            .iter()
            .map(|ignored| IgnoredElement {
                element: &ignored.element,
                why: ignored.why,
            })
            .collect(),
        log: answer.map_or(&[], |answer| &answer.log),
        entry: answer.map(|answer| answer.entry.name()),
        never_asked: row.never_asked,
    }
}

/// Writes remarks as text.
///
/// # Errors
/// What `out` reports.
pub fn pac_remarks(
    remarks: &[Remark],
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut page = Page::new(style, out);
    for remark in remarks {
        let color = Color::Outcome(match remark.level {
            RemarkLevel::Error => Outcome::Blocked,
            RemarkLevel::Warning => Outcome::Degraded,
            RemarkLevel::Note => Outcome::Skipped,
        });
        let place = remark
            .line
            .map_or(String::new(), |line| format!("line {line}, "));
        let lead = Lead::indent(0).then(page.style, color, remark.level.name());
        let words = format!("{place}{}: {}", remark.rule, remark.message);
        page.paragraph(&lead.up_to(COLUMN - 2), &words, Color::Plain)?;
    }
    page.paragraph(&Lead::indent(0), &tally(remarks), Color::Faint)
}

fn tally(remarks: &[Remark]) -> String {
    let count = |level| {
        remarks
            .iter()
            .filter(|remark| remark.level == level)
            .count()
    };
    format!(
        "{} errors, {} warnings, {} notes",
        count(RemarkLevel::Error),
        count(RemarkLevel::Warning),
        count(RemarkLevel::Note)
    )
}

#[derive(Serialize)]
struct RemarkLine<'a> {
    rule: &'a str,
    level: &'a str,
    line: Option<u32>,
    message: &'a str,
}

/// Writes remarks as one JSON array.
///
/// # Errors
/// What `out` reports.
pub fn pac_remarks_json(remarks: &[Remark], out: &mut dyn io::Write) -> io::Result<()> {
    let lines: Vec<RemarkLine<'_>> = remarks
        .iter()
        .map(|remark| RemarkLine {
            rule: remark.rule,
            level: remark.level.name(),
            line: remark.line,
            message: &remark.message,
        })
        .collect();
    document(&lines, out)
}

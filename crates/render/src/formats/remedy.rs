//! The catalogue of remedies, and plans made of it.

use std::io;

use serde::Serialize;

use crate::formats::json::document;
use crate::formats::layout::{Lead, Page};
use crate::formats::style::{Color, TextStyle};
use crate::redaction::Bundle;
use reach365_judge::remedy::{Action, LeftOut, Reason, Remedy, RemedyPlan, Step, Stop};

/// Column of the title in the list, behind ids of usual length.
const TITLE: usize = 30;

/// Lists remedies, a line each where the page is wide enough.
///
/// # Errors
/// What `out` reports.
pub fn remedies(
    remedies: &[&Remedy],
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut page = Page::new(style, out);
    for remedy in remedies {
        let lead = Lead::indent(0)
            .then(style, Color::Title, &remedy.id)
            .then(style, Color::Plain, " ")
            .up_to(TITLE);
        let words = format!("{} ({})", remedy.title, cost(remedy));
        page.paragraph(&lead, &words, Color::Plain)?;
    }
    Ok(())
}

/// Writes remedies as JSON.
///
/// # Errors
/// What `out` reports.
pub fn remedies_json(remedies: &[&Remedy], out: &mut dyn io::Write) -> io::Result<()> {
    document(&remedies, out)
}

/// Writes everything about one remedy.
///
/// # Errors
/// What `out` reports.
pub fn remedy(remedy: &Remedy, style: &TextStyle, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page::new(style, out);
    let lead = Lead::indent(0).then(style, Color::Title, &format!("{}  ", remedy.id));
    page.paragraph(&lead, &remedy.title, Color::Title)?;
    page.paragraph(&Lead::indent(2), &cost(remedy), Color::Faint)?;
    section("WHY", &remedy.why, &mut page)?;
    let cautions = cautions(remedy);
    if !cautions.is_empty() {
        page.title("BEFORE YOU DO IT")?;
        bullets(&cautions, &mut page)?;
    }
    page.title("WHAT TO DO")?;
    for (position, action) in remedy.actions.iter().enumerate() {
        let lead = Lead::indent(2).then(style, Color::Title, &format!("{}. ", position + 1));
        page.paragraph(&lead, &action.to_string(), Color::Plain)?;
    }
    if let Some(correction) = &remedy.correction {
        section("WHERE THE ARTICLE IS WRONG", correction, &mut page)?;
    }
    section("WHAT IT ANSWERS", &answered(remedy), &mut page)?;
    let place = format!("{}.", remedy.order_why);
    section("WHY AT THIS PLACE OF A PLAN", &place, &mut page)?;
    page.title("SOURCES")?;
    bullets(&remedy.sources, &mut page)
}

/// Writes a plan: what is known, the steps, the line at which to stop, what was left out.
///
/// # Errors
/// What `out` reports.
pub fn plan(plan: &RemedyPlan, style: &TextStyle, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page::new(style, out);
    for sentence in &plan.known {
        page.paragraph(&Lead::indent(0), sentence, Color::Plain)?;
    }
    page.title("DO THIS, IN THIS ORDER")?;
    if plan.steps.is_empty() {
        page.paragraph(
            &Lead::indent(2),
            "Nothing on this device: see below.",
            Color::Plain,
        )?;
    }
    for (position, step) in plan.steps.iter().enumerate() {
        step_to_do(position + 1, step, &mut page)?;
    }
    stop_line(&plan.stop, &mut page)?;
    if !plan.afterwards.is_empty() {
        page.title("WHAT THEY THEN DO")?;
        for (position, step) in plan.afterwards.iter().enumerate() {
            step_of_others(plan.steps.len() + position + 1, step, &mut page)?;
        }
    }
    left_out(&plan.left_out, &mut page)?;
    page.blank()?;
    page.paragraph(
        &Lead::indent(0),
        "`reach365 fix show ID` says how a step is done.",
        Color::Faint,
    )
}

#[derive(Serialize)]
struct PlanDocument<'a> {
    schema: &'static str,
    #[serde(flatten)]
    plan: &'a RemedyPlan,
}

/// Writes a plan as one JSON document.
///
/// # Errors
/// What `out` reports.
pub fn plan_json(plan: &RemedyPlan, out: &mut dyn io::Write) -> io::Result<()> {
    let schema = "reach365/plan/1";
    document(&PlanDocument { schema, plan }, out)
}

fn step_to_do(number: usize, step: &Step, page: &mut Page<'_>) -> io::Result<()> {
    let under = step_title(number, step.instruction(), page)?;
    let why = match &step.reason {
        // That is what the plan was asked for.
        Reason::Error { .. } => format!("{}.", step.order_why),
        reason => format!("{reason}; {}.", step.order_why),
    };
    page.paragraph(&under, &why, Color::Plain)?;
    page.paragraph(&under, &step_cost(step), Color::Faint)
}

/// A step that the reader does not take: those who take it ask for more.
fn step_of_others(number: usize, step: &Step, page: &mut Page<'_>) -> io::Result<()> {
    let under = step_title(number, step.instruction(), page)?;
    page.paragraph(&under, &step_cost(step), Color::Faint)
}

/// Returns the indentation of what stands under it.
fn step_title(number: usize, title: &str, page: &mut Page<'_>) -> io::Result<Lead> {
    let number = format!("{number:>2}. ");
    let lead = Lead::indent(1).then(page.style, Color::Title, &number);
    let under = Lead::indent(lead.width());
    page.paragraph(&lead, title, Color::Title)?;
    Ok(under)
}

fn step_cost(step: &Step) -> String {
    let Step {
        remedy,
        audience,
        minutes,
        risk,
        ..
    } = step;
    format!("{remedy}: {audience}, {minutes} min, risk {risk}")
}

fn stop_line(stop: &Stop, page: &mut Page<'_>) -> io::Result<()> {
    page.title("IF THAT DOES NOT HELP, STOP")?;
    let call = format!("Call the {}: {}. Send:", stop.call, stop.why);
    page.paragraph(&Lead::indent(2), &call, Color::Plain)?;
    bullets(&stop.send, page)
}

fn left_out(left_out: &[LeftOut], page: &mut Page<'_>) -> io::Result<()> {
    if left_out.is_empty() {
        return Ok(());
    }
    page.title("LEFT OUT, AND WHY")?;
    // One paragraph a reason: many remedies share one.
    let mut told: Vec<String> = Vec::new();
    for one in left_out {
        let why = one.why.to_string();
        if told.contains(&why) {
            continue;
        }
        let same = left_out.iter().filter(|other| other.why == one.why);
        let ids: Vec<&str> = same.map(|other| other.remedy.as_str()).collect();
        let lead = Lead::indent(2).then(page.style, Color::Plain, "- ");
        page.paragraph(&lead, &format!("{}: {why}", ids.join(", ")), Color::Plain)?;
        told.push(why);
    }
    Ok(())
}

fn section(title: &str, text: &str, page: &mut Page<'_>) -> io::Result<()> {
    page.title(title)?;
    page.paragraph(&Lead::indent(2), text, Color::Plain)
}

fn bullets<T: AsRef<str>>(lines: &[T], page: &mut Page<'_>) -> io::Result<()> {
    for line in lines {
        let lead = Lead::indent(2).then(page.style, Color::Plain, "- ");
        page.paragraph(&lead, line.as_ref(), Color::Plain)?;
    }
    Ok(())
}

fn cost(remedy: &Remedy) -> String {
    let Remedy {
        audience,
        minutes,
        risk,
        ..
    } = remedy;
    format!("{audience}, {minutes} min, risk {risk}")
}

fn cautions(remedy: &Remedy) -> Vec<String> {
    let automatic = remedy.actions.iter().any(Action::is_automatic);
    let says = [
        (remedy.elevated, "It needs an administrator of the machine."),
        (remedy.restart, "Windows has to restart."),
        (
            remedy.destroys_state,
            "It removes accounts, licenses, keys or settings.",
        ),
        (
            automatic && !remedy.reversible,
            "Not everything it does can be reverted.",
        ),
        (
            remedy.managed_device_forbidden,
            "Not on a managed device, unless its administrators do it.",
        ),
    ];
    let says = says.iter().filter(|(true_here, _)| *true_here);
    let says = says.map(|(_, words)| (*words).to_owned());
    let needs = remedy
        .needs
        .iter()
        .map(|needs| format!("Only where {needs}."));
    let never = remedy.never_planned.iter();
    let never = never.map(|reason| format!("No plan offers it: {reason}."));
    says.chain(needs).chain(never).collect()
}

fn answered(remedy: &Remedy) -> String {
    let codes = remedy.codes.iter().map(ToString::to_string);
    let answered: Vec<String> = codes.chain(remedy.errors.iter().cloned()).collect();
    if answered.is_empty() {
        return "A fault that has no number.".to_owned();
    }
    answered.join(", ")
}

/// Writes what to send along with a plan as one JSON document.
///
/// # Errors
/// What `out` reports.
pub fn bundle_json(bundle: &Bundle, out: &mut dyn io::Write) -> io::Result<()> {
    document(bundle, out)
}

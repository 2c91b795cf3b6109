//! What an error number means, for people.

use std::io;

use crate::formats::layout::{Lead, Page};
use crate::formats::style::{Color, TextStyle};
use reach365_judge::remedy::{
    self, ActivationError, App, Network, NetworkSeen, Platform, Provenance, Situation, Step,
};
use reach365_judge::report::{Explanation, Fit, explaining, network_seen};
use reach365_model::report::Report;
use reach365_model::verdict::{Code, Outcome};

/// Where the text to the right of a label begins.
const COLUMN: usize = 11;
/// Codes that are named at most.
const MOST_CODES: usize = 6;
/// Failures of a report that are named at most, of each kind of fit.
const MOST: usize = 10;
/// Steps that are named at most.
const MOST_STEPS: usize = 5;

/// Writes what an error number means, whether the network can be the cause, what to run, and which
/// failures of a report explain it. The app in which it appears orders what to do.
///
/// # Errors
/// What `out` reports.
pub fn explain_error(
    error: ActivationError,
    report: Option<&Report>,
    app: Option<App>,
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut page = Page::new(style, out);
    head(error, &mut page)?;
    for (label, text) in labeled(error) {
        labeled_line(label, &text, &mut page)?;
    }
    match report {
        Some(report) => in_report(error, report, &mut page)?,
        None => run(error)
            .iter()
            .zip(["run", ""])
            .try_for_each(|(line, label)| labeled_line(label, line, &mut page))?,
    }
    what_to_do(error, report, app, &mut page)
}

/// What the report shows of the network, without the causes that have nothing to do with the error.
fn seen_by(error: ActivationError, report: &Report) -> NetworkSeen {
    let codes: Vec<Code> = explaining(report, error)
        .iter()
        .map(|explanation| explanation.code)
        .collect();
    let mut seen = network_seen(report);
    seen.causes.retain(|cause| codes.contains(&cause.code));
    seen
}

/// The first steps of a plan that knows nothing of the device.
fn what_to_do(
    error: ActivationError,
    report: Option<&Report>,
    app: Option<App>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let plan = remedy::plan(&Situation {
        error: Some(error),
        network: report.map(|report| seen_by(error, report)),
        device: None,
        app,
        platform: Platform::Windows,
    });
    let steps: Vec<&Step> = plan.steps.iter().chain(&plan.afterwards).collect();
    if steps.is_empty() {
        return Ok(());
    }
    page.title("WHAT TO DO, IN THIS ORDER")?;
    for (position, step) in steps.iter().take(MOST_STEPS).enumerate() {
        let lead = Lead::indent(2).then(page.style, Color::Title, &format!("{}. ", position + 1));
        let line = format!(
            "{} ({}, {} min)",
            step.instruction(),
            step.audience,
            step.minutes
        );
        page.paragraph(&lead, &line, Color::Plain)?;
    }
    let more = match steps.len().saturating_sub(MOST_STEPS) {
        0 => String::new(),
        more => format!("{more} more, then the line at which to stop: "),
    };
    let closing = format!("{more}`reach365 fix plan {error} --device FILE` knows the device too.");
    page.paragraph(&Lead::indent(2), &closing, Color::Faint)
}

fn labeled_line(label: &str, text: &str, page: &mut Page<'_>) -> io::Result<()> {
    let lead = Lead::indent(2).then(page.style, Color::Faint, label);
    page.paragraph(&lead.up_to(COLUMN), text, Color::Plain)
}

fn head(error: ActivationError, page: &mut Page<'_>) -> io::Result<()> {
    let lead = Lead::indent(0).then(page.style, Color::Title, &format!("{error}  "));
    page.paragraph(&lead, error.name().unwrap_or_default(), Color::Faint)?;
    page.paragraph(&Lead::indent(2), &error.means(), Color::Plain)?;
    page.blank()
}

fn labeled(error: ActivationError) -> Vec<(&'static str, String)> {
    let mut lines = vec![("network", network(error).to_owned())];
    if !error.stages().is_empty() {
        lines.push(("stages", stages(error)));
    }
    if !error.codes().is_empty() {
        lines.push(("codes", codes(error)));
    }
    lines.push(("rule", error.rule()));
    lines.push(("source", error.provenance().to_string()));
    lines
}

/// Whether the network can be the cause.
fn network(error: ActivationError) -> &'static str {
    match error.network() {
        Network::Yes => "yes: the network, or the settings of this machine for it",
        Network::Often => "often the cause",
        Network::Sometimes => "sometimes the cause",
        Network::No if error.is_failure() => "not the cause: look at device and account",
        Network::No => "not the cause",
        Network::Unknown => "the number does not tell",
    }
}

/// Which stages should have failed, and at which endpoints.
fn stages(error: ActivationError) -> String {
    let stages = listed(error.stages().iter().map(ToString::to_string));
    match error.group() {
        Some(group) => format!("{stages}; only endpoints of the group {group} matter"),
        None => stages,
    }
}

fn codes(error: ActivationError) -> String {
    let codes = error.codes();
    let shown = listed(codes.iter().take(MOST_CODES).map(Code::to_string));
    match codes.len().saturating_sub(MOST_CODES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn run(error: ActivationError) -> Vec<String> {
    if !error.is_failure() {
        return vec!["reach365 explain, with the number of the failure itself".to_owned()];
    }
    match (error.network(), error.provenance()) {
        (_, Provenance::Structure) => vec!["reach365 check, if activation failed too".to_owned()],
        (Network::No, _) => vec!["reach365 check, to rule the network out".to_owned()],
        _ => vec![
            "reach365 check --format json --output report.json".to_owned(),
            format!("reach365 explain {error} --report report.json"),
        ],
    }
}

fn in_report(error: ActivationError, report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let found = explaining(report, error);
    page.title("IN THE REPORT")?;
    if found.is_empty() {
        return page.paragraph(&Lead::indent(2), &nothing(report), Color::Plain);
    }
    let (causes, others): (Vec<_>, Vec<_>) = found.iter().partition(|it| it.fit == Fit::Cause);
    failures(error, &causes, page)?;
    if !others.is_empty() {
        let words = "Other causes at these stages, which may explain it too:";
        page.paragraph(&Lead::indent(2), words, Color::Plain)?;
        failures(error, &others, page)?;
    }
    let more = format!("more on a cause: reach365 explain {}", found[0].code);
    page.blank()?;
    page.paragraph(&Lead::indent(0), &more, Color::Plain)
}

fn failures(
    error: ActivationError,
    found: &[&Explanation<'_>],
    page: &mut Page<'_>,
) -> io::Result<()> {
    for failure in found.iter().take(MOST) {
        let mark = format!("{} ", page.style.mark(failure.outcome));
        let lead = Lead::indent(2).then(page.style, Color::Outcome(failure.outcome), &mark);
        page.paragraph(&lead, &joined(error, failure), Color::Plain)?;
    }
    if found.len() > MOST {
        let rest = format!("and {} more", found.len() - MOST);
        page.paragraph(&Lead::indent(4), &rest, Color::Faint)?;
    }
    Ok(())
}

fn joined(error: ActivationError, failure: &Explanation<'_>) -> String {
    match &failure.target {
        Some(target) => format!(
            "{error} and {target} is {} ({})",
            failure.outcome, failure.code
        ),
        None => format!("{error} and {}: {}", failure.code, failure.summary),
    }
}

/// Silence of a report is an answer only where the report could judge.
fn nothing(report: &Report) -> String {
    let unjudged = report
        .endpoints
        .iter()
        .filter(|row| {
            matches!(
                row.verdict.outcome,
                Outcome::Inconclusive | Outcome::Skipped
            )
        })
        .count();
    let none = "The report has no failure that explains it";
    match unjudged {
        0 => format!("{none}: look at device and account."),
        1 => format!("{none}, but one endpoint could not be judged."),
        many => format!("{none}, but {many} endpoints could not be judged."),
    }
}

fn listed(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

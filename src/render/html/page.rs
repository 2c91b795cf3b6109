//! The page around everything: verdict, causes, advice and the facts of the run.

use std::io;

use super::cause::{Cause, causes};
use super::escape::Markup;
use super::{evidence, mark, waterfall, way};
use crate::remedy::{Advice, Remedy};
use crate::render::required;
use crate::render::text::{counted, endpoints, exit_meaning, party};
use crate::render::ticket::seen;
use crate::report::{EndpointReport, Report};
use crate::verdict::{Confidence, Outcome};

/// Nothing is loaded, nothing runs.
const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<style>\n";

/// Writes the page.
pub(super) fn page(report: &Report, page: &mut Markup<'_>) -> io::Result<()> {
    let causes = causes(report);
    page.own(HEAD)?;
    page.own(include_str!("style.css"))?;
    page.own("</style>\n")?;
    page.element("title", &[], &title(report))?;
    page.own("\n</head>\n<body>\n")?;
    verdict(report, &causes, page)?;
    page.own("<main>\n")?;
    what_is_wrong(report, &causes, page)?;
    advice(report, page)?;
    waterfall::table(report, page)?;
    evidence::evidence(report, page)?;
    page.own("</main>\n")?;
    run(report, page)?;
    page.own("</body>\n</html>\n")
}

fn title(report: &Report) -> String {
    let word = required::run(report);
    let site = report.run.site.as_ref();
    let site = site.map(|site| format!(", {site}")).unwrap_or_default();
    let day = report.run.started.strftime("%F");
    format!("{word}: {}{site}, {day}", counted(report))
}

fn verdict(report: &Report, causes: &[Cause<'_>], page: &mut Markup<'_>) -> io::Result<()> {
    let outcome = report.summary.outcome;
    page.open("header", &[("class", mark::class(outcome))])?;
    page.own("\n<h1>")?;
    mark::sign(outcome, page)?;
    page.element("span", &[("class", "word")], required::run(report))?;
    page.own(" ")?;
    page.element("span", &[("class", "count")], &counted(report))?;
    page.own("</h1>\n")?;
    page.element("p", &[("class", "when")], &where_and_when(report))?;
    contents(causes, page)?;
    page.close("header")
}

fn where_and_when(report: &Report) -> String {
    let run = &report.run;
    let parts = [
        run.site.as_ref().map(|site| format!("site {site}")),
        run.host.as_ref().map(|host| format!("host {host}")),
        Some(seen::moment(run.started)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Who has to act, in one line that leads to the causes; with one cause its card says it.
fn contents(causes: &[Cause<'_>], page: &mut Markup<'_>) -> io::Result<()> {
    if causes.len() < 2 {
        return Ok(());
    }
    page.own("<nav aria-label=\"Causes\">")?;
    page.element(
        "p",
        &[],
        &format!("{} causes, by who has to act:", causes.len()),
    )?;
    page.own("<ol>\n")?;
    for act in acts(causes) {
        page.open("li", &[("class", mark::class(act.outcome))])?;
        page.open("a", &[("href", &format!("#cause-{}", act.first))])?;
        mark::sign(act.outcome, page)?;
        page.text(&act.words())?;
        page.own("</a></li>\n")?;
    }
    page.own("</ol></nav>\n")
}

/// What one team has to do about causes of one outcome.
struct Act {
    team: &'static str,
    outcome: Outcome,
    /// Number of the first of the causes.
    first: usize,
    causes: usize,
}

impl Act {
    fn words(&self) -> String {
        match self.causes {
            1 => self.team.to_owned(),
            many => format!("{} ({many})", self.team),
        }
    }
}

/// A team stands where its first cause does.
fn acts(causes: &[Cause<'_>]) -> Vec<Act> {
    let mut acts: Vec<Act> = Vec::new();
    for (first, cause) in (1..).zip(causes) {
        let (team, outcome) = (cause.team().in_short(), cause.outcome);
        let known = acts
            .iter_mut()
            .find(|act| (act.team, act.outcome) == (team, outcome));
        match known {
            Some(act) => act.causes += 1,
            None => acts.push(Act {
                team,
                outcome,
                first,
                causes: 1,
            }),
        }
    }
    acts
}

fn what_is_wrong(report: &Report, causes: &[Cause<'_>], page: &mut Markup<'_>) -> io::Result<()> {
    page.own("<section aria-labelledby=\"way\">\n")?;
    if causes.is_empty() {
        page.own("<h2 id=\"way\">The way to the service</h2>\n")?;
        let seen = report.summary.reachable > 0;
        if seen {
            way::unbroken(report, page)?;
        }
        return page.close("section");
    }
    page.own("<h2 id=\"way\" class=\"unseen\">What is wrong</h2>\n")?;
    for (number, one) in (1..).zip(causes) {
        cause(number, one, report, page)?;
    }
    page.close("section")
}

fn cause(
    number: usize,
    cause: &Cause<'_>,
    report: &Report,
    page: &mut Markup<'_>,
) -> io::Result<()> {
    let class = format!("cause {}", mark::class(cause.outcome));
    let (id, title) = (format!("cause-{number}"), format!("cause-{number}-title"));
    page.open(
        "article",
        &[("class", &class), ("id", &id), ("aria-labelledby", &title)],
    )?;
    page.own("<div class=\"said\">\n")?;
    tag(cause, page)?;
    page.element("h3", &[("id", &title)], &summary(cause))?;
    page.own("<dl>\n")?;
    let (who, change) = headings(cause);
    page.fact(who, &actor(cause))?;
    page.fact(change, &cause.rule().unwrap_or_default())?;
    page.own("</dl>\n</div>\n")?;
    way::of_cause(number, cause, report, page)?;
    page.own("<div class=\"more\">\n<dl>\n")?;
    page.fact("Wrong if", cause.wrong_if.unwrap_or_default())?;
    page.own("</dl>\n")?;
    hit(cause, report, page)?;
    page.own("</div>\n")?;
    page.close("article")
}

fn tag(cause: &Cause<'_>, page: &mut Markup<'_>) -> io::Result<()> {
    page.own("<p class=\"tag\">")?;
    mark::sign(cause.outcome, page)?;
    page.element("b", &[], mark::word(cause.outcome))?;
    page.element("span", &[], &format!(" {}", names(&cause.rows)))?;
    if let Some(code) = cause.code {
        page.own(" ")?;
        page.element("code", &[], code.id())?;
    }
    page.own("</p>\n")
}

/// The sentence of the verdict; of several endpoints with the name of the one that it is told of.
fn summary(cause: &Cause<'_>) -> String {
    match (cause.summary, cause.code) {
        ("", Some(code)) => code.means().to_owned(),
        (summary, _) => summary.to_owned(),
    }
}

fn headings(cause: &Cause<'_>) -> (&'static str, &'static str) {
    if cause.is_accusation() {
        return ("Who must act", "What to change");
    }
    ("Ask first", "What to find out")
}

fn actor(cause: &Cause<'_>) -> String {
    let team = cause.team().words();
    if !cause.is_accusation() {
        return format!("{team} (nobody is accused)");
    }
    let sure = match cause.confidence {
        Confidence::Certain => "certain".to_owned(),
        other => format!("{other} confidence"),
    };
    let place = cause
        .accused()
        .filter(|it| it.address.is_some() || it.hop.is_some());
    match place.and_then(party) {
        Some(party) => format!("{team} ({party}, {sure})"),
        None => format!("{team} ({sure})"),
    }
}

/// Links to what was seen.
fn hit(cause: &Cause<'_>, report: &Report, page: &mut Markup<'_>) -> io::Result<()> {
    let place = |row: &EndpointReport| {
        let mut rows = report.endpoints.iter();
        let place = rows.position(|it| std::ptr::eq(it, row));
        format!("#e{}", place.unwrap_or_default())
    };
    match cause.rows.as_slice() {
        [] => Ok(()),
        [only] => page.element("a", &[("href", &place(only))], "What was seen"),
        rows => {
            page.own("<details class=\"hit\"><summary>")?;
            page.text(&format!("All {} and what was seen", endpoints(rows.len())))?;
            page.own("</summary>\n<ul>\n")?;
            for row in rows {
                page.own("<li>")?;
                page.element("a", &[("href", &place(row))], &row.endpoint.to_string())?;
                page.own("</li>\n")?;
            }
            page.own("</ul></details>\n")
        }
    }
}

fn names(rows: &[&EndpointReport]) -> String {
    match rows {
        [] => "the whole run".to_owned(),
        [only] => only.endpoint.to_string(),
        [first, others @ ..] => format!("{} and {} more", first.endpoint, others.len()),
    }
}

fn advice(report: &Report, page: &mut Markup<'_>) -> io::Result<()> {
    if report.advice.is_empty() {
        return Ok(());
    }
    page.own("<section aria-labelledby=\"todo\">\n<h2 id=\"todo\">What to do, in this order</h2>\n<ol class=\"todo\">\n")?;
    for advice in &report.advice {
        page.own("<li>")?;
        page.element("p", &[], &advice.text)?;
        remedy(advice, page)?;
        page.own("</li>\n")?;
    }
    page.own("</ol>\n</section>\n")
}

fn remedy(advice: &Advice, page: &mut Markup<'_>) -> io::Result<()> {
    let remedy = advice.remedy.as_ref().and_then(|id| Remedy::get(id));
    let Some(remedy) = remedy else {
        return page.element("small", &[], advice.code.id());
    };
    let minutes = match remedy.minutes {
        1 => "about 1 minute".to_owned(),
        more => format!("about {more} minutes"),
    };
    let text = format!(
        "{}: {}, by a {}, {minutes}; reach365 fix show {}",
        advice.code, remedy.title, remedy.audience, remedy.id
    );
    page.element("small", &[], &text)
}

fn run(report: &Report, page: &mut Markup<'_>) -> io::Result<()> {
    let run = &report.run;
    let resolvers: Vec<String> = run
        .evidence
        .resolvers
        .iter()
        .map(ToString::to_string)
        .collect();
    let exit = format!("{}: {}", report.summary.exit_code, exit_meaning(report));
    page.own("<footer>\n<h2>This run</h2>\n<dl>\n")?;
    page.fact("Counts", &counts(report))?;
    page.fact("Exit code", &exit)?;
    page.fact("Started", &seen::moment(run.started))?;
    page.fact("Took", &format!("{:.1} s", run.elapsed_ms as f64 / 1000.0))?;
    page.fact("Site", run.site.as_deref().unwrap_or_default())?;
    page.fact("Host", run.host.as_deref().unwrap_or_default())?;
    page.fact("Platform", &run.platform)?;
    page.fact("Cloud", &run.cloud.to_string())?;
    page.fact("Resolvers", &resolvers.join(", "))?;
    page.fact("Run", &run.id)?;
    page.fact(
        "Made by",
        &format!("{} {}", report.tool.name, report.tool.version),
    )?;
    page.own("</dl>\n</footer>\n")
}

fn counts(report: &Report) -> String {
    let counts = required::counts(report.endpoints.iter());
    let some = counts.iter().filter(|count| count.rows > 0);
    let words = some.map(|count| format!("{} {}", count.rows, count.words()));
    words.collect::<Vec<_>>().join(", ")
}

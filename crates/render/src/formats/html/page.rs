//! The page around everything: verdict, causes, advice and the facts of the run.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::cause::{Cause, causes};
use super::{Text, evidence, fact, mark, path, waterfall};
use crate::formats::required;
use crate::formats::text::{exit_meaning, outcome_line, party};
use crate::formats::ticket::seen;
use reach365_judge::remedy::Remedy;
use reach365_model::Advice;
use reach365_model::report::{EndpointReport, Report};
use reach365_model::verdict::{Confidence, Outcome};
use reach365_proxy::safe_text::counted;

/// Nothing is loaded, nothing runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The page.
pub(super) fn page(report: &Report) -> Markup {
    let causes = causes(report);
    html! {
        (DOCTYPE) "\n"
        html lang="en" { "\n"
            head { "\n"
                meta charset="utf-8"; "\n"
                meta http-equiv="Content-Security-Policy" content=(POLICY); "\n"
                meta name="viewport" content="width=device-width, initial-scale=1"; "\n"
                meta name="color-scheme" content="light dark"; "\n"
                meta name="referrer" content="no-referrer"; "\n"
                style { "\n" (PreEscaped(include_str!("style.css"))) } "\n"
                title { (Text(title(report))) } "\n"
            } "\n"
            body { "\n"
                (verdict(report, &causes))
                main { "\n"
                    (what_is_wrong(report, &causes))
                    (advice(report))
                    (waterfall::table(report))
                    (evidence::evidence(report))
                } "\n"
                (run(report))
            } "\n"
        } "\n"
    }
}

fn title(report: &Report) -> String {
    let word = required::run(report);
    let site = report.run.site.as_ref();
    let site = site.map(|site| format!(", {site}")).unwrap_or_default();
    let day = report.run.started.format_utc("%F");
    format!("{word}: {}{site}, {day}", outcome_line(report))
}

fn verdict(report: &Report, causes: &[Cause<'_>]) -> Markup {
    let outcome = report.summary.outcome;
    html! {
        header class=(mark::class(outcome)) { "\n"
            h1 {
                (mark::sign(outcome))
                span.word { (required::run(report)) } " "
                span.count { (Text(outcome_line(report))) }
            } "\n"
            p.when { (Text(where_and_when(report))) }
            (contents(causes))
        } "\n"
    }
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

/// The teams that must act, in one line that leads to the causes; with one cause its card says it.
fn contents(causes: &[Cause<'_>]) -> Markup {
    html! {
        @if causes.len() > 1 {
            nav aria-label="Causes" {
                p { (causes.len()) " causes, by who has to act:" }
                ol { "\n"
                    @for act in acts(causes) {
                        li class=(mark::class(act.outcome)) {
                            a href={ "#cause-" (act.first) } {
                                (mark::sign(act.outcome))
                                (act.label())
                            }
                        } "\n"
                    }
                }
            } "\n"
        }
    }
}

/// What one team must do about causes of one outcome.
struct Act {
    team: &'static str,
    outcome: Outcome,
    /// Number of the first of the causes.
    first: usize,
    causes: usize,
}

impl Act {
    fn label(&self) -> String {
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

fn what_is_wrong(report: &Report, causes: &[Cause<'_>]) -> Markup {
    html! {
        section aria-labelledby="way" { "\n"
            @if causes.is_empty() {
                h2 id="way" { "The path to the service" } "\n"
                @if report.summary.reachable > 0 {
                    (path::unbroken(report))
                }
            } @else {
                h2 id="way" class="unseen" { "What is wrong" } "\n"
                @for (number, one) in (1..).zip(causes) {
                    (cause(number, one, report))
                }
            }
        } "\n"
    }
}

fn cause(number: usize, cause: &Cause<'_>, report: &Report) -> Markup {
    let (id, title) = (format!("cause-{number}"), format!("cause-{number}-title"));
    let (who, change) = headings(cause);
    html! {
        article class={ "cause " (mark::class(cause.outcome)) } id=(id) aria-labelledby=(title) {
            div.said { "\n"
                (tag(cause))
                h3 id=(title) { (Text(summary(cause))) }
                dl { "\n"
                    (fact(who, &actor(cause)))
                    (fact(change, &cause.rule().unwrap_or_default()))
                } "\n"
            } "\n"
            (path::of_cause(number, cause, report))
            div.more { "\n"
                dl { "\n" (fact("Wrong if", cause.wrong_if.unwrap_or_default())) } "\n"
                (hit(cause, report))
            } "\n"
        } "\n"
    }
}

fn tag(cause: &Cause<'_>) -> Markup {
    html! {
        p.tag {
            (mark::sign(cause.outcome))
            b { (mark::word(cause.outcome)) }
            span { " " (Text(names(&cause.rows))) }
            @if let Some(code) = cause.code {
                " " code { (code.id()) }
            }
        } "\n"
    }
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
    let team = cause.team().label();
    if !cause.is_accusation() {
        return format!("{team} (the evidence names no party)");
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
fn hit(cause: &Cause<'_>, report: &Report) -> Markup {
    let place = |row: &EndpointReport| {
        let mut rows = report.endpoints.iter();
        rows.position(|it| std::ptr::eq(it, row))
            .unwrap_or_default()
    };
    match cause.rows.as_slice() {
        [] => Markup::default(),
        [only] => html! { a href={ "#e" (place(only)) } { "What was seen" } },
        rows => html! {
            details.hit {
                summary { "All " (counted(rows.len(), "endpoint")) " and what was seen" } "\n"
                ul { "\n"
                    @for row in rows {
                        li {
                            a href={ "#e" (place(row)) } { (Text(row.endpoint.to_string())) }
                        } "\n"
                    }
                }
            } "\n"
        },
    }
}

fn names(rows: &[&EndpointReport]) -> String {
    match rows {
        [] => "the whole run".to_owned(),
        [only] => only.endpoint.to_string(),
        [first, others @ ..] => format!("{} and {} more", first.endpoint, others.len()),
    }
}

fn advice(report: &Report) -> Markup {
    html! {
        @if !report.advice.is_empty() {
            section aria-labelledby="todo" { "\n"
                h2 id="todo" { "What to do, in this order" } "\n"
                ol.todo { "\n"
                    @for advice in &report.advice {
                        li {
                            p { (Text(&advice.text)) }
                            small { (Text(remedy(advice))) }
                        } "\n"
                    }
                } "\n"
            } "\n"
        }
    }
}

fn remedy(advice: &Advice) -> String {
    let remedy = advice.remedy.as_ref().and_then(|id| Remedy::get(id));
    let Some(remedy) = remedy else {
        return advice.code.id().to_owned();
    };
    let minutes = counted(remedy.minutes as usize, "minute");
    format!(
        "{}: {}, by a {}, about {minutes}; reach365 fix show {}",
        advice.code, remedy.title, remedy.audience, remedy.id
    )
}

fn run(report: &Report) -> Markup {
    let run = &report.run;
    let resolvers: Vec<String> = run
        .evidence
        .resolvers
        .iter()
        .map(ToString::to_string)
        .collect();
    let exit = format!("{}: {}", report.summary.exit_code, exit_meaning(report));
    html! {
        footer { "\n"
            h2 { "This run" } "\n"
            dl { "\n"
                (fact("Counts", &counts(report)))
                (fact("Exit code", &exit))
                (fact("Started", &seen::moment(run.started)))
                (fact("Took", &format!("{:.1} s", run.elapsed_ms as f64 / 1000.0)))
                (fact("Site", run.site.as_deref().unwrap_or_default()))
                (fact("Host", run.host.as_deref().unwrap_or_default()))
                (fact("Platform", &run.platform))
                (fact("Cloud", &run.cloud.to_string()))
                (fact("Resolvers", &resolvers.join(", ")))
                (fact("Run", &run.id))
                (fact("Made by", &format!("{} {}", report.tool.name, report.tool.version)))
            } "\n"
        } "\n"
    }
}

fn counts(report: &Report) -> String {
    let counts = required::counts(report.endpoints.iter());
    let some = counts.iter().filter(|count| count.rows > 0);
    let words = some.map(|count| format!("{} {}", count.rows, count.label()));
    words.collect::<Vec<_>>().join(", ")
}

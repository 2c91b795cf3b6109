//! A change request for the teams that run the network: one section a team, ready to paste.

pub(super) mod seen;

use std::io;

use crate::formats::markdown_page::MarkdownPage;
use crate::formats::required::{self, Tally};
use crate::formats::row;
use reach365_judge::remedy;
use reach365_model::endpoint::{Endpoint, Scheme};
use reach365_model::evidence::Stage;
use reach365_model::facts::Text;
use reach365_model::report::{EndpointReport, Report};
use reach365_model::verdict::{Basis, Code, Confidence, Culprit, Finding, Outcome, Who};
use reach365_proxy::safe_text::counted;

/// Endpoints without a common cause that are named where nothing could be judged.
const UNCLEAR: usize = 10;

/// The team that must change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Team {
    Resolver,
    Firewall,
    Proxy,
    Inspection,
    Others,
}

/// One thing to change.
enum Matter<'a> {
    /// A cause that holds for several endpoints, and those that it blocks.
    Wide(&'a Finding, Vec<&'a EndpointReport>),
    /// A cause of one endpoint.
    Single(&'a EndpointReport),
}

/// Writes what is blocked as a change request in Markdown: a section for each team that must act,
/// with what holds for several endpoints first.
///
/// # Errors
/// What `out` reports.
pub fn ticket(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = MarkdownPage::new(out);
    let matters = matters(report);
    if matters.is_empty() && report.summary.outcome == Outcome::Inconclusive {
        return not_judged(report, &mut page);
    }
    if matters.is_empty() {
        return page.paragraph(&nothing_blocked(report));
    }
    let title = match Tally::new(report).blocked {
        0 => "Change request: endpoints that must be closed are open",
        _ => "Change request: Microsoft 365 activation is blocked on the network",
    };
    page.title(title)?;
    page.paragraph(&preamble(report))?;
    for team in Team::ALL {
        section(team, &matters, report, &mut page)?;
    }
    Ok(())
}

/// What is blocked: wider causes first, each once, then the endpoints that none of them explains.
fn matters(report: &Report) -> Vec<Matter<'_>> {
    let blocked = |row: &&EndpointReport| row.verdict.outcome == Outcome::Blocked;
    let rows: Vec<&EndpointReport> = report.endpoints.iter().filter(blocked).collect();
    let wide: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.outcome == Outcome::Blocked)
        .collect();
    let alone = |row: &&&EndpointReport| !wide.iter().any(|finding| explains(finding, row));
    let single: Vec<Matter<'_>> = rows
        .iter()
        .filter(alone)
        .map(|row| Matter::Single(row))
        .collect();
    let of_finding = |finding: &&'_ Finding| {
        let explained = rows.iter().filter(|row| explains(finding, row));
        explained.copied().collect::<Vec<_>>()
    };
    wide.iter()
        .map(|finding| Matter::Wide(finding, of_finding(finding)))
        .chain(single)
        .collect()
}

fn explains(finding: &Finding, row: &EndpointReport) -> bool {
    let verdict = &row.verdict;
    let same = [verdict.consequence_of, verdict.code()].contains(&Some(finding.code));
    same && finding.endpoints.contains(&row.endpoint.id)
}

fn nothing_blocked(report: &Report) -> String {
    let counts = &report.summary;
    let closed = Tally::new(report).closed;
    let required = match closed {
        0 => String::new(),
        closed => format!(", and {closed} are closed as required"),
    };
    format!(
        "Nothing is blocked, so there is no change to request: of {} checked on {}, {} answer, {} answer with something wrong on the path, {} could not be judged and {} were skipped{required}.",
        counted(report.endpoints.len(), "endpoint"),
        seen::moment(report.run.started),
        counts.reachable - closed.min(counts.reachable),
        counts.degraded,
        counts.inconclusive,
        counts.skipped,
    )
}

/// A run that could not see the network is not a pass: what prevented it, and what to do about it.
fn not_judged(report: &Report, page: &mut MarkdownPage<'_>) -> io::Result<()> {
    let counts = &report.summary;
    page.title("No change request yet: this run could not judge every endpoint")?;
    page.paragraph(&format!(
        "{} of {} could not be judged on {}. {} answer, {} answer with a fault, and {} were skipped. An inconclusive run is not a pass.",
        counts.inconclusive,
        counted(report.endpoints.len(), "endpoint"),
        seen::moment(report.run.started),
        counts.reachable,
        counts.degraded,
        counts.skipped,
    ))?;
    let unclear = report.findings.iter();
    let unclear = unclear.filter(|finding| finding.outcome == Outcome::Inconclusive);
    let causes: Vec<&Finding> = unclear.collect();
    page.section("What failed")?;
    for finding in &causes {
        page.item(finding.code.id(), &finding.summary)?;
    }
    let explained = |row: &&EndpointReport| row.verdict.consequence_of.is_some();
    let rows = report.endpoints.iter();
    let rows = rows.filter(|row| row.verdict.outcome == Outcome::Inconclusive);
    for row in rows.filter(|row| !explained(row)).take(UNCLEAR) {
        page.item(&target(row), row::sentence(row, report))?;
    }
    if report.advice.is_empty() {
        return Ok(());
    }
    page.section("What to do first")?;
    let mut advice = report.advice.iter();
    advice.try_for_each(|advice| page.bullet(&advice.text))
}

fn preamble(report: &Report) -> String {
    let run = &report.run;
    let tally = Tally::new(report);
    let all = counted(report.endpoints.len(), "endpoint");
    let wrong = match (tally.blocked, tally.open) {
        (0, open) => format!("{open} of {all} must be closed and answer."),
        (blocked, 0) => format!("{blocked} of {all} cannot be reached as Microsoft 365 needs it."),
        (blocked, open) => format!(
            "{blocked} of {all} cannot be reached as Microsoft 365 needs it, and {open} must be closed and answer."
        ),
    };
    let from = run.site.as_ref().map(|site| format!(" from site {site}"));
    let on = run.host.as_ref().map(|host| format!(" on {host}"));
    format!(
        "{wrong} Checked{}{} on {} by {} {} (run {}, {} cloud). Rules are best made by name: addresses change.",
        from.unwrap_or_default(),
        on.unwrap_or_default(),
        seen::moment(run.started),
        report.tool.name,
        report.tool.version,
        run.id,
        run.cloud,
    )
}

fn section(
    team: Team,
    matters: &[Matter<'_>],
    report: &Report,
    page: &mut MarkdownPage<'_>,
) -> io::Result<()> {
    let own: Vec<&Matter<'_>> = matters
        .iter()
        .filter(|matter| matter.team() == team)
        .collect();
    if own.is_empty() {
        return Ok(());
    }
    page.section(team.title())?;
    own.into_iter().try_for_each(|matter| match matter {
        Matter::Wide(finding, rows) => wide(finding, rows, report, page),
        Matter::Single(row) => single(row, report, page),
    })
}

fn wide(
    finding: &Finding,
    rows: &[&EndpointReport],
    report: &Report,
    page: &mut MarkdownPage<'_>,
) -> io::Result<()> {
    let hosts = counted(rows.len(), "endpoint");
    page.entry(&format!("{} for {hosts}", finding.code))?;
    page.item("What is wrong", &finding.summary)?;
    let endpoints = rows.iter().map(|row| &row.endpoint).collect();
    page.item("Change", &rule(finding.code, &finding.basis, endpoints))?;
    culprit(finding.culprit.as_ref(), &finding.basis, page)?;
    certainty(finding.confidence, finding.wrong_if.as_deref(), page)?;
    rows.iter().try_for_each(|row| {
        let Endpoint { purpose, .. } = &row.endpoint;
        page.item(&target(row), purpose)?;
        on_the_way(row, report, &mut |name, text| page.under(name, text))
    })
}

fn single(row: &EndpointReport, report: &Report, page: &mut MarkdownPage<'_>) -> io::Result<()> {
    let verdict = &row.verdict;
    page.entry(&target(row))?;
    if !row.endpoint.purpose.is_empty() {
        let name = if required::must_be_closed(row) {
            "Closed because"
        } else {
            "Needed for"
        };
        page.item(name, &row.endpoint.purpose)?;
    }
    let code = verdict.code().map_or("no code", Code::id);
    page.item("What is wrong", &format!("{} ({code})", verdict.summary))?;
    if let Some(code) = verdict.code() {
        let text = rule(code, &verdict.basis, vec![&row.endpoint]);
        page.item("Change", &text)?;
    }
    culprit(verdict.culprit.as_ref(), &verdict.basis, page)?;
    on_the_way(row, report, &mut |name, text| page.item(name, text))?;
    certainty(verdict.confidence, verdict.wrong_if.as_deref(), page)
}

/// Host, port and protocol, as a rule has them.
pub(super) fn target(row: &EndpointReport) -> String {
    let endpoint = &row.endpoint;
    let protocol = match endpoint.scheme {
        Scheme::Https => "TCP, HTTPS",
        Scheme::Http => "TCP, HTTP in clear",
        Scheme::Dns => "UDP and TCP, DNS",
    };
    format!("{}, port {} ({protocol})", endpoint.host, endpoint.port)
}

/// The change as text.
fn rule(code: Code, basis: &Basis, endpoints: Vec<&Endpoint>) -> String {
    remedy::advise_on(code, basis, endpoints).text
}

/// The path, the names and addresses on it, and what happened there and when.
fn on_the_way(
    row: &EndpointReport,
    report: &Report,
    item: &mut dyn FnMut(&str, &str) -> io::Result<()>,
) -> io::Result<()> {
    item("Path", &path(row))?;
    let chain = seen::chain(&row.evidence);
    if !chain.is_empty() {
        let names = [vec![row.endpoint.host.to_string()], chain].concat();
        item("CNAME chain", &names.join(" -> "))?;
    }
    let addresses = seen::addresses(&row.evidence);
    if !addresses.is_empty() {
        item("Addresses tried", &addresses.join(", "))?;
    }
    let events = seen::events(report.run.started, row);
    events.iter().try_for_each(|event| item("Seen", event))
}

pub(super) fn path(row: &EndpointReport) -> String {
    let named = row.verdict.basis.subject.proxy.as_ref();
    let routed = || row.route.proxies().next().map(ToString::to_string);
    match named.map(ToString::to_string).or_else(routed) {
        Some(proxy) if row.via == "proxy" => format!("through the proxy {proxy}"),
        _ => "direct".to_owned(),
    }
}

/// The device that did it, as far as it is known.
fn culprit(
    culprit: Option<&Culprit>,
    basis: &Basis,
    page: &mut MarkdownPage<'_>,
) -> io::Result<()> {
    let product = basis.notes.product.as_ref().map(Text::as_str);
    let Some(culprit) = culprit.filter(|it| it.who != Who::Unknown || it.address.is_some()) else {
        return product.map_or(Ok(()), |name| page.item("Product", name));
    };
    let who = match culprit.who {
        Who::Unknown => "a device".to_owned(),
        Who::Inspection => "TLS inspection".to_owned(),
        Who::Device => "the PC itself".to_owned(),
        other => other.to_string(),
    };
    let parts = [
        Some(who),
        culprit.address.map(|address| format!("at {address}")),
        culprit.hop.map(|hop| format!("hop {hop}")),
        product.map(|name| format!("product {name}")),
    ];
    let words: Vec<String> = parts.into_iter().flatten().collect();
    page.item("Done by", &words.join(", "))
}

fn certainty(
    confidence: Confidence,
    wrong_if: Option<&str>,
    page: &mut MarkdownPage<'_>,
) -> io::Result<()> {
    let wrong = wrong_if.map(|clause| format!(". This would be wrong if {clause}."));
    let text = format!("{confidence}{}", wrong.unwrap_or_default());
    page.item("Confidence", &text)
}

impl Team {
    const ALL: [Self; 5] = [
        Self::Resolver,
        Self::Firewall,
        Self::Proxy,
        Self::Inspection,
        Self::Others,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Resolver => "Resolver (DNS)",
            Self::Firewall => "Firewall and routing",
            Self::Proxy => "Proxy and web filter",
            Self::Inspection => "TLS inspection",
            Self::Others => "Others",
        }
    }

    /// Settings that choose a proxy are the business of those who run it.
    fn from_culprit(stage: Option<Stage>, culprit: Option<&Culprit>) -> Self {
        if stage == Some(Stage::Route) {
            return Self::Proxy;
        }
        match culprit.map(|culprit| culprit.who) {
            Some(Who::Resolver) => Self::Resolver,
            Some(Who::Firewall | Who::Path) => Self::Firewall,
            Some(Who::Proxy) => Self::Proxy,
            Some(Who::Inspection) => Self::Inspection,
            _ => Self::Others,
        }
    }
}

impl Matter<'_> {
    fn team(&self) -> Team {
        match self {
            Self::Wide(finding, _) => {
                Team::from_culprit(Some(finding.stage), finding.culprit.as_ref())
            }
            Self::Single(row) => {
                Team::from_culprit(row.verdict.stage, row.verdict.culprit.as_ref())
            }
        }
    }
}

//! Proxy settings and decisions, for people and for programs.

use std::io;

use serde::Serialize;
use url::Url;

use crate::formats::json::{document, write_safely};
use crate::formats::layout::{Lead, Page};
use crate::formats::style::{Color, TextStyle};
use reach365_model::evidence::{RouteCandidate, ScriptFailure};
use reach365_proxy::blob::BlobKind;
use reach365_proxy::proxy_list::Carrier;
use reach365_proxy::route::{Origin, Route};
use reach365_proxy::{Blob, Decision, ProxySettings, ScriptSource, View, concealed, decide};

/// Where the words of settings begin.
const COLUMN: usize = 15;

/// The answer to one question about proxies and a bypass list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Match {
    /// The URL that was asked about.
    pub url: String,
    /// Whether a rule of the bypass list matched.
    pub bypassed: bool,
    /// The hops, as a PAC answer spells them.
    pub hops: Vec<String>,
    /// The rule that matched, or why a proxy is used.
    pub reason: String,
    /// Entries that do nothing, or something unexpected.
    pub warnings: Vec<String>,
}

impl Match {
    /// Asks proxies set by hand and their bypass list about a URL.
    pub fn new(view: &View, url: &Url) -> Self {
        let (_, route) = apart(decide(view, url));
        let bypass = view.settings.bypass.reason(url);
        Self {
            url: url.to_string(),
            bypassed: bypass.is_some(),
            hops: route.hop_words(),
            reason: bypass.unwrap_or_else(|| route.reasons.join("; ")),
            warnings: view.notes.clone(),
        }
    }
}

/// What every view says for one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlWays {
    /// The URL that was asked about.
    pub url: Url,
    /// One route a view, in the order of the views.
    pub ways: Vec<RouteCandidate>,
}

impl UrlWays {
    /// Whether all views give the same route.
    fn agree(&self) -> bool {
        let mut hops = self
            .ways
            .iter()
            .map(|candidate| candidate.route.hop_words());
        let first = hops.next();
        hops.all(|other| Some(other) == first)
    }
}

/// Writes every view, then for every URL what each view says and why.
///
/// # Errors
/// What `out` reports.
pub fn proxy(
    views: &[View],
    found: &[UrlWays],
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut page = Page::new(style, out);
    for view in views {
        settings(view, &mut page)?;
        page.blank()?;
    }
    for (position, found) in found.iter().enumerate() {
        if position > 0 {
            page.blank()?;
        }
        decisions(views, found, &mut page)?;
    }
    Ok(())
}

fn settings(view: &View, page: &mut Page<'_>) -> io::Result<()> {
    let lead = Lead::indent(0).then(page.style, Color::Title, view.kind.name());
    page.paragraph(&lead.up_to(COLUMN), &view.source, Color::Faint)?;
    for (name, words) in rows(&view.settings) {
        row(name, &words, page)?;
    }
    view.notes
        .iter()
        .try_for_each(|note| row("note", note, page))
}

fn row(name: &str, words: &str, page: &mut Page<'_>) -> io::Result<()> {
    let lead = Lead::indent(2).then(page.style, Color::Plain, name);
    page.paragraph(&lead.up_to(COLUMN), words, Color::Plain)
}

fn rows(settings: &ProxySettings) -> Vec<(&'static str, String)> {
    let detect = if settings.auto_detect { "on" } else { "off" };
    let pac = settings.pac_url.as_deref();
    let pac = pac.map_or_else(none, concealed::url);
    let bypass = settings.bypass.to_string();
    let reversed = if settings.bypass.is_reversed() {
        " (these alone use the proxy)"
    } else {
        ""
    };
    vec![
        ("detection", detect.to_owned()),
        ("PAC URL", pac),
        ("proxies", servers(settings)),
        (
            "bypass",
            if bypass.is_empty() {
                none()
            } else {
                bypass + reversed
            },
        ),
    ]
}

fn none() -> String {
    "none".to_owned()
}

fn servers(settings: &ProxySettings) -> String {
    let list = &settings.servers;
    let for_scheme = |carrier: &Option<Carrier>, words: &str| {
        let hop = &carrier.as_ref()?.hop;
        Some(format!("{hop} for {words}"))
    };
    let named: Vec<String> = match (&list.http, &list.https) {
        (Some(http), Some(https)) if http.hop == https.hop => vec![http.hop.to_string()],
        _ => [(&list.http, "http"), (&list.https, "https")]
            .into_iter()
            .filter_map(|(carrier, words)| for_scheme(carrier, words))
            .collect(),
    };
    let rest = for_scheme(&list.socks, "whatever has no other");
    let named: Vec<String> = named.into_iter().chain(rest).collect();
    if named.is_empty() {
        none()
    } else {
        named.join(", ")
    }
}

fn decisions(views: &[View], found: &UrlWays, page: &mut Page<'_>) -> io::Result<()> {
    page.paragraph(&Lead::indent(0), found.url.as_str(), Color::Title)?;
    for (view, candidate) in views.iter().zip(&found.ways) {
        row(
            view.kind.name(),
            &route_words(view, candidate, &found.url),
            page,
        )?;
        for reason in &candidate.route.reasons {
            reason_line(reason, page)?;
        }
        if let Some(failure) = &candidate.script_failure {
            let (script, detail) = (&failure.script, &failure.detail);
            reason_line(
                &format!("the PAC script {script} cannot be used: {detail}"),
                page,
            )?;
        }
    }
    if !found.agree() {
        row("differ", "the views do not agree on this URL", page)?;
    }
    Ok(())
}

fn reason_line(reason: &str, page: &mut Page<'_>) -> io::Result<()> {
    let bullet = Lead::indent(COLUMN).then(page.style, Color::Plain, "- ");
    page.paragraph(&bullet, reason, Color::Plain)
}

fn route_words(view: &View, candidate: &RouteCandidate, url: &Url) -> String {
    let hops = candidate.route.hop_words().join("; ");
    let scripts = open_scripts(view, candidate, url);
    if scripts.is_empty() {
        return hops;
    }
    let named: Vec<String> = scripts
        .iter()
        .map(|script| match script {
            ScriptSource::Detect => "found by automatic detection".to_owned(),
            ScriptSource::Url(url) => concealed::url(url),
        })
        .collect();
    format!(
        "a PAC script decides: {}; otherwise {hops}",
        named.join(", then ")
    )
}

/// The scripts that would decide and were not asked.
fn open_scripts(view: &View, candidate: &RouteCandidate, url: &Url) -> Vec<ScriptSource> {
    let answered = matches!(candidate.route.origin, Origin::Pac | Origin::Wpad);
    match decide(view, url) {
        Decision::Script { scripts, .. } if !answered && candidate.script_failure.is_none() => {
            scripts
        }
        _ => Vec::new(),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    views: &'a [View],
    urls: Vec<UrlDecisions>,
}

#[derive(Serialize)]
struct UrlDecisions {
    url: String,
    agree: bool,
    decisions: Vec<ViewDecision>,
}

#[derive(Serialize)]
struct ViewDecision {
    view: &'static str,
    source: String,
    origin: Origin,
    scripts: Vec<ScriptSource>,
    hops: Vec<String>,
    reasons: Vec<String>,
    script_failure: Option<ScriptFailure>,
}

/// Writes the same as one JSON document: `views`, then `urls` with the decision of every view.
/// Where `scripts` is not empty, they were not asked, and `hops` is the route where none answers.
///
/// # Errors
/// What `out` reports.
pub fn proxy_json(views: &[View], found: &[UrlWays], out: &mut dyn io::Write) -> io::Result<()> {
    let urls = found.iter().map(|found| UrlDecisions {
        url: found.url.to_string(),
        agree: found.agree(),
        decisions: views
            .iter()
            .zip(&found.ways)
            .map(|(view, candidate)| view_decision(view, candidate, &found.url))
            .collect(),
    });
    let urls = urls.collect();
    document(&Document { views, urls }, out)
}

fn view_decision(view: &View, candidate: &RouteCandidate, url: &Url) -> ViewDecision {
    ViewDecision {
        view: view.kind.name(),
        source: view.source.clone(),
        origin: candidate.route.origin,
        scripts: open_scripts(view, candidate, url),
        hops: candidate.route.hop_words(),
        reasons: candidate.route.reasons.clone(),
        script_failure: candidate.script_failure.clone(),
    }
}

/// The scripts, and the route without them.
fn apart(decision: Decision) -> (Vec<ScriptSource>, Route) {
    match decision {
        Decision::Route(route) => (Vec::new(), route),
        Decision::Script { scripts, fallback } => (scripts, fallback),
    }
}

/// Writes one decoded registry value.
///
/// # Errors
/// What `out` reports.
pub fn blob(blob: &Blob, style: &TextStyle, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page::new(style, out);
    let kind = match blob.kind {
        BlobKind::Winhttp => "winhttp",
        BlobKind::Connection => "connection",
    };
    let head = format!(
        "{kind}, version {:#x}, counter {}",
        blob.version, blob.counter
    );
    page.paragraph(&Lead::indent(0), &head, Color::Title)?;
    row("flags", &flags(blob), &mut page)?;
    row(
        "proxy",
        &kept(&blob.proxy.to_string(), blob.manual),
        &mut page,
    )?;
    row("bypass", &kept(&blob.bypass, blob.manual), &mut page)?;
    if blob.kind == BlobKind::Connection {
        row(
            "PAC URL",
            &kept(&blob.pac_url.to_string(), blob.pac),
            &mut page,
        )?;
    }
    if blob.truncated {
        row("note", "the value ends before its last field", &mut page)?;
    }
    let view = View::new(reach365_proxy::ViewKind::Explicit, "", blob.settings());
    view.notes
        .iter()
        .try_for_each(|note| row("note", note, &mut page))
}

fn flags(blob: &Blob) -> String {
    let known = [
        (blob.direct, "direct"),
        (blob.manual, "manual proxy"),
        (blob.pac, "PAC URL"),
        (blob.auto_detect, "automatic detection"),
    ];
    let set: Vec<&str> = known
        .into_iter()
        .filter_map(|(on, name)| on.then_some(name))
        .collect();
    format!(
        "{:#04x}: {}",
        blob.flags,
        if set.is_empty() {
            "none".to_owned()
        } else {
            set.join(", ")
        }
    )
}

fn kept(text: &str, on: bool) -> String {
    match (text, on) {
        ("", _) => none(),
        (text, true) => text.to_owned(),
        (text, false) => format!("{text} (kept, but switched off)"),
    }
}

/// Writes one decoded registry value as one JSON document.
///
/// # Errors
/// What `out` reports.
pub fn blob_json(blob: &Blob, out: &mut dyn io::Write) -> io::Result<()> {
    document(blob, out)
}

/// Writes answers, one below the other.
///
/// # Errors
/// What `out` reports.
pub fn matches(found: &[Match], style: &TextStyle, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page::new(style, out);
    for answer in found {
        page.paragraph(&Lead::indent(0), &answer.url, Color::Title)?;
        row("way", &answer.hops.join("; "), &mut page)?;
        row("reason", &answer.reason, &mut page)?;
    }
    let warnings = found.first().map(|answer| answer.warnings.as_slice());
    let mut warnings = warnings.unwrap_or_default().iter();
    warnings.try_for_each(|warning| row("warning", warning, &mut page))
}

/// Writes answers as one JSON object a line.
///
/// # Errors
/// What `out` reports.
pub fn matches_json(found: &[Match], out: &mut dyn io::Write) -> io::Result<()> {
    found
        .iter()
        .try_for_each(|answer| write_safely(&serde_json::to_string(answer)?, out))
}

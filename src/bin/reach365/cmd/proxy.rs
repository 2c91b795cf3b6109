//! `reach365 proxy`, `proxy decode` and `proxy match`.

use std::path::Path;

use reach365::{route_candidates, system_proxies};
use reach365_model::evidence::RouteCandidate;
use reach365_model::options::Options;
use reach365_proxy::{
    Blob, Decision, ProxySettings, View, ViewKind, decide, hex, registry_file,
    windows::{self, WinHttpAnswers},
};
use reach365_render::formats::{self as render, Match, UrlWays};
use url::Url;

use super::{input, live};
use crate::cli::{DecodeArgs, ListFormat, MatchArgs, ProxyArgs, ProxyCommand};
use crate::exit::{Failure, note};
use crate::output::Output;
use crate::terminal;

/// The URLs that are used by default: a sign-in, a license, and what Windows itself fetches without
/// TLS.
const URLS: [&str; 3] = [
    "https://login.microsoftonline.com/",
    "https://ols.officeapps.live.com/",
    "http://www.msftconnecttest.com/connecttest.txt",
];

pub(crate) fn run(args: &ProxyArgs) -> Result<u8, Failure> {
    match &args.command {
        Some(ProxyCommand::Decode(decode)) => decode_blob(decode),
        Some(ProxyCommand::Match(question)) => match_urls(question),
        None => show(args),
    }
}

fn show(args: &ProxyArgs) -> Result<u8, Failure> {
    let views = match &args.from {
        Some(file) => views_of(file)?,
        None => views_of_this_machine(),
    };
    let urls = wanted(&args.urls)?;
    let found = found(args, &views, &urls)?;
    let style = terminal::style(args.look.color, None);
    let mut output = Output::open(None)?;
    output.write(|out| match args.format {
        ListFormat::Text => render::proxy(&views, &found, &style, out),
        ListFormat::Json => render::proxy_json(&views, &found, out),
    })?;
    Ok(0)
}

/// The routes of the views for the URLs. Scripts of another machine are not fetched: their address
/// may have another meaning in that machine's network.
fn found(args: &ProxyArgs, views: &[View], urls: &[Url]) -> Result<Vec<UrlWays>, Failure> {
    let candidates = if args.from.is_some() || !views.iter().any(View::has_script) {
        urls.iter().map(|url| without_scripts(views, url)).collect()
    } else {
        let runtime = live::runtime()?;
        let candidates = runtime.block_on(route_candidates(views, urls, &Options::default()));
        // Queries to the system's resolver cannot be cancelled; the program does not wait for them.
        runtime.shutdown_background();
        candidates
    };
    let urls = urls.iter().cloned().zip(candidates);
    Ok(urls.map(|(url, ways)| UrlWays { url, ways }).collect())
}

fn without_scripts(views: &[View], url: &Url) -> Vec<RouteCandidate> {
    let candidate = |view: &View| {
        let (Decision::Route(route)
        | Decision::Script {
            fallback: route, ..
        }) = decide(view, url);
        RouteCandidate {
            view: view.kind.name().to_owned(),
            route,
            script_failure: None,
            unreadable: None,
            changes_with: Vec::new(),
        }
    };
    views.iter().map(candidate).collect()
}

fn views_of(file: &Path) -> Result<Vec<View>, Failure> {
    let name = file.display();
    let registry = registry_file::parse(&input::registry_file(file)?)
        .map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
    let views = windows::views(&registry, &WinHttpAnswers::default());
    if views.is_empty() {
        return Err(Failure::Usage(format!(
            "{name}: no proxy settings in it; export {}",
            r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Internet Settings"
        )));
    }
    Ok(views)
}

fn views_of_this_machine() -> Vec<View> {
    let system = system_proxies();
    if let Some(why) = &system.unread {
        note(&format!(
            "the proxy settings of the system could not be read: {why}"
        ));
    }
    let mut views = system.views;
    if views.is_empty() {
        note("no proxy settings found: neither of the system nor in the environment");
        views.push(View::direct());
    }
    views
}

fn wanted(urls: &[String]) -> Result<Vec<Url>, Failure> {
    if urls.is_empty() {
        note("no URL is named: these are asked about as examples");
        return parsed(&URLS);
    }
    parsed(urls)
}

fn parsed<T: AsRef<str>>(urls: &[T]) -> Result<Vec<Url>, Failure> {
    urls.iter().map(|url| parse_url(url.as_ref())).collect()
}

/// A URL, or a host, for which HTTPS is assumed.
fn parse_url(text: &str) -> Result<Url, Failure> {
    let refuse = |why: &str| Failure::Usage(format!("`{text}` is no URL to ask about: {why}"));
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let mut url = Url::parse(&full).map_err(|error| refuse(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse("only http and https go through these settings"));
    }
    let plain = url.set_username("").is_ok() && url.set_password(None).is_ok();
    if plain {
        Ok(url)
    } else {
        Err(refuse("it has no host"))
    }
}

fn decode_blob(args: &DecodeArgs) -> Result<u8, Failure> {
    let bytes = hex::decode(&args.hex.join(" "))
        .map_err(|error| Failure::Usage(format!("the value is not hexadecimal: {error}")))?;
    let blob = Blob::decode(args.kind, &bytes);
    let style = terminal::style(args.look.color, None);
    let mut output = Output::open(None)?;
    output.write(|out| match args.format {
        ListFormat::Text => render::blob(&blob, &style, out),
        ListFormat::Json => render::blob_json(&blob, out),
    })?;
    Ok(0)
}

fn match_urls(args: &MatchArgs) -> Result<u8, Failure> {
    let settings = ProxySettings::manual(&args.servers, args.dialect, &args.bypass);
    let view = View::new(ViewKind::User, "the command line", settings);
    let urls = parsed(&args.urls)?;
    let found: Vec<Match> = urls.iter().map(|url| Match::new(&view, url)).collect();
    let style = terminal::style(args.look.color, None);
    let mut output = Output::open(None)?;
    output.write(|out| match args.format {
        ListFormat::Text => render::matches(&found, &style, out),
        ListFormat::Json => render::matches_json(&found, out),
    })?;
    Ok(0)
}

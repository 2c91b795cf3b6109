//! `reach365 proxy`, `proxy decode` and `proxy match`.

use std::path::Path;

use reach365::proxy::{
    Blob, ProxySettings, View, ViewKind, hex, registry_file,
    windows::{self, WinHttpAnswers},
};
use reach365::render::{self, Match};
use reach365::system_proxies;
use url::Url;

use super::input;
use crate::cli::{DecodeArgs, ListFormat, MatchArgs, ProxyArgs, ProxyCommand};
use crate::exit::{Failure, note};
use crate::output::Output;
use crate::terminal;

/// What is asked about where nobody names a URL: a sign-in, a licence, and what Windows itself
/// fetches in clear.
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
    let style = terminal::style(args.look.color, None);
    let mut output = Output::open(None)?;
    output.write(|out| match args.format {
        ListFormat::Text => render::proxy(&views, &urls, &style, out),
        ListFormat::Json => render::proxy_json(&views, &urls, out),
    })?;
    Ok(0)
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
    let mut views = system_proxies().views;
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

/// A URL, or a host, which is asked for by HTTPS.
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

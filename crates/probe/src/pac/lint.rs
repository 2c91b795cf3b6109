//! What a script shows when it runs: answers that depend on what clients do not pass, failures,
//! slowness, and unreachable proxies.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use url::Url;

use super::environment::Resolver;
use super::{PacAnswers, PacEnvironment, Script, answer_to, answers};
use reach365_model::endpoint::{Host, quoted};
use reach365_proxy::pac::lint as lint_text;
use reach365_proxy::pac::{PacAnswer, PacFailure, Remark, RemarkLevel, ScriptRequest};
use reach365_proxy::route::{Hop, ProxyProtocol, ProxyServer};

/// A path where a URL has none, to see whether the script looks at paths.
const SAMPLE_PATH: &str = "/common/oauth2/authorize?client_id=x";
/// An evaluation that takes longer than this is noticeable.
const SLOW: Duration = Duration::from_millis(50);
/// A proxy gets this long to accept a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
const NAME_LIMIT: Duration = Duration::from_secs(4);
/// Proxies that are tried.
const PROXY_LIMIT: usize = 32;

/// Remarks about a script: those of its text, then those of its answers for these URLs. The proxies
/// that the answers name are looked up and connected to; no data is sent.
pub async fn lint(script: &Script, urls: &[Url], environment: &PacEnvironment) -> Vec<Remark> {
    let mut remarks = lint_text(&script.text);
    let mut seen = Seen::default();
    for url in urls {
        let began = Instant::now();
        let usual = answer_to(script, ScriptRequest::new(url)).await;
        let took = began.elapsed();
        seen.note(url, usual.as_ref(), took);
        if usual
            .as_ref()
            .is_err_and(|failure| failure.code() == "route-pac-limit")
        {
            break;
        }
        let all = answers(script, url).await;
        seen.changes(url, all.as_ref().ok());
        // Every client passes the path of http URLs to scripts.
        let stable = all.is_ok_and(|all| all.others.is_empty());
        if stable && url.scheme() == "https" {
            seen.compare(url, usual.as_ref(), with_path(script, url).await.as_ref());
        }
    }
    remarks.extend(seen.remarks());
    remarks.extend(unreachable_proxies(&seen.proxies, &environment.resolver()).await);
    remarks.sort_by_key(|remark| (remark.level, remark.line));
    remarks
}

type Outcome<'a> = Result<&'a PacAnswer, &'a PacFailure>;

async fn with_path(script: &Script, url: &Url) -> Result<PacAnswer, PacFailure> {
    let longer = match url.path() {
        "/" | "" => url.join(SAMPLE_PATH).unwrap_or_else(|_| url.clone()),
        _ => url.clone(),
    };
    answer_to(script, ScriptRequest::with_path(&longer)).await
}

/// What the answers showed; of each kind the first example.
#[derive(Default)]
struct Seen {
    failure: Option<(String, PacFailure)>,
    by_path: Option<(String, String, String)>,
    unstable: Option<(String, Vec<String>, String)>,
    unusable: Vec<Unusable>,
    slow: Option<(String, Duration)>,
    asked: BTreeSet<String>,
    ignored: BTreeSet<(String, &'static str)>,
    proxies: Vec<ProxyServer>,
}

impl Seen {
    fn note(&mut self, url: &Url, outcome: Outcome<'_>, took: Duration) {
        let answer = match outcome {
            Ok(answer) => answer,
            Err(failure) => {
                self.failure
                    .get_or_insert((url.to_string(), failure.clone()));
                return;
            }
        };
        if took > SLOW && answer.names.is_empty() {
            self.slow.get_or_insert((url.to_string(), took));
        }
        self.asked.extend(answer.names.iter().cloned());
        let ignored = answer.ignored.iter();
        self.ignored
            .extend(ignored.map(|ignored| (ignored.element.clone(), ignored.why)));
        self.note_unusable(url, answer);
        for hop in &answer.hops {
            if let Hop::Proxy(server) = hop
                && !self.proxies.contains(server)
            {
                self.proxies.push(server.clone());
            }
        }
    }

    /// WinHTTP supports only direct connections and proxies of the kind `PROXY`.
    fn note_unusable(&mut self, url: &Url, answer: &PacAnswer) {
        let usable = |hop: &Hop| match hop {
            Hop::Direct => true,
            Hop::Proxy(server) => server.protocol == ProxyProtocol::Http,
        };
        let stuck = !answer.hops.iter().any(usable);
        for hop in answer.hops.iter().filter(|hop| !usable(hop)) {
            let element = hop.to_string();
            let same = |known: &&mut Unusable| known.element == element && known.stuck == stuck;
            let has_room = self.unusable.len() < PROXY_LIMIT;
            match self.unusable.iter_mut().find(same) {
                Some(known) => known.urls += 1,
                None if has_room => self.unusable.push(Unusable {
                    element,
                    url: url.to_string(),
                    urls: 1,
                    stuck,
                }),
                None => {}
            }
        }
    }

    fn changes(&mut self, url: &Url, all: Option<&PacAnswers>) {
        let Some(all) = all.filter(|all| !all.others.is_empty()) else {
            return;
        };
        let routes = std::iter::once(&all.taken).chain(&all.others).map(listed);
        let found = (
            url.to_string(),
            routes.collect(),
            all.changes_with.join(", "),
        );
        self.unstable.get_or_insert(found);
    }

    fn compare(&mut self, url: &Url, usual: Outcome<'_>, whole: Outcome<'_>) {
        if let (Ok(usual), Ok(whole)) = (usual, whole)
            && usual.hops != whole.hops
        {
            self.by_path
                .get_or_insert((url.to_string(), listed(usual), listed(whole)));
        }
    }

    fn remarks(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let mut add = |rule, level, line, message| {
            remarks.push(Remark::new(rule, level, line, message));
        };
        if let Some((url, failure)) = &self.failure {
            let message = format!("for {url}: {}: {}", failure.code(), failure.message);
            add("fails", RemarkLevel::Error, failure.line, message);
        }
        if let Some((url, usual, whole)) = &self.by_path {
            let message = format!(
                "for {url} the answer is {usual}, and {whole} with a path; browsers do not tell \
                 scripts the path of https URLs, older clients do"
            );
            add("depends-on-path", RemarkLevel::Warning, None, message);
        }
        if let Some((url, routes, with)) = &self.unstable {
            let message = format!(
                "for {url} the answer changes with {with}: {}; two clients go different routes",
                routes.join(" or ")
            );
            add("unstable-answer", RemarkLevel::Warning, None, message);
        }
        for unusable in &self.unusable {
            let level = if unusable.stuck {
                RemarkLevel::Error
            } else {
                RemarkLevel::Warning
            };
            add("winhttp-cannot-use", level, None, unusable.message());
        }
        for (element, why) in &self.ignored {
            let message = format!("{element}: {why}");
            add("ignored-element", RemarkLevel::Warning, None, message);
        }
        if let Some((url, took)) = &self.slow {
            let message = format!("an answer took {} ms: {url}", took.as_millis());
            add("slow", RemarkLevel::Warning, None, message);
        }
        if let Some(first) = self.asked.first() {
            let message = format!(
                "asks DNS for {} names, such as {}; every new name waits for that",
                self.asked.len(),
                quoted(first)
            );
            add("asks-dns", RemarkLevel::Note, None, message);
        }
        remarks
    }
}

/// An element of answers that WinHTTP cannot use.
struct Unusable {
    element: String,
    /// The first URL that it was an answer for, and how many there are.
    url: String,
    urls: usize,
    /// Whether nothing else is in the answer.
    stuck: bool,
}

impl Unusable {
    fn message(&self) -> String {
        let (element, url) = (quoted(&self.element), &self.url);
        let urls = match self.urls {
            1 => format!("for {url}"),
            more => format!("for {more} URLs, such as {url}"),
        };
        let end = if self.stuck {
            "there is nothing else that they could use"
        } else {
            "they pass it over"
        };
        format!(
            "{element} {urls}: WinHTTP, and so Office, can use neither HTTPS nor SOCKS proxies; {end}"
        )
    }
}

fn listed(answer: &PacAnswer) -> String {
    let hops: Vec<String> = answer.hops.iter().map(ToString::to_string).collect();
    hops.join("; ")
}

async fn unreachable_proxies(proxies: &[ProxyServer], resolver: &Resolver) -> Vec<Remark> {
    let tried = proxies.iter().take(PROXY_LIMIT);
    let results = join_all(tried.map(|server| objection(server, resolver))).await;
    results.into_iter().flatten().collect()
}

/// Why a proxy cannot be reached; nothing where it accepts a connection.
async fn objection(server: &ProxyServer, resolver: &Resolver) -> Option<Remark> {
    let addresses = match &server.host {
        Host::Address(address) => vec![*address],
        Host::Name(name) => resolver.addresses(name, NAME_LIMIT).await,
    };
    let why = if addresses.is_empty() {
        "its name has no address here".to_owned()
    } else {
        connect(&addresses, server.port).await.err()?
    };
    let message = format!("the proxy {server} cannot be reached from here: {why}");
    Some(Remark::new(
        "unreachable-proxy",
        RemarkLevel::Warning,
        None,
        message,
    ))
}

async fn connect(addresses: &[IpAddr], port: u16) -> Result<(), String> {
    let mut why = String::new();
    for address in addresses {
        let target = SocketAddr::new(*address, port);
        match timeout(CONNECT_LIMIT, TcpStream::connect(target)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => why = error.to_string(),
            Err(_) => "no answer".clone_into(&mut why),
        }
    }
    Err(why)
}

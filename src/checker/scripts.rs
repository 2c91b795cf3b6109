//! The PAC scripts of a run: each is loaded once, whichever setting names it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use url::Url;

use reach365_model::evidence::{ScriptFailure, ScriptFailureKind, ScriptSeen};
use reach365_model::options::Options;
use reach365_platform as platform;
use reach365_probe::pac::{self, PacEnvironment, PacLimits, PacNames, Script, Silence};
use reach365_proxy::pac::{PacAnswer, PacFailure, PacFailureKind};
use reach365_proxy::{ScriptSource, concealed};

/// Longest wait for the system to find the network's script; it may send DHCP requests.
const ANNOUNCED_LIMIT: Duration = Duration::from_secs(5);

/// Scripts by where they are.
#[derive(Debug)]
pub(super) struct Scripts {
    environment: PacEnvironment,
    limits: PacLimits,
    silence: Arc<Silence>,
    known: Mutex<HashMap<ScriptSource, Arc<OnceCell<Loaded>>>>,
}

/// A script, or why there is none.
#[derive(Debug)]
struct Loaded {
    script: Result<Script, ScriptFailure>,
    /// Set once the script has hit a limit: it is not run again.
    stopped: OnceCell<ScriptFailure>,
    seen: Option<ScriptSeen>,
}

/// The answer of a source for one URL.
pub(super) enum Answer {
    /// An answer of a script.
    Hops {
        /// Its address.
        script: String,
        /// Whether it, or a redirect to it, came over `http`.
        cleartext: bool,
        answer: PacAnswer,
        /// Other answers for the same URL.
        others: Vec<PacAnswer>,
        /// What the answer depends on, as text.
        changes_with: Vec<&'static str>,
    },
    /// The network announces no script.
    NothingFound(String),
    /// There is a script, or there should be one, and it does not answer.
    Failed(ScriptFailure),
}

impl Scripts {
    pub(super) fn new(options: &Options) -> Self {
        let names = if options.dns.is_empty() {
            PacNames::System
        } else {
            PacNames::Servers(options.dns.clone())
        };
        Self {
            environment: PacEnvironment {
                names,
                search: options.search.clone(),
                os_roots: options.os_roots.clone(),
                ..PacEnvironment::default()
            },
            limits: limits(options),
            silence: Arc::default(),
            known: Mutex::default(),
        }
    }

    /// Evaluates a source for the route to a URL.
    pub(super) async fn ask(&self, source: &ScriptSource, url: &Url) -> Answer {
        let cell = self.cell(source);
        let loaded = cell.get_or_init(|| self.load(source)).await;
        let script = match &loaded.script {
            Ok(script) => script,
            Err(failure) if is_absent(source, failure) => {
                return Answer::NothingFound(failure.detail.clone());
            }
            Err(failure) => return Answer::Failed(failure.clone()),
        };
        if let Some(failure) = loaded.stopped.get() {
            return Answer::Failed(failure.clone());
        }
        match pac::answers(script, url).await {
            Ok(answers) => Answer::Hops {
                script: script.url.clone(),
                cleartext: is_cleartext(source, script),
                answer: answers.taken,
                others: answers.others,
                changes_with: answers.changes_with,
            },
            Err(failure) => Answer::Failed(loaded.stop(of_pac(&script.url, &failure))),
        }
    }

    /// How many names scripts looked up after a run of silence, without a query to a name server.
    pub(super) fn unasked_names(&self) -> usize {
        self.silence.unasked()
    }

    /// What was seen of all scripts.
    pub(super) fn seen(&self) -> Vec<ScriptSeen> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = known.values().filter_map(|cell| cell.get());
        let mut seen: Vec<ScriptSeen> = loaded
            .filter_map(|loaded| {
                let mut seen = loaded.seen.clone()?;
                seen.failure = seen.failure.or_else(|| loaded.stopped.get().cloned());
                Some(seen)
            })
            .collect();
        seen.sort_by(|one, other| one.url.cmp(&other.url));
        seen
    }

    fn cell(&self, source: &ScriptSource) -> Arc<OnceCell<Loaded>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(source.clone()).or_default())
    }

    async fn load(&self, source: &ScriptSource) -> Loaded {
        let addresses = match source {
            ScriptSource::Url(url) => return self.load_from(url.clone(), false).await,
            ScriptSource::Detect => announced().await,
        };
        let mut loaded = Loaded::none();
        for address in addresses {
            loaded = self.load_from(address, true).await;
            if loaded.script.is_ok() {
                break;
            }
        }
        loaded
    }

    async fn load_from(&self, address: String, discovered: bool) -> Loaded {
        let environment = self.environment.clone();
        let result = pac::load(&address, &self.limits, environment).await;
        let result = result.map_err(|failure| of_pac(&address, &failure));
        let script = match result {
            Ok(script) if discovered && leaves(&address, &script) => {
                Err(redirected_elsewhere(&address, &script))
            }
            Ok(mut script) => {
                script.share(Arc::clone(&self.silence));
                Ok(script)
            }
            Err(failure) => Err(failure),
        };
        Loaded::new(&address, discovered, script)
    }
}

impl Loaded {
    fn new(url: &str, discovered: bool, script: Result<Script, ScriptFailure>) -> Self {
        let good = script.as_ref().ok();
        let redirects = good.into_iter().flat_map(|script| &script.redirects);
        let seen = ScriptSeen {
            url: concealed::url(url),
            discovered,
            sha256: good.map(|script| script.sha256.clone()),
            redirects: redirects.map(|address| concealed::url(address)).collect(),
            fetch_ms: good.map_or(0.0, |script| script.fetch_ms),
            failure: script.as_ref().err().cloned(),
        };
        Self {
            script,
            stopped: OnceCell::new(),
            seen: Some(seen),
        }
    }

    /// Nothing to look for: this machine has no DNS suffix.
    fn none() -> Self {
        let failure = ScriptFailure {
            script: "http://wpad/wpad.dat".to_owned(),
            kind: ScriptFailureKind::Unreachable,
            detail: "this machine has no DNS suffix to look for a script in".to_owned(),
            status: None,
        };
        Self {
            script: Err(failure),
            stopped: OnceCell::new(),
            seen: None,
        }
    }

    /// Remembers a script that hit a limit; it would hit it again for every endpoint.
    fn stop(&self, failure: ScriptFailure) -> ScriptFailure {
        if failure.kind == ScriptFailureKind::Limit {
            // Another endpoint may have been faster with the same failure.
            let _ = self.stopped.set(failure.clone());
        }
        failure
    }
}

/// Whether anyone on the path could have rewritten a script or a redirect to it.
fn is_cleartext(source: &ScriptSource, script: &Script) -> bool {
    let asked = match source {
        ScriptSource::Url(url) => Some(url),
        ScriptSource::Detect => None,
    };
    let mut addresses = asked
        .into_iter()
        .chain([&script.url])
        .chain(&script.redirects);
    addresses.any(|address| Url::parse(address).is_ok_and(|url| url.scheme() == "http"))
}

/// The URL of the script that the network announces.
async fn announced() -> Vec<String> {
    let asked = spawn_blocking(platform::announced_scripts);
    match timeout(ANNOUNCED_LIMIT, asked).await {
        Ok(Ok(addresses)) => addresses,
        _ => Vec::new(),
    }
}

/// Nothing waits longer for a script than for an endpoint: both are silences of one run.
fn limits(options: &Options) -> PacLimits {
    let usual = PacLimits::default();
    PacLimits {
        fetch: usual.fetch.min(options.timeouts.http),
        name: usual.name.min(options.timeouts.dns),
        ..usual
    }
}

/// Most networks announce no script: that is not a fault.
fn is_absent(source: &ScriptSource, failure: &ScriptFailure) -> bool {
    *source == ScriptSource::Detect && failure.kind == ScriptFailureKind::Unreachable
}

/// Whether redirects led to another host, which is not allowed for an announced script.
fn leaves(address: &str, script: &Script) -> bool {
    let host = |text: &str| Url::parse(text).ok()?.host_str().map(str::to_owned);
    host(address) != host(&script.url)
}

fn redirected_elsewhere(address: &str, script: &Script) -> ScriptFailure {
    let host = Url::parse(&script.url).ok();
    let host = host.and_then(|url| url.host_str().map(str::to_owned));
    ScriptFailure {
        script: concealed::url(address),
        kind: ScriptFailureKind::Unreachable,
        detail: format!(
            "redirected to another host ({}), which is not followed",
            host.unwrap_or_default()
        ),
        status: None,
    }
}

fn of_pac(script: &str, failure: &PacFailure) -> ScriptFailure {
    let (kind, status) = match failure.kind {
        PacFailureKind::Unreachable => (ScriptFailureKind::Unreachable, None),
        PacFailureKind::Status(status) => (ScriptFailureKind::Status, Some(status)),
        PacFailureKind::NotScript => (ScriptFailureKind::NotScript, None),
        PacFailureKind::Limit => (ScriptFailureKind::Limit, None),
        PacFailureKind::Unsupported => (ScriptFailureKind::NotSupported, None),
        _ => (ScriptFailureKind::Error, None),
    };
    let detail = match failure.line {
        Some(line) => format!("line {line}: {}", failure.message),
        None => failure.message.clone(),
    };
    ScriptFailure {
        script: concealed::url(script),
        kind,
        detail: concealed::conceal(&detail),
        status,
    }
}

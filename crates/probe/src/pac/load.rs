//! Where scripts come from: the web, or a file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};
use url::Url;

use super::environment::Silence;
use super::{PacEnvironment, PacLimits, Runner, download};
use crate::clock::milliseconds;
use crate::tls::provider;
use reach365_proxy::pac::{PacFailure, PacFailureKind, TEXT_LIMIT, decode};

/// A script, ready to answer.
#[derive(Debug)]
pub struct Script {
    /// Where it came from, after all redirects.
    pub url: String,
    /// Its text.
    pub text: String,
    /// SHA-256 of its bytes, in hexadecimal digits; empty for a text that was never bytes.
    pub sha256: String,
    /// Where the server sent us, in order.
    pub redirects: Vec<String>,
    /// How long fetching took.
    pub fetch_ms: f64,
    pub(super) runner: Runner,
}

impl Script {
    /// Shares answers of name servers with the other scripts of a run.
    pub fn share(&mut self, silence: Arc<Silence>) {
        self.runner.share(silence);
    }
}

/// What came.
pub(super) struct Loaded {
    pub(super) url: String,
    pub(super) redirects: Vec<String>,
    pub(super) content_type: Option<String>,
    pub(super) bytes: Vec<u8>,
}

/// Fetches a script: an `http`, `https` or `file` URL, or the name of a file. No proxy is used and
/// no credentials are sent.
///
/// # Errors
/// Why it could not be fetched, or why it is not a script.
pub async fn load(
    source: &str,
    limits: &PacLimits,
    environment: PacEnvironment,
) -> Result<Script, PacFailure> {
    let began = Instant::now();
    let fetching = bytes_of(source, limits, &environment);
    let fetched = timeout(limits.fetch, fetching).await.map_err(|_| {
        let seconds = limits.fetch.as_secs_f64();
        unreachable(&format!("the script did not come within {seconds} s"))
    })??;
    let text = decode(&fetched.bytes, fetched.content_type.as_deref())?;
    Ok(Script {
        url: fetched.url,
        sha256: sha256(&fetched.bytes),
        text,
        redirects: fetched.redirects,
        fetch_ms: milliseconds(began.elapsed()),
        runner: Runner::new(limits, environment),
    })
}

/// A script whose text is known already.
pub fn of_text(text: String, limits: &PacLimits, environment: PacEnvironment) -> Script {
    Script {
        url: String::new(),
        text,
        sha256: String::new(),
        redirects: Vec::new(),
        fetch_ms: 0.0,
        runner: Runner::new(limits, environment),
    }
}

async fn bytes_of(
    source: &str,
    limits: &PacLimits,
    environment: &PacEnvironment,
) -> Result<Loaded, PacFailure> {
    match Url::parse(source) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            download(&url, limits, environment).await
        }
        Ok(url) if url.scheme() == "file" => match url.to_file_path() {
            Ok(path) => from_file(path).await,
            Err(()) => Err(unreachable("this file URL names no file here")),
        },
        // A letter of a drive looks like a scheme.
        _ => from_file(PathBuf::from(source)).await,
    }
}

async fn from_file(path: PathBuf) -> Result<Loaded, PacFailure> {
    let url = path.display().to_string();
    let read = spawn_blocking(move || read(&path)).await;
    let bytes = match read {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(unreachable(&format!("{url}: {error}"))),
        Err(_) => return Err(unreachable(&format!("{url}: reading was interrupted"))),
    };
    Ok(Loaded {
        url,
        redirects: Vec::new(),
        content_type: None,
        bytes,
    })
}

/// One byte more than the limit shows that there is too much.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = TEXT_LIMIT as u64 + 1;
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// SHA-256 in hexadecimal digits, by the provider that TLS uses.
fn sha256(bytes: &[u8]) -> String {
    let suites = provider().cipher_suites.clone();
    let suite = suites.iter().find_map(|suite| {
        let suite = suite.tls13()?;
        let is_256 = suite.common.hash_provider.output_len() == 32;
        is_256.then_some(suite)
    });
    let digest = suite.map(|suite| suite.common.hash_provider.hash(bytes));
    let digest = digest.as_ref().map_or(&[][..], AsRef::as_ref);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn unreachable(words: &str) -> PacFailure {
    PacFailure::new(PacFailureKind::Unreachable, words)
}

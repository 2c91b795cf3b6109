//! PAC scripts and their environment: fetched, run under a deadline, with the names of this
//! network.
//!
//! ```no_run
//! # async fn example() -> Result<(), reach365_proxy::pac::PacFailure> {
//! use reach365_probe::pac::{PacEnvironment, PacLimits, answer, load};
//!
//! let source = "http://proxy.example/proxy.pac";
//! let script = load(source, &PacLimits::default(), PacEnvironment::default()).await?;
//! let url = "https://login.microsoftonline.com/".parse().expect("a URL");
//! println!("{}", answer(&script, &url, None).await?.answer);
//! # Ok(())
//! # }
//! ```

mod answers;
#[cfg(feature = "fetch")]
mod download;
mod environment;
mod lint;
mod load;
#[cfg(feature = "pac")]
mod runner;
#[cfg(not(feature = "pac"))]
mod unsupported;

use std::time::Duration;

use url::Url;

use reach365_proxy::pac::{Circumstances, PacAnswer, PacFailure, ScriptRequest};

pub use answers::{PacAnswers, answers};
pub use environment::Silence;
pub use environment::{PacEnvironment, PacNames};
pub use lint::lint;
pub use load::{Script, load, of_text};

#[cfg(feature = "fetch")]
use download::download;
#[cfg(feature = "pac")]
use runner::Runner;
#[cfg(not(feature = "pac"))]
use unsupported::Runner;
#[cfg(not(feature = "fetch"))]
use unsupported::download;

/// Redirects that are followed.
pub const REDIRECT_LIMIT: usize = 5;

/// Time limits around a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacLimits {
    /// Fetching, with all redirects.
    pub fetch: Duration,
    /// One evaluation, without the waiting for names.
    pub evaluate: Duration,
    /// One name.
    pub name: Duration,
}

impl Default for PacLimits {
    fn default() -> Self {
        Self {
            fetch: Duration::from_secs(10),
            evaluate: Duration::from_secs(5),
            name: Duration::from_secs(2),
        }
    }
}

/// What the script answers for a URL; `host` takes the place of the URL's own.
///
/// Answers of one script are given one after the other. The future may be dropped: the evaluation
/// ends then.
///
/// # Errors
/// What is wrong with the script, and which limit it hit.
pub async fn answer(
    script: &Script,
    url: &Url,
    host: Option<&str>,
) -> Result<PacAnswer, PacFailure> {
    let request = ScriptRequest::new(url);
    let request = match host {
        Some(host) => request.with_host(host),
        None => request,
    };
    answer_to(script, request).await
}

/// What the script answers to a request whose URL or host does not follow the usual rule.
///
/// # Errors
/// As [`answer`].
pub async fn answer_to(script: &Script, request: ScriptRequest) -> Result<PacAnswer, PacFailure> {
    let usual = Circumstances::default();
    script.runner.answer(&script.text, request, usual).await
}

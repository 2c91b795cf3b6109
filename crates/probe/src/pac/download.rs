//! A script from the web: directly, without credentials, with every redirect on record.

use url::Url;

use super::load::{Loaded, unreachable};
use super::{PacEnvironment, PacLimits, REDIRECT_LIMIT};
use crate::fetch::{FetchError, FetchLimits, Fetcher};
use reach365_model::endpoint::quoted;
use reach365_proxy::pac::{PacFailure, PacFailureKind, TEXT_LIMIT};
use reach365_proxy::route::Hop;

/// Downloads a script.
pub(super) async fn download(
    url: &Url,
    limits: &PacLimits,
    environment: &PacEnvironment,
) -> Result<Loaded, PacFailure> {
    let limits = FetchLimits {
        time: limits.fetch,
        size: TEXT_LIMIT,
        redirects: REDIRECT_LIMIT,
    };
    let answer = Fetcher::new(environment.clone(), limits)
        .get(url, &Hop::Direct)
        .await
        .map_err(failure)?;
    if answer.status != 200 {
        return Err(refused(answer.status));
    }
    Ok(Loaded {
        url: answer.url.into(),
        redirects: answer.redirects.into_iter().map(String::from).collect(),
        content_type: answer.content_type,
        bytes: answer.body,
    })
}

fn refused(status: u16) -> PacFailure {
    let words = format!("the server answered with status {status}; clients take 200 alone");
    PacFailure::new(PacFailureKind::Status(status), &words)
}

fn failure(error: FetchError) -> PacFailure {
    match error {
        FetchError::TooLarge(_) => PacFailure::too_large(),
        FetchError::Encoded(encoding) => {
            let words = format!(
                "the script is compressed ({}), although no compression was requested",
                quoted(&encoding)
            );
            PacFailure::new(PacFailureKind::NotScript, &words)
        }
        error => unreachable(&error.to_string()),
    }
}

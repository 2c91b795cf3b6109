//! Replaces the runner where the program has no engine.

use std::sync::Arc;

#[cfg(not(feature = "fetch"))]
use url::Url;

use super::environment::Silence;
#[cfg(not(feature = "fetch"))]
use super::load::{Loaded, unreachable};
#[cfg(not(feature = "fetch"))]
use crate::dial;
use crate::pac::{PacEnvironment, PacLimits};
use reach365_proxy::pac::{Circumstances, PacAnswer, PacFailure, PacFailureKind, ScriptRequest};

#[derive(Debug)]
pub(super) struct Runner;

impl Runner {
    pub(super) fn new(_: &PacLimits, _: PacEnvironment) -> Self {
        Self
    }

    #[allow(clippy::unused_self, reason = "as the runner has it")]
    pub(super) fn share(&mut self, _: Arc<Silence>) {}

    #[allow(clippy::unused_async, reason = "the engine's own answer waits")]
    pub(super) async fn answer(
        &self,
        _: &str,
        _: ScriptRequest,
        _: Circumstances,
    ) -> Result<PacAnswer, PacFailure> {
        Err(unsupported())
    }
}

/// Nothing is downloaded; but a server that cannot be reached is reported as unreachable.
#[cfg(not(feature = "fetch"))]
pub(super) async fn download(
    url: &Url,
    _: &PacLimits,
    environment: &PacEnvironment,
) -> Result<Loaded, PacFailure> {
    let host = url
        .host()
        .ok_or_else(|| unreachable("the URL has no host"))?;
    let port = url.port_or_known_default().unwrap_or(80);
    match dial::connect(&host, port, environment).await {
        Ok(_) => Err(unsupported()),
        Err(why) => Err(unreachable(&why)),
    }
}

fn unsupported() -> PacFailure {
    PacFailure::new(PacFailureKind::Unsupported, "built without PAC support")
}

//! In place of the runner where the program has no engine.

use std::sync::Arc;

use super::surroundings::Silence;
use crate::probe::pac::{PacLimits, PacSurroundings};
use reach365_proxy::pac::{Circumstances, PacAnswer, PacFailure, PacFailureKind, ScriptRequest};

#[derive(Debug)]
pub(super) struct Runner;

impl Runner {
    pub(super) fn new(_: &PacLimits, _: PacSurroundings) -> Self {
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
        let words = "built without PAC support";
        Err(PacFailure::new(PacFailureKind::Unsupported, words))
    }
}

//! Every answer that a script gives for one URL: it may depend on the order of addresses, on the
//! clock, on random numbers, or on how often it was called.

use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::Script;
use reach365_proxy::pac::{Circumstances, Dependence, PacAnswer, PacFailure, ScriptRequest};

/// Orders of addresses that are tried.
const ORDERS: usize = 4;
/// Values of `Math.random` that are tried: scripts share the load among fewer proxies.
const CHANCES: usize = 8;
/// Times that are tried, in seconds from now: other seconds, parts of the day, days of the week. No
/// two have the same second, for scripts that go by it.
const TIMES: [i64; 7] = [1, 67, 21_605, 43_211, 64_813, 183_617, 439_202];
/// Questions under the same circumstances where the first two differ.
const AGAIN: usize = 6;
/// Longest time for all evaluations after the first.
const LIMIT: Duration = Duration::from_secs(2);

/// The answers of a script for one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacAnswers {
    /// The answer; where there are several the first in the order of their texts, so that two runs
    /// take the same one.
    pub taken: PacAnswer,
    /// The others, each once, in the order of their texts.
    pub others: Vec<PacAnswer>,
    /// What the answer depends on, as text; empty where it does not change.
    pub changes_with: Vec<&'static str>,
}

/// Evaluates a script for one URL under all circumstances that it depends on.
///
/// # Errors
/// As [`super::answer`], for the first evaluation. Later failures are not answers.
pub async fn answers(script: &Script, url: &Url) -> Result<PacAnswers, PacFailure> {
    let base = Circumstances {
        rotation: Some(0),
        chance: Some(middle(0)),
        ahead_seconds: 0,
    };
    let request = ScriptRequest::new(url);
    let runner = &script.runner;
    let first = runner.answer(&script.text, request.clone(), base).await?;
    let mut found = Found {
        script,
        request,
        until: Instant::now() + LIMIT,
        depends_on: first.depends_on,
        answers: vec![first],
        changes_with: Vec::new(),
    };
    if found.asked(base, "how often it was asked").await {
        for _ in 0..AGAIN {
            found.asked(base, "how often it was asked").await;
        }
    }
    found.vary(base).await;
    Ok(found.sorted())
}

/// The middle of one of the equal parts of 0 to 1.
fn middle(part: usize) -> f64 {
    (part as f64 + 0.5) / CHANCES as f64
}

struct Found<'a> {
    script: &'a Script,
    request: ScriptRequest,
    until: Instant,
    depends_on: Dependence,
    /// Answers with different hops.
    answers: Vec<PacAnswer>,
    changes_with: Vec<&'static str>,
}

impl Found<'_> {
    async fn vary(&mut self, base: Circumstances) {
        let orders = self.depends_on.addresses.min(ORDERS);
        for rotation in 1..orders {
            let other = Circumstances {
                rotation: Some(rotation),
                ..base
            };
            self.asked(other, "the order of DNS answers").await;
        }
        let parts = if self.depends_on.chance { CHANCES } else { 1 };
        for part in 1..parts {
            let other = Circumstances {
                chance: Some(middle(part)),
                ..base
            };
            self.asked(other, "chance (Math.random)").await;
        }
        let times: &[i64] = if self.depends_on.clock { &TIMES } else { &[] };
        for ahead_seconds in times.iter().copied() {
            let other = Circumstances {
                ahead_seconds,
                ..base
            };
            self.asked(other, "the time").await;
        }
    }

    /// Evaluates once more; returns whether the route differs.
    async fn asked(&mut self, circumstances: Circumstances, what: &'static str) -> bool {
        if Instant::now() > self.until {
            return false;
        }
        let request = self.request.clone();
        let runner = &self.script.runner;
        let answer = runner.answer(&self.script.text, request, circumstances);
        let Ok(answer) = answer.await else {
            return false;
        };
        self.depends_on = self.depends_on.or(answer.depends_on);
        if self.answers.iter().any(|known| known.hops == answer.hops) {
            return false;
        }
        self.answers.push(answer);
        if !self.changes_with.contains(&what) {
            self.changes_with.push(what);
        }
        true
    }

    fn sorted(mut self) -> PacAnswers {
        self.answers
            .sort_by(|one, other| one.answer.cmp(&other.answer));
        let taken = self.answers.remove(0);
        PacAnswers {
            taken,
            others: self.answers,
            changes_with: self.changes_with,
        }
    }
}

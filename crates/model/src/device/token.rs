//! The primary refresh token, which signs the user in everywhere.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::device::number::ReportedNumber;

/// What is known about the token, and about attempts to get it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefreshToken {
    /// Whether there is one.
    pub present: Option<bool>,
    /// When it was last renewed.
    pub updated: Option<Timestamp>,
    /// Until when it holds.
    pub expires: Option<Timestamp>,
    /// Whether it had expired by the clock of the device.
    pub expired: Option<bool>,
    /// Attempts to get or to renew it, as they were listed.
    pub attempts: Vec<TokenAttempt>,
}

/// One attempt to get or to renew the token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TokenAttempt {
    /// Whether a token was to be renewed; otherwise it was to be got.
    pub renews: bool,
    /// When.
    pub time: Option<Timestamp>,
    /// How it ended (`Attempt Status`).
    pub status: Option<ReportedNumber>,
    /// How the user signed in: password, certificate, Windows Hello.
    pub credential: Option<String>,
    /// Where the token was asked for.
    pub endpoint: Option<String>,
    /// What WinHTTP reported, 0 for nothing.
    pub http_error: Option<ReportedNumber>,
    /// What the server answered.
    pub http_status: Option<u16>,
    /// The error in the answer, such as `invalid_grant`.
    pub server_error: Option<String>,
    /// The words about it.
    pub server_message: Option<String>,
    /// The number in those words (`AADSTS50126`).
    pub aadsts: Option<u32>,
    /// By which Entra's logs find the attempt.
    pub correlation_id: Option<String>,
}

impl RefreshToken {
    /// The latest attempt; the last one listed where times are missing.
    pub fn last_attempt(&self) -> Option<&TokenAttempt> {
        let timed = self.attempts.iter().all(|attempt| attempt.time.is_some());
        if timed {
            return self.attempts.iter().max_by_key(|attempt| attempt.time);
        }
        self.attempts.last()
    }
}

impl TokenAttempt {
    /// Whether it says that it failed.
    pub fn failed(&self) -> bool {
        self.errors().next().is_some()
            || self.http_status.is_some_and(|status| status >= 400)
            || self.server_error.is_some()
            || self.aadsts.is_some()
    }

    /// Numbers that report an error: of the attempt, then of WinHTTP.
    pub fn errors(&self) -> impl Iterator<Item = &ReportedNumber> {
        let numbers = [&self.status, &self.http_error].into_iter().flatten();
        numbers.filter(|number| number.is_error())
    }
}

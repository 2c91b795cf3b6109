//! One line of advice; the remedies that it names are elsewhere.

use serde::{Deserialize, Serialize};

use crate::verdict::Code;

/// One line of advice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Advice {
    /// What to do, in one sentence that names the host or rule.
    pub text: String,
    /// Id of the remedy that says how.
    pub remedy: Option<String>,
    /// The cause that it answers.
    pub code: Code,
    /// Ids of the endpoints that it would mend.
    pub endpoints: Vec<String>,
}

impl Advice {
    /// A line for a cause, without a remedy.
    pub fn new(code: Code, text: String) -> Self {
        Self {
            text,
            remedy: None,
            code,
            endpoints: Vec::new(),
        }
    }
}

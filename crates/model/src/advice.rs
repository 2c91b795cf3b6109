//! One line of advice; the remedies that it names are elsewhere.

use serde::{Deserialize, Serialize};

use crate::verdict::Code;

/// One line of advice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

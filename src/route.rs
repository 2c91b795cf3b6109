//! The way to an endpoint: who carries the connection, and who decided that.

use serde::{Deserialize, Serialize};

/// The way that a probe takes to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Route {
    /// Who carries the connection, in order; empty means directly.
    pub hops: Vec<Hop>,
    /// Who decided.
    pub origin: Origin,
    /// Why, a sentence each.
    pub reasons: Vec<String>,
}

impl Route {
    /// The direct way, as this program takes it when no proxy is involved.
    pub fn direct() -> Self {
        Self {
            hops: Vec::new(),
            origin: Origin::Direct,
            reasons: vec!["proxies are not considered: the direct path is tested".to_owned()],
        }
    }
}

/// One carrier on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Hop {
    /// Straight to the endpoint's address.
    Direct,
}

/// Who decided on a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Origin {
    /// The direct path was asked for.
    Direct,
}

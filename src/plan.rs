//! What a run will check: ordered and without duplicates.

use crate::endpoint::{Cloud, Endpoint};
use crate::route::Route;

/// The checks of a run, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The cloud that the checks were chosen for.
    pub cloud: Cloud,
    /// The checks, in the order of the list; no endpoint twice.
    pub checks: Vec<Check>,
}

/// One endpoint and the way to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What is to be reached.
    pub endpoint: Endpoint,
    /// How.
    pub route: Route,
}

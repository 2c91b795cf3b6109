//! The list of endpoints: TOML in, [`Catalog`] out.

use crate::endpoint::Endpoint;

/// A list of endpoints.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalog {
    /// The entries, in the order of the list.
    endpoints: Vec<Endpoint>,
}

impl Catalog {
    /// The entries, in the order of the list.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }
}

//! What failed in a report, to be checked again.

use crate::catalog::{Catalog, ENTRY_LIMIT};
use crate::endpoint::{Endpoint, MustBe, Scheme, quoted};
use crate::error::Error;
use crate::plan::Plan;
use crate::report::{EndpointReport, Report};
use crate::verdict::Outcome;

/// What failed in a report, to be checked again.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FailedAgain {
    /// The checks; none where nothing failed.
    pub plan: Plan,
    /// Endpoints that failed and cannot be checked again: placeholders stand for their names.
    pub dropped: Vec<String>,
}

impl Report {
    /// What was blocked, degraded or inconclusive, in the cloud of the report: by the definitions
    /// that are saved in the report, or by those of a list where one is given. A host that this list
    /// does not have is checked by its saved definition. A report with placeholders goes by the
    /// built-in list, since only the names of Microsoft are still there.
    ///
    /// # Errors
    /// [`Error::Option`] for a saved definition that no list could have, and for more of them than a
    /// list may have: a report may come from an untrusted source.
    pub fn failed_again(
        &self,
        list: Option<&Catalog>,
        builtin: &Catalog,
    ) -> Result<FailedAgain, Error> {
        let list = list.or_else(|| self.run.redacted.then_some(builtin));
        let mut endpoints = Vec::new();
        let mut dropped = Vec::new();
        let rows = self.endpoints.iter();
        for row in rows.filter(|row| row.verdict.outcome > Outcome::Reachable) {
            let listed = list.and_then(|list| self.listed(list, &row.endpoint));
            match listed {
                Some(entry) => endpoints.push(entry),
                None if self.run.redacted && is_unlisted(&row.endpoint, builtin) => {
                    dropped.push(row.endpoint.to_string());
                }
                None => endpoints.push(saved(row)?),
            }
        }
        if endpoints.len() > ENTRY_LIMIT {
            let count = endpoints.len();
            return Err(refused(format!(
                "{count} endpoints failed; at most {ENTRY_LIMIT} are checked"
            )));
        }
        let plan = Plan::from_endpoints(builtin, self.run.cloud, endpoints.into_iter());
        Ok(FailedAgain { plan, dropped })
    }

    /// The entry that asks for the same, that of the same id first.
    fn listed(&self, list: &Catalog, wanted: &Endpoint) -> Option<Endpoint> {
        let same = list.endpoints().iter().filter(|it| is_same(it, wanted));
        let best =
            same.max_by_key(|it| (it.id == wanted.id, it.clouds.contains(&self.run.cloud)))?;
        Some(list.in_cloud(best, self.run.cloud))
    }
}

/// The definition of an endpoint, as a list could have it. One that was judged as one that must be
/// closed stays one, whatever else the report says of it.
fn saved(row: &EndpointReport) -> Result<Endpoint, Error> {
    let mut endpoint = row.endpoint.clone();
    if row.verdict.requirement.is_some() {
        endpoint.must_be = MustBe::Blocked;
    }
    endpoint.check_saved().map_err(|why| {
        refused(format!(
            "the report defines {}: {why}",
            quoted(&endpoint.id)
        ))
    })?;
    Ok(endpoint)
}

fn refused(message: String) -> Error {
    Error::Option {
        name: "--only-failed",
        message,
    }
}

fn is_same(one: &Endpoint, other: &Endpoint) -> bool {
    let request = |it: &Endpoint| (it.host.clone(), it.port, it.scheme);
    request(one) == request(other) && (one.scheme == Scheme::Dns || one.path == other.path)
}

/// Whether the name is none that a report with placeholders keeps.
fn is_unlisted(endpoint: &Endpoint, builtin: &Catalog) -> bool {
    !builtin
        .endpoints()
        .iter()
        .any(|known| known.host == endpoint.host)
}

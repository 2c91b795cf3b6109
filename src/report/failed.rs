//! What failed in a report, to be checked again.

use std::net::IpAddr;

use crate::catalog::Catalog;
use crate::endpoint::{Endpoint, Host, Scheme};
use crate::error::Error;
use crate::plan::{MSOID_GROUP, Plan, Selection};
use crate::report::Report;
use crate::verdict::Outcome;

/// What failed in a report, to be checked again.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedAgain {
    /// The checks; none where nothing failed.
    pub plan: Plan,
    /// Endpoints that failed and cannot be checked again: DNS records that no list asks for now.
    pub dropped: Vec<String>,
}

impl Report {
    /// What was blocked, degraded or inconclusive, in the cloud of the report, as the list has it
    /// now. A host that the list does not have any more is checked as a plain host.
    ///
    /// # Errors
    /// [`Error::Option`] where what failed is no host to check.
    pub fn failed_again(&self, catalog: &Catalog) -> Result<FailedAgain, Error> {
        let rows = self.endpoints.iter();
        let failed: Vec<&Endpoint> = rows
            .filter(|row| row.verdict.outcome > Outcome::Reachable)
            .map(|row| &row.endpoint)
            .collect();
        if failed.is_empty() {
            let plan = Plan {
                cloud: self.run.cloud,
                checks: Vec::new(),
                control_names: Vec::new(),
            };
            let dropped = Vec::new();
            return Ok(FailedAgain { plan, dropped });
        }
        let mut plan = Plan::select(catalog, &selection(&failed, self))?;
        // A selection of domains alone means the default groups too, and a host all of its entries.
        plan.checks
            .retain(|check| failed.iter().any(|it| is_same(it, &check.endpoint)));
        let checks = &plan.checks;
        let lost = |it: &&Endpoint| !checks.iter().any(|check| is_same(it, &check.endpoint));
        let dropped = failed.iter().copied().filter(lost);
        let dropped = dropped.map(ToString::to_string).collect();
        Ok(FailedAgain { plan, dropped })
    }
}

fn selection(failed: &[&Endpoint], report: &Report) -> Selection {
    let (domains, hosts): (Vec<&Endpoint>, Vec<&Endpoint>) =
        failed.iter().partition(|endpoint| is_msoid(endpoint));
    Selection {
        groups: Vec::new(),
        hosts: hosts.into_iter().map(address).collect(),
        domains: domains.iter().map(|it| it.host.to_string()).collect(),
        cloud: report.run.cloud,
    }
}

fn is_same(one: &Endpoint, other: &Endpoint) -> bool {
    let request = |it: &Endpoint| (it.host.clone(), it.port, it.scheme);
    request(one) == request(other) && (one.scheme == Scheme::Dns || one.path == other.path)
}

fn is_msoid(endpoint: &Endpoint) -> bool {
    endpoint.groups.iter().any(|group| group == MSOID_GROUP)
}

/// As a selection names it, so that no other entry of the same host is meant.
fn address(endpoint: &Endpoint) -> String {
    let host = match &endpoint.host {
        Host::Address(IpAddr::V6(address)) => format!("[{address}]"),
        host => host.to_string(),
    };
    match endpoint.scheme {
        // A URL has no word for these; the entry is found by its host.
        Scheme::Dns => host,
        scheme => format!("{scheme}://{host}:{}{}", endpoint.port, endpoint.path),
    }
}

//! The checks as this machine is set to make them.

use std::net::Ipv6Addr;

use crate::device::{Applied, NcsiSettings};
use crate::engine::rows::Row;
use crate::evidence::{Redirect, RunEvidence, SkipReason};
use crate::options::Options;
use crate::plan::Plan;

/// What the settings of this machine make of one check.
#[derive(Debug, Clone, Default)]
pub(super) struct Setting {
    pub(super) skipped: Option<SkipReason>,
    pub(super) redirected: Option<Redirect>,
}

/// The plan with the tests that Windows itself would make here, and what was changed about each
/// check.
pub(super) fn as_set(settings: &NcsiSettings, plan: &Plan) -> (Plan, Vec<Setting>) {
    let mut plan = plan.clone();
    let mut changes = Vec::with_capacity(plan.checks.len());
    for check in &mut plan.checks {
        let mut change = Setting::default();
        match settings.applied(&check.endpoint) {
            Applied::AsListed => {}
            Applied::Redirected(endpoint, redirect) => {
                check.endpoint = *endpoint;
                change.redirected = Some(redirect);
            }
            Applied::Skipped(reason) => change.skipped = Some(reason),
        }
        changes.push(change);
    }
    (plan, changes)
}

/// Why a check is not made.
pub(super) fn skipped(options: &Options, run: &RunEvidence, row: &Row<'_>) -> Option<SkipReason> {
    if let Some(reason) = &row.setting.skipped {
        return Some(reason.clone());
    }
    if !row.endpoint.ipv6_only {
        return None;
    }
    if !options.family.includes(Ipv6Addr::LOCALHOST.into()) {
        return Some(SkipReason::Ipv4Wanted);
    }
    if !row.route.is_direct() {
        return Some(SkipReason::ProxyDecides);
    }
    (run.ipv6 == Some(false)).then_some(SkipReason::NoIpv6)
}

//! The checks as this machine is set to make them.

use std::net::Ipv6Addr;

use crate::checker::rows::Row;
use reach365_model::device::{Applied, NcsiSettings};
use reach365_model::evidence::{Evidence, Redirect, RunEvidence, SkipReason};
use reach365_model::options::Options;
use reach365_model::plan::Plan;

/// What the settings of this machine make of one check.
#[derive(Debug, Clone, Default)]
pub(super) struct Setting {
    pub(super) skipped: Option<SkipReason>,
    pub(super) redirected: Option<Redirect>,
}

/// The plan with the tests that Windows itself would make here, and what was changed about each
/// check.
pub(super) fn plan_as_set(settings: &NcsiSettings, plan: &Plan) -> (Plan, Vec<Setting>) {
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
    let lacks_ipv6 = run.ipv6 == Some(false) || run.ipv6_used == Some(false);
    lacks_ipv6.then_some(SkipReason::NoIpv6)
}

/// The evidence of a check that is not made.
pub(super) fn evidence(row: &Row<'_>, reason: SkipReason) -> Evidence {
    Evidence {
        ways: row.candidates.clone(),
        redirected: row.setting.redirected.clone(),
        skipped: Some(reason),
        ..Evidence::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::Checker;
    use crate::checker::rows::rows;

    use reach365_model::options::Family;
    use reach365_model::verdict::Outcome;
    use reach365_proxy::registry::{Registry, RegistryValue};
    use reach365_proxy::route::{Hop, Origin, ProxyProtocol, ProxyServer, Route};

    fn switched_off() -> NcsiSettings {
        let mut registry = Registry::default();
        let key = r"HKLM\Software\Policies\Microsoft\Windows\NetworkConnectivityStatusIndicator";
        registry.insert(key, "NoActiveProbe", RegistryValue::Number(1));
        NcsiSettings::from_registry(&registry)
    }

    fn over_ipv6(options: &Options, run: &RunEvidence, route: Route) -> Option<SkipReason> {
        let mut plan = Plan::group(crate::builtin(), "ncsi").unwrap();
        plan.checks.retain(|check| check.endpoint.ipv6_only);
        plan.checks[0].route = route;
        let rows = rows(&plan, Vec::new(), vec![Setting::default()]);
        skipped(options, run, &rows[0])
    }

    #[test]
    fn the_test_over_ipv6_needs_ipv6_and_the_direct_way() {
        let run = |ipv6| RunEvidence {
            ipv6,
            ..RunEvidence::default()
        };
        let options = Options::default();
        let found = over_ipv6(&options, &run(Some(false)), Route::direct());
        assert_eq!(found, Some(SkipReason::NoIpv6));
        for unknown_or_there in [None, Some(true)] {
            let found = over_ipv6(&options, &run(unknown_or_there), Route::direct());
            assert_eq!(found, None);
        }
        let mut ipv4 = Options::default();
        ipv4.family = Family::Ipv4;
        let found = over_ipv6(&ipv4, &run(Some(true)), Route::direct());
        assert_eq!(found, Some(SkipReason::Ipv4Wanted));
        let proxy = ProxyServer {
            protocol: ProxyProtocol::Http,
            host: reach365_model::endpoint::Host::parse("proxy.example").unwrap(),
            port: 8080,
        };
        let proxied = Route {
            hops: vec![Hop::Proxy(proxy)],
            origin: Origin::Explicit,
            ..Route::direct()
        };
        let found = over_ipv6(&options, &run(Some(true)), proxied);
        assert_eq!(found, Some(SkipReason::ProxyDecides));
    }

    #[tokio::test]
    async fn a_test_that_is_switched_off_is_not_made_and_accuses_nobody() {
        let checker = Checker::builder()
            .dns(vec!["127.0.0.1:9".parse().unwrap()])
            .ncsi_settings(switched_off());
        let plan = Plan::group(crate::builtin(), "ncsi").unwrap();
        let report = checker.build().unwrap().run(&plan).await;
        assert_eq!(report.endpoints.len(), 3);
        for row in &report.endpoints {
            assert_eq!(row.verdict.outcome, Outcome::Skipped);
            assert!(row.evidence.lookups.is_empty());
        }
        assert!(report.findings.is_empty());
        // Nothing probed proves nothing.
        assert_eq!(report.summary.exit_code, 3);
    }
}

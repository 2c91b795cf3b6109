//! Control hosts: hosts that the caller named, probed in addition to endpoints that are blocked.

use std::time::Duration;

use futures_util::future::join_all;

use crate::checker::rows::Row;
use crate::checker::{Checker, Probed};
use reach365_judge::verdict::{self, follow_ups};
use reach365_model::endpoint::{Endpoint, Scheme};
use reach365_model::evidence::ControlHostSeen;
use reach365_model::options::{CONTROL_HOST_PROBES, ControlHost};
use reach365_model::plan;
use reach365_probe::{ProbeContext, confirm, probe};
use reach365_proxy::route::Route;

/// How long a control host may prolong a run.
const CONTROL_HOST: Duration = Duration::from_secs(8);

impl Checker {
    /// Probes the control host once on every route and port on which endpoints are blocked.
    pub(super) async fn ask_control_host(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        rows: &[Row<'_>],
        all: &[Probed],
    ) -> Vec<ControlHostSeen> {
        let Some(host) = &self.options.control_host else {
            return Vec::new();
        };
        let mut wanted: Vec<(Endpoint, Route)> = Vec::new();
        let blocked = rows
            .iter()
            .zip(all)
            .filter(|(_, probed)| probed.1.control_host);
        for (row, _) in blocked {
            let endpoint = compared_to(host, row.endpoint);
            let known = wanted.iter().any(|(other, route)| {
                *other == endpoint && route.hop_words() == row.route.hop_words()
            });
            if !known && wanted.len() < CONTROL_HOST_PROBES {
                wanted.push((endpoint, row.route.clone()));
            }
        }
        let probes = wanted
            .into_iter()
            .map(|(endpoint, route)| self.ask_one(context, judge, endpoint, route))
            .map(|probe| context.clock.within(CONTROL_HOST, Box::pin(probe)));
        // A host that takes longer is not evidence.
        join_all(probes).await.into_iter().flatten().collect()
    }

    async fn ask_one(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        endpoint: Endpoint,
        route: Route,
    ) -> ControlHostSeen {
        let mut evidence = probe(context, &endpoint, &route).await;
        let failed = follow_ups(&endpoint, &evidence, judge).confirm;
        if failed && self.options.confirm > 0 {
            confirm(context, &endpoint, &route, &mut evidence, 2).await;
        }
        ControlHostSeen {
            host: endpoint.host,
            port: endpoint.port,
            scheme: endpoint.scheme,
            route,
            evidence,
        }
    }
}

/// The control host, probed like the endpoint, except for the port if the caller gave one.
fn compared_to(control: &ControlHost, row: &Endpoint) -> Endpoint {
    let (port, scheme) = match (control.port, row.scheme) {
        (Some(80), _) => (80, Scheme::Http),
        (Some(port), Scheme::Http) if port == row.port => (port, Scheme::Http),
        (Some(port), _) => (port, Scheme::Https),
        (None, Scheme::Dns) => (443, Scheme::Https),
        (None, scheme) => (row.port, scheme),
    };
    plan::comparison(&control.host, port, scheme)
}

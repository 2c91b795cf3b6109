//! Control probes: when they are asked.

use std::time::Duration;

use futures_util::future::{FutureExt, join, join_all};

use crate::checker::Checker;
use crate::checker::rows::Row;
use reach365_judge::verdict::{self};
use reach365_model::endpoint::{Endpoint, Scheme};
use reach365_model::evidence::{ControlHostSeen, Evidence, Lookup};
use reach365_model::options::{
    CONTROL_HOST_PROBES, ControlHost, DNS_CONTROL_SERVERS, DNS_CONTROLS,
};
use reach365_model::plan::{self, Plan};
use reach365_model::verdict::Outcome;
use reach365_probe::{
    ProbeContext, confirm, known_names, other_name, probe, random_labels, size_control,
};
use reach365_proxy::route::Route;

/// What the host for comparison may make a run longer.
const CONTROL_HOST: Duration = Duration::from_secs(8);

impl Checker {
    /// Asks the questions that tell causes apart which look the same; after a failure only.
    pub(super) async fn control(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        row: &Row<'_>,
        evidence: &mut Evidence,
    ) {
        if self.options.confirm == 0 || context.clock.is_over() || !row.route.is_direct() {
            return;
        }
        let verdict = verdict::judge(row.endpoint, evidence, judge);
        if let Some(address) = verdict::named_address(&verdict) {
            let (name, size) = join(
                only_if(
                    verdict::wants_other_name(&verdict),
                    Box::pin(other_name(context, row.endpoint, address)),
                ),
                only_if(
                    verdict::wants_sizes(row.endpoint, &verdict),
                    Box::pin(size_control(context, row.endpoint, address).map(Some)),
                ),
            )
            .await;
            evidence.sni_control = name;
            evidence.size_control = size;
        }
        if verdict::wants_random_labels(&verdict) {
            evidence.random_labels = Box::pin(random_labels(context, row.endpoint)).await;
        }
    }

    /// Asks resolvers that failed, and that resolved no name of another owner in this run, for names
    /// of unrelated owners: once for each resolver, and only after a failure.
    pub(super) async fn ask_known_names(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        plan: &Plan,
        all: &[Evidence],
    ) -> Vec<Lookup> {
        let checks = plan.checks.iter().map(|check| &check.endpoint);
        let seen: Vec<(&Endpoint, &Evidence)> = checks.zip(all).collect();
        let mut servers = verdict::resolvers_without_control(judge, &seen);
        servers.sort_unstable();
        servers.dedup();
        servers.truncate(DNS_CONTROL_SERVERS);
        let is_asked = |name: &str| {
            let mut hosts = plan.checks.iter().map(|check| &check.endpoint.host);
            hosts.any(|host| host.name() == Some(name))
        };
        let names = plan.control_names.iter().filter(|name| !is_asked(name));
        let names: Vec<String> = names.take(DNS_CONTROLS).cloned().collect();
        let asked = servers
            .into_iter()
            .map(|server| known_names(context, server, &names));
        join_all(asked).await.concat()
    }

    /// Probes the host that the caller named for comparison, once on every way and port on which
    /// rows are blocked; nobody where nothing is.
    pub(super) async fn ask_control_host(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        rows: &[Row<'_>],
        all: &[Evidence],
    ) -> Vec<ControlHostSeen> {
        let Some(host) = &self.options.control_host else {
            return Vec::new();
        };
        let mut wanted: Vec<(Endpoint, Route)> = Vec::new();
        for (row, evidence) in rows.iter().zip(all) {
            if verdict::judge(row.endpoint, evidence, judge).outcome != Outcome::Blocked {
                continue;
            }
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
        // A host that takes longer says nothing.
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
        let failed = verdict::judge(&endpoint, &evidence, judge).outcome != Outcome::Reachable;
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

async fn only_if<T>(wanted: bool, asked: impl Future<Output = Option<T>>) -> Option<T> {
    if wanted { asked.await } else { None }
}

/// The host for comparison, asked as the row is, but for the port where the caller gave one.
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

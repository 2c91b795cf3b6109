//! The checks of a run with their routes.

use tokio::sync::Notify;

use crate::checker::device::Setting;
use crate::checker::routing;
use reach365_model::endpoint::{Endpoint, Scheme};
use reach365_model::evidence::RouteCandidate;
use reach365_model::plan::Plan;
use reach365_proxy::route::{Hop, ProxyProtocol, ProxyServer, Route};

/// One check of a run with the routes of its settings.
pub(super) struct Row<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) route: Route,
    pub(super) candidates: Vec<RouteCandidate>,
    /// Whether this endpoint is probed with other User-Agents on its route.
    pub(super) sends_user_agents: bool,
    pub(super) setting: Setting,
    /// Notified when the probe has its place and begins.
    pub(super) started: Notify,
}

impl Row<'_> {
    /// Whether the proxy settings of this endpoint cannot be read.
    pub(super) fn is_unreadable(&self) -> bool {
        self.candidates
            .first()
            .is_some_and(|candidate| candidate.unreadable.is_some())
    }

    pub(super) fn endpoint_and_route(&self) -> (Endpoint, Route) {
        (self.endpoint.clone(), self.route.clone())
    }
}

/// The checks of a plan, each with its route candidates, if any.
pub(super) fn rows(
    plan: &Plan,
    candidates: Vec<Vec<RouteCandidate>>,
    settings: Vec<Setting>,
) -> Vec<Row<'_>> {
    let candidates = candidates
        .into_iter()
        .chain(std::iter::repeat_with(Vec::new));
    let checks = plan.checks.iter().zip(settings).zip(candidates);
    let rows = checks.map(|((check, setting), candidates)| Row {
        endpoint: &check.endpoint,
        route: routing::taken(&candidates, &check.route),
        candidates,
        sends_user_agents: false,
        setting,
        started: Notify::new(),
    });
    let mut rows: Vec<Row<'_>> = rows.collect();
    choose_for_user_agents(&mut rows);
    rows
}

/// Whether every connection goes through a proxy that looks names up itself.
pub(super) fn are_proxied(rows: &[Row<'_>]) -> bool {
    let mut connect = rows
        .iter()
        .filter(|row| row.endpoint.scheme != Scheme::Dns)
        .peekable();
    let looks_up = |proxy: &ProxyServer| proxy.protocol != ProxyProtocol::Socks4;
    connect.peek().is_some()
        && connect
            .all(|row| !row.route.hops.contains(&Hop::Direct) && row.route.proxies().all(looks_up))
}

/// One endpoint of each distinct route tries other User-Agents: a sign-in host if there is one.
fn choose_for_user_agents(rows: &mut [Row<'_>]) {
    let mut known: Vec<Vec<String>> = Vec::new();
    let mut order: Vec<usize> = (0..rows.len())
        .filter(|place| rows[*place].endpoint.scheme == Scheme::Https)
        .collect();
    order.sort_by_key(|place| !is_sign_in(rows[*place].endpoint));
    for place in order {
        let hops = rows[place].route.hop_words();
        if !known.contains(&hops) {
            known.push(hops);
            rows[place].sends_user_agents = true;
        }
    }
}

fn is_sign_in(endpoint: &Endpoint) -> bool {
    let name = endpoint.host.name().unwrap_or_default();
    name.starts_with("login.") || endpoint.groups.iter().any(|group| group == "sign-in")
}

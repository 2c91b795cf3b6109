//! Which route the run took, in one line: nothing where no proxy settings were found.

use reach365_model::report::{EndpointReport, Report};
use reach365_proxy::route::Origin;

/// One sentence on the routes of a run, where there is anything to say.
pub(super) fn summary(report: &Report) -> Option<String> {
    let mut routes: Vec<(String, usize)> = Vec::new();
    for row in report.endpoints.iter().filter(|row| is_routed(row)) {
        let route = route(row);
        match routes.iter_mut().find(|(known, _)| *known == route) {
            Some((_, count)) => *count += 1,
            None => routes.push((route, 1)),
        }
    }
    if let [(only, _)] = routes.as_slice() {
        return Some(format!("route: {only}"));
    }
    let parts: Vec<String> = routes
        .iter()
        .map(|(route, count)| format!("{count} {route}"))
        .collect();
    (!parts.is_empty()).then(|| format!("routes: {}", parts.join("; ")))
}

/// Whether settings decided, and not the plain lack of them.
fn is_routed(row: &EndpointReport) -> bool {
    row.route.origin != Origin::Direct && !row.evidence.ways.is_empty()
}

fn route(row: &EndpointReport) -> String {
    let hops = row.route.hop_words().join("; ");
    let carried = if row.route.is_direct() {
        "direct".to_owned()
    } else {
        format!("via proxy ({hops})")
    };
    let failed = row.evidence.ways.first();
    if failed.is_some_and(|candidate| candidate.script_failure.is_some()) {
        return format!("{carried}, since the PAC script cannot be used");
    }
    format!("{carried}, {}", decided(row.route.origin))
}

fn decided(origin: Origin) -> &'static str {
    match origin {
        Origin::Direct => "no proxy considered",
        Origin::User => "by the settings of the user",
        Origin::Machine => "by the settings of the machine",
        Origin::Environment => "by the environment",
        Origin::Explicit => "as asked for",
        Origin::Pac => "by the PAC script",
        Origin::Wpad => "by the PAC script that the network announces",
    }
}

//! Which way the run took, in one line: nothing where no proxy settings were found.

use reach365_model::report::{EndpointReport, Report};
use reach365_proxy::route::Origin;

/// One sentence on the ways of a run, where there is anything to say.
pub(super) fn words(report: &Report) -> Option<String> {
    let mut ways: Vec<(String, usize)> = Vec::new();
    for row in report.endpoints.iter().filter(|row| is_routed(row)) {
        let way = way(row);
        match ways.iter_mut().find(|(known, _)| *known == way) {
            Some((_, count)) => *count += 1,
            None => ways.push((way, 1)),
        }
    }
    if let [(only, _)] = ways.as_slice() {
        return Some(format!("way: {only}"));
    }
    let parts: Vec<String> = ways
        .iter()
        .map(|(way, count)| format!("{count} {way}"))
        .collect();
    (!parts.is_empty()).then(|| format!("ways: {}", parts.join("; ")))
}

/// Whether settings decided, and not the plain lack of them.
fn is_routed(row: &EndpointReport) -> bool {
    row.route.origin != Origin::Direct && !row.evidence.ways.is_empty()
}

fn way(row: &EndpointReport) -> String {
    let hops = row.route.hop_words().join("; ");
    let carried = if row.route.is_direct() {
        "direct".to_owned()
    } else {
        format!("via proxy ({hops})")
    };
    let failed = row.evidence.ways.first();
    if failed.is_some_and(|way| way.script_failure.is_some()) {
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

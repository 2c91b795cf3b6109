//! The whole run: causes that hold for several endpoints, most basic first.
//!
//! A run-wide cause collapses the endpoints that it explains: they keep their own code and say in
//! `consequence_of` what explains them.

mod clock;
mod collapse;
mod control_host;
mod dead_server;
mod device;
mod egress;
mod hop;
mod issuer;
mod limited;
mod loopback;
mod path;
mod portal;
mod product;
mod proxy;
mod proxy_answers;
mod required;
mod resolver;
mod results;
mod routes;
mod row;
mod rules;
mod sinkhole;
mod uncontrolled;

use std::net::SocketAddr;

use crate::verdict::endpoint::judge;
use crate::verdict::known_names::KnownNames;
use crate::verdict::types::{Context, Judged};
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::Evidence;
use reach365_model::verdict::{Finding, Verdict};
pub use rules::{RULES, RunRule};

/// Looks at all results together, corrects them where the run knows better, and names the causes
/// that several of them share.
pub fn correlate(context: &Context<'_>, rows: &mut [Judged<'_>]) -> Vec<Finding> {
    // Nothing was probed.
    if context.run.proxy_settings_unread.is_some() {
        return Vec::new();
    }
    let mut findings = rules::apply(context, rows);
    hop::locate(rows, &mut findings);
    product::name(context.signatures, rows, &mut findings);
    findings
}

/// The resolvers that results accuse although no name of an unrelated owner was resolved there, or
/// that must show whether a proxy's own DNS fails: control lookups would show it.
pub fn resolvers_without_control(
    context: &Context<'_>,
    rows: &[(&Endpoint, &Evidence)],
) -> Vec<SocketAddr> {
    let mut verdicts: Vec<Verdict> = rows
        .iter()
        .map(|(endpoint, evidence)| judge(endpoint, evidence, context))
        .collect();
    let together = rows.iter().zip(&mut verdicts);
    let mut rows: Vec<Judged<'_>> = together
        .map(|((endpoint, evidence), verdict)| Judged {
            endpoint,
            evidence,
            verdict,
        })
        .collect();
    let known = KnownNames::new(context, &rows);
    sinkhole::judge_again(context, &rows).apply(&mut rows, &mut Vec::new());
    if device::cause(context, &rows).is_some() {
        return Vec::new();
    }
    sinkhole::shared_address(&rows).apply(&mut rows, &mut Vec::new());
    let mut servers = resolver::without_control(&known, &rows);
    servers.extend(proxy::without_control(&known, &rows));
    servers
}

//! Control probes: when they are sent.

use futures_util::future::{join, join_all};

use crate::checker::{Checker, Probed};
use reach365_judge::verdict::{self, FollowUps};
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{Evidence, Lookup};
use reach365_model::options::{DNS_CONTROL_SERVERS, DNS_CONTROLS};
use reach365_model::plan::Plan;
use reach365_probe::{ProbeContext, known_names, other_name, random_labels, size_control};

/// Runs the control probes that separate causes with the same symptom.
pub(super) async fn control(
    context: &ProbeContext,
    endpoint: &Endpoint,
    next: &FollowUps,
    evidence: &mut Evidence,
) {
    let name = async {
        let asked = Box::pin(other_name(context, endpoint, next.other_name?));
        asked.await
    };
    let sizes = async {
        let asked = Box::pin(size_control(context, endpoint, next.sizes?));
        Some(asked.await)
    };
    (evidence.sni_control, evidence.size_control) = join(name, sizes).await;
    if next.random_labels {
        evidence.random_labels = Box::pin(random_labels(context, endpoint)).await;
    }
}

impl Checker {
    /// Asks resolvers that failed, and that resolved no name of another owner in this run, for names
    /// of unrelated owners: once for each resolver, and only after a failure.
    pub(super) async fn ask_known_names(
        &self,
        context: &ProbeContext,
        judge: &verdict::Context<'_>,
        plan: &Plan,
        all: &[Probed],
    ) -> Vec<Lookup> {
        if !all.iter().any(|(_, next)| next.other_routes) {
            return Vec::new();
        }
        let checks = plan.checks.iter().map(|check| &check.endpoint);
        let evidence = all.iter().map(|(evidence, _)| evidence);
        let seen: Vec<(&Endpoint, &Evidence)> = checks.zip(evidence).collect();
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
}

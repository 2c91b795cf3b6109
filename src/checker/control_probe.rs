//! Control probes: when they are sent.

use futures_util::future::{FutureExt, join, join_all};

use crate::checker::Checker;
use crate::checker::rows::Row;
use reach365_judge::verdict;
use reach365_model::endpoint::Endpoint;
use reach365_model::evidence::{Evidence, Lookup};
use reach365_model::options::{DNS_CONTROL_SERVERS, DNS_CONTROLS};
use reach365_model::plan::Plan;
use reach365_probe::{ProbeContext, known_names, other_name, random_labels, size_control};

impl Checker {
    /// Runs the control probes that separate causes with the same symptom; after a failure only.
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
}

async fn only_if<T>(wanted: bool, asked: impl Future<Output = Option<T>>) -> Option<T> {
    if wanted { asked.await } else { None }
}

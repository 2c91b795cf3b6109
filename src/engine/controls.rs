//! Control probes: when they are asked.

use crate::engine::Checker;
use crate::engine::rows::Row;
use crate::evidence::Evidence;
use crate::probe::{ProbeContext, other_name, random_labels};
use crate::verdict;

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
        if verdict::wants_other_name(&verdict) {
            evidence.sni_control = Box::pin(other_name(context, row.endpoint, evidence)).await;
        }
        if verdict::wants_random_labels(&verdict) {
            evidence.random_labels = Box::pin(random_labels(context, row.endpoint)).await;
        }
    }
}

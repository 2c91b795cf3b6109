//! The distance of the device that a finding is about, from the traces of its endpoints.

use std::collections::BTreeSet;

use crate::verdict::types::Judged;
use reach365_model::verdict::Finding;

/// Gives findings the hop at which all traces of the endpoints that they explain end.
pub(super) fn locate(rows: &[Judged<'_>], findings: &mut [Finding]) {
    for finding in findings {
        let hop = common_hop(rows, finding);
        if let Some(culprit) = &mut finding.culprit {
            culprit.hop = hop;
        }
    }
}

/// The one hop of all traces. A trace that leaves the place open, or whose endpoint fails
/// elsewhere than the finding says, gives no common hop.
fn common_hop(rows: &[Judged<'_>], finding: &Finding) -> Option<u8> {
    let traced = rows
        .iter()
        .filter(|row| finding.endpoints.contains(&row.endpoint.id) && row.evidence.trace.is_some());
    let hops: BTreeSet<Option<u8>> = traced.map(|row| hop(row, finding)).collect();
    let one = hops.first().copied().filter(|_| hops.len() == 1);
    one.flatten()
}

fn hop(row: &Judged<'_>, finding: &Finding) -> Option<u8> {
    let culprit = row.verdict.culprit.as_ref()?;
    let found = finding.culprit.as_ref()?;
    let known = found.address;
    let same_device = known.is_none() || culprit.address.is_none() || culprit.address == known;
    let same_place = row.verdict.stage == Some(finding.stage) && culprit.who == found.who;
    culprit.hop.filter(|_| same_device && same_place)
}

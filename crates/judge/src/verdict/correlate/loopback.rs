//! A proxy on a loopback address: an agent of a security product, px, cntlm, Fiddler.
//!
//! It serves this program and Office. The sign-in broker of Windows is an AppContainer, which
//! reaches loopback with an exemption alone. That is a note, unless the exemption was looked for and
//! is absent.

use crate::verdict::correlate::results::{collapse, finding, is_genuine, recode};
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::types::{Context, Judged};
use reach365_model::cause::Cause;
use reach365_model::evidence::Attempt;
use reach365_model::facts::Text;
use reach365_model::verdict::{Code, Confidence, Finding, Outcome};

/// Finds the endpoints that use a proxy on a loopback address.
pub(super) fn find(context: &Context<'_>, rows: &mut [Judged<'_>]) -> Option<Finding> {
    let exempt = context.run.loopback_exempt.filter(|_| context.run.windows);
    if exempt == Some(true) {
        return None;
    }
    let carried = |(place, row): (usize, &Judged<'_>)| {
        let by = row.evidence.attempts.iter().find_map(loopback_proxy)?;
        is_genuine(row).then_some((place, by))
    };
    let carried: Vec<(usize, Text)> = rows.iter().enumerate().filter_map(carried).collect();
    let (_, proxy) = carried.first()?.clone();
    let places: Vec<usize> = carried.into_iter().map(|(place, _)| place).collect();
    // A note has no culprit.
    let (outcome, exemption) = match exempt {
        Some(_) => (Outcome::Degraded, "absent on this machine"),
        None => (Outcome::Reachable, "not read here"),
    };
    if outcome == Outcome::Degraded {
        degrade(rows, &places, &proxy);
    }
    let exemption = Some(exemption.into());
    let mut diagnosis = Diagnosis::certain(Cause::RouteLoopbackProxy { exemption })
        .with_outcome(outcome)
        .note(|notes| notes.hosts = Some(places.len() as u64));
    diagnosis.basis.subject.proxy = Some(proxy);
    Some(finding(diagnosis, rows, &places))
}

/// Endpoints without another fault wait for the exemption.
fn degrade(rows: &mut [Judged<'_>], places: &[usize], proxy: &Text) {
    for place in places {
        let row = &mut rows[*place];
        if row.verdict.code().is_some() {
            continue;
        }
        row.verdict.basis.subject.proxy = Some(proxy.clone());
        let exemption = Some("absent on this machine".into());
        recode(
            row,
            Cause::RouteLoopbackProxy { exemption },
            Confidence::Certain,
        );
        collapse(rows, &[*place], Code::RouteLoopbackProxy);
    }
}

fn loopback_proxy(attempt: &Attempt) -> Option<Text> {
    let proxy = attempt.hop.as_ref()?.proxy()?;
    let address = attempt.address.ip().to_canonical();
    let own = address.is_loopback() || address.is_unspecified();
    (own && attempt.tcp.passed()).then(|| proxy.to_string().into())
}

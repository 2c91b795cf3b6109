//! A proxy on a loopback address: an agent of a security product, px, cntlm, Fiddler.
//!
//! It serves this program and Office. The sign-in broker of Windows is an AppContainer, which
//! reaches loopback with an exemption alone. That is a note, unless the exemption was looked for and
//! is absent.

use crate::verdict::correlate::{collapse, finding, is_genuine, recode};
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::{Context, Judged};
use reach365_model::evidence::Attempt;
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
    let carried: Vec<(usize, String)> = rows.iter().enumerate().filter_map(carried).collect();
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
    let diagnosis = Diagnosis::new(Code::RouteLoopbackProxy)
        .sure(Confidence::Certain)
        .with_outcome(outcome)
        .fact("proxy", proxy)
        .fact("exemption", exemption)
        .fact("hosts", places.len());
    Some(finding(
        diagnosis,
        Code::RouteLoopbackProxy.says(),
        rows,
        &places,
    ))
}

/// Endpoints without another fault wait for the exemption.
fn degrade(rows: &mut [Judged<'_>], places: &[usize], proxy: &str) {
    for place in places {
        let row = &mut rows[*place];
        if row.verdict.code.is_some() {
            continue;
        }
        row.verdict.facts.insert("proxy".to_owned(), proxy.into());
        row.verdict
            .facts
            .insert("exemption".to_owned(), "absent on this machine".into());
        recode(row, Code::RouteLoopbackProxy, Confidence::Certain);
        collapse(rows, &[*place], Code::RouteLoopbackProxy);
    }
}

fn loopback_proxy(attempt: &Attempt) -> Option<String> {
    let proxy = attempt.hop.as_ref()?.proxy()?;
    let address = attempt.address.ip().to_canonical();
    let own = address.is_loopback() || address.is_unspecified();
    (own && attempt.tcp.passed()).then(|| proxy.to_string())
}

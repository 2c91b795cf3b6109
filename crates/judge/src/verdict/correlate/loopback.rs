//! A proxy on a loopback address: an agent of a security product, px, cntlm, Fiddler.
//!
//! It serves this program and Office. The sign-in broker of Windows is an AppContainer, which
//! reaches loopback with an exemption alone. That is a note, unless the exemption was looked for and
//! is absent.

use crate::verdict::correlate::results::{finding, is_genuine};
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::effects::Effects;
use crate::verdict::types::{Context, Judged};
use reach365_model::cause::Cause;
use reach365_model::evidence::Attempt;
use reach365_model::facts::Text;
use reach365_model::verdict::{Code, Confidence, Outcome};

/// Finds the endpoints that use a proxy on a loopback address.
pub(super) fn find(context: &Context<'_>, rows: &[Judged<'_>]) -> Effects {
    let exempt = context.run.loopback_exempt.filter(|_| context.run.windows);
    if exempt == Some(true) {
        return Effects::default();
    }
    let carried = |(place, row): (usize, &Judged<'_>)| {
        let by = row.evidence.attempts.iter().find_map(loopback_proxy)?;
        is_genuine(row).then_some((place, by))
    };
    let carried: Vec<(usize, Text)> = rows.iter().enumerate().filter_map(carried).collect();
    let Some((_, proxy)) = carried.first().cloned() else {
        return Effects::default();
    };
    let places: Vec<usize> = carried.into_iter().map(|(place, _)| place).collect();
    // A note has no culprit.
    let (outcome, exemption) = match exempt {
        Some(_) => (Outcome::Degraded, "absent on this machine"),
        None => (Outcome::Reachable, "not read here"),
    };
    let mut effects = if outcome == Outcome::Degraded {
        degrade(rows, &places, &proxy)
    } else {
        Effects::default()
    };
    let exemption = Some(exemption.into());
    let mut diagnosis = Diagnosis::certain(Cause::RouteLoopbackProxy { exemption })
        .with_outcome(outcome)
        .note(|notes| notes.hosts = Some(places.len() as u64));
    diagnosis.basis.subject.proxy = Some(proxy);
    effects.find(finding(diagnosis, rows, &places));
    effects
}

/// Endpoints without another fault wait for the exemption.
fn degrade(rows: &[Judged<'_>], places: &[usize], proxy: &Text) -> Effects {
    let mut effects = Effects::default();
    for place in places {
        if rows[*place].verdict.code().is_some() {
            continue;
        }
        effects.verdict(rows, *place).basis.subject.proxy = Some(proxy.clone());
        let exemption = Some("absent on this machine".into());
        let cause = Cause::RouteLoopbackProxy { exemption };
        effects.recode(rows, *place, cause, Confidence::Certain);
        effects.explain(rows, &[*place], Code::RouteLoopbackProxy);
    }
    effects
}

fn loopback_proxy(attempt: &Attempt) -> Option<Text> {
    let proxy = attempt.hop.as_ref()?.proxy()?;
    let address = attempt.address.ip().to_canonical();
    let own = address.is_loopback() || address.is_unspecified();
    (own && attempt.tcp.passed()).then(|| proxy.to_string().into())
}

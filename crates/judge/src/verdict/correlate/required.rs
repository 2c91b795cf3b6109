//! Endpoints that must be closed, beside the controls of the run: what works on the route on which
//! they fail.

use crate::verdict::closed;
use crate::verdict::dns;
use crate::verdict::effects::Effects;
use crate::verdict::endpoint::judge_as_open;
use crate::verdict::known_names::KnownNames;
use crate::verdict::network::GenuineAddresses;
use crate::verdict::types::{Context, Judged};
use reach365_model::endpoint::MustBe;
use reach365_model::evidence::Stage;
use reach365_model::verdict::{Code, Outcome, Verdict};

/// Judges the endpoints that must be closed once more, now that the controls of the run are known.
pub(super) fn settle(context: &Context<'_>, known: &KnownNames, rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    for (place, row) in rows.iter().enumerate() {
        let explained = row.verdict.consequence_of.is_some();
        if row.endpoint.must_be != MustBe::Blocked || explained || row.evidence.skipped.is_some() {
            continue;
        }
        let open = judge_as_open(
            row.endpoint,
            row.evidence,
            context,
            &GenuineAddresses::default(),
        );
        let elsewhere = closed::answers_elsewhere(row.endpoint, row.evidence, context, &open);
        if let Some(verdict) = elsewhere {
            effects.replace(place, verdict);
            continue;
        }
        let verdict = match control(context, known, rows, place, &route_of(&open)) {
            Control::Works(name) => closed::turned(row.endpoint, open, Some(&name)),
            Control::Fails => closed::turned(row.endpoint, open, None),
            Control::None => closed::judge(row.endpoint, row.evidence, context, open),
        };
        effects.replace(place, verdict);
    }
    effects
}

/// Where an endpoint was seen to fail: only what works there is a control.
#[derive(PartialEq)]
enum Route {
    /// At the resolver.
    Resolver,
    /// On the direct path.
    Direct,
    /// Behind a proxy of that name.
    Proxy(String),
}

/// What the rest of the run says of a route.
enum Control {
    /// This endpoint works there.
    Works(String),
    /// Others were tried there, and none works.
    Fails,
    /// Nothing else was tried.
    None,
}

fn control(
    context: &Context<'_>,
    known: &KnownNames,
    rows: &[Judged<'_>],
    own: usize,
    wanted: &Route,
) -> Control {
    let host = &rows[own].endpoint.host;
    if *wanted == Route::Resolver && known.confirms(host, rows[own].evidence) {
        return Control::Works("another name at the same resolver".to_owned());
    }
    let mut tried = false;
    for (place, row) in rows.iter().enumerate() {
        if place == own || row.evidence.skipped.is_some() {
            continue;
        }
        let works = match wanted {
            Route::Resolver => {
                row.endpoint.host != *host
                    && row.evidence.hosts_file.is_empty()
                    && !dns::answers(row.evidence).is_empty()
                    && answers_on(context, row, &Route::Direct)
            }
            _ => answers_on(context, row, wanted),
        };
        if works {
            return Control::Works(row.endpoint.to_string());
        }
        tried |= row.endpoint.must_be == MustBe::Reachable;
    }
    if tried { Control::Fails } else { Control::None }
}

fn route_of(verdict: &Verdict) -> Route {
    match &verdict.basis.subject.proxy {
        Some(proxy) => Route::Proxy(proxy.to_string()),
        None if verdict.stage == Some(Stage::Dns) => Route::Resolver,
        None => Route::Direct,
    }
}

fn answers_on(context: &Context<'_>, row: &Judged<'_>, wanted: &Route) -> bool {
    if row.evidence.attempts.is_empty() {
        return false;
    }
    if row.endpoint.must_be == MustBe::Reachable {
        return route_of(row.verdict) == *wanted && is_answer(row.verdict);
    }
    let open = judge_as_open(
        row.endpoint,
        row.evidence,
        context,
        &GenuineAddresses::default(),
    );
    route_of(&open) == *wanted && is_answer(&open)
}

/// Whether something behind the route has answered.
fn is_answer(verdict: &Verdict) -> bool {
    let inspected = [
        Some(Code::TlsIntercepted),
        Some(Code::TlsInterceptedUntrusted),
    ];
    matches!(verdict.outcome, Outcome::Reachable | Outcome::Degraded)
        || inspected.contains(&verdict.code())
}

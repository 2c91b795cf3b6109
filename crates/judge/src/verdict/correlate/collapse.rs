//! One cause for many endpoints: whatever no wider rule explains, said once.
//!
//! It stands last, since every rule before it knows more: what it finds is the same code and the same
//! culprit on many endpoints, and nothing of why. A few endpoints with one cause are one matter too
//! where they are all that was asked of a port, a proxy, a resolver or an address family.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use crate::verdict::correlate::results::{finding, hosts};
use crate::verdict::correlate::uncontrolled;
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::effects::Effects;
use crate::verdict::types::{Context, Judged};
use crate::verdict::{known_names, route};
use reach365_model::cause::Cause;
use reach365_model::evidence::Stage;
use reach365_model::facts::List;
use reach365_model::verdict::{Code, Culprit, Finding, Outcome};

/// So many endpoints with one cause are one matter.
const ENDPOINTS: usize = 3;
/// So many are, where no endpoint of their kind does better.
const ENDPOINTS_OF_A_KIND: usize = 2;

/// Finds causes that endpoints share and that no run-wide rule has explained.
pub(super) fn find(context: &Context<'_>, rows: &[Judged<'_>], findings: &[Finding]) -> Effects {
    let mut effects = Effects::default();
    let mut open = open(rows, findings);
    while let Some((code, places)) = next(rows, &open) {
        effects.find(shared(context, code, places[0], &places, rows));
        effects.explain(rows, &places, code);
        open.retain(|place| !places.contains(place));
    }
    effects
}

/// Results with a cause that no finding has.
fn open(rows: &[Judged<'_>], findings: &[Finding]) -> Vec<usize> {
    let open = free_of_any_requirement(rows, |row| accused(row).is_some());
    let told = |place: &usize| {
        let row = &rows[*place];
        let id = &row.endpoint.id;
        let same = |finding: &Finding| {
            Some(finding.code) == row.verdict.code() && finding.endpoints.contains(id)
        };
        findings.iter().any(same)
    };
    open.into_iter().filter(|place| !told(place)).collect()
}

/// The first cause in plan order that enough endpoints share.
fn next(rows: &[Judged<'_>], open: &[usize]) -> Option<(Code, Vec<usize>)> {
    open.iter().find_map(|first| {
        let (code, culprit) = accused(&rows[*first])?;
        let same = |place: &&usize| accused(&rows[**place]) == Some((code, culprit));
        let places: Vec<usize> = open.iter().filter(same).copied().collect();
        let enough = places.len() >= ENDPOINTS
            || (places.len() >= ENDPOINTS_OF_A_KIND && are_a_kind(rows, &places));
        enough.then_some((code, places))
    })
}

fn free_of_any_requirement(
    rows: &[Judged<'_>],
    wanted: impl Fn(&Judged<'_>) -> bool,
) -> Vec<usize> {
    let open = |row: &Judged<'_>| row.verdict.consequence_of.is_none() && wanted(row);
    (0..rows.len())
        .filter(|place| open(&rows[*place]))
        .collect()
}

/// Code and culprit of a result; an unknown culprit is one kind of culprit.
fn accused<'a>(row: &'a Judged<'_>) -> Option<(Code, Option<&'a Culprit>)> {
    let code = row
        .verdict
        .code()
        .filter(|_| row.verdict.outcome >= Outcome::Degraded)?;
    Some((code, row.verdict.culprit.as_ref()))
}

/// Whether these are all endpoints of a port, a proxy, a resolver or an address family that were
/// tried, while others of another kind were tried too.
fn are_a_kind(rows: &[Judged<'_>], places: &[usize]) -> bool {
    if hosts(rows, places).len() < ENDPOINTS_OF_A_KIND {
        return false;
    }
    let kinds: &[fn(&Judged<'_>) -> BTreeSet<String>] = match rows[places[0]].verdict.stage {
        Some(Stage::Dns) => &[resolvers],
        Some(Stage::Tcp) => &[port, families],
        Some(Stage::Route | Stage::Device) | None => &[],
        Some(_) => &[port, proxy],
    };
    kinds.iter().any(|kind| {
        let own: Vec<BTreeSet<String>> = places.iter().map(|place| kind(&rows[*place])).collect();
        let mut common = own[0].clone();
        common.retain(|one| own.iter().all(|set| set.contains(one)));
        common.iter().any(|one| {
            let of_kind = |place: &usize| kind(&rows[*place]).contains(one);
            let all: Vec<usize> = (0..rows.len()).filter(of_kind).collect();
            all.len() == places.len() && all.len() < rows.len()
        })
    })
}

fn port(row: &Judged<'_>) -> BTreeSet<String> {
    BTreeSet::from([row.endpoint.port.to_string()])
}

fn proxy(row: &Judged<'_>) -> BTreeSet<String> {
    row.proxy().map(str::to_owned).into_iter().collect()
}

fn resolvers(row: &Judged<'_>) -> BTreeSet<String> {
    let asked = known_names::asked(row.evidence).into_iter();
    asked
        .map(|server: SocketAddr| server.ip().to_string())
        .collect()
}

/// The one family over which an endpoint was tried.
fn families(row: &Judged<'_>) -> BTreeSet<String> {
    let attempts = row.evidence.attempts.iter();
    let ipv6: BTreeSet<bool> = attempts.map(|attempt| attempt.address.is_ipv6()).collect();
    match ipv6.len() {
        1 => ipv6.into_iter().map(|ipv6| ipv6.to_string()).collect(),
        _ => BTreeSet::new(),
    }
}

/// The diagnosis of one result, as far as all of them share it.
pub(super) fn shared(
    context: &Context<'_>,
    code: Code,
    first: usize,
    places: &[usize],
    rows: &[Judged<'_>],
) -> Finding {
    let verdicts = places.iter().map(|place| &*rows[*place].verdict);
    let outcome = verdicts.clone().map(|it| it.outcome).max();
    let confidence = verdicts.clone().map(|it| it.confidence).min();
    let first = &rows[first].verdict;
    let mut diagnosis = Diagnosis::of(first, code)
        .with_outcome(outcome.unwrap_or(first.outcome))
        .sure(confidence.unwrap_or(first.confidence));
    diagnosis.basis.forget_endpoint();
    let targets: Vec<String> = places
        .iter()
        .map(|place| rows[*place].endpoint.to_string())
        .collect();
    let says = format!(
        "{} ({})",
        code.means().trim_end_matches('.'),
        in_short(&targets)
    );
    let count = places.len();
    let diagnosis = diagnosis.note(|notes| notes.endpoints = Some(count as u64));
    let mut found = finding(diagnosis, rows, places);
    found.summary = says;
    if code == Code::RoutePacUnstable {
        let routes = each_once(rows, places, |cause| match cause {
            Cause::RoutePacUnstable { pac_routes, .. } => pac_routes.as_ref(),
            _ => None,
        });
        let routes = routes.join(", ");
        let failing = each_once(rows, places, |cause| match cause {
            Cause::RoutePacUnstable { failing, .. } => failing.as_ref(),
            _ => None,
        });
        let failing = route::which_of_them(&failing);
        found.summary = format!("{}: {routes}{failing}", found.summary);
    }
    if found.basis.notes.no_control.is_some() {
        found.summary.push_str(&uncontrolled::missing(context));
    }
    found
}

/// What results list under a name, once each.
fn each_once(
    rows: &[Judged<'_>],
    places: &[usize],
    list: impl Fn(&Cause) -> Option<&List>,
) -> Vec<String> {
    let causes = places
        .iter()
        .filter_map(|place| rows[*place].verdict.basis.cause.as_ref());
    let mut once: Vec<String> = Vec::new();
    for word in causes.filter_map(list).flat_map(List::iter) {
        if !once.iter().any(|known| *word == **known) {
            once.push(word.to_string());
        }
    }
    once
}

fn in_short(targets: &[String]) -> String {
    const NAMED: usize = 3;
    let named = targets.iter().take(NAMED).cloned().collect::<Vec<_>>();
    let rest = targets.len().saturating_sub(NAMED);
    let more = match rest {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    let count = targets.len();
    format!("{count} endpoints: {}{more}", named.join(", "))
}

//! One issuer for many hosts: a device on the path answers in their names.

use std::collections::BTreeSet;

use crate::verdict::certificate;
use crate::verdict::correlate::results::{again, blocked_by, finding, free, hosts, is_genuine};
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::effects::Effects;
use crate::verdict::network::{GenuineAddresses, unrelated};
use crate::verdict::types::{Context, Judged};
use reach365_model::cause::{Cause, Leaf};
use reach365_model::endpoint::{Endpoint, Issuer};
use reach365_model::evidence::{Attempt, Stage, TlsSeen};
use reach365_model::facts::{OneOrMany, short};
use reach365_model::verdict::{Code, Confidence, Finding, Outcome};

/// Finds untrusted issuers that signed for unrelated hosts.
pub(super) fn untrusted(rows: &[Judged<'_>]) -> Effects {
    let code = Code::TlsInterceptedUntrusted;
    let mut effects = Effects::default();
    for places in shared_issuers(rows) {
        for place in &places {
            intercepted(&mut effects, rows, *place, "the same for unrelated hosts");
        }
        effects.explain(rows, &places, code);
        let diagnosis = Diagnosis::certain(code);
        effects.find(over(diagnosis, rows, &places));
    }
    effects
}

/// One host is enough where the issuer names a product of TLS inspection, which has no business with
/// a host whose issuer is public. A host of the company's own may be such a device itself.
pub(super) fn of_products(context: &Context<'_>, rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    let is_suspect =
        |row: &Judged<'_>| is_untrusted(row) && certificate::needs_public_issuer(row.endpoint);
    for place in free(rows, is_suspect) {
        if let Some(product) = product(context, &rows[place]) {
            let words = format!("a name of {product}");
            intercepted(&mut effects, rows, place, &words);
        }
    }
    effects
}

fn product<'a>(context: &Context<'a>, row: &Judged<'_>) -> Option<&'a str> {
    let mut chain = chains(row).flat_map(|seen| &seen.chain);
    chain.find_map(|certificate| context.signatures.product_of_issuer(&certificate.issuer))
}

fn intercepted(effects: &mut Effects, rows: &[Judged<'_>], place: usize, recognized_by: &str) {
    let cause = Cause::TlsInterceptedUntrusted {
        leaf: Leaf::default(),
        recognized_by: Some(recognized_by.into()),
    };
    effects.recode(rows, place, cause, Confidence::Certain);
}

/// The results of each issuer that signed for unrelated hosts.
fn shared_issuers(rows: &[Judged<'_>]) -> Vec<Vec<usize>> {
    let mut by_issuer: Vec<Vec<usize>> = Vec::new();
    for place in free(rows, is_untrusted) {
        let issuer = rows[place].issuer();
        let same = |places: &&mut Vec<usize>| rows[places[0]].issuer() == issuer;
        match by_issuer.iter_mut().find(same) {
            Some(places) => places.push(place),
            None => by_issuer.push(vec![place]),
        }
    }
    by_issuer.retain(|places| {
        let hosts = hosts(rows, places);
        hosts.iter().any(|host| unrelated(host, hosts[0]))
    });
    by_issuer
}

/// Whether no store knows who issued the certificate. That of a proxy says nothing about those of
/// the hosts.
fn is_untrusted(row: &Judged<'_>) -> bool {
    let codes = [Code::TlsUntrustedIssuer, Code::TlsIncompleteChain];
    blocked_by(row, &codes)
        && row.verdict.stage == Some(Stage::Tls)
        && !is_public(row)
        && !certificate::states_private_issuer(row.endpoint)
}

fn is_public(row: &Judged<'_>) -> bool {
    chains(row).any(certificate::has_public_issuer)
}

fn chains<'a>(row: &Judged<'a>) -> impl Iterator<Item = &'a TlsSeen> {
    let seen = |attempt: &'a Attempt| attempt.tls.as_ref().and_then(|tls| tls.value.as_ref());
    row.evidence.attempts.iter().filter_map(seen)
}

/// Judges endpoints again whose own authority turns out to be an inspection device: it signed for
/// hosts of several owners, or for one whose issuer is public. A list that states a private issuer
/// for an entry exempts it. Early, since every later rule asks whether an answer is genuine.
pub(super) fn judge_shared_issuer(
    context: &Context<'_>,
    genuine_addresses: &GenuineAddresses,
    rows: &[Judged<'_>],
) -> Effects {
    let mut effects = Effects::default();
    let shown: Vec<(usize, String)> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| !certificate::states_private_issuer(row.endpoint))
        .filter_map(|(place, row)| Some((place, private_issuer(row)?.to_owned())))
        .collect();
    for (place, issuer) in &shown {
        if certificate::needs_public_issuer(rows[*place].endpoint) {
            continue;
        }
        let same = shown.iter().filter(|(_, other)| other == issuer);
        let same: Vec<&Endpoint> = same.map(|(other, _)| rows[*other].endpoint).collect();
        let Some(confidence) = inspects(&same) else {
            continue;
        };
        let row = &rows[*place];
        let public = Endpoint {
            issuer: Some(Issuer::Public),
            ..row.endpoint.clone()
        };
        let mut verdict = again(&public, row.evidence, context, genuine_addresses);
        if verdict.code() == Some(Code::TlsIntercepted) {
            verdict.confidence = confidence;
        }
        effects.replace(*place, verdict);
    }
    effects
}

fn private_issuer<'a>(row: &Judged<'a>) -> Option<&'a str> {
    chains(row).find_map(certificate::private_issuer)
}

/// Confidence that the issuer for these hosts inspects TLS. A group of companies may have two
/// owners' domains and one authority; a public name has none of the kind.
fn inspects(endpoints: &[&Endpoint]) -> Option<Confidence> {
    if endpoints
        .iter()
        .any(|endpoint| certificate::needs_public_issuer(endpoint))
    {
        return Some(Confidence::Certain);
    }
    let names = endpoints.iter().filter(|it| it.host.name().is_some());
    let owners: BTreeSet<String> = names.map(|it| it.host.owner()).collect();
    match owners.len() {
        0 | 1 => None,
        2 => Some(Confidence::Medium),
        _ => Some(Confidence::High),
    }
}

/// Finds that several hosts are inspected by a device that this machine trusts.
pub(super) fn trusted(rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    let places = free(rows, |row| row.verdict.code() == Some(Code::TlsIntercepted));
    if hosts(rows, &places).len() < 2 {
        return effects;
    }
    let verdicts = || places.iter().map(|place| &rows[*place].verdict);
    let worst = verdicts().map(|verdict| verdict.outcome).max();
    let confidence = verdicts().map(|verdict| verdict.confidence).min();
    let diagnosis = Diagnosis::new(Code::TlsIntercepted)
        .sure(confidence.unwrap_or(Confidence::Certain))
        .with_outcome(worst.unwrap_or(Outcome::Inconclusive));
    effects.explain(rows, &places, Code::TlsIntercepted);
    effects.find(over(diagnosis, rows, &places));
    effects
}

/// A finding that names the issuers of its results.
fn over(diagnosis: Diagnosis, rows: &[Judged<'_>], places: &[usize]) -> Finding {
    let mut issuers: Vec<String> = Vec::new();
    for issuer in places.iter().filter_map(|place| rows[*place].issuer()) {
        if !issuers.iter().any(|known| known == issuer) {
            issuers.push(issuer.to_owned());
        }
    }
    let diagnosis = diagnosis.note(|notes| {
        notes.issuer = Some(OneOrMany::Many(issuers.into()));
        notes.hosts = Some(hosts(rows, places).len() as u64);
    });
    finding(diagnosis, rows, places)
}

/// A missing issuer that was seen, trusted, on another host confirms an incomplete chain.
pub(super) fn complete_chains(rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    for place in free(rows, |row| blocked_by(row, &[Code::TlsIncompleteChain])) {
        let issuer = rows[place].issuer().unwrap_or_default();
        let known = rows.iter().any(|row| is_genuine(row) && sends(row, issuer));
        if known {
            effects.verdict(rows, place).confidence = Confidence::High;
        }
    }
    effects
}

fn sends(row: &Judged<'_>, subject: &str) -> bool {
    let mut certificates = chains(row).flat_map(|seen| &seen.chain);
    certificates.any(|certificate| short(&certificate.subject) == subject)
}

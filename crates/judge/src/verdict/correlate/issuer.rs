//! One issuer for many hosts: a device on the path answers in their names.

use std::collections::BTreeSet;

use crate::verdict::certificate;
use crate::verdict::correlate::results::{
    again, blocked_by, collapse, finding, free, hosts, is_genuine, recode,
};
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::network::{GenuineAddresses, unrelated};
use crate::verdict::types::{Context, Judged};
use reach365_model::cause::{Cause, Leaf};
use reach365_model::endpoint::{Endpoint, Issuer};
use reach365_model::evidence::{Attempt, Stage, TlsSeen};
use reach365_model::facts::{OneOrMany, short};
use reach365_model::verdict::{Code, Confidence, Finding, Outcome};

/// Finds untrusted issuers that signed for unrelated hosts.
pub(super) fn untrusted(rows: &mut [Judged<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    while let Some(places) = shared_issuer(rows) {
        for place in &places {
            intercepted(&mut rows[*place], "the same for unrelated hosts");
        }
        collapse(rows, &places, Code::TlsInterceptedUntrusted);
        findings.push(over(rows, &places, Code::TlsInterceptedUntrusted));
    }
    findings
}

/// One host is enough where the issuer names a product of TLS inspection, which has no business with
/// a host whose issuer is public. A host of the company's own may be such a device itself.
pub(super) fn of_products(context: &Context<'_>, rows: &mut [Judged<'_>]) {
    let is_suspect =
        |row: &Judged<'_>| is_untrusted(row) && certificate::needs_public_issuer(row.endpoint);
    for place in free(rows, is_suspect) {
        if let Some(product) = product(context, &rows[place]) {
            intercepted(&mut rows[place], &format!("a name of {product}"));
        }
    }
}

fn product<'a>(context: &Context<'a>, row: &Judged<'_>) -> Option<&'a str> {
    let mut chain = chains(row).flat_map(|seen| &seen.chain);
    chain.find_map(|certificate| context.signatures.product_of_issuer(&certificate.issuer))
}

fn intercepted(row: &mut Judged<'_>, recognized_by: &str) {
    let cause = Cause::TlsInterceptedUntrusted {
        leaf: Leaf::default(),
        recognized_by: Some(recognized_by.into()),
    };
    recode(row, cause, Confidence::Certain);
}

fn shared_issuer(rows: &[Judged<'_>]) -> Option<Vec<usize>> {
    let suspects = free(rows, is_untrusted);
    let same_issuer = |place: &usize| {
        let issuer = rows[*place].issuer();
        let same = |other: &&usize| rows[**other].issuer() == issuer;
        suspects.iter().filter(same).copied().collect::<Vec<_>>()
    };
    suspects.iter().map(same_issuer).find(|places| {
        let hosts = hosts(rows, places);
        hosts.iter().any(|host| unrelated(host, hosts[0]))
    })
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
    rows: &mut [Judged<'_>],
) {
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
        let row = &mut rows[*place];
        let public = Endpoint {
            issuer: Some(Issuer::Public),
            ..row.endpoint.clone()
        };
        *row.verdict = again(&public, row.evidence, context, genuine_addresses);
        if row.verdict.code() == Some(Code::TlsIntercepted) {
            row.verdict.confidence = confidence;
        }
    }
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
pub(super) fn trusted(rows: &mut [Judged<'_>]) -> Option<Finding> {
    let places = free(rows, |row| row.verdict.code() == Some(Code::TlsIntercepted));
    if hosts(rows, &places).len() < 2 {
        return None;
    }
    collapse(rows, &places, Code::TlsIntercepted);
    Some(over(rows, &places, Code::TlsIntercepted))
}

fn over(rows: &[Judged<'_>], places: &[usize], code: Code) -> Finding {
    let mut issuers: Vec<String> = Vec::new();
    for issuer in places.iter().filter_map(|place| rows[*place].issuer()) {
        if !issuers.iter().any(|known| known == issuer) {
            issuers.push(issuer.to_owned());
        }
    }
    let worst = places
        .iter()
        .map(|place| rows[*place].verdict.outcome)
        .max();
    let confidence = places.iter().map(|place| rows[*place].verdict.confidence);
    let diagnosis = Diagnosis::new(code)
        .sure(confidence.min().unwrap_or(Confidence::Certain))
        .with_outcome(worst.unwrap_or(Outcome::Inconclusive))
        .note(|notes| {
            notes.issuer = Some(OneOrMany::Many(issuers.into()));
            notes.hosts = Some(hosts(rows, places).len() as u64);
        });
    finding(diagnosis, rows, places)
}

/// A missing issuer that was seen, trusted, on another host confirms an incomplete chain.
pub(super) fn complete_chains(rows: &mut [Judged<'_>]) {
    let places = free(rows, |row| blocked_by(row, &[Code::TlsIncompleteChain]));
    for place in places {
        let issuer = rows[place].issuer().unwrap_or_default();
        let known = rows.iter().any(|row| is_genuine(row) && sends(row, issuer));
        if known {
            rows[place].verdict.confidence = Confidence::High;
        }
    }
}

fn sends(row: &Judged<'_>, subject: &str) -> bool {
    let mut certificates = chains(row).flat_map(|seen| &seen.chain);
    certificates.any(|certificate| short(&certificate.subject) == subject)
}

//! One issuer for many hosts: somebody between answers in their names.

use crate::evidence::{Attempt, Stage, TlsSeen};
use crate::verdict::claim::{Claim, short};
use crate::verdict::correlate::{
    blocked_by, collapse, fact, finding, free, hosts, is_genuine, recode,
};
use crate::verdict::network::unrelated;
use crate::verdict::{Code, Confidence, Finding, Judged, Outcome, certificate};

/// Finds issuers that nobody trusts and that signed for unrelated hosts.
pub(super) fn untrusted(rows: &mut [Judged<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    while let Some(places) = shared_issuer(rows) {
        for place in &places {
            recode(
                &mut rows[*place],
                Code::TlsInterceptedUntrusted,
                Confidence::Certain,
            );
        }
        collapse(rows, &places, Code::TlsInterceptedUntrusted);
        let says = "TLS is inspected by a device that this machine does not trust: \"{issuer}\" signed for {hosts} hosts";
        findings.push(over(rows, &places, Code::TlsInterceptedUntrusted, says));
    }
    findings
}

fn shared_issuer(rows: &[Judged<'_>]) -> Option<Vec<usize>> {
    let codes = [Code::TlsUntrustedIssuer, Code::TlsIncompleteChain];
    // The certificate of a proxy says nothing about those of the hosts.
    let of_host = |row: &Judged<'_>| row.verdict.stage == Some(Stage::Tls);
    let suspects = free(rows, |row| {
        blocked_by(row, &codes) && of_host(row) && !is_public(row)
    });
    let same_issuer = |place: &usize| {
        let issuer = fact(&rows[*place], "issuer");
        let same = |other: &&usize| fact(&rows[**other], "issuer") == issuer;
        suspects.iter().filter(same).copied().collect::<Vec<_>>()
    };
    suspects.iter().map(same_issuer).find(|places| {
        let hosts = hosts(rows, places);
        hosts.iter().any(|host| unrelated(host, hosts[0]))
    })
}

fn is_public(row: &Judged<'_>) -> bool {
    chains(row).any(certificate::has_public_issuer)
}

fn chains<'a>(row: &Judged<'a>) -> impl Iterator<Item = &'a TlsSeen> {
    let seen = |attempt: &'a Attempt| attempt.tls.as_ref().and_then(|tls| tls.value.as_ref());
    row.evidence.attempts.iter().filter_map(seen)
}

/// Finds that several hosts are inspected by a device that this machine trusts.
pub(super) fn trusted(rows: &mut [Judged<'_>]) -> Option<Finding> {
    let places = free(rows, |row| row.verdict.code == Some(Code::TlsIntercepted));
    if hosts(rows, &places).len() < 2 {
        return None;
    }
    collapse(rows, &places, Code::TlsIntercepted);
    let says = "TLS is inspected: the certificates of {hosts} hosts were issued by {issuer}, which only this machine trusts";
    Some(over(rows, &places, Code::TlsIntercepted, says))
}

fn over(rows: &[Judged<'_>], places: &[usize], code: Code, says: &str) -> Finding {
    let mut issuers: Vec<String> = Vec::new();
    for issuer in places
        .iter()
        .filter_map(|place| fact(&rows[*place], "issuer"))
    {
        if !issuers.contains(&short(issuer)) {
            issuers.push(short(issuer));
        }
    }
    let worst = places
        .iter()
        .map(|place| rows[*place].verdict.outcome)
        .max();
    let claim = Claim::new(code)
        .sure(Confidence::Certain)
        .with_outcome(worst.unwrap_or(Outcome::Inconclusive))
        .fact("issuer", issuers)
        .fact("hosts", hosts(rows, places).len());
    finding(claim, says, rows, places)
}

/// A missing issuer that was seen, trusted, on another host makes an incomplete chain sure.
pub(super) fn complete_chains(rows: &mut [Judged<'_>]) {
    let places = free(rows, |row| blocked_by(row, &[Code::TlsIncompleteChain]));
    for place in places {
        let issuer = fact(&rows[place], "issuer").unwrap_or_default();
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

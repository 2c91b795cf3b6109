//! A captive portal: the network wants a sign-in first.

use crate::endpoint::Scheme;
use crate::verdict::claim::{Claim, short};
use crate::verdict::correlate::{collapse, fact, finding, free, hosts, is_genuine};
use crate::verdict::{Code, Confidence, Finding, Judged, Outcome, content};

const SAYS: &str = "The network asks for a sign-in first: {hosts} hosts were answered by {portal} instead of themselves";

/// Finds a portal: status 511, several hosts redirected to one foreign host, or the connectivity
/// test of Windows redirected.
pub(super) fn find(rows: &mut [Judged<'_>]) -> Option<Finding> {
    let said_so = free(rows, |row| {
        row.verdict.code == Some(Code::HttpCaptivePortal)
    });
    let target = target(rows);
    if said_so.is_empty() && target.is_none() {
        return None;
    }
    let mut claim = Claim::new(Code::HttpCaptivePortal).sure(confidence(said_so.is_empty()));
    let places = free(rows, |row| is_sign(row, target.as_deref()));
    let witnesses = hosts(rows, &places).len();
    claim = claim.fact("hosts", witnesses).fact(
        "portal",
        target.unwrap_or_else(|| "the network (HTTP 511)".to_owned()),
    );
    let explained = explained(rows, places);
    collapse(rows, &explained, Code::HttpCaptivePortal);
    Some(finding(claim, SAYS, rows, &explained))
}

fn confidence(only_redirects: bool) -> Confidence {
    if only_redirects {
        Confidence::High
    } else {
        Confidence::Certain
    }
}

/// The foreign host to which several hosts, or the connectivity test, are redirected.
fn target(rows: &[Judged<'_>]) -> Option<String> {
    let redirected = free(rows, is_redirected);
    for place in &redirected {
        let Some(target) = fact(&rows[*place], "location_host") else {
            continue;
        };
        let same = free(rows, |row| {
            is_redirected(row) && fact(row, "location_host") == Some(target)
        });
        if content::is_ncsi(rows[*place].endpoint) || hosts(rows, &same).len() > 1 {
            return Some(short(target));
        }
    }
    None
}

/// Redirected by somebody on the way: over a genuine chain the host itself redirects.
fn is_redirected(row: &Judged<'_>) -> bool {
    let in_clear = row.endpoint.scheme == Scheme::Http;
    row.verdict.code == Some(Code::HttpUnexpectedRedirect)
        && (in_clear || row.verdict.outcome == Outcome::Blocked)
}

/// Rows that show the portal themselves.
fn is_sign(row: &Judged<'_>, target: Option<&str>) -> bool {
    let to_it = is_redirected(row) && target.is_some() && fact(row, "location_host") == target;
    let page = matches!(
        row.verdict.code,
        Some(Code::HttpCaptivePortal | Code::NcsiWrongContent | Code::ContentNotCrl)
    );
    to_it || (page && row.verdict.outcome == Outcome::Blocked)
}

/// What the portal explains: its own signs; every other failure too where no TLS host answers
/// genuinely, since a portal keeps the rest out.
fn explained(rows: &[Judged<'_>], signs: Vec<usize>) -> Vec<usize> {
    let tls_works = |row: &Judged<'_>| row.endpoint.scheme == Scheme::Https && is_genuine(row);
    if rows.iter().any(tls_works) {
        return signs;
    }
    free(rows, |row| {
        let failed = row.verdict.outcome == Outcome::Blocked && row.evidence.msoid.is_none();
        failed || is_redirected(row)
    })
}

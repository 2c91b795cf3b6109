//! A captive portal: the network wants a sign-in first.

use crate::verdict::correlate::results::{blocked_by, finding, free, hosts, is_genuine};
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::effects::Effects;
use crate::verdict::network::unrelated;
use crate::verdict::types::Judged;
use crate::verdict::{block_page, content};
use reach365_model::cause::{Cause, ProxyReply};
use reach365_model::endpoint::Scheme;
use reach365_model::evidence::HttpSeen;
use reach365_model::facts::short;
use reach365_model::verdict::{Code, Confidence, Outcome};

/// Finds a portal: status 511, several hosts redirected to one foreign host, the connectivity test
/// of Windows redirected, or one page for several hosts.
pub(super) fn find(rows: &[Judged<'_>]) -> Effects {
    let said_so = free(rows, |row| {
        row.verdict.code() == Some(Code::HttpCaptivePortal)
    });
    let target = target(rows);
    let portal = target.clone().or_else(|| common_page(rows));
    if said_so.is_empty() && portal.is_none() {
        return Effects::default();
    }
    let places = free(rows, |row| is_sign(row, target.as_deref()));
    let witnesses = hosts(rows, &places).len();
    let portal = portal.unwrap_or_else(|| "the network (HTTP 511)".to_owned());
    let cause = Cause::HttpCaptivePortal {
        reply: ProxyReply::default(),
        portal: Some(portal.into()),
    };
    let diagnosis = Diagnosis::new(cause)
        .sure(confidence(said_so.is_empty()))
        .note(|notes| notes.hosts = Some(witnesses as u64));
    let mut effects = Effects::default();
    for place in &places {
        // A redirect in clear might have been the host's own; the portal settles that.
        effects.verdict(rows, *place).outcome = Outcome::Blocked;
    }
    let explained = explained(rows, places);
    effects.explain(rows, &explained, Code::HttpCaptivePortal);
    effects.find(finding(diagnosis, rows, &explained));
    effects
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
    redirect_target(rows).or_else(|| hijack_target(rows))
}

fn redirect_target(rows: &[Judged<'_>]) -> Option<String> {
    let redirected = free(rows, is_redirected);
    for place in &redirected {
        let Some(target) = rows[*place].location_host() else {
            continue;
        };
        let same = free(rows, |row| {
            is_redirected(row) && row.location_host() == Some(target)
        });
        if content::is_ncsi(rows[*place].endpoint) || hosts(rows, &same).len() > 1 {
            return Some(short(target));
        }
    }
    None
}

/// The foreign host to which a portal that answers for all names redirects: the connectivity test
/// and an unrelated host, while no TLS host answers. A filter answers for the names that it forbids
/// and leaves the others alone.
fn hijack_target(rows: &[Judged<'_>]) -> Option<String> {
    if tls_works(rows) {
        return None;
    }
    let away = free(rows, |row| is_redirected(row) || is_hijacked(row));
    let tests = away
        .iter()
        .map(|place| &rows[*place])
        .filter(|row| content::is_ncsi(row.endpoint));
    for test in tests {
        let target = test.location_host();
        let mut same = away.iter().map(|place| &rows[*place]);
        let shared = same.any(|row| {
            row.location_host() == target && unrelated(&row.endpoint.host, &test.endpoint.host)
        });
        if shared {
            return target.map(short);
        }
    }
    None
}

/// The page that unrelated hosts send alike: the network's own where the connectivity test gets it
/// too, or where no TLS host answers.
fn common_page(rows: &[Judged<'_>]) -> Option<String> {
    let wrong = [
        Code::NcsiWrongContent,
        Code::ContentNotCrl,
        Code::ContentMismatch,
    ];
    let is_wrong = |row: &Judged<'_>| blocked_by(row, &wrong) || is_doubtful(row);
    let pages = free(rows, |row| is_wrong(row) && sends(row, block_page::is_html));
    pages.iter().find_map(|place| {
        let page = rows[*place].page()?;
        let same = free(rows, |row| {
            let same = row.page() == Some(page);
            same && is_wrong(row) && sends(row, |_| true)
        });
        let hosts = hosts(rows, &same);
        let is_test = |place: &usize| content::is_ncsi(rows[*place].endpoint);
        let for_all = same.iter().any(is_test) || !tls_works(rows);
        (for_all && hosts.iter().any(|host| unrelated(host, hosts[0])))
            .then(|| format!("the page \"{}\"", short(page)))
    })
}

/// Whether a page that asks for something came in clear text, and nothing more was known of it.
fn is_doubtful(row: &Judged<'_>) -> bool {
    row.verdict.code() == Some(Code::ContentMismatch)
        && row.verdict.outcome == Outcome::Inconclusive
}

/// Whether a page came that a portal may have sent. Errors are unknown and an empty answer is open,
/// as Chrome has it: servers and proxies in trouble send them everywhere.
fn sends(row: &Judged<'_>, wanted: impl Fn(&HttpSeen) -> bool) -> bool {
    let attempts = row.evidence.attempts.iter();
    let mut seen = attempts.filter_map(|attempt| attempt.http.as_ref()?.value.as_ref());
    seen.any(|seen| seen.status < 400 && seen.body_bytes > 0 && wanted(seen))
}

fn tls_works(rows: &[Judged<'_>]) -> bool {
    let works = |row: &Judged<'_>| row.endpoint.scheme == Scheme::Https && is_genuine(row);
    rows.iter().any(works)
}

/// Redirected by a device on the path: over a genuine chain the host itself redirects.
fn is_redirected(row: &Judged<'_>) -> bool {
    let in_clear = row.endpoint.scheme == Scheme::Http;
    row.verdict.code() == Some(Code::HttpUnexpectedRedirect)
        && (in_clear || row.verdict.outcome == Outcome::Blocked)
}

/// Redirected where the name itself led elsewhere.
fn is_hijacked(row: &Judged<'_>) -> bool {
    let by_dns = [
        Code::DnsSinkhole,
        Code::DnsRewritten,
        Code::DnsOutsidePublishedRange,
        Code::DnsForeignCname,
    ];
    row.endpoint.scheme == Scheme::Http && blocked_by(row, &by_dns) && row.location_host().is_some()
}

/// Results that show the portal themselves.
fn is_sign(row: &Judged<'_>, target: Option<&str>) -> bool {
    let away = is_redirected(row) || is_hijacked(row);
    let to_it = away && target.is_some() && row.location_host() == target;
    let pages = [Code::NcsiWrongContent, Code::ContentNotCrl];
    to_it
        || is_doubtful(row)
        || blocked_by(row, &[Code::HttpCaptivePortal])
        || (blocked_by(row, &pages) && sends(row, |_| true))
}

/// What the portal explains: its own signs; every other failure too where no TLS host answers
/// genuinely, since a portal keeps the rest out.
fn explained(rows: &[Judged<'_>], signs: Vec<usize>) -> Vec<usize> {
    if tls_works(rows) {
        return signs;
    }
    let mut all = free(rows, |row| {
        let failed = row.verdict.outcome == Outcome::Blocked && row.evidence.msoid.is_none();
        failed || is_redirected(row)
    });
    all.extend(signs);
    all.sort_unstable();
    all.dedup();
    all
}

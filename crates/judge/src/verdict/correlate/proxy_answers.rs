//! What a proxy that refuses every client answers to requests in clear text: the same as to CONNECT.
//! Alone such an answer may be the host's; beside the refusals of the same proxy it is told apart.

use std::collections::BTreeMap;

use url::Url;

use crate::verdict::block_page;
use crate::verdict::correlate::proxy::{cause, is_carried, proxies};
use crate::verdict::correlate::results::free;
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::effects::Effects;
use crate::verdict::types::Judged;
use reach365_model::endpoint::Scheme;
use reach365_model::evidence::{Attempt, HttpSeen, ProxySeen};
use reach365_model::verdict::{Code, Confidence};
use reach365_proxy::route::Hop;

/// Headers that tell who wrote an answer.
const WRITERS: [&str; 4] = ["server", "via", "x-squid-error", "content-type"];

/// A refusal of CONNECT, and what it means.
struct Refusal<'a> {
    seen: &'a ProxySeen,
    diagnosis: Diagnosis,
}

/// Gives endpoints without TLS the cause of the refusals of CONNECT that their answers repeat, where
/// the proxy forwards nothing.
pub(super) fn apply(rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    for proxy in proxies(rows) {
        if rows.iter().any(|row| is_carried(row, &proxy)) {
            continue;
        }
        let refusals = refusals(rows, &proxy);
        let in_clear = free(rows, |row| {
            row.endpoint.scheme == Scheme::Http && row.proxy() == Some(&proxy)
        });
        for place in in_clear.into_iter().filter(|_| !refusals.is_empty()) {
            let row = &rows[place];
            let answer = answer(row, &proxy);
            let same = answer.and_then(|seen| refusals.iter().find(|it| it.is_repeated_by(seen)));
            if let Some(refusal) = same {
                effects.replace(place, refusal.diagnosis.clone().verdict(row.endpoint));
            }
        }
    }
    effects
}

fn refusals<'a>(rows: &[Judged<'a>], proxy: &str) -> Vec<Refusal<'a>> {
    // A web server that is taken for a proxy answers requests in clear text as what it is.
    let is_refusal = |code: Code| code != Code::ProxyNotAProxy;
    let refused = free(rows, |row| {
        row.proxy() == Some(proxy) && cause(row).is_some_and(is_refusal)
    });
    let mut refusals = Vec::new();
    for place in refused {
        let row = &rows[place];
        let evidence = row.evidence;
        let mut attempts = evidence.attempts.iter().filter(|it| is_through(it, proxy));
        let seen = attempts.find_map(|it| it.proxy.as_ref()?.value.as_ref());
        let seen = seen.filter(|seen| seen.status.is_some());
        let (Some(seen), Some(code)) = (seen, cause(row)) else {
            continue;
        };
        let mut diagnosis = Diagnosis::of(row.verdict, code);
        diagnosis.confidence = diagnosis.confidence.min(Confidence::Medium);
        diagnosis.outcome = code.outcome();
        diagnosis.stage = code.stage();
        diagnosis.basis.notes.other_ways = None;
        refusals.push(Refusal { seen, diagnosis });
    }
    refusals
}

fn is_through(attempt: &Attempt, proxy: &str) -> bool {
    let hop = attempt.hop.as_ref().and_then(Hop::proxy);
    hop.is_some_and(|server| server.to_string() == proxy)
}

fn answer<'a>(row: &Judged<'a>, proxy: &str) -> Option<&'a HttpSeen> {
    let evidence = row.evidence;
    let mut attempts = evidence.attempts.iter().filter(|it| is_through(it, proxy));
    attempts.find_map(|it| it.http.as_ref()?.value.as_ref())
}

impl Refusal<'_> {
    /// Whether an answer in clear text is the same: its status, its title and who wrote it, or for a
    /// redirect the host that it leads to.
    fn is_repeated_by(&self, answer: &HttpSeen) -> bool {
        let title = |title: &Option<String>| title.clone().unwrap_or_default();
        let writers = WRITERS
            .iter()
            .all(|name| self.seen.headers.get(*name) == answer.headers.get(*name));
        let leads_on = (300..400).contains(&answer.status);
        if leads_on {
            let to = target(&answer.headers);
            return to.is_some() && to == target(&self.seen.headers);
        }
        self.seen.status == Some(answer.status)
            && title(&self.seen.title) == title(&answer.title)
            && (writers || block_page::names_itself(answer))
    }
}

/// The host that a redirect leads to.
fn target(headers: &BTreeMap<String, String>) -> Option<String> {
    let location = headers.get("location")?;
    Url::parse(location).ok()?.host_str().map(str::to_owned)
}

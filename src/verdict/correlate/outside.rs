//! A host outside Microsoft that the caller named: whether it fails alike.

use crate::endpoint::Scheme;
use crate::evidence::{ControlHostSeen, Stage};
use crate::plan;
use crate::verdict::correlate::{blocked_by, fact, free};
use crate::verdict::tcp::ceiling;
use crate::verdict::{Code, Confidence, Context, Judged, Outcome, Verdict, dns};

/// Name of the fact that says what came of it.
const FACT: &str = "control_host";

/// The host on one way and port, judged.
pub(super) struct Outside<'a> {
    name: String,
    seen: &'a ControlHostSeen,
    verdict: Verdict,
}

/// What the host says of a row.
enum Comparison {
    /// It gets past the stage at which the row fails.
    Works,
    /// It fails for the same cause.
    Alike,
    /// It fails for another cause, at the same stage or before.
    Otherwise(Code),
}

/// All that was seen of the host.
pub(super) fn all<'a>(context: &Context<'a>) -> Vec<Outside<'a>> {
    let seen = context.run.control_hosts.iter();
    let judged = seen.map(|seen| {
        let endpoint = plan::comparison(&seen.host, seen.port, seen.scheme);
        Outside {
            name: endpoint.host.to_string(),
            seen,
            verdict: crate::verdict::judge(&endpoint, &seen.evidence, context),
        }
    });
    judged.collect()
}

/// Whether the host took a direct connection on a port, which is then not closed for everybody.
pub(super) fn connects(outsides: &[Outside<'_>], port: u16) -> bool {
    let on_port = |outside: &&Outside<'_>| outside.seen.port == port;
    let connected = |outside: &Outside<'_>| {
        let mut attempts = outside.seen.evidence.attempts.iter();
        attempts.any(|attempt| attempt.hop.is_none() && attempt.tcp.passed())
    };
    outsides.iter().filter(on_port).any(connected)
}

/// Whether the resolver knows the host: then it is not dead.
pub(super) fn resolves(outsides: &[Outside<'_>]) -> bool {
    outsides
        .iter()
        .any(|outside| !dns::answers(&outside.seen.evidence).is_empty())
}

/// Rows beside a host that works are sure; rows beside one that fails alike accuse no rule for
/// their own host.
pub(super) fn hear(outsides: &[Outside<'_>], rows: &mut [Judged<'_>]) {
    for place in free(rows, |row| row.verdict.outcome == Outcome::Blocked) {
        let row = &mut rows[place];
        let Some(code) = cause(row) else { continue };
        let heard = outsides.iter().find_map(|outside| {
            let comparison = outside.compared(row, code)?;
            Some((&outside.name, comparison))
        });
        if let Some((name, comparison)) = heard {
            tell(row.verdict, code, name, &comparison);
        }
    }
}

/// What the row fails for, below the name that Windows admins know it by.
fn cause(row: &Judged<'_>) -> Option<Code> {
    if blocked_by(row, &[Code::NcsiBlocked])
        && let Some(cause) = fact(row, "cause").and_then(Code::parse)
    {
        return Some(cause);
    }
    row.verdict.code
}

impl Outside<'_> {
    /// What the host says of a row on the same way.
    fn compared(&self, row: &Judged<'_>, code: Code) -> Option<Comparison> {
        let stage = row.verdict.stage?;
        if !self.is_beside(row, stage) {
            return None;
        }
        let works = matches!(self.verdict.outcome, Outcome::Reachable | Outcome::Degraded);
        // An answer in clear may be anybody's: only what it says of the connection counts.
        let proven = self.seen.scheme == Scheme::Https || stage <= Stage::Proxy;
        match self.verdict.code {
            _ if works => proven.then_some(Comparison::Works),
            Some(own) if own == code => Some(Comparison::Alike),
            _ if self.verdict.stage > Some(stage) => Some(Comparison::Works),
            Some(own) => Some(Comparison::Otherwise(own)),
            None => None,
        }
    }

    /// Whether the host was asked as the row was. Names are looked up for every port alike, and a
    /// proxy itself is the same for all.
    fn is_beside(&self, row: &Judged<'_>, stage: Stage) -> bool {
        let ways = &row.evidence.ways;
        let way = ways.first().map(|way| way.route.hop_words());
        let way = way.unwrap_or_else(|| crate::route::Route::direct().hop_words());
        let same_port = self.seen.port == row.endpoint.port;
        way == self.seen.route.hop_words() && (same_port || stage == Stage::Dns)
    }
}

fn tell(verdict: &mut Verdict, code: Code, name: &str, comparison: &Comparison) {
    let words = match comparison {
        Comparison::Works => {
            if verdict.confidence == Confidence::Medium {
                verdict.confidence = ceiling(code, verdict);
            }
            format!("{name} gets past this stage")
        }
        Comparison::Alike => {
            accuse_no_rule(verdict, name);
            format!("{name} fails alike")
        }
        Comparison::Otherwise(own) => format!("{name} fails with {own}"),
    };
    verdict.facts.insert(FACT.to_owned(), words.into());
}

/// A fault that somebody else has too is none of this host.
fn accuse_no_rule(verdict: &mut Verdict, name: &str) {
    let words = format!("; {name} fails alike, so that no rule for this host alone explains it");
    verdict.summary.push_str(&words);
}

//! The path itself: round trips that are long for every host, and packets that are lost.
//!
//! Neither accuses a party: the endpoints stay reachable.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::verdict::correlate::results::finding;
use crate::verdict::diagnosis::{Diagnosis, whole_ms};
use crate::verdict::effects::Effects;
use crate::verdict::tcp;
use crate::verdict::types::Judged;
use reach365_model::cause::Cause;
use reach365_model::endpoint::Host;
use reach365_model::evidence::{
    Attempt, DnsTry, FailureKind, Lookup, Observation, RunEvidence, Transport,
};
use reach365_model::verdict::{Confidence, Finding};

/// A round trip of so much is long: between continents it takes 300 ms, to a geostationary
/// satellite and back 500 ms.
const LONG_MS: f64 = 400.0;
/// Hosts that must be as far away: one may be slow itself.
const HOSTS: usize = 2;
/// Exchanges that must have lost a packet: one is chance.
const LOST: usize = 2;
/// Where a round trip takes longer, a system sends the request for a connection again without
/// anything having been lost.
const PATIENCE_US: u32 = 900_000;

/// Finds that the path loses packets, and that its round trip is long.
pub(super) fn find(run: &RunEvidence, rows: &[Judged<'_>]) -> Effects {
    let lossy = may_tell_loss(run).then(|| lossy(run, rows)).flatten();
    lossy.into_iter().chain(long(rows)).collect()
}

/// What a network drops that limits bursts, and what came too late for a limit of the user's own,
/// does not count as loss.
fn may_tell_loss(run: &RunEvidence) -> bool {
    let limits_bursts = run.burst.as_ref().is_some_and(|burst| burst.passed > 0);
    run.short_limits.is_empty() && !limits_bursts
}

/// So many exchanges, and how many of them lost a packet.
#[derive(Debug, Default)]
struct Exchanges {
    all: usize,
    lost: usize,
    /// Name servers that have answered questions with EDNS: the others lose what they do not know.
    with_edns: BTreeSet<SocketAddr>,
    /// Name servers that drop what exceeds a limit.
    limited: BTreeSet<SocketAddr>,
}

impl Exchanges {
    fn count(&mut self, lost: bool) {
        self.all += 1;
        self.lost += usize::from(lost);
    }

    /// Questions over UDP that were answered in the end. A name that is never answered is another
    /// matter.
    fn count_lookup(&mut self, lookup: &Lookup) {
        let mut by_server: BTreeMap<SocketAddr, Vec<&DnsTry>> = BTreeMap::new();
        let over_udp = |one: &&DnsTry| one.transport == Transport::Udp;
        for one in lookup.tries.iter().filter(over_udp) {
            by_server.entry(one.server).or_default().push(one);
        }
        by_server.retain(|server, _| !self.limited.contains(server));
        for tries in by_server.values() {
            let answered = tries.iter().any(|one| one.failure.is_none());
            for one in tries.iter().filter(|_| answered) {
                let kind = one.failure.as_ref().map(|failure| failure.kind);
                let again = one.resent_after_ms.is_some() || kind == Some(FailureKind::Timeout);
                let by_edns = one.edns.is_some() && !self.with_edns.contains(&one.server);
                self.count(again && !by_edns);
            }
        }
    }

    /// Connections that worked, and silent ones beside them.
    fn count_attempts(&mut self, attempts: &[Attempt]) {
        for attempt in attempts {
            let works = works(attempt);
            let again = |other: &Attempt| {
                other.address == attempt.address && other.hop == attempt.hop && self::works(other)
            };
            if works || is_silent(attempt) && attempts.iter().any(again) {
                self.count(!works || has_resent(attempt));
            }
        }
    }
}

fn lossy(run: &RunEvidence, rows: &[Judged<'_>]) -> Option<Finding> {
    let lookups = rows.iter().flat_map(|row| {
        let proxies = row.evidence.proxy_lookups.iter();
        row.evidence.lookups.iter().chain(proxies)
    });
    let with_edns = lookups
        .flat_map(|lookup| &lookup.tries)
        .filter(|one| one.edns == Some(true) && one.failure.is_none());
    let mut exchanges = Exchanges {
        with_edns: with_edns.map(|one| one.server).collect(),
        limited: run
            .busy_resolvers
            .iter()
            .filter(|one| one.dropped > 0)
            .map(|one| one.server)
            .collect(),
        ..Exchanges::default()
    };
    let mut hit = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let before = exchanges.lost;
        let lookups = row.evidence.lookups.iter();
        for lookup in lookups.chain(&row.evidence.proxy_lookups) {
            exchanges.count_lookup(lookup);
        }
        exchanges.count_attempts(&row.evidence.attempts);
        if exchanges.lost > before {
            hit.push(place);
        }
    }
    if exchanges.lost < LOST {
        return None;
    }
    let cause = Cause::PathLoss {
        lost: Some(exchanges.lost as u64),
        exchanges: Some(exchanges.all as u64),
    };
    let diagnosis = Diagnosis::new(cause).sure(Confidence::Medium);
    Some(finding(diagnosis, rows, &hit))
}

fn works(attempt: &Attempt) -> bool {
    let passed = |stage: Option<bool>| stage.unwrap_or(true);
    attempt.tcp.passed()
        && passed(attempt.proxy_tls.as_ref().map(Observation::passed))
        && passed(attempt.proxy.as_ref().map(Observation::passed))
        && passed(attempt.tls.as_ref().map(Observation::passed))
        && passed(attempt.http.as_ref().map(Observation::passed))
}

/// Whether the request for the connection got no answer. Silence further on may be a slow server.
fn is_silent(attempt: &Attempt) -> bool {
    let failure = attempt.tcp.failure.as_ref();
    failure.is_some_and(|failure| failure.kind == FailureKind::Timeout)
}

/// Whether a packet was retransmitted because no acknowledgement came.
fn has_resent(attempt: &Attempt) -> bool {
    let Some(counters) = &attempt.counters else {
        return false;
    };
    let needless = counters.needless_retransmits.unwrap_or_default();
    counters.retransmits > needless && counters.rtt_us < PATIENCE_US
}

fn long(rows: &[Judged<'_>]) -> Option<Finding> {
    let mut hosts: Vec<(&Host, f64)> = Vec::new();
    let mut measured = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let direct = row.evidence.attempts.iter().filter(|it| it.hop.is_none());
        let shortest = direct.filter_map(tcp::round_trip_ms).min_by(f64::total_cmp);
        let Some(shortest) = shortest else { continue };
        measured.push(place);
        match hosts
            .iter_mut()
            .find(|(host, _)| *host == &row.endpoint.host)
        {
            Some((_, known)) => *known = known.min(shortest),
            None => hosts.push((&row.endpoint.host, shortest)),
        }
    }
    let mut times: Vec<f64> = hosts.iter().map(|(_, time)| *time).collect();
    times.sort_by(f64::total_cmp);
    let median = *times.get(times.len().saturating_sub(1) / 2)?;
    if times.len() < HOSTS || median < LONG_MS {
        return None;
    }
    let round_trip_ms = Some(whole_ms(median));
    let diagnosis = Diagnosis::new(Cause::PathLatency { round_trip_ms })
        .sure(Confidence::Medium)
        .note(|notes| notes.hosts = Some(times.len() as u64));
    Some(finding(diagnosis, rows, &measured))
}

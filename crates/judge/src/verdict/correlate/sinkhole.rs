//! Addresses wrongly taken for sinkholes, and sinkholes that one result alone cannot show.

use std::net::{IpAddr, SocketAddr};

use crate::verdict::correlate::results::{again, blocked_by, free, hosts, is_genuine};
use crate::verdict::dns;
use crate::verdict::effects::Effects;
use crate::verdict::network::{GenuineAddresses, unrelated};
use crate::verdict::types::{Context, Judged};
use reach365_model::endpoint::Endpoint;
use reach365_model::verdict::{Code, Confidence, Outcome};

/// Judges sinkhole results again, now that it is known where genuine answers came from.
pub(super) fn judge_again(context: &Context<'_>, rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    let genuine_addresses = genuine_addresses(rows);
    for place in free(rows, |row| blocked_by(row, &[Code::DnsSinkhole])) {
        let row = &rows[place];
        let verdict = again(row.endpoint, row.evidence, context, &genuine_addresses);
        effects.replace(place, verdict);
    }
    effects
}

/// An address that Microsoft does not publish accuses the resolver only where it is what
/// distinguishes the endpoint. Where an endpoint whose address is known good fails for the same
/// cause, where another such address serves a genuine answer (the list is older than the address),
/// or where no direct path works at all, the cause itself stands.
pub(super) fn accept_unpublished_addresses(context: &Context<'_>, rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    let outside = free(rows, |row| {
        blocked_by(row, &[Code::DnsOutsidePublishedRange]) && !row.is_proxied()
    });
    let direct = |row: &&Judged<'_>| is_genuine(row) && !row.is_proxied();
    let serves = |row: &Judged<'_>| row.verdict.basis.notes.outside_published_range.is_some();
    let answered = rows.iter().any(|row| direct(&row));
    let is_old = rows.iter().filter(direct).any(serves);
    let causes: Vec<Code> = rows
        .iter()
        .enumerate()
        .filter(|(place, row)| row.verdict.outcome == Outcome::Blocked && !outside.contains(place))
        .filter_map(|(_, row)| row.verdict.code())
        .collect();
    let genuine_addresses = genuine_addresses(rows);
    for place in outside {
        let row = &rows[place];
        let endpoint = Endpoint {
            ranges: Vec::new(),
            ..row.endpoint.clone()
        };
        let mut plain = again(&endpoint, row.evidence, context, &genuine_addresses);
        let shared = plain.code().is_some_and(|code| causes.contains(&code));
        if is_old || shared || !answered {
            plain.basis.notes.outside_published_range = Some(true);
            effects.replace(place, plain);
        }
    }
    effects
}

/// The addresses that genuine answers came from.
pub(super) fn genuine_addresses(rows: &[Judged<'_>]) -> GenuineAddresses {
    let mut genuine_addresses = GenuineAddresses::default();
    for row in rows
        .iter()
        .filter(|row| is_genuine(row) && !row.is_proxied())
    {
        if let Some(address) = genuine_address(row) {
            genuine_addresses.add(row.endpoint, address);
        }
    }
    genuine_addresses
}

fn genuine_address(row: &Judged<'_>) -> Option<IpAddr> {
    row.address().map(|address| address.ip())
}

/// Finds unrelated names that lead to one address where a foreign certificate or clear text
/// answers. The same at a second address is a device on the path, not DNS.
pub(super) fn shared_address(rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    let foreign = [Code::TlsWrongName, Code::TlsSelfSigned, Code::TlsPlaintext];
    let suspects = free(rows, |row| blocked_by(row, &foreign) && !row.is_proxied());
    let Some(address) = one_address(rows, &suspects) else {
        return effects;
    };
    let mut reached = rows.iter().filter(|row| is_genuine(row));
    let hosts = hosts(rows, &suspects);
    if reached.any(|row| genuine_address(row) == Some(address.ip()))
        || !hosts.iter().any(|host| unrelated(host, hosts[0]))
    {
        return effects;
    }
    for place in suspects {
        let answers = dns::to_list(&dns::answers(rows[place].evidence));
        effects.verdict(rows, place).basis.notes.answers = Some(answers);
        effects.recode(rows, place, Code::DnsSinkhole, Confidence::High);
    }
    effects
}

/// The address that all results led to, where it is the same.
fn one_address(rows: &[Judged<'_>], places: &[usize]) -> Option<SocketAddr> {
    let mut addresses = places.iter().map(|place| rows[*place].address());
    let first = addresses.next()??;
    addresses.all(|other| other == Some(first)).then_some(first)
}

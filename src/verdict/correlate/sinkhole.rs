//! Sinkholes that are none, and sinkholes that one row alone cannot see.

use std::net::{IpAddr, SocketAddr};

use crate::verdict::correlate::{again, blocked_by, free, hosts, is_genuine, recode};
use crate::verdict::network::{Controls, unrelated};
use crate::verdict::{Code, Confidence, Context, Judged, dns};

/// Judges sinkhole rows again, now that it is known where genuine answers came from.
pub(super) fn exonerate(context: &Context<'_>, rows: &mut [Judged<'_>]) {
    let controls = controls(rows);
    for place in free(rows, |row| blocked_by(row, &[Code::DnsSinkhole])) {
        let row = &mut rows[place];
        *row.verdict = again(row.endpoint, row.evidence, context, &controls);
    }
}

/// The addresses that genuine answers came from.
fn controls(rows: &[Judged<'_>]) -> Controls {
    let mut controls = Controls::default();
    for row in rows.iter().filter(|row| is_genuine(row)) {
        if let Some(address) = genuine_address(row) {
            controls.add(row.endpoint, address);
        }
    }
    controls
}

fn genuine_address(row: &Judged<'_>) -> Option<IpAddr> {
    let text = row.verdict.facts.get("address")?.as_str()?;
    let address: SocketAddr = text.parse().ok()?;
    Some(address.ip())
}

/// Finds unrelated names that lead to one address where a foreign certificate or clear text
/// answers.
pub(super) fn shared_address(rows: &mut [Judged<'_>]) {
    let foreign = [Code::TlsWrongName, Code::TlsSelfSigned, Code::TlsPlaintext];
    let suspects = free(rows, |row| blocked_by(row, &foreign));
    let genuine: Vec<IpAddr> = rows
        .iter()
        .filter(|row| is_genuine(row))
        .filter_map(genuine_address)
        .collect();
    let shared: Vec<usize> = suspects
        .iter()
        .copied()
        .filter(|place| {
            let address = genuine_or_failed_address(&rows[*place]);
            let same = |other: &&usize| genuine_or_failed_address(&rows[**other]) == address;
            let group: Vec<usize> = suspects.iter().filter(same).copied().collect();
            let hosts = hosts(rows, &group);
            address.is_some_and(|address| !genuine.contains(&address.ip()))
                && hosts.iter().any(|host| unrelated(host, hosts[0]))
        })
        .collect();
    for place in shared {
        let row = &mut rows[place];
        let answers = dns::words(&dns::answers(row.evidence));
        row.verdict
            .facts
            .insert("answers".to_owned(), answers.into());
        recode(row, Code::DnsSinkhole, Confidence::High);
    }
}

fn genuine_or_failed_address(row: &Judged<'_>) -> Option<SocketAddr> {
    row.verdict.facts.get("address")?.as_str()?.parse().ok()
}

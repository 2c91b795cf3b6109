//! One port, or one address family, closed for everybody.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::verdict::correlate::control_host::{self, ControlHost};
use crate::verdict::correlate::results::{blocked_by, connected, finding, free, hosts};
use crate::verdict::correlate::uncontrolled;
use crate::verdict::diagnosis::Diagnosis;
use crate::verdict::effects::Effects;
use crate::verdict::network;
use crate::verdict::types::{Context, Judged};
use reach365_model::cause::Cause;
use reach365_model::endpoint::{MustBe, Scheme};
use reach365_model::verdict::{Code, Confidence, Finding, Outcome};

/// Hosts that must agree where another port works.
const HOSTS_WITH_CONTROL: usize = 2;
/// Hosts that must agree where nothing else is known to work; those of one owner may be down together.
const HOSTS_WITHOUT_CONTROL: usize = 3;

/// Finds ports on which every host is silent, refused, or rejected by rule.
pub(super) fn closed_ports(
    context: &Context<'_>,
    control_hosts: &[ControlHost<'_>],
    rows: &[Judged<'_>],
) -> Effects {
    let tried = free(rows, was_connected_to);
    let ports: BTreeSet<u16> = tried
        .iter()
        .map(|place| rows[*place].endpoint.port)
        .collect();
    // 443 before 80: the order of importance.
    if let Some((finding, places)) = closed_everywhere(context, control_hosts, rows, &ports) {
        let mut effects = Effects::default();
        effects.explain(rows, &places, Code::TcpEgressClosed);
        effects.find(finding);
        return effects;
    }
    let found = ports
        .into_iter()
        .rev()
        .filter(|port| !control_host::connects(control_hosts, rows, *port))
        .filter_map(|port| closed_port(context, rows, port));
    let mut effects = Effects::default();
    for (finding, places) in found {
        effects.explain(rows, &places, Code::TcpEgressClosed);
        effects.find(finding);
    }
    effects
}

/// A test over IPv6 alone says nothing about a port that other endpoints try over both families.
fn was_connected_to(row: &Judged<'_>) -> bool {
    row.endpoint.scheme != Scheme::Dns
        && row.verdict.outcome != Outcome::Skipped
        && !row.endpoint.ipv6_only
        && row.endpoint.must_be == MustBe::Reachable
        && !row.evidence.attempts.is_empty()
        && !is_misled(row)
}

/// DNS led it elsewhere: what happened there says nothing about the port.
fn is_misled(row: &Judged<'_>) -> bool {
    let misled = [
        Code::DnsSinkhole,
        Code::DnsHostsFile,
        Code::DnsOutsidePublishedRange,
        Code::DnsForeignCname,
    ];
    blocked_by(row, &misled)
}

/// Every port that was tried is closed for every host: the question is then whether direct
/// connections are meant to work here at all.
fn closed_everywhere(
    context: &Context<'_>,
    control_hosts: &[ControlHost<'_>],
    rows: &[Judged<'_>],
    ports: &BTreeSet<u16>,
) -> Option<(Finding, Vec<usize>)> {
    let places = free(rows, was_connected_to);
    let hosts = hosts(rows, &places);
    let unrelated = hosts.len() >= HOSTS_WITHOUT_CONTROL && uncontrolled::have_two_owners(&hosts);
    let hosts = hosts.len();
    let alike: Option<Vec<(Code, Vec<usize>)>> = ports
        .iter()
        .map(|port| {
            let own = places.iter().copied();
            let own: Vec<usize> = own
                .filter(|place| rows[*place].endpoint.port == *port)
                .collect();
            Some((closing(rows, &own)?, own))
        })
        .collect();
    let alike = alike.filter(|_| unrelated)?;
    let works = rows.iter().any(connected)
        || ports
            .iter()
            .any(|port| control_host::connects(control_hosts, rows, *port));
    if works || lead_to_one_machine(context, rows, &places) {
        return None;
    }
    let device = device(rows, &places);
    let how: BTreeSet<String> = alike.iter().map(|(code, _)| how(*code, device)).collect();
    let how: Vec<String> = how.into_iter().collect();
    let names: Vec<String> = ports.iter().map(ToString::to_string).collect();
    let cause = Cause::TcpEgressClosed {
        egress_port: None,
        egress_ports: Some(names.join(" and ").into()),
        how: Some(how.join(" or ").into()),
        another_port_works: Some(false),
        all_ports: Some(true),
    };
    let diagnosis = Diagnosis::new(cause)
        .sure(Confidence::Medium)
        .at_address(device)
        .note(|notes| notes.hosts = Some(hosts as u64));
    Some((finding(diagnosis, rows, &places), places))
}

/// How connections were closed, as text.
fn how(closing: Code, device: Option<IpAddr>) -> String {
    match (closing, device) {
        (Code::TcpDropped, _) => "silent".to_owned(),
        (Code::TcpAdminProhibited, Some(device)) => format!("rejected by {device}"),
        (Code::TcpAdminProhibited, None) => "rejected by rule".to_owned(),
        _ => "refused".to_owned(),
    }
}

fn closed_port(
    context: &Context<'_>,
    rows: &[Judged<'_>],
    port: u16,
) -> Option<(Finding, Vec<usize>)> {
    let places = free(rows, |row| {
        was_connected_to(row) && row.endpoint.port == port
    });
    let closing = closing(rows, &places)?;
    let works = rows
        .iter()
        .any(|row| row.endpoint.port != port && connected(row));
    let hosts = hosts(rows, &places);
    let (enough, confidence) = if works {
        (hosts.len() >= HOSTS_WITH_CONTROL, Confidence::High)
    } else {
        let unrelated = uncontrolled::have_two_owners(&hosts);
        let enough = hosts.len() >= HOSTS_WITHOUT_CONTROL && unrelated;
        (enough, Confidence::Medium)
    };
    if !enough || lead_to_one_machine(context, rows, &places) {
        return None;
    }
    let hosts = hosts.len();
    let device = device(rows, &places);
    let how = how(closing, device);
    let cause = Cause::TcpEgressClosed {
        egress_port: Some(port),
        egress_ports: None,
        how: Some(how.into()),
        another_port_works: Some(works),
        all_ports: None,
    };
    let diagnosis = Diagnosis::new(cause)
        .sure(confidence)
        .at_address(device)
        .note(|notes| notes.hosts = Some(hosts as u64));
    Some((finding(diagnosis, rows, &places), places))
}

/// How every connection ended, where all ended alike. Devices limit how often they say that they
/// reject something: silence beside such a message is the same rule.
fn closing(rows: &[Judged<'_>], places: &[usize]) -> Option<Code> {
    let all = |codes: &[Code]| places.iter().all(|place| blocked_by(&rows[*place], codes));
    let alike = [Code::TcpDropped, Code::TcpRefused, Code::TcpAdminProhibited];
    if let Some(code) = alike.into_iter().find(|code| all(&[*code])) {
        return Some(code);
    }
    let said = [Code::TcpAdminProhibited, Code::TcpRefused];
    said.into_iter().find(|code| {
        let mut told = places
            .iter()
            .filter(|place| blocked_by(&rows[**place], &[*code]));
        all(&[*code, Code::TcpDropped]) && told.all(|place| rows[*place].has_icmp())
    })
}

/// The one device that rejected connections, where it is one.
fn device(rows: &[Judged<'_>], places: &[usize]) -> Option<IpAddr> {
    let culprits = places
        .iter()
        .filter_map(|place| rows[*place].verdict.culprit.as_ref());
    let named: BTreeSet<IpAddr> = culprits.filter_map(|culprit| culprit.address).collect();
    named.first().copied().filter(|_| named.len() == 1)
}

/// Whether all names lead to one address: then one machine is closed, not internet access. On a
/// test bench on loopback every name does.
fn lead_to_one_machine(context: &Context<'_>, rows: &[Judged<'_>], places: &[usize]) -> bool {
    let attempts = places
        .iter()
        .flat_map(|place| &rows[*place].evidence.attempts);
    let addresses: BTreeSet<IpAddr> = attempts.map(|attempt| attempt.address.ip()).collect();
    addresses.len() < 2 && !network::is_test_bench(context.run)
}

/// Finds that IPv6 is dead for everybody while IPv4 works.
pub(super) fn ipv6(rows: &[Judged<'_>]) -> Effects {
    let broken = free(rows, suffers_from_ipv6);
    let hosts = hosts(rows, &broken).len();
    if hosts < 2 || rows.iter().any(connects_over_ipv6) {
        return Effects::default();
    }
    let main = free(rows, |row| row.verdict.code() == Some(Code::TcpIpv6Broken));
    let diagnosis = Diagnosis::new(Code::TcpIpv6Broken)
        .sure(Confidence::High)
        .note(|notes| notes.hosts = Some(hosts as u64));
    let mut effects = Effects::default();
    effects.explain(rows, &main, Code::TcpIpv6Broken);
    effects.find(finding(diagnosis, rows, &broken));
    effects
}

fn suffers_from_ipv6(row: &Judged<'_>) -> bool {
    row.verdict.basis.shows(Code::TcpIpv6Broken)
}

fn connects_over_ipv6(row: &Judged<'_>) -> bool {
    let works = |attempt: &reach365_model::evidence::Attempt| {
        attempt.address.is_ipv6() && attempt.tcp.passed()
    };
    row.evidence.attempts.iter().any(works)
}

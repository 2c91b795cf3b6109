//! The internet of a branch office: resolver and hosts, in a process of their own that runs in the
//! namespace of the internet.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use socket2::{Domain, Socket, Type};

use super::scenario::{Host, RESOLVER, Scenario, ipv6};
use crate::certificates::Authorities;
use crate::dns;
use crate::zone::{Name, SharedZone};

/// First argument of the process that serves; the scenario's file is the second.
pub(crate) const SERVE: &str = "serve";

/// Starts everything, prints where the roots are, and waits for the end of its input.
pub(crate) fn serve(file: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    let scenario = Scenario::parse(&text).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let authorities = Authorities::new();
    let zone = zone(&scenario);
    let mut held = start_resolver(&scenario, &zone);
    for (place, host) in scenario.host.iter().enumerate() {
        held.extend(start_host(&scenario, place, host, &authorities, &zone));
    }
    println!("{}", authorities.directory().display());
    // An error ends the wait as well.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

fn zone(scenario: &Scenario) -> SharedZone {
    let zone = SharedZone::default();
    for (name, entry) in &scenario.zone {
        zone.insert(name, entry.clone());
    }
    zone.lock().wildcard.clone_from(&scenario.wildcard);
    for (place, host) in scenario.host.iter().enumerate() {
        let mut entry = Name::at(&addresses(scenario, place));
        if let Some(other) = host.dns.clone() {
            entry.overlay(other);
        }
        zone.insert(&host.name, entry);
    }
    zone
}

fn start_resolver(scenario: &Scenario, zone: &SharedZone) -> Vec<Socket> {
    let address = SocketAddr::from((RESOLVER, 53));
    dns::start(zone.clone(), scenario.resolver, bind(address), address)
}

fn start_host(
    scenario: &Scenario,
    place: usize,
    host: &Host,
    authorities: &Authorities,
    zone: &SharedZone,
) -> Vec<Socket> {
    let start = |address: IpAddr| {
        let socket = bind(SocketAddr::from((address, host.port())));
        let asked = Arc::clone(&zone.first_question(&host.name));
        host.server.start(&host.name, authorities, socket, asked)
    };
    answers_at(scenario, place)
        .into_iter()
        .flat_map(start)
        .collect()
}

/// The addresses that DNS gives for the host at a place in the list.
fn addresses(scenario: &Scenario, place: usize) -> Vec<IpAddr> {
    let mut addresses = vec![scenario.host[place].ipv4(place).into()];
    if scenario.ipv6 {
        addresses.push(ipv6(place).into());
    }
    addresses
}

/// The addresses at which the host at a place in the list answers.
pub(crate) fn answers_at(scenario: &Scenario, place: usize) -> Vec<IpAddr> {
    let mut addresses = addresses(scenario, place);
    if scenario.nat64 {
        addresses.push(through_nat64(scenario.host[place].ipv4(place)).into());
    }
    addresses
}

/// RFC 6052, with the well-known prefix.
fn through_nat64(address: Ipv4Addr) -> Ipv6Addr {
    let [a, b, c, d] = address.octets();
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low)
}

fn bind(address: SocketAddr) -> Socket {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    if address.is_ipv6() {
        socket.set_only_v6(true).unwrap();
    }
    socket.bind(&address.into()).unwrap();
    socket
}

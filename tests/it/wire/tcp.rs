//! Connection requests: accepted, refused, dropped.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::{PATIENCE, connect};
use reach365_testlab::Lab;
use reach365_testlab::address;
use reach365_testlab::server::{Server, Tcp};
use reach365_testlab::zone::Name;

fn request(address: SocketAddr, limit: Duration) -> Result<TcpStream, ErrorKind> {
    TcpStream::connect_timeout(&address, limit).map_err(|error| error.kind())
}

#[test]
fn a_closed_port_refuses() {
    let mut lab = Lab::start();
    for address in [
        lab.closed_port(),
        lab.serve("x.example", "https", &Server::tcp(Tcp::Closed)),
    ] {
        let result = request(address, PATIENCE);
        assert_eq!(result.err(), Some(ErrorKind::ConnectionRefused));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_queue_makes_connections_hang_time_after_time() {
    let mut lab = Lab::start();
    for address in [
        lab.silent_server(),
        lab.serve("x.example", "https", &Server::tcp(Tcp::Dropped)),
    ] {
        for _ in 0..5 {
            let limit = Duration::from_millis(300);
            let result = request(address, limit);
            assert_eq!(result.err(), Some(ErrorKind::TimedOut));
        }
    }
    // Beyond the system's first repetition, too.
    let result = request(lab.silent_server(), Duration::from_millis(1_500));
    assert_eq!(result.err(), Some(ErrorKind::TimedOut));
}

#[test]
#[cfg(target_os = "linux")]
fn a_queue_that_empties_makes_a_connection_slow() {
    let mut lab = Lab::start();
    let address = lab.serve("slow.example", "https", &Server::tcp(Tcp::DroppedFor(300)));
    lab.zone
        .lock()
        .count("slow.example", hickory_resolver::proto::rr::RecordType::A);
    let early = request(address, Duration::from_millis(150));
    assert_eq!(early.err(), Some(ErrorKind::TimedOut));
    assert!(request(address, PATIENCE).is_ok());
}

#[test]
fn the_first_connections_fail_and_the_next_is_served() {
    let mut lab = Lab::start();
    let server = Server {
        fail_first: 2,
        clear: true,
        ..Server::default()
    };
    let address = lab.serve("flaky.example", "http", &server);
    for expected in [
        Err(ErrorKind::ConnectionReset),
        Err(ErrorKind::ConnectionReset),
        Ok(()),
    ] {
        let mut stream = connect(address);
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let read = stream.read(&mut [0; 9]).map(drop);
        assert_eq!(read.map_err(|error| error.kind()), expected);
    }
}

#[test]
fn hosts_have_addresses_of_their_own_and_share_a_port() {
    if !address::whole_range() {
        return;
    }
    let mut lab = Lab::start();
    let one = lab.host("one.example", "https", &Server::default());
    let two = lab.host("two.example", "https", &Server::default());
    assert_eq!(one.port(), two.port());
    assert_ne!(one.ip(), two.ip());
    assert!(one.ip().is_loopback());
    let zone = lab.zone.lock();
    let known = |name: &str| zone.find(name).map(|entry: &Name| entry.a.clone());
    assert_eq!(
        known("ONE.example."),
        Some(vec![match one.ip() {
            std::net::IpAddr::V4(address) => address,
            std::net::IpAddr::V6(_) => unreachable!("the lab serves IPv4 here"),
        }])
    );
    assert_eq!(known("three.example"), None);
}

#[test]
fn ipv6_has_the_port_of_its_ipv4_sister() {
    if !address::has_ipv6() || !address::whole_range() {
        return;
    }
    let mut lab = Lab::start();
    let four = lab.host("both.example", "https-6", &Server::default());
    let six = lab.host_ipv6("both.example", "https-6", &Server::tcp(Tcp::Closed));
    assert_eq!(four.port(), six.port());
    assert_eq!(
        request(six, PATIENCE).err(),
        Some(ErrorKind::ConnectionRefused)
    );
    assert!(request(four, PATIENCE).is_ok());
}

#[test]
fn everything_ends_with_the_lab() {
    let mut lab = Lab::start();
    let served = lab.host("gone.example", "https", &Server::default());
    let silent = lab.silent_server();
    let directory = lab.authorities.directory().to_owned();
    let mut open = connect(served);
    assert!(directory.join("os-roots.pem").exists());
    drop(lab);
    assert!(!directory.exists());
    // The open connection has ended, and no server accepts another one.
    assert!(!matches!(open.read(&mut [0; 1]), Ok(1..)));
    let refused = || {
        [served, silent]
            .iter()
            .all(|address| request(*address, PATIENCE).err() == Some(ErrorKind::ConnectionRefused))
    };
    let pause = Duration::from_millis(10);
    let gone = (0..500).any(|_| {
        std::thread::sleep(pause);
        refused()
    });
    assert!(gone, "servers outlive their lab");
}

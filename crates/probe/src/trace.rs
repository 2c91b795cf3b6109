//! A trace without privileges: connection requests and ClientHellos whose packets may take one hop
//! more each time, and what the system keeps of the answers.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::clock::{RunClock, milliseconds};
use crate::{classify, connector, legacy_hello};
use reach365_model::evidence::{
    HelloAnswer, HelloStep, HelloTrace, HopAnswer, IcmpSeen, OtherPort, Trace, TraceHop,
};
use reach365_platform as platform;

/// Hops that a packet is allowed at most.
const HOP_LIMIT: u8 = 30;
/// Hops that are probed first: most blocking devices are this near.
const NEAR: u8 = 4;
/// Devices send one ICMP message a second, after a few at once.
const ICMP_PAUSE: Duration = Duration::from_millis(1_050);
/// Connection requests at once. More would only be more connections at the target.
const REQUESTS: usize = 8;
/// ClientHellos at once, for each name.
const HELLOS: usize = 4;
/// Hops that stay silent for both names and are asked again.
const SLOW_HOPS: usize = 3;
/// How long an answer may take. The system repeats its packet after a second.
const WAIT: Duration = Duration::from_millis(1_500);
/// How long a connection may take that is to be established.
const CONNECT: Duration = Duration::from_secs(3);
/// Hops beyond the one that accepts the connection that a ClientHello is allowed.
const BEYOND: u8 = 2;
/// How often a socket is looked at that was woken without a reason to be seen.
const LOOK: Duration = Duration::from_millis(5);

/// Traces the path to an address: the connection, then the ClientHello with the host's name and one
/// with another name. Without a name no ClientHello is sent.
pub async fn trace(clock: RunClock, address: SocketAddr, names: Option<(&str, &str)>) -> Trace {
    let began = Instant::now();
    let requests = route(clock, address).await;
    let other_port = match requests.last().map(|hop| hop.answer) {
        Some(HopAnswer::Silent) => Some(on_other_port(clock, address).await),
        _ => None,
    };
    let accepted = requests
        .iter()
        .find(|hop| hop.answer == HopAnswer::Connected);
    let (hello, control_hello) = match (accepted, names) {
        (Some(hop), Some(names)) => {
            let (own, control) = both_hellos(clock, address, names, hop.ttl).await;
            (Some(own), Some(control))
        }
        _ => (None, None),
    };
    Trace {
        address,
        elapsed_ms: milliseconds(began.elapsed()),
        route: requests,
        other_port,
        hello,
        control_hello,
    }
}

/// A port of the same address that other rules may hold for.
async fn on_other_port(clock: RunClock, address: SocketAddr) -> OtherPort {
    let port = if address.port() == 80 { 443 } else { 80 };
    let route = route(clock, SocketAddr::new(address.ip(), port)).await;
    OtherPort { port, route }
}

/// Connection requests, up to the first that ends the path; long silence ends it too.
async fn route(clock: RunClock, address: SocketAddr) -> Vec<TraceHop> {
    let mut hops: Vec<TraceHop> = Vec::new();
    let near = 1..=NEAR;
    let far: Vec<u8> = (NEAR + 1..=HOP_LIMIT).collect();
    for ttls in std::iter::once(near.collect()).chain(far.chunks(REQUESTS).map(<[u8]>::to_vec)) {
        let mut found = join_all(ttls.iter().map(|ttl| request(clock, address, *ttl))).await;
        ask_again(clock, address, &mut found).await;
        let end = found.iter().position(ends);
        hops.extend(found.into_iter().take(end.map_or(REQUESTS, |end| end + 1)));
        if end.is_some() || silent_tail(&hops) >= REQUESTS || clock.is_over() {
            break;
        }
    }
    hops
}

/// Probes silent hops once more. Where hops behind them answer, their devices may only be slow to
/// send ICMP: one message a second is usual, so those hops are probed one after the other.
async fn ask_again(clock: RunClock, address: SocketAddr, found: &mut [TraceHop]) {
    let end = found.iter().position(ends).unwrap_or(found.len());
    let answered = found
        .iter()
        .rposition(|hop| hop.answer != HopAnswer::Silent);
    let (between, behind) = found[..end].split_at_mut(answered.unwrap_or(0).min(end));
    let again = behind.iter_mut().filter(|hop| is_silent(hop));
    join_all(again.map(|hop| repeat(clock, address, hop))).await;
    for hop in between.iter_mut().filter(|hop| is_silent(hop)) {
        if clock.is_over() {
            return;
        }
        sleep(ICMP_PAUSE).await;
        repeat(clock, address, hop).await;
    }
}

async fn repeat(clock: RunClock, address: SocketAddr, hop: &mut TraceHop) {
    *hop = request(clock, address, hop.ttl).await;
}

fn is_silent(hop: &TraceHop) -> bool {
    hop.answer == HopAnswer::Silent
}

fn silent_tail(hops: &[TraceHop]) -> usize {
    hops.iter().rev().take_while(|hop| is_silent(hop)).count()
}

fn ends(hop: &TraceHop) -> bool {
    !matches!(hop.answer, HopAnswer::Expired | HopAnswer::Silent)
}

/// One connection request on a socket of its own.
async fn request(clock: RunClock, address: SocketAddr, ttl: u8) -> TraceHop {
    let began = Instant::now();
    let mut hop = TraceHop {
        ttl,
        answer: HopAnswer::Silent,
        rtt_ms: None,
        icmp: None,
        failure: None,
    };
    match clock.within(WAIT, connection(address, ttl)).await {
        Err(_) => {}
        Ok(Err(error)) => {
            hop.failure = Some(classify::socket(&error));
            hop.answer = HopAnswer::Failed;
        }
        Ok(Ok(seen)) => {
            let elapsed = milliseconds(began.elapsed());
            hop.rtt_ms = (!seen.repeated).then_some(elapsed);
            hop.answer = seen.answer;
            hop.icmp = seen.icmp;
        }
    }
    hop
}

/// How a connection request ended.
struct Ended {
    answer: HopAnswer,
    icmp: Option<IcmpSeen>,
    /// Whether the system retransmitted it, so that the time is not evidence.
    repeated: bool,
}

async fn connection(address: SocketAddr, ttl: u8) -> io::Result<Ended> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    socket.set_linger(Some(Duration::ZERO))?;
    platform::limit_hops(&SockRef::from(&socket), address, ttl)?;
    let watched = platform::watch(&socket);
    connector::begin(&socket, address)?;
    let stream = TcpStream::from_std(socket.into())?;
    loop {
        stream.ready(Interest::WRITABLE).await?;
        let icmp = watched.as_ref().and_then(|watched| watched.icmp());
        let error = stream.take_error()?;
        if let Some(answer) = meaning(icmp.as_ref(), error.as_ref(), &stream) {
            let counters = watched.and_then(|watched| watched.counters());
            return Ok(Ended {
                answer,
                icmp,
                repeated: counters.is_some_and(|counters| counters.retransmits > 0),
            });
        }
        if let Some(error) = error {
            return Err(error);
        }
        sleep(LOOK).await;
    }
}

fn meaning(
    icmp: Option<&IcmpSeen>,
    error: Option<&io::Error>,
    stream: &TcpStream,
) -> Option<HopAnswer> {
    if let Some(icmp) = icmp {
        return Some(match (icmp.version, icmp.kind) {
            (4, 11) | (6, 3) => HopAnswer::Expired,
            _ => HopAnswer::Rejected,
        });
    }
    match error.map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => Some(HopAnswer::Refused),
        Some(_) => None,
        None => stream.peer_addr().is_ok().then_some(HopAnswer::Connected),
    }
}

/// ClientHellos with both names. Before the target, silence for both may be a device that sends
/// ICMP slowly: those are repeated, one after the other.
async fn both_hellos(
    clock: RunClock,
    address: SocketAddr,
    (own, control): (&str, &str),
    far: u8,
) -> (HelloTrace, HelloTrace) {
    let last = far.saturating_add(BEYOND).min(HOP_LIMIT);
    let mut own = hellos(clock, address, own, last).await;
    let mut control = hellos(clock, address, control, last).await;
    let silent = |step: &HelloStep| step.answer == HelloAnswer::Silent;
    let pairs = own.steps.iter_mut().zip(&mut control.steps);
    let pairs = pairs.filter(|(own, control)| own.ttl < far && silent(own) && silent(control));
    for (first, second) in pairs.take(SLOW_HOPS) {
        sleep(ICMP_PAUSE).await;
        first.answer = hello(clock, address, &own.name, first.ttl).await;
        sleep(ICMP_PAUSE).await;
        second.answer = hello(clock, address, &control.name, second.ttl).await;
    }
    (own, control)
}

/// ClientHellos with a name, allowed one hop to `last`.
async fn hellos(clock: RunClock, address: SocketAddr, name: &str, last: u8) -> HelloTrace {
    let steps = stream::iter((1..=last).map(|ttl| step(clock, address, name, ttl)))
        .buffered(HELLOS)
        .collect()
        .await;
    HelloTrace {
        name: name.to_owned(),
        steps,
    }
}

/// One ClientHello; what may be a lost packet is tried once more.
async fn step(clock: RunClock, address: SocketAddr, name: &str, ttl: u8) -> HelloStep {
    let mut answer = hello(clock, address, name, ttl).await;
    let lost = matches!(answer, HelloAnswer::Silent | HelloAnswer::NotConnected);
    if lost && !clock.is_over() {
        answer = hello(clock, address, name, ttl).await;
    }
    HelloStep { ttl, answer }
}

async fn hello(clock: RunClock, address: SocketAddr, name: &str, ttl: u8) -> HelloAnswer {
    let connected = clock.within(CONNECT, TcpStream::connect(address)).await;
    let Ok(Ok(mut stream)) = connected else {
        return HelloAnswer::NotConnected;
    };
    // Keeps the system telling that packets did not arrive.
    let watched = SockRef::from(&stream)
        .try_clone()
        .ok()
        .and_then(|socket| platform::watch(&socket));
    if platform::limit_hops(&SockRef::from(&stream), address, ttl).is_err() {
        return HelloAnswer::NotConnected;
    }
    let answer = clock.within(WAIT, exchange(&mut stream, name, ttl)).await;
    drop(watched);
    // The peer learns that the connection is over.
    let _ = platform::limit_hops(&SockRef::from(&stream), address, platform::FAR);
    let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    answer.unwrap_or(HelloAnswer::Silent)
}

async fn exchange(stream: &mut TcpStream, name: &str, ttl: u8) -> HelloAnswer {
    let bytes = legacy_hello::client_hello(Some(name), random(ttl));
    if let Err(error) = stream.write_all(&bytes).await {
        return failed(&error);
    }
    let mut first = [0];
    match read(stream, &mut first).await {
        Ok(0) => HelloAnswer::Closed,
        Ok(_) => match first {
            [22] => HelloAnswer::ServerHello,
            [21] => HelloAnswer::Alert,
            _ => HelloAnswer::Other,
        },
        Err(error) => failed(&error),
    }
}

/// Reads, and detects errors that leave the connection open: a plain read is not woken by them.
async fn read(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        stream.ready(Interest::READABLE | Interest::ERROR).await?;
        match stream.try_read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return done,
        }
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        sleep(LOOK).await;
    }
}

fn failed(error: &io::Error) -> HelloAnswer {
    match error.kind() {
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => HelloAnswer::Expired,
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => HelloAnswer::Reset,
        _ => HelloAnswer::Silent,
    }
}

/// The random part of a ClientHello that is never answered with a key.
fn random(ttl: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&RandomState::new().hash_one(ttl).to_be_bytes());
    }
    bytes
}

//! Sockets of DNS questions: a connected one for every server, so that a closed port shows at once
//! as an ICMP error instead of as a silence.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::sleep;

use crate::classify;
use crate::dns_message::{Question, Reply};
use reach365_model::evidence::{DnsAnswer, Failure, FailureKind};

/// Largest packet over UDP that is read.
const PACKET_LIMIT: usize = 4096;
/// Between two looks at a socket that the system calls closed.
const CLOSED_PAUSE: Duration = Duration::from_millis(20);

/// The UDP socket of one lookup towards one server.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) server: SocketAddr,
    socket: UdpSocket,
}

impl Link {
    pub(super) async fn open(server: SocketAddr) -> Result<Self, Failure> {
        let own: IpAddr = match server {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((own, 0)).await;
        let socket = socket.map_err(|error| failure(server, &error))?;
        let connected = socket.connect(server).await;
        connected.map_err(|error| failure(server, &error))?;
        Ok(Self { server, socket })
    }

    pub(super) async fn send(&self, question: &Question) -> Result<(), Failure> {
        let sent = self.socket.send(&question.bytes).await;
        sent.map_err(|error| failure(self.server, &error))?;
        Ok(())
    }

    /// The next packet. Nothing is lost where this is given up while it waits.
    ///
    /// Not `UdpSocket::recv`: on Linux it is not woken by an error, and where the system reports a
    /// closed port as a failed connection, as Wine does, tokio takes the socket for closed from
    /// then on, and `recv` retries forever without yielding.
    pub(super) async fn receive(&self) -> Result<Vec<u8>, Failure> {
        let mut packet = vec![0; PACKET_LIMIT];
        loop {
            let ready = self.socket.ready(Interest::READABLE | Interest::ERROR);
            let ready = ready.await.map_err(|error| failure(self.server, &error))?;
            match self.socket.try_recv(&mut packet) {
                Ok(length) => {
                    packet.truncate(length);
                    return Ok(packet);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(failure(self.server, &error)),
            }
            if let Some(error) = self.take_error() {
                return Err(failure(self.server, &error));
            }
            if ready.is_read_closed() {
                sleep(CLOSED_PAUSE).await;
            }
        }
    }

    /// What the system reports about an earlier packet.
    fn take_error(&self) -> Option<io::Error> {
        let take = || match self.socket.take_error()? {
            Some(error) => Ok(error),
            None => Err(io::ErrorKind::WouldBlock.into()),
        };
        // Where there is none, tokio no longer reports one.
        let told = self.socket.try_io(Interest::ERROR, take);
        told.ok()
            .or_else(|| self.socket.take_error().ok().flatten())
    }
}

/// One question over TCP.
pub(super) async fn over_tcp(server: SocketAddr, question: Question) -> Result<DnsAnswer, Failure> {
    let io = |error: io::Error| failure(server, &error);
    let mut stream = TcpStream::connect(server).await.map_err(io)?;
    let length = u16::try_from(question.bytes.len())
        .map_err(|_| classify::failure(FailureKind::Malformed, "the question is too long"))?;
    let mut packet = length.to_be_bytes().to_vec();
    packet.extend(&question.bytes);
    stream.write_all(&packet).await.map_err(io)?;
    let length = stream.read_u16().await.map_err(io)?;
    let mut packet = vec![0; usize::from(length)];
    stream.read_exact(&mut packet).await.map_err(io)?;
    match question.read(&packet) {
        Reply::Answer { answer, .. } => Ok(answer),
        Reply::Foreign(what) => Err(classify::failure(FailureKind::Malformed, what)),
    }
}

/// An error of a socket towards a server. For a link-local address "invalid argument" means that
/// its zone names no interface of this machine.
fn failure(server: SocketAddr, error: &io::Error) -> Failure {
    let failure = classify::socket(error);
    let SocketAddr::V6(v6) = server else {
        return failure;
    };
    let vague = matches!(
        failure.kind,
        FailureKind::Other | FailureKind::AddressNotAvailable
    );
    if !vague || !v6.ip().is_unicast_link_local() {
        return failure;
    }
    let zone = match v6.scope_id() {
        0 => "without a zone".to_owned(),
        zone => format!("in zone {zone}"),
    };
    classify::failure(
        FailureKind::AddressNotAvailable,
        format!(
            "no interface of this machine leads to {} {zone}: {error}",
            v6.ip()
        ),
    )
}

//! A TCP connection whose socket is watched from before its first packet, so that the system's
//! evidence is there whatever the result.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;

use crate::recorder::Recorder;
use reach365_platform as platform;

/// Connects to the target of the attempt; the recorder gets a handle to the socket.
pub(crate) async fn connect(recorder: &Recorder) -> io::Result<TcpStream> {
    let address = recorder.target().address;
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    recorder.watch(platform::watch(&socket));
    let begun = begin(&socket, address);
    recorder.local(socket.local_addr().ok().and_then(|local| local.as_socket()));
    if let Err(error) = &begun
        && platform::is_no_route(error)
    {
        recorder.no_route();
    }
    begun?;
    finish(socket).await
}

/// Connects on a socket with a small maximum segment size (MSS); `None` where the system does not
/// let a program set it.
pub(crate) async fn connect_short(
    address: SocketAddr,
    bytes: u16,
) -> io::Result<Option<TcpStream>> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    if !platform::limit_segments(&socket, bytes)? {
        return Ok(None);
    }
    begin(&socket, address)?;
    finish(socket).await.map(Some)
}

async fn finish(socket: Socket) -> io::Result<TcpStream> {
    let stream = TcpStream::from_std(socket.into())?;
    stream.writable().await?;
    // Read before the queue of errors is: a failed connection looks like a good one afterwards.
    match stream.take_error()? {
        Some(error) => Err(error),
        None => Ok(stream),
    }
}

pub(super) fn begin(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    match socket.connect(&address.into()) {
        Err(error) if !is_under_way(&error) => Err(error),
        _ => Ok(()),
    }
}

/// `WSAEWOULDBLOCK` on Windows; `EINPROGRESS` of Linux and of macOS elsewhere.
fn is_under_way(error: &io::Error) -> bool {
    const IN_PROGRESS: [i32; 2] = [115, 36];
    let number = error.raw_os_error();
    error.kind() == io::ErrorKind::WouldBlock
        || (cfg!(unix) && number.is_some_and(|number| IN_PROGRESS.contains(&number)))
}

//! The lab does on the wire what its scripts claim: looked at with plain sockets and with rustls,
//! without the checker.

mod certificates;
mod dns;
mod http;
mod proxy;
mod tcp;
mod tls;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

/// A plain connection whose reads time out.
fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
    stream
}

/// Everything that a server says until it closes, at most 64 KiB.
fn ask(address: SocketAddr, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = connect(address);
    stream.write_all(request)?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer)?;
    Ok(answer)
}

/// Whether a read ends without a byte, an error or an end of the connection within this time.
fn stays_silent(mut stream: &TcpStream, time: Duration) -> bool {
    stream.set_read_timeout(Some(time)).expect("not zero");
    let error = stream.read(&mut [0; 1]).map_err(|error| error.kind());
    matches!(
        error,
        Err(std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
    )
}

//! One server of the lab: what happens on TCP, then in TLS, then in HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::Deserialize;
use socket2::Socket;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::address;
use crate::certificates::{Authorities, Kind};
use crate::dns::listen;
use crate::http::Http;
use crate::tls::{self, Tls, TlsServer};

/// A server, from its port up to its pages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Server {
    /// What happens to connection requests.
    pub tcp: Tcp,
    /// Whether the server uses HTTP in clear; then the next two have no meaning.
    pub clear: bool,
    /// How the handshake goes.
    pub tls: Tls,
    /// What is right or wrong with the certificate.
    pub certificate: Kind,
    /// What is answered.
    pub http: Http,
    /// Whether connections with segments longer than 576 bytes are never answered, as if a link
    /// with a small MTU had lost the answer; Linux only.
    pub narrow: bool,
    /// Connections that are reset at the client's first byte before one is served.
    pub fail_first: usize,
}

/// What happens to connection requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tcp {
    /// They are accepted.
    #[default]
    Open,
    /// They are refused with RST.
    Closed,
    /// They seem to be dropped: the queue of the listener is full.
    Dropped,
    /// They seem to be dropped until so many milliseconds after the first DNS question for the
    /// name. A client's system repeats its request after one second.
    DroppedFor(u64),
}

impl Server {
    /// A server that uses HTTP in clear.
    pub fn clear(http: Http) -> Self {
        Self {
            clear: true,
            http,
            ..Self::default()
        }
    }

    /// An HTTPS server with this handshake.
    pub fn tls(tls: Tls) -> Self {
        Self {
            tls,
            ..Self::default()
        }
    }

    /// A healthy HTTPS server with this certificate.
    pub fn certificate(certificate: Kind) -> Self {
        Self {
            certificate,
            ..Self::default()
        }
    }

    /// A healthy HTTPS server with these answers.
    pub fn http(http: Http) -> Self {
        Self {
            http,
            ..Self::default()
        }
    }

    /// A host that treats connection requests like this.
    pub fn tcp(tcp: Tcp) -> Self {
        Self {
            tcp,
            ..Self::default()
        }
    }

    /// Starts inside the current runtime, on a bound socket. The sockets returned must stay open.
    pub fn start(
        &self,
        name: &str,
        authorities: &Authorities,
        socket: Socket,
        asked: Arc<Notify>,
    ) -> Vec<Socket> {
        match self.tcp {
            Tcp::Closed => return vec![socket],
            Tcp::Dropped => return address::fill_queue(socket),
            Tcp::Open => {
                let connections = self.connections(name, authorities);
                tokio::spawn(connections.accept(listen(socket)));
            }
            Tcp::DroppedFor(delay) => {
                let connections = self.connections(name, authorities);
                let held = address::fill_queue(socket);
                tokio::spawn(connections.accept_later(held, asked, Duration::from_millis(delay)));
            }
        }
        Vec::new()
    }

    fn connections(&self, name: &str, authorities: &Authorities) -> Connections {
        let mut http = self.http.clone();
        http.crls = [authorities.crl(false), authorities.crl(true)];
        let key = authorities.certified_key(self.certificate, name);
        Connections {
            tls: (!self.clear).then(|| TlsServer::new(self.tls, key)),
            http: Arc::new(http),
            narrow: self.narrow,
            to_fail: Arc::new(AtomicUsize::new(self.fail_first)),
        }
    }
}

/// What the connections of one server share.
#[derive(Clone)]
struct Connections {
    tls: Option<TlsServer>,
    http: Arc<Http>,
    narrow: bool,
    to_fail: Arc<AtomicUsize>,
}

impl Connections {
    async fn accept(self, listener: TcpListener) {
        // A client that closes before it is accepted must not stop the server.
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(self.clone().serve(stream));
            }
        }
    }

    async fn accept_later(self, mut held: Vec<Socket>, asked: Arc<Notify>, delay: Duration) {
        asked.notified().await;
        tokio::time::sleep(delay).await;
        let listener = held.remove(0);
        held.clear();
        self.accept(listen(listener)).await;
    }

    async fn serve(self, mut stream: TcpStream) {
        let one_less = |left: usize| left.checked_sub(1);
        if self
            .to_fail
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .is_ok()
        {
            // Not before the client has sent data: earlier, its system may report a failed connect.
            let _ = stream.read(&mut [0; 1]).await;
            return tls::reset(stream);
        }
        if self.narrow && has_long_segments(&stream) {
            return drop(tls::drain(&mut stream).await);
        }
        match self.tls {
            Some(tls) => tls.serve(stream, &self.http).await,
            // A client that closes early ends its connection only.
            None => drop(self.http.serve(stream).await),
        }
    }
}

#[cfg(target_os = "linux")]
fn has_long_segments(stream: &TcpStream) -> bool {
    use nix::sys::socket::{getsockopt, sockopt};
    getsockopt(stream, sockopt::TcpMaxSeg).is_ok_and(|bytes| bytes > 536)
}

#[cfg(not(target_os = "linux"))]
fn has_long_segments(_: &TcpStream) -> bool {
    true
}

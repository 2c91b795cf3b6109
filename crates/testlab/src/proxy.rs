//! A proxy of the lab: it connects to the lab's hosts, or fails as real proxies do.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use socket2::{SockRef, Socket};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::certificates::{Authorities, Kind};
use crate::dns::listen;
use crate::http::Http;
use crate::server::Tcp;
use crate::tls::{self, Tls, TlsServer};
use crate::upstream::{Trouble, Upstream};
use crate::{address, connect_request, pages, socks};

const BANNER: &[u8] = b"220 mail.example ESMTP ready\r\n";

/// A proxy: its port, protocol, and behavior for each client and host.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Proxy {
    /// How connection requests are handled.
    pub tcp: Tcp,
    /// Its protocol.
    pub protocol: Protocol,
    /// What is right or wrong with its own certificate.
    pub certificate: Kind,
    /// Who may use it; every client unless given.
    pub sign_in: Option<SignIn>,
    /// What it does with some requests: the first rule that matches counts.
    pub rules: Vec<Rule>,
    /// What it does with all others.
    pub does: Act,
}

/// The protocol of a proxy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// HTTP in clear.
    #[default]
    Http,
    /// HTTP within TLS.
    Https,
    /// SOCKS 4, addresses only.
    Socks4,
    /// SOCKS 4, names too.
    Socks4a,
    /// SOCKS 5.
    Socks5,
}

/// Proxy authentication, required with status 407.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SignIn {
    /// Values of Proxy-Authenticate, a header each.
    pub schemes: Vec<String>,
    /// The value of Proxy-Authorization that opens the proxy; none does unless given.
    pub accepts: Option<String>,
}

/// A rule of a proxy.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rule {
    /// The host that it is about; every host unless given.
    pub host: Option<String>,
    /// Label of the port that it is about; every port unless given.
    pub port: Option<String>,
    /// What the proxy does.
    pub does: Act,
}

/// What a proxy does with a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// It carries the connection.
    #[default]
    Serve,
    /// It answers with something else than 2xx.
    Refuse(Refusal),
    /// It never answers.
    Silent,
    /// It closes instead of answering.
    Close,
    /// It resets the connection instead of answering.
    Reset,
    /// It answers in another protocol.
    Garbage,
    /// It carries the connection; every byte of its own answer comes so many milliseconds late.
    Drip(u64),
    /// It carries the connection after a head with so many bytes of headers.
    Padded(usize),
    /// A head that never ends.
    EndlessHeaders,
    /// It opens the tunnel and closes it.
    TunnelClosed,
    /// It opens the tunnel and resets it at the first byte.
    TunnelReset,
    /// It opens the tunnel and lets nothing through.
    TunnelSilent,
    /// It opens the tunnel and sends a page through it.
    TunnelPage,
    /// It opens the tunnel and shows a certificate of this kind in it.
    Inspect(Kind),
    /// A reply of SOCKS.
    SocksReply(u8),
    /// A method of SOCKS 5, before any request.
    SocksMethod(u8),
}

/// An HTTP answer that opens no tunnel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Refusal {
    /// Status code.
    pub status: u16,
    /// Reason phrase.
    pub reason: String,
    /// Whole lines.
    pub headers: Vec<String>,
    /// Body.
    pub page: String,
    /// Whether the connection stays open behind a page without an announced length.
    pub stays_open: bool,
}

impl Proxy {
    /// Starts inside the current runtime, on a bound socket. The sockets returned must stay open.
    pub fn start(
        &self,
        name: &str,
        network: &Network,
        ports: HashMap<String, u16>,
        socket: Socket,
    ) -> Vec<Socket> {
        match self.tcp {
            Tcp::Closed => return vec![socket],
            Tcp::Dropped | Tcp::DroppedFor(_) => return address::fill_queue(socket),
            Tcp::Open => {}
        }
        let key = network.authorities.certified_key(self.certificate, name);
        let state = ProxyState {
            proxy: self.clone(),
            network: network.clone(),
            ports,
            acceptor: TlsServer::new(Tls::Healthy, key).acceptor(),
        };
        tokio::spawn(accept(Arc::new(state), listen(socket)));
        Vec::new()
    }
}

/// What proxies share.
#[derive(Clone)]
pub struct Network {
    /// They sign what a proxy shows.
    pub authorities: Arc<Authorities>,
    /// Hosts that proxies reach.
    pub upstream: Upstream,
}

/// What the connections of one proxy share.
pub(super) struct ProxyState {
    pub(super) proxy: Proxy,
    network: Network,
    /// Port numbers by label.
    ports: HashMap<String, u16>,
    acceptor: TlsAcceptor,
}

/// A stream of any kind.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for S {}

/// A connection of a client.
pub(super) struct Client {
    pub(super) stream: Box<dyn Duplex>,
    /// The same socket, to reset it.
    socket: Socket,
}

async fn accept(state: Arc<ProxyState>, listener: TcpListener) {
    // A client that closes before it is accepted must not stop the proxy.
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let state = Arc::clone(&state);
            // A client that closes early ends its connection only.
            tokio::spawn(async move { drop(state.serve(stream).await) });
        }
    }
}

impl ProxyState {
    async fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let socket = SockRef::from(&stream).try_clone()?;
        let stream: Box<dyn Duplex> = match self.proxy.protocol {
            Protocol::Https => Box::new(self.acceptor.accept(stream).await?),
            _ => Box::new(stream),
        };
        let client = Client { stream, socket };
        match self.proxy.protocol {
            Protocol::Http | Protocol::Https => connect_request::serve(self, client).await,
            Protocol::Socks4 | Protocol::Socks4a => socks::serve_4(self, client).await,
            Protocol::Socks5 => socks::serve_5(self, client).await,
        }
    }

    /// What is done with a request for this host and port.
    pub(super) fn act(&self, host: &str, port: u16) -> &Act {
        let matches = |rule: &&Rule| {
            let number = |label: &String| self.ports.get(label).copied() == Some(port);
            rule.host.as_deref().is_none_or(|wanted| wanted == host)
                && rule.port.as_ref().is_none_or(number)
        };
        let rule = self.proxy.rules.iter().find(matches);
        rule.map_or(&self.proxy.does, |rule| &rule.does)
    }

    /// A connection to a host.
    pub(super) async fn reach(&self, host: &str, port: u16) -> Result<TcpStream, Trouble> {
        self.network.upstream.connect(host, port).await
    }

    /// Everything after an answer that opened the tunnel.
    pub(super) async fn tunnel(
        &self,
        act: &Act,
        mut client: Client,
        host: &str,
        upstream: Option<TcpStream>,
    ) -> io::Result<()> {
        match (act, upstream) {
            (Act::TunnelReset, _) => {
                let _ = client.stream.read(&mut [0; 1]).await;
                client.reset();
                Ok(())
            }
            (Act::TunnelSilent, _) => tls::drain(&mut client.stream).await,
            (Act::TunnelPage, _) => {
                let page = format!(
                    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}",
                    pages::BLOCK
                );
                client.say(page.as_bytes()).await?;
                client.close().await
            }
            (Act::Inspect(kind), _) => {
                let key = self.network.authorities.certified_key(*kind, host);
                let server = TlsServer::new(Tls::Healthy, key);
                server.genuine(client.stream, &Http::default()).await
            }
            (_, Some(mut upstream)) => {
                copy_bidirectional(&mut client.stream, &mut upstream).await?;
                Ok(())
            }
            (_, None) => client.close().await,
        }
    }
}

impl Act {
    /// Whether a connection to the host is required.
    pub(super) fn carries(&self) -> bool {
        matches!(self, Self::Serve | Self::Drip(_) | Self::Padded(_))
    }

    /// What a proxy does instead of answering, in any protocol; `None` if it answers.
    pub(super) async fn instead_of_an_answer(&self, client: &mut Client) -> Option<io::Result<()>> {
        match self {
            Self::Silent => Some(tls::drain(&mut client.stream).await),
            Self::Close => Some(client.shut().await),
            Self::Reset => {
                client.linger_not();
                Some(Ok(()))
            }
            Self::Garbage => Some(client.say_and_shut(BANNER).await),
            _ => None,
        }
    }

    /// Sends the proxy's own answer, in the pace of the act.
    pub(super) async fn answer(&self, client: &mut Client, bytes: &[u8]) -> io::Result<()> {
        let Self::Drip(pause) = self else {
            return client.say(bytes).await;
        };
        for byte in bytes {
            client.say(&[*byte]).await?;
            tokio::time::sleep(Duration::from_millis(*pause)).await;
        }
        Ok(())
    }
}

impl Client {
    pub(super) async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    pub(super) async fn say_and_shut(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.say(bytes).await?;
        self.shut().await
    }

    /// Closes in order, and reads what still comes, so that no reset follows.
    async fn shut(&mut self) -> io::Result<()> {
        self.stream.shutdown().await?;
        tls::drain(&mut self.stream).await
    }

    async fn close(mut self) -> io::Result<()> {
        self.shut().await
    }

    fn linger_not(&self) {
        // If it cannot be set, the client sees an orderly close, and the lab's own tests fail.
        let _ = self.socket.set_linger(Some(Duration::ZERO));
    }

    fn reset(self) {
        self.linger_not();
    }
}

//! A document from the web over a verified connection, through whichever proxy carries it.

use std::net::IpAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, HOST, RETRY_AFTER, USER_AGENT};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::task::spawn;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::endpoint::{Endpoint, Host, Scheme, printable};
use crate::evidence::Agent;
use crate::options::HEAD_LIMIT;
use crate::plan::plain;
use crate::probe::credentials::{Credentials, Turn};
use crate::probe::http::AGENT;
use crate::probe::pac::PacSurroundings;
use crate::probe::pac::fetch::{Ended, addresses, first_connection, tls};
use crate::probe::tunnel::Tunnel;
use crate::probe::wire::Wire;
use crate::probe::{classify, socks, tunnel};
use reach365_proxy::route::{Hop, NamedBy, ProxyProtocol, ProxyServer};

/// Status of a proxy that wants a sign-in.
const SIGN_IN: u16 = 407;

/// What documents of one sitting share.
#[derive(Debug)]
pub(crate) struct Web {
    /// Who answers for names, and who is trusted.
    pub(crate) surroundings: PacSurroundings,
    /// What proxies get that ask for it.
    pub(crate) credentials: Credentials,
    /// Who named the proxies.
    pub(crate) named_by: NamedBy,
    /// Longest wait for one document.
    pub(crate) limit: Duration,
    /// Bytes that a document may have.
    pub(crate) size: usize,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Web {
    /// Fetches an `https` URL; the error is a sentence.
    pub(crate) async fn get(&self, url: &Url, hop: &Hop) -> Result<Answered, String> {
        let asked = timeout(self.limit, self.ask(url, hop)).await;
        let seconds = self.limit.as_secs();
        let answered = asked.unwrap_or_else(|_| Err(format!("no answer within {seconds} s")));
        answered.map_err(|why| match hop {
            Hop::Direct => why,
            Hop::Proxy(server) => format!("through the proxy {server}: {why}"),
        })
    }

    async fn ask(&self, url: &Url, hop: &Hop) -> Result<Answered, String> {
        let endpoint = endpoint(url)?;
        let wire = match hop {
            Hop::Direct => self.tcp(&endpoint.host, endpoint.port).await?,
            Hop::Proxy(server) => self.tunnel(server, &endpoint).await?,
        };
        let wire = self.secure(&endpoint.host, wire).await?;
        self.exchange(url, wire).await
    }

    async fn tcp(&self, host: &Host, port: u16) -> Result<Wire, String> {
        let host = match host {
            Host::Name(name) => url::Host::Domain(name.as_str()),
            Host::Address(IpAddr::V4(address)) => url::Host::Ipv4(*address),
            Host::Address(IpAddr::V6(address)) => url::Host::Ipv6(*address),
        };
        let found = addresses(&host, &self.surroundings).await;
        let found = found.map_err(|failure| failure.message)?;
        let stream = first_connection(&found, port).await;
        Ok(Box::new(stream.map_err(|failure| failure.message)?))
    }

    async fn secure(&self, host: &Host, wire: Wire) -> Result<Wire, String> {
        let name = match host {
            Host::Name(name) => ServerName::try_from(name.clone())
                .map_err(|_| "the host cannot stand in a certificate".to_owned())?,
            Host::Address(address) => ServerName::IpAddress((*address).into()),
        };
        let config = tls(&self.surroundings).await;
        let config = config.map_err(|failure| failure.message)?;
        let stream = TlsConnector::from(config).connect(name, wire).await;
        let stream = stream.map_err(|error| format!("TLS: {}", printable(&error.to_string())))?;
        Ok(Box::new(stream))
    }

    /// A tunnel, asked for a second time with credentials where the proxy wants them.
    async fn tunnel(&self, server: &ProxyServer, endpoint: &Endpoint) -> Result<Wire, String> {
        let mut tunnel = self.ask_proxy(server, endpoint).await?;
        if tunnel.seen.status == Some(SIGN_IN) {
            let schemes = &tunnel.seen.auth_schemes;
            match self.credentials.turn(server, self.named_by, schemes).await {
                Ok(turn) => tunnel = self.ask_with_credentials(turn, server, endpoint).await?,
                Err(why) => {
                    let why = why.map(|why| format!(": {why}"));
                    let why = why.unwrap_or_default();
                    return Err(format!("it requires authentication (HTTP 407){why}"));
                }
            }
        }
        let rejected = matches!(tunnel.seen.status, Some(401 | SIGN_IN));
        match tunnel.stream {
            Err(_) if rejected => Err("it rejected the credentials".to_owned()),
            stream => stream.map_err(|failure| failure.detail),
        }
    }

    async fn ask_proxy(&self, server: &ProxyServer, endpoint: &Endpoint) -> Result<Tunnel, String> {
        let wire = self.to_proxy(server).await?;
        if matches!(server.protocol, ProxyProtocol::Http | ProxyProtocol::Https) {
            let authority = tunnel::authority(endpoint);
            return Ok(tunnel::connect(wire, &authority, None, Agent::Neutral).await);
        }
        let resolved = self.resolved(server.protocol, &endpoint.host).await;
        Ok(socks::connect(wire, server.protocol, endpoint, resolved).await)
    }

    async fn ask_with_credentials(
        &self,
        turn: Turn<'_>,
        server: &ProxyServer,
        endpoint: &Endpoint,
    ) -> Result<Tunnel, String> {
        let wire = self.to_proxy(server).await?;
        let authority = tunnel::authority(endpoint);
        let authorization = turn.authorization();
        let asking = async move {
            tunnel::connect(wire, &authority, Some(&authorization), Agent::Neutral).await
        };
        let asked = turn.send(asking, |tunnel| tunnel.seen.status).await;
        asked.ok_or_else(|| "no answer".to_owned())
    }

    /// A connection to a proxy; within TLS only to one that has proved its name.
    async fn to_proxy(&self, server: &ProxyServer) -> Result<Wire, String> {
        let wire = self.tcp(&server.host, server.port).await?;
        match server.protocol {
            ProxyProtocol::Https => self.secure(&server.host, wire).await,
            _ => Ok(wire),
        }
    }

    /// SOCKS 4 has no room for a name.
    async fn resolved(&self, protocol: ProxyProtocol, host: &Host) -> Option<IpAddr> {
        let name = host.name().filter(|_| protocol == ProxyProtocol::Socks4)?;
        let found = addresses(&url::Host::Domain(name), &self.surroundings).await;
        found.ok()?.into_iter().find(IpAddr::is_ipv4)
    }

    async fn exchange(&self, url: &Url, wire: Wire) -> Result<Answered, String> {
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_LIMIT)
            .handshake(TokioIo::new(wire))
            .await
            .map_err(|error| broken(&error))?;
        let _ended = Ended(spawn(connection).abort_handle());
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let request = Request::get(path)
            .header(HOST, host)
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, "application/json")
            .header(CONNECTION, "close")
            .body(Empty::<Bytes>::new())
            .map_err(|error| error.to_string())?;
        let response = sender.send_request(request).await;
        let response = response.map_err(|error| broken(&error))?;
        let retry_after = response.headers().get(RETRY_AFTER);
        Ok(Answered {
            status: response.status().as_u16(),
            retry_after: retry_after.map(|value| String::from_utf8_lossy(value.as_bytes()).into()),
            body: self.body(response.into_body()).await?,
        })
    }

    async fn body(&self, mut incoming: Incoming) -> Result<Vec<u8>, String> {
        let mut bytes: Vec<u8> = Vec::new();
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| broken(&error))?;
            bytes.extend_from_slice(&frame.into_data().unwrap_or_default());
            if bytes.len() > self.size {
                return Err(format!("an answer of more than {} MiB", self.size >> 20));
            }
        }
        Ok(bytes)
    }
}

fn endpoint(url: &Url) -> Result<Endpoint, String> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(443);
    let path = url.path().to_owned();
    Ok(plain(Host::parse(host)?, port, Scheme::Https, path))
}

fn broken(error: &hyper::Error) -> String {
    let detail = classify::http(error).detail;
    if detail.is_empty() {
        return "the connection ended before the answer did".to_owned();
    }
    format!("the answer broke off: {detail}")
}

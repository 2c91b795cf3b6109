//! Downloads through a proxy.
//!
//! reqwest reports no detail of a proxy that opens no tunnel. So the probe's own request opens the
//! first tunnel: it records the proxy's status, its text and the schemes that it offers, which the
//! rule for credentials needs. reqwest repeats what was accepted.

use std::net::{IpAddr, SocketAddr};

use hyper::header::HeaderValue;
use reqwest::Proxy;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;
use url::Url;

use super::{FetchError, Fetcher};
use crate::credentials::Turn;
use crate::pac::PacEnvironment;
use crate::tunnel::Tunnel;
use crate::wire::BoxedStream;
use crate::{dial, socks, tunnel};
use reach365_model::endpoint::{Endpoint, Host, Scheme, printable};
use reach365_model::evidence::UserAgent;
use reach365_model::plan::plain;
use reach365_proxy::route::{ProxyProtocol, ProxyServer};

/// Status of a proxy that wants credentials.
const SIGN_IN: u16 = 407;

/// A proxy that has opened a tunnel.
#[derive(Debug, Clone)]
pub(super) struct Cleared {
    /// The address of it that answered.
    address: SocketAddr,
    /// The schemes that it offered, where it opened none without credentials.
    offered: Option<Vec<String>>,
}

/// Names that reqwest itself resolves: those that a SOCKS 4 proxy is given as an address.
struct Names(PacEnvironment);

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let environment = self.0.clone();
        Box::pin(async move {
            let addresses = environment.addresses_of(name.as_str()).await;
            let addresses = addresses.into_iter().filter(IpAddr::is_ipv4);
            let addresses = addresses.map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

impl Fetcher {
    /// Learns whether a proxy opens a tunnel, and whether it wants credentials for that.
    pub(super) async fn clear(&self, server: &ProxyServer, url: &Url) -> Result<(), FetchError> {
        if self.cleared.lock().await.contains_key(server) {
            return Ok(());
        }
        let endpoint = endpoint(url)?;
        let (wire, address) = self.to_proxy(server).await?;
        let mut tunnel = self.ask(wire, server, &endpoint).await;
        let mut offered = None;
        if tunnel.seen.status == Some(SIGN_IN) {
            let schemes = tunnel.seen.auth_schemes;
            let turn = self.credentials.turn(server, self.named_by, &schemes).await;
            let turn = turn.map_err(FetchError::SignIn)?;
            tunnel = self.ask_with_credentials(turn, server, &endpoint).await?;
            offered = Some(schemes);
        }
        match tunnel.stream {
            Err(_) if matches!(tunnel.seen.status, Some(401 | SIGN_IN)) => {
                return Err(FetchError::Rejected);
            }
            Err(failure) => return Err(FetchError::Tunnel(failure.detail)),
            Ok(_) => usable(tunnel.seen.status)?,
        }
        let cleared = Cleared { address, offered };
        self.cleared.lock().await.insert(server.clone(), cleared);
        Ok(())
    }

    /// Sends a request through a proxy that is cleared.
    pub(super) async fn through(
        &self,
        server: &ProxyServer,
        url: &Url,
    ) -> Result<reqwest::Response, FetchError> {
        let cleared = self.cleared.lock().await.get(server).cloned();
        let Some(Cleared { address, offered }) = cleared else {
            return Err(FetchError::Tunnel("the proxy was not asked".to_owned()));
        };
        let failed = |error: reqwest::Error| FetchError::from_request(&error, address);
        let proxy = Proxy::all(proxy_url(server)).map_err(failed)?;
        let client = self.client(url).await?;
        let client = client.dns_resolver(Names(self.environment.clone()));
        let client = client.resolve(&server.host.to_string(), address);
        let Some(offered) = offered else {
            return self.send(client.proxy(proxy), url, address).await;
        };
        let turn = self.credentials.turn(server, self.named_by, &offered).await;
        let turn = turn.map_err(FetchError::SignIn)?;
        let authorization = HeaderValue::from_str(&turn.authorization());
        let authorization = authorization.map_err(|_| FetchError::SignIn(None))?;
        let client = client.proxy(proxy.custom_http_auth(authorization));
        let sent = turn.send(self.send(client, url, address), status).await;
        sent.unwrap_or(Err(FetchError::Rejected))
    }

    async fn ask(&self, wire: BoxedStream, server: &ProxyServer, endpoint: &Endpoint) -> Tunnel {
        if matches!(server.protocol, ProxyProtocol::Http | ProxyProtocol::Https) {
            let authority = tunnel::authority(endpoint);
            return tunnel::connect(wire, &authority, None, UserAgent::Neutral).await;
        }
        let resolved = self.resolved(server.protocol, &endpoint.host).await;
        socks::connect(wire, server.protocol, endpoint, resolved).await
    }

    async fn ask_with_credentials(
        &self,
        turn: Turn<'_>,
        server: &ProxyServer,
        endpoint: &Endpoint,
    ) -> Result<Tunnel, FetchError> {
        let (wire, _) = self.to_proxy(server).await?;
        let authority = tunnel::authority(endpoint);
        let authorization = turn.authorization();
        let asking = async move {
            tunnel::connect(wire, &authority, Some(&authorization), UserAgent::Neutral).await
        };
        let asked = turn.send(asking, |tunnel| tunnel.seen.status).await;
        asked.ok_or_else(|| FetchError::Tunnel("no answer".to_owned()))
    }

    /// A connection to a proxy; within TLS only to one that has proved its name.
    async fn to_proxy(
        &self,
        server: &ProxyServer,
    ) -> Result<(BoxedStream, SocketAddr), FetchError> {
        let host = match &server.host {
            Host::Name(name) => url::Host::Domain(name.as_str()),
            Host::Address(IpAddr::V4(address)) => url::Host::Ipv4(*address),
            Host::Address(IpAddr::V6(address)) => url::Host::Ipv6(*address),
        };
        let dialed = dial::connect(&host, server.port, &self.environment).await;
        let (stream, address) = dialed.map_err(FetchError::Connect)?;
        if server.protocol != ProxyProtocol::Https {
            return Ok((Box::new(stream), address));
        }
        let name = match &server.host {
            Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| {
                FetchError::Tls("the host cannot stand in a certificate".to_owned())
            })?,
            Host::Address(address) => ServerName::IpAddress((*address).into()),
        };
        let connector = TlsConnector::from(self.tls().await?.clone());
        let stream = connector.connect(name, stream).await;
        let failed = |error: std::io::Error| FetchError::Tls(printable(&error.to_string()));
        Ok((Box::new(stream.map_err(failed)?), address))
    }

    /// SOCKS 4 has no room for a name.
    async fn resolved(&self, protocol: ProxyProtocol, host: &Host) -> Option<IpAddr> {
        let name = host.name().filter(|_| protocol == ProxyProtocol::Socks4)?;
        let found = self.environment.addresses_of(name).await;
        found.into_iter().find(IpAddr::is_ipv4)
    }
}

/// Any 2xx opens a tunnel (RFC 9110, section 9.3.6); reqwest takes 200 alone. SOCKS has no status.
fn usable(status: Option<u16>) -> Result<(), FetchError> {
    match status {
        None | Some(200) => Ok(()),
        Some(status) => Err(FetchError::Tunnel(format!(
            "it opens the tunnel with status {status}; downloads need 200"
        ))),
    }
}

/// What the answer to an authenticated request shows about the credentials.
fn status(sent: &Result<reqwest::Response, FetchError>) -> Option<u16> {
    match sent {
        Ok(_) => Some(200),
        Err(FetchError::Rejected) => Some(SIGN_IN),
        Err(_) => None,
    }
}

/// As reqwest spells it. SOCKS 5 gets the name of the host, as browsers do it.
fn proxy_url(server: &ProxyServer) -> String {
    let scheme = match server.protocol {
        ProxyProtocol::Http => "http",
        ProxyProtocol::Https => "https",
        ProxyProtocol::Socks4 => "socks4",
        ProxyProtocol::Socks4a => "socks4a",
        ProxyProtocol::Socks5 | ProxyProtocol::Socks5h => "socks5h",
    };
    format!("{scheme}://{server}")
}

fn endpoint(url: &Url) -> Result<Endpoint, FetchError> {
    let host = Host::parse(url.host_str().unwrap_or_default()).map_err(FetchError::Connect)?;
    let port = url.port_or_known_default().unwrap_or(443);
    Ok(plain(host, port, Scheme::Https, url.path().to_owned()))
}

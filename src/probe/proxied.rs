//! The stages behind a proxy: its own TLS, the request for a tunnel, then what lies behind it.

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;

use crate::endpoint::{Endpoint, Host, Scheme};
use crate::evidence::{Failure, RecordKind, Stage, TlsSeen, Trust};
use crate::probe::attempt::{self, Limits};
use crate::probe::recorder::Recorder;
use crate::probe::run::ProbeContext;
use crate::probe::tunnel::Tunnel;
use crate::probe::wire::Wire;
use crate::probe::{classify, dns, http, socks, tls, tunnel};
use crate::route::{ProxyProtocol, ProxyServer};

/// Status of a proxy that wants a sign-in.
const SIGN_IN: u16 = 407;

/// A connection to a proxy that is ready for a request.
struct Greeted {
    wire: Wire,
    /// Whether credentials may be sent on it: over TLS only to a proxy that has proved its name.
    may_sign_in: bool,
}

/// Runs the stages behind a TCP connection to a proxy; true where all of them passed.
pub(super) async fn stages(
    context: &ProbeContext,
    endpoint: &Endpoint,
    recorder: &Recorder,
    limits: Limits,
    proxy: &ProxyServer,
    stream: TcpStream,
) -> bool {
    let way = ByProxy {
        context,
        endpoint,
        recorder,
        limits,
        proxy,
    };
    let Some(greeted) = way.greet(stream).await else {
        return false;
    };
    let speaks_http = matches!(proxy.protocol, ProxyProtocol::Http | ProxyProtocol::Https);
    if endpoint.scheme == Scheme::Http && speaks_http {
        return way.by_url(greeted).await;
    }
    let Some(wire) = way.tunnel(greeted).await else {
        return false;
    };
    match endpoint.scheme {
        Scheme::Https => attempt::secure(context, endpoint, recorder, limits, wire, None).await,
        _ => attempt::talk(context, endpoint, recorder, limits, wire, false).await,
    }
}

/// One endpoint on its way through one proxy.
#[derive(Clone, Copy)]
struct ByProxy<'a> {
    context: &'a ProbeContext,
    endpoint: &'a Endpoint,
    recorder: &'a Recorder,
    limits: Limits,
    proxy: &'a ProxyServer,
}

impl ByProxy<'_> {
    /// Shakes hands with a proxy that is spoken to within TLS.
    async fn greet(&self, stream: TcpStream) -> Option<Greeted> {
        if self.proxy.protocol != ProxyProtocol::Https {
            return Some(Greeted {
                wire: Box::new(stream),
                may_sign_in: true,
            });
        }
        // Read before the clock of the stage runs.
        self.context.tls.get().await;
        let began = self.recorder.begin(Stage::Proxy);
        let (stream, seen) = self.handshake(stream).await;
        let may_sign_in = has_proved_itself(&seen);
        let failure = stream.as_ref().err().cloned();
        self.recorder.proxy_tls(began, seen, failure);
        let wire = stream.ok()?;
        Some(Greeted { wire, may_sign_in })
    }

    /// Asks for a tunnel, a second time with credentials where the proxy wants them.
    async fn tunnel(&self, greeted: Greeted) -> Option<Wire> {
        let resolved = self.resolved().await;
        let may_sign_in = greeted.may_sign_in;
        let began = self.recorder.begin(Stage::Proxy);
        let asked = self.ask(greeted.wire, resolved, None);
        let clock = &self.context.clock;
        let mut tunnel = match clock.within(self.limits.proxy, asked).await {
            Ok(tunnel) => tunnel,
            Err(why) => {
                let failure = Some(classify::expired(why));
                self.recorder.proxy(began, None, failure);
                return None;
            }
        };
        if tunnel.seen.status == Some(SIGN_IN)
            && let Some(credentials) = self.credentials(may_sign_in, &tunnel.seen.auth_schemes)
            && let Some(again) = self.reconnect().await
        {
            let asked = self.ask(again, resolved, Some(credentials));
            if let Ok(second) = clock.within(self.limits.proxy, asked).await {
                tunnel = second;
            }
        }
        tunnel.read_page().await;
        let failure = tunnel.stream.as_ref().err().cloned();
        self.recorder.proxy(began, Some(tunnel.seen), failure);
        tunnel.stream.ok()
    }

    async fn ask(&self, wire: Wire, resolved: Option<IpAddr>, credentials: Option<&str>) -> Tunnel {
        match self.proxy.protocol {
            ProxyProtocol::Http | ProxyProtocol::Https => {
                let authority = tunnel::authority(self.endpoint);
                let agent = self.recorder.target().agent;
                tunnel::connect(wire, &authority, credentials, agent).await
            }
            protocol => socks::connect(wire, protocol, self.endpoint, resolved).await,
        }
    }

    /// Asks for the whole URL, as clients do it for endpoints without TLS.
    async fn by_url(&self, greeted: Greeted) -> bool {
        let (clock, limit) = (&self.context.clock, self.limits.proxy);
        let agent = self.recorder.target().agent;
        let first = http::Request::to_proxy(self.endpoint, None).by(agent);
        let began = self.recorder.begin(Stage::Http);
        let mut exchange = http::exchange(&first, clock, limit, greeted.wire).await;
        if exchange.status() == Some(SIGN_IN)
            && let Some(credentials) =
                self.credentials(greeted.may_sign_in, &exchange.auth_schemes())
            && let Some(again) = self.reconnect().await
        {
            let second = http::Request::to_proxy(self.endpoint, Some(credentials)).by(agent);
            exchange = http::exchange(&second, clock, limit, again).await;
            if let Some(seen) = &mut exchange.seen {
                seen.proxy_credentials_sent = true;
            }
        }
        let passed = exchange.failure.is_none();
        self.recorder.http(began, exchange.seen, exchange.failure);
        passed
    }

    /// A second connection: many proxies close the first after a 407. Only one on which credentials
    /// may be sent: what the first has proved says nothing of this one.
    async fn reconnect(&self) -> Option<Wire> {
        let address: SocketAddr = self.recorder.target().address;
        let connecting = TcpStream::connect(address);
        let within = self.context.clock.within(self.limits.proxy, connecting);
        let stream = within.await.ok()?.ok()?;
        if self.proxy.protocol != ProxyProtocol::Https {
            return Some(Box::new(stream));
        }
        let (stream, seen) = self.handshake(stream).await;
        let wire = stream.ok()?;
        has_proved_itself(&seen).then_some(wire as Wire)
    }

    async fn handshake(
        &self,
        stream: TcpStream,
    ) -> (Result<tls::Stream<TcpStream>, Failure>, TlsSeen) {
        let (clock, host) = (&self.context.clock, &self.proxy.host);
        let tls = self.context.tls.get().await;
        let handshake = tls::handshake(tls, clock, self.limits.tls, host, stream).await;
        let seen = handshake.seen(tls, host);
        (handshake.stream, seen)
    }

    /// The value of Proxy-Authorization, where it may be sent and the proxy takes Basic.
    fn credentials(&self, may_sign_in: bool, offered: &[String]) -> Option<&str> {
        let basic = offered
            .iter()
            .any(|scheme| scheme.eq_ignore_ascii_case("basic"));
        if !may_sign_in || !basic || !self.recorder.target().sign_in {
            return None;
        }
        let sign_in = self.context.sign_ins.of(self.proxy)?;
        Some(sign_in.proxy_authorization())
    }

    /// SOCKS 4 has no room for a name.
    async fn resolved(&self) -> Option<IpAddr> {
        if self.proxy.protocol != ProxyProtocol::Socks4 {
            return None;
        }
        let Host::Name(name) = &self.endpoint.host else {
            return None;
        };
        let lookup = self.context.dns.lookup(name, RecordKind::A).await;
        dns::addresses(&lookup).first().copied()
    }
}

/// Whether a proxy within TLS is the one that the settings name.
fn has_proved_itself(seen: &TlsSeen) -> bool {
    let trusted = [&seen.public_roots, &seen.os_roots].contains(&&Some(Trust::Trusted));
    trusted && seen.name_matches == Some(true)
}

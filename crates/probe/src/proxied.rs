//! The stages behind a proxy: its own TLS, the CONNECT request, then the stages in the tunnel.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use crate::attempt::{self, Limits};
use crate::clock::Expired;
use crate::credentials::Turn;
use crate::http::Exchange;
use crate::queue::{AnswerKind, ProxyQueue};
use crate::recorder::Recorder;
use crate::run::ProbeContext;
use crate::tunnel::Tunnel;
use crate::wire::BoxedStream;
use crate::{classify, dns, http, socks, tls, tunnel};
use reach365_model::endpoint::{Endpoint, Host, Scheme};
use reach365_model::evidence::{
    CredentialsWithheld, Failure, ProxySeen, RecordKind, Stage, TlsSeen, Trust,
};
use reach365_proxy::route::{ProxyProtocol, ProxyServer};

/// Status of a proxy that requires proxy authentication.
const SIGN_IN: u16 = 407;

/// A connection to a proxy that is ready for a request.
struct ProxyConnection {
    wire: BoxedStream,
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
    let path = ByProxy {
        context,
        endpoint,
        recorder,
        limits,
        proxy,
    };
    let Some(connection) = path.establish(stream).await else {
        return false;
    };
    let speaks_http = matches!(proxy.protocol, ProxyProtocol::Http | ProxyProtocol::Https);
    if endpoint.scheme == Scheme::Http && speaks_http {
        return path.by_url(connection).await;
    }
    let Some(wire) = path.tunnel(connection).await else {
        return false;
    };
    match endpoint.scheme {
        Scheme::Https => attempt::secure(context, endpoint, recorder, limits, wire, None).await,
        _ => attempt::talk(context, endpoint, recorder, limits, wire, false).await,
    }
}

/// One endpoint and the path to it through one proxy.
#[derive(Clone, Copy)]
struct ByProxy<'a> {
    context: &'a ProbeContext,
    endpoint: &'a Endpoint,
    recorder: &'a Recorder,
    limits: Limits,
    proxy: &'a ProxyServer,
}

impl ByProxy<'_> {
    /// The TLS handshake with a proxy that requires TLS.
    async fn establish(&self, stream: TcpStream) -> Option<ProxyConnection> {
        if self.proxy.protocol != ProxyProtocol::Https {
            return Some(ProxyConnection {
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
        Some(ProxyConnection { wire, may_sign_in })
    }

    fn queue(&self) -> Arc<ProxyQueue> {
        self.context.pace.queue(self.proxy)
    }

    /// Requests a tunnel, a second time with credentials where the proxy requires them.
    async fn tunnel(&self, connection: ProxyConnection) -> Option<BoxedStream> {
        let resolved = self.resolved().await;
        let may_sign_in = connection.may_sign_in;
        let mut began = self.recorder.begin(Stage::Proxy);
        let asked = pin!(self.ask(connection.wire, resolved));
        let (clock, queue) = (&self.context.clock, self.queue());
        let asked = queue.within(clock, self.limits.proxy, asked, answer_kind);
        let mut tunnel = match asked.await {
            Ok((tunnel, _)) => tunnel,
            Err(why) => {
                let failure = Some(classify::expired(why));
                self.recorder.proxy(began, None, failure);
                return None;
            }
        };
        if tunnel.seen.status == Some(SIGN_IN) {
            match self.turn(may_sign_in, &tunnel.seen.auth_schemes).await {
                Ok((turn, again)) => {
                    began = self.recorder.begin(Stage::Proxy);
                    let offered = tunnel.seen.auth_schemes;
                    tunnel = self.ask_with_credentials(turn, again).await;
                    if tunnel.seen.status.is_none() {
                        tunnel.seen.auth_schemes = offered;
                    }
                }
                Err(why) => tunnel.seen.credentials_withheld = why,
            }
        }
        tunnel.read_page().await;
        let failure = tunnel.stream.as_ref().err().cloned();
        self.recorder.proxy(began, Some(tunnel.seen), failure);
        tunnel.stream.ok()
    }

    async fn ask(&self, wire: BoxedStream, resolved: Option<IpAddr>) -> Tunnel {
        match self.proxy.protocol {
            ProxyProtocol::Http | ProxyProtocol::Https => {
                let authority = tunnel::authority(self.endpoint);
                let user_agent = self.recorder.target().user_agent;
                tunnel::connect(wire, &authority, None, user_agent).await
            }
            protocol => socks::connect(wire, protocol, self.endpoint, resolved).await,
        }
    }

    /// The same request with credentials. Its answer settles whether the run may use them again.
    async fn ask_with_credentials(&self, turn: Turn<'_>, wire: BoxedStream) -> Tunnel {
        let authority = tunnel::authority(self.endpoint);
        let unanswered = ProxySeen {
            request: format!("CONNECT {authority}"),
            credentials_sent: true,
            ..ProxySeen::default()
        };
        let (clock, limit) = (self.context.clock, self.full_limit());
        let (authorization, user_agent) = (turn.authorization(), self.recorder.target().user_agent);
        let queue = self.queue();
        let asking = async move {
            let asked = tunnel::connect(wire, &authority, Some(&authorization), user_agent);
            let asked = queue.within(&clock, limit, pin!(asked), answer_kind).await;
            asked.map(|(tunnel, _)| tunnel)
        };
        let status = |asked: &Result<Tunnel, Expired>| asked.as_ref().ok()?.seen.status;
        let asked = turn.send(asking, status).await;
        asked
            .unwrap_or(Err(Expired::Deadline))
            .unwrap_or_else(|why| {
                let failure = classify::expired(why);
                Tunnel::new(unanswered, Err(failure))
            })
    }

    /// The limit of an authenticated request. A caller's shorter limit does not apply: a rejection
    /// that is not waited for would be followed by the next one.
    fn full_limit(&self) -> Duration {
        self.limits.proxy.max(self.context.options.timeouts.proxy)
    }

    /// Requests the whole URL, as clients do it for endpoints without TLS.
    async fn by_url(&self, connection: ProxyConnection) -> bool {
        let (clock, limit) = (&self.context.clock, self.limits.proxy);
        let user_agent = self.recorder.target().user_agent;
        let queue = self.queue();
        let first = http::Request::to_proxy(self.endpoint, None).by(user_agent);
        let first = first.in_queue(&queue);
        let mut began = self.recorder.begin(Stage::Http);
        let mut exchange = http::exchange(&first, clock, limit, connection.wire).await;
        if exchange.status() == Some(SIGN_IN) {
            let schemes = exchange.auth_schemes();
            match self.turn(connection.may_sign_in, &schemes).await {
                Ok((turn, again)) => {
                    began = self.recorder.begin(Stage::Http);
                    exchange = self.fetch_with_credentials(turn, again).await;
                }
                Err(why) => {
                    let seen = exchange.seen.iter_mut();
                    seen.for_each(|seen| seen.proxy_credentials_withheld = why);
                }
            }
        }
        let passed = exchange.failure.is_none();
        self.recorder.http(began, exchange.seen, exchange.failure);
        passed
    }

    async fn fetch_with_credentials(&self, turn: Turn<'_>, wire: BoxedStream) -> Exchange {
        let (clock, limit) = (self.context.clock, self.full_limit());
        let (authorization, user_agent) = (turn.authorization(), self.recorder.target().user_agent);
        let (endpoint, queue) = (self.endpoint.clone(), self.queue());
        let asking = async move {
            let request = http::Request::to_proxy(&endpoint, Some(&authorization)).by(user_agent);
            let request = request.in_queue(&queue);
            http::exchange(&request, &clock, limit, wire).await
        };
        let asked = turn.send(asking, Exchange::status).await;
        let ended = || Exchange::failed(classify::expired(Expired::Deadline));
        let mut exchange = asked.unwrap_or_else(ended);
        let seen = exchange.seen.get_or_insert_default();
        seen.proxy_credentials_sent = true;
        exchange
    }

    /// Permission to send credentials, and a fresh connection to send them on. Waiting for it does
    /// not count as silence.
    async fn turn(
        &self,
        may_sign_in: bool,
        offered: &[String],
    ) -> Result<(Turn<'_>, BoxedStream), Option<CredentialsWithheld>> {
        self.recorder.pause();
        let named_by = self.recorder.target().named_by;
        let credentials = &self.context.credentials;
        let waiting = credentials.turn(self.proxy, named_by, offered);
        let whole_run = self.context.options.deadline;
        let turn = self.context.clock.within(whole_run, waiting).await;
        let turn = turn.unwrap_or(Err(Some(CredentialsWithheld::Unanswered)))?;
        if !may_sign_in {
            return Err(Some(CredentialsWithheld::UnprovenProxy));
        }
        match self.reconnect().await {
            Some(wire) => Ok((turn, wire)),
            None => Err(Some(CredentialsWithheld::Unanswered)),
        }
    }

    /// A second connection: many proxies close the first after a 407. Only one on which credentials
    /// may be sent: what the first has proved does not hold for this one.
    async fn reconnect(&self) -> Option<BoxedStream> {
        let address: SocketAddr = self.recorder.target().address;
        let connecting = TcpStream::connect(address);
        let within = self.context.clock.within(self.limits.proxy, connecting);
        let stream = within.await.ok()?.ok()?;
        if self.proxy.protocol != ProxyProtocol::Https {
            return Some(Box::new(stream));
        }
        let (stream, seen) = self.handshake(stream).await;
        let wire = stream.ok()?;
        has_proved_itself(&seen).then_some(wire as BoxedStream)
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

    /// SOCKS 4 has no room for a name.
    async fn resolved(&self) -> Option<IpAddr> {
        if self.proxy.protocol != ProxyProtocol::Socks4 {
            return None;
        }
        let Host::Name(name) = &self.endpoint.host else {
            return None;
        };
        let lookup = self.context.lookup(name, RecordKind::A).await;
        dns::addresses(&lookup).first().copied()
    }
}

/// What the answer to a request for a tunnel shows about the proxy's queue.
fn answer_kind(tunnel: &Tunnel) -> AnswerKind {
    match (&tunnel.stream, tunnel.seen.status) {
        (Ok(_), _) => AnswerKind::Opened,
        (Err(_), Some(SIGN_IN)) => AnswerKind::Challenged,
        (Err(_), _) => AnswerKind::Answered,
    }
}

/// Whether a proxy within TLS is the one that the settings name.
fn has_proved_itself(seen: &TlsSeen) -> bool {
    let trusted = [&seen.public_roots, &seen.os_roots].contains(&&Some(Trust::Trusted));
    trusted && seen.name_matches == Some(true)
}

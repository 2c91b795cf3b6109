//! A network inside the process, on loopback: DNS, certificates, TLS and HTTP servers, each of them
//! scriptable down to its faults. Everything stops when the [`Lab`] is dropped. No crate of the
//! product is used here: it shares no code with its tests.

#![allow(
    clippy::missing_errors_doc,
    clippy::unwrap_used,
    reason = "for tests, which may stop at a surprise"
)]

pub mod address;
pub mod certificates;
mod connect_request;
pub mod dns;
pub mod hello;
pub mod http;
#[cfg(target_os = "linux")]
pub mod namespaces;
pub mod pages;
pub mod proxy;
pub mod server;
mod socks;
pub mod tls;
pub mod upstream;
pub mod zone;

use std::net::SocketAddr;
use std::sync::Arc;

use socket2::Socket;
use tokio::runtime::Runtime;

use address::Ports;
use certificates::Authorities;
use dns::Transports;
use proxy::{Network, Proxy};
use server::Server;
use upstream::Upstream;
use zone::{Name, SharedZone};

/// The network: a runtime of its own, certificate authorities, the zone of its resolver, servers.
pub struct Lab {
    /// Runs every server; taken out when the lab is dropped.
    runtime: Option<Runtime>,
    /// Certificate authorities and the files of their roots.
    pub authorities: Arc<Authorities>,
    /// The zone of the lab's resolver.
    pub zone: SharedZone,
    /// The hosts that the lab's proxies can reach.
    upstream: Upstream,
    /// Port numbers by label: hosts with the same label listen on the same port.
    ports: Ports,
    /// Sockets that do their work by staying open: closed ports and full queues.
    held: Vec<Socket>,
}

impl Lab {
    /// An empty network.
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("lab")
            .enable_all()
            .build()
            .expect("a runtime needs nothing but threads");
        Self {
            runtime: Some(runtime),
            authorities: Arc::new(Authorities::new()),
            zone: SharedZone::default(),
            upstream: Upstream::default(),
            ports: Ports::default(),
            held: Vec::new(),
        }
    }

    /// Starts a resolver for [`Lab::zone`] and returns its address.
    pub fn resolver(&mut self, transports: Transports) -> SocketAddr {
        let zone = self.zone.clone();
        self.name_server(zone, transports)
    }

    /// Starts a name server for a zone of its own. All name servers have the same port number.
    pub fn name_server(&mut self, zone: SharedZone, transports: Transports) -> SocketAddr {
        let (tcp, address) = self.ports.bind("dns");
        let _entered = self.runtime().enter();
        let held = dns::start(zone, transports, tcp, address);
        self.held.extend(held);
        address
    }

    /// Starts a server and makes the lab's resolver answer `name` with its address, in addition to
    /// those that the name has already.
    pub fn host(&mut self, name: &str, port: &str, server: &Server) -> SocketAddr {
        let address = self.serve(name, port, server);
        self.zone.edit(name, |entry| entry.add(address.ip()));
        self.upstream.learn(name, address.ip());
        address
    }

    /// The port number of a label that servers have been started for.
    pub fn port(&self, label: &str) -> u16 {
        self.ports.numbers()[label]
    }

    /// Starts a server that only proxies can reach under that name.
    pub fn host_behind_proxies(&mut self, name: &str, port: &str, server: &Server) {
        let address = self.serve(name, port, server);
        self.upstream.correct(name, address.ip());
    }

    /// Starts a proxy and makes the lab's resolver answer `name` with its address. Proxies of one
    /// name have the same port number, and rules know the ports of hosts started before.
    pub fn proxy(&mut self, name: &str, proxy: &Proxy) -> SocketAddr {
        let ports = self.ports.numbers();
        let (socket, address) = self.ports.bind(name);
        let network = Network {
            authorities: Arc::clone(&self.authorities),
            upstream: self.upstream.clone(),
        };
        let held = {
            let _entered = self.runtime().enter();
            proxy.start(name, &network, ports, socket)
        };
        self.held.extend(held);
        self.zone.edit(name, |entry| entry.add(address.ip()));
        address
    }

    /// Starts a server with a certificate for `name`, unknown to DNS. Servers with the same `port`
    /// label have the same port number.
    pub fn serve(&mut self, name: &str, port: &str, server: &Server) -> SocketAddr {
        let (socket, address) = self.ports.bind(port);
        self.run(name, server, socket);
        address
    }

    /// The same on `::1`, at the port of the label, which must be known already.
    pub fn host_ipv6(&mut self, name: &str, port: &str, server: &Server) -> SocketAddr {
        let (socket, address) = self.ports.bind_ipv6(port);
        self.run(name, server, socket);
        self.zone.edit(name, |entry| entry.add(address.ip()));
        address
    }

    /// Adds or replaces a name of the lab's zone.
    pub fn name(&self, name: &str, entry: Name) {
        self.zone.insert(name, entry);
    }

    /// An alias chain from `name` to `last`, whose own entry stays unchanged.
    pub fn alias(&self, name: &str, chain: &[&str], last: &str) {
        self.zone.chain(name, chain, last);
    }

    /// An address and port where nothing listens: a connection is refused at once.
    pub fn closed_port(&mut self) -> SocketAddr {
        let (socket, address) = self.ports.bind("closed");
        self.held.push(socket);
        address
    }

    /// A host whose packets seem to be dropped: a connection attempt hangs.
    pub fn silent_server(&mut self) -> SocketAddr {
        let (socket, address) = self.ports.bind("silent");
        self.held.extend(address::fill_queue(socket));
        address
    }

    fn run(&mut self, name: &str, server: &Server, socket: Socket) {
        let asked = self.zone.first_question(name);
        let runtime = self.runtime.as_ref().expect("taken out by drop alone");
        let _entered = runtime.enter();
        let held = server.start(name, &self.authorities, socket, asked);
        self.held.extend(held);
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("taken out by drop alone")
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // An ordinary drop would wait for tasks and must not happen inside another runtime.
            runtime.shutdown_background();
        }
    }
}

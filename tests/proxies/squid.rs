//! Squid: tunnels, denials, authentication, what lies behind it, inspection, TLS to the proxy.

mod inspection;
mod rules;
mod sign_in;
mod upstream;

pub(crate) use sign_in::with_sign_in;

use std::net::SocketAddr;

use crate::network::Network;
use crate::part::{Directory, Part, Program, free_address, installed};

/// How squid names itself in its answers.
const SOFTWARE: &str = "squid/";

/// A squid that is about to be started.
pub(crate) struct Squid {
    program: Program,
    directory: Directory,
    address: SocketAddr,
    /// The line that opens its port.
    port: String,
    /// Lines before those that let everybody in.
    rules: String,
    /// Seconds that it waits for a host.
    patience: u32,
}

impl Squid {
    /// A squid for this network; `None` where it is not installed.
    pub(crate) fn new() -> Option<Self> {
        let file = installed("squid")?;
        let address = free_address();
        Some(Self {
            program: Program::new(&file, address),
            directory: Directory::new(),
            address,
            port: format!("http_port {address}"),
            rules: String::new(),
            patience: 1,
        })
    }

    /// Adds lines to its configuration.
    pub(crate) fn rules(mut self, rules: &str) -> Self {
        self.rules += rules;
        self.rules += "\n";
        self
    }

    /// Waits for a host longer than any client.
    fn waits_long(mut self) -> Self {
        self.patience = 60;
        self
    }

    /// A page for denials, for `deny_info`.
    fn page(self, name: &str, html: &str) -> Self {
        let pages = self.directory.file("pages");
        std::fs::create_dir_all(&pages).unwrap();
        std::fs::write(pages.join(name), html).unwrap();
        self
    }

    pub(crate) fn start(self, network: &Network) -> Part {
        let hosts = self.directory.write("hosts", &network.names);
        let directory = self.directory.path().display();
        let text = format!(
            "{port}
hosts_file {hosts}
dns_nameservers {dns}
visible_hostname proxy.branch.example
{rules}
http_access allow all
connect_timeout {patience} seconds
cache deny all
cache_mem 8 MB
max_filedescriptors 1024
pid_filename none
access_log none
cache_log {directory}/log
coredump_dir {directory}
pinger_enable off
shutdown_lifetime 0 seconds
",
            port = self.port,
            dns = NOBODY,
            rules = self.rules,
            patience = self.patience,
        );
        let configuration = self.directory.write("squid.conf", &text);
        crate::part::open_to_all(self.directory.path());
        self.program
            .arguments(&[
                "-N",
                "-n",
                &service_name(self.address),
                "-f",
                &configuration,
            ])
            .start(self.directory)
    }
}

/// Squids with one name would share memory, also with those that the system runs.
fn service_name(address: SocketAddr) -> String {
    format!("reach{address}").replace(|c: char| !c.is_ascii_alphanumeric(), "x")
}

/// An address of loopback without a name server.
const NOBODY: &str = "127.255.255.254";

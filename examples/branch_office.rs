//! A small branch office inside this process: a resolver, servers, and everything that can go wrong
//! between a PC and Microsoft 365. The real checker runs against it; no packet leaves the machine.
//!
//!     cargo run --release --example branch_office

use std::process::ExitCode;
use std::time::Duration;

use reach365::{
    Catalog, Checker, Format, Options, Plan, Report, Selection, TextStyle, Timeouts, render,
};

use reach365_testlab::Lab;
use reach365_testlab::certificates::Kind;
use reach365_testlab::dns::Transports;
use reach365_testlab::http::{Http, Page};
use reach365_testlab::server::{Server, Tcp};
use reach365_testlab::tls::Tls;
use reach365_testlab::zone::{Fault, Name};

const DOMAIN: &str = "contoso.example";
const HEALTHY: &str = "reachable";

/// Keys of an entry in the list of endpoints.
const FORBIDDEN: &str = "inspection = 'forbidden'\nissuer = 'public'\n";
const LIST: &str = "scheme = 'http'\npath = '/list.crl'\nexpect = 'der-crl'\n";

/// A host of the branch office, what was done to it, and what the checker should say.
#[derive(Clone)]
struct Planted {
    host: &'static str,
    what: &'static str,
    expected: &'static str,
    /// Further keys of its entry in the list of endpoints.
    entry: &'static str,
    server: Server,
    /// Goes before the address of the server.
    dns: Option<Name>,
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut lab = Lab::start();
    let office = office();
    let list = open(&mut lab, &office);
    let options = options(&mut lab);
    let mut selection = Selection::default();
    selection.domains = vec![DOMAIN.to_owned()];

    let plan = Plan::select(
        &Catalog::parse("branch_office", &list, reach365::builtin())?,
        &selection,
    )?;
    let checker = Checker::builder().options(options).build()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let report = runtime.block_on(checker.run(&plan));

    render(
        &report,
        Format::Text,
        &TextStyle::default(),
        &mut std::io::stdout(),
    )?;
    Ok(compare(&office, &report))
}

/// The hosts, healthy and not.
fn office() -> Vec<Planted> {
    [healthy(), filtered(), inspected(), misled()].concat()
}

fn healthy() -> Vec<Planted> {
    let not_found = Http::answer(404, Page::Ordinary);
    let list = Http::answer(200, Page::Crl);
    vec![
        host("login.alpha.example", "nothing", HEALTHY),
        host("cdn.beta.example", "nothing: a genuine 404", HEALTHY).with(Server::http(not_found)),
        host("crl3.gamma.example", "nothing: a revocation list", HEALTHY)
            .entry(LIST)
            .with(Server::clear(list)),
    ]
}

/// What packet filters do.
fn filtered() -> Vec<Planted> {
    let closed = Server::tcp(Tcp::Closed);
    let silent = Server::tls(Tls::Silent);
    let reset = Server::tls(Tls::ResetAfterHello);
    let mut hosts = vec![
        host("go.epsilon.example", "refused", "tcp-refused").with(closed),
        host("sls.zeta.example", "accepted, then silent", "tls-silent").with(silent),
        host(
            "ols.eta.example",
            "reset after ClientHello",
            "tls-hello-reset",
        )
        .with(reset),
    ];
    // Only Linux drops a connection request without help from a packet filter.
    if cfg!(target_os = "linux") {
        let dropped = Server::tcp(Tcp::Dropped);
        hosts.push(host("odc.delta.example", "dropped", "tcp-dropped").with(dropped));
    }
    hosts
}

/// Faults of devices that inspect TLS, and of misconfigured servers.
fn inspected() -> Vec<Planted> {
    let inspected = Server::certificate(Kind::Inspected);
    let expired = Server::certificate(Kind::Expired);
    let old = Server::tls(Tls::HelloTls10);
    let block_page = Server::clear(Http::answer(403, Page::Block));
    vec![
        host(
            "device.theta.example",
            "trusted TLS inspection",
            "tls-intercepted",
        )
        .entry(FORBIDDEN)
        .with(inspected),
        host("config.iota.example", "expired certificate", "tls-expired").with(expired),
        host(
            "store.kappa.example",
            "TLS 1.0 at most",
            "tls-version-too-old",
        )
        .with(old),
        host(
            "crl.lambda.example",
            "block page for a list",
            "http-block-page",
        )
        .entry(LIST)
        .with(block_page),
    ]
}

/// What DNS filters do.
fn misled() -> Vec<Planted> {
    let sinkhole = Name::at(&[std::net::Ipv4Addr::UNSPECIFIED.into()]);
    let no_such_name = Name::faulty(Fault::Nxdomain);
    vec![
        host("graph.mu.example", "DNS filter: 0.0.0.0", "dns-sinkhole").dns(sinkhole),
        host(
            "portal.nu.example",
            "DNS filter: no such name",
            "dns-nxdomain",
        )
        .dns(no_such_name),
    ]
}

fn host(host: &'static str, what: &'static str, expected: &'static str) -> Planted {
    Planted {
        host,
        what,
        expected,
        entry: "",
        server: Server::default(),
        dns: None,
    }
}

impl Planted {
    fn with(mut self, server: Server) -> Self {
        self.server = server;
        self
    }

    fn entry(mut self, keys: &'static str) -> Self {
        self.entry = keys;
        self
    }

    fn dns(mut self, entry: Name) -> Self {
        self.dns = Some(entry);
        self
    }
}

/// Starts the servers, fills the resolver, and writes the list of endpoints.
fn open(lab: &mut Lab, office: &[Planted]) -> String {
    let mut list = String::new();
    for planted in office {
        // Hosts of one kind share a port number, as on a real network.
        let port = if planted.server.clear {
            "http"
        } else {
            "https"
        };
        let address = lab.host(planted.host, port, &planted.server);
        if let Some(entry) = &planted.dns {
            lab.name(planted.host, entry.clone());
        }
        let (host, port, entry) = (planted.host, address.port(), planted.entry);
        let keys = format!("id = '{host}'\nhost = '{host}'\nport = {port}\n{entry}");
        list.push_str(&["[[endpoints]]\n", &keys, "\n"].concat());
    }
    let wrong = "ClientConfig.Partner.MicrosoftOnline-P.net.cn";
    lab.alias(
        &format!("msoid.{DOMAIN}"),
        &["clientconfig.alias.example"],
        wrong,
    );
    list
}

/// Everything in the lab instead of the machine's own: resolver, roots, hosts file.
fn options(lab: &mut Lab) -> Options {
    // Nothing here is far away: a second of silence says as much as the usual limits elsewhere.
    let second = Timeouts::all(Duration::from_secs(1));
    let mut options = Options::default();
    options.dns = vec![lab.resolver(Transports::default())];
    options.public_roots = Some(lab.authorities.public_roots());
    options.os_roots = Some(lab.authorities.os_roots());
    options.hosts_file = Some(String::new());
    options.timeouts = second;
    options.silence = second;
    options
}

/// Planted faults beside the reported ones; success where they agree.
fn compare(office: &[Planted], report: &Report) -> ExitCode {
    let msoid = format!("msoid.{DOMAIN}");
    let planted = office.iter().map(|one| (one.host, one.what, one.expected));
    let record = (
        msoid.as_str(),
        "msoid record of China",
        "dns-msoid-21vianet",
    );
    let mut all_right = true;
    println!("\n{:24}{:28}{:22}named", "host", "planted", "expected");
    for (host, what, expected) in planted.chain([record]) {
        let named = named(report, host);
        let mark = if named == expected { "" } else { "  WRONG" };
        all_right &= named == expected;
        println!("{host:24}{what:28}{expected:22}{named}{mark}");
    }
    ExitCode::from(u8::from(!all_right))
}

/// The code of a result, or its outcome where it has no code.
fn named(report: &Report, id: &str) -> String {
    let row = report.endpoints.iter().find(|row| row.endpoint.id == id);
    row.map_or_else(String::new, |row| match row.verdict.code() {
        Some(code) => code.to_string(),
        None => row.verdict.outcome.to_string(),
    })
}

//! Hosts behind a proxy, the list that names them, and the checks through it.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use reach365::{Catalog, Checker, Options, Plan, Report};
use reach365_model::options::{ProxySource, Timeouts};
use reach365_model::plan::Selection;
use reach365_model::report::EndpointReport;
use reach365_model::verdict::{Finding, Outcome};

use crate::certificate::Authority;
use crate::part::Directory;
use reach365_testlab::Lab;
use reach365_testlab::dns::Transports;
use reach365_testlab::http::{Http, Page};
use reach365_testlab::server::{Server, Tcp};

/// Hosts with their names in the lab's DNS, and the same names for proxies.
pub(crate) struct Network {
    pub(crate) lab: Lab,
    pub(crate) resolver: SocketAddr,
    /// The list of endpoints.
    pub(crate) list: String,
    /// The names in the format of a hosts file.
    pub(crate) names: String,
}

impl Network {
    pub(crate) fn new() -> Self {
        let mut lab = Lab::start();
        let resolver = lab.resolver(Transports::default());
        Self {
            lab,
            resolver,
            list: String::new(),
            names: String::new(),
        }
    }

    /// A network with healthy HTTPS hosts.
    pub(crate) fn with_names(names: &[&str]) -> Self {
        let mut network = Self::new();
        for name in names {
            network.https(name);
        }
        network
    }

    /// Adds a healthy HTTPS host; all of them have the same port.
    pub(crate) fn https(&mut self, name: &str) -> SocketAddr {
        self.add(name, "https", &Server::default(), "")
    }

    /// Adds an HTTPS host that drops or refuses connections.
    pub(crate) fn closed(&mut self, name: &str, tcp: Tcp) {
        self.add(name, "https", &Server::tcp(tcp), "");
    }

    /// Adds a host with the connectivity test of Windows.
    pub(crate) fn connectivity_test(&mut self, name: &str) -> SocketAddr {
        let text = "Microsoft Connect Test";
        let server = Server::clear(Http::answer(200, Page::Text(text.to_owned())));
        let rest = format!(
            "scheme = \"http\"\npath = \"/connecttest.txt\"\nexpect = {{ body = \"{text}\" }}\n"
        );
        self.add(name, "http", &server, &rest)
    }

    /// Adds a host with a revocation list.
    pub(crate) fn revocation_list(&mut self, name: &str) -> SocketAddr {
        let server = Server::clear(Http::answer(200, Page::Crl));
        let rest = "scheme = \"http\"\npath = \"/root.crl\"\nexpect = \"der-crl\"\n";
        self.add(name, "http", &server, rest)
    }

    /// Adds a host; hosts with the same label share a port.
    pub(crate) fn add(
        &mut self,
        name: &str,
        port: &str,
        server: &Server,
        rest: &str,
    ) -> SocketAddr {
        let address = self.lab.host(name, port, server);
        self.enter(name, address.port(), rest);
        writeln!(self.names, "{} {name}", address.ip()).unwrap();
        address
    }

    /// Adds an endpoint whose name is nowhere known.
    pub(crate) fn unknown(&mut self, name: &str, port: u16) {
        self.enter(name, port, "");
    }

    fn enter(&mut self, name: &str, port: u16, rest: &str) {
        let entry = format!("[[endpoints]]\nid = \"{name}\"\nhost = \"{name}\"\nport = {port}\n");
        self.list += &(entry + rest);
    }

    /// Files of roots for the lab's public authority, and for what this machine trusts.
    pub(crate) fn roots(&self) -> [PathBuf; 2] {
        let authorities = &self.lab.authorities;
        [authorities.public_roots(), authorities.os_roots()]
    }

    pub(crate) fn options(&self, proxy: &str) -> Options {
        let [public_roots, os_roots] = self.roots();
        let mut options = Options::default();
        options.proxy = ProxySource::parse(proxy).unwrap();
        options.dns = vec![self.resolver];
        options.public_roots = Some(public_roots);
        options.os_roots = Some(os_roots);
        options.hosts_file = Some(String::new());
        options.ask_os_resolver = false;
        options.timeouts = Timeouts::all(Duration::from_secs(5));
        options.silence = Timeouts::all(Duration::from_secs(1));
        options
    }

    /// Checks every host through a proxy.
    pub(crate) fn check(&self, proxy: &str) -> Report {
        self.check_with(self.options(proxy))
    }

    /// The same on a machine that trusts one authority more.
    pub(crate) fn check_trusting(&self, proxy: &str, authority: &Authority) -> Report {
        let directory = Directory::new();
        let mut options = self.options(proxy);
        let known = std::fs::read_to_string(options.os_roots.unwrap()).unwrap();
        let roots = directory.write("roots.pem", &(known + &authority.root()));
        options.os_roots = Some(roots.into());
        self.check_with(options)
    }

    pub(crate) fn check_with(&self, options: Options) -> Report {
        let catalog = Catalog::parse("network.toml", &self.list, reach365::builtin()).unwrap();
        let mut everything = Selection::default();
        everything.groups = vec!["all".to_owned()];
        let plan = Plan::select(&catalog, &everything).unwrap();
        let checker = Checker::builder().options(options).build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let report = runtime.unwrap().block_on(checker.run(&plan));
        assert_eq!(
            reach365::judge().again(&report).endpoints,
            report.endpoints,
            "the evidence leads to other verdicts"
        );
        report
    }
}

/// Asserts outcome and code of every endpoint, in plan order: `reachable`, `blocked proxy-denied`.
#[track_caller]
pub(crate) fn assert_rows(report: &Report, expected: &[(&str, &str)]) {
    let rows = report.endpoints.iter();
    let got: Vec<(&str, String)> = rows
        .map(|row| (row.endpoint.id.as_str(), in_words(row)))
        .collect();
    let got: Vec<(&str, &str)> = got.iter().map(|(id, words)| (*id, &**words)).collect();
    assert_eq!(got, expected, "{}", described(report));
}

fn in_words(row: &EndpointReport) -> String {
    match row.verdict.code() {
        Some(code) => format!("{} {code}", row.verdict.outcome),
        None => row.verdict.outcome.to_string(),
    }
}

/// Asserts the codes of the findings, each with the number of its endpoints.
#[track_caller]
pub(crate) fn assert_findings(report: &Report, expected: &[(&str, usize)]) {
    // A proxy of the test has a loopback address, which is a note.
    let wrong = |finding: &&Finding| finding.outcome > Outcome::Reachable;
    let findings = report.findings.iter().filter(wrong);
    let got: Vec<(&str, usize)> = findings
        .map(|finding| (finding.code.id(), finding.endpoints.len()))
        .collect();
    assert_eq!(got, expected, "{}", described(report));
}

/// A fact of an endpoint as text.
#[track_caller]
pub(crate) fn fact(report: &Report, id: &str, name: &str) -> String {
    let found = row(report, id).verdict.facts().remove(name);
    let value = found.unwrap_or_else(|| panic!("{id} has no {name}\n{}", described(report)));
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    }
}

#[track_caller]
pub(crate) fn row<'a>(report: &'a Report, id: &str) -> &'a EndpointReport {
    let mut rows = report.endpoints.iter();
    rows.find(|row| row.endpoint.id == id).unwrap()
}

/// What a person needs to see why a test failed.
fn described(report: &Report) -> String {
    let mut text = String::from("\n");
    for finding in &report.findings {
        writeln!(text, "finding {}: {}", finding.code, finding.summary).unwrap();
    }
    for row in &report.endpoints {
        let facts = serde_json::to_string(&row.verdict.facts()).unwrap();
        writeln!(
            text,
            "{}: {}\n  {facts}",
            row.endpoint.id, row.verdict.summary
        )
        .unwrap();
    }
    text
}

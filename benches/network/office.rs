//! The servers of a measurement, in a process of their own, so that their work is not counted.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use reach365_testlab::Lab;
use reach365_testlab::dns::Transports;
use reach365_testlab::http::{Http, Manner};
use reach365_testlab::server::{Server, Tcp};

/// First argument of the process that serves.
pub(crate) const SERVE: &str = "serve";
const LIST: &str = "endpoints.toml";
const CURL: &str = "curl.conf";

/// What all hosts of an office do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// They answer.
    Healthy,
    /// They answer after two seconds.
    Late,
    /// Connection requests get no answer.
    Silent,
    /// Requests get no answer.
    Mute,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Healthy, Self::Late, Self::Silent, Self::Mute];

    fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Late => "late",
            Self::Silent => "silent",
            Self::Mute => "mute",
        }
    }

    fn server(self) -> Server {
        match self {
            Self::Healthy => Server::default(),
            Self::Late => Server::http(Http::default().manner(Manner::Late(2_000))),
            Self::Silent => Server::tcp(Tcp::Dropped),
            Self::Mute => Server::http(Http::default().manner(Manner::Late(60_000))),
        }
    }
}

/// A process with a resolver and hosts, each with a name and an address of its own.
pub(crate) struct Office {
    process: Child,
    /// Where it put its roots and lists.
    directory: PathBuf,
    resolver: String,
}

impl Office {
    /// Starts the process; it ends when the office is dropped.
    pub(crate) fn open(kind: Kind, hosts: u32) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("this program has a file"))
            .args([SERVE, kind.name(), &hosts.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be started once more");
        let output = process.stdout.take().expect("it was asked for");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let mut line = || lines.next().expect("the servers could not be started");
        let (directory, resolver) = (line().into(), line());
        Self {
            process,
            directory,
            resolver,
        }
    }

    pub(crate) fn check_arguments(&self) -> Vec<String> {
        let file = |name: &str| self.directory.join(name).display().to_string();
        let pairs = [
            ("--endpoints", file(LIST)),
            ("--group", "all".to_owned()),
            ("--dns", self.resolver.clone()),
            ("--public-roots", file("public-roots.pem")),
            ("--os-roots", file("os-roots.pem")),
        ];
        let check = std::iter::once("check".to_owned());
        let pairs = pairs.map(|(name, value)| [name.to_owned(), value]);
        check.chain(pairs.into_iter().flatten()).collect()
    }

    /// The same endpoints, as many at once as `reach365` has.
    pub(crate) fn curl(&self) -> Command {
        let mut command = Command::new("curl");
        command
            .args(["--parallel", "--parallel-immediate", "--parallel-max"])
            .arg(reach365_model::options::JOBS.to_string())
            .arg("--silent")
            .arg("--config")
            .arg(self.directory.join(CURL));
        command
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // Whatever comes of it, the process is gone or going.
        let _ = self.process.wait();
    }
}

/// The serving process: starts the servers, says where they are, and waits for the end of its
/// input.
pub(crate) fn serve(mut arguments: impl Iterator<Item = String>) {
    let (kind, hosts) = (arguments.next(), arguments.next());
    let kind = Kind::ALL
        .into_iter()
        .find(|one| Some(one.name()) == kind.as_deref());
    let hosts = hosts.and_then(|hosts| hosts.parse().ok());
    let (Some(kind), Some(hosts)) = (kind, hosts) else {
        return eprintln!("usage: {SERVE} healthy|late|silent|mute HOSTS");
    };
    let mut lab = Lab::start();
    let resolver = lab.resolver(Transports::default());
    let directory = lab.authorities.directory().to_owned();
    write_lists(&mut lab, kind, hosts, &directory);
    println!("{}\n{resolver}", directory.display());
    // An error ends the wait as well.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

fn write_lists(lab: &mut Lab, kind: Kind, hosts: u32, directory: &Path) {
    let (mut list, mut transfers) = (String::new(), Vec::new());
    for number in 1..=hosts {
        let name = format!("host{number}.office.example");
        let address = lab.host(&name, "https", &kind.server());
        list += &entry(&name, address.port());
        transfers.push(transfer(&name, address, &lab.authorities.public_roots()));
    }
    write(&directory.join(LIST), &list);
    write(&directory.join(CURL), &transfers.join("next\n"));
}

fn entry(name: &str, port: u16) -> String {
    format!("[[endpoints]]\nid = \"{name}\"\nhost = \"{name}\"\nport = {port}\n")
}

/// One transfer of curl, with options of its own: options for all would hand every transfer the
/// addresses of all hosts.
fn transfer(name: &str, address: SocketAddr, roots: &Path) -> String {
    let (ip, port) = (address.ip(), address.port());
    let mut text = String::from("http1.1\ntlsv1.2\ntls-max = \"1.2\"\n");
    for (key, value) in [
        ("url", format!("https://{name}:{port}/")),
        ("output", "/dev/null".to_owned()),
        ("resolve", format!("{name}:{port}:{ip}")),
        ("cacert", roots.display().to_string()),
    ] {
        writeln!(text, "{key} = \"{value}\"").expect("a string takes everything");
    }
    text
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the lab's own directory can be written");
}

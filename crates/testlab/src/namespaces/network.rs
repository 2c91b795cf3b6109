//! The namespaces of a branch office: client – firewall – internet, all gone with the [`Branch`].

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use super::internet::{self, answers_at};
use super::scenario::{CLIENT, CLIENT_IPV6, FIREWALL, FIREWALL_IPV6, Place, RESOLVER, Scenario};

/// Carries packets between two namespaces, late.
const DELAY_LINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/delay_line.py");
/// Device of the line on both of its ends.
const LINE: &str = "line";
/// Where tools of administrators are.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
/// Files of the internet's roots.
const PUBLIC_ROOTS: &str = "public-roots.pem";
pub(crate) const OS_ROOTS: &str = "os-roots.pem";
/// Values that leave the resolver, and the proxy, to the system's settings.
const SYSTEM: &str = "system";
const SETTINGS: &str = "settings";
/// Set in the process that a user namespace was made for.
const INSIDE: &str = "REACH365_BRANCH_INSIDE";

/// What this machine allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Here {
    /// Namespaces, without a user namespace.
    Allowed,
    /// Namespaces, inside a user namespace.
    InUserNamespace,
    Forbidden,
}

impl Here {
    const USER: [&str; 4] = ["--user", "--map-root-user", "--net", "--mount"];

    pub(crate) fn find() -> Self {
        let works = |arguments: &[&str]| {
            let tried = Command::new("unshare").args(arguments).arg("true").output();
            tried.is_ok_and(|output| output.status.success())
        };
        if works(&["--net"]) {
            Self::Allowed
        } else if std::env::var_os(INSIDE).is_none() && works(&Self::USER) {
            Self::InUserNamespace
        } else {
            Self::Forbidden
        }
    }

    /// Runs this program once more, in a user namespace.
    pub(crate) fn again(arguments: &[String]) -> ExitCode {
        let status = Command::new("unshare")
            .args(Self::USER)
            .arg(std::env::current_exe().unwrap())
            .args(arguments)
            .env(INSIDE, "yes")
            .status()
            .unwrap();
        if status.success() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// A branch office with everything in it running.
pub(crate) struct Branch {
    pub(crate) client: Namespace,
    /// The directory of the internet's roots.
    pub(crate) roots: PathBuf,
    /// What ends with the branch.
    _running: Vec<Running>,
    _further: [Namespace; 2],
    /// The last to go: what runs may write to it.
    pub(crate) directory: Directory,
}

impl Branch {
    pub(crate) fn open(scenario: &Scenario) -> Self {
        let directory = Directory::new();
        let [client, firewall, internet] = [(); 3].map(|()| Namespace::new());
        let line = lay_line(scenario, &firewall, &internet);
        connect(scenario, [&client, &firewall, &internet]);
        let (server, roots) = start_internet(scenario, &internet, directory.path());
        fs::copy(roots.join(PUBLIC_ROOTS), directory.file(PUBLIC_ROOTS)).unwrap();
        let places = [
            (&client, &scenario.client, "output"),
            (&firewall, &scenario.firewall, "forward"),
            (&internet, &scenario.internet, "input"),
        ];
        let services = places.into_iter().flat_map(|(namespace, place, hook)| {
            namespace.switch_on(scenario, directory.path(), (place, hook))
        });
        let mut running: Vec<Running> = services.collect();
        running.extend([server, line]);
        if let Some(file) = &scenario.os_roots {
            trust(&roots.join(OS_ROOTS), &directory.file(file));
        }
        fs::write(directory.file("endpoints.toml"), scenario.list()).unwrap();
        Self {
            client,
            roots,
            _running: running,
            _further: [firewall, internet],
            directory,
        }
    }

    /// Runs the program in the client's namespace; its output if that is not a report.
    pub(crate) fn check(&self, program: &str, scenario: &Scenario) -> Result<Checked, String> {
        let mut words = Vec::new();
        if let Some(clock) = &scenario.clock {
            words.extend(["faketime".to_owned(), "-f".to_owned(), clock.clone()]);
        }
        words.push(program.to_owned());
        words.extend(self.arguments(scenario));
        words.extend(
            scenario
                .arguments
                .iter()
                .map(|one| scenario.with_addresses(one)),
        );
        let mut command = self.program(scenario);
        command.args(&words).envs(&scenario.environment);
        let output = command.output().unwrap();
        let report = serde_json::from_slice(&output.stdout).map_err(|error| {
            let said = String::from_utf8_lossy(&output.stderr);
            format!("no report: {error}: {said}")
        })?;
        Ok(Checked {
            report,
            exit: output.status.code(),
        })
    }

    /// What runs a program with the scenario's files in place of those below `/etc`.
    fn program(&self, scenario: &Scenario) -> Command {
        let mut command = self.client.command("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-ec"]);
        let mut script = String::new();
        let files = [
            ("resolv.conf", &scenario.resolv_conf),
            ("hosts", &scenario.hosts_file),
        ];
        for (name, text) in files {
            let Some(text) = text else { continue };
            let file = self.directory.file(name);
            fs::write(&file, scenario.with_addresses(text)).unwrap();
            writeln!(script, "mount --bind {} /etc/{name}", file.display()).unwrap();
        }
        command.args([&format!("{script}exec \"$@\""), "sh"]);
        command
    }

    fn arguments(&self, scenario: &Scenario) -> Vec<String> {
        let display = |file: PathBuf| file.display().to_string();
        let mut words = scenario.command.clone();
        if words.is_empty() {
            let list = display(self.directory.file("endpoints.toml"));
            words.extend(["check", "--endpoints", &list, "--group", "all"].map(str::to_owned));
        }
        let mut pairs = vec![("--format", "json".to_owned())];
        if scenario.ask != SYSTEM {
            pairs.push(("--dns", scenario.ask.clone()));
        }
        if words[0] == "check" {
            pairs.push(("--public-roots", display(self.roots.join(PUBLIC_ROOTS))));
            pairs.push(("--os-roots", display(self.roots.join(OS_ROOTS))));
            if scenario.proxy != SETTINGS {
                pairs.push(("--proxy", scenario.proxy.clone()));
            }
        }
        let pairs = pairs.into_iter();
        words.extend(pairs.flat_map(|(name, value)| [name.to_owned(), value]));
        words
    }
}

/// What a run of the program left.
pub(crate) struct Checked {
    pub(crate) report: Value,
    pub(crate) exit: Option<i32>,
}

/// A directory that is deleted with the branch, with everything in it.
pub(crate) struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("reach365-branch-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // At worst it is left in the temporary directory.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A network namespace, held by a process that does nothing.
pub(crate) struct Namespace {
    holder: Running,
}

impl Namespace {
    fn new() -> Self {
        let mut command = Command::new("unshare");
        // The line of output shows that the namespace exists.
        command.args(["--net", "sh", "-c", "ip link set lo up; echo; exec cat"]);
        let (holder, _) = Running::start(&mut command);
        Self { holder }
    }

    fn file(&self) -> String {
        format!("/proc/{}/ns/net", self.holder.process.id())
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net={}", self.file()))
            .arg(program)
            .env("PATH", path());
        command
    }

    /// Runs shell commands, which must all succeed.
    pub(crate) fn shell(&self, script: &str) {
        let output = self.command("sh").args(["-ec", script]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}\nof\n{script}");
    }

    /// Switches on what the scenario wants here, and returns the programs that now run.
    fn switch_on(
        &self,
        scenario: &Scenario,
        directory: &Path,
        (place, hook): (&Place, &str),
    ) -> Vec<Running> {
        let services = place.services.iter().map(|service| {
            let script = format!("echo; {}", scenario.with_addresses(service));
            Running::start(
                self.command("sh")
                    .args(["-ec", &script])
                    .current_dir(directory),
            )
            .0
        });
        let services = services.collect();
        let mut script = String::new();
        if !place.rules.is_empty() {
            let begin =
                format!("table inet branch {{ chain way {{ type filter hook {hook} priority 0;");
            let rules: Vec<String> = place
                .rules
                .iter()
                .map(|rule| scenario.with_addresses(rule))
                .collect();
            let rules = rules.join("\n");
            write!(script, "nft -f - <<'END'\n{begin}\n{rules}\n}}\n}}\nEND\n").unwrap();
        }
        for command in &place.commands {
            writeln!(script, "{}", scenario.with_addresses(command)).unwrap();
        }
        self.shell(&script);
        services
    }
}

/// A process that ends with its standard input.
pub(crate) struct Running {
    process: Child,
}

impl Running {
    /// Starts it and waits for its first line, which is returned.
    pub(crate) fn start(command: &mut Command) -> (Self, String) {
        let mut process = command
            .env("PATH", path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let line = first_line(process.stdout.take().unwrap());
        (Self { process }, line)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // Whatever the result, the process has ended or is ending.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn first_line(output: ChildStdout) -> String {
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).unwrap();
    assert!(
        line.ends_with('\n'),
        "a process of the branch did not start"
    );
    line.trim_end().to_owned()
}

fn lay_line(scenario: &Scenario, firewall: &Namespace, internet: &Namespace) -> Running {
    let mut command = Command::new("python3");
    command
        .arg(DELAY_LINE)
        .args([firewall.file(), internet.file()]);
    command.args([
        LINE,
        &scenario.delay_ms.to_string(),
        &scenario.loss.to_string(),
        "365",
    ]);
    Running::start(&mut command).0
}

fn connect(scenario: &Scenario, [client, firewall, internet]: [&Namespace; 3]) {
    let holder = firewall.holder.process.id();
    client.shell(&format!(
        "ip link add out type veth peer name office netns {holder}
         ip addr add {CLIENT}/24 dev out; ip addr add {CLIENT_IPV6}/64 dev out nodad; ip link set out up"
    ));
    firewall.shell(&format!(
        "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
         ip addr add {FIREWALL}/24 dev office; ip addr add {FIREWALL_IPV6}/64 dev office nodad
         ip link set office up; ip link set {LINE} up
         ip route add default dev {LINE}; ip -6 route add default dev {LINE}"
    ));
    client.shell(&format!(
        "ip route add default via {FIREWALL}; ip -6 route add default via {FIREWALL_IPV6}"
    ));
    let hosts = (0..scenario.host.len()).flat_map(|place| answers_at(scenario, place));
    let hosts: String = hosts.fold(String::new(), |mut script, address| {
        let nodad = if address.is_ipv6() { "nodad" } else { "" };
        writeln!(script, "ip addr add {address} dev {LINE} {nodad}").unwrap();
        script
    });
    internet.shell(&format!(
        "ip link set {LINE} up; ip addr add {RESOLVER} dev {LINE}\n{hosts}
         ip route add default dev {LINE}; ip -6 route add default dev {LINE}"
    ));
}

fn start_internet(
    scenario: &Scenario,
    internet: &Namespace,
    directory: &Path,
) -> (Running, PathBuf) {
    let file = directory.join("scenario.toml");
    fs::write(&file, &scenario.text).unwrap();
    let this = std::env::current_exe().unwrap();
    let mut command = internet.command(&this.display().to_string());
    // It is killed, and so cannot clean up: its directory is inside this one.
    command
        .arg(internet::SERVE)
        .arg(&file)
        .env("TMPDIR", directory);
    let (server, roots) = Running::start(&mut command);
    (server, roots.into())
}

/// Lets the operating system trust further certificates.
fn trust(roots: &Path, further: &Path) {
    let text = [roots, further].map(|file| fs::read_to_string(file).unwrap());
    fs::write(roots, text.concat()).unwrap();
}

pub(crate) fn path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:{PATH}")
}

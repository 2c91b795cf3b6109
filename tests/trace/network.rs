//! A network of three hops in namespaces of its own: client, two routers, server. It goes with the
//! test.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};

/// Variable that turns a skipped test into a failed one.
const PARTS: &str = "REACH365_PARTS";
/// Address of the server, three hops from the client; a private one would be called a sinkhole.
pub(crate) const SERVER: &str = "20.81.3.2";
/// Address of the second router as the client's side sees it.
pub(crate) const SECOND_ROUTER: &str = "10.81.2.2";
/// The same over IPv6: server, and the routers as the client's side sees them.
pub(crate) const SERVER_IPV6: &str = "2603:81:3::2";
pub(crate) const ROUTERS_IPV6: [&str; 2] = ["fd81:1::1", "fd81:2::2"];

const SETUP: &str = "
set -e
mount -t tmpfs tmpfs /run
mkdir /run/netns
for name in client r1 r2 server; do ip netns add $name; ip -n $name link set lo up; done
wire() {
  ip link add end0 type veth peer name end1
  ip link set end0 netns $1 name $2; ip link set end1 netns $3 name $4
  ip -n $1 addr add $5/24 dev $2; ip -n $1 link set $2 up
  ip -n $3 addr add $6/24 dev $4; ip -n $3 link set $4 up
  ip -n $1 addr add ${7}$8/64 dev $2 nodad; ip -n $3 addr add ${7}$9/64 dev $4 nodad
}
wire client far r1 near 10.81.1.2 10.81.1.1 fd81:1:: 2 1
wire r1 far r2 near 10.81.2.1 10.81.2.2 fd81:2:: 1 2
wire r2 far server near 20.81.3.1 20.81.3.2 2603:81:3:: 1 2
ip -n client route add default via 10.81.1.1
ip -n r1 route add default via 10.81.2.2
ip -n r2 route add 10.81.1.0/24 via 10.81.2.1
ip -n server route add default via 20.81.3.1
ip -n client route add default via fd81:1::1
ip -n r1 route add default via fd81:2::2
ip -n r2 route add fd81:1::/64 via fd81:2::1
ip -n server route add default via 2603:81:3::1
for name in r1 r2; do
  ip netns exec $name sh -c 'cd /proc/sys/net; echo 1 >ipv4/ip_forward; echo 1 >ipv6/conf/all/forwarding'
done
ip netns exec server \"$SERVER_PROGRAM\" --exact serve --ignored --nocapture >/dev/null &
until ip netns exec client bash -c ': </dev/tcp/20.81.3.2/443' 2>/dev/null; do sleep 0.05; done
echo ready
cat >/dev/null
kill %1
";

/// The namespaces, alive as long as this is not dropped.
pub(crate) struct Network {
    holder: Child,
}

impl Network {
    /// Builds the network; `None`, after saying so, where the machine allows none or a program is
    /// missing.
    pub(crate) fn build(programs: &[&str]) -> Option<Self> {
        let missing = programs.iter().find(|program| !is_installed(program));
        if let Some(program) = missing {
            return skipped(&format!("{program} is not installed"));
        }
        let allowed = Command::new("unshare").args(["-nm", "true"]).output();
        if !allowed.is_ok_and(|output| output.status.success()) {
            return skipped("this machine allows no network namespaces");
        }
        Some(Self::start())
    }

    fn start() -> Self {
        let mut holder = Command::new("unshare")
            .args(["-nm", "bash", "-c", SETUP])
            .env("SERVER_PROGRAM", std::env::current_exe().unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(holder.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "the network could not be built");
        Self { holder }
    }

    /// Runs a program in one of the namespaces.
    pub(crate) fn run(&self, place: &str, program: &str, arguments: &[&str]) -> Output {
        Command::new("nsenter")
            .args(["-t", &self.holder.id().to_string(), "-n", "-m"])
            .args(["ip", "netns", "exec", place, program])
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Gives a router its rules.
    pub(crate) fn rule(&self, place: &str, words: &str) {
        let mut words = words.split(' ');
        let program = words.next().unwrap();
        let output = self.run(place, program, &words.collect::<Vec<_>>());
        assert!(output.status.success(), "{program}: {output:?}");
    }

    /// Runs reach365 at the client without any privileges.
    pub(crate) fn reach365(&self, arguments: &[&str]) -> Output {
        let mut all = vec!["--inh-caps=-all", "--bounding-set=-all"];
        all.push(env!("CARGO_BIN_EXE_reach365"));
        all.extend(arguments);
        self.run("client", "setpriv", &all)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The end of its input ends the shell, and that the server; the namespaces go with them.
        if let Some(mut stdin) = self.holder.stdin.take() {
            let _ = stdin.flush();
        }
        let _ = self.holder.wait();
    }
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    places
        .map(|place| place.join(program))
        .any(|it| it.is_file())
}

fn skipped<T>(why: &str) -> Option<T> {
    let required = std::env::var(PARTS).is_ok_and(|value| value == "required");
    assert!(!required, "{why}, and {PARTS}=required");
    println!("skipped: {why}");
    None
}

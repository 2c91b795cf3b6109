//! A shell script that fills sets with ipset and a chain with iptables-restore.

use std::fmt::Write as _;

use super::Rules;
use super::ranges::{self, Ranges};
use reach365_model::catalog::Allowlist;

const CHAIN: &str = "reach365";

pub(super) fn rules(list: &Allowlist) -> Rules {
    let sets = ranges::by_port(list);
    let mut notes = ranges::notes(list);
    notes.extend([
        "Run it with sh as root; running it again replaces the elements. Then send your traffic there:".to_owned(),
        "iptables -I FORWARD -j reach365, ip6tables -I FORWARD -j reach365 (OUTPUT on the machine itself).".to_owned(),
    ]);
    Rules {
        what: "Script for ipset and iptables-restore",
        comment: Some("#"),
        notes,
        left_out: ranges::left_out(list),
        body: ranges::hosts(list, "#") + &body(&sets),
    }
}

fn body(sets: &[Ranges]) -> String {
    let mut text = "\nset -e\n".to_owned();
    text.push_str(&document("ipset restore -exist", &elements(sets)));
    text.push_str(&document("iptables-restore --noflush", &chain(sets, false)));
    text.push_str(&document("ip6tables-restore --noflush", &chain(sets, true)));
    text
}

/// Input of a program; the quotes keep the shell from looking into it.
fn document(program: &str, lines: &str) -> String {
    format!("\n{program} <<'REACH365'\n{lines}REACH365\n")
}

fn elements(sets: &[Ranges]) -> String {
    let mut text = String::new();
    for set in sets {
        let family = if set.ipv6 { "inet6" } else { "inet" };
        let name = name(set);
        let _ = writeln!(text, "create {name} hash:net family {family}");
        let _ = writeln!(text, "flush {name}");
        for range in &set.nets {
            let _ = writeln!(text, "add {name} {range}");
        }
    }
    text
}

/// The line with the colon empties the chain, so that nothing is in it twice.
fn chain(sets: &[Ranges], ipv6: bool) -> String {
    let mut text = format!("*filter\n:{CHAIN} - [0:0]\n");
    for set in sets.iter().filter(|set| set.ipv6 == ipv6) {
        let _ = writeln!(
            text,
            "-A {CHAIN} -p tcp -m set --match-set {} dst -m tcp --dport {} -j ACCEPT",
            name(set),
            set.port
        );
    }
    text.push_str("COMMIT\n");
    text
}

fn name(set: &Ranges) -> String {
    let family = if set.ipv6 { "ipv6" } else { "ipv4" };
    format!("reach365_{}_{family}", set.port)
}

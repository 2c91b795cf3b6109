//! Sets of addresses and a chain that uses them.

use std::fmt::Write as _;

use super::Rules;
use super::ranges::{self, Ranges};
use reach365_model::catalog::Allowlist;

const TABLE: &str = "inet reach365";
const CHAIN: &str = "reach365_allow";

pub(super) fn rules(list: &Allowlist) -> Rules {
    let sets = ranges::by_port(list);
    let mut notes = ranges::notes(list);
    notes.extend([
        "Rules of one table cannot use sets of another: put the name of your table in the place of `inet reach365`,".to_owned(),
        "and `jump reach365_allow` into your forward or output chain. Loading it again replaces the elements.".to_owned(),
    ]);
    Rules {
        what: "Sets for nftables",
        comment: Some("#"),
        notes,
        left_out: ranges::left_out(list),
        body: ranges::hosts(list, "#") + &body(&sets),
    }
}

fn body(sets: &[Ranges]) -> String {
    let mut text = format!("\ntable {TABLE} {{\n");
    for set in sets {
        let family = if set.ipv6 { "ipv6_addr" } else { "ipv4_addr" };
        let _ = write!(
            text,
            "    set {} {{\n        type {family}\n        flags interval\n    }}\n",
            name(set)
        );
    }
    let _ = write!(text, "    chain {CHAIN} {{\n    }}\n}}\n\n");
    for set in sets {
        let _ = writeln!(text, "flush set {TABLE} {}", name(set));
        let ranges: Vec<String> = set.nets.iter().map(|it| format!("    {it}")).collect();
        let elements = ranges.join(",\n");
        let _ = write!(
            text,
            "add element {TABLE} {} {{\n{elements}\n}}\n",
            name(set)
        );
    }
    let _ = writeln!(text, "\nflush chain {TABLE} {CHAIN}");
    for set in sets {
        let family = if set.ipv6 { "ip6" } else { "ip" };
        let _ = writeln!(
            text,
            "add rule {TABLE} {CHAIN} {family} daddr @{} tcp dport {} accept",
            name(set),
            set.port
        );
    }
    text
}

fn name(set: &Ranges) -> String {
    let family = if set.ipv6 { "ipv6" } else { "ipv4" };
    format!("tcp_{}_{family}", set.port)
}

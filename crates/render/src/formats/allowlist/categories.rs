//! Hosts by category, for a change request that people read.

use std::fmt::Write as _;

use super::{Rules, ports, short};
use reach365_model::catalog::{Allowed, Allowlist};
use reach365_model::endpoint::{Category, Inspection, printable};

const CATEGORIES: [(Category, &str); 3] = [
    (
        Category::Optimize,
        "OPTIMIZE: most sensitive to detours; directly, without inspection",
    ),
    (
        Category::Allow,
        "ALLOW: sensitive to detours; directly where that can be, without inspection",
    ),
    (
        Category::Default,
        "DEFAULT: ordinary internet traffic, through a proxy too",
    ),
];

pub(super) fn rules(list: &Allowlist) -> Rules {
    let sections = CATEGORIES.iter().filter_map(|(category, title)| {
        let of = |entry: &&Allowed| entry.category == *category;
        let rows: String = list.entries.iter().filter(of).map(row).collect();
        (!rows.is_empty()).then(|| format!("{title}\n\n{rows}"))
    });
    Rules {
        what: "Change request",
        comment: Some("#"),
        notes: Vec::new(),
        left_out: Vec::new(),
        body: sections.collect(),
    }
}

fn row(entry: &Allowed) -> String {
    let mut row = format!("{}\n    {}\n", entry.host, ports(entry));
    if !entry.purpose.is_empty() {
        let _ = writeln!(row, "    {}", printable(&short(&entry.purpose)));
    }
    if entry.inspection == Inspection::Forbidden && entry.within_tls() {
        row.push_str("    TLS inspection breaks it\n");
    }
    let _ = write!(row, "    {}\n\n", addresses(entry));
    row
}

fn addresses(entry: &Allowed) -> String {
    if entry.addresses().is_empty() {
        return "no IPs are published for this host".to_owned();
    }
    let ranges: Vec<String> = entry.addresses().iter().map(ToString::to_string).collect();
    format!("addresses: {}", ranges.join(", "))
}

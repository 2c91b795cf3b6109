//! One host a line.

use super::Rules;
use reach365_model::catalog::Allowlist;

pub(super) fn rules(list: &Allowlist) -> Rules {
    let lines = list.entries.iter().map(|entry| format!("{}\n", entry.host));
    Rules {
        what: "List of hosts",
        comment: Some("#"),
        notes: Vec::new(),
        left_out: Vec::new(),
        body: lines.collect(),
    }
}

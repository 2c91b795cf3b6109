//! One host and port a line, as in RFC 4180.

use super::Rules;
use crate::formats::csv;
use reach365_model::catalog::{Allowed, AllowedPort, Allowlist};
use reach365_model::endpoint::{Category, Inspection};

const COLUMNS: &str =
    "host,port,protocol,category,inspection,published_addresses,purpose,cloud,note\r\n";

pub(super) fn rules(list: &Allowlist) -> Rules {
    let mut body = COLUMNS.to_owned();
    for entry in &list.entries {
        for port in &entry.ports {
            body.push_str(&row(list, entry, *port));
        }
    }
    Rules {
        what: "Table",
        // RFC 4180 knows none; what is left out is said on standard error.
        comment: None,
        notes: Vec::new(),
        left_out: Vec::new(),
        body,
    }
}

fn row(list: &Allowlist, entry: &Allowed, port: AllowedPort) -> String {
    let ranges: Vec<String> = entry.ranges.iter().map(ToString::to_string).collect();
    let fields = [
        entry.host.to_string(),
        port.number.to_string(),
        if port.plain { "http" } else { "https" }.to_owned(),
        category(entry.category).to_owned(),
        inspection(entry.inspection).to_owned(),
        ranges.join(" "),
        entry.purpose.clone(),
        list.cloud.to_string(),
        note(entry).to_owned(),
    ];
    csv::record(&fields)
}

fn note(entry: &Allowed) -> &'static str {
    match (entry.listed, entry.addresses().is_empty()) {
        (false, _) => "not in the list, named by the report alone",
        (true, true) => "no IPs are published for this host",
        (true, false) => "",
    }
}

pub(super) fn category(category: Category) -> &'static str {
    match category {
        Category::Optimize => "optimize",
        Category::Allow => "allow",
        Category::Default => "default",
    }
}

fn inspection(inspection: Inspection) -> &'static str {
    match inspection {
        Inspection::Forbidden => "forbidden",
        Inspection::Discouraged => "discouraged",
    }
}

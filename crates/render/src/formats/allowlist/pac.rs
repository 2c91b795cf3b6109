//! The script that `pac build` makes, for the hosts of an allowlist.

use std::collections::BTreeSet;

use super::{Rules, refuse};
use crate::formats::pac_builder::compose_hosts;
use reach365_model::catalog::{Allowed, AllowedHost, Allowlist};
use reach365_model::endpoint::Category;
use reach365_proxy::route::ProxyServer;

pub(super) fn rules(list: &Allowlist, proxy: &ProxyServer) -> Rules {
    let direct = list.entries.iter().filter(|entry| is_direct(entry));
    let hosts: BTreeSet<String> = direct.map(|entry| entry.host.to_string()).collect();
    Rules {
        what: "PAC script",
        comment: Some("//"),
        notes: vec![
            "Hosts of the category default go to the proxy with everything else.".to_owned(),
        ],
        left_out: refuse(
            list,
            "is a wildcard, which the table of names cannot hold",
            |host| matches!(host, AllowedHost::Wildcard(_)),
        ),
        body: compose_hosts(&hosts, proxy, &list.source),
    }
}

fn is_direct(entry: &Allowed) -> bool {
    let sensitive = matches!(entry.category, Category::Optimize | Category::Allow);
    sensitive && !matches!(entry.host, AllowedHost::Wildcard(_))
}

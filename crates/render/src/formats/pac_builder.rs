//! A script made from a list: what is sensitive to detours goes directly, the rest to a proxy.

use std::collections::BTreeSet;

use reach365_model::endpoint::{Category, Endpoint, printable};
use reach365_proxy::ProxyServer;

/// What a script is to be made of.
#[derive(Debug, Clone, Copy)]
pub struct Composition<'a> {
    /// The endpoints; those of the categories optimize and allow go directly.
    pub endpoints: &'a [&'a Endpoint],
    /// The proxy for everything else.
    pub proxy: &'a ProxyServer,
    /// What the list is called in the comment at the top.
    pub list: &'a str,
}

/// The text of a script, in syntax that every engine knows; the same for the same list.
///
/// Names are looked up in an object, not one after the other, so that the length of the list does
/// not matter.
pub fn compose(composition: &Composition<'_>) -> String {
    let hosts = direct_hosts(composition.endpoints);
    compose_hosts(&hosts, composition.proxy, composition.list)
}

/// The text of a script that sends these names directly and everything else to a proxy.
pub fn compose_hosts(hosts: &BTreeSet<String>, proxy: &ProxyServer, list: &str) -> String {
    let lines: Vec<String> = hosts
        .iter()
        .map(|host| format!("    \"{host}\": true"))
        .collect();
    format!(
        "// Microsoft 365 by category: Optimize and Allow go directly, everything else to\n\
         // {proxy}. Made by reach365 from {list}.\n\n\
         var DIRECT_HOSTS = {{\n\
         {hosts}\n\
         }};\n\n\
         function FindProxyForURL(url, host) {{\n\
         \x20   host = host.toLowerCase();\n\
         \x20   if (DIRECT_HOSTS[host] === true || isPlainHostName(host)) {{\n\
         \x20       return \"DIRECT\";\n\
         \x20   }}\n\
         \x20   return \"PROXY {proxy}\";\n\
         }}\n",
        list = printable(list),
        hosts = lines.join(",\n"),
    )
}

fn direct_hosts(endpoints: &[&Endpoint]) -> BTreeSet<String> {
    let direct = endpoints
        .iter()
        .filter(|endpoint| matches!(endpoint.category, Category::Optimize | Category::Allow));
    direct.map(|endpoint| endpoint.host.to_string()).collect()
}

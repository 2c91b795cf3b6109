//! Access lists of Squid.

use std::fmt::Write as _;

use super::{Rules, refuse, uncovered, with_port};
use reach365_model::catalog::{Allowed, AllowedHost, AllowedPort, Allowlist};
use reach365_model::endpoint::Inspection;

pub(super) fn rules(list: &Allowlist) -> Rules {
    let access: String = list
        .ports()
        .into_iter()
        .map(|port| access(list, port))
        .collect();
    Rules {
        what: "Access lists for squid.conf",
        comment: Some("#"),
        notes: vec![
            "Include it above your own http_access and ssl_bump lines, and below those that keep strangers away:".to_owned(),
            "it opens the hosts to every client that gets so far.".to_owned(),
            "A name with a dot before it stands for the name itself too.".to_owned(),
        ],
        left_out: refuse(list, "has its star where dstdomain knows none", |host| {
            matches!(host, AllowedHost::Wildcard(_)) && host.below().is_none()
        }),
        body: format!(
            "acl reach365_connect method CONNECT\n\n{access}{}",
            inspection(list)
        ),
    }
}

fn access(list: &Allowlist, port: AllowedPort) -> String {
    let AllowedPort { number, plain } = port;
    let kind = if plain { "http" } else { "https" };
    let hosts = format!("reach365_{kind}_{number}");
    let mut text = format!("acl {hosts}_port port {number}\n");
    let entries = with_port(list, port);
    let names = dotted(&entries);
    for name in &names {
        let _ = writeln!(text, "acl {hosts} dstdomain {name}");
    }
    let addresses: Vec<&Allowed> = entries.into_iter().filter(is_address).collect();
    for entry in &addresses {
        let _ = writeln!(text, "acl {hosts}_address dst {}", entry.host);
    }
    // What goes in clear needs no tunnel.
    let method = if plain { "!reach365_connect " } else { "" };
    if !names.is_empty() {
        let _ = writeln!(text, "http_access allow {method}{hosts}_port {hosts}");
    }
    if !addresses.is_empty() {
        let _ = writeln!(
            text,
            "http_access allow {method}{hosts}_port {hosts}_address"
        );
    }
    text.push('\n');
    text
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "a filter hands out references"
)]
fn is_address(entry: &&Allowed) -> bool {
    matches!(entry.host, AllowedHost::Address(_))
}

/// Names as Squid has them; a wildcard begins with a dot, and means the name behind it too. Squid
/// does not start with a list that has both.
fn dotted(entries: &[&Allowed]) -> Vec<String> {
    let name = |entry: &&Allowed| match &entry.host {
        AllowedHost::Name(name) => Some(name.clone()),
        AllowedHost::Wildcard(_) => entry.host.below().map(|name| format!(".{name}")),
        AllowedHost::Address(_) => None,
    };
    let names: Vec<String> = entries.iter().filter_map(name).collect();
    let doubled = |name: &String| names.contains(&format!(".{name}"));
    let once = names.iter().filter(|name| !doubled(name));
    once.cloned().collect()
}

fn inspection(list: &Allowlist) -> String {
    let names = |wanted: Inspection| {
        // What inspection does to a host that only a report names is unknown.
        let of =
            |entry: &&Allowed| entry.listed && entry.within_tls() && entry.inspection == wanted;
        let entries: Vec<&Allowed> = list.entries.iter().filter(of).collect();
        dotted(&uncovered(&entries))
    };
    let mut text =
        "# TLS inspection, for a Squid with OpenSSL; leave it out where nothing is inspected.\n"
            .to_owned();
    let never = names(Inspection::Forbidden);
    if !never.is_empty() {
        text.push_str("# Inspection breaks these:\n");
        text.push_str(&server_names("reach365_never_inspect", &never));
        text.push_str(
            "acl reach365_first_step at_step SslBump1\nssl_bump peek reach365_first_step\n",
        );
        text.push_str("ssl_bump splice reach365_never_inspect\n");
    }
    let rather_not = names(Inspection::Discouraged);
    if !rather_not.is_empty() {
        text.push_str("# Inspecting these is advised against; take the mark off the last line:\n");
        text.push_str(&server_names("reach365_rather_not_inspect", &rather_not));
        text.push_str("#ssl_bump splice reach365_rather_not_inspect\n");
    }
    text
}

fn server_names(acl: &str, names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("acl {acl} ssl::server_name {name}\n"))
        .collect()
}

//! What is nobody's secret: hosts of Microsoft, and of those who carry them.

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::catalog::Catalog;
use crate::endpoint::Endpoint;
use crate::options::TRACE_CONTROL;

/// Below these every customer has names of his own.
const TENANTS: [&str; 19] = [
    "onmicrosoft.com",
    "onmicrosoft.us",
    "onmschina.cn",
    "sharepoint.com",
    "sharepoint.us",
    "sharepoint.cn",
    "b2clogin.com",
    "ciamlogin.com",
    "dynamics.com",
    "protection.outlook.com",
    "core.windows.net",
    "servicebus.windows.net",
    "database.windows.net",
    "vault.azure.net",
    "azurewebsites.net",
    "cloudapp.azure.com",
    "cloudapp.net",
    "msappproxy.net",
    "azure-api.net",
];
/// Whose names are Microsoft's or an authority's own.
const PUBLIC: [&str; 41] = [
    "microsoft.com",
    "cloud.microsoft",
    "windows.com",
    "windows.net",
    "windowsupdate.com",
    "office.com",
    "office.net",
    "office365.com",
    "office365.us",
    "outlook.com",
    "live.com",
    "live.net",
    "microsoftonline.com",
    "microsoftonline.us",
    "microsoftonline.cn",
    "microsoftonline-p.com",
    "microsoftonline-p.net",
    "microsoftonline-p.net.cn",
    "microsoftazuread-sso.com",
    "azure.com",
    "azure.net",
    "msauth.net",
    "msauthimages.net",
    "msftauth.net",
    "msftauthimages.net",
    "msidentity.com",
    "msftconnecttest.com",
    "msftncsi.com",
    "msocdn.com",
    "aspnetcdn.com",
    "skype.com",
    "onenote.com",
    "digicert.com",
    "digicert.cn",
    "globalsign.com",
    "sectigo.com",
    "verisign.com",
    "letsencrypt.org",
    "lencr.org",
    "pki.goog",
    "aka.ms",
];
/// Content networks: their names are public where a public host points to them.
const CARRIERS: [&str; 17] = [
    "trafficmanager.net",
    "akadns.net",
    "akamai.net",
    "akamaiedge.net",
    "edgekey.net",
    "edgesuite.net",
    "edgecastcdn.net",
    "azureedge.net",
    "azurefd.net",
    "msedge.net",
    "fastly.net",
    "cloudflare.net",
    "cloudfront.net",
    "llnwd.net",
    "footprint.net",
    "lumen.com",
    "gslb.com",
];
/// Words that name a thing and not whose it is.
const GENERIC: [&str; 25] = [
    "example",
    "proxy",
    "wpad",
    "gateway",
    "firewall",
    "localhost",
    "dns",
    "cache",
    "squid",
    "web",
    "internet",
    "server",
    "host",
    "router",
    "direct",
    "unknown",
    "none",
    "http",
    "https",
    "tcp",
    "tls",
    "site",
    "www",
    "local",
    "default",
];
/// Endings of file names, which look like the ends of hosts.
const FILES: [&str; 30] = [
    "exe", "dll", "sys", "pac", "dat", "txt", "json", "toml", "html", "htm", "crl", "crt", "cer",
    "pem", "der", "p7b", "p7c", "ps1", "log", "reg", "msc", "php", "asp", "aspx", "cgi", "js",
    "md", "ini", "xml", "cmd",
];

/// Whether a name is Microsoft's or an authority's.
pub(super) fn is_public(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    listed().contains(name.as_str())
        || name == TRACE_CONTROL
        || (!is_below(&name, &TENANTS) && is_below(&name, &PUBLIC))
}

/// The same, or of a content network.
pub(super) fn is_carried(name: &str) -> bool {
    is_public(name) || is_below(&name.to_ascii_lowercase(), &CARRIERS)
}

/// Whether an entry stands in the built-in list as it is here.
pub(super) fn is_builtin(endpoint: &Endpoint) -> bool {
    let known = Catalog::builtin().endpoint(&endpoint.id);
    known.is_some_and(|known| known.host == endpoint.host && known.purpose == endpoint.purpose)
}

pub(super) fn is_generic(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.chars().count() < 2
        || GENERIC.contains(&word.as_str())
        || word.chars().all(|c| c.is_ascii_digit())
}

/// Whether a word with dots has the form of a host's name.
pub(super) fn is_host(word: &str) -> bool {
    let labels: Vec<&str> = word.trim_end_matches('.').split('.').collect();
    let Some(last) = labels.last() else {
        return false;
    };
    let alphabetic = last.chars().all(char::is_alphabetic) || last.starts_with("xn--");
    labels.len() > 1
        && labels.iter().all(|label| !label.is_empty())
        && last.chars().count() > 1
        && alphabetic
        && !FILES.contains(&last.to_ascii_lowercase().as_str())
}

fn is_below(name: &str, suffixes: &[&str]) -> bool {
    suffixes.iter().any(|suffix| {
        let head = name.strip_suffix(suffix);
        head.is_some_and(|head| head.is_empty() || head.ends_with('.'))
    })
}

/// The hosts of the built-in list.
fn listed() -> &'static HashSet<String> {
    static HOSTS: OnceLock<HashSet<String>> = OnceLock::new();
    HOSTS.get_or_init(|| {
        let endpoints = Catalog::builtin().endpoints().iter();
        endpoints.map(|entry| entry.host.to_string()).collect()
    })
}

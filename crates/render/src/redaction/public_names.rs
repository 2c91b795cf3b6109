//! Public names: hosts of Microsoft, and of the content networks that deliver them.

use reach365_model::options::TRACE_CONTROL;

/// Below these every customer has names of his own.
const TENANTS: [&str; 64] = [
    "onmicrosoft.com",
    "onmicrosoft.us",
    "onmschina.cn",
    "partner.onmschina.cn",
    "sharepoint.com",
    "sharepoint.us",
    "sharepoint-mil.us",
    "sharepoint.cn",
    "svc.ms",
    "b2clogin.com",
    "ciamlogin.com",
    "dynamics.com",
    "powerapps.com",
    "powerappsportals.com",
    "protection.outlook.com",
    "eo.outlook.com",
    "blob.core.windows.net",
    "file.core.windows.net",
    "queue.core.windows.net",
    "table.core.windows.net",
    "web.core.windows.net",
    "dfs.core.windows.net",
    "core.windows.net",
    "core.usgovcloudapi.net",
    "core.chinacloudapi.cn",
    "servicebus.windows.net",
    "database.windows.net",
    "cache.windows.net",
    "search.windows.net",
    "accesscontrol.windows.net",
    "vault.azure.net",
    "managedhsm.azure.net",
    "azuredatabricks.net",
    "azurewebsites.net",
    "azurewebsites.us",
    "scm.azurewebsites.net",
    "azurestaticapps.net",
    "azurecontainerapps.io",
    "azurecontainer.io",
    "azurecr.io",
    "azure-api.net",
    "azure-devices.net",
    "azurehdinsight.net",
    "azmk8s.io",
    "cloudapp.azure.com",
    "cloudapp.net",
    "documents.azure.com",
    "openai.azure.com",
    "cognitiveservices.azure.com",
    "database.azure.com",
    "mysql.database.azure.com",
    "postgres.database.azure.com",
    "signalr.net",
    "service.signalr.net",
    "kusto.windows.net",
    "batch.azure.com",
    "eventgrid.azure.net",
    "azconfig.io",
    "redis.cache.windows.net",
    "redis.azure.net",
    "msappproxy.net",
    "visualstudio.com",
    "privatelink.azure.com",
    "microsoftcrmportals.com",
];
/// Domains of Microsoft in which a name of one label is its own and longer ones are customers'.
const SHORT: [&str; 3] = ["windows.net", "azure.com", "azure.net"];
/// Whose names are Microsoft's, an authority's own, or those of the internet's root.
const PUBLIC: [&str; 42] = [
    "root-servers.net",
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
/// Content networks: a name of theirs is public where a public host points to it.
const CARRIERS: [&str; 29] = [
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
    "akamaized.net",
    "akamaihd.net",
    "cloudflare.com",
    "fastlylb.net",
    "a-msedge.net",
    "b-msedge.net",
    "l-msedge.net",
    "s-msedge.net",
    "t-msedge.net",
    "ax-msedge.net",
    "dual-s-msedge.net",
    "edgio.net",
];
/// Ids that are the same everywhere: that of the data protection provider of Windows.
const IDS: [&str; 1] = ["df9d8cd0-1501-11d1-8c7a-00c04fc297eb"];
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
/// Endings of names of packages of Windows.
const PACKAGES: [&str; 2] = ["brokerplugin", "cloudexperiencehost"];
/// Endings of file names, which look like the ends of hosts.
const FILES: [&str; 42] = [
    "exe", "dll", "sys", "pac", "dat", "txt", "json", "toml", "html", "htm", "crl", "crt", "cer",
    "pem", "der", "p7b", "p7c", "ps1", "log", "reg", "msc", "php", "asp", "aspx", "cgi", "js",
    "md", "ini", "xml", "cmd", "old", "bak", "etl", "evtx", "cab", "zip", "csv", "tmp", "vbs",
    "bat", "msi", "conf",
];

/// Whether a name in lower case is Microsoft's or an authority's, whatever the built-in list has.
pub(super) fn is_public(name: &str) -> bool {
    name == TRACE_CONTROL || is_own(name)
}

fn is_own(name: &str) -> bool {
    let customers = is_below(name, &TENANTS)
        || SHORT.iter().any(|domain| {
            let head = name.strip_suffix(domain);
            head.is_some_and(|head| head.matches('.').count() > 1)
        });
    !customers && is_below(name, &PUBLIC)
}

/// The domain of a content network or a service below which a name is, with the dot before it left
/// out.
pub(super) fn zone(name: &str) -> Option<&'static str> {
    let zones = TENANTS.iter().chain(&CARRIERS).chain(&SHORT);
    let above = zones.copied().filter(|zone| {
        let end = name.len().checked_sub(zone.len() + 1);
        end.filter(|end| *end > 0)
            .and_then(|end| name.get(end..))
            .is_some_and(|tail| tail.starts_with('.') && tail[1..].eq_ignore_ascii_case(zone))
    });
    above.max_by_key(|zone| zone.len())
}

pub(super) fn is_public_id(id: &str) -> bool {
    IDS.contains(&id.to_ascii_lowercase().as_str())
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
        && !is_file(last)
        && !PACKAGES.contains(&last.to_ascii_lowercase().as_str())
}

/// Whether a name has the ending of a file.
pub(super) fn is_file(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    FILES.contains(&ending.to_ascii_lowercase().as_str())
}

fn is_below(name: &str, suffixes: &[&str]) -> bool {
    suffixes.iter().any(|suffix| {
        let head = name.strip_suffix(suffix);
        head.is_some_and(|head| head.is_empty() || head.ends_with('.'))
    })
}

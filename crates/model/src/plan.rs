//! What a run will check: ordered and without duplicates.

use std::collections::HashSet;

use url::Url;

use crate::catalog::{ALL, CUSTOM, Catalog, ControlName};
use crate::endpoint::{
    Category, Cloud, Endpoint, Expect, Host, Inspection, Level, MustBe, Scheme, printable, quoted,
};
use crate::error::Error;
use reach365_proxy::route::Route;

/// Group of the checks that a domain asks for.
pub const MSOID_GROUP: &str = "msoid";

/// The checks of a run, in order.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// The cloud that the checks were chosen for.
    pub cloud: Cloud,
    /// The checks, in the order of the list; no endpoint twice.
    pub checks: Vec<Check>,
    /// Names of unrelated owners from the built-in list, those first of whom nothing is checked. A
    /// resolver that fails is asked for some of them, to tell whether it knows any internet name.
    pub control_names: Vec<String>,
}

/// One endpoint and the path to it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Check {
    /// What is to be reached.
    pub endpoint: Endpoint,
    /// How.
    pub route: Route,
}

/// What a caller wants checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Selection {
    /// Names of groups; `all` means the whole list. Empty means [`Selection::default_groups`],
    /// or none where hosts are named.
    pub groups: Vec<String>,
    /// Hosts: `HOST`, `HOST:PORT`, `[IPV6]:PORT` or a URL with `http` or `https`.
    pub hosts: Vec<String>,
    /// Domains of the organization whose `msoid` record is to be looked up.
    pub domains: Vec<String>,
    /// The cloud that the organization is in.
    pub cloud: Cloud,
}

impl Selection {
    /// The groups that are checked unless others are named: `activation` and `ncsi`, and `custom`,
    /// the group of own entries that name none. In a national cloud also `sign-in`, since the
    /// activation articles name the sign-in hosts of the worldwide cloud only.
    pub fn default_groups(cloud: Cloud) -> &'static [&'static str] {
        match cloud {
            Cloud::Worldwide => &["activation", "ncsi", CUSTOM],
            _ => &["activation", "sign-in", "ncsi", CUSTOM],
        }
    }
}

impl Plan {
    /// The checks of one group in the worldwide cloud.
    ///
    /// # Errors
    /// [`Error::Option`] for a group that the list does not have.
    pub fn group(catalog: &Catalog, group: &str) -> Result<Self, Error> {
        let selection = Selection {
            groups: vec![group.to_owned()],
            ..Selection::default()
        };
        Self::select(catalog, &selection)
    }

    /// The checks that a selection asks for: entries of the list in its order, then hosts that the
    /// list does not have, then `msoid` records.
    ///
    /// # Errors
    /// [`Error::Option`] for a group that the list does not have, for an invalid host or domain,
    /// and where nothing is left to check.
    pub fn select(catalog: &Catalog, selection: &Selection) -> Result<Self, Error> {
        let groups = chosen_groups(catalog, selection)?;
        let cloud = selection.cloud;
        let named = NamedHosts::find(catalog, selection)?;
        let entries = catalog.endpoints().iter().enumerate();
        let listed = entries
            .filter(|(at, entry)| named.listed.contains(at) || in_groups(entry, &groups, cloud))
            .map(|(_, entry)| catalog.in_cloud(entry, cloud));
        let domains: Vec<Endpoint> = selection
            .domains
            .iter()
            .map(|domain| msoid(domain))
            .collect::<Result<_, _>>()?;
        let others = named.others.iter();
        let others = others.map(|entry| catalog.in_cloud(entry, cloud));
        let plan = Self::from_endpoints(catalog, cloud, listed.chain(others).chain(domains));
        if plan.checks.is_empty() {
            return Err(nothing_left(&groups, cloud));
        }
        Ok(plan)
    }

    /// Checks of endpoints that are chosen already; `catalog` names the controls.
    pub fn from_endpoints(
        catalog: &Catalog,
        cloud: Cloud,
        endpoints: impl Iterator<Item = Endpoint>,
    ) -> Self {
        let mut known = Known::default();
        let checks = endpoints
            .filter_map(|endpoint| known.admit(endpoint))
            .map(|endpoint| Check {
                endpoint,
                route: Route::direct(),
            });
        let checks: Vec<Check> = checks.collect();
        Self {
            cloud,
            control_names: control_names(catalog, &checks),
            checks,
        }
    }
}

/// The controls of the built-in list: those of owners of whom nothing is checked first, and among
/// them those of certificate authorities, since a filter for one vendor's names leaves them alone.
fn control_names(catalog: &Catalog, checks: &[Check]) -> Vec<String> {
    let checked: HashSet<String> = checks
        .iter()
        .map(|check| check.endpoint.host.owner())
        .collect();
    let mut controls: Vec<&ControlName> = catalog.controls().iter().collect();
    controls.sort_by_key(|control| (checked.contains(&control.owner), !control.is_authority));
    let hosts = controls.into_iter().map(|control| control.host.clone());
    hosts.collect()
}

/// What a plan has already.
#[derive(Default)]
struct Known {
    ids: HashSet<String>,
    requests: HashSet<String>,
}

impl Known {
    /// Turns the same entry away when it comes again. An entry that only has the id of another one
    /// stays, under a longer id: no check gets lost.
    fn admit(&mut self, endpoint: Endpoint) -> Option<Endpoint> {
        let request = format!("{}://{endpoint}{}", endpoint.scheme, endpoint.path);
        let new_id = self.ids.insert(endpoint.id.clone());
        let new_request = self.requests.insert(request.clone());
        match (new_id, new_request) {
            (true, _) => Some(endpoint),
            (false, false) => None,
            (false, true) => Some(Endpoint {
                id: request,
                ..endpoint
            }),
        }
    }
}

fn in_groups(endpoint: &Endpoint, groups: &[&str], cloud: Cloud) -> bool {
    let chosen = |group: &&str| *group == ALL || endpoint.groups.iter().any(|own| own == group);
    endpoint.clouds.contains(&cloud) && groups.iter().any(chosen)
}

/// The groups that a selection means, each of them in the list.
fn chosen_groups<'a>(catalog: &Catalog, selection: &'a Selection) -> Result<Vec<&'a str>, Error> {
    if selection.groups.is_empty() {
        return Ok(default_groups(catalog, selection));
    }
    let known = catalog.groups();
    for group in &selection.groups {
        if group != ALL && !known.iter().any(|(name, _)| name == group) {
            return Err(unknown_group(group, &known));
        }
    }
    Ok(selection.groups.iter().map(String::as_str).collect())
}

fn default_groups(catalog: &Catalog, selection: &Selection) -> Vec<&'static str> {
    if !selection.hosts.is_empty() {
        return Vec::new();
    }
    let defaults = Selection::default_groups(selection.cloud);
    let known = catalog.groups();
    if defaults
        .iter()
        .any(|group| known.iter().any(|(name, _)| name == group))
    {
        return defaults.to_vec();
    }
    // A list of one's own with groups of one's own: all of it is meant.
    vec![ALL]
}

fn unknown_group(group: &str, known: &[(&str, usize)]) -> Error {
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    option(
        "--group",
        format!(
            "the list has no group {}; it has: {}, {ALL}",
            quoted(group),
            names.join(", ")
        ),
    )
}

fn nothing_left(groups: &[&str], cloud: Cloud) -> Error {
    let message = format!(
        "nothing to check: no entry of {} is needed in the cloud `{cloud}`",
        groups.join(", ")
    );
    option("--group", message)
}

fn option(name: &'static str, message: String) -> Error {
    Error::Option { name, message }
}

/// The hosts of a selection, told apart by whether the list has them.
#[derive(Default)]
struct NamedHosts {
    /// Positions in the list.
    listed: HashSet<usize>,
    /// Hosts that are not in the list.
    others: Vec<Endpoint>,
}

impl NamedHosts {
    fn find(catalog: &Catalog, selection: &Selection) -> Result<Self, Error> {
        let mut found = Self::default();
        for text in &selection.hosts {
            let target = Target::parse(text).map_err(|message| option("HOST", message))?;
            let entries = target.entries(catalog, selection.cloud);
            if entries.is_empty() {
                found.others.push(target.endpoint());
            }
            found.listed.extend(entries);
        }
        Ok(found)
    }
}

/// A host as a caller names it; what is not said matches everything.
struct Target {
    host: Host,
    port: Option<u16>,
    scheme: Option<Scheme>,
    path: Option<String>,
}

impl Target {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.contains("://") {
            return Self::parse_url(text);
        }
        let (host, port) = Host::parse_with_port(text)?;
        Ok(Self {
            host,
            port,
            scheme: None,
            path: None,
        })
    }

    fn parse_url(text: &str) -> Result<Self, String> {
        let shown = quoted(text);
        let url = Url::parse(text).map_err(|error| format!("{shown} is not a URL: {error}"))?;
        let scheme = match url.scheme() {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            other => return Err(format!("`{other}` is not http or https")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the URL has a user name or a password in it; leave it out".to_owned());
        }
        Ok(Self {
            host: Host::parse(url.host_str().unwrap_or_default())?,
            port: Some(url.port().unwrap_or(scheme.default_port())),
            scheme: Some(scheme),
            path: Some(url[url::Position::BeforePath..url::Position::AfterQuery].to_owned()),
        })
    }

    /// Positions of the entries that are meant: those of the cloud, or of any if it has none.
    fn entries(&self, catalog: &Catalog, cloud: Cloud) -> Vec<usize> {
        let all = catalog.endpoints();
        let entries = all.iter().enumerate();
        let meant: Vec<usize> = entries
            .filter(|(_, entry)| self.means(entry))
            .map(|(at, _)| at)
            .collect();
        let here = |at: &usize| all[*at].clouds.contains(&cloud);
        if meant.iter().any(here) {
            return meant.into_iter().filter(here).collect();
        }
        meant
    }

    fn means(&self, entry: &Endpoint) -> bool {
        self.host == entry.host
            && self.port.is_none_or(|port| port == entry.port)
            && self.scheme.is_none_or(|scheme| scheme == entry.scheme)
            && self.path.as_ref().is_none_or(|path| *path == entry.path)
    }

    /// An endpoint of its own: any genuine answer will do.
    fn endpoint(self) -> Endpoint {
        let guess = match self.port {
            Some(80) => Scheme::Http,
            _ => Scheme::Https,
        };
        let scheme = self.scheme.unwrap_or(guess);
        let port = self.port.unwrap_or(scheme.default_port());
        let path = self.path.unwrap_or_else(|| "/".to_owned());
        let endpoint = plain(self.host, port, scheme, path);
        Endpoint {
            id: name_of(&endpoint),
            ..endpoint
        }
    }
}

/// A control host of another party: any genuine answer will do.
pub fn comparison(host: &Host, port: u16, scheme: Scheme) -> Endpoint {
    Target {
        host: host.clone(),
        port: Some(port),
        scheme: Some(scheme),
        path: None,
    }
    .endpoint()
}

/// The id of a host that is not in the list: as short as it can be told from others.
fn name_of(endpoint: &Endpoint) -> String {
    let host = &endpoint.host;
    let path = if endpoint.path == "/" {
        ""
    } else {
        &endpoint.path
    };
    if endpoint.port == 443 && endpoint.scheme == Scheme::Https {
        return format!("{host}{path}");
    }
    format!("{endpoint}{path}")
}

/// The check of the record `msoid.<domain>`.
fn msoid(domain: &str) -> Result<Endpoint, Error> {
    let host = domain_name(domain)
        .and_then(|name| Host::parse(&format!("msoid.{name}")))
        .map_err(|message| option("--domain", message))?;
    let endpoint = plain(
        host,
        Scheme::Dns.default_port(),
        Scheme::Dns,
        "/".to_owned(),
    );
    Ok(Endpoint {
        id: endpoint.host.to_string(),
        groups: vec![MSOID_GROUP.to_owned()],
        purpose: "Tells sign-in which cloud serves the domain; \
                  it may point to China only for organizations whose cloud is there"
            .to_owned(),
        ..endpoint
    })
}

/// A domain as people write it -> its ASCII name, without a leading `msoid.`.
fn domain_name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let shown = quoted(text);
    if let Some((_, domain)) = text.split_once('@') {
        let domain = printable(domain);
        return Err(format!("{shown} is a mail address; give `{domain}` alone"));
    }
    let Host::Name(name) = Host::parse(text)? else {
        return Err(format!("{shown} is an address, not a domain"));
    };
    let bare = name.strip_prefix("msoid.").unwrap_or(&name);
    if !bare.contains('.') {
        return Err(format!(
            "{shown} is not a whole domain such as `contoso.com`"
        ));
    }
    Ok(bare.to_owned())
}

/// An endpoint of which nothing is known but where it is.
pub fn plain(host: Host, port: u16, scheme: Scheme, path: String) -> Endpoint {
    Endpoint {
        id: String::new(),
        host,
        port,
        scheme,
        path,
        groups: vec![CUSTOM.to_owned()],
        level: Level::Required,
        purpose: String::new(),
        sets: std::collections::BTreeMap::new(),
        category: Category::Default,
        inspection: Inspection::Discouraged,
        issuer: None,
        issuer_stated: false,
        published_ips: false,
        ranges: Vec::new(),
        ranges_from: String::new(),
        expect: Expect::AnyGenuine,
        cname_suffixes: Vec::new(),
        dns_answer: Vec::new(),
        ipv6_only: false,
        clouds: Cloud::ALL.to_vec(),
        must_be: MustBe::Reachable,
        source: String::new(),
    }
}

//! Proxy variables of the environment: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`.
//!
//! The variable of the scheme comes before `all_proxy`, lower case before upper case, an empty
//! value counts as none, and `HTTP_PROXY` is ignored in a CGI program, where the sender of a
//! request can set it.

use crate::bypass::{BypassList, Dialect};
use crate::credentials::ProxyCredentials;
use crate::proxy_list::{Carrier, ProxyList, Unreadable};
use crate::route::ProxyProtocol;
use crate::server;
use crate::settings::ProxySettings;
use crate::view::{View, ViewKind};

/// The variables that are looked at, in lower case.
pub const VARIABLES: [&str; 5] = [
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "request_method",
];

/// What the environment says.
pub struct Environment {
    /// The settings; `None` where no variable names a proxy.
    pub view: Option<View>,
    /// Credentials that stand in the variables.
    pub credentials: Vec<ProxyCredentials>,
}

/// Reads variables, given as name and value.
pub fn parse<'a>(variables: impl Iterator<Item = (&'a str, &'a str)>) -> Environment {
    let mut reader = Reader::new(variables);
    let named = ["http_proxy", "https_proxy", "all_proxy"];
    if !named.iter().any(|name| reader.variable(name).is_some()) {
        let view = reader
            .ignored_proxy()
            .then(|| reader.view(ProxyList::default()));
        return Environment {
            view,
            credentials: Vec::new(),
        };
    }
    let servers = ProxyList {
        http: reader.carrier("http_proxy", "http"),
        https: reader.carrier("https_proxy", "https"),
        unreadable: std::mem::take(&mut reader.unreadable),
        ..ProxyList::default()
    };
    Environment {
        view: Some(reader.view(servers)),
        credentials: reader.credentials,
    }
}

struct Reader {
    /// Name as it was found, and value.
    variables: Vec<(String, String)>,
    cgi: bool,
    credentials: Vec<ProxyCredentials>,
    unreadable: Vec<Unreadable>,
    notes: Vec<String>,
}

impl Reader {
    fn new<'a>(all: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let known = |name: &str| {
            VARIABLES
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
        };
        let set = all.filter(|(name, value)| known(name) && !value.trim().is_empty());
        let variables: Vec<(String, String)> = set
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let cgi = variables.iter().any(|(name, _)| name == "REQUEST_METHOD");
        Self {
            variables,
            cgi,
            credentials: Vec::new(),
            unreadable: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Name and value of a variable; the name is given in lower case, which wins.
    fn variable(&self, name: &str) -> Option<(String, String)> {
        let lower = self.variables.iter().find(|(found, _)| found == name);
        let other = || {
            self.variables
                .iter()
                .find(|(found, _)| found.eq_ignore_ascii_case(name) && !self.is_forged(found))
        };
        lower.or_else(other).cloned()
    }

    fn is_forged(&self, name: &str) -> bool {
        self.cgi && name.eq_ignore_ascii_case("http_proxy")
    }

    fn ignored_proxy(&self) -> bool {
        let upper = |(name, _): &(String, String)| name != "http_proxy" && self.is_forged(name);
        self.variables.iter().any(upper)
    }

    fn carrier(&mut self, name: &str, scheme: &str) -> Option<Carrier> {
        let (setting, value) = self.variable(name).or_else(|| self.variable("all_proxy"))?;
        match server::parse(&value, ProxyProtocol::Http) {
            Ok(parsed) => {
                if let Some(userinfo) = parsed.userinfo {
                    self.push_credentials(ProxyCredentials::decode(
                        parsed.server.clone(),
                        userinfo,
                    ));
                }
                Some(Carrier::new(parsed.server, &setting))
            }
            Err(why) => {
                let why = if value.contains('@') {
                    String::new()
                } else {
                    format!(": {why}")
                };
                let why = format!("the value of {setting} names no proxy{why}");
                self.note(why.clone());
                let scheme = scheme.to_owned();
                self.unreadable.push(Unreadable { scheme, why });
                None
            }
        }
    }

    fn push_credentials(&mut self, credentials: ProxyCredentials) {
        if !self.credentials.contains(&credentials) {
            self.credentials.push(credentials);
        }
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn view(&mut self, servers: ProxyList) -> View {
        if self.ignored_proxy() {
            self.note(
                "HTTP_PROXY is not believed: REQUEST_METHOD is set, as in a CGI program".to_owned(),
            );
        }
        self.note("Office and the sign-in of Windows do not look at these variables".to_owned());
        let mut settings = ProxySettings::none(Dialect::NoProxy);
        settings.servers = servers;
        if let Some((_, value)) = self.variable("no_proxy") {
            settings.bypass = BypassList::parse(Dialect::NoProxy, &value);
        }
        let mut view = View::new(ViewKind::Environment, &self.source(), settings);
        view.notes.append(&mut self.notes);
        view
    }

    fn source(&self) -> String {
        let names = self.variables.iter().map(|(name, _)| name.as_str());
        let mut names: Vec<&str> = names.filter(|name| *name != "REQUEST_METHOD").collect();
        names.sort_unstable();
        format!("environment: {}", names.join(", "))
    }
}

//! What a Windows PC itself says beside `dsregcmd`.

use serde::{Deserialize, Serialize};

use crate::device::registry::{NamedValue, OfficeSignIn, TlsPolicy, office_sign_in, tls_policy};
use reach365_proxy::proxy_list::Carrier;
use reach365_proxy::{ProxyList, View};

/// Services that the articles about activation ask for, by their short names.
pub const SERVICES: [&str; 4] = ["NcdAutoSetup", "netprofm", "NlaSvc", "EventLog"];

/// Facts that were read from a PC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Pc {
    /// How asking `dsregcmd` went.
    pub dsregcmd: CommandOutcome,
    /// The services of [`SERVICES`].
    pub services: Vec<Service>,
    /// Registry values that bear on connections and on the sign-in; those that are absent are not
    /// listed.
    pub registry: Vec<NamedValue>,
    /// Views of the proxy settings.
    pub proxies: Vec<ProxyView>,
}

/// How a program of Windows answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CommandOutcome {
    /// Its text was read.
    Read,
    /// There is no such program.
    Absent,
    /// It did not end in time.
    Slow,
    /// It could not be run, or failed.
    Failed,
    /// It printed something else than expected.
    Unreadable,
}

/// One service of Windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Service {
    /// Its short name.
    pub name: String,
    /// Whether it runs.
    pub state: ServiceState,
}

/// Whether a service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum ServiceState {
    /// It runs.
    Running,
    /// It does not.
    Stopped,
    /// It pauses.
    Paused,
    /// It is about to start, stop, pause or go on.
    Changing,
    /// There is no such service.
    Absent,
    /// Windows did not say.
    Unknown,
}

impl ServiceState {
    /// The state for a number of the service control manager.
    pub fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Stopped,
            2 | 3 | 5 | 6 => Self::Changing,
            4 => Self::Running,
            7 => Self::Paused,
            _ => Self::Unknown,
        }
    }

    /// The name, as reports spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Paused => "paused",
            Self::Changing => "changing",
            Self::Absent => "absent",
            Self::Unknown => "unknown",
        }
    }
}

impl Service {
    /// What to know about the state, where it may be misread.
    pub fn remark(&self) -> Option<&'static str> {
        let on_demand = self.name.eq_ignore_ascii_case("NcdAutoSetup");
        let stopped = self.state == ServiceState::Stopped;
        (on_demand && stopped).then_some("normal: it starts when it is needed")
    }
}

/// One view of the proxy settings in words; never with credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProxyView {
    /// Whose view it is: `user`, `machine`, `environment`.
    pub kind: String,
    /// Where it was read.
    pub source: String,
    /// Whether a script is looked for on the network.
    pub auto_detect: bool,
    /// Where the PAC script is.
    pub pac_url: Option<String>,
    /// Proxies set by hand, as PAC answers spell them, each with what it carries.
    pub proxies: Vec<String>,
    /// Whom they are not used for.
    pub bypass: String,
    /// What somebody should know about it.
    pub notes: Vec<String>,
}

impl From<&View> for ProxyView {
    fn from(view: &View) -> Self {
        let settings = &view.settings;
        Self {
            kind: view.kind.name().to_owned(),
            source: view.source.clone(),
            auto_detect: settings.auto_detect,
            pac_url: settings.pac_url.clone(),
            proxies: carriers(&settings.servers),
            bypass: settings.bypass.to_string(),
            notes: view.notes.clone(),
        }
    }
}

/// One proxy for both schemes is named once.
fn carriers(list: &ProxyList) -> Vec<String> {
    let hop = |carrier: &Option<Carrier>| Some(carrier.as_ref()?.hop.to_string());
    let (http, https, socks) = (hop(&list.http), hop(&list.https), hop(&list.socks));
    let both = http.is_some() && http == https;
    let named = if both {
        vec![("http and https", http)]
    } else {
        vec![("http", http), ("https", https)]
    };
    named
        .into_iter()
        .chain([("all else", socks)])
        .filter_map(|(scheme, hop)| Some(format!("{} for {scheme}", hop?)))
        .collect()
}

impl Pc {
    /// Puts facts together.
    pub fn new(
        dsregcmd: CommandOutcome,
        services: Vec<Service>,
        registry: Vec<NamedValue>,
        views: &[View],
    ) -> Self {
        Self {
            dsregcmd,
            services,
            registry,
            proxies: views.iter().map(ProxyView::from).collect(),
        }
    }

    /// What the registry says about TLS 1.2.
    pub fn tls(&self) -> TlsPolicy {
        tls_policy(&self.registry)
    }

    /// What the registry says about the sign-in of Office.
    pub fn office_sign_in(&self) -> OfficeSignIn {
        office_sign_in(&self.registry)
    }
}

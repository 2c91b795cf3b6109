//! What a view says for one URL.

use serde::{Serialize, Serializer};
use url::Url;

use crate::bypass::Dialect;
use crate::concealed;
use crate::proxy_list::Carrier;
use crate::route::Route;
use crate::view::{View, ViewKind};

/// What a view says for one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The settings alone decide.
    Route(Route),
    /// A PAC script must be asked.
    Script {
        /// Where it may be, in the order of trying.
        scripts: Vec<ScriptSource>,
        /// The route where no script is found or can be run.
        fallback: Route,
    },
}

/// Where a PAC script is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScriptSource {
    /// Found by DHCP and DNS (WPAD).
    Detect,
    /// At a URL.
    Url(#[serde(serialize_with = "serialize_address")] String),
}

fn serialize_address<S: Serializer>(url: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&concealed::url(url))
}

/// What a view says for one URL: automatic detection before the PAC URL before the proxies set by
/// hand before the direct path, each only where the one before yields nothing.
pub fn decide(view: &View, url: &Url) -> Decision {
    let scripts = scripts(view);
    if scripts.is_empty() {
        return Decision::Route(manual(view, url));
    }
    if let Some(reason) = view.settings.bypass.spares_script(url) {
        return Decision::Route(route(view, None, vec![reason]));
    }
    let mut fallback = manual(view, url);
    fallback.reasons.insert(0, fallback_reason(&scripts));
    Decision::Script { scripts, fallback }
}

fn scripts(view: &View) -> Vec<ScriptSource> {
    let detect = view.settings.auto_detect.then_some(ScriptSource::Detect);
    let url = view.settings.pac_url.clone().map(ScriptSource::Url);
    detect.into_iter().chain(url).collect()
}

fn fallback_reason(scripts: &[ScriptSource]) -> String {
    let asked = match scripts {
        [ScriptSource::Detect] => "automatic detection",
        [ScriptSource::Detect, ..] => "automatic detection, then the PAC URL",
        _ => "PAC",
    };
    format!("{asked} before manual: this way is taken where no script answers")
}

/// The route that the settings name by themselves, PAC left out.
fn manual(view: &View, url: &Url) -> Route {
    let settings = &view.settings;
    let Some(carrier) = settings.servers.carrier(url.scheme()) else {
        return route(view, None, vec![nobody(view, url)]);
    };
    let named = named(view, carrier, url);
    if let Some(reason) = settings.bypass.reason(url) {
        return route(view, None, vec![named, reason]);
    }
    let reasons = std::iter::once(named).chain(unmatched(view)).collect();
    route(view, Some(carrier), reasons)
}

fn unmatched(view: &View) -> Option<String> {
    let bypass = &view.settings.bypass;
    if view.kind == ViewKind::Explicit {
        return None;
    }
    let list = bypass.dialect().name();
    if bypass.entries().next().is_none() {
        return Some(format!("{list} is empty"));
    }
    Some(format!("no rule of {list} matches"))
}

fn route(view: &View, carrier: Option<&Carrier>, reasons: Vec<String>) -> Route {
    Route {
        hops: carrier
            .map(|carrier| carrier.hop.clone())
            .into_iter()
            .collect(),
        origin: view.kind.origin(),
        reasons,
        cleartext_script: false,
    }
}

fn nobody(view: &View, url: &Url) -> String {
    if view.kind == ViewKind::Direct {
        return "no proxy is considered".to_owned();
    }
    if view.settings.servers.is_empty() {
        return "no proxy is set".to_owned();
    }
    format!("no proxy is set for {} URLs", url.scheme())
}

fn named(view: &View, carrier: &Carrier, url: &Url) -> String {
    let (hop, scheme) = (&carrier.hop, url.scheme());
    let setting = match (view.kind, view.settings.bypass.dialect()) {
        (ViewKind::Explicit, _) => return format!("{hop} was asked for"),
        (_, Dialect::Wininet) => "ProxyServer",
        (_, Dialect::Winhttp) => "the WinHTTP proxy",
        (_, Dialect::NoProxy | Dialect::Macos | Dialect::Gnome) => "",
    };
    let part = carrier.setting.as_str();
    let by = [setting, part].join(" ");
    format!("{} names {hop} for {scheme} URLs", by.trim())
}

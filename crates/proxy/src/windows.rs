//! The views of a Windows PC, from its registry values and from what WinHTTP answers.
//!
//! What WinHTTP answers comes first, the binary value of the registry is the second witness, the
//! flat values (`ProxyEnable` and its like) are the third: programs write them without the others.

use crate::blob::{Blob, BlobKind};
use crate::bypass::Dialect;
use crate::concealed::Concealed;
use crate::proxy_list::ProxyList;
use crate::registry::{Registry, RegistryValue};
use crate::safe_text::quoted;
use crate::settings::ProxySettings;
use crate::view::{View, ViewKind};

/// Settings of Internet Options, below a hive.
pub const INTERNET_SETTINGS: &str = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings";
/// The same as 32-bit programs see the machine's.
pub const INTERNET_SETTINGS_32: &str =
    r"Software\WOW6432Node\Microsoft\Windows\CurrentVersion\Internet Settings";
/// Policies, below `HKLM`.
pub const POLICIES: &str = r"Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings";
/// The service that WinHTTP finds scripts with, below `HKLM`.
pub const AUTO_PROXY_SERVICE: &str = r"System\CurrentControlSet\Services\WinHttpAutoProxySvc";

const DEFAULT: &str = "DefaultConnectionSettings";
const LEGACY: &str = "SavedLegacySettings";
const WINHTTP: &str = "WinHttpSettings";
/// `Start` of a service that is disabled.
const DISABLED: u32 = 4;

/// What the functions of WinHTTP answered; nothing where they were not asked.
#[derive(Debug, Clone, Default)]
pub struct WinHttpAnswers {
    /// `WinHttpGetIEProxyConfigForCurrentUser`.
    pub user: Option<WinHttpAnswer>,
    /// `WinHttpGetDefaultProxyConfiguration`.
    pub machine: Option<WinHttpAnswer>,
}

/// One answer; strings that are switched off are empty.
#[derive(Debug, Clone, Default)]
pub struct WinHttpAnswer {
    /// Automatic detection is on.
    pub auto_detect: bool,
    /// The URL of the PAC script.
    pub pac_url: Concealed,
    /// The proxy list.
    pub proxy: Concealed,
    /// The bypass list.
    pub bypass: String,
}

impl WinHttpAnswer {
    /// What the answer says, in the dialect of who asked.
    pub fn settings(&self, dialect: Dialect) -> ProxySettings {
        let mut settings = ProxySettings::none(dialect);
        settings.auto_detect = self.auto_detect;
        if !self.proxy.is_empty() {
            settings.set_manual(self.proxy.reveal(), &self.bypass);
        }
        if !self.pac_url.is_empty() {
            settings.set_pac_url(self.pac_url.reveal());
        }
        settings
    }

    fn witness(&self, source: &str, dialect: Dialect) -> Witness {
        Witness {
            source: source.to_owned(),
            settings: self.settings(dialect),
            notes: Vec::new(),
            knows_detection: true,
        }
    }
}

/// The views that the values make: the user's, then the machine's.
pub fn views(registry: &Registry, answers: &WinHttpAnswers) -> Vec<View> {
    let user = user(registry, answers.user.as_ref());
    let machine = machine(registry, answers.machine.as_ref());
    user.into_iter().chain(machine).collect()
}

/// One witness of settings: where it was read, and what it says.
struct Witness {
    source: String,
    settings: ProxySettings,
    notes: Vec<String>,
    /// Automatic detection is part of what it says.
    knows_detection: bool,
}

fn user(registry: &Registry, answer: Option<&WinHttpAnswer>) -> Option<View> {
    let machine_wide = registry.number(&key("HKLM", POLICIES), "ProxySettingsPerUser") == Some(0);
    let hive = if machine_wide {
        "HKLM".to_owned()
    } else {
        user_hive(registry)
    };
    let answered = answer
        .map(|answer| answer.witness("WinHttpGetIEProxyConfigForCurrentUser", Dialect::Wininet));
    let witnesses = [
        answered,
        blob_witness(registry, &hive),
        flat_witness(registry, &hive),
    ];
    let mut view = join(ViewKind::User, witnesses.into_iter().flatten().collect())?;
    if machine_wide {
        view.notes.push(
            "ProxySettingsPerUser is 0: the settings of the machine hold for every user".to_owned(),
        );
    }
    user_notes(registry, &hive, &mut view);
    Some(view)
}

/// The first witness decides; where another differs, a note says so.
fn join(kind: ViewKind, witnesses: Vec<Witness>) -> Option<View> {
    let mut witnesses = witnesses.into_iter();
    let first = witnesses.next()?;
    let mut view = View::new(kind, &first.source, first.settings.clone());
    view.notes.extend(first.notes.iter().cloned());
    for other in witnesses {
        let detection = first.knows_detection && other.knows_detection;
        if differ(&first.settings, &other.settings, detection) {
            view.notes.push(format!(
                "{} says otherwise: {}; {} decides",
                other.source,
                summary(&other.settings),
                first.source
            ));
        }
        view.notes.extend(other.notes);
    }
    Some(view)
}

fn differ(one: &ProxySettings, other: &ProxySettings, detection: bool) -> bool {
    let entries = |settings: &ProxySettings| settings.bypass.to_string();
    let carriers = |list: &ProxyList| [&list.http, &list.https, &list.socks].map(Clone::clone);
    one.pac_url != other.pac_url
        || carriers(&one.servers) != carriers(&other.servers)
        || entries(one) != entries(other)
        || (detection && one.auto_detect != other.auto_detect)
}

/// Settings in a few words, for a note.
fn summary(settings: &ProxySettings) -> String {
    let detect = settings
        .auto_detect
        .then(|| "automatic detection".to_owned());
    let pac = settings
        .pac_url
        .as_ref()
        .map(|url| format!("PAC {}", quoted(url)));
    let list = &settings.servers;
    let carriers = [
        (&list.http, "http"),
        (&list.https, "https"),
        (&list.socks, "the rest"),
    ];
    let carriers = carriers.into_iter().filter_map(|(carrier, scheme)| {
        let hop = &carrier.as_ref()?.hop;
        Some(format!("{hop} for {scheme}"))
    });
    let bypass = settings.bypass.to_string();
    let bypass = (!bypass.is_empty()).then(|| format!("bypass {}", quoted(&bypass)));
    let said: Vec<String> = detect
        .into_iter()
        .chain(pac)
        .chain(carriers)
        .chain(bypass)
        .collect();
    if said.is_empty() {
        return "no proxy".to_owned();
    }
    said.join(", ")
}

fn blob_witness(registry: &Registry, hive: &str) -> Option<Witness> {
    let connections = connections(hive);
    let (name, bytes) = [DEFAULT, LEGACY]
        .into_iter()
        .find_map(|name| Some((name, registry.bytes(&connections, name)?)))?;
    let blob = Blob::decode(BlobKind::Connection, bytes);
    Some(Witness {
        source: format!("{hive} {name}"),
        notes: cut_note(&blob, name),
        settings: blob.settings(),
        knows_detection: true,
    })
}

fn cut_note(blob: &Blob, name: &str) -> Vec<String> {
    let note = format!("{name} ends before its last field: what is missing counts as empty");
    blob.truncated.then_some(note).into_iter().collect()
}

/// `ProxyEnable`, `ProxyServer`, `ProxyOverride` and `AutoConfigURL`; the flat `AutoDetect` is not
/// kept up to date by Windows and has no meaning.
fn flat_witness(registry: &Registry, hive: &str) -> Option<Witness> {
    let key = key(hive, INTERNET_SETTINGS);
    let enabled = registry.number(&key, "ProxyEnable");
    let script = registry
        .text(&key, "AutoConfigURL")
        .filter(|url| !url.is_empty());
    if enabled.is_none() && script.is_none() {
        return None;
    }
    let text = |name| registry.text(&key, name).unwrap_or_default();
    let mut settings = ProxySettings::none(Dialect::Wininet);
    if enabled.is_some_and(|number| number != 0) {
        settings.set_manual(text("ProxyServer"), text("ProxyOverride"));
    }
    if let Some(url) = script {
        settings.set_pac_url(url);
    }
    Some(Witness {
        source: format!("{hive} ProxyEnable, ProxyServer, AutoConfigURL"),
        settings,
        notes: Vec::new(),
        knows_detection: false,
    })
}

fn user_notes(registry: &Registry, hive: &str, view: &mut View) {
    if registry.number(&key("HKLM", &below("WinHttp")), "DisableWpad") == Some(1) {
        if view.settings.auto_detect {
            view.notes.push(
                "automatic detection is on, but DisableWpad is 1: Windows detects nothing"
                    .to_owned(),
            );
        }
        view.settings.auto_detect = false;
    }
    let automatic = view.settings.auto_detect || view.settings.pac_url.is_some();
    if automatic && registry.number(&key("HKLM", AUTO_PROXY_SERVICE), "Start") == Some(DISABLED) {
        view.notes.push(
            "the service WinHttpAutoProxySvc is disabled: WinHTTP runs no PAC script".to_owned(),
        );
    }
    let policies = key("HKLM", POLICIES);
    if ["ProxyEnable", "ProxyServer"]
        .iter()
        .any(|name| registry.value(&policies, name).is_some())
    {
        view.notes.push(
            "ProxyEnable or ProxyServer stands below Policies, where WinHTTP does not look"
                .to_owned(),
        );
    }
    view.notes.extend(other_connections(registry, hive));
    view.notes.extend(refused_schemes(registry));
}

/// Every VPN or dial-up connection has settings of its own, which hold while it is up.
fn other_connections(registry: &Registry, hive: &str) -> Option<String> {
    let key = connections(hive);
    let known = |name: &&str| {
        [DEFAULT, LEGACY, WINHTTP]
            .iter()
            .any(|it| it.eq_ignore_ascii_case(name))
    };
    let names: Vec<String> = registry
        .names(&key)
        .filter(|name| {
            !known(name) && matches!(registry.value(&key, name), Some(RegistryValue::Binary(_)))
        })
        .map(quoted)
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "while it is up, a connection has settings of its own: {}",
            names.join(", ")
        )
    })
}

fn refused_schemes(registry: &Registry) -> Option<String> {
    const SCHEMES: [(u32, &str); 6] = [
        (1, "Basic"),
        (2, "Digest"),
        (4, "NTLM"),
        (8, "Kerberos"),
        (0x10, "Negotiate"),
        (0x100, "authentication with a loopback proxy"),
    ];
    let key = key("HKLM", INTERNET_SETTINGS);
    let mask = registry.number(&key, "DisableProxyAuthenticationSchemes")?;
    let refused = SCHEMES.iter().filter(|(bit, _)| mask & bit != 0);
    let names: Vec<&str> = refused.map(|(_, name)| *name).collect();
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        format!("DisableProxyAuthenticationSchemes: Windows refuses a proxy that asks for {names}")
    })
}

fn machine(registry: &Registry, answer: Option<&WinHttpAnswer>) -> Option<View> {
    let answered = answer
        .map(|answer| answer.witness("WinHttpGetDefaultProxyConfiguration", Dialect::Winhttp));
    let native = winhttp_witness(registry, INTERNET_SETTINGS, "HKLM WinHttpSettings");
    let narrow = winhttp_witness(
        registry,
        INTERNET_SETTINGS_32,
        "HKLM WinHttpSettings of 32-bit programs",
    );
    let witnesses = [answered, native, narrow].into_iter().flatten().collect();
    let mut view = join(ViewKind::Machine, witnesses)?;
    view.notes.extend(refused_schemes(registry));
    Some(view)
}

/// A key without the value means the direct path; no key means that the key was not read.
fn winhttp_witness(registry: &Registry, settings: &str, source: &str) -> Option<Witness> {
    let key = format!(r"HKLM\{settings}\Connections");
    let blob = registry
        .bytes(&key, WINHTTP)
        .map(|bytes| Blob::decode(BlobKind::Winhttp, bytes));
    let Some(blob) = blob else {
        return registry.has_key(&key).then(|| Witness {
            source: format!("{source} (absent)"),
            settings: ProxySettings::none(Dialect::Winhttp),
            notes: Vec::new(),
            knows_detection: true,
        });
    };
    Some(Witness {
        source: source.to_owned(),
        notes: cut_note(&blob, WINHTTP),
        settings: blob.settings(),
        knows_detection: true,
    })
}

/// `HKCU`, or the first user whose settings are in an export of `HKEY_USERS`.
fn user_hive(registry: &Registry) -> String {
    let ending = format!("\\{}", INTERNET_SETTINGS.to_lowercase());
    let hives = registry.keys().filter_map(|key| {
        let position = key.find(&ending)?;
        let hive = &key[..position];
        (hive == "hkcu" || hive.starts_with("hku\\")).then(|| hive.to_uppercase())
    });
    let mut hives: Vec<String> = hives.collect();
    hives.sort_by_key(|hive| hive != "HKCU");
    hives
        .into_iter()
        .next()
        .unwrap_or_else(|| "HKCU".to_owned())
}

fn connections(hive: &str) -> String {
    key(hive, &below("Connections"))
}

fn below(name: &str) -> String {
    format!(r"{INTERNET_SETTINGS}\{name}")
}

fn key(hive: &str, path: &str) -> String {
    format!(r"{hive}\{path}")
}

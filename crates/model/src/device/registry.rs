//! Registry values that affect connections and the sign-in.

use serde::{Deserialize, Serialize};

use reach365_proxy::registry::{Registry, RegistryValue};

/// Where Windows keeps what its test of the connection asks for.
const NCSI: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\NlaSvc\Parameters\Internet";
/// Policies about that test.
const NCSI_POLICIES: &str =
    r"HKLM\SOFTWARE\Policies\Microsoft\Windows\NetworkConnectivityStatusIndicator";
/// TLS 1.2 for programs that leave the choice to Windows.
const SCHANNEL: &str =
    r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client";
/// TLS versions of WinINet and of browsers, the strongest source first.
const INTERNET: [&str; 4] = [
    r"HKLM\Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings",
    r"HKCU\Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings",
    r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings",
    r"HKLM\Software\Microsoft\Windows\CurrentVersion\Internet Settings",
];
/// How Office signs in.
const IDENTITY: &str = r"HKCU\Software\Microsoft\Office\16.0\Common\Identity";
/// TLS 1.2 in `SecureProtocols`.
const TLS12: u32 = 0x800;
/// Characters of a text that are kept.
const LONGEST: usize = 1_000;

const NCSI_VALUES: &[&str] = &[
    "EnableActiveProbing",
    "EnableActiveHTTPS",
    "ActiveWebProbeHost",
    "ActiveWebProbePath",
    "ActiveWebProbeContent",
    "ActiveWebProbeHostV6",
    "ActiveWebProbePathV6",
    "ActiveWebProbeContentV6",
    "ActiveDnsProbeHost",
    "ActiveDnsProbeContent",
    "ActiveDnsProbeHostV6",
    "ActiveDnsProbeContentV6",
];

/// Keys and the values that are read in them; nothing else leaves the PC.
const WANTED: [(&str, &[&str]); 8] = [
    (NCSI, NCSI_VALUES),
    (
        NCSI_POLICIES,
        &["NoActiveProbe", "UseGlobalDNS", "DisablePassivePolling"],
    ),
    (SCHANNEL, &["Enabled", "DisabledByDefault"]),
    (INTERNET[0], &["SecureProtocols"]),
    (INTERNET[1], &["SecureProtocols"]),
    (INTERNET[2], &["SecureProtocols"]),
    (INTERNET[3], &["SecureProtocols"]),
    (
        IDENTITY,
        &["EnableADAL", "DisableADALatopWAMOverride", "DisableAADWAM"],
    ),
];

/// One value of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NamedValue {
    /// The key with the short name of its hive.
    pub key: String,
    /// The name of the value.
    pub name: String,
    /// Its data.
    pub value: ValueData,
}

/// Data of a value: a number or a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ValueData {
    /// REG_DWORD.
    Number(u32),
    /// REG_SZ; other types in words.
    Text(String),
}

/// Keys that must be read for [`registry_values`].
pub fn registry_keys() -> impl Iterator<Item = &'static str> {
    WANTED.iter().map(|(key, _)| *key)
}

/// The values that matter, of those that are there.
pub fn registry_values(registry: &Registry) -> Vec<NamedValue> {
    let wanted = WANTED
        .iter()
        .flat_map(|(key, names)| names.iter().map(move |name| (*key, *name)));
    let found = wanted.filter_map(|(key, name)| {
        Some(NamedValue {
            key: key.to_owned(),
            name: name.to_owned(),
            value: data(registry.value(key, name)?),
        })
    });
    found.collect()
}

fn data(value: &RegistryValue) -> ValueData {
    match value {
        RegistryValue::Number(number) => ValueData::Number(*number),
        RegistryValue::Text(text) => ValueData::Text(text.chars().take(LONGEST).collect()),
        RegistryValue::Binary(bytes) => ValueData::Text(format!("{} bytes", bytes.len())),
    }
}

impl NamedValue {
    /// Whether it belongs to the connection test of Windows (NCSI).
    pub fn is_ncsi(&self) -> bool {
        [NCSI, NCSI_POLICIES].contains(&self.key.as_str())
    }
}

impl std::fmt::Display for ValueData {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(out, "{number}"),
            Self::Text(text) => out.write_str(text),
        }
    }
}

/// Whether programs of Windows may use TLS 1.2, which activation needs. `None` where no value is
/// set: then it is as this version of Windows has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TlsPolicy {
    /// Whether the system's own TLS has it.
    pub schannel: Option<bool>,
    /// Whether the Internet options have it.
    pub internet_options: Option<bool>,
}

pub(super) fn tls_policy(values: &[NamedValue]) -> TlsPolicy {
    let schannel = |name| number(values, SCHANNEL, name);
    let off = schannel("Enabled") == Some(0) || schannel("DisabledByDefault").unwrap_or(0) != 0;
    let on = schannel("Enabled").is_some() || schannel("DisabledByDefault").is_some();
    let mut options = INTERNET
        .iter()
        .filter_map(|key| number(values, key, "SecureProtocols"));
    TlsPolicy {
        schannel: (off || on).then_some(!off),
        internet_options: options.next().map(|bits| bits & TLS12 != 0),
    }
}

/// Whether a setting changes how Office signs in. `None` where no value is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OfficeSignIn {
    /// `EnableADAL` is 0: no modern authentication.
    pub adal_off: Option<bool>,
    /// `DisableADALatopWAMOverride` is set: not by the broker of Windows.
    pub wam_override_off: Option<bool>,
    /// `DisableAADWAM` is set: not by the broker of Windows.
    pub wam_off: Option<bool>,
}

impl OfficeSignIn {
    /// Whether one of the values prevents a supported sign-in.
    pub fn is_disabled(&self) -> bool {
        [self.adal_off, self.wam_override_off, self.wam_off].contains(&Some(true))
    }
}

pub(super) fn office_sign_in(values: &[NamedValue]) -> OfficeSignIn {
    let value = |name| number(values, IDENTITY, name);
    OfficeSignIn {
        adal_off: value("EnableADAL").map(|number| number == 0),
        wam_override_off: value("DisableADALatopWAMOverride").map(|number| number != 0),
        wam_off: value("DisableAADWAM").map(|number| number != 0),
    }
}

fn number(values: &[NamedValue], key: &str, name: &str) -> Option<u32> {
    let found = values.iter().find(|value| {
        value.key.eq_ignore_ascii_case(key) && value.name.eq_ignore_ascii_case(name)
    })?;
    match &found.value {
        ValueData::Number(number) => Some(*number),
        ValueData::Text(text) => text.trim().parse().ok(),
    }
}

//! What was read from a PC: registry values, services, proxies.

use reach365_judge::device;
use reach365_model::device::{
    CommandOutcome, Join, OfficeSignIn, Pc, Service, ServiceState, TlsPolicy, ValueData,
    registry_keys, registry_values,
};
use reach365_proxy::registry::{Registry, RegistryValue};
use reach365_proxy::{Dialect, ProxySettings, View, ViewKind};
use reach365_render::formats::{self as render, TextStyle};

use crate::sample;

fn key(part: &str) -> &'static str {
    let mut keys = registry_keys().filter(|key| key.contains(part));
    keys.next()
        .unwrap_or_else(|| panic!("no key is read below {part}"))
}

fn registry(values: &[(&str, &str, u32)]) -> Registry {
    let mut registry = Registry::default();
    for (part, name, number) in values {
        registry.insert(key(part), name, RegistryValue::Number(*number));
    }
    registry
}

fn pc(registry: &Registry) -> Pc {
    let settings = ProxySettings::manual(
        "user:secret@proxy.contoso.example:8080",
        Dialect::Wininet,
        "*.contoso.example",
    );
    let views = [View::new(ViewKind::User, "HKCU", settings)];
    let services = [("NcdAutoSetup", 1), ("netprofm", 4), ("NlaSvc", 99)];
    let services = services.map(|(name, number)| Service {
        name: name.to_owned(),
        state: ServiceState::from_number(number),
    });
    Pc::new(
        CommandOutcome::Read,
        services.to_vec(),
        registry_values(registry),
        &views,
    )
}

fn tls(values: &[(&str, &str, u32)]) -> TlsPolicy {
    pc(&registry(values)).tls()
}

#[test]
fn tls_12_is_off_only_where_a_value_says_so() {
    assert_eq!(tls(&[]), TlsPolicy::default());
    let system = |values: &[(&str, &str, u32)]| tls(values).schannel;
    assert_eq!(system(&[("SCHANNEL", "Enabled", 0)]), Some(false));
    assert_eq!(system(&[("SCHANNEL", "Enabled", 1)]), Some(true));
    assert_eq!(system(&[("SCHANNEL", "Enabled", 0xFFFF_FFFF)]), Some(true));
    let both = [
        ("SCHANNEL", "Enabled", 1),
        ("SCHANNEL", "DisabledByDefault", 1),
    ];
    assert_eq!(system(&both), Some(false));
    let user = (r"HKCU\Software\Microsoft\Windows", "SecureProtocols", 0xA0);
    assert_eq!(tls(&[user]).internet_options, Some(false));
    let policy = (r"HKLM\Software\Policies", "SecureProtocols", 0x800);
    assert_eq!(
        tls(&[user, policy]).internet_options,
        Some(true),
        "the policy wins"
    );
}

#[test]
fn values_that_turn_the_sign_in_off_are_told_from_those_that_do_not() {
    let sign_in =
        |name: &str, number: u32| pc(&registry(&[("Identity", name, number)])).office_sign_in();
    assert_eq!(
        pc(&Registry::default()).office_sign_in(),
        OfficeSignIn::default()
    );
    for (name, off, on) in [
        ("EnableADAL", 0, 1),
        ("DisableADALatopWAMOverride", 1, 0),
        ("DisableAADWAM", 1, 0),
    ] {
        assert!(sign_in(name, off).is_disabled(), "{name}");
        assert!(!sign_in(name, on).is_disabled(), "{name}");
    }
}

#[test]
fn only_values_that_are_asked_for_leave_the_pc() {
    let mut registry = registry(&[
        ("Identity", "EnableADAL", 1),
        ("NlaSvc", "EnableActiveProbing", 0),
    ]);
    let secret = RegistryValue::Text("ada@contoso.example".to_owned());
    registry.insert(key("Identity"), "ADUserName", secret);
    let host = RegistryValue::Text("probe.contoso.example".to_owned());
    registry.insert(key("NlaSvc"), "ActiveWebProbeHost", host);
    let kept = registry_values(&registry);
    let names: Vec<&str> = kept.iter().map(|value| value.name.as_str()).collect();
    assert_eq!(
        names,
        ["EnableActiveProbing", "ActiveWebProbeHost", "EnableADAL"]
    );
    assert_eq!(
        kept[1].value,
        ValueData::Text("probe.contoso.example".to_owned())
    );
    assert!(kept[0].is_ncsi() && !kept[2].is_ncsi());
}

#[test]
fn a_stopped_service_that_starts_on_demand_is_no_fault() {
    let pc = pc(&Registry::default());
    let remarks: Vec<bool> = pc.services.iter().map(|it| it.remark().is_some()).collect();
    assert_eq!(remarks, [true, false, false]);
    assert_eq!(pc.services[2].state, ServiceState::Unknown);
}

#[test]
fn the_json_of_a_pc_is_read_and_judged_anew() {
    let registry = registry(&[("SCHANNEL", "Enabled", 0), ("Identity", "EnableADAL", 0)]);
    let status = device::parse(&sample("hybrid")).unwrap();
    let state = device::judge(Some(status), Some(pc(&registry)));
    let mut json = Vec::new();
    render::device_json(&state, &mut json).unwrap();
    let text = String::from_utf8(json).unwrap();
    assert!(!text.contains("secret"), "{text}");
    assert_eq!(device::read(text.as_bytes()).unwrap(), state);
    // As PowerShell's `>` writes it.
    let wide: Vec<u8> = format!("\u{feff}{}", text.replace('\n', "\r\n"))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(device::read(&wide).unwrap(), state);
    // A changed derived field has no effect.
    let forged = text.replace(r#""join": "hybrid""#, r#""join": "none""#);
    assert_ne!(forged, text);
    assert_eq!(device::read(forged.as_bytes()).unwrap().join, Join::Hybrid);
}

#[test]
fn a_pc_is_shown_with_what_stands_in_the_way() {
    let registry = registry(&[
        ("SCHANNEL", "Enabled", 0),
        ("NlaSvc", "EnableActiveProbing", 0),
    ]);
    let mut pc = pc(&registry);
    pc.dsregcmd = CommandOutcome::Absent;
    let mut out = Vec::new();
    let mut style = TextStyle::default();
    style.width = 80;
    style.color = false;
    style.unicode = false;
    render::device(&device::judge(None, Some(pc)), &style, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let words: Vec<&str> = text.split_whitespace().collect();
    let words = words.join(" ");
    for part in [
        "It is not known whether the device is joined, management not known DEVICE",
        "NcdAutoSetup stopped (normal: it starts when it is needed)",
        "TLS 1.2 is off, and activation needs it",
        "EnableActiveProbing = 0",
        "PROXY proxy.contoso.example:8080 for http and https",
        "bypass *.contoso.example",
        "dsregcmd is not there",
    ] {
        assert!(words.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("secret"), "{text}");
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
}

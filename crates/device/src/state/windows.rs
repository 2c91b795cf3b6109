//! `dsregcmd`, the service control manager and the registry.

use std::time::Duration;

use reach365_judge::device::{decode, judge, parse};
use reach365_model::device::{
    CommandOutcome, DeviceState, DsregStatus, Pc, SERVICES, Service, registry_keys, registry_values,
};
use reach365_platform::{Key, RunError, run_program, service_state, system_proxies};
use reach365_proxy::registry::Registry;

/// `dsregcmd` contacts a domain controller and the registration service.
const PATIENCE: Duration = Duration::from_secs(10);

#[allow(
    clippy::unnecessary_wraps,
    reason = "on other systems there is nothing to read"
)]
pub(super) fn device() -> Option<DeviceState> {
    let (status, outcome) = status();
    let services = SERVICES.iter().map(|name| Service {
        name: (*name).to_owned(),
        state: service_state(name),
    });
    let values = registry_values(&registry());
    let pc = Pc::new(outcome, services.collect(), values, &system_proxies().views);
    Some(judge(status, Some(pc)))
}

/// The program of the system by its full path, not one of that name elsewhere.
fn status() -> (Option<DsregStatus>, CommandOutcome) {
    let root = std::env::var("SystemRoot").unwrap_or_else(|_| r"C:\Windows".to_owned());
    let program = format!(r"{root}\System32\dsregcmd.exe");
    let printed = match run_program(&program, &["/status"], PATIENCE) {
        Ok(printed) => printed,
        Err(RunError::Absent(_)) => return (None, CommandOutcome::Absent),
        Err(RunError::Failed(_)) => return (None, CommandOutcome::Failed),
        Err(RunError::TimedOut(_)) => return (None, CommandOutcome::Slow),
    };
    // Its exit code does not show whether the text is right.
    match decode(&printed.stdout).and_then(|text| parse(&text)) {
        Ok(status) => (Some(status), CommandOutcome::Read),
        Err(_) if printed.status.success() => (None, CommandOutcome::Unreadable),
        Err(_) => (None, CommandOutcome::Failed),
    }
}

fn registry() -> Registry {
    let mut registry = Registry::default();
    for full in registry_keys() {
        // A key that this user may not read is skipped.
        let key = Key::open(full).ok().flatten();
        for (name, value) in key.iter().flat_map(Key::settings) {
            registry.insert(full, &name, value);
        }
    }
    registry
}

//! What forbids a remedy on a device.

use crate::remedy::plan::{Omission, Situation};
use crate::remedy::{Condition, Remedy};
use reach365_model::device::{DeviceState, Join, Pc, ServiceState, ValueData};

/// Services that must run everywhere. `NcdAutoSetup` starts by need, and from Windows 11 on so
/// does `NlaSvc`.
const WATCHING: [&str; 2] = ["netprofm", "EventLog"];

/// Why a remedy must be left out; `None` where nothing forbids it.
pub(super) fn omission(remedy: &Remedy, situation: &Situation<'_>) -> Option<Omission> {
    if let Some(reason) = &remedy.never_planned {
        let reason = reason.clone();
        return Some(Omission::Never { reason });
    }
    if is_unseen(remedy, situation) {
        return Some(Omission::NotSeen {});
    }
    let unmet = unmet(remedy, situation);
    if let Some(Omission::Forbidden { .. }) = unmet {
        return unmet;
    }
    let managed = situation.device.map(|device| device.managed);
    if remedy.managed_device_forbidden && managed == Some(Some(true)) {
        return Some(Omission::Managed {});
    }
    if unmet.is_some() {
        return unmet;
    }
    let may_be_managed = managed.is_none_or(|managed| managed.is_none());
    (remedy.managed_device_forbidden && may_be_managed).then_some(Omission::PerhapsManaged {})
}

/// The first need that is false, or else the first that is unknown.
pub(super) fn unmet(remedy: &Remedy, situation: &Situation<'_>) -> Option<Omission> {
    let needs = || {
        remedy
            .needs
            .iter()
            .map(|needs| (*needs, holds(*needs, situation)))
    };
    let forbidden = needs().find(|(_, holds)| *holds == Some(false));
    if let Some((needs, _)) = forbidden {
        return Some(Omission::Forbidden { needs });
    }
    let (needs, _) = needs().find(|(_, holds)| holds.is_none())?;
    Some(Omission::Unknown { needs })
}

/// Whether a conclusive report shows none of the causes that the remedy fixes.
fn is_unseen(remedy: &Remedy, situation: &Situation<'_>) -> bool {
    let Some(network) = situation.network.as_ref().filter(|seen| seen.conclusive) else {
        return false;
    };
    let seen = |code| network.cause(code).is_some();
    !remedy.codes.is_empty() && !remedy.codes.iter().any(|code| seen(*code))
}

/// The fault of the device that the remedy fixes.
pub(super) fn matching_fault(remedy: &Remedy, situation: &Situation<'_>) -> Option<Condition> {
    let faults = [
        Condition::RegistrationBroken,
        Condition::DeviceRefused,
        Condition::WamDisabled,
        Condition::ServiceStopped,
        Condition::NcsiProbeOff,
    ];
    let shown =
        |needs: &&Condition| faults.contains(*needs) && holds(**needs, situation) == Some(true);
    let conditions = remedy.needs.iter().chain(&remedy.shown_by);
    conditions.into_iter().find(shown).copied()
}

/// Whether a condition holds; `None` where it is unknown.
pub(super) fn holds(condition: Condition, situation: &Situation<'_>) -> Option<bool> {
    if condition == Condition::NotChecked {
        return Some(situation.network.is_none());
    }
    let device = situation.device?;
    match condition {
        Condition::Joined => is_joined(device),
        Condition::NotJoined => is_joined(device).map(|joined| !joined),
        Condition::Hybrid => is_hybrid(device),
        Condition::NotHybrid => is_hybrid(device).map(|hybrid| !hybrid),
        Condition::Registered => device.registered,
        Condition::Managed => device.managed,
        Condition::NotManaged => device.managed.map(|managed| !managed),
        Condition::RegistrationBroken => device.identity.key_works.map(|works| !works),
        Condition::DeviceRefused => is_refused(device),
        Condition::WamDisabled => wam_disabled(device),
        Condition::ServiceStopped => service_stopped(device),
        Condition::NcsiProbeOff => probe_off(device),
        Condition::NotChecked => None,
    }
}

fn is_joined(device: &DeviceState) -> Option<bool> {
    known(device).then(|| device.join.is_in_entra())
}

fn is_hybrid(device: &DeviceState) -> Option<bool> {
    known(device).then_some(device.join == Join::Hybrid)
}

fn known(device: &DeviceState) -> bool {
    device.join != Join::Unknown
}

/// Whether the service no longer knows the device. Other failures mean that it was not reached.
fn is_refused(device: &DeviceState) -> Option<bool> {
    let said = device.identity.authentication.as_deref()?;
    let said = said.to_ascii_lowercase();
    if said.contains("disabled or deleted") {
        return Some(true);
    }
    said.trim().eq("success").then_some(false)
}

fn wam_disabled(device: &DeviceState) -> Option<bool> {
    let sign_in = device.pc.as_ref()?.office_sign_in();
    let switches = [sign_in.adal_off, sign_in.wam_override_off, sign_in.wam_off];
    Some(switches.contains(&Some(true)))
}

fn service_stopped(device: &DeviceState) -> Option<bool> {
    let services = &device.pc.as_ref()?.services;
    let watching = services.iter().filter(|service| {
        let name = &service.name;
        WATCHING.iter().any(|one| one.eq_ignore_ascii_case(name))
    });
    let states: Vec<ServiceState> = watching.map(|service| service.state).collect();
    if states.contains(&ServiceState::Stopped) {
        return Some(true);
    }
    let all_told = states.len() == WATCHING.len() && !states.contains(&ServiceState::Unknown);
    all_told.then_some(false)
}

fn probe_off(device: &DeviceState) -> Option<bool> {
    let pc = device.pc.as_ref()?;
    let off = value(pc, "EnableActiveProbing") == Some(0)
        || value(pc, "NoActiveProbe").is_some_and(|number| number != 0);
    Some(off)
}

fn value(pc: &Pc, name: &str) -> Option<u32> {
    let found = pc
        .registry
        .iter()
        .find(|value| value.name.eq_ignore_ascii_case(name))?;
    match found.value {
        ValueData::Number(number) => Some(number),
        ValueData::Text(_) => None,
    }
}

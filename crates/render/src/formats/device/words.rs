//! The words for states of a device.

use reach365_model::Timestamp;

use reach365_model::device::{
    CommandOutcome, DeviceIdentity, DeviceState, Join, Pc, ProxyView, TokenAttempt, UserContext,
};

/// What it all comes down to.
pub(super) fn headline(state: &DeviceState) -> String {
    let parts = [
        Some(join(state).to_owned()),
        Some(managed_in_headline(state).to_owned()),
        token(state),
        failed_test(state),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

fn join(state: &DeviceState) -> &'static str {
    match (state.join, state.registered) {
        (Join::Joined, _) => "Entra joined",
        (Join::Hybrid, _) => "Hybrid joined",
        (Join::Registered, _) => "Registered (a work or school account was added)",
        (Join::Domain, Some(true)) => "Domain joined and registered, not joined to Entra",
        (Join::Domain, _) => "Domain joined, not joined to Entra",
        (Join::OnPremises, _) => "Joined to a registration service on premises",
        (Join::None, _) => "Neither joined nor registered",
        (Join::Unknown, _) => "It is not known whether the device is joined",
    }
}

fn managed_in_headline(state: &DeviceState) -> &'static str {
    match state.managed {
        Some(true) => "managed",
        Some(false) => "not managed",
        None => "management not known",
    }
}

fn token(state: &DeviceState) -> Option<String> {
    if state.context == Some(UserContext::System) {
        return Some("the user's token not asked for (dsregcmd ran as SYSTEM)".to_owned());
    }
    let token = &state.token;
    let has = match (token.present?, token.expired) {
        (true, Some(true)) => "the primary refresh token has expired",
        (true, _) => "it has a primary refresh token",
        (false, _) if state.join.is_in_entra() => "no primary refresh token",
        (false, _) => return None,
    };
    let failed = token.last_attempt().filter(|attempt| attempt.failed());
    let failed = failed.map(|attempt| {
        let what = if attempt.renews { "renewal" } else { "attempt" };
        format!(": the last {what} failed with {}", failure(attempt))
    });
    Some(format!("{has}{}", failed.unwrap_or_default()))
}

fn failed_test(state: &DeviceState) -> Option<String> {
    let (name, test) = state
        .diagnostics
        .tests()
        .find(|(_, test)| test.outcome == reach365_model::device::TestOutcome::Fail)?;
    let numbers: Vec<&str> = test
        .numbers
        .iter()
        .map(|number| number.text.as_str())
        .collect();
    let with = if numbers.is_empty() { "" } else { " with " };
    Some(format!("{name} failed{with}{}", numbers.join(" and ")))
}

/// How an attempt ended.
pub(super) fn attempt(attempt: &TokenAttempt) -> String {
    if attempt.failed() {
        return format!("failed with {}", failure(attempt));
    }
    "no error is reported".to_owned()
}

fn failure(attempt: &TokenAttempt) -> String {
    let status = attempt.status.iter().filter(|number| number.is_error());
    let http = attempt.http_error.iter().filter(|number| number.is_error());
    let answer = attempt.http_status.filter(|status| *status >= 400);
    let parts: Vec<String> = status
        .map(|number| number.text.clone())
        .chain(http.map(|number| format!("HTTP error {}", number.text)))
        .chain(answer.map(|status| format!("HTTP status {status}")))
        .chain(attempt.server_error.clone())
        .chain(attempt.aadsts.map(|number| format!("AADSTS{number}")))
        .collect();
    parts.join(", ")
}

pub(super) fn managed(state: &DeviceState) -> &'static str {
    match (state.managed, state.join.is_in_domain()) {
        (Some(true), true) => "yes, by the domain's group policy at least",
        (Some(true), false) => "yes, an MDM is named",
        (Some(false), _) => "no MDM is named for this user",
        (None, _) => "not known",
    }
}

pub(super) fn tenant(state: &DeviceState) -> Option<String> {
    let cloud = state.cloud.map(|cloud| format!("{cloud} cloud"));
    let parts: Vec<String> = [state.tenant.clone(), state.tenant_id.clone(), cloud]
        .into_iter()
        .flatten()
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub(super) fn key(identity: &DeviceIdentity) -> Option<String> {
    let place = identity.tpm_protected.map(|inside| {
        if inside {
            "in the TPM"
        } else {
            "not in the TPM"
        }
    });
    let works = identity.key_works.map(|works| {
        if works {
            "a signature with it succeeded"
        } else {
            "a signature with it failed"
        }
    });
    let parts: Vec<&str> = [place, works].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub(super) fn certificate(identity: &DeviceIdentity) -> Option<String> {
    let (from, until) = (identity.valid_from?, identity.valid_until?);
    Some(format!("{} to {}", time(from), time(until)))
}

/// What the registry comes down to.
pub(super) fn connections(pc: &Pc) -> Vec<(&'static str, Option<String>)> {
    let (tls, office) = (pc.tls(), pc.office_sign_in());
    let allowed = |on: Option<bool>| match on {
        Some(true) => "TLS 1.2 is on".to_owned(),
        Some(false) => "TLS 1.2 is off, and activation needs it".to_owned(),
        None => "TLS 1.2 as this version of Windows has it".to_owned(),
    };
    let sign_in = if office.is_disabled() {
        "a value turns the supported way to sign in off (EnableADAL, DisableADALatopWAMOverride or \
         DisableAADWAM)"
    } else {
        "nothing turns the supported way to sign in off"
    };
    vec![
        ("TLS of Windows", Some(allowed(tls.schannel))),
        ("TLS of WinINet", Some(allowed(tls.internet_options))),
        ("Office sign-in", Some(sign_in.to_owned())),
    ]
}

pub(super) fn proxies(view: &ProxyView) -> String {
    let detect = view.auto_detect.then(|| "automatic detection".to_owned());
    let script = view.pac_url.as_ref().map(|url| format!("PAC URL {url}"));
    let mut parts: Vec<String> = detect.into_iter().chain(script).collect();
    parts.extend(view.proxies.iter().cloned());
    if parts.is_empty() {
        return "direct".to_owned();
    }
    if !view.proxies.is_empty() && !view.bypass.is_empty() {
        parts.push(format!("bypass {}", view.bypass));
    }
    parts.join(", ")
}

pub(super) fn no_status(outcome: CommandOutcome) -> Option<&'static str> {
    match outcome {
        CommandOutcome::Read => None,
        CommandOutcome::Absent => {
            Some("dsregcmd is not there: this Windows is older than Windows 10, or it is none")
        }
        CommandOutcome::Slow => Some("dsregcmd /status did not end within 10 seconds"),
        CommandOutcome::Failed => Some("dsregcmd /status could not be run"),
        CommandOutcome::Unreadable => Some("dsregcmd /status printed none of its known fields"),
    }
}

pub(super) fn yes_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

pub(super) fn time(time: Timestamp) -> String {
    time.format_utc("%Y-%m-%d %H:%M:%S UTC")
}

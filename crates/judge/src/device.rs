//! The parser of `dsregcmd /status`, and what follows from that and from what the PC itself says.
//!
//! ```
//! use reach365_judge::device;
//! use reach365_model::device::Join;
//!
//! let text = "AzureAdJoined : YES\nEnterpriseJoined : NO\nDomainJoined : YES\n";
//! let state = device::from_text(text)?;
//! assert_eq!(state.join, Join::Hybrid);
//! assert_eq!(state.token.present, None);
//! # Ok::<(), reach365_model::Error>(())
//! ```

mod diagnostics;
mod known;
mod record;
mod status;
mod text;
mod token;

use serde::Deserialize;
use url::Url;

use reach365_model::device::{
    DeviceIdentity, DeviceState, DsregStatus, Join, Pc, SCHEMA, UserContext,
};
use reach365_model::endpoint::{Cloud, quoted};
use reach365_model::error::Error;
use reach365_model::time::Timestamp;
use reach365_proxy::text::decode_lossy;

use record::{Group, Reading, Record, time};

pub use status::parse;
pub use text::{TEXT_LIMIT, decode};

/// Bytes that a saved state may have: a text of the largest size, its characters escaped.
pub const STATE_LIMIT: usize = 16 << 20;

/// What a saved state is judged by; what followed from it then is worked out anew.
#[derive(Deserialize)]
struct Saved {
    status: Option<DsregStatus>,
    pc: Option<Pc>,
}

/// Reads what a person sends: the text of `dsregcmd /status`, or a state that this program
/// wrote as JSON.
///
/// # Errors
/// What is too large, and what is neither.
pub fn read(bytes: &[u8]) -> Result<DeviceState, Error> {
    if bytes.len() > STATE_LIMIT {
        return Err(Error::Device("larger than 16 MiB".to_owned()));
    }
    let start = decode_lossy(&bytes[..bytes.len().min(64)]);
    if start.trim_start().starts_with('{') {
        return from_json(&decode_lossy(bytes));
    }
    from_text(&decode(bytes)?)
}

/// Reads the text of `dsregcmd /status`.
///
/// # Errors
/// What is not such a text.
pub fn from_text(text: &str) -> Result<DeviceState, Error> {
    Ok(judge(Some(parse(text)?), None))
}

/// Reads a state that this program wrote.
///
/// # Errors
/// A text that is not such JSON, or has another schema.
pub fn from_json(text: &str) -> Result<DeviceState, Error> {
    let value: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| Error::Device(format!("this JSON is damaged: {error}")))?;
    let schema = value.get("schema").and_then(serde_json::Value::as_str);
    match schema {
        Some(SCHEMA) => {}
        Some(other) => {
            let other = quoted(other);
            return Err(Error::Device(format!(
                "the schema is {other}, and this program reads {SCHEMA}"
            )));
        }
        None => {
            return Err(Error::Device(format!(
                "this JSON is no state of a device: `schema` is missing, which would be {SCHEMA}"
            )));
        }
    }
    let saved: Saved = serde_json::from_value(value)
        .map_err(|error| Error::Device(format!("this state is damaged: {error}")))?;
    Ok(judge(saved.status, saved.pc))
}

/// What follows from the facts.
pub fn judge(status: Option<DsregStatus>, pc: Option<Pc>) -> DeviceState {
    let empty = DsregStatus::default();
    let mut state = conclude(status.as_ref().unwrap_or(&empty));
    state.status = status;
    state.pc = pc;
    state
}

fn conclude(status: &DsregStatus) -> DeviceState {
    let record = Record::sort(status);
    let mut notes = Vec::new();
    let mut device = Reading {
        fields: &record.device,
        notes: &mut notes,
    };
    let client_time = device.time("Client Time");
    let registered = device.flag("WorkplaceJoined");
    let join = Join::from_answers(
        device.flag("AzureAdJoined"),
        device.flag("EnterpriseJoined"),
        device.flag("DomainJoined"),
        registered,
    );
    let context = context(&mut device);
    let mut state = DeviceState::new(join);
    state.registered = registered;
    state.managed = managed(join, &mut device, &record.accounts);
    state.domain = device.text("DomainName");
    state.tenant = device.text("TenantName");
    state.tenant_id = device.text("TenantId");
    state.cloud = cloud(&mut device);
    state.identity = identity(&mut device);
    state.token = token::token(&mut device, &record.attempts, client_time);
    state.diagnostics = diagnostics::diagnostics(&mut device);
    state.client_time = client_time;
    state.context = context;
    notes.extend(remarks(&state));
    state.notes = notes;
    state
}

/// A domain manages by group policy. Of the others a device in Entra lists its MDM, and so does an
/// account that is registered; a list that is cut off before the next section says nothing.
fn managed(join: Join, device: &mut Reading<'_, '_>, accounts: &Group<'_>) -> Option<bool> {
    let of_account = accounts
        .iter()
        .any(|(key, value)| key == "workplacemdmurl" && !value.is_empty());
    if join.is_in_domain() || of_account || device.text("MdmUrl").is_some() {
        return Some(true);
    }
    let listed = device.text("TenantId").is_some() && device.flag("WorkplaceJoined").is_some();
    let twice = device
        .fields
        .iter()
        .any(|(key, value)| key == "mdmurl" && !value.is_empty());
    let account_listed = accounts.iter().any(|(key, _)| key == "workplacemdmurl");
    let none =
        join == Join::Joined && listed && !twice || join == Join::Registered && account_listed;
    none.then_some(false)
}

fn identity(device: &mut Reading<'_, '_>) -> DeviceIdentity {
    let validity = device.text("DeviceCertificateValidity");
    let (valid_from, valid_until) = validity.as_deref().map(span).unwrap_or_default();
    DeviceIdentity {
        device_id: device.text("DeviceId"),
        authentication: device.text("DeviceAuthStatus"),
        tpm_protected: device.flag("TpmProtected"),
        valid_from,
        valid_until,
        key_works: key_works(device),
    }
}

/// `[ 2030-05-01 08:00:00.000 UTC -- 2040-05-01 08:30:00.000 UTC ]`
fn span(text: &str) -> (Option<Timestamp>, Option<Timestamp>) {
    let inside = text.trim_matches(['[', ']', ' ']);
    match inside.split_once(" -- ") {
        Some((from, until)) => (time(from), time(until)),
        None => (None, None),
    }
}

fn key_works(device: &mut Reading<'_, '_>) -> Option<bool> {
    let text = device.text("KeySignTest")?.to_ascii_uppercase();
    match text.split_whitespace().next()? {
        "PASS" | "PASSED" => Some(true),
        "FAIL" | "FAILED" => Some(false),
        _ => None,
    }
}

fn context(device: &mut Reading<'_, '_>) -> Option<UserContext> {
    let account = device.text("Executing Account Name").unwrap_or_default();
    let first = account.split(',').next().unwrap_or_default().trim();
    if first.to_ascii_uppercase().ends_with("\\SYSTEM") {
        return Some(UserContext::System);
    }
    let said = device.text("User Context").unwrap_or_default();
    match said.to_ascii_uppercase().split_whitespace().next() {
        Some("SYSTEM") => Some(UserContext::System),
        Some("UN-ELEVATED" | "UNELEVATED") => Some(UserContext::Unelevated),
        Some("ELEVATED") => Some(UserContext::Elevated),
        _ => {
            let test = device.text("KeySignTest")?.to_ascii_uppercase();
            test.contains("MUST RUN ELEVATED")
                .then_some(UserContext::Unelevated)
        }
    }
}

/// The cloud of all sign-in hosts that are named; `None` where they differ, or where one belongs to
/// several clouds, as that of the US government does.
fn cloud(device: &mut Reading<'_, '_>) -> Option<Cloud> {
    let hosts = ["AuthCodeUrl", "AccessTokenUrl", "Idp"]
        .into_iter()
        .filter_map(|key| host(&device.text(key)?))
        .collect::<Vec<String>>();
    let mut clouds = hosts.iter().map(|host| cloud_of(host));
    let first = clouds.next()??;
    clouds.all(|cloud| cloud == Some(first)).then_some(first)
}

fn host(value: &str) -> Option<String> {
    let host = match Url::parse(value) {
        Ok(url) => url.host_str()?.to_owned(),
        Err(_) => value.to_owned(),
    };
    Some(host.to_ascii_lowercase())
}

fn cloud_of(host: &str) -> Option<Cloud> {
    match host {
        "login.microsoftonline.com"
        | "login.windows.net"
        | "login.microsoft.com"
        | "sts.windows.net" => Some(Cloud::Worldwide),
        "login.chinacloudapi.cn" | "login.partner.microsoftonline.cn" | "sts.chinacloudapi.cn" => {
            Some(Cloud::China)
        }
        _ => None,
    }
}

fn remarks(state: &DeviceState) -> Vec<String> {
    let mut remarks = Vec::new();
    if state.context == Some(UserContext::System) {
        remarks.push(
            "dsregcmd ran as SYSTEM: what it says about the user and the token is not about the \
             person who signs in; run it again as that person"
                .to_owned(),
        );
    }
    if state.certificate_holds() == Some(false) {
        remarks.push("by its own clock the certificate of the device does not hold".to_owned());
    }
    remarks
}

//! Steps of a plan, why they are in it, and why others are not.

use std::fmt;

use serde::Serialize;

use crate::remedy::plan::{Situation, condition};
use crate::remedy::{ActivationError, Audience, Condition, Platform, Remedy, Risk};
use reach365_model::device::{DeviceState, Join};
use reach365_model::verdict::Code;

/// One remedy in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Id of the remedy.
    pub remedy: String,
    /// What it does.
    pub title: String,
    /// Who does it.
    pub audience: Audience,
    /// What it costs.
    pub minutes: u32,
    /// What it may break.
    pub risk: Risk,
    /// Why it is in the plan.
    pub reason: Reason,
    /// Why it stands where it stands.
    pub order_why: String,
}

/// Why a remedy is in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub enum Reason {
    /// The check found the cause that it fixes.
    Network {
        /// The cause.
        code: Code,
        /// The advice of the report.
        advice: String,
        /// Ids of the endpoints that it concerns.
        endpoints: Vec<String>,
        /// Place among the causes.
        #[serde(skip)]
        position: usize,
    },
    /// The device shows the fault that it fixes.
    Device {
        /// What it shows.
        condition: Condition,
    },
    /// The device itself reported an error that it answers.
    DeviceError {
        /// The error.
        error: String,
    },
    /// It answers the error number.
    Error {
        /// The error.
        error: String,
    },
    /// It is likely to help in the app.
    App {},
}

/// A remedy that answers the error and is not in the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Id of the remedy.
    pub remedy: String,
    /// What it does.
    pub title: String,
    /// Why it was left out.
    pub why: Omission,
}

/// Why a remedy is not in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Omission {
    /// A required condition is false.
    Forbidden {
        /// The condition that must be true.
        needs: Condition,
    },
    /// Whether a required condition is true is unknown.
    Unknown {
        /// The condition that must be true.
        needs: Condition,
    },
    /// The device is managed, and only its administrators may do that.
    Managed {},
    /// It is unknown whether the device is managed.
    PerhapsManaged {},
    /// The report shows that the network does not have the cause that it fixes.
    NotSeen {},
    /// No plan offers it.
    Never {
        /// Why.
        reason: String,
    },
}

impl Step {
    pub(super) fn new(remedy: &Remedy, reason: Reason) -> Self {
        Self {
            remedy: remedy.id.clone(),
            title: remedy.title.clone(),
            audience: remedy.audience,
            minutes: remedy.minutes,
            risk: remedy.risk,
            reason,
            order_why: remedy.order_why.clone(),
        }
    }

    /// What to do, in a line: the advice on the cause where the check found one.
    pub fn instruction(&self) -> &str {
        match &self.reason {
            Reason::Network { advice, .. } => advice,
            _ => &self.title,
        }
    }
}

impl LeftOut {
    pub(super) fn new(remedy: &Remedy, why: Omission) -> Self {
        Self {
            remedy: remedy.id.clone(),
            title: remedy.title.clone(),
            why,
        }
    }
}

/// Why a remedy may be in a plan; `None` where it has nothing to do with the situation.
pub(super) fn reason(
    remedy: &Remedy,
    situation: &Situation<'_>,
    device_errors: &[ActivationError],
) -> Option<Reason> {
    if !remedy.platforms.iter().any(|one| applies(*one, situation)) {
        return None;
    }
    let network = situation.network.as_ref();
    let found = network.and_then(|seen| {
        let causes = remedy.codes.iter().filter_map(|code| seen.cause(*code));
        causes.min_by_key(|(position, _)| *position)
    });
    if let Some((position, cause)) = found {
        // The first remedy of a code is the one that its advice names; others only as steps.
        return Some(Reason::Network {
            code: cause.code,
            advice: if cause.remedy.as_deref() == Some(&remedy.id) {
                cause.text.clone()
            } else {
                remedy.title.clone()
            },
            endpoints: cause.endpoints.clone(),
            position,
        });
    }
    if let Some(condition) = condition::matching_fault(remedy, situation) {
        return Some(Reason::Device { condition });
    }
    if let Some(error) = device_errors.iter().find(|error| remedy.answers(**error)) {
        let error = error.text();
        return Some(Reason::DeviceError { error });
    }
    if let Some(error) = situation
        .error
        .as_ref()
        .filter(|error| remedy.answers(**error))
    {
        let error = error.text();
        return Some(Reason::Error { error });
    }
    let hinted = situation.error.is_none() && device_errors.is_empty();
    let app = situation
        .app
        .filter(|app| hinted && remedy.apps.contains(app));
    app.map(|_| Reason::App {})
}

fn applies(platform: Platform, situation: &Situation<'_>) -> bool {
    platform == Platform::Any
        || platform == situation.platform
        // Apps on these are Windows apps.
        || platform == Platform::Windows
            && matches!(
                situation.platform,
                Platform::Citrix | Platform::Vdi | Platform::SharedComputer | Platform::Windows8
            )
}

/// Errors that the device itself reported when it last failed to get a token.
pub(super) fn device_errors(situation: &Situation<'_>) -> Vec<ActivationError> {
    let Some(device) = situation.device else {
        return Vec::new();
    };
    // With a token at hand an old failure is history.
    if device.token.present == Some(true) && device.token.expired != Some(true) {
        return Vec::new();
    }
    ActivationError::of_device(device)
}

/// What the plan starts from, in sentences.
pub(super) fn known(situation: &Situation<'_>, device_errors: &[ActivationError]) -> Vec<String> {
    let mut known = Vec::new();
    if let Some(error) = &situation.error {
        known.push(format!("{}: {}", error.text(), sentence(&error.means())));
    }
    known.push(of_network(situation));
    known.extend(situation.device.map(of_device));
    known.extend(device_errors.first().map(|error| {
        let (text, means) = (error.text(), sentence(&error.means()));
        format!("The last attempt of this device failed with {text}: {means}")
    }));
    known
}

fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

fn of_network(situation: &Situation<'_>) -> String {
    let Some(network) = &situation.network else {
        return "The network was not checked.".to_owned();
    };
    match (network.causes.len(), network.conclusive) {
        (0, true) => "The check found the network in order.".to_owned(),
        (0, false) => "The check of the network could not decide everything.".to_owned(),
        (1, _) => "The check of the network found one cause.".to_owned(),
        (many, _) => format!("The check of the network found {many} causes."),
    }
}

fn of_device(device: &DeviceState) -> String {
    let managed = match device.managed {
        Some(true) => "managed",
        Some(false) => "managed by nobody",
        None => "perhaps managed",
    };
    let token = match device.token.present {
        Some(true) => ", with a primary refresh token",
        Some(false) => ", without a primary refresh token",
        None => "",
    };
    format!("The device is {}, {managed}{token}.", join(device.join))
}

fn join(join: Join) -> &'static str {
    match join {
        Join::Joined => "joined to Microsoft Entra ID",
        Join::Hybrid => "hybrid joined",
        Join::Registered => "registered by its user's account",
        Join::Domain => "joined to a domain alone",
        Join::OnPremises => "joined to a domain with a registration service of its own",
        Join::None => "joined to nothing",
        Join::Unknown => "of unknown membership",
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network { code, .. } => write!(out, "the check found {code}"),
            Self::Device { condition } => condition.fmt(out),
            Self::DeviceError { error } => write!(out, "the device itself reported {error}"),
            Self::Error { error } => write!(out, "it answers {error}"),
            Self::App {} => out.write_str("it often helps in this app"),
        }
    }
}

impl fmt::Display for Omission {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden { needs } => match needs.denied() {
                Some(denied) => write!(out, "not where {denied}"),
                None => write!(out, "only where {needs}; here it is not so"),
            },
            Self::Unknown { needs } => write!(out, "only where {needs}; that is unknown here"),
            Self::Managed {} => {
                out.write_str("the device is managed; only its administrators may do that")
            }
            Self::PerhapsManaged {} => {
                out.write_str("not on a managed device; that is unknown here")
            }
            Self::NotSeen {} => out.write_str("the check shows no such cause"),
            Self::Never { reason } => out.write_str(reason),
        }
    }
}

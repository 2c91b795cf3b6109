//! Which remedies to try, in which order, which not, and when to stop: pure.

mod condition;
mod step;

use serde::Serialize;

use crate::remedy::{ActivationError, App, Audience, Platform, Remedies, Remedy};
use reach365_model::Advice;
use reach365_model::device::DeviceState;
use reach365_model::verdict::{Code, Outcome};

pub use step::{LeftOut, Omission, Reason, Step};

/// Minutes that an app's own remedies come earlier, and those of other apps later.
const HINT: u32 = 20;

/// What is known when a plan is made.
#[derive(Debug, Clone)]
pub struct Situation<'a> {
    /// The error number that the user sees.
    pub error: Option<ActivationError>,
    /// What a check of the network found.
    pub network: Option<NetworkSeen>,
    /// The state of the device.
    pub device: Option<&'a DeviceState>,
    /// The app in which the error appears.
    pub app: Option<App>,
    /// What the app runs on.
    pub platform: Platform,
}

/// What a check of the network found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkSeen {
    /// Every cause with its advice, in the order in which to fix them.
    pub causes: Vec<Advice>,
    /// Whether every required endpoint was judged: what is not among the causes works.
    pub conclusive: bool,
}

/// What to do, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemedyPlan {
    /// What was known, in sentences.
    pub known: Vec<String>,
    /// What to try, first things first.
    pub steps: Vec<Step>,
    /// When the steps do not help: whom to call.
    pub stop: Stop,
    /// What those who are called then do.
    pub afterwards: Vec<Step>,
    /// What answers the error as well and was left out.
    pub left_out: Vec<LeftOut>,
}

/// The end of what the user and the helpdesk should try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stop {
    /// Whom to call.
    pub call: Audience,
    /// Why to stop there.
    pub why: &'static str,
    /// What to send.
    pub send: Vec<&'static str>,
}

/// Plans for a situation; an empty plan where nothing of the catalogue answers it.
pub fn plan(situation: &Situation<'_>) -> RemedyPlan {
    let device_errors = step::device_errors(situation);
    let mut candidates: Vec<(Step, &Remedy)> = Vec::new();
    let mut left_out = Vec::new();
    for remedy in Remedies::builtin().all() {
        let Some(reason) = step::reason(remedy, situation, &device_errors) else {
            continue;
        };
        match condition::omission(remedy, situation) {
            Some(why) => left_out.push(LeftOut::new(remedy, why)),
            None => candidates.push((Step::new(remedy, reason), remedy)),
        }
    }
    candidates.sort_by_key(|(step, remedy)| place(step, remedy, situation));
    let managed = situation.device.and_then(|device| device.managed) == Some(true);
    let (steps, afterwards): (Vec<_>, Vec<_>) = candidates
        .into_iter()
        .partition(|(step, remedy)| is_for_now(step, remedy, managed));
    let bare = |steps: Vec<(Step, &Remedy)>| steps.into_iter().map(|(step, _)| step).collect();
    RemedyPlan {
        known: step::known(situation, &device_errors),
        steps: bare(steps),
        stop: stop(managed, situation),
        afterwards: bare(afterwards),
        left_out,
    }
}

/// Causes that the network shows, then what the device shows, then likelihood and cost.
fn place(step: &Step, remedy: &Remedy, situation: &Situation<'_>) -> (u8, usize, u32) {
    let order = match situation.app {
        Some(app) if remedy.apps.contains(&app) => remedy.order.saturating_sub(HINT),
        Some(_) if !remedy.apps.is_empty() => remedy.order + HINT,
        _ => remedy.order,
    };
    match &step.reason {
        Reason::Network { code, position, .. } if code.outcome() != Outcome::Degraded => {
            (0, *position, order)
        }
        Reason::Network { position, .. } => (1, *position, order),
        Reason::Device { .. } | Reason::DeviceError { .. } => (2, 0, order),
        Reason::Error { .. } | Reason::App { .. } => (3, 0, order),
    }
}

/// Whether it belongs before the line at which the user and the helpdesk stop.
fn is_for_now(step: &Step, remedy: &Remedy, managed: bool) -> bool {
    if matches!(step.reason, Reason::Network { .. }) {
        return true;
    }
    let hands_on = matches!(remedy.audience, Audience::User | Audience::Helpdesk);
    hands_on && !(managed && remedy.destroys_state)
}

fn stop(managed: bool, situation: &Situation<'_>) -> Stop {
    let why = if managed {
        "the device is managed: what removes accounts or keys there is the administrators' decision"
    } else {
        "further steps on the device would be guesses, and cost more than they can help"
    };
    let report = match situation.network {
        Some(_) => "the report that this plan was made from",
        None => "the report of `reach365 check --format json`",
    };
    let send = vec![
        "the error number, the app, the user and the time",
        report,
        "`reach365 device --format json` of this PC, or the output of `dsregcmd /status`",
        "the event log Microsoft-Windows-AAD/Operational around that time",
    ];
    Stop {
        call: Audience::TenantAdmin,
        why,
        send,
    }
}

/// The unmet need of a remedy on a device: one that is false, or else one that is
/// unknown. `None` where all are met.
pub fn unmet(remedy: &Remedy, device: Option<&DeviceState>) -> Option<Omission> {
    let situation = Situation {
        error: None,
        network: None,
        device,
        app: None,
        platform: Platform::Windows,
    };
    condition::unmet(remedy, &situation)
}

impl RemedyPlan {
    /// Whether nothing of the catalogue answers the situation.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.afterwards.is_empty() && self.left_out.is_empty()
    }
}

impl NetworkSeen {
    /// The cause with that code, and its place.
    fn cause(&self, code: Code) -> Option<(usize, &Advice)> {
        let mut causes = self.causes.iter().enumerate();
        causes.find(|(_, cause)| cause.code == code)
    }
}

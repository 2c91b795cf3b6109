//! What to do about a cause: pure.
//!
//! The remedies are data: `remedies.toml`, embedded at build time.

mod action;
mod activation_error;
mod advise;
mod condition;
mod plan;

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use reach365_model::cause::Cause;
use reach365_model::verdict::{Basis, Code};

pub use action::command_line;
pub use action::{Action, RegistryData};
pub use activation_error::{ActivationError, Family, Network, NoActivationError, Provenance};
pub use advise::advise;
pub use advise::{advise_on, advise_on_all};
pub use condition::{App, Condition, Platform};
pub use plan::{
    LeftOut, NetworkSeen, Omission, Reason, RemedyPlan, Situation, Step, Stop, plan, unmet,
};

/// The embedded list.
const EMBEDDED: &str = include_str!("../data/remedies.toml");

/// All remedies, and why some codes have none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remedies {
    remedy: Vec<Remedy>,
    none: Vec<NoRemedy>,
}

/// One remedy for a cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "kebab-case"), deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a property of its own, as the catalogue writes them"
)]
pub struct Remedy {
    /// Unique name.
    pub id: String,
    /// What it does, in a few words.
    pub title: String,
    /// Who can do it.
    pub audience: Audience,
    /// What it may break.
    pub risk: Risk,
    /// What it costs.
    pub minutes: u32,
    /// Place in a plan: smaller comes first.
    pub order: u32,
    /// The reason for that place.
    pub order_why: String,
    /// Where it applies.
    #[serde(default = "windows")]
    pub platforms: Vec<Platform>,
    /// The causes that it fixes.
    #[serde(default)]
    pub codes: Vec<Code>,
    /// The error numbers that it answers; `?` stands for any digit.
    #[serde(default)]
    pub errors: Vec<String>,
    /// The apps in which it is likely to help.
    #[serde(default)]
    pub apps: Vec<App>,
    /// Conditions that the device must meet.
    #[serde(default)]
    pub needs: Vec<Condition>,
    /// What a device shows that calls for it, whatever the error number.
    #[serde(default)]
    pub shown_by: Vec<Condition>,
    /// Whether it needs an administrator of the machine.
    #[serde(default)]
    pub elevated: bool,
    /// Whether Windows must restart.
    #[serde(default)]
    pub restart: bool,
    /// Whether it removes accounts, licenses, keys or settings.
    #[serde(default)]
    pub destroys_state: bool,
    /// Whether its actions can be reverted.
    #[serde(default = "yes")]
    pub reversible: bool,
    /// Whether only the administrators of a managed device may do it there.
    #[serde(default)]
    pub managed_device_forbidden: bool,
    /// Why no plan offers it, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub never_planned: Option<String>,
    /// One sentence of advice; `{targets}`, `{hosts}`, `{host}`, `{ports}`, `{by_name}` (nothing where
    /// no host has a name) and facts of the cause go in. For remedies with codes alone.
    #[serde(default)]
    pub advice: String,
    /// Why it helps.
    pub why: String,
    /// Where the article is wrong, and what is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<String>,
    /// What to do, in order.
    #[serde(deserialize_with = "action::actions")]
    pub actions: Vec<Action>,
    /// Where it is written.
    pub sources: Vec<String>,
}

fn windows() -> Vec<Platform> {
    vec![Platform::Windows]
}

fn yes() -> bool {
    true
}

/// A code that has no remedy, and why.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoRemedy {
    code: Code,
    reason: String,
}

/// Who can apply a remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// The user at the machine.
    User,
    /// An administrator of the machine.
    Helpdesk,
    /// The administrators of firewall, proxy and resolver.
    NetworkAdmin,
    /// An administrator of the Microsoft 365 tenant and of its domains.
    TenantAdmin,
}

impl std::fmt::Display for Audience {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::User => "user",
            Self::Helpdesk => "helpdesk",
            Self::NetworkAdmin => "network administrator",
            Self::TenantAdmin => "tenant administrator",
        })
    }
}

/// What a remedy may break. Ordered from harmless to harmful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// It changes nothing.
    None,
    /// It changes one rule or setting and can be undone.
    Low,
    /// It changes more than the host concerned, or needs a restart.
    Medium,
    /// It removes state or protection.
    High,
}

impl std::fmt::Display for Risk {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        })
    }
}

impl Remedies {
    /// The embedded list, parsed once.
    pub fn builtin() -> &'static Self {
        static REMEDIES: OnceLock<Remedies> = OnceLock::new();
        REMEDIES.get_or_init(|| {
            toml::from_str(EMBEDDED).expect("the embedded list is parsed by a test")
        })
    }

    /// The remedies, in the order of the list.
    pub fn all(&self) -> &[Remedy] {
        &self.remedy
    }
}

impl Remedy {
    /// The remedies for a code, best first.
    pub fn for_code(code: Code) -> Vec<&'static Self> {
        let all = Remedies::builtin().all().iter();
        all.filter(|remedy| remedy.codes.contains(&code)).collect()
    }

    /// The same, for a cause with its facts: an msoid record is changed in its zone, and no DNS filter
    /// is involved; where no port at all is open directly, a proxy may be required for
    /// everything, and that is asked before any rule of a firewall.
    pub fn for_cause(code: Code, basis: &Basis) -> Vec<&'static Self> {
        if basis.msoid_domain().is_some() && code == Code::DnsForeignCname {
            return Self::get("delete-msoid").into_iter().collect();
        }
        // Exempting a host of the company's own from inspection fixes nothing: its root is missing.
        if basis.notes.own_issuer.is_some() {
            return Vec::new();
        }
        let mut all = Self::for_code(code);
        let closed = |cause: &Cause| {
            matches!(
                cause,
                Cause::TcpEgressClosed {
                    all_ports: Some(true),
                    ..
                }
            )
        };
        if basis.cause.as_ref().is_some_and(closed) {
            all.sort_by_key(|remedy| remedy.id != "find-proxy");
        }
        all
    }

    /// The remedies for an error number, in the order in which a plan takes them.
    pub fn for_error(error: ActivationError) -> Vec<&'static Self> {
        let all = Remedies::builtin().all().iter();
        let mut answering: Vec<_> = all.filter(|remedy| remedy.answers(error)).collect();
        answering.sort_by_key(|remedy| remedy.order);
        answering
    }

    /// Whether one of its patterns is the error.
    pub fn answers(&self, error: ActivationError) -> bool {
        let text = error.text();
        let is = |pattern: &String| is_pattern_of(pattern, &text);
        self.errors.iter().any(is)
    }

    /// The remedy of that name.
    pub fn get(id: &str) -> Option<&'static Self> {
        Remedies::builtin()
            .all()
            .iter()
            .find(|remedy| remedy.id == id)
    }
}

/// Whether a pattern, in which `?` is any digit, stands for a number.
fn is_pattern_of(pattern: &str, text: &str) -> bool {
    let same = |(wanted, digit): (u8, u8)| wanted == b'?' || wanted == digit;
    pattern.len() == text.len() && pattern.bytes().zip(text.bytes()).all(same)
}

/// Why a code has no remedy; `None` where it has one.
pub fn none_reason(code: Code) -> Option<&'static str> {
    let none = &Remedies::builtin().none;
    let entry = none.iter().find(|entry| entry.code == code)?;
    Some(&entry.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_families() {
        assert!(is_pattern_of("0x?AA8????", "0xCAA82EE7"));
        assert!(is_pattern_of("AADSTS50126", "AADSTS50126"));
        assert!(!is_pattern_of("0x?AA8????", "0xCAA70007"));
        assert!(!is_pattern_of("AADSTS5012", "AADSTS50126"));
    }
}

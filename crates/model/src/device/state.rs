//! What a device is to Entra and to its domain, and how its sign-in fares.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::device::diagnostics::JoinDiagnostics;
use crate::device::number::ReportedNumber;
use crate::device::pc::Pc;
use crate::device::status::DsregStatus;
use crate::device::token::{RefreshToken, TokenAttempt};
use crate::endpoint::Cloud;

/// Name of the schema that [`DeviceState`] serializes to.
pub const SCHEMA: &str = "reach365/device/1";

/// The state of a device: what follows from the facts, then the facts.
///
/// `None` always means unknown, never "no".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DeviceState {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Whom the device belongs to.
    pub join: Join,
    /// Whether the user added a work or school account, which registers the device.
    pub registered: Option<bool>,
    /// Whether somebody manages the device, by MDM or by group policy.
    pub managed: Option<bool>,
    /// Name of the domain.
    pub domain: Option<String>,
    /// Name of the tenant.
    pub tenant: Option<String>,
    /// Id of the tenant.
    pub tenant_id: Option<String>,
    /// The cloud that the tenant lives in, where its sign-in hosts belong to one alone.
    pub cloud: Option<Cloud>,
    /// The key and the certificate of the device.
    pub identity: DeviceIdentity,
    /// The primary refresh token of the user.
    pub token: RefreshToken,
    /// Tests and failures of joining.
    pub diagnostics: JoinDiagnostics,
    /// The clock of the device when the text was made.
    pub client_time: Option<Timestamp>,
    /// Who made the text.
    pub context: Option<UserContext>,
    /// What somebody should know about the facts, a sentence each.
    pub notes: Vec<String>,
    /// Everything that `dsregcmd /status` printed.
    pub status: Option<DsregStatus>,
    /// What was read from the PC itself; `None` where only a text was there.
    pub pc: Option<Pc>,
}

/// Whom a device belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Join {
    /// Entra alone.
    Joined,
    /// Entra and a domain.
    Hybrid,
    /// Nobody: the user's account is registered on it.
    Registered,
    /// A domain alone.
    Domain,
    /// A domain with a registration service of its own.
    OnPremises,
    /// Nobody at all.
    None,
    /// The facts do not say.
    Unknown,
}

impl Join {
    /// The result of three answers and the user's registration. An answer that is missing is
    /// not guessed.
    pub fn from_answers(
        entra: Option<bool>,
        enterprise: Option<bool>,
        domain: Option<bool>,
        registered: Option<bool>,
    ) -> Self {
        match (entra, enterprise, domain) {
            (Some(true), Some(false), Some(false)) => Self::Joined,
            (Some(true), Some(false), Some(true)) => Self::Hybrid,
            (Some(false), Some(false), Some(true)) => Self::Domain,
            (Some(false), Some(true), Some(true)) => Self::OnPremises,
            (Some(false), Some(false), Some(false)) => match registered {
                Some(true) => Self::Registered,
                Some(false) => Self::None,
                None => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }

    /// The name, as reports spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Hybrid => "hybrid",
            Self::Registered => "registered",
            Self::Domain => "domain",
            Self::OnPremises => "on-premises",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }

    /// Whether Entra knows the device, so that its user has a primary refresh token.
    pub fn is_in_entra(self) -> bool {
        matches!(self, Self::Joined | Self::Hybrid)
    }

    /// Whether a domain rules the device.
    pub fn is_in_domain(self) -> bool {
        matches!(self, Self::Hybrid | Self::Domain | Self::OnPremises)
    }
}

/// Who ran `dsregcmd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum UserContext {
    /// The system itself: what it says of a user is not about the one who signs in.
    System,
    /// A user with the rights of an administrator.
    Elevated,
    /// A user without them: some tests of the device did not run.
    Unelevated,
}

impl UserContext {
    /// The name, as reports spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Elevated => "elevated",
            Self::Unelevated => "unelevated",
        }
    }
}

/// The key and the certificate by which Entra knows a device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeviceIdentity {
    /// Id of the device.
    pub device_id: Option<String>,
    /// What Entra says about the device (`DeviceAuthStatus`).
    pub authentication: Option<String>,
    /// Whether the key is kept in the TPM.
    pub tpm_protected: Option<bool>,
    /// When the certificate begins to hold.
    pub valid_from: Option<Timestamp>,
    /// When it ceases to hold.
    pub valid_until: Option<Timestamp>,
    /// Whether the key could be used; `None` where nobody tried, which needs an administrator.
    pub key_works: Option<bool>,
}

impl DeviceState {
    /// A device of which nothing else is known.
    pub fn new(join: Join) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            join,
            registered: None,
            managed: None,
            domain: None,
            tenant: None,
            tenant_id: None,
            cloud: None,
            identity: DeviceIdentity::default(),
            token: RefreshToken::default(),
            diagnostics: JoinDiagnostics::default(),
            client_time: None,
            context: None,
            notes: Vec::new(),
            status: None,
            pc: None,
        }
    }

    /// Every number that reports an error, the most telling first.
    pub fn errors(&self) -> Vec<&ReportedNumber> {
        let attempt = self.token.last_attempt().into_iter();
        let attempt = attempt.flat_map(TokenAttempt::errors);
        attempt.chain(self.diagnostics.errors()).collect()
    }

    /// Whether the certificate held when the text was made.
    pub fn certificate_holds(&self) -> Option<bool> {
        let now = self.client_time?;
        Some(self.identity.valid_from? <= now && now <= self.identity.valid_until?)
    }
}

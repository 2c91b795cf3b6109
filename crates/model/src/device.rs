//! The state of a Windows PC: what `dsregcmd /status` prints and what the PC itself says, and what
//! follows from it. Pure: texts and values come in as arguments.
//!
//! ```
//! use reach365_model::device::{DeviceState, Join};
//!
//! let text = "AzureAdJoined : YES\nEnterpriseJoined : NO\nDomainJoined : YES\n";
//! let state = DeviceState::from_text(text)?;
//! assert_eq!(state.join, Join::Hybrid);
//! assert_eq!(state.token.present, None);
//! # Ok::<(), reach365_model::Error>(())
//! ```

mod diagnostics;
mod judge;
mod known;
mod ncsi;
mod number;
mod pc;
mod record;
mod registry;
mod state;
mod status;
mod text;
mod token;

pub use diagnostics::{DeviceTest, JoinDiagnostics, TestOutcome};
pub use judge::STATE_LIMIT;
pub use ncsi::NcsiSettings;
pub use ncsi::{Applied, KEYS as NCSI_KEYS};
pub use number::ReportedNumber;
pub use pc::{CommandOutcome, Pc, ProxyView, SERVICES, Service, ServiceState};
pub use registry::{
    NamedValue, OfficeSignIn, TlsPolicy, ValueData, registry_keys, registry_values,
};
pub use state::{DeviceIdentity, DeviceState, Join, SCHEMA, UserContext};
pub use status::{DsregStatus, Field, Section};
pub use text::{TEXT_LIMIT, decode};
pub use token::{RefreshToken, TokenAttempt};

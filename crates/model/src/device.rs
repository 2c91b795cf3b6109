//! The state of a Windows PC: what `dsregcmd /status` prints, what the PC itself says, and what
//! follows from it.

mod diagnostics;
mod ncsi;
mod number;
mod pc;
mod registry;
mod state;
mod status;
mod token;

pub use diagnostics::{DeviceTest, JoinDiagnostics, TestOutcome};
pub use ncsi::NcsiSettings;
pub use ncsi::{Applied, KEYS as NCSI_KEYS};
pub use number::ReportedNumber;
pub use pc::{CommandOutcome, Pc, ProxyView, SERVICES, Service, ServiceState};
pub use registry::{
    NamedValue, OfficeSignIn, TlsPolicy, ValueData, registry_keys, registry_values,
};
pub use state::{DeviceIdentity, DeviceState, Join, SCHEMA, UserContext};
pub use status::{DsregStatus, Field, Section, normal_name};
pub use token::{RefreshToken, TokenAttempt};

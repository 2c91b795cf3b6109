//! Tests and failures of joining.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::device::number::ReportedNumber;

/// What `dsregcmd` tried about joining, and how the last try to join failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JoinDiagnostics {
    /// Whether a domain controller answers.
    pub ad_connectivity: Option<DeviceTest>,
    /// Whether the domain names its tenant.
    pub ad_configuration: Option<DeviceTest>,
    /// Whether the registration service tells where it is.
    pub drs_discovery: Option<DeviceTest>,
    /// Whether it answers.
    pub drs_connectivity: Option<DeviceTest>,
    /// Whether a token for it can be had.
    pub token_acquisition: Option<DeviceTest>,
    /// When the device last tried to register.
    pub previous_registration: Option<Timestamp>,
    /// How it registers: `sync`, `fallback_sync` or `federated`.
    pub registration_type: Option<String>,
    /// In which phase it failed: `pre-check`, `discover`, `auth` or `join`.
    pub error_phase: Option<String>,
    /// What the device reported.
    pub client_error: Option<ReportedNumber>,
    /// What the server reported, as it wrote it.
    pub server_error: Option<String>,
    /// The words of the server.
    pub server_message: Option<String>,
    /// The status of HTTP that came with it.
    pub https_status: Option<u16>,
}

/// The result of one test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeviceTest {
    /// How it ended.
    pub outcome: TestOutcome,
    /// The text of the field.
    pub text: String,
    /// Numbers of errors in it, the wider one first.
    pub numbers: Vec<ReportedNumber>,
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TestOutcome {
    /// It passed.
    Pass,
    /// It failed.
    Fail,
    /// It did not run.
    Skipped,
    /// The text says something else.
    Unknown,
}

impl JoinDiagnostics {
    /// The tests in the order in which they run, with their names.
    pub fn tests(&self) -> impl Iterator<Item = (&'static str, &DeviceTest)> {
        [
            ("AD connectivity", &self.ad_connectivity),
            ("AD configuration", &self.ad_configuration),
            ("DRS discovery", &self.drs_discovery),
            ("DRS connectivity", &self.drs_connectivity),
            ("token acquisition", &self.token_acquisition),
        ]
        .into_iter()
        .filter_map(|(name, test)| Some((name, test.as_ref()?)))
    }

    /// Numbers that report an error: of the last try to join, then of the tests.
    pub fn errors(&self) -> impl Iterator<Item = &ReportedNumber> {
        let tests = self.tests().flat_map(|(_, test)| &test.numbers);
        let numbers = self.client_error.iter().chain(tests);
        numbers.filter(|number| number.is_error())
    }
}

//! What to send along with a plan.

use serde::Serialize;
use serde_json::Value;

use super::Redactor;
use reach365_judge::remedy::RemedyPlan;
use reach365_model::catalog::Catalog;
use reach365_model::device::DeviceState;
use reach365_model::error::Error;
use reach365_model::report::Report;

/// Everything that a plan asks to send, redacted with one set of placeholders.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bundle {
    /// Always `reach365/bundle/1`.
    pub schema: &'static str,
    /// The error number, as the user gave it.
    pub error: Option<String>,
    /// The plan.
    pub plan: Value,
    /// The report that it was made from.
    pub report: Option<Report>,
    /// The state of the device.
    pub device: Option<DeviceState>,
}

impl Bundle {
    /// Redacts and joins.
    ///
    /// # Errors
    /// As [`super::redact`].
    pub fn new(
        builtin: &Catalog,
        error: Option<&str>,
        plan: &RemedyPlan,
        report: Option<&Report>,
        device: Option<&DeviceState>,
    ) -> Result<Self, Error> {
        let mut redactor = Redactor::new(builtin);
        let report = report.map(|it| redactor.report(it)).transpose()?;
        let device = device.map(|it| redactor.device(it)).transpose()?;
        Ok(Self {
            schema: "reach365/bundle/1",
            error: error.map(|text| redactor.text(text)),
            plan: redactor.document(plan)?,
            report,
            device,
        })
    }
}

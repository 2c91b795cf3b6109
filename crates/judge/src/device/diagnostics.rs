//! Tests and failures of joining.

use reach365_model::device::{DeviceTest, JoinDiagnostics, ReportedNumber, TestOutcome};

use super::record::Reading;
use super::token::{number, status};

pub(super) fn diagnostics(device: &mut Reading<'_, '_>) -> JoinDiagnostics {
    let mut tested = |key| device.text(key).map(test);
    JoinDiagnostics {
        ad_connectivity: tested("AD Connectivity Test"),
        ad_configuration: tested("AD Configuration Test"),
        drs_discovery: tested("DRS Discovery Test"),
        drs_connectivity: tested("DRS Connectivity Test"),
        token_acquisition: tested("Token acquisition Test"),
        previous_registration: device.time("Previous Registration"),
        registration_type: device.text("Registration Type"),
        error_phase: device.text("Error Phase"),
        client_error: number(device, "Client ErrorCode"),
        server_error: device.text("Server ErrorCode"),
        server_message: device.text("Server Message"),
        https_status: status(device, "Https Status"),
    }
}

fn test(text: String) -> DeviceTest {
    let word = text.split_whitespace().next().unwrap_or_default();
    let outcome = match word.to_ascii_uppercase().as_str() {
        "PASS" | "PASSED" => TestOutcome::Pass,
        "FAIL" | "FAILED" => TestOutcome::Fail,
        "SKIPPED" => TestOutcome::Skipped,
        _ => TestOutcome::Unknown,
    };
    let numbers = match outcome {
        TestOutcome::Fail => ReportedNumber::all(&text),
        _ => Vec::new(),
    };
    DeviceTest {
        outcome,
        text,
        numbers,
    }
}

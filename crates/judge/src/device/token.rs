//! The primary refresh token, and attempts to get it.

use reach365_model::device::{RefreshToken, ReportedNumber, TokenAttempt};
use reach365_model::time::Timestamp;

use super::record::{Group, Reading};

pub(super) fn token(
    device: &mut Reading<'_, '_>,
    attempts: &[Group<'_>],
    now: Option<Timestamp>,
) -> RefreshToken {
    let expires = device.time("AzureAdPrtExpiryTime");
    let read = attempts
        .iter()
        .filter_map(|fields| attempt(fields, device.notes));
    let attempts = read.collect();
    RefreshToken {
        present: device.flag("AzureAdPrt"),
        updated: device.time("AzureAdPrtUpdateTime"),
        expires,
        expired: now.zip(expires).map(|(now, expires)| expires < now),
        attempts,
    }
}

fn attempt(fields: &Group<'_>, notes: &mut Vec<String>) -> Option<TokenAttempt> {
    let mut reading = Reading { fields, notes };
    let server_message = reading.text("Server Error Description");
    let attempt = TokenAttempt {
        renews: fields.iter().any(|(key, _)| key == "refreshprtdiagnostics"),
        time: reading.time("Previous Prt Attempt"),
        status: number(&mut reading, "Attempt Status"),
        credential: reading.text("Credential Type"),
        endpoint: reading.text("Endpoint URI"),
        http_error: number(&mut reading, "HTTP Error"),
        http_status: status(&mut reading, "HTTP Status"),
        server_error: reading.text("Server Error Code"),
        aadsts: server_message.as_deref().and_then(aadsts),
        server_message,
        correlation_id: reading.text("Correlation ID"),
    };
    let nothing = TokenAttempt {
        renews: attempt.renews,
        ..TokenAttempt::default()
    };
    (attempt != nothing).then_some(attempt)
}

pub(super) fn number(reading: &mut Reading<'_, '_>, key: &str) -> Option<ReportedNumber> {
    ReportedNumber::parse(&reading.text(key)?)
}

/// A status of HTTP; 0 means that none came.
pub(super) fn status(reading: &mut Reading<'_, '_>, key: &str) -> Option<u16> {
    let number = number(reading, key)?.number;
    u16::try_from(number).ok().filter(|status| *status != 0)
}

/// The number of an Entra error: `AADSTS50126: Error validating credentials …`.
fn aadsts(text: &str) -> Option<u32> {
    const PREFIX: &str = "AADSTS";
    let after = text.split(PREFIX).nth(1)?;
    let end = after.find(|c: char| !c.is_ascii_digit());
    after[..end.unwrap_or(after.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::aadsts;

    #[test]
    fn errors_of_entra_are_found_in_their_description() {
        assert_eq!(aadsts("AADSTS50126: Error validating"), Some(50126));
        assert_eq!(aadsts("(AADSTS700016)"), Some(700_016));
        assert_eq!(aadsts("AADSTS: none"), None);
        assert_eq!(aadsts("no number"), None);
    }
}

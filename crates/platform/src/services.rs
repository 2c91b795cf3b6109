//! Services of Windows.

use std::io;

use windows_service::service::{Service, ServiceAccess};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};
use windows_sys::Win32::Foundation::ERROR_SERVICE_DOES_NOT_EXIST;

use reach365_model::device::ServiceState;

/// Whether a service runs.
pub fn state(name: &str) -> ServiceState {
    let found = open(name, ServiceAccess::QUERY_STATUS)
        .and_then(|service| service.query_status().map_err(io_error));
    match found {
        Ok(status) => ServiceState::from_number(status.current_state as u32),
        Err(error) if is(&error, ERROR_SERVICE_DOES_NOT_EXIST) => ServiceState::Absent,
        Err(_) => ServiceState::Unknown,
    }
}

/// Opens a service of this machine.
///
/// # Errors
/// When it is not there ([`ERROR_SERVICE_DOES_NOT_EXIST`]), or not for this user.
pub(super) fn open(name: &str, access: ServiceAccess) -> io::Result<Service> {
    let manager = ServiceManager::local_computer(None::<&str>, ServiceManagerAccess::CONNECT);
    let service = manager.and_then(|manager| manager.open_service(name, access));
    service.map_err(io_error)
}

/// Whether an error has this number.
pub(super) fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == Some(code.cast_signed())
}

/// The error of the system, which the library wraps.
pub(super) fn io_error(error: windows_service::Error) -> io::Error {
    match error {
        windows_service::Error::Winapi(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_is_not_there_is_absent() {
        assert_eq!(state("reach365-no-such-service"), ServiceState::Absent);
    }
}

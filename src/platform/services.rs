//! Services of Windows.

use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_SERVICE_DOES_NOT_EXIST, GetLastError};
use windows_sys::Win32::System::Services::{
    CloseServiceHandle, OpenSCManagerW, OpenServiceW, QueryServiceStatus, SC_HANDLE,
    SC_MANAGER_CONNECT, SERVICE_QUERY_STATUS, SERVICE_STATUS,
};

use crate::device::ServiceState;

/// Whether a service runs.
pub(super) fn state(name: &str) -> ServiceState {
    let Ok(manager) = manager() else {
        return ServiceState::Unknown;
    };
    match service(&manager, name) {
        Ok(service) => status(&service).map_or(ServiceState::Unknown, ServiceState::from_number),
        Err(ERROR_SERVICE_DOES_NOT_EXIST) => ServiceState::Absent,
        Err(_) => ServiceState::Unknown,
    }
}

/// An open manager or service.
struct Handle(SC_HANDLE);

impl Drop for Handle {
    #[allow(
        unsafe_code,
        reason = "CloseServiceHandle takes the handle that we opened"
    )]
    fn drop(&mut self) {
        // SAFETY: the handle is open and closed once.
        unsafe { CloseServiceHandle(self.0) };
    }
}

#[allow(unsafe_code, reason = "OpenSCManagerW gives a handle of our own")]
fn manager() -> Result<Handle, u32> {
    // SAFETY: null means this machine and its active database.
    opened(unsafe { OpenSCManagerW(ptr::null(), ptr::null(), SC_MANAGER_CONNECT) })
}

#[allow(unsafe_code, reason = "OpenServiceW gives a handle of our own")]
fn service(manager: &Handle, name: &str) -> Result<Handle, u32> {
    let name: Vec<u16> = name.encode_utf16().chain([0]).collect();
    // SAFETY: the name ends in a NUL, and it and the manager outlive the call.
    opened(unsafe { OpenServiceW(manager.0, name.as_ptr(), SERVICE_QUERY_STATUS) })
}

#[allow(unsafe_code, reason = "GetLastError reads a number of this thread")]
fn opened(handle: SC_HANDLE) -> Result<Handle, u32> {
    if handle.is_null() {
        // SAFETY: it takes nothing, and the call that failed was the last one.
        return Err(unsafe { GetLastError() });
    }
    Ok(Handle(handle))
}

#[allow(
    unsafe_code,
    reason = "QueryServiceStatus fills a structure of our own"
)]
fn status(service: &Handle) -> Option<u32> {
    let mut found = SERVICE_STATUS::default();
    // SAFETY: the handle is open, and the structure outlives the call.
    let answered = unsafe { QueryServiceStatus(service.0, &raw mut found) };
    (answered != 0).then_some(found.dwCurrentState)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_is_not_there_is_absent() {
        assert_eq!(state("reach365-no-such-service"), ServiceState::Absent);
    }
}

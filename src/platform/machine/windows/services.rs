//! Services.

use std::io::{self, ErrorKind};
use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{
    ERROR_SERVICE_ALREADY_RUNNING, ERROR_SERVICE_DISABLED, ERROR_SERVICE_DOES_NOT_EXIST,
    ERROR_SERVICE_NOT_ACTIVE,
};
use windows_sys::Win32::System::Services::{
    CloseServiceHandle, ControlService, OpenSCManagerW, OpenServiceW, QueryServiceStatus,
    SC_HANDLE, SC_MANAGER_CONNECT, SERVICE_CONTROL_STOP, SERVICE_QUERY_STATUS, SERVICE_RUNNING,
    SERVICE_START, SERVICE_STATUS, SERVICE_STOP, SERVICE_STOPPED, StartServiceW,
};

use super::super::ServiceState;
use super::wide;

/// As long as the control panel of Windows waits.
const LIMIT: Duration = Duration::from_secs(60);
/// How often somebody looks.
const PAUSE: Duration = Duration::from_millis(100);

pub(in super::super) fn service(name: &str) -> io::Result<Option<ServiceState>> {
    match Service::open(name, SERVICE_QUERY_STATUS) {
        Ok(service) => service.state().map(Some),
        Err(error) if is(&error, ERROR_SERVICE_DOES_NOT_EXIST) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(in super::super) fn start_service(name: &str) -> io::Result<()> {
    let service = Service::open(name, SERVICE_QUERY_STATUS | SERVICE_START)?;
    match service.start() {
        Err(error) if is(&error, ERROR_SERVICE_ALREADY_RUNNING) => {}
        Err(error) if is(&error, ERROR_SERVICE_DISABLED) => {
            let message = "it is disabled: somebody has to give it a start type first";
            return Err(io::Error::new(ErrorKind::PermissionDenied, message));
        }
        started => started?,
    }
    service.await_state(ServiceState::Running)
}

pub(in super::super) fn stop_service(name: &str) -> io::Result<()> {
    let service = Service::open(name, SERVICE_QUERY_STATUS | SERVICE_STOP)?;
    match service.stop() {
        Err(error) if is(&error, ERROR_SERVICE_NOT_ACTIVE) => {}
        stopped => stopped?,
    }
    service.await_state(ServiceState::Stopped)
}

fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == Some(code.cast_signed())
}

/// A handle of the service manager.
struct Handle(SC_HANDLE);

impl Handle {
    fn new(handle: SC_HANDLE) -> io::Result<Self> {
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(handle))
    }
}

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

struct Service(Handle);

impl Service {
    #[allow(unsafe_code, reason = "both functions give handles of our own")]
    fn open(name: &str, access: u32) -> io::Result<Self> {
        let name = wide(name)?;
        // SAFETY: null pointers name this machine and its usual database.
        let manager = unsafe { OpenSCManagerW(ptr::null(), ptr::null(), SC_MANAGER_CONNECT) };
        let manager = Handle::new(manager)?;
        // SAFETY: the manager is open, and the name ends in a NUL.
        let service = unsafe { OpenServiceW(manager.0, name.as_ptr(), access) };
        Handle::new(service).map(Self)
    }

    #[allow(
        unsafe_code,
        reason = "QueryServiceStatus writes into a struct of our own"
    )]
    fn state(&self) -> io::Result<ServiceState> {
        let mut status = SERVICE_STATUS::default();
        // SAFETY: the service is open, and the struct outlives the call.
        if unsafe { QueryServiceStatus(self.0.0, &raw mut status) } == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(match status.dwCurrentState {
            SERVICE_RUNNING => ServiceState::Running,
            SERVICE_STOPPED => ServiceState::Stopped,
            _ => ServiceState::Between,
        })
    }

    #[allow(
        unsafe_code,
        reason = "StartServiceW takes an open handle and no arguments"
    )]
    fn start(&self) -> io::Result<()> {
        // SAFETY: the service is open; a null pointer goes with zero arguments.
        succeeded(unsafe { StartServiceW(self.0.0, 0, ptr::null()) })
    }

    #[allow(unsafe_code, reason = "ControlService writes into a struct of our own")]
    fn stop(&self) -> io::Result<()> {
        let mut status = SERVICE_STATUS::default();
        // SAFETY: the service is open, and the struct outlives the call.
        succeeded(unsafe { ControlService(self.0.0, SERVICE_CONTROL_STOP, &raw mut status) })
    }

    fn await_state(&self, wanted: ServiceState) -> io::Result<()> {
        let started = Instant::now();
        while self.state()? != wanted {
            if started.elapsed() > LIMIT {
                let message = format!("it did not do so within {} seconds", LIMIT.as_secs());
                return Err(io::Error::new(ErrorKind::TimedOut, message));
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }
}

fn succeeded(result: i32) -> io::Result<()> {
    if result == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

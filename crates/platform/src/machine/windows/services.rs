//! Services.

use std::io::{self, ErrorKind};
use std::thread;
use std::time::{Duration, Instant};

use windows_service::service::{self, Service, ServiceAccess};
use windows_sys::Win32::Foundation::{
    ERROR_SERVICE_ALREADY_RUNNING, ERROR_SERVICE_DISABLED, ERROR_SERVICE_DOES_NOT_EXIST,
    ERROR_SERVICE_NOT_ACTIVE,
};

use super::super::ServiceState;
use crate::services::{io_error, is, open};

/// As long as the control panel of Windows waits.
const LIMIT: Duration = Duration::from_secs(60);
/// How often the state is polled.
const PAUSE: Duration = Duration::from_millis(100);

pub(in super::super) fn service(name: &str) -> io::Result<Option<ServiceState>> {
    match open(name, ServiceAccess::QUERY_STATUS) {
        Ok(service) => state(&service).map(Some),
        Err(error) if is(&error, ERROR_SERVICE_DOES_NOT_EXIST) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(in super::super) fn start_service(name: &str) -> io::Result<()> {
    let service = open(name, ServiceAccess::QUERY_STATUS | ServiceAccess::START)?;
    match service.start::<&str>(&[]).map_err(io_error) {
        Err(error) if is(&error, ERROR_SERVICE_ALREADY_RUNNING) => {}
        Err(error) if is(&error, ERROR_SERVICE_DISABLED) => {
            let message = "it is disabled: somebody has to give it a start type first";
            return Err(io::Error::new(ErrorKind::PermissionDenied, message));
        }
        started => started?,
    }
    await_state(&service, ServiceState::Running)
}

pub(in super::super) fn stop_service(name: &str) -> io::Result<()> {
    let service = open(name, ServiceAccess::QUERY_STATUS | ServiceAccess::STOP)?;
    match service.stop().map_err(io_error) {
        Err(error) if is(&error, ERROR_SERVICE_NOT_ACTIVE) => {}
        stopped => {
            stopped?;
        }
    }
    await_state(&service, ServiceState::Stopped)
}

fn state(service: &Service) -> io::Result<ServiceState> {
    let status = service.query_status().map_err(io_error)?;
    Ok(match status.current_state {
        service::ServiceState::Running => ServiceState::Running,
        service::ServiceState::Stopped => ServiceState::Stopped,
        _ => ServiceState::Between,
    })
}

fn await_state(service: &Service, wanted: ServiceState) -> io::Result<()> {
    let started = Instant::now();
    while state(service)? != wanted {
        if started.elapsed() > LIMIT {
            let message = format!("it did not do so within {} seconds", LIMIT.as_secs());
            return Err(io::Error::new(ErrorKind::TimedOut, message));
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

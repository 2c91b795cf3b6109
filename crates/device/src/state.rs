//! The state of this PC, as Windows reports it.

#[cfg(windows)]
#[path = "state/windows.rs"]
mod system;
#[cfg(not(windows))]
mod system {
    /// Only Windows has `dsregcmd`.
    pub(super) fn device() -> Option<reach365_model::device::DeviceState> {
        None
    }
}

use reach365_model::device::DeviceState;

/// Reads the state of this PC; `None` if it does not run Windows. It runs `dsregcmd` and waits for
/// it no longer than ten seconds; it changes nothing and sends nothing.
pub fn system_device() -> Option<DeviceState> {
    system::device()
}

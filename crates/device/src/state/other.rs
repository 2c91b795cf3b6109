//! Only Windows is joined to Entra by `dsregcmd`.

use reach365_model::device::DeviceState;

pub(super) fn device() -> Option<DeviceState> {
    None
}

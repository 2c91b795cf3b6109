//! Only Windows is joined to Entra by `dsregcmd`.

use crate::device::DeviceState;

pub(super) fn device() -> Option<DeviceState> {
    None
}

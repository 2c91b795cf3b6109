//! Windows.

mod credentials;
mod registry;
mod services;
mod session;

use std::io;

pub(super) use credentials::{credentials, delete_credential};
pub(super) use registry::{
    delete_key, delete_value, has_key, key, make_key, rename_key, set_value, value,
};
pub(super) use services::{service, start_service, stop_service};
pub(super) use session::{is_elevated, program};

/// Text for Windows. What follows a NUL would be lost silently.
fn wide(text: &str) -> io::Result<Vec<u16>> {
    if text.contains('\0') {
        let message = "a name contains a NUL";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    Ok(text.encode_utf16().chain([0]).collect())
}

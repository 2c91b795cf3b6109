//! What this program may do, and where the programs of Windows are.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::windows::ffi::OsStringExt;
use std::path::PathBuf;
use std::ptr;

use windows_sys::Win32::Foundation::{CloseHandle, HANDLE};
use windows_sys::Win32::Security::{
    GetTokenInformation, TOKEN_ELEVATION, TOKEN_QUERY, TokenElevation,
};
use windows_sys::Win32::System::SystemInformation::GetSystemDirectoryW;
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// Longest path of the system's directory.
const PATH: usize = 1_024;

#[allow(
    unsafe_code,
    reason = "the token of this process is opened, read into a struct of our own and closed"
)]
pub(in super::super) fn is_elevated() -> bool {
    let mut token: HANDLE = ptr::null_mut();
    let mut elevation = TOKEN_ELEVATION { TokenIsElevated: 0 };
    let size = size_of::<TOKEN_ELEVATION>() as u32;
    let mut written = 0;
    // SAFETY: all pointers are to locals that outlive the calls, and the size is that of the struct.
    unsafe {
        if OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) == 0 {
            return false;
        }
        let known = GetTokenInformation(
            token,
            TokenElevation,
            (&raw mut elevation).cast(),
            size,
            &raw mut written,
        );
        CloseHandle(token);
        known != 0 && elevation.TokenIsElevated != 0
    }
}

/// A program of Windows, by its full path: a file of that name beside this program, or in the
/// current directory, must not run as an administrator.
pub(in super::super) fn program(name: &str) -> io::Result<PathBuf> {
    let system = system_directory()?;
    let mut candidates = ["", r"WindowsPowerShell\v1.0"]
        .into_iter()
        .map(|below| system.join(below).join(format!("{name}.exe")));
    let found = candidates.find(|path| path.is_file());
    let plain = !name.contains(['\\', '/', ':']);
    found.filter(|_| plain).ok_or_else(|| {
        let message = format!("{name}.exe is not in {}", system.display());
        io::Error::new(ErrorKind::NotFound, message)
    })
}

#[allow(
    unsafe_code,
    reason = "GetSystemDirectoryW writes into a buffer whose length it is told"
)]
fn system_directory() -> io::Result<PathBuf> {
    let mut buffer = [0; PATH];
    // SAFETY: the buffer is as long as the length says, and outlives the call.
    let length = unsafe { GetSystemDirectoryW(buffer.as_mut_ptr(), buffer.len() as u32) };
    match buffer.get(..length as usize) {
        Some(path) if length > 0 => Ok(OsString::from_wide(path).into()),
        _ => Err(io::Error::last_os_error()),
    }
}

//! Stored credentials of the user.

use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::ERROR_NOT_FOUND;
use windows_sys::Win32::Security::Credentials::{
    CRED_TYPE_DOMAIN_PASSWORD, CRED_TYPE_GENERIC, CREDENTIALW, CredDeleteW, CredEnumerateW,
    CredFree,
};
use windows_sys::core::PWSTR;

use super::super::Credential;
use super::wide;

/// Windows limits the name of a generic credential to 32767 characters.
const NAME: usize = 32_768;
/// The kinds that a remedy may touch; those of web pages are kept elsewhere and not listed.
const KINDS: [u32; 2] = [CRED_TYPE_GENERIC, CRED_TYPE_DOMAIN_PASSWORD];

#[allow(
    unsafe_code,
    reason = "CredEnumerateW gives an array that is read within its length and freed once"
)]
pub(in super::super) fn credentials() -> io::Result<Vec<Credential>> {
    let mut count = 0;
    let mut list: *mut *mut CREDENTIALW = ptr::null_mut();
    // SAFETY: a null filter asks for all; both pointers are to locals that outlive the call.
    if unsafe { CredEnumerateW(ptr::null(), 0, &raw mut count, &raw mut list) } == 0 {
        let error = io::Error::last_os_error();
        let none = error.raw_os_error() == Some(ERROR_NOT_FOUND.cast_signed());
        return if none { Ok(Vec::new()) } else { Err(error) };
    }
    let mut found = Vec::new();
    for index in 0..count as usize {
        // SAFETY: the array has `count` pointers to credentials, valid until they are freed below.
        // Wine packs them without alignment.
        let CREDENTIALW {
            TargetName: target,
            Type: kind,
            ..
        } = unsafe { list.add(index).read_unaligned().read_unaligned() };
        if KINDS.contains(&kind) {
            found.extend(text(target).map(|target| Credential { target, kind }));
        }
    }
    // SAFETY: the array came from CredEnumerateW, and nothing points into it any more.
    unsafe { CredFree(list.cast_const().cast()) };
    Ok(found)
}

#[allow(unsafe_code, reason = "names of credentials end in a NUL")]
fn text(name: PWSTR) -> Option<String> {
    if name.is_null() {
        return None;
    }
    let mut units = Vec::new();
    while units.len() < NAME {
        // SAFETY: the name ends in a NUL, and nothing after the NUL is read.
        match unsafe { name.add(units.len()).read_unaligned() } {
            0 => break,
            unit => units.push(unit),
        }
    }
    String::from_utf16(&units).ok()
}

#[allow(unsafe_code, reason = "CredDeleteW reads a name that ends in a NUL")]
pub(in super::super) fn delete_credential(credential: &Credential) -> io::Result<()> {
    let target = wide(&credential.target)?;
    // SAFETY: the name ends in a NUL and outlives the call.
    if unsafe { CredDeleteW(target.as_ptr(), credential.kind, 0) } != 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    let gone = error.raw_os_error() == Some(ERROR_NOT_FOUND.cast_signed());
    if gone { Ok(()) } else { Err(error) }
}

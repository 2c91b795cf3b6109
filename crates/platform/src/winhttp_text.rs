//! Texts that WinHTTP hands out.

use windows_sys::Win32::Foundation::GlobalFree;
use windows_sys::core::PWSTR;

/// No text of WinHTTP is longer, whatever its pointer refers to.
const TEXT: usize = 1 << 20;

/// Copies a text of WinHTTP and frees it. Empty for a null pointer.
#[allow(
    unsafe_code,
    reason = "WinHTTP gives texts that end in a NUL and belong to the caller"
)]
pub(super) fn take(text: PWSTR) -> String {
    if text.is_null() {
        return String::new();
    }
    let mut units = Vec::new();
    // SAFETY: WinHTTP's text ends in a NUL, and nothing after the NUL is read.
    unsafe {
        while units.len() < TEXT && *text.add(units.len()) != 0 {
            units.push(*text.add(units.len()));
        }
        // The documentation of its functions names GlobalFree for their texts.
        GlobalFree(text.cast());
    }
    String::from_utf16_lossy(&units)
}

//! The URL at which the network announces its PAC script.

use super::resolvers::dns_suffix;

/// The addresses in the order in which Windows tries them: what DHCP announces, then exactly `wpad`
/// in this machine's own suffix; a shorter name may belong to another organization. On Windows this
/// may wait for the DHCP server.
pub fn announced_scripts() -> Vec<String> {
    let by_name = dns_suffix().map(|suffix| format!("http://wpad.{suffix}/wpad.dat"));
    from_dhcp().into_iter().chain(by_name).collect()
}

/// What WinHTTP learned from DHCP; its own search by name would shorten names.
#[cfg(windows)]
#[allow(
    unsafe_code,
    reason = "WinHttpDetectAutoProxyConfigUrl writes a pointer of our own"
)]
fn from_dhcp() -> Option<String> {
    use std::ptr;

    use windows_sys::Win32::Networking::WinHttp::{
        WINHTTP_AUTO_DETECT_TYPE_DHCP, WinHttpDetectAutoProxyConfigUrl,
    };

    let mut url = ptr::null_mut();
    // SAFETY: the pointer is to a valid variable, which lives longer than the call.
    let found =
        unsafe { WinHttpDetectAutoProxyConfigUrl(WINHTTP_AUTO_DETECT_TYPE_DHCP, &raw mut url) };
    if found == 0 {
        return None;
    }
    let url = super::winhttp_text::take(url);
    // Some servers end the option with a line feed.
    let url = url.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    (!url.is_empty()).then(|| url.to_owned())
}

/// The system's DHCP client asks for it, and other systems do not expose the answer.
#[cfg(not(windows))]
fn from_dhcp() -> Option<String> {
    None
}

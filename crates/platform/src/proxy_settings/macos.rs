//! Settings of macOS.

use super::output;
use reach365_proxy::{View, macos};

/// The view of the network settings, and why it could not be read.
pub(super) fn views() -> (Vec<View>, Option<String>) {
    match output("/usr/sbin/scutil", &["--proxy"]) {
        Ok(text) => {
            let view = text.and_then(|text| macos::parse(&text));
            (view.into_iter().collect(), None)
        }
        Err(why) => (Vec::new(), Some(why)),
    }
}

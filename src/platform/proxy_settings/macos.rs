//! Settings of macOS.

use super::output;
use crate::proxy::{View, macos};

/// The view of the network settings.
pub(super) fn views() -> Vec<View> {
    let text = output("/usr/sbin/scutil", &["--proxy"]);
    text.and_then(|text| macos::parse(&text))
        .into_iter()
        .collect()
}

//! Systems without proxy settings of their own.

use reach365_proxy::View;

/// Nothing: the environment is all there is.
pub(super) fn views() -> (Vec<View>, Option<String>) {
    (Vec::new(), None)
}

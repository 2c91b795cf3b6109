//! One file a subcommand.

pub(crate) mod allowlist;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod device;
pub(crate) mod dns;
pub(crate) mod endpoints;
pub(crate) mod explain;
pub(crate) mod fix;
mod input;
mod live;
pub(crate) mod pac;
pub(crate) mod proxy;
pub(crate) mod replay;
pub(crate) mod trace;

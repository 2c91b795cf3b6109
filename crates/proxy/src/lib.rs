//! Proxy settings, and what they say for a URL: pure grammars and decisions, no I/O.
//!
//! A PC does not have one proxy: what the user's programs take, what services take
//! and what the environment says are different [`View`]s. Each is read from bytes and text by the
//! modules here; [`decide`] says which route one view gives to one URL, and why.
//!
//! ```
//! use reach365_proxy::{Decision, View, decide};
//!
//! let view = View::explicit("proxy.example:8080")?;
//! let url = "https://login.microsoftonline.com/".parse().unwrap();
//! let Decision::Route(route) = decide(&view, &url) else {
//!     panic!("no script is set")
//! };
//! assert_eq!(route.hops[0].to_string(), "PROXY proxy.example:8080");
//! # Ok::<(), String>(())
//! ```

pub mod blob;
pub mod bypass;
pub mod concealed;
mod credentials;
mod decide;
pub mod environment;
pub mod glob;
pub mod gnome;
pub mod hex;
mod host;
pub mod kde;
pub mod macos;
pub mod owner;
pub mod pac;
pub mod proxy_list;
pub mod registry;
pub mod registry_file;
pub mod route;
pub mod safe_text;
pub mod server;
mod settings;
mod source;
pub mod text;
mod view;
pub mod windows;

pub use blob::Blob;
pub use bypass::{BypassList, Dialect};
pub use concealed::{Concealed, conceal, conceal_argument};
pub use credentials::ProxyCredentials;
pub use decide::{Decision, ScriptSource, decide};
pub use host::Host;
pub use proxy_list::ProxyList;
pub use route::{Hop, Origin, ProxyProtocol, ProxyServer, Route};
pub use settings::ProxySettings;
pub use source::ProxySource;
pub use view::{View, ViewKind};

//! From evidence to judgment: pure, no I/O.
//!
//! [`judge`] looks at one endpoint, [`correlate`] at the whole run.

mod attempt;
mod block_page;
mod burst;
mod certificate;
mod closed;
mod content;
mod control_probe;
mod correlate;
mod diagnosis;
mod dns;
mod effects;
mod endpoint;
mod follow_up;
mod hops;
mod host;
mod http;
mod known_names;
mod limit;
mod msoid;
mod nat64;
mod network;
mod page;
mod proxy;
mod refusal;
mod route;
mod signature;
mod skipped;
mod tcp;
mod tls;
mod trace;
mod types;
mod user_agent;
mod vocabulary;

pub(crate) use attempt::basis;
pub use correlate::{RULES, RunRule, correlate, resolvers_without_control};
pub use endpoint::judge;
pub use follow_up::{FollowUps, follow_ups};
pub use msoid::is_unseen;
pub use nat64::{NAME as NAT64_NAME, prefixes as nat64_prefixes};
pub use route::{KNOWN_PROXY, PAC_ROUTE};
pub use signature::Signatures;
pub use trace::{Ending, TraceReading, read_trace};
pub use types::{Context, Judged};
pub use vocabulary::known_words;

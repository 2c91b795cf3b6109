//! Tells why Microsoft 365 Apps cannot activate: which required host fails at which stage, what the
//! cause is, who did it, how sure that is, and what would mend it.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use reach365::{Checker, Plan};
//!
//! # async fn example() -> Result<(), reach365::Error> {
//! let plan = Plan::group(reach365::builtin(), "activation")?;
//! let checker = Checker::builder().timeout(Duration::from_secs(5)).build()?;
//! let report = checker.run(&plan).await;
//! for verdict in report.blocked() {
//!     println!("{} {} {}", verdict.endpoint, verdict.code, verdict.summary);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # The model
//!
//! 1. A [`Catalog`] lists [`Endpoint`](endpoint::Endpoint)s; a [`Plan`] is what one run checks.
//! 2. A [`Checker`] probes them all at once and fills one [`Evidence`](evidence::Evidence) each:
//!    what was seen, without an opinion.
//! 3. A [`Judge`] looks at each endpoint and then at the whole run; it does no I/O, so a saved
//!    report can be judged again: [`judge`]`().again(&report)`.
//! 4. A [`Report`] joins [`Verdict`]s, run-wide [`Finding`](verdict::Finding)s and
//!    [`Advice`](reach365_model::Advice); it serializes to JSON schema 1.
//! 5. [`render`] writes it for people and for programs.
//!
//! Only what stops a run is an [`Error`]; a blocked host is a verdict. The library prints nothing,
//! installs no logger, runtime or cryptography for the process, and ends with the future that is
//! dropped. A tokio runtime with time and I/O must be there.
//!
//! # Features
//!
//! `cli` (default): the program. `pac` (default): the engine for PAC scripts. Both bring a client for downloads, which
//! nothing else needs. `ring`: cryptography by ring instead of aws-lc-rs. `schema`: `schemars::JsonSchema` for the types of
//! the report.

#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

mod builtin;
mod checker;

pub use builtin::{builtin, judge};
pub use checker::{
    Checker, CheckerBuilder, ReadTrace, TraceReport, TraceRequest, route_candidates, trace,
};
#[cfg(feature = "fetch")]
pub use checker::{
    PublishedListAnswer, PublishedListError, PublishedListRequest, ask_service,
    new_client_request_id,
};
#[cfg(feature = "fix")]
pub use reach365_device as fix;
pub use reach365_judge::{Judge, Signatures, remedy};
pub use reach365_model::{Catalog, Error, Event, Options, Plan, Report, Verdict};
pub use reach365_model::{
    catalog, device, endpoint, error, event, evidence, options, plan, report, verdict,
};
pub use reach365_platform::{SystemProxies, name_server, system_proxies};
pub use reach365_probe::pac;
pub use reach365_proxy as proxy;
#[cfg(feature = "render")]
pub use reach365_render::{comparison, formats as render, redaction};

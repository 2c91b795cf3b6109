//! Finds why Microsoft 365 Apps cannot activate: which required host fails at which stage, the
//! cause, who is responsible, how sure that is, and what would fix it.
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
//! 1. A [`Catalog`] lists [`Endpoint`]s; a [`Plan`] is what one run checks.
//! 2. A [`Checker`] probes them all at once and fills one [`Evidence`](evidence::Evidence) each:
//!    what was seen, without an opinion.
//! 3. A [`Judge`] looks at each endpoint and then at the whole run; it does no I/O, so a saved
//!    report can be judged again: [`judge`]`().again(&report)`.
//! 4. A [`Report`] joins [`Verdict`]s, run-wide [`Finding`]s and
//!    [`Advice`]; it serializes to JSON schema 1.
//! 5. [`render`] writes it for people and for programs.
//!
//! Only what stops a run is an [`Error`]; a blocked host is a verdict. The library prints nothing,
//! installs no logger, runtime or cryptography for the process, and ends with the future that is
//! dropped. A tokio runtime with time and I/O must be there.
//!
//! # Features
//!
//! `cli` (default): the program, with all that follows. `render`: the output formats. `fix`: reading the device and
//! applying remedies. `pac`: the engine for PAC scripts. `fetch`: a client for downloads, which `pac` and `cli` need.
//! `ring`: cryptography by ring instead of aws-lc-rs. `schema`: `schemars::JsonSchema` for the types of the report.

#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

mod builtin;
mod checker;

pub use builtin::{builtin, judge};
pub use checker::{
    Checker, CheckerBuilder, ReadTrace, TraceReport, TraceRequest, route_candidates, trace,
};
pub use reach365_judge::verdict::{Ending, TraceReading};
pub use reach365_judge::{Judge, Signatures};
pub use reach365_model::catalog::{Catalog, Lint, Wildcard};
pub use reach365_model::device::{Applied, NcsiSettings};
pub use reach365_model::endpoint::{
    Category, Cloud, Endpoint, Expect, Inspection, Issuer, Level, MustBe, Scheme,
};
pub use reach365_model::error::CatalogError;
pub use reach365_model::options::{
    ControlHost, Family, Options, ProxySignIn, SearchList, Timeouts,
};
pub use reach365_model::plan::{Check, Plan, Selection};
pub use reach365_model::report::{
    BlockedEndpoint, EndpointReport, FailOn, FailedAgain, Report, Run, Summary, Timings, Tool,
};
pub use reach365_model::time::{TimeError, Timestamp};
pub use reach365_model::verdict::{
    Code, Confidence, Culprit, Facts, Finding, Outcome, Requirement, Verdict, Who,
};
pub use reach365_model::{Advice, Error, Event};
pub use reach365_platform::{SystemProxies, system_proxies};
pub use reach365_proxy as proxy;
#[cfg(feature = "render")]
pub use reach365_render::formats::{Format, TextStyle, render};

/// What was seen of an endpoint and of the machine, without an opinion: the part of a [`Report`] that
/// a [`Judge`] reads.
pub mod evidence {
    pub use reach365_model::evidence::{
        Attempt, BurstSeen, BusyResolver, Certificate, ControlHostSeen, CredentialsWithheld,
        CrlSeen, DnsAnswer, DnsRecord, DnsTry, Evidence, Failure, FailureKind, HelloAnswer,
        HelloStep, HelloTrace, HopAnswer, HttpSeen, IcmpSeen, LegacyHello, Lookup, MsoidEvidence,
        MsoidRecord, MsoidResolver, MsoidView, Observation, OtherPort, OtherRoute, PageAsks,
        ProxyName, ProxySeen, RecordKind, Redirect, RouteCandidate, RunEvidence, ScriptFailure,
        ScriptFailureKind, ScriptSeen, SizeControl, SkipReason, SniControl, Stage, StopReason,
        TcpCounters, TcpSeen, TlsSeen, Trace, TraceHop, Transport, Trust, UserAgent,
        UserAgentAttempt,
    };
}

/// The list that Microsoft publishes of the endpoints of all services.
pub mod published {
    #[cfg(feature = "fetch")]
    pub use crate::checker::{
        PublishedListAnswer, PublishedListError, PublishedListRequest, ask_service,
        new_client_request_id,
    };
    pub use reach365_model::catalog::published::{
        Pattern, Ports, PublishedHost, PublishedList, PublishedSet, Ranges,
    };
}

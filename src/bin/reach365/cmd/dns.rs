//! `reach365 dns`: the `msoid` endpoints of a check, and nothing else.

use reach365::Checker;
use reach365_model::endpoint::Endpoint;
use reach365_model::plan::{MSOID_GROUP, Plan, Selection};

use super::check::resolving;
use super::live;
use crate::cli::DnsArgs;
use crate::exit::Failure;

pub(crate) fn run(args: &DnsArgs) -> Result<u8, Failure> {
    let mut selection = Selection::default();
    selection.groups = Vec::new();
    selection.hosts = Vec::new();
    selection.domains.clone_from(&args.domains);
    selection.cloud = args.resolving.cloud;
    let mut plan = Plan::select(reach365::builtin(), &selection)?;
    // A selection without groups means the default ones.
    plan.checks.retain(|check| is_msoid(&check.endpoint));
    let checker = Checker::builder().options(resolving(&args.resolving));
    live::run(&plan, checker, &args.result, args.quiet)
}

fn is_msoid(endpoint: &Endpoint) -> bool {
    endpoint.groups.iter().any(|group| group == MSOID_GROUP)
}

//! `reach365 dns`.

use reach365::Catalog;
use reach365::plan::{Plan, Selection};

use super::check::resolving;
use super::live;
use crate::cli::DnsArgs;
use crate::exit::Failure;

pub(crate) fn run(args: &DnsArgs) -> Result<u8, Failure> {
    let selection = Selection {
        groups: Vec::new(),
        hosts: Vec::new(),
        domains: args.domains.clone(),
        cloud: args.resolving.cloud,
    };
    let plan = Plan::select(Catalog::builtin(), &selection)?;
    live::run(&plan, resolving(&args.resolving), &args.result, args.quiet)
}

//! `reach365 endpoints allowlist`.

use std::path::Path;

use reach365::{Catalog, Report};
use reach365_model::catalog::{Allowlist, LeftOut};
use reach365_model::endpoint::{Cloud, Endpoint};
use reach365_model::plan::{Plan, Selection};
use reach365_model::verdict::Outcome;
use reach365_render::formats as render;

use super::input;
use crate::cli::AllowlistArgs;
use crate::exit::{Failure, note};
use crate::output::Output;

pub(crate) fn run(args: &AllowlistArgs) -> Result<u8, Failure> {
    let catalog = input::catalog(args.endpoints.as_deref())?;
    let list = match &args.report {
        None => whole(&catalog, args)?,
        Some(path) => failures(&catalog, args, &input::saved(path)?)?,
    };
    let read = [args.report.as_deref(), args.endpoints.as_deref()];
    let read: Vec<&Path> = read.into_iter().flatten().collect();
    let mut output = Output::open_beside(args.output.as_deref(), &read)?;
    let mut left_out = Vec::new();
    output.write(|out| {
        left_out = render::allowlist(&list, args.format, args.proxy.as_ref(), out)?;
        Ok(())
    })?;
    output.finish()?;
    tell(&list, &left_out);
    Ok(0)
}

fn whole(catalog: &Catalog, args: &AllowlistArgs) -> Result<Allowlist, Failure> {
    let plan = plan(catalog, args, args.cloud)?;
    let wildcards = args.groups.is_empty().then_some(catalog);
    Ok(Allowlist::new(
        &source(args),
        args.cloud,
        &endpoints(&plan),
        wildcards,
    ))
}

/// Hosts that are not in the list belong to no group, whatever the report contains.
fn failures(
    catalog: &Catalog,
    args: &AllowlistArgs,
    report: &Report,
) -> Result<Allowlist, Failure> {
    let cloud = report.run.cloud;
    let plan = plan(catalog, args, cloud)?;
    let failed = |outcome| matches!(outcome, Outcome::Blocked | Outcome::Degraded);
    let rows = report.endpoints.iter();
    let rows = rows.filter(|row| failed(row.verdict.outcome));
    let failed: Vec<&Endpoint> = rows.map(|row| &row.endpoint).collect();
    let unlisted = args.groups.is_empty();
    Ok(Allowlist::of_failures(
        &source(args),
        cloud,
        &endpoints(&plan),
        &failed,
        unlisted,
    ))
}

fn plan(catalog: &Catalog, args: &AllowlistArgs, cloud: Cloud) -> Result<Plan, Failure> {
    let groups = match args.groups.as_slice() {
        [] => vec!["all".to_owned()],
        named => named.to_vec(),
    };
    let mut selection = Selection::default();
    selection.groups = groups;
    selection.cloud = cloud;
    Ok(Plan::select(catalog, &selection)?)
}

fn endpoints(plan: &Plan) -> Vec<&Endpoint> {
    plan.checks.iter().map(|check| &check.endpoint).collect()
}

fn source(args: &AllowlistArgs) -> String {
    let own = args.endpoints.as_ref();
    own.map_or_else(
        || "the built-in list".to_owned(),
        |path| path.display().to_string(),
    )
}

fn tell(list: &Allowlist, left_out: &[LeftOut]) {
    if list.entries.is_empty() {
        note("nothing to open");
    }
    for entry in list.unlisted() {
        note(&format!(
            "{} is not in the list, the report alone names it: look at it first",
            entry.host
        ));
    }
    for it in left_out {
        note(&format!("left out: {it}"));
    }
}

//! `reach365 endpoints list` and `lint`; the other commands have files of their own.

mod diff;
mod state;
mod update;

use reach365::Catalog;
use reach365_model::catalog::Wildcard;
use reach365_model::endpoint::Endpoint;
use reach365_model::plan::{Plan, Selection};
use reach365_proxy::safe_text::counted;
use reach365_render::formats as render;

use super::input;
use crate::cli::{LintArgs, ListArgs, TableFormat};
use crate::exit::{Failure, note};
use crate::output::Output;
use crate::terminal;

use reach365_model::catalog::published::PublishedList;
use reach365_model::endpoint::Cloud;
use state::{Copy, State};

pub(crate) use diff::diff;
pub(crate) use update::update;

/// The name that selects every group.
const EVERY_GROUP: &str = "all";

pub(crate) fn list(args: &ListArgs) -> Result<u8, Failure> {
    let catalog = input::catalog(args.endpoints.as_deref())?;
    let plan = Plan::select(&catalog, &selection(args))?;
    let listed: Vec<&Endpoint> = plan.checks.iter().map(|check| &check.endpoint).collect();
    let style = terminal::style(args.look.color, None);
    let mut output = Output::open(None)?;
    output.write(|out| match args.format {
        TableFormat::Text => render::endpoints(&listed, &wildcards(&catalog, args), &style, out),
        TableFormat::Json => render::endpoints_json(&listed, out),
        TableFormat::Csv => render::endpoints_csv(&listed, out),
        TableFormat::Toml => {
            render::endpoints_toml(&listed, &wildcards(&catalog, args), args.cloud, out)
        }
    })?;
    Ok(0)
}

/// Wildcards belong to no group: they are listed only with the whole list.
fn wildcards<'a>(catalog: &'a Catalog, args: &ListArgs) -> Vec<&'a Wildcard> {
    let wanted = |it: &&Wildcard| it.sets.is_empty() || it.sets.contains_key(&args.cloud);
    let all = catalog.wildcards().iter();
    all.filter(|it| args.groups.is_empty() && wanted(it))
        .collect()
}

fn selection(args: &ListArgs) -> Selection {
    let groups = match args.groups.as_slice() {
        [] => vec![EVERY_GROUP.to_owned()],
        named => named.to_vec(),
    };
    let mut selection = Selection::default();
    selection.groups = groups;
    selection.hosts = Vec::new();
    selection.domains = Vec::new();
    selection.cloud = args.cloud;
    selection
}

/// Errors stop the reading of the list and have its line and column; warnings are listed.
pub(crate) fn lint(args: &LintArgs) -> Result<u8, Failure> {
    let catalog = input::catalog(args.file.as_deref())?;
    let warnings = catalog.lint();
    let mut output = Output::open(None)?;
    output.write(|out| {
        warnings
            .iter()
            .try_for_each(|warning| writeln!(out, "{warning}"))
    })?;
    note(&summary(&catalog, warnings.len()));
    Ok(0)
}

/// The saved copy of what the service publishes; nothing where none was fetched. One that cannot be
/// used is reported, and does not stop the check.
pub(super) fn saved_copy(cloud: Cloud) -> Option<PublishedList> {
    let file = State::directory().ok()?.join(Copy::Current.name(cloud));
    if !file.is_file() {
        return None;
    }
    let bytes = input::service_bytes(&file);
    let list =
        bytes.and_then(|bytes| Ok(PublishedList::parse(&file.display().to_string(), &bytes)?));
    match list {
        Ok(list) => Some(list),
        Err(failure) => {
            let why = failure.message();
            note(&format!("the saved copy is left out: {why}"));
            None
        }
    }
}

fn summary(catalog: &Catalog, warnings: usize) -> String {
    let endpoints = catalog.endpoints().len();
    let endpoints = counted(endpoints, "endpoint");
    format!("{endpoints}, no errors, {}", counted(warnings, "warning"))
}

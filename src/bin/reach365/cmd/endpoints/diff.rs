//! `reach365 endpoints diff`.

use std::path::{Path, PathBuf};

use reach365_model::catalog::published::{self, Change, EffectiveDates, PublishedList};
use reach365_render::formats as render;

use super::state::{Copy, State};
use crate::cli::{DiffArgs, ListFormat};
use crate::cmd::input;
use crate::exit::{Failure, note};
use crate::output::Output;
use crate::terminal;

/// Exit code where something differs.
const DIFFERENT: u8 = 1;

pub(crate) fn diff(args: &DiffArgs) -> Result<u8, Failure> {
    match args.files.as_slice() {
        [old, new] => between(args, old, new, args.changes.as_deref()),
        _ if args.previous => since_the_last_update(args),
        _ => with_the_list(args),
    }
}

fn since_the_last_update(args: &DiffArgs) -> Result<u8, Failure> {
    let state = State::read()?;
    let old = saved(&state, args, Copy::Previous)?;
    let new = saved(&state, args, Copy::Current)?;
    let dates = state.path(args.cloud, Copy::Changes);
    let dates = Some(dates).filter(|file| file.is_file());
    let dates = args.changes.clone().or(dates);
    between(args, &old, &new, dates.as_deref())
}

fn saved(state: &State, args: &DiffArgs, copy: Copy) -> Result<PathBuf, Failure> {
    let file = state.path(args.cloud, copy);
    if file.is_file() {
        return Ok(file);
    }
    let (cloud, file) = (args.cloud, file.display());
    Err(Failure::Usage(format!(
        "no saved copy in {file}; run `reach365 endpoints update --cloud {cloud}` first, or name files"
    )))
}

fn between(args: &DiffArgs, old: &Path, new: &Path, dates: Option<&Path>) -> Result<u8, Failure> {
    let dates = match dates {
        Some(file) => {
            EffectiveDates::parse(&file.display().to_string(), &input::service_bytes(file)?)?
        }
        None => EffectiveDates::default(),
    };
    let changes: Vec<Change> = published::diff(&list(old)?, &list(new)?, &dates);
    let style = terminal::style(args.look.color, None);
    let mut output = Output::open(None)?;
    output.write(|out| match args.format {
        ListFormat::Text => render::service_changes(&changes, &style, out),
        ListFormat::Json => render::service_changes_json(&changes, args.cloud, out),
    })?;
    Ok(code(changes.is_empty()))
}

fn with_the_list(args: &DiffArgs) -> Result<u8, Failure> {
    let catalog = input::catalog(args.endpoints.as_deref())?;
    let file = match &args.from {
        Some(file) => file.clone(),
        None => saved(&State::read()?, args, Copy::Current)?,
    };
    let comparison = published::compare(&catalog, &list(&file)?, args.cloud);
    if comparison.is_of_something_else() {
        let (file, cloud) = (file.display(), args.cloud);
        note(&format!(
            "{file}: too many hosts of the cloud {cloud} are absent or in other sets; if it is the \
             list of another one, name that with --cloud"
        ));
    }
    let style = terminal::style(args.look.color, None);
    let mut output = Output::open(None)?;
    output.write(|out| match args.format {
        ListFormat::Text => render::service_comparison(&comparison, &style, out),
        ListFormat::Json => render::service_comparison_json(&comparison, args.cloud, out),
    })?;
    Ok(code(comparison.differences.is_empty()))
}

fn list(file: &Path) -> Result<PublishedList, Failure> {
    let name = file.display().to_string();
    let list = PublishedList::parse(&name, &input::service_bytes(file)?)?;
    for left_out in list.notes() {
        note(&format!("{name}: {left_out}"));
    }
    Ok(list)
}

fn code(same: bool) -> u8 {
    if same { 0 } else { DIFFERENT }
}

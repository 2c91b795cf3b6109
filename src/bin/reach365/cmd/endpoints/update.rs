//! `reach365 endpoints update`.

use std::path::Path;

use reach365::published::{
    PublishedListAnswer, PublishedListError, PublishedListRequest, ask_service,
};
use reach365_model::Timestamp;
use reach365_model::catalog::published::{self, EffectiveDates, Pattern, PublishedList, diff};
use reach365_model::endpoint::Cloud;
use reach365_model::options::Options;
use reach365_proxy::safe_text::counted;

use super::state::{Copy, State};
use crate::cli::UpdateArgs;
use crate::cmd::{check, input, live};
use crate::exit::{Failure, note};
use crate::output::Output;

/// The service gave no usable answer.
const NO_ANSWER: u8 = 3;

pub(crate) fn update(args: &UpdateArgs) -> Result<u8, Failure> {
    let mut state = State::read()?;
    match &args.from {
        Some(file) => from_file(file, args.cloud, &mut state),
        None => from_service(args, &mut state),
    }
}

fn from_file(file: &Path, cloud: Cloud, state: &mut State) -> Result<u8, Failure> {
    let bytes = input::service_bytes(file)?;
    let list = PublishedList::parse(&file.display().to_string(), &bytes)?;
    if names(&list) == 0 {
        let file = file.display();
        return Err(Failure::Usage(format!("{file}: no names in it")));
    }
    if published::compare(reach365::builtin(), &list, cloud).is_of_something_else() {
        let file = file.display();
        return Err(Failure::Usage(format!(
            "{file}: too many hosts of the cloud {cloud} are absent or in other sets; the saved \
             copy stays. If it is the list of another cloud, name that with --cloud"
        )));
    }
    store(state, cloud, None, (&bytes, &list), None)
}

fn from_service(args: &UpdateArgs, state: &mut State) -> Result<u8, Failure> {
    let service = args.service.as_str();
    if let Some(until) = state.wait_until(service) {
        return Ok(left_alone(until));
    }
    let id = state.client_request_id()?;
    let mut request = PublishedListRequest::new(args.service.clone(), args.cloud, id);
    request.known_version = state.version(args.cloud);
    match ask(&request, &options(args)?)? {
        Ok(PublishedListAnswer::New {
            version,
            bytes,
            list,
            changes,
            busy,
        }) => {
            if let Some(wait) = busy {
                state.wait(service, wait)?;
            }
            let copy = (bytes.as_slice(), &list);
            store(state, args.cloud, Some(version), copy, changes.as_deref())
        }
        Ok(PublishedListAnswer::Older(version)) => {
            let own = request.known_version.unwrap_or_default();
            note(&format!(
                "the service has version {version} only, older than the saved copy"
            ));
            say(&format!("{}: version {own} stays", args.cloud))
        }
        Ok(_) => {
            let own = request.known_version.unwrap_or_default();
            say(&format!("{}: version {own} is the newest one", args.cloud))
        }
        Err(PublishedListError::Busy(wait)) => {
            note("the service has had too many requests (status 429)");
            Ok(left_alone(state.wait(service, wait)?))
        }
        Err(failure) => {
            note(&format!("{failure}\nthe saved copy stays as it is"));
            Ok(NO_ANSWER)
        }
    }
}

fn ask(
    request: &PublishedListRequest,
    options: &Options,
) -> Result<Result<PublishedListAnswer, PublishedListError>, Failure> {
    let runtime = live::runtime()?;
    let asked = ask_service(request, options);
    let answer = runtime.block_on(live::unless_interrupted(asked));
    // Queries to the system's resolver cannot be cancelled; the program does not wait for them.
    runtime.shutdown_background();
    answer
}

fn options(args: &UpdateArgs) -> Result<Options, Failure> {
    Ok({
        let mut options = Options::default();
        options.proxy = args.proxy.clone();
        options.proxy_sign_in = check::sign_in(args.proxy_user.as_ref())?;
        options.dns.clone_from(&args.dns);
        options.os_roots.clone_from(&args.os_roots);
        options
    })
}

fn left_alone(until: Timestamp) -> u8 {
    let until = until.format_utc("%Y-%m-%d %H:%M:%S UTC");
    note(&format!(
        "it is asked again after {until} at the earliest; the saved copy stays as it is"
    ));
    NO_ANSWER
}

fn store(
    state: &mut State,
    cloud: Cloud,
    version: Option<String>,
    (bytes, list): (&[u8], &PublishedList),
    changes: Option<&[u8]>,
) -> Result<u8, Failure> {
    list.notes().iter().for_each(|left_out| note(left_out));
    let news = changed(&state.path(cloud, Copy::Current), list);
    let words = version
        .as_ref()
        .map_or_else(String::new, |it| format!("version {it}, "));
    let file = state.store(cloud, version, bytes, changes)?;
    let sets = counted(list.sets().len(), "set");
    let names = counted(names(list), "name");
    let file = file.display();
    say(&format!(
        "{cloud}: {words}{sets}, {names}{news}; kept in {file}"
    ))
}

fn names(list: &PublishedList) -> usize {
    let names = list.sets().iter().flat_map(|set| &set.urls);
    names
        .collect::<std::collections::BTreeSet<&Pattern>>()
        .len()
}

/// How many names and ranges differ from the copy that was there.
fn changed(file: &Path, list: &PublishedList) -> String {
    let old = input::service_bytes(file).ok();
    let old = old.and_then(|bytes| PublishedList::parse("", &bytes).ok());
    let Some(old) = old else {
        return String::new();
    };
    match diff(&old, list, &EffectiveDates::default()).len() {
        0 => ", nothing changed".to_owned(),
        count => format!(", {count} changed (`endpoints diff --previous` lists them)"),
    }
}

fn say(line: &str) -> Result<u8, Failure> {
    let mut output = Output::open(None)?;
    output.write(|out| writeln!(out, "{line}"))?;
    Ok(0)
}

//! `reach365 check`.

use std::io::IsTerminal;

use reach365::{Catalog, Checker};
use reach365_model::endpoint::Cloud;
use reach365_model::options::{Family, Options, ProxySignIn, ProxySource, ProxyUser, Timeouts};
use reach365_model::plan::{Plan, Selection};
use tracing_subscriber::EnvFilter;

use super::{endpoints, input, live};
use crate::cli::{CheckArgs, FamilyArgs, ResolvingArgs};
use crate::exit::{Failure, note};

/// Variable with the password for `--proxy-user`.
const PASSWORD: &str = "REACH365_PROXY_PASSWORD";

/// `reach365 HOST…`: a word without a dot is more likely a mistyped command than a host.
pub(crate) fn run_default(args: &CheckArgs) -> Result<u8, Failure> {
    let odd = args.hosts.iter().find(|host| !host.contains(['.', ':']));
    match odd {
        Some(word) => Err(Failure::Usage(format!(
            "`{word}` is no command; `reach365 --help` lists them, `reach365 check {word}` checks a host of that name"
        ))),
        None => run(args),
    }
}

pub(crate) fn run(args: &CheckArgs) -> Result<u8, Failure> {
    log(args)?;
    let catalog = input::catalog(args.endpoints.as_deref())?;
    let catalog = with_saved_copies(catalog);
    let signatures = input::signatures(args.naming.signatures.as_deref())?;
    let plan = plan(args, &catalog)?;
    check_control_host(args, &catalog)?;
    let mut options = options(args);
    options.cloud = plan.cloud;
    options.proxy_sign_in = sign_in(args.route.proxy_user.as_ref())?;
    let checker = Checker::builder().options(options).signatures(signatures);
    live::run(&plan, checker, &args.result, args.quiet)
}

/// Microsoft may have published addresses since the list was written: they are not unknown hosts.
fn with_saved_copies(catalog: Catalog) -> Catalog {
    let clouds = Cloud::ALL.into_iter();
    let copies = clouds.filter_map(|cloud| Some((cloud, endpoints::saved_copy(cloud)?)));
    copies.fold(catalog, |catalog, (cloud, published)| {
        catalog.with_published(&published, cloud)
    })
}

/// A host that the endpoints may depend on too is not a control.
fn check_control_host(args: &CheckArgs, catalog: &Catalog) -> Result<(), Failure> {
    let Some(control) = &args.route.control_host else {
        return Ok(());
    };
    if catalog.endpoints().iter().all(|it| it.host != control.host) {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "--control-host {}: it is in the list of endpoints; name a host of somebody else",
        control.host
    )))
}

/// The password is never on the command line, where other users can read it.
pub(super) fn sign_in(user: Option<&ProxyUser>) -> Result<Option<ProxySignIn>, Failure> {
    let Some(user) = user else { return Ok(None) };
    let password = match std::env::var(PASSWORD) {
        Ok(password) => password,
        Err(_) if std::io::stdin().is_terminal() => {
            rpassword::prompt_password(format!("Password of {} at the proxy: ", user.name))
                .map_err(|error| Failure::Usage(format!("no password: {error}")))?
        }
        Err(_) => {
            return Err(Failure::Usage(format!(
                "--proxy-user needs a password: set {PASSWORD}, or run on a terminal to be asked"
            )));
        }
    };
    Ok(Some(user.sign_in(&password)))
}

fn log(args: &CheckArgs) -> Result<(), Failure> {
    let Some(filter) = &args.log else {
        return Ok(());
    };
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| Failure::Usage(format!("--log {filter}: {error}")))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    Ok(())
}

/// What is to be checked; an empty plan where a report is named in which nothing failed.
fn plan(args: &CheckArgs, catalog: &Catalog) -> Result<Plan, Failure> {
    let Some(path) = &args.only_failed else {
        return Ok(Plan::select(catalog, &selection(args))?);
    };
    let list = args.endpoints.as_ref().map(|_| catalog);
    let again = input::saved(path)?.failed_again(list, reach365::builtin())?;
    for lost in &again.dropped {
        note(&format!(
            "{lost} is a placeholder of a redacted report: not checked"
        ));
    }
    let path = path.display();
    match again.plan.checks.is_empty() {
        true if again.dropped.is_empty() => note(&format!("nothing failed in {path}")),
        true => {
            let words = format!("{path}: only placeholders failed; nothing was checked");
            return Err(Failure::Usage(words));
        }
        false => {}
    }
    Ok(again.plan)
}

fn selection(args: &CheckArgs) -> Selection {
    let mut selection = Selection::default();
    selection.groups.clone_from(&args.groups);
    selection.hosts.clone_from(&args.hosts);
    selection.domains.clone_from(&args.domains);
    selection.cloud = args.resolving.cloud;
    selection
}

fn options(args: &CheckArgs) -> Options {
    let mut options = resolving(&args.resolving);
    options.proxy = args.route.proxy.clone();
    options.compare_paths = args.route.compare_paths;
    options.wpad = args.route.wpad;
    options.control_host.clone_from(&args.route.control_host);
    options.family = family(&args.family);
    options.all_addresses = args.all_addresses;
    options.public_roots.clone_from(&args.public_roots);
    options.os_roots.clone_from(&args.os_roots);
    options.deadline = args.deadline.0;
    options.jobs = args.jobs;
    options.confirm = args.confirm;
    options.trace = args.trace;
    options.site.clone_from(&args.site);
    options
}

/// The options that `check` and `dns` have in common; the others keep their defaults.
pub(super) fn resolving(args: &ResolvingArgs) -> Options {
    let mut options = Options::default();
    options.cloud = args.cloud;
    options.dns.clone_from(&args.dns);
    options.second_resolver = args.second_resolver;
    options.timeouts = args
        .timeout
        .map_or_else(Timeouts::default, |limit| Timeouts::all(limit.0));
    // DNS does not use a proxy.
    options.proxy = ProxySource::None;
    options
}

pub(super) fn family(args: &FamilyArgs) -> Family {
    match (args.ipv4, args.ipv6) {
        (true, _) => Family::Ipv4,
        (_, true) => Family::Ipv6,
        _ => Family::Both,
    }
}

//! `reach365 pac eval`, `lint` and `build`.

use std::collections::HashMap;

use reach365_model::endpoint::{Endpoint, Scheme};
use reach365_model::plan::{Plan, Selection};
use reach365_probe::pac::{self, PacEnvironment, PacLimits, PacNames, Script};
use reach365_proxy::pac::{PacFailure, PacFailureKind, RemarkLevel, never_asked};
use reach365_render::formats::{self as render, Composition, PacRow, compose};
use tokio::runtime::{Builder, Runtime};
use url::Url;

use super::input;
use crate::cli::{ListFormat, PacBuildArgs, PacEvalArgs, PacLintArgs, ToldUrl};
use crate::exit::{Failure, note};
use crate::output::Output;
use crate::terminal;

/// Some URL got no answer, or some client has no use for the script.
const BAD: u8 = 1;

pub(crate) fn eval(args: &PacEvalArgs) -> Result<u8, Failure> {
    let rows = with_runtime(evaluate(args))??;
    let style = terminal::style(args.look.color, None);
    let mut output = Output::open(None)?;
    output.write(|out| match args.format {
        ListFormat::Text => render::pac_answers(&rows, &style, out),
        ListFormat::Json => render::pac_answers_json(&rows, out),
    })?;
    let all = rows.iter().all(|row| row.result.is_ok());
    Ok(if all { 0 } else { BAD })
}

async fn evaluate(args: &PacEvalArgs) -> Result<Vec<PacRow>, Failure> {
    let loaded = load(&args.source, environment(args)).await?;
    let mut rows = Vec::new();
    for told in &args.urls {
        let result = match &loaded {
            Ok(script) => pac::answer(script, &told.url, args.host.as_deref()).await,
            Err(failure) => Err(failure.clone()),
        };
        rows.push(PacRow {
            url: told.given.clone(),
            result,
            never_asked: never_asked(&told.url),
        });
    }
    Ok(rows)
}

/// The script, or why there is none; a file that does not exist is a usage error.
async fn load(
    source: &str,
    environment: PacEnvironment,
) -> Result<Result<Script, PacFailure>, Failure> {
    let loaded = pac::load(source, &PacLimits::default(), environment).await;
    match loaded {
        Err(failure) if failure.kind == PacFailureKind::Unreachable && !is_web(source) => {
            Err(Failure::Usage(failure.message))
        }
        other => Ok(other),
    }
}

fn is_web(source: &str) -> bool {
    let lower = source.to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

fn environment(args: &PacEvalArgs) -> PacEnvironment {
    let names = match args.resolve.as_slice() {
        [] => PacNames::System,
        given => {
            let mut table: HashMap<_, Vec<_>> = HashMap::new();
            for entry in given.iter().flat_map(|entries| &entries.0) {
                table.entry(entry.0.clone()).or_default().extend(&entry.1);
            }
            PacNames::Fixed(table)
        }
    };
    PacEnvironment {
        names,
        own_addresses: (!args.my_ip.is_empty()).then(|| args.my_ip.clone()),
        now: args.now,
        ..PacEnvironment::default()
    }
}

pub(crate) fn lint(args: &PacLintArgs) -> Result<u8, Failure> {
    let urls = match args.urls.as_slice() {
        [] => urls_of_the_plan()?,
        given => given
            .iter()
            .map(|told: &ToldUrl| told.url.clone())
            .collect(),
    };
    let environment = PacEnvironment::default();
    let remarks = with_runtime(async {
        let script = load(&args.source, environment.clone()).await?;
        match script {
            Ok(script) => Ok(pac::lint(&script, &urls, &environment).await),
            Err(failure) => Err(Failure::Usage(format!("{}: {failure}", failure.code()))),
        }
    })??;
    let style = terminal::style(args.look.color, None);
    let mut output = Output::open(None)?;
    output.write(|out| match args.format {
        ListFormat::Text => render::pac_remarks(&remarks, &style, out),
        ListFormat::Json => render::pac_remarks_json(&remarks, out),
    })?;
    let bad = remarks
        .iter()
        .any(|remark| remark.level == RemarkLevel::Error);
    Ok(if bad { BAD } else { 0 })
}

/// The URLs of a check without arguments.
fn urls_of_the_plan() -> Result<Vec<Url>, Failure> {
    let plan = Plan::select(reach365::builtin(), &Selection::default())?;
    let endpoints = plan.checks.iter().map(|check| &check.endpoint);
    Ok(endpoints.filter_map(url_of).collect())
}

fn url_of(endpoint: &Endpoint) -> Option<Url> {
    if endpoint.scheme == Scheme::Dns {
        return None;
    }
    Url::parse(&format!(
        "{}://{endpoint}{}",
        endpoint.scheme, endpoint.path
    ))
    .ok()
}

pub(crate) fn build(args: &PacBuildArgs) -> Result<u8, Failure> {
    let catalog = input::catalog(args.endpoints.as_deref())?;
    let groups = match args.groups.as_slice() {
        [] => vec!["all".to_owned()],
        named => named.to_vec(),
    };
    let mut selection = Selection::default();
    selection.groups = groups;
    let plan = Plan::select(&catalog, &selection)?;
    let endpoints: Vec<&Endpoint> = plan.checks.iter().map(|check| &check.endpoint).collect();
    let list = args.endpoints.as_ref().map_or_else(
        || "the built-in list".to_owned(),
        |path| path.display().to_string(),
    );
    let script = compose(&Composition {
        endpoints: &endpoints,
        proxy: &args.proxy,
        list: &list,
    });
    let mut output = Output::open(args.output.as_deref())?;
    output.write(|out| out.write_all(script.as_bytes()))?;
    output.finish()?;
    if let Some(file) = &args.output {
        note(&format!("the script is in {}", file.display()));
    }
    Ok(0)
}

fn with_runtime<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime: Runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Internal(format!("no runtime: {error}")))?;
    let result = runtime.block_on(work);
    // A file that is a pipe may never end; the program does not wait for it.
    runtime.shutdown_background();
    Ok(result)
}

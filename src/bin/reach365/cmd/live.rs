//! A run on the network, from a plan to the written result.

use std::future::Future;

use reach365::{Checker, CheckerBuilder, Event, Plan, Report};
use reach365_render::formats::{self as render, Format, NagiosState};
use reach365_render::redaction::redact;
use tokio::runtime::{Builder, Runtime};

use crate::cli::ResultArgs;
use crate::exit::{Failure, note};
use crate::output::Output;
use crate::progress::Progress;
use crate::terminal;

/// Enough for every probe that the library runs at once.
const SOCKETS: u64 = 20_000;

/// Runs the plan and writes its report. Returns the exit code.
pub(super) fn run(
    plan: &Plan,
    checker: CheckerBuilder,
    result: &ResultArgs,
    quiet: bool,
) -> Result<u8, Failure> {
    let mut output = Output::open(result.output.as_deref())?;
    // A list of thousands needs more sockets than systems allow at first; without, it is slower.
    let _ = rlimit::increase_nofile_limit(SOCKETS);
    let checker = checker.build()?;
    // Events of work in progress contain hosts; the redacted report is written as a whole.
    let live = result.format == Format::Ndjson && !result.redact;
    let report = watched(&checker, plan, live, quiet, &mut output)?;
    let code = write(report, result, output)?;
    if let (Some(file), false) = (&result.output, quiet) {
        note(&format!("the result is in {}", file.display()));
    }
    Ok(code)
}

/// Writes a finished report. Returns the exit code.
pub(super) fn write(
    mut report: Report,
    result: &ResultArgs,
    mut output: Output,
) -> Result<u8, Failure> {
    if result.redact {
        report = redact(&report, reach365::builtin())?;
    }
    report.summary.exit_code = report.summary.exit_code_for(result.fail_on);
    let style = terminal::style(result.look.color, result.output.as_deref());
    output.write(|out| render::render(&report, result.format, &style, out))?;
    let read = output.finish()?;
    Ok(match result.format {
        Format::Nagios => NagiosState::from_summary(&report.summary).exit_code(),
        _ if read => report.summary.exit_code,
        // A reader that closes the pipe early is not a failure, whatever the verdict is.
        _ => 0,
    })
}

/// Runs the plan with a bar; `live` output gets the events of work in progress as they come.
fn watched(
    checker: &Checker,
    plan: &Plan,
    live: bool,
    quiet: bool,
    output: &mut Output,
) -> Result<Report, Failure> {
    let runtime = runtime()?;
    let mut progress = Progress::new(quiet);
    let mut written = Ok(());
    let on_event = |event: Event<'_>| {
        progress.follow(&event);
        if live && event.is_progress() && written.is_ok() {
            written = output.write(|out| render::ndjson_event(&event, out));
        }
    };
    let report = runtime.block_on(unless_interrupted(checker.run_with(plan, on_event)));
    // Queries to the system's resolver cannot be cancelled; the program does not wait for them.
    runtime.shutdown_background();
    drop(progress);
    written.and(report)
}

pub(super) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Internal(format!("no runtime: {error}")))
}

pub(super) async fn unless_interrupted<T>(run: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::select! {
        done = run => Ok(done),
        Ok(()) = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
    }
}

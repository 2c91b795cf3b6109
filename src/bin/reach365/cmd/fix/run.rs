//! `reach365 fix run`.

use std::io::{self, BufRead, IsTerminal, Write};

use reach365_device::{self as fix, FixError, LocalMachine, Machine, Outcome, Preview, RunOptions};
use reach365_judge::remedy::{self, Remedy};
use reach365_model::device::{DeviceState, UserContext};
use reach365_model::endpoint::printable;

use super::catalogue::named;
use super::{NOT_DONE, code, refused};
use crate::cli::FixRunArgs;
use crate::exit::{Failure, note};
use crate::output::Output;

pub(crate) fn run(args: &FixRunArgs) -> Result<u8, Failure> {
    let remedy = named(&args.id)?;
    let machine = LocalMachine;
    let device = device(remedy);
    let options = RunOptions {
        journal: args.journal.clone(),
        managed: device.as_ref().and_then(managed),
        unmet: remedy::unmet(remedy, device.as_ref()),
        admin: args.i_am_the_admin,
    };
    let mut output = Output::open(None)?;
    let previews = fix::preview(remedy, &machine);
    output.write(|out| show(remedy, &previews, &machine, out))?;
    let refusal = fix::refusal(remedy, &machine, &options);
    let asks = io::stdin().is_terminal() && io::stdout().is_terminal();
    if args.dry_run || (!args.yes && !asks) {
        only_shown(args, refusal.as_ref());
        return Ok(0);
    }
    if let Some(refusal) = refusal {
        return Err(refused(&refusal));
    }
    let automatic = previews.iter().any(|preview| preview.automatic);
    if automatic && !args.yes && !agreed(&previews, &mut output)? {
        note("nothing was done");
        return Ok(NOT_DONE);
    }
    carry_out(remedy, &machine, &options, &mut output)
}

/// The state of this device. Only read where it matters: that may take seconds.
fn device(remedy: &Remedy) -> Option<DeviceState> {
    let matters = remedy.managed_device_forbidden || !remedy.needs.is_empty();
    matters.then(fix::system_device).flatten()
}

/// Whether an organization manages this device; `None` where that is unknown. An elevated program
/// does not see management that belongs to the user.
fn managed(device: &DeviceState) -> Option<bool> {
    let elevated = device.identity.key_works.is_some()
        || matches!(
            device.context,
            Some(UserContext::Elevated | UserContext::System)
        );
    device.managed.filter(|managed| *managed || !elevated)
}

/// The exact actions, and the current state.
fn show(
    remedy: &Remedy,
    previews: &[Preview],
    machine: &dyn Machine,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{} ({})", remedy.title, remedy.id)?;
    writeln!(out, "{}", remedy.why)?;
    if let Some(user) = machine
        .variable("USERNAME")
        .filter(|_| machine.is_windows())
    {
        writeln!(out, "For the user {}.", printable(&user))?;
    }
    writeln!(out)?;
    for preview in previews {
        writeln!(out, "{}. {}", preview.number, printable(&preview.action))?;
        match &preview.now {
            Some(Ok(now)) => writeln!(out, "   {}", printable(now))?,
            Some(Err(why)) => writeln!(out, "   cannot be looked at: {}", printable(why))?,
            None if preview.automatic => {}
            None => writeln!(out, "   for you to do")?,
        }
    }
    writeln!(out)
}

fn only_shown(args: &FixRunArgs, refusal: Option<&FixError>) {
    let why = match refusal {
        Some(refusal) => format!("nothing was done; it would be refused: {refusal}"),
        None if args.dry_run => "nothing was done (--dry-run)".to_owned(),
        None => "nothing was done: there is no terminal to ask on, and --yes was not given".into(),
    };
    note(&why);
}

/// Asks on the terminal. Only a full yes counts.
fn agreed(previews: &[Preview], output: &mut Output) -> Result<bool, Failure> {
    let last = previews.iter().rposition(|preview| preview.automatic);
    let before = previews.iter().take(last.unwrap_or(0));
    let yours = before.filter(|preview| !preview.automatic).count();
    output.write(|out| {
        if yours > 0 {
            writeln!(out, "Steps for you stand before others: do those first.")?;
        }
        write!(out, "Do it? Type yes: ")
    })?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

fn carry_out(
    remedy: &Remedy,
    machine: &dyn Machine,
    options: &RunOptions,
    output: &mut Output,
) -> Result<u8, Failure> {
    // A closed output must not stop a remedy halfway.
    let mut observe = |report: &fix::StepReport| {
        let line = printable(&report.to_string());
        output.write(|out| writeln!(out, "{line}")).ok();
    };
    let outcome = fix::run(remedy, machine, options, &mut observe);
    let outcome = outcome.map_err(|error| refused(&error))?;
    output.write(|out| finish(&outcome, out))?;
    Ok(code(&outcome))
}

fn finish(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let Some(journal) = &outcome.journal else {
        return Ok(());
    };
    let journal = printable(&journal.display().to_string());
    writeln!(out)?;
    if outcome.failed() {
        writeln!(out, "It stopped there; what follows was not done.")?;
    }
    if outcome.can_be_undone {
        writeln!(out, "To revert it: reach365 fix undo \"{journal}\"")?;
    } else {
        writeln!(out, "There is nothing to revert. Journal: {journal}")?;
    }
    Ok(())
}

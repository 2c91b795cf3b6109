//! `reach365 fix undo`.

use std::io::{self, Write};
use std::path::PathBuf;

use reach365_device::{self as fix, FixError, Journal, LocalMachine, Machine, Outcome};
use reach365_judge::remedy::Remedy;
use reach365_model::endpoint::printable;

use super::{NOT_DONE, code, refused};
use crate::cli::FixUndoArgs;
use crate::exit::{Failure, note};
use crate::output::Output;

pub(crate) fn undo(args: &FixUndoArgs) -> Result<u8, Failure> {
    let machine = LocalMachine;
    if !machine.is_windows() {
        return Err(refused(&FixError::NotWindows));
    }
    let directory = directory(args, &machine)?;
    let journal = Journal::read(&directory).map_err(|error| refused(&error))?;
    let remedy = Remedy::get(journal.remedy()).ok_or_else(|| {
        let id = printable(journal.remedy());
        Failure::Usage(format!("this version knows no remedy called {id}"))
    })?;
    let mut output = Output::open(None)?;
    let shown = printable(&directory.display().to_string());
    output.write(|out| writeln!(out, "Undo: {} ({shown})\n", remedy.title))?;
    let mut observe = |report: &fix::StepReport| {
        let line = printable(&report.to_string());
        output.write(|out| writeln!(out, "{line}")).ok();
    };
    match fix::undo(remedy, &directory, &machine, args.force, &mut observe) {
        Ok(outcome) => {
            output.write(|out| finish(&outcome, out))?;
            Ok(code(&outcome))
        }
        Err(error @ FixError::Changed(_)) => {
            note(&error.to_string());
            Ok(NOT_DONE)
        }
        Err(error) => Err(refused(&error)),
    }
}

fn directory(args: &FixUndoArgs, machine: &dyn Machine) -> Result<PathBuf, Failure> {
    match &args.journal {
        Some(directory) => Ok(directory.clone()),
        None => fix::newest(machine).map_err(|error| refused(&error)),
    }
}

fn finish(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    if outcome.failed() {
        return writeln!(
            out,
            "\nIt stopped there. Fix the problem named above, then run the command again: it goes on from there."
        );
    }
    writeln!(out, "\nUndone.")
}

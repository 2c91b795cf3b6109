//! `reach365 compare`.

use std::path::Path;

use reach365_render::comparison::{Comparison, Matrix, SavedRun};
use reach365_render::formats as render;

use super::input;
use crate::cli::CompareArgs;
use crate::exit::Failure;
use crate::output::Output;
use crate::terminal;

/// Comparisons go into tickets and mails, which are not wider.
const WIDEST: usize = 80;

pub(crate) fn run(args: &CompareArgs) -> Result<u8, Failure> {
    let reports: Vec<&Path> = args.reports.iter().map(AsRef::as_ref).collect();
    let mut output = Output::open_beside(args.output.as_deref(), &reports)?;
    let runs: Vec<SavedRun> = args
        .reports
        .iter()
        .map(|path| read(path))
        .collect::<Result<_, _>>()?;
    let style = terminal::style(args.look.color, args.output.as_deref());
    let style = {
        let mut built_style = style;
        built_style.width = style.width.min(WIDEST);
        built_style
    };
    let code = match runs.as_slice() {
        [before, after] if !args.matrix => {
            let comparison = Comparison::new(before, after);
            output.write(|out| render::comparison(&comparison, args.format, &style, out))?;
            comparison.exit_code()
        }
        many => {
            let matrix = Matrix::new(many);
            output.write(|out| render::matrix(&matrix, args.format, &style, out))?;
            0
        }
    };
    // A reader that closes the pipe early is not a failure, whatever the result is.
    let read = output.finish()?;
    Ok(if read { code } else { 0 })
}

/// One file at a time: its text is dropped before the next one is read.
fn read(path: &Path) -> Result<SavedRun, Failure> {
    let (name, bytes) = input::report_bytes(path)?;
    Ok(SavedRun::from_json(&name, &bytes)?)
}

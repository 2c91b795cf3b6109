//! `reach365 replay`.

use reach365::Report;

use super::{input, live};
use crate::cli::ReplayArgs;
use crate::exit::Failure;
use crate::output::Output;

pub(crate) fn run(args: &ReplayArgs) -> Result<u8, Failure> {
    let text = input::report(&args.report)?;
    let signatures = input::signatures(args.naming.signatures.as_deref())?;
    let report = Report::from_json(&text)?.rejudge_with(&signatures);
    let output = Output::open(args.result.output.as_deref())?;
    live::write(report, &args.result, output)
}

//! `reach365 replay`.

use super::{input, live};
use crate::cli::ReplayArgs;
use crate::exit::Failure;
use crate::output::Output;

pub(crate) fn run(args: &ReplayArgs) -> Result<u8, Failure> {
    let signatures = input::signatures(args.naming.signatures.as_deref())?;
    let report = reach365::judge()
        .with_signatures(&signatures)
        .again(&input::saved(&args.report)?);
    let output = Output::open_beside(args.result.output.as_deref(), &[&args.report])?;
    live::write(report, &args.result, output)
}

//! `reach365 compare`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::TypedValueParser;
use reach365_render::formats::ComparisonFormat;

use super::{LookArgs, choice};

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Reports in JSON: two are compared as before and after, more are put beside each other; `-`
    /// reads one from standard input
    #[arg(value_name = "REPORT", required = true, num_args = 2..)]
    pub(crate) reports: Vec<PathBuf>,
    /// Put two reports beside each other too, instead of comparing them
    #[arg(long)]
    pub(crate) matrix: bool,
    /// Format of the result
    #[arg(long, value_parser = comparison_formats(), default_value = "text")]
    pub(crate) format: ComparisonFormat,
    /// Write the result to this file; an older one is replaced when the result is complete
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

fn comparison_formats() -> impl TypedValueParser<Value = ComparisonFormat> {
    choice(&ComparisonFormat::ALL)
}

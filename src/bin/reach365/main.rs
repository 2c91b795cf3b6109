//! `reach365`: finds why Microsoft 365 Apps cannot activate.

mod cli;
mod cmd;
mod exit;
mod output;
mod progress;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command, EndpointsCommand, FixCommand, PacCommand};
use exit::{Failure, Reader};

fn main() -> ExitCode {
    let reader = Reader::from_arguments(std::env::args_os());
    match Cli::try_parse() {
        Ok(cli) => exit::guard(reader, || run(cli)),
        Err(error) => exit::refuse(reader, error),
    }
}

/// Runs the requested command. Returns the exit code, or the message for stderr.
fn run(cli: Cli) -> Result<u8, Failure> {
    match cli.command {
        None => cmd::check::run_default(&cli.check),
        Some(Command::Check(args)) => cmd::check::run(&args),
        Some(Command::Device(args)) => cmd::device::run(&args),
        Some(Command::Dns(args)) => cmd::dns::run(&args),
        Some(Command::Trace(args)) => cmd::trace::run(&args),
        Some(Command::Endpoints { command }) => match command {
            EndpointsCommand::List(args) => cmd::endpoints::list(&args),
            EndpointsCommand::Allowlist(args) => cmd::allowlist::run(&args),
            EndpointsCommand::Update(args) => cmd::endpoints::update(&args),
            EndpointsCommand::Diff(args) => cmd::endpoints::diff(&args),
            EndpointsCommand::Lint(args) => cmd::endpoints::lint(&args),
        },
        Some(Command::Proxy(args)) => cmd::proxy::run(&args),
        Some(Command::Pac { command }) => match command {
            PacCommand::Eval(args) => cmd::pac::eval(&args),
            PacCommand::Lint(args) => cmd::pac::lint(&args),
            PacCommand::Build(args) => cmd::pac::build(&args),
        },
        Some(Command::Replay(args)) => cmd::replay::run(&args),
        Some(Command::Compare(args)) => cmd::compare::run(&args),
        Some(Command::Explain(args)) => cmd::explain::run(&args),
        Some(Command::Fix { command }) => match command {
            FixCommand::List(args) => cmd::fix::list(&args),
            FixCommand::Show(args) => cmd::fix::show(&args),
            FixCommand::Plan(args) => cmd::fix::plan(&args),
            FixCommand::Script(args) => cmd::fix::script(&args),
            FixCommand::Run(args) => cmd::fix::run(&args),
            FixCommand::Undo(args) => cmd::fix::undo(&args),
        },
    }
}

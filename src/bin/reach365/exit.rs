//! Exit codes, and messages on stderr.

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::process::ExitCode;
use std::sync::Mutex;

use clap::error::{ContextKind, ContextValue};
use reach365::Error;
use reach365_model::endpoint::printable;
use reach365_proxy::{conceal, conceal_argument};
use reach365_render::formats::{self as render, NagiosState};

/// Wrong usage, or a list that cannot be used.
const USAGE: u8 = 2;
/// The program itself failed.
const INTERNAL: u8 = 4;
/// Ctrl-C, as shells report it.
const INTERRUPTED: u8 = 130;

/// Why there is no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The caller can correct it.
    Usage(String),
    /// The caller cannot.
    Internal(String),
    /// Ctrl-C.
    Interrupted,
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            Self::Internal(_) => INTERNAL,
            Self::Interrupted => INTERRUPTED,
        }
    }

    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Usage(message) | Self::Internal(message) => message,
            Self::Interrupted => "interrupted; no result was written",
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Setup(message) => Self::Internal(message),
            other => Self::Usage(other.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Internal(format!("the result cannot be written: {error}"))
    }
}

/// Who waits for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A person or a script: the documented codes, messages on stderr.
    Plain,
    /// A monitor: a plugin's exit codes and its line on stdout. Our 1 and 2 differ there.
    Monitor,
}

impl Reader {
    /// Looks for `--format nagios` among arguments that clap may have refused.
    pub(crate) fn from_arguments(arguments: impl Iterator<Item = OsString>) -> Self {
        let words: Vec<OsString> = arguments.take_while(|word| word != "--").collect();
        let apart = words
            .windows(2)
            .any(|pair| pair[0] == "--format" && pair[1] == "nagios");
        if apart || words.iter().any(|word| word == "--format=nagios") {
            Self::Monitor
        } else {
            Self::Plain
        }
    }

    /// Prints why there is no result, and returns the exit code.
    fn say(self, failure: &Failure) -> ExitCode {
        match self {
            Self::Plain => {
                note(failure.message());
                ExitCode::from(failure.code())
            }
            Self::Monitor => unknown(failure.message()),
        }
    }
}

/// Ends after a command line that clap does not accept, or that requests help. Arguments that it
/// repeats may contain credentials.
pub(crate) fn refuse(reader: Reader, mut error: clap::Error) -> ExitCode {
    conceal_arguments(&mut error);
    if reader == Reader::Plain || !error.use_stderr() {
        print(&error);
    }
    match reader {
        Reader::Plain => u8::try_from(error.exit_code()).unwrap_or(USAGE).into(),
        // Help is not a state of the network either.
        Reader::Monitor if !error.use_stderr() => NagiosState::Unknown.exit_code().into(),
        Reader::Monitor => {
            let text = error.to_string();
            let words = text.split("\n\n").next().unwrap_or_default();
            unknown(words.trim_start_matches("error: "))
        }
    }
}

/// Prints clap's message; without clap's styling if a parser's text may contain credentials too.
fn print(error: &clap::Error) {
    let text = error.render().to_string();
    let shown = conceal(&text);
    if shown == text {
        error.print().ok();
        return;
    }
    write!(io::stderr().lock(), "{shown}").ok();
}

fn conceal_arguments(error: &mut clap::Error) {
    let context: Vec<(ContextKind, ContextValue)> = error
        .context()
        .map(|(kind, value)| (kind, value.clone()))
        .collect();
    let of_user = context.iter().any(|(_, value)| match value {
        ContextValue::String(text) => text.starts_with("--proxy-user"),
        _ => false,
    });
    for (kind, value) in context {
        let value = match value {
            // A password that was appended to the user name is not followed by an `@`.
            ContextValue::String(_) if of_user && kind == ContextKind::InvalidValue => {
                ContextValue::String("***".to_owned())
            }
            ContextValue::String(text) => ContextValue::String(conceal_argument(&text)),
            ContextValue::Strings(texts) => {
                let texts = texts.iter().map(|text| conceal_argument(text));
                ContextValue::Strings(texts.collect())
            }
            other => other,
        };
        error.insert(kind, value);
    }
}

fn unknown(why: &str) -> ExitCode {
    // The output may be closed.
    render::nagios_unknown(&conceal(why), &mut io::stdout().lock()).ok();
    NagiosState::Unknown.exit_code().into()
}

/// Runs the program. A panic becomes one line and its own exit code.
pub(crate) fn guard(reader: Reader, run: impl FnOnce() -> Result<u8, Failure>) -> ExitCode {
    static LAST_PANIC: Mutex<String> = Mutex::new(String::new());
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        panic::set_hook(Box::new(|info| {
            if let Ok(mut last) = LAST_PANIC.lock() {
                *last = one_line(info);
            }
        }));
    }
    let result = panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let last = LAST_PANIC.lock().map(|last| last.clone());
        let what = last.unwrap_or_default();
        Err(Failure::Internal(format!(
            "internal error, please report it: {what}"
        )))
    });
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => reader.say(&failure),
    }
}

fn one_line(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let what = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let place = info.location().map(|place| format!(" ({place})"));
    printable(what) + &place.unwrap_or_default()
}

/// Prints a message on stderr, which may be closed.
pub(crate) fn note(message: &str) {
    let mut err = io::stderr().lock();
    for (position, line) in conceal(message).lines().enumerate() {
        let before = if position == 0 { "reach365: " } else { "" };
        writeln!(err, "{before}{}", printable(line)).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_documentation() {
        let option = Error::Option {
            name: "--group",
            message: "unknown".to_owned(),
        };
        assert_eq!(Failure::from(option).code(), 2);
        assert_eq!(Failure::from(Error::Report("cut".to_owned())).code(), 2);
        assert_eq!(Failure::from(Error::Setup("no roots".to_owned())).code(), 4);
        assert_eq!(Failure::from(io::Error::other("disk full")).code(), 4);
        assert_eq!(Failure::Interrupted.code(), 130);
    }

    #[test]
    fn a_panic_is_an_internal_error() {
        let hook = panic::take_hook();
        let code = guard(Reader::Plain, || panic!("invariant broken"));
        panic::set_hook(hook);
        assert_eq!(code, ExitCode::from(INTERNAL));
    }

    #[test]
    fn a_monitor_is_known_by_its_format() {
        let reader = |line: &str| Reader::from_arguments(line.split(' ').map(OsString::from));
        for line in [
            "check --format nagios",
            "--format=nagios --no-such-flag",
            "replay --format nagios",
        ] {
            assert_eq!(reader(line), Reader::Monitor, "{line}");
        }
        for line in [
            "check",
            "check --format text nagios",
            "check -- --format nagios",
            "check --format",
        ] {
            assert_eq!(reader(line), Reader::Plain, "{line}");
        }
    }
}

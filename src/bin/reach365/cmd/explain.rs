//! `reach365 explain`.

use reach365_judge::remedy::{ActivationError, NoActivationError};
use reach365_model::verdict::Code;
use reach365_render::formats as render;

use super::input;
use crate::cli::ExplainArgs;
use crate::exit::Failure;
use crate::output::Output;
use crate::terminal;

/// Suggestions for a code that does not exist.
const SUGGESTIONS: usize = 3;
/// The text before the digits of an error number.
const BEFORE_NUMBERS: [&str; 3] = ["caa", "aadsts", "0x"];

pub(crate) fn run(args: &ExplainArgs) -> Result<u8, Failure> {
    let wanted = args.code.trim().to_ascii_lowercase();
    match Code::parse(&wanted) {
        Some(code) => explain_code(code, args),
        None if wanted.is_empty() => Err(nothing()),
        None if is_like_a_code(&wanted) => Err(unknown(&wanted)),
        None => explain_error(args),
    }
}

fn explain_code(code: Code, args: &ExplainArgs) -> Result<u8, Failure> {
    let misplaced = [
        ("--report", args.report.is_some()),
        ("--app", args.app.is_some()),
    ];
    if let Some((flag, _)) = misplaced.iter().find(|(_, given)| *given) {
        let words = format!("{flag} goes with an error number; {code} is the cause itself");
        return Err(Failure::Usage(words));
    }
    let style = terminal::style(args.look.color, None);
    let mut output = Output::open(None)?;
    output.write(|out| render::explain(code, &style, out))?;
    Ok(0)
}

fn explain_error(args: &ExplainArgs) -> Result<u8, Failure> {
    let error = ActivationError::parse(&args.code)
        .map_err(|problem: NoActivationError| Failure::Usage(problem.to_string()))?;
    let report = args.report.as_deref().map(input::saved).transpose()?;
    let style = terminal::style(args.look.color, None);
    let mut output = Output::open(None)?;
    output.write(|out| render::explain_error(error, report.as_ref(), args.app, &style, out))?;
    Ok(0)
}

fn nothing() -> Failure {
    let words = "name a code such as tls-hello-reset, or an error number such as 0xCAA82EE7";
    Failure::Usage(words.to_owned())
}

/// Whether the input is a mistyped code: words with dashes, or no digit at all.
fn is_like_a_code(wanted: &str) -> bool {
    if BEFORE_NUMBERS.contains(&wanted) {
        return false;
    }
    let words = wanted.split('-').collect::<Vec<_>>();
    let is_word = |word: &&str| word.starts_with(|c: char| c.is_ascii_alphabetic());
    let dashed = words.len() > 1 && words.iter().any(is_word);
    let in_one_piece = !wanted.contains(char::is_whitespace);
    in_one_piece && (dashed || !wanted.contains(|c: char| c.is_ascii_digit()))
}

fn unknown(wanted: &str) -> Failure {
    let nearest = nearest(wanted).join(", ");
    Failure::Usage(format!("`{wanted}` is no code; the nearest are {nearest}"))
}

/// The codes that look most like the word: those that contain it first, then by edits.
fn nearest(wanted: &str) -> Vec<&'static str> {
    let mut ids: Vec<_> = Code::ALL.iter().map(|code| code.id()).collect();
    ids.sort_by_cached_key(|id| (!id.contains(wanted), edits(wanted, id)));
    ids.truncate(SUGGESTIONS);
    ids
}

/// Edit distance: letters to insert, delete or replace to turn one word into the other.
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, a) in one.chars().enumerate() {
        let mut diagonal = line;
        row[0] = line + 1;
        for (column, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("same", "same"), 0);
    }

    #[test]
    fn a_slip_of_the_finger_finds_the_code() {
        assert_eq!(nearest("tls-helo-reset")[0], "tls-hello-reset");
        assert_eq!(nearest("sinkhole")[0], "dns-sinkhole");
    }
}

//! `reach365 explain`.

use reach365::render;
use reach365::verdict::Code;

use crate::cli::ExplainArgs;
use crate::exit::Failure;
use crate::output::Output;
use crate::terminal;

/// Suggestions for a code that does not exist.
const SUGGESTIONS: usize = 3;

pub(crate) fn run(args: &ExplainArgs) -> Result<u8, Failure> {
    let wanted = args.code.to_ascii_lowercase();
    let code = Code::parse(&wanted).ok_or_else(|| unknown(&wanted))?;
    let style = terminal::style(args.look.color, None);
    let mut output = Output::open(None)?;
    output.write(|out| render::explain(code, &style, out))?;
    Ok(0)
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

/// Letters to insert, delete or replace to make one word of the other.
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

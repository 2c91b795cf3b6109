//! What a code means, for people.

use std::io;

use crate::formats::layout::{Lead, Page};
use crate::formats::style::{Color, TextStyle};
use reach365_judge::remedy::{self, Remedy};
use reach365_model::verdict::{Code, Outcome};

/// Writes what a code means, which evidence makes it, what would prove it wrong, and how it is
/// fixed.
///
/// # Errors
/// What `out` reports.
pub fn explain(code: Code, style: &TextStyle, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page::new(style, out);
    let outcome = code.outcome();
    let lead = Lead::indent(0).then(style, Color::Verdict(outcome), &format!("{code}  "));
    page.paragraph(&lead, &placed(code), Color::Faint)?;
    section("WHAT IT MEANS", code.means(), &mut page)?;
    section("WHAT SHOWS IT", code.evidence(), &mut page)?;
    section("WHAT WOULD PROVE IT WRONG", &falsifier(code), &mut page)?;
    remedies(code, &mut page)?;
    section("MORE", &code.docs(), &mut page)
}

fn placed(code: Code) -> String {
    let accuses = matches!(code.outcome(), Outcome::Blocked | Outcome::Degraded);
    let place = format!("stage {}, as a rule {}", code.stage(), code.outcome());
    if accuses {
        return format!("{place}, by: {}", code.who());
    }
    place
}

fn falsifier(code: Code) -> String {
    format!("This would be wrong if {}.", code.wrong_if())
}

fn section(title: &str, text: &str, page: &mut Page<'_>) -> io::Result<()> {
    page.title(title)?;
    page.paragraph(&Lead::indent(2), text, Color::Plain)
}

fn remedies(code: Code, page: &mut Page<'_>) -> io::Result<()> {
    let remedies = Remedy::for_code(code);
    if remedies.is_empty() {
        let reason = remedy::none_reason(code).unwrap_or("No remedy is known.");
        return section("WHAT TO DO", reason, page);
    }
    page.title("WHAT TO DO")?;
    remedies
        .iter()
        .enumerate()
        .try_for_each(|(position, remedy)| one_remedy(position + 1, remedy, page))
}

fn one_remedy(number: usize, remedy: &Remedy, page: &mut Page<'_>) -> io::Result<()> {
    let lead = Lead::indent(2).then(page.style, Color::Title, &format!("{number}. "));
    let under = lead.width();
    let title = format!("{} ({})", remedy.title, remedy.audience);
    page.paragraph(&lead, &title, Color::Title)?;
    page.paragraph(&Lead::indent(under), &remedy.why, Color::Plain)?;
    for action in &remedy.actions {
        let bullet = Lead::indent(under).then(page.style, Color::Plain, "- ");
        page.paragraph(&bullet, &action.to_string(), Color::Plain)?;
    }
    let source = format!("source: {}", remedy.sources.join("; "));
    page.paragraph(&Lead::indent(under), &source, Color::Faint)
}

//! The state of a device, for people and for programs.

mod words;

use std::io;

use crate::formats::json::document;
use crate::formats::layout::{Lead, Page};
use crate::formats::style::{Color, TextStyle};
use reach365_judge::remedy::ActivationError;
use reach365_model::device::{DeviceState, NamedValue, Pc, ProxyView, TokenAttempt};

/// The column at which the text of a line begins.
const COLUMN: usize = 20;

/// Writes the state: what it comes down to first, then the facts.
///
/// # Errors
/// What `out` reports.
pub fn device(state: &DeviceState, style: &TextStyle, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page::new(style, out);
    page.paragraph(&Lead::indent(0), &words::headline(state), Color::Title)?;
    belonging(state, &mut page)?;
    token(state, &mut page)?;
    joining(state, &mut page)?;
    errors(state, &mut page)?;
    if let Some(pc) = &state.pc {
        facts_of_pc(pc, &mut page)?;
    }
    notes(state, &mut page)
}

/// Writes the state as one JSON document, which [`reach365_judge::device::from_json`] reads.
///
/// # Errors
/// What `out` reports.
pub fn device_json(state: &DeviceState, out: &mut dyn io::Write) -> io::Result<()> {
    document(state, out)
}

fn belonging(state: &DeviceState, page: &mut Page<'_>) -> io::Result<()> {
    let identity = &state.identity;
    let rows = [
        ("join", Some(state.join.name().to_owned())),
        ("registered", state.registered.map(words::yes_no)),
        ("managed", Some(words::managed(state).to_owned())),
        ("domain", state.domain.clone()),
        ("tenant", words::tenant(state)),
        ("device id", identity.device_id.clone()),
        ("authentication", identity.authentication.clone()),
        ("key", words::key(identity)),
        ("certificate", words::certificate(identity)),
        (
            "dsregcmd ran as",
            state.context.map(|it| it.name().to_owned()),
        ),
        ("clock", state.client_time.map(words::time)),
    ];
    section("DEVICE", rows, page)
}

fn token(state: &DeviceState, page: &mut Page<'_>) -> io::Result<()> {
    let token = &state.token;
    let expired = if token.expired == Some(true) {
        ", expired"
    } else {
        ""
    };
    let rows = [
        ("token", token.present.map(words::yes_no)),
        ("renewed", token.updated.map(words::time)),
        (
            "holds until",
            token.expires.map(|time| words::time(time) + expired),
        ),
    ];
    section("PRIMARY REFRESH TOKEN", rows, page)?;
    token
        .attempts
        .iter()
        .try_for_each(|attempt| one_attempt(attempt, page))
}

fn one_attempt(attempt: &TokenAttempt, page: &mut Page<'_>) -> io::Result<()> {
    let what = if attempt.renews { "renewal" } else { "attempt" };
    let when = attempt
        .time
        .map_or_else(|| "at no known time".to_owned(), words::time);
    row(what, &format!("{when}: {}", words::attempt(attempt)), page)?;
    let rows = [
        ("credential", attempt.credential.clone()),
        ("asked at", attempt.endpoint.clone()),
        ("server says", attempt.server_message.clone()),
        ("correlation id", attempt.correlation_id.clone()),
    ];
    known_rows(rows, page)
}

fn joining(state: &DeviceState, page: &mut Page<'_>) -> io::Result<()> {
    let join = &state.diagnostics;
    let tests = join
        .tests()
        .map(|(name, test)| (name, Some(test.text.clone())));
    let rows = [
        ("last tried", join.previous_registration.map(words::time)),
        ("way", join.registration_type.clone()),
        ("failed in phase", join.error_phase.clone()),
        (
            "client error",
            join.client_error.as_ref().map(|number| number.text.clone()),
        ),
        ("server error", join.server_error.clone()),
        ("server says", join.server_message.clone()),
        (
            "HTTP status",
            join.https_status.map(|status| status.to_string()),
        ),
    ];
    section("TESTS OF JOINING", tests.chain(rows), page)
}

/// What the numbers mean that the device reported.
fn errors(state: &DeviceState, page: &mut Page<'_>) -> io::Result<()> {
    let errors = ActivationError::of_device(state);
    if errors.is_empty() {
        return Ok(());
    }
    page.title("WHAT THE NUMBERS MEAN")?;
    for error in errors {
        row(&error.text(), &error.means(), page)?;
    }
    let next = "`reach365 fix plan 0xERROR --device FILE` orders what to do.";
    page.paragraph(&Lead::indent(2), next, Color::Faint)
}

fn facts_of_pc(pc: &Pc, page: &mut Page<'_>) -> io::Result<()> {
    let services = pc.services.iter().map(|service| {
        let remark = service.remark().map(|remark| format!(" ({remark})"));
        let words = format!("{}{}", service.state.name(), remark.unwrap_or_default());
        (service.name.as_str(), Some(words))
    });
    section("SERVICES", services, page)?;
    section("CONNECTIONS", words::connections(pc), page)?;
    let (ncsi, other): (Vec<_>, Vec<_>) = pc.registry.iter().partition(|value| value.is_ncsi());
    values("CONNECTION TEST OF WINDOWS (NCSI)", &ncsi, page)?;
    values("OTHER REGISTRY VALUES", &other, page)?;
    page.title("PROXY SETTINGS")?;
    if pc.proxies.is_empty() {
        page.paragraph(&Lead::indent(2), "none were found", Color::Plain)?;
    }
    pc.proxies.iter().try_for_each(|view| proxies(view, page))
}

fn values(title: &str, values: &[&NamedValue], page: &mut Page<'_>) -> io::Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    page.title(title)?;
    let mut key = "";
    for value in values {
        if value.key != key {
            page.paragraph(&Lead::indent(2), &value.key, Color::Faint)?;
            key = &value.key;
        }
        let text = format!("{} = {}", value.name, value.value);
        page.paragraph(&Lead::indent(4), &text, Color::Plain)?;
    }
    Ok(())
}

fn proxies(view: &ProxyView, page: &mut Page<'_>) -> io::Result<()> {
    row(&view.kind, &words::proxies(view), page)?;
    view.notes.iter().try_for_each(|note| row("", note, page))
}

fn notes(state: &DeviceState, page: &mut Page<'_>) -> io::Result<()> {
    let missing = state
        .pc
        .as_ref()
        .and_then(|pc| words::no_status(pc.dsregcmd));
    let notes: Vec<&str> = missing
        .into_iter()
        .chain(state.notes.iter().map(String::as_str))
        .collect();
    if notes.is_empty() {
        return Ok(());
    }
    page.title("NOTES")?;
    for note in notes {
        let bullet = Lead::indent(2).then(page.style, Color::Plain, "- ");
        page.paragraph(&bullet, note, Color::Plain)?;
    }
    Ok(())
}

/// A title and the lines with a known value; nothing where there are none.
fn section<'a>(
    title: &str,
    rows: impl IntoIterator<Item = (&'a str, Option<String>)>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let rows: Vec<_> = rows
        .into_iter()
        .filter(|(_, words)| words.is_some())
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    page.title(title)?;
    known_rows(rows, page)
}

fn known_rows<'a>(
    rows: impl IntoIterator<Item = (&'a str, Option<String>)>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let known = rows
        .into_iter()
        .filter_map(|(name, words)| Some((name, words?)));
    known
        .into_iter()
        .try_for_each(|(name, words)| row(name, &words, page))
}

fn row(name: &str, words: &str, page: &mut Page<'_>) -> io::Result<()> {
    let name = reach365_model::endpoint::printable(name);
    let lead = Lead::indent(2).then(page.style, Color::Plain, &name);
    let column = COLUMN.max(lead.width() + 1);
    page.paragraph(&lead.up_to(column), words, Color::Plain)
}

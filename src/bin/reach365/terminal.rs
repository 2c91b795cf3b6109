//! What the terminal can show.

use std::io::{self, IsTerminal};
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use reach365_render::formats::TextStyle;

use crate::cli::Color;

/// The style of text that goes to `file`, or to standard output.
pub(crate) fn style(color: Color, file: Option<&Path>) -> TextStyle {
    let mut text_style = TextStyle::default();
    text_style.width = width(file);
    text_style.color = colored(color, file);
    text_style.unicode = unicode(file);
    text_style
}

fn width(file: Option<&Path>) -> usize {
    let on_terminal = file.is_none() && io::stdout().is_terminal();
    on_terminal
        .then(terminal_size::terminal_size)
        .flatten()
        .map_or(TextStyle::default().width, |(width, _)| width.0.into())
}

fn colored(color: Color, file: Option<&Path>) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if file.is_some() => false,
        Color::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
    }
}

/// Whether the locale, or a terminal that is known to, supports more than ASCII. A Windows shell
/// decodes a pipe in the code page of the console, whatever the terminal is.
fn unicode(file: Option<&Path>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    let utf8 = locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    let piped = file.is_none() && !io::stdout().is_terminal();
    utf8 || (!piped && std::env::var_os("WT_SESSION").is_some())
}

//! The text of `dsregcmd /status` into sections and fields, all of them kept.

use reach365_model::device::{DsregStatus, Field, Section};
use reach365_model::endpoint::quoted;
use reach365_model::error::Error;

use super::known;

/// Fields that are taken at most; a genuine output has about one hundred.
const FIELDS: usize = 10_000;
/// A console of this width, the narrowest that Windows has, breaks longer lines.
const CONSOLE: usize = 80;

/// Reads the text of `dsregcmd /status`. It may be cut off, and its boxes may be damaged.
///
/// # Errors
/// Where no field of `dsregcmd` is in it, or far too many lines.
pub fn parse(text: &str) -> Result<DsregStatus, Error> {
    let mut reader = Reader::default();
    for line in text.lines() {
        reader.line(line);
        if reader.fields > FIELDS {
            return Err(Error::Device(format!(
                "more than {FIELDS} fields, which no output of dsregcmd has"
            )));
        }
    }
    let status = reader.finish();
    let genuine = status
        .fields()
        .any(|(_, field)| known::is_known(&field.key));
    if genuine {
        Ok(status)
    } else {
        Err(foreign(text))
    }
}

fn foreign(text: &str) -> Error {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty());
    let begins = match first {
        Some(line) => format!("it begins with {}", quoted(line)),
        None => "it is empty".to_owned(),
    };
    Error::Device(format!(
        "this is not the output of dsregcmd /status: {begins} and has none of its fields; make one on \
         the PC with: dsregcmd /status > device.txt"
    ))
}

/// What a line is.
enum Line<'a> {
    Blank,
    Border,
    Title(&'a str),
    Field(&'a str, &'a str),
    Other(&'a str),
}

/// The field that a line without a separator may go on with.
struct Open {
    indented: bool,
    /// Whether the line was as long as a console and ended within a word.
    full: bool,
}

#[derive(Default)]
struct Reader {
    sections: Vec<Section>,
    current: Section,
    fields: usize,
    open: Option<Open>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let indented = line.starts_with(char::is_whitespace);
        let full = line.chars().count() >= CONSOLE && !line.ends_with(char::is_whitespace);
        match self.classify(line, indented) {
            Line::Blank | Line::Border => self.open = None,
            Line::Title(title) => self.begin(title),
            Line::Field(key, value) => {
                self.push(key, value);
                self.open = Some(Open { indented, full });
            }
            Line::Other(text) => self.go_on(text, full),
        }
    }

    fn classify<'a>(&self, line: &'a str, indented: bool) -> Line<'a> {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            return Line::Blank;
        }
        if let Some(inside) = trimmed.strip_prefix('|') {
            return Line::Title(inside.trim_end_matches('|').trim());
        }
        if trimmed.contains("--") && !trimmed.contains(char::is_alphanumeric) {
            return Line::Border;
        }
        match separated(trimmed) {
            Some((key, value, clear)) if clear || !self.within_value(key, indented) => {
                Line::Field(key, value)
            }
            _ => Line::Other(trimmed),
        }
    }

    /// Messages of a server have lines such as `Trace ID: …`. They stand at the left edge, where
    /// dsregcmd itself writes nothing.
    fn within_value(&self, key: &str, indented: bool) -> bool {
        let below_field = self.open.as_ref().is_some_and(|open| open.indented);
        below_field && !indented && !known::is_known(key)
    }

    fn begin(&mut self, title: &str) {
        let next = Section {
            title: title.to_owned(),
            fields: Vec::new(),
        };
        let before = std::mem::replace(&mut self.current, next);
        self.push_section(before);
        self.open = None;
    }

    fn push_section(&mut self, section: Section) {
        if !section.title.is_empty() || !section.fields.is_empty() {
            self.sections.push(section);
        }
    }

    fn push(&mut self, key: &str, value: &str) {
        self.fields += 1;
        self.current.fields.push(Field {
            key: key.to_owned(),
            value: value.to_owned(),
        });
    }

    /// Adds a line to the value above it. What was broken within a word is put together again.
    fn go_on(&mut self, text: &str, full: bool) {
        let (Some(open), Some(field)) = (&mut self.open, self.current.fields.last_mut()) else {
            return;
        };
        let one_word = !field.value.contains(char::is_whitespace);
        if !open.full && !one_word {
            field.value.push(' ');
        }
        field.value.push_str(text);
        open.full = full;
    }

    fn finish(mut self) -> DsregStatus {
        let last = std::mem::take(&mut self.current);
        self.push_section(last);
        DsregStatus {
            sections: self.sections,
        }
    }
}

/// Key and value of a line, and whether the separator is the usual ` : `.
fn separated(line: &str) -> Option<(&str, &str, bool)> {
    let (before, after) = line.split_once(':')?;
    let key = before.trim();
    if key.is_empty() {
        return None;
    }
    let spaced = after.is_empty() || after.starts_with(char::is_whitespace);
    if !spaced && !after.starts_with(':') && !known::is_known(key) {
        return None;
    }
    // `KeySignTest: : MUST Run elevated to test.`
    let value = after.trim_start();
    let value = match value.strip_prefix(':') {
        Some(rest) if rest.is_empty() || rest.starts_with(char::is_whitespace) => rest,
        _ => value,
    };
    let clear = spaced && before.ends_with(char::is_whitespace);
    Some((key, value.trim(), clear))
}

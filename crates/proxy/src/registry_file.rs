//! Exported registry files (`.reg`), as `regedit` and `reg export` write them: UTF-16 with a byte
//! order mark, UTF-8 or single bytes; `Windows Registry Editor Version 5.00` or `REGEDIT4`.

use std::borrow::Cow;
use std::fmt;

use crate::hex;
use crate::registry::{Registry, RegistryValue};
use crate::safe_text::quoted;
use crate::text;

/// Exports of whole hives are larger, and should not be sent.
const LIMIT: usize = 16 << 20;

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryFileError {
    /// The line, the first is 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for RegistryFileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for RegistryFileError {}

/// Reads a file.
///
/// # Errors
/// The first line that is none of a registry file.
pub fn parse(bytes: &[u8]) -> Result<Registry, RegistryFileError> {
    let text = decode(bytes)?;
    let mut lines = Lines::new(&text);
    let wide = header(&mut lines)?;
    let mut file = File {
        registry: Registry::default(),
        key: None,
        wide,
    };
    while let Some(line) = lines.logical() {
        file.line(&line, &mut lines)
            .map_err(|message| lines.error(message))?;
    }
    Ok(file.registry)
}

fn decode(bytes: &[u8]) -> Result<String, RegistryFileError> {
    if bytes.len() > LIMIT {
        let message = format!("the file is larger than {} MiB", LIMIT >> 20);
        return Err(RegistryFileError { line: 1, message });
    }
    Ok(text::decode(bytes).map_or_else(|| latin_1(bytes), Cow::into_owned))
}

fn single_bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => latin_1(bytes),
    }
}

fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Whether texts in hexadecimal are UTF-16.
fn header(lines: &mut Lines<'_>) -> Result<bool, RegistryFileError> {
    let first = lines.logical().unwrap_or_default();
    match first.trim() {
        "Windows Registry Editor Version 5.00" => Ok(true),
        "REGEDIT4" => Ok(false),
        _ => Err(lines.error(
            "not a registry file: it begins with `Windows Registry Editor Version 5.00` or `REGEDIT4`"
                .to_owned(),
        )),
    }
}

/// The lines of the file, with their numbers.
struct Lines<'a> {
    rest: std::str::Lines<'a>,
    /// The last line that was taken.
    number: usize,
    /// Where the logical line begins.
    start: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.lines(),
            number: 0,
            start: 1,
        }
    }

    fn next(&mut self) -> Option<&'a str> {
        let line = self.rest.next()?;
        self.number += 1;
        Some(line)
    }

    /// The next line that says something, joined with those that continue it.
    fn logical(&mut self) -> Option<String> {
        loop {
            let first = self.next()?.trim_start();
            self.start = self.number;
            if first.trim_end().is_empty() || first.starts_with(';') {
                continue;
            }
            let mut line = first.to_owned();
            while is_continued(&line) {
                let Some(next) = self.next() else {
                    return Some(line);
                };
                line.truncate(line.trim_end().len() - 1);
                line.push_str(next.trim_start());
            }
            return Some(line);
        }
    }

    fn error(&self, message: String) -> RegistryFileError {
        RegistryFileError {
            line: self.start,
            message,
        }
    }
}

/// Hexadecimal data goes on in the next line after a backslash; texts end in a quote.
fn is_continued(line: &str) -> bool {
    let line = line.trim_end();
    line.ends_with('\\') && !line.starts_with('[') && line.contains("=hex")
}

struct File {
    registry: Registry,
    key: Option<String>,
    wide: bool,
}

impl File {
    fn line(&mut self, line: &str, lines: &mut Lines<'_>) -> Result<(), String> {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix('[') {
            return self.key_line(rest);
        }
        let Some(key) = self.key.clone() else {
            return Err(format!("{} stands below no key", quoted(line)));
        };
        let (name, data) = name_and_data(line)?;
        if data == "-" {
            self.registry.remove(&key, &name);
            return Ok(());
        }
        let value = self.value(data, lines)?;
        self.registry.insert(&key, &name, value);
        Ok(())
    }

    fn key_line(&mut self, rest: &str) -> Result<(), String> {
        let Some(key) = rest.strip_suffix(']') else {
            return Err("the name of the key has no closing bracket".to_owned());
        };
        if let Some(deleted) = key.strip_prefix('-') {
            self.registry.remove_key(deleted);
            self.key = None;
            return Ok(());
        }
        if !key.to_ascii_uppercase().starts_with("HK") {
            return Err(format!("{} is the name of no key", quoted(key)));
        }
        self.registry.insert_key(key);
        self.key = Some(key.to_owned());
        Ok(())
    }

    fn value(&self, data: &str, lines: &mut Lines<'_>) -> Result<RegistryValue, String> {
        if let Some(rest) = data.strip_prefix('"') {
            return long_text(rest, lines).map(RegistryValue::Text);
        }
        if let Some(digits) = strip_word(data, "dword:") {
            return number(digits);
        }
        let Some((kind, digits)) = hex_kind(data) else {
            return Err(format!("{} is the data of no known type", quoted(data)));
        };
        let bytes = if digits.trim().is_empty() {
            Vec::new()
        } else {
            hex::decode(digits)?
        };
        Ok(self.typed(kind, bytes))
    }

    fn typed(&self, kind: u32, bytes: Vec<u8>) -> RegistryValue {
        match kind {
            1 | 2 if !self.wide => RegistryValue::Text(without_nul(&single_bytes(&bytes))),
            _ => RegistryValue::from_bytes(kind, bytes),
        }
    }
}

/// Splits `"name"=data` and `@=data`.
fn name_and_data(line: &str) -> Result<(String, &str), String> {
    if let Some(data) = line.strip_prefix("@=") {
        return Ok((String::new(), data.trim()));
    }
    let wrong = || format!("{} is no value", quoted(line));
    let rest = line.strip_prefix('"').ok_or_else(wrong)?;
    let (name, after) = quoted_text(rest).ok_or_else(wrong)?;
    let data = after.trim_start().strip_prefix('=').ok_or_else(wrong)?;
    Ok((name, data.trim()))
}

/// The text up to the closing quote, and what follows; `None` where the quote is missing.
fn quoted_text(text: &str) -> Option<(String, &str)> {
    let mut read = String::new();
    let after = read_quoted(text, &mut read)?;
    Some((read, after))
}

/// Appends the text up to the closing quote and returns what follows; `None` where the
/// quote is missing.
fn read_quoted<'a>(text: &'a str, read: &mut String) -> Option<&'a str> {
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some(&text[at + 1..]),
            '\\' => read.extend(characters.next().map(|(_, escaped)| escaped)),
            other => read.push(other),
        }
    }
    None
}

/// A text may have line ends in it; the file has them as they are.
fn long_text(first: &str, lines: &mut Lines<'_>) -> Result<String, String> {
    let mut text = String::new();
    let mut line = first;
    loop {
        if let Some(after) = read_quoted(line, &mut text) {
            return match after.trim() {
                "" => Ok(text),
                more => Err(format!("{} follows the text", quoted(more))),
            };
        }
        text.push('\n');
        line = lines
            .next()
            .ok_or_else(|| "the text has no closing quote".to_owned())?;
    }
}

fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let start = text.get(..word.len())?;
    start
        .eq_ignore_ascii_case(word)
        .then(|| &text[word.len()..])
}

fn number(digits: &str) -> Result<RegistryValue, String> {
    let digits = digits.trim();
    let valid = digits.len() <= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match u32::from_str_radix(digits, 16) {
        Ok(number) if valid => Ok(RegistryValue::Number(number)),
        _ => Err(format!(
            "{} is no number of eight hexadecimal digits",
            quoted(digits)
        )),
    }
}

/// The type of `hex:` (binary) or `hex(7):`, and the digits.
fn hex_kind(data: &str) -> Option<(u32, &str)> {
    let rest = strip_word(data, "hex")?;
    if let Some(digits) = rest.strip_prefix(':') {
        return Some((3, digits));
    }
    let (kind, digits) = rest.strip_prefix('(')?.split_once("):")?;
    Some((u32::from_str_radix(kind, 16).ok()?, digits))
}

fn without_nul(text: &str) -> String {
    text.split('\0').next().unwrap_or_default().to_owned()
}

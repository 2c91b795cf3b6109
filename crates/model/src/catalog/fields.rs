//! Reads the keys of one table; what does not fit is noted and reading goes on.

use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::mistakes::Mistakes;
use crate::endpoint::{is_unsafe_to_print, quoted};

/// One table of a list with the mistakes of that list.
pub(crate) struct Fields<'a, 'm, 't> {
    table: &'a DeTable<'a>,
    /// Where the table begins: the place of what is missing in it.
    span: Range<usize>,
    mistakes: &'m mut Mistakes<'t>,
}

impl<'a, 'm, 't> Fields<'a, 'm, 't> {
    /// Opens a table; every key that is not allowed in it is noted.
    pub(crate) fn open(
        table: &'a DeTable<'a>,
        span: Range<usize>,
        allowed: &[&str],
        mistakes: &'m mut Mistakes<'t>,
    ) -> Self {
        for (key, _) in table {
            if !allowed.contains(&key.get_ref().as_ref()) {
                mistakes.add(&key.span(), unknown_key(key.get_ref(), allowed));
            }
        }
        Self {
            table,
            span,
            mistakes,
        }
    }

    /// Opens the tables of an array of tables; one that is not a table is noted.
    pub(crate) fn rows(&mut self, key: &str) -> Vec<(&'a DeTable<'a>, Range<usize>)> {
        let Some(value) = self.table.get(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            let hint = format!("an array of tables: write `[[{key}]]` above each entry");
            self.wrong_type(key, value, &hint);
            return Vec::new();
        };
        let mut rows = Vec::with_capacity(array.len());
        for row in array {
            match row.get_ref().as_table() {
                Some(table) => rows.push((table, row.span())),
                None => self.wrong_type(key, row, "a table"),
            }
        }
        rows
    }

    /// The list's mistakes, for the reader of this table.
    pub(crate) fn mistakes(&mut self) -> &mut Mistakes<'t> {
        self.mistakes
    }

    /// Where the value of a key stands, or the table where the key is missing.
    pub(crate) fn span_of(&self, key: &str) -> Range<usize> {
        self.table
            .get(key)
            .map_or_else(|| self.span.clone(), Spanned::span)
    }

    /// Notes a mistake at the value of a key.
    pub(crate) fn reject(&mut self, key: &str, message: String) {
        let span = self.span_of(key);
        self.mistakes.add(&span, message);
    }

    /// Notes a required key that is missing.
    pub(crate) fn require(&mut self, key: &str) {
        if !self.table.contains_key(key) {
            let message = format!("the key `{key}` is missing");
            self.mistakes.add(&self.span.clone(), message);
        }
    }

    /// Notes an array that is there and has nothing in it.
    pub(crate) fn require_items(&mut self, key: &str) {
        let value = self.table.get(key).map(Spanned::get_ref);
        if value
            .and_then(DeValue::as_array)
            .is_some_and(|array| array.is_empty())
        {
            self.reject(key, format!("`{key}` is empty"));
        }
    }

    /// Reads one line of text for people.
    pub(crate) fn line(&mut self, key: &str) -> Option<String> {
        self.read(key, |text| {
            if text.chars().any(is_unsafe_to_print) {
                return Err(format!("{} has a control character", quoted(text)));
            }
            Ok(text.to_owned())
        })
    }

    /// Reads a string and makes something of it; the error is a whole sentence.
    pub(crate) fn read<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.table.get(key)?;
        self.read_value(key, value, &parse)
    }

    /// Reads an array of strings and makes something of each.
    pub(crate) fn read_each<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let array = self.array(key, "an array of strings")?;
        let mut items = Vec::new();
        for value in array {
            items.extend(self.read_value(key, value, &parse));
        }
        Some(items)
    }

    pub(crate) fn flag(&mut self, key: &str) -> Option<bool> {
        let value = self.table.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(key, value, "`true` or `false`");
        }
        flag
    }

    pub(crate) fn number(&mut self, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let value = self.table.get(key)?;
        self.number_value(key, value, range)
    }

    pub(crate) fn numbers(&mut self, key: &str, range: RangeInclusive<u32>) -> Option<Vec<u32>> {
        let array = self.array(key, "an array of whole numbers")?;
        let mut items = Vec::new();
        for value in array {
            items.extend(self.number_value(key, value, range.clone()));
        }
        Some(items)
    }

    /// The table below a key; something else is noted.
    pub(crate) fn table(&mut self, key: &str) -> Option<&'a DeTable<'a>> {
        let value = self.table.get(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(key, value, "a table");
        }
        table
    }

    /// The value as it stands, for keys that may be of several types.
    pub(crate) fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(key)
    }

    fn array(&mut self, key: &str, wanted: &str) -> Option<&'a DeArray<'a>> {
        let value = self.table.get(key)?;
        let array = value.get_ref().as_array();
        if array.is_none() {
            self.wrong_type(key, value, wanted);
        }
        array
    }

    fn read_value<T>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        parse: &impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(key, value, "a string");
            return None;
        };
        parse(text)
            .map_err(|message| {
                let message = format!("`{key}`: {message}");
                self.mistakes.add(&value.span(), message);
            })
            .ok()
    }

    fn number_value(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let Some(digits) = value.get_ref().as_integer() else {
            self.wrong_type(key, value, "a whole number");
            return None;
        };
        let number = i64::from_str_radix(digits.as_str(), digits.radix())
            .ok()
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| range.contains(number));
        if number.is_none() {
            let shown = quoted(digits.as_str());
            let (first, last) = (range.start(), range.end());
            self.mistakes.add(
                &value.span(),
                format!("`{key}`: {shown} is not between {first} and {last}"),
            );
        }
        number
    }

    pub(crate) fn wrong_type(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = with_article(value.get_ref());
        self.mistakes.add(
            &value.span(),
            format!("`{key}` is {found}; it must be {wanted}"),
        );
    }
}

/// The sentence for an unknown key.
pub(crate) fn unknown_key(key: &str, allowed: &[&str]) -> String {
    let shown = quoted(key);
    format!("unknown key {shown}; allowed here: {}", allowed.join(", "))
}

fn with_article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// A parser for values that are one word of a few.
pub(crate) fn one_of<T: Copy>(
    choices: &'static [(&'static str, T)],
) -> impl Fn(&str) -> Result<T, String> {
    move |text| {
        choices
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value)
            .ok_or_else(|| format!("{} is unknown; allowed: {}", quoted(text), names(choices)))
    }
}

fn names<T>(choices: &[(&str, T)]) -> String {
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

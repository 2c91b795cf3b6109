//! A whole list: the tables on its top level, and what they say together.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use toml::de::DeTable;

use super::entry;
use super::fields::{Fields, one_of};
use super::mistakes::{Mistakes, without_place};
use super::tables::{read_set, read_wildcard};
use super::{Catalog, ENTRY_LIMIT, Place, TEXT_LIMIT};
use crate::endpoint::{Endpoint, printable};
use crate::error::Error;

const KEYS: &[&str] = &["extends", "endpoints", "sets", "wildcards"];

type Row<'a> = (&'a DeTable<'a>, Range<usize>);

/// Reads a list, which may extend the built-in one.
pub(super) fn read(file: &str, text: &str, builtin: &Catalog) -> Result<Catalog, Error> {
    if text.len() > TEXT_LIMIT {
        let message = format!(
            "the list has {} bytes; {TEXT_LIMIT} are the limit",
            text.len()
        );
        return Err(Error::Catalog(vec![without_place(file, message)]));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut mistakes = Mistakes::new(file, text);
    let catalog = match DeTable::parse(text) {
        Ok(table) => read_tables(file, table.get_ref(), &mut mistakes, builtin),
        Err(error) => {
            let span = error.span().unwrap_or_default();
            mistakes.add(&span, printable(error.message()));
            Catalog::default()
        }
    };
    if !mistakes.is_empty() {
        return Err(mistakes.into_error());
    }
    if catalog.endpoints.is_empty() {
        let message = "the list has no `[[endpoints]]`".to_owned();
        return Err(Error::Catalog(vec![without_place(file, message)]));
    }
    Ok(catalog)
}

fn read_tables(
    file: &str,
    table: &DeTable<'_>,
    mistakes: &mut Mistakes<'_>,
    builtin: &Catalog,
) -> Catalog {
    const BASES: &[(&str, ())] = &[("builtin", ())];
    let top = &mut Fields::open(table, 0..0, KEYS, mistakes);
    let extends = top.read("extends", one_of(BASES)).is_some();
    let base = if extends {
        builtin.clone()
    } else {
        Catalog {
            known: Arc::clone(&builtin.known),
            ..Catalog::default()
        }
    };
    let endpoints = rows(top, "endpoints");
    let sets = rows(top, "sets");
    let wildcards = rows(top, "wildcards");
    let mut list = List {
        file: Arc::from(printable(file)),
        catalog: base,
        mistakes,
    };
    list.add_endpoints(endpoints);
    list.add_sets(sets);
    list.add_wildcards(wildcards);
    list.catalog
}

/// The tables of one array of tables, unless there are too many to read them.
fn rows<'a>(top: &mut Fields<'a, '_, '_>, key: &str) -> Vec<Row<'a>> {
    let mut rows = top.rows(key);
    if let Some((_, span)) = rows.get(ENTRY_LIMIT) {
        let message = format!("`{key}` has more than {ENTRY_LIMIT} entries");
        top.mistakes().add(span, message);
        rows.clear();
    }
    rows
}

/// A catalog while the tables of one file are added to it.
struct List<'m, 't> {
    file: Arc<str>,
    catalog: Catalog,
    mistakes: &'m mut Mistakes<'t>,
}

impl List<'_, '_> {
    fn add_endpoints(&mut self, rows: Vec<Row<'_>>) {
        let mut index = self.index();
        let mut lines: HashMap<String, usize> = HashMap::new();
        for (table, span) in rows {
            let Some(endpoint) = entry::read(table, span.clone(), self.mistakes) else {
                continue;
            };
            let place = self.place(&span);
            if let Some(first) = lines.get(&endpoint.id) {
                self.reject_second(table, span, &endpoint.id, *first);
                continue;
            }
            lines.insert(endpoint.id.clone(), place.line);
            self.put(endpoint, place, &mut index);
        }
    }

    fn reject_second(&mut self, table: &DeTable<'_>, span: Range<usize>, id: &str, first: usize) {
        let span = table.get("id").map_or(span, toml::Spanned::span);
        let message = format!("the id `{id}` is taken already, in line {first}");
        self.mistakes.add(&span, message);
    }

    /// Adds an entry, or puts it in the place of the one with the same id.
    fn put(&mut self, endpoint: Endpoint, place: Place, index: &mut HashMap<String, usize>) {
        if let Some(at) = index.get(&endpoint.id) {
            self.catalog.endpoints[*at] = endpoint;
            self.catalog.places[*at] = place;
            return;
        }
        index.insert(endpoint.id.clone(), self.catalog.endpoints.len());
        self.catalog.endpoints.push(endpoint);
        self.catalog.places.push(place);
    }

    fn add_sets(&mut self, rows: Vec<Row<'_>>) {
        let mut seen = HashSet::new();
        for (table, span) in rows {
            let Some((key, set)) = read_set(table, span.clone(), self.mistakes) else {
                continue;
            };
            if !seen.insert(key) {
                let message = format!("set {} of cloud `{}` is given twice", key.0, key.1);
                self.mistakes.add(&span, message);
            }
            self.catalog.sets.insert(key, set);
        }
    }

    fn add_wildcards(&mut self, rows: Vec<Row<'_>>) {
        for (table, span) in rows {
            let place = self.place(&span);
            if let Some(wildcard) = read_wildcard(table, span, self.mistakes) {
                self.catalog.wildcards.push(wildcard);
                self.catalog.wildcard_places.push(place);
            }
        }
    }

    fn index(&self) -> HashMap<String, usize> {
        let ids = self.catalog.endpoints.iter().enumerate();
        ids.map(|(at, endpoint)| (endpoint.id.clone(), at))
            .collect()
    }

    fn place(&self, span: &Range<usize>) -> Place {
        Place {
            file: Arc::clone(&self.file),
            line: self.mistakes.line_of(span.start),
        }
    }
}

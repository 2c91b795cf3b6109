//! JSON -> [`PublishedList`]. A wrong type refuses the file; a name or an address that cannot be one
//! is left out with a note.

use std::collections::HashSet;
use std::hash::Hash;
use std::ops::Range;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{PUBLISHED_LIMIT, Pattern, Ports, PublishedList, PublishedSet, plausible};
use crate::catalog::ENTRY_LIMIT;
use crate::catalog::mistakes::{Mistakes, without_place};
use crate::endpoint::{Category, printable, quoted};
use crate::error::Error;
use reach365_proxy::text;

/// Notes that are kept; the rest is counted.
const NOTES: usize = 50;

/// A set as it comes. Fields that are not needed here are skipped, known or not.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSet {
    id: u32,
    #[serde(default)]
    service_area: Option<String>,
    #[serde(default)]
    urls: Option<Vec<String>>,
    #[serde(default)]
    ips: Option<Vec<String>>,
    #[serde(default)]
    tcp_ports: Option<String>,
    #[serde(default)]
    udp_ports: Option<String>,
    category: RawCategory,
    #[serde(default)]
    required: Option<bool>,
    #[serde(default)]
    express_route: Option<bool>,
    #[serde(default)]
    notes: Option<String>,
}

impl RawSet {
    fn items(&self) -> usize {
        let count = |list: &Option<Vec<String>>| list.as_ref().map_or(0, Vec::len);
        1 + count(&self.urls) + count(&self.ips)
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct RawCategory(Category);

impl TryFrom<String> for RawCategory {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "Optimize" => Ok(Self(Category::Optimize)),
            "Allow" => Ok(Self(Category::Allow)),
            "Default" => Ok(Self(Category::Default)),
            _ => Err(format!(
                "{} is no category; known: Optimize, Allow, Default",
                quoted(&text)
            )),
        }
    }
}

impl PublishedList {
    /// Reads the answer of the `endpoints` method. `file_name` appears in messages only.
    ///
    /// # Errors
    /// [`Error::Catalog`] with line, column and the line itself where the text is not such an
    /// answer, has a wrong type in it, or is larger than [`PUBLISHED_LIMIT`] or [`ENTRY_LIMIT`].
    pub fn parse(file_name: &str, bytes: &[u8]) -> Result<Self, Error> {
        let raw: Vec<RawSet> = json(file_name, bytes)?;
        let items = raw.iter().map(RawSet::items).sum::<usize>();
        if items > ENTRY_LIMIT {
            let why = format!("{items} names and ranges; at most {ENTRY_LIMIT} are read");
            return Err(Error::Catalog(vec![without_place(file_name, why)]));
        }
        let mut notes = Notes::default();
        let sets: Vec<PublishedSet> = raw.into_iter().map(|set| read(set, &mut notes)).collect();
        plausible::total(sets.iter().flat_map(|set| &set.ips))
            .map_err(|why| Error::Catalog(vec![without_place(file_name, why)]))?;
        let mut seen = HashSet::new();
        for set in &sets {
            if !seen.insert(set.id) {
                notes.add(format!("set {} is there twice; both count", set.id));
            }
        }
        Ok(Self {
            sets,
            notes: notes.finish(),
        })
    }
}

/// Reads JSON of bounded size.
pub(super) fn json<T: DeserializeOwned>(file_name: &str, bytes: &[u8]) -> Result<T, Error> {
    let refuse = |why: String| Error::Catalog(vec![without_place(file_name, why)]);
    if bytes.len() > PUBLISHED_LIMIT {
        let limit = PUBLISHED_LIMIT >> 20;
        return Err(refuse(format!("larger than {limit} MiB")));
    }
    let text = text::decode(bytes);
    let text = text.ok_or_else(|| refuse("neither UTF-8 nor UTF-16 text".to_owned()))?;
    serde_json::from_str(&text).map_err(|error| placed(file_name, &text, &error))
}

fn placed(file_name: &str, text: &str, error: &serde_json::Error) -> Error {
    let mut mistakes = Mistakes::new(file_name, text);
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    let words: String = printable(words).chars().take(200).collect();
    let message = format!("not an answer of the endpoint service: {words}");
    mistakes.add(&place(text, error), message);
    mistakes.into_error()
}

/// Columns of the parser are bytes, counted from 1.
fn place(text: &str, error: &serde_json::Error) -> Range<usize> {
    let before = error.line().saturating_sub(1);
    let lines = text.split_inclusive('\n').take(before);
    let start: usize = lines.map(str::len).sum();
    let at = start + error.column().saturating_sub(1);
    at..at
}

fn read(raw: RawSet, notes: &mut Notes) -> PublishedSet {
    let id = raw.id;
    let tcp = ports(id, raw.tcp_ports.as_deref(), notes);
    let udp = ports(id, raw.udp_ports.as_deref(), notes);
    PublishedSet {
        id,
        service_area: short(raw.service_area),
        urls: each(id, raw.urls, Pattern::parse, notes),
        ips: each(id, raw.ips, plausible::range, notes),
        tcp,
        udp,
        category: raw.category.0,
        required: raw.required.unwrap_or_default(),
        express_route: raw.express_route.unwrap_or_default(),
        notes: short(raw.notes),
    }
}

fn short(text: Option<String>) -> String {
    let text = text.unwrap_or_default();
    printable(&text).chars().take(500).collect()
}

/// Every item once, in the order of the set; what cannot be read is noted.
fn each<T: Clone + Eq + Hash>(
    id: u32,
    texts: Option<Vec<String>>,
    parse: impl Fn(&str) -> Result<T, String>,
    notes: &mut Notes,
) -> Vec<T> {
    let mut seen = HashSet::new();
    let mut items = Vec::new();
    for text in texts.unwrap_or_default() {
        match parse(&text) {
            Ok(item) if seen.insert(item.clone()) => items.push(item),
            Ok(_) => {}
            Err(why) => notes.add(format!("set {id}: {why}; left out")),
        }
    }
    items
}

fn ports(id: u32, text: Option<&str>, notes: &mut Notes) -> Ports {
    let (ports, refused) = Ports::read(text.unwrap_or_default());
    for why in refused {
        notes.add(format!("set {id}: {why}; left out"));
    }
    ports
}

#[derive(Default)]
struct Notes {
    kept: Vec<String>,
    count: usize,
}

impl Notes {
    fn add(&mut self, note: String) {
        self.count += 1;
        if self.kept.len() < NOTES {
            self.kept.push(note);
        }
    }

    fn finish(mut self) -> Vec<String> {
        if self.count > self.kept.len() {
            let more = self.count - self.kept.len();
            self.kept.push(format!("and {more} more"));
        }
        self.kept
    }
}

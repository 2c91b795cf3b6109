//! What is known about error numbers: the two embedded tables.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::{ActivationError, Family, Network, Provenance};
use reach365_model::evidence::Stage;
use reach365_model::verdict::Code;

/// Families, patterns and single numbers.
const ERRORS: &str = include_str!("../../../data/activation_errors.toml");
/// Numbers and constants that Microsoft has withdrawn.
const WITHDRAWN: &str = include_str!("../../../data/withdrawn_2020.tsv");

/// Both tables.
pub(super) struct Table {
    rows: Rows,
    withdrawn: BTreeMap<u32, &'static str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Rows {
    family: Vec<FamilyRow>,
    winhttp: Vec<WinHttpRow>,
    status: Vec<StatusRow>,
    error: Vec<ErrorRow>,
    sign_in: Vec<SignInRow>,
}

/// What one entry says; fields that it leaves out come from the next entry.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Meaning {
    pub(super) means: Option<String>,
    pub(super) network: Option<Network>,
    pub(super) stages: Option<Vec<Stage>>,
    pub(super) codes: Option<Vec<Code>>,
    pub(super) group: Option<String>,
    pub(super) provenance: Option<Provenance>,
}

#[derive(Deserialize)]
pub(super) struct FamilyRow {
    id: Family,
    pub(super) label: String,
    #[serde(default)]
    patterns: Vec<Pattern>,
    pub(super) rule: String,
    #[serde(flatten)]
    pub(super) meaning: Meaning,
}

#[derive(Deserialize)]
struct WinHttpRow {
    low: Vec<u32>,
    name: Option<String>,
    #[serde(flatten)]
    meaning: Meaning,
}

#[derive(Deserialize)]
struct StatusRow {
    first: u32,
    last: Option<u32>,
    #[serde(flatten)]
    meaning: Meaning,
}

#[derive(Deserialize)]
struct ErrorRow {
    numbers: Vec<Pattern>,
    #[serde(default)]
    names: Vec<String>,
    family: Option<Family>,
    #[serde(flatten)]
    meaning: Meaning,
}

#[derive(Deserialize)]
struct SignInRow {
    numbers: Vec<u32>,
    #[serde(flatten)]
    meaning: Meaning,
}

/// Eight hexadecimal digits, some of them open.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Pattern {
    mask: u32,
    value: u32,
    any_severity: bool,
}

impl Table {
    /// The embedded tables, parsed once.
    pub(super) fn builtin() -> &'static Self {
        static TABLE: OnceLock<Table> = OnceLock::new();
        TABLE.get_or_init(|| Self {
            rows: toml::from_str(ERRORS).expect("the embedded table is parsed by a test"),
            withdrawn: WITHDRAWN.lines().filter_map(withdrawn_line).collect(),
        })
    }

    /// The family of a number of Windows; `None` where nothing is known about it.
    pub(super) fn family_of(&self, number: u32) -> Option<Family> {
        if super::wraps_winhttp(number) {
            return Some(Family::WinHttp);
        }
        if let Some(family) = self.error_row(number).and_then(|row| row.family) {
            return Some(family);
        }
        let mut families = self.rows.family.iter();
        let found = families.find(|row| row.patterns.iter().any(|it| it.matches(number)))?;
        Some(found.id)
    }

    pub(super) fn family(&self, family: Family) -> &FamilyRow {
        let mut families = self.rows.family.iter();
        families
            .find(|row| row.id == family)
            .expect("a test finds a row for every family")
    }

    pub(super) fn knows_sign_in(&self, number: u32) -> bool {
        self.sign_in_row(number).is_some()
    }

    /// The entries for an error, the most specific one first.
    pub(super) fn layers(&self, error: ActivationError) -> impl Iterator<Item = &Meaning> {
        let family = &self.family(error.family).meaning;
        let special = match error.family {
            Family::SignIn => self.sign_in_row(error.number).map(|row| &row.meaning),
            _ => self.error_row(error.number).map(|row| &row.meaning),
        };
        [special, self.by_low_word(error), Some(family)]
            .into_iter()
            .flatten()
    }

    /// Microsoft's constant for an error.
    pub(super) fn name(&self, error: ActivationError) -> Option<&str> {
        let number = error.number;
        match error.family {
            Family::SignIn => None,
            Family::WinHttp => self.winhttp_row(number & 0xFFFF)?.name.as_deref(),
            _ => self
                .error_row(number)
                .and_then(|row| row.name_of(number))
                .or_else(|| self.withdrawn.get(&number).copied()),
        }
    }

    pub(super) fn is_withdrawn(&self, number: u32) -> bool {
        self.withdrawn.contains_key(&number)
    }

    /// Every number of Windows that the tables name, in their order.
    pub(super) fn numbers(&self) -> Vec<u32> {
        let single = self.rows.error.iter().flat_map(|row| &row.numbers);
        let single = single.filter_map(|pattern| pattern.single());
        let winhttp = self.rows.winhttp.iter();
        let named = winhttp.filter(|row| row.name.is_some());
        let raw = named.flat_map(|row| row.low.iter().map(|low| super::WIN32 | low));
        single
            .chain(raw)
            .chain(self.withdrawn.keys().copied())
            .collect()
    }

    /// Every number of the sign-in service that the tables name.
    pub(super) fn sign_in_numbers(&self) -> impl Iterator<Item = u32> {
        let rows = self.rows.sign_in.iter();
        rows.flat_map(|row| row.numbers.iter().copied())
    }

    fn by_low_word(&self, error: ActivationError) -> Option<&Meaning> {
        let low = error.number & 0xFFFF;
        match error.family {
            Family::HttpStatus => self.status_row(low).map(|row| &row.meaning),
            Family::Internet | Family::WinHttp => self.winhttp_row(low).map(|row| &row.meaning),
            _ => None,
        }
    }

    fn error_row(&self, number: u32) -> Option<&ErrorRow> {
        let mut rows = self.rows.error.iter();
        rows.find(|row| row.numbers.iter().any(|it| it.matches(number)))
    }

    fn winhttp_row(&self, low: u32) -> Option<&WinHttpRow> {
        self.rows.winhttp.iter().find(|row| row.low.contains(&low))
    }

    fn status_row(&self, status: u32) -> Option<&StatusRow> {
        let mut rows = self.rows.status.iter();
        rows.find(|row| (row.first..=row.last.unwrap_or(row.first)).contains(&status))
    }

    fn sign_in_row(&self, number: u32) -> Option<&SignInRow> {
        let mut rows = self.rows.sign_in.iter();
        rows.find(|row| row.numbers.contains(&number))
    }
}

impl ErrorRow {
    fn name_of(&self, number: u32) -> Option<&str> {
        let place = self.numbers.iter().position(|it| it.matches(number))?;
        self.names.get(place).map(String::as_str)
    }
}

impl Pattern {
    fn matches(self, number: u32) -> bool {
        let severity = number & 0x3000_0000 == 0;
        number & self.mask == self.value && (severity || !self.any_severity)
    }

    fn single(self) -> Option<u32> {
        (self.mask == u32::MAX).then_some(self.value)
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no pattern of 0x and eight digits");
        let digits = text.strip_prefix("0x").ok_or_else(wrong)?;
        if !digits.is_ascii() || digits.len() != 8 {
            return Err(wrong());
        }
        let part = |open: &str, fixed: fn(char) -> char| {
            let closed = |c| {
                if matches!(c, '?' | 's') {
                    open.to_owned()
                } else {
                    fixed(c).to_string()
                }
            };
            let digits: String = digits.chars().map(closed).collect();
            u32::from_str_radix(&digits, 16).map_err(|_| wrong())
        };
        Ok(Self {
            mask: part("0", |_| 'F')?,
            value: part("0", |c| c)?,
            any_severity: digits.starts_with('s'),
        })
    }
}

fn withdrawn_line(line: &'static str) -> Option<(u32, &'static str)> {
    let (number, name) = line.split_once('\t')?;
    let digits = number.strip_prefix("0x")?;
    Some((u32::from_str_radix(digits, 16).ok()?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_one_row() {
        let table = Table::builtin();
        for family in Family::ALL {
            let rows = table.rows.family.iter().filter(|row| row.id == *family);
            assert_eq!(rows.count(), 1, "{family:?}");
        }
        for row in &table.rows.family {
            let said = &row.meaning;
            let whole = said.means.is_some() && said.network.is_some() && said.provenance.is_some();
            assert!(whole, "{:?}", row.id);
        }
    }

    #[test]
    fn a_mistyped_field_is_found() {
        let known = [
            "id",
            "label",
            "patterns",
            "rule",
            "low",
            "name",
            "names",
            "numbers",
            "first",
            "last",
            "family",
            "means",
            "network",
            "stages",
            "codes",
            "group",
            "provenance",
        ];
        let table: toml::Table = toml::from_str(ERRORS).unwrap();
        for (section, rows) in table {
            for row in rows.as_array().unwrap() {
                for field in row.as_table().unwrap().keys() {
                    assert!(known.contains(&field.as_str()), "{field} in [[{section}]]");
                }
            }
        }
    }

    #[test]
    fn every_row_can_be_reached() {
        let table = Table::builtin();
        for row in &table.rows.error {
            assert!(row.names.is_empty() || row.names.len() == row.numbers.len());
            for pattern in &row.numbers {
                let found = table.error_row(pattern.value).unwrap();
                assert!(std::ptr::eq(found, row), "{:08X}", pattern.value);
            }
        }
        for row in &table.rows.winhttp {
            for low in &row.low {
                assert!(super::super::WINHTTP_CODES.contains(low), "{low}");
                assert!(std::ptr::eq(table.winhttp_row(*low).unwrap(), row), "{low}");
            }
        }
        for row in &table.rows.status {
            let found = table.status_row(row.first).unwrap();
            assert!(std::ptr::eq(found, row), "{}", row.first);
        }
    }

    #[test]
    fn the_withdrawn_table_is_whole() {
        assert_eq!(Table::builtin().withdrawn.len(), 305);
    }

    #[test]
    fn patterns_are_read() {
        let pattern = |text: &str| Pattern::try_from(text.to_owned());
        let severity = pattern("0xsAA8????").unwrap();
        for number in [0xCAA8_2EE7, 0x8AA8_0000, 0x4AA8_0001, 0x0AA8_FFFF] {
            assert!(severity.matches(number), "{number:08X}");
        }
        for number in [0xDAA8_2EE7, 0xCAA9_2EE7, 0x1AA8_0000] {
            assert!(!severity.matches(number), "{number:08X}");
        }
        for wrong in [
            "",
            "0x",
            "0xCAA8",
            "CAA80000",
            "0xCAA8000G",
            "0xCAA800000",
            "0xCAA8000é",
        ] {
            assert!(pattern(wrong).is_err(), "{wrong}");
        }
    }
}

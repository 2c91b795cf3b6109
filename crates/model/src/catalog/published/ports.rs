//! Ports as the service writes them: unordered, with spaces, with ranges.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::endpoint::quoted;

/// Items of one list of ports at most.
const ITEMS: usize = 1_000;

/// Ports in order; neighbors are one range, so that two spellings of the same ports are equal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ports(Vec<(u16, u16)>);

impl Ports {
    /// Reads ports, and says of each item that is none why.
    pub(super) fn read(text: &str) -> (Self, Vec<String>) {
        let mut ranges = Vec::new();
        let mut refused = Vec::new();
        let items = text.split(',').map(str::trim);
        for item in items.filter(|item| !item.is_empty()).take(ITEMS) {
            match range(item) {
                Some(range) => ranges.push(range),
                None => refused.push(format!("{} is no port", quoted(item))),
            }
        }
        (Self::from_ranges(ranges), refused)
    }

    /// Whether a port is among them.
    pub fn contains(&self, port: u16) -> bool {
        self.0
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&port))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn from_ranges(mut ranges: Vec<(u16, u16)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u16, u16)> = Vec::new();
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => {
                    before.1 = before.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let first: u16 = first.trim().parse().ok()?;
    let last: u16 = last.trim().parse().ok()?;
    (first > 0 && first <= last).then_some((first, last))
}

impl<'a> FromIterator<&'a Ports> for Ports {
    fn from_iter<I: IntoIterator<Item = &'a Ports>>(all: I) -> Self {
        let ranges = all.into_iter().flat_map(|ports| ports.0.iter().copied());
        Self::from_ranges(ranges.collect())
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (first, last)) in self.0.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            match last - first {
                0 => write!(out, "{comma}{first}")?,
                1 => write!(out, "{comma}{first},{last}")?,
                _ => write!(out, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Ports {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

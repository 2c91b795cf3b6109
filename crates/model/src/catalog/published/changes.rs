//! When a change takes effect: the answer of the service's `changes` method.

use std::collections::HashMap;

use serde::Deserialize;

use super::{Pattern, read};
use crate::error::Error;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawChange {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    add: Option<RawAdded>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAdded {
    #[serde(default)]
    effective_date: Option<String>,
    #[serde(default)]
    urls: Option<Vec<String>>,
    #[serde(default)]
    ips: Option<Vec<String>>,
}

/// Dates from which added names and addresses are in use. Microsoft announces them 30 days ahead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EffectiveDates {
    by_name: HashMap<String, (String, String)>,
}

impl EffectiveDates {
    /// Reads the answer of the `changes` method. Where a name was added more than once, the newest
    /// version counts.
    ///
    /// # Errors
    /// [`Error::Catalog`] where the text is not such an answer.
    pub fn parse(file_name: &str, bytes: &[u8]) -> Result<Self, Error> {
        let changes: Vec<RawChange> = read::json(file_name, bytes)?;
        let mut dates = Self::default();
        for change in changes {
            let version = change.version.unwrap_or_default();
            if let Some(added) = change.add {
                dates.learn(&version, &added);
            }
        }
        Ok(dates)
    }

    /// The date, `YYYY-MM-DD`, of a name or a range as it is published.
    pub fn date_of(&self, name: &str) -> Option<&str> {
        self.by_name.get(name).map(|(_, date)| date.as_str())
    }

    fn learn(&mut self, version: &str, added: &RawAdded) {
        let Some(date) = added.effective_date.as_deref().and_then(iso) else {
            return;
        };
        let urls = added.urls.iter().flatten();
        let urls = urls.filter_map(|url| Some(Pattern::parse(url).ok()?.to_string()));
        let ips = added.ips.iter().flatten();
        let ips = ips.filter_map(|ip| Some(ip.parse::<ipnet::IpNet>().ok()?.trunc().to_string()));
        for name in urls.chain(ips) {
            let known = self.by_name.entry(name).or_default();
            if known.0.as_str() <= version {
                *known = (version.to_owned(), date.clone());
            }
        }
    }
}

/// `20260101` -> `2026-01-01`; dates with hyphens stay as they are.
fn iso(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| *c != '-').take(8).collect();
    let all_digits = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]))
}

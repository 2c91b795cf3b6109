//! Reports that may leave the house: what names the organization, its people or its inner network
//! becomes a placeholder, the same one everywhere.
//!
//! What stays is what belongs to Microsoft and to the certificate authorities and content networks
//! that serve it: their hosts, and their addresses. Everything else that looks like a host, an
//! address, a user or an identifier goes, so that an unknown field hides too much rather than too
//! little.

mod bundle;
mod collect;
mod device;
mod header;
mod page;
pub(crate) mod placeholder;
mod pseudonym_map;
mod public_names;
mod scan;
mod walk;
mod web;
mod windows;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use pseudonym_map::PseudonymMap;
use reach365_model::catalog::Catalog;
use reach365_model::device::DeviceState;
use reach365_model::error::Error;
use reach365_model::report::Report;

pub use bundle::Bundle;

/// Redacts several documents with one set of placeholders.
#[derive(Debug)]
pub struct Redactor {
    pseudonyms: PseudonymMap,
}

/// The report with placeholders for what is private. It reads back and can be judged again.
///
/// # Errors
/// [`Error::Report`] where the result would not be a report any more: a mistake of this module, and
/// better than a report that was not redacted.
pub fn redact(report: &Report, builtin: &Catalog) -> Result<Report, Error> {
    Redactor::new(builtin).report(report)
}

impl Redactor {
    /// A redactor that keeps the names of the built-in list.
    pub fn new(builtin: &Catalog) -> Self {
        Self {
            pseudonyms: PseudonymMap::new(builtin),
        }
    }

    /// The report with placeholders for what is private.
    ///
    /// # Errors
    /// As [`redact`].
    pub fn report(&mut self, report: &Report) -> Result<Report, Error> {
        collect::report(report, &mut self.pseudonyms);
        let value = tree(report)?;
        collect::tree(&value, &mut self.pseudonyms);
        back(walk::report(value, &mut self.pseudonyms))
    }

    /// The state of a device with placeholders for what is private.
    ///
    /// # Errors
    /// As [`redact`].
    pub fn device(&mut self, state: &DeviceState) -> Result<DeviceState, Error> {
        let value = tree(state)?;
        device::collect(&value, &mut self.pseudonyms);
        collect::tree(&value, &mut self.pseudonyms);
        back(walk::device(value, &mut self.pseudonyms))
    }

    /// Any other document, as JSON, with the placeholders that are known by now.
    ///
    /// # Errors
    /// As [`redact`].
    pub fn document<T: Serialize>(&mut self, document: &T) -> Result<Value, Error> {
        Ok(walk::device(tree(document)?, &mut self.pseudonyms))
    }

    /// A sentence of the caller's own, with the placeholders that are known by now.
    pub fn text(&mut self, text: &str) -> String {
        scan::text(text, &mut self.pseudonyms)
    }
}

fn tree<T: Serialize>(document: &T) -> Result<Value, Error> {
    serde_json::to_value(document).map_err(|error| failed(&error))
}

fn back<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|error| failed(&error))
}

/// The words of the error itself may quote what was to be hidden.
fn failed(error: &serde_json::Error) -> Error {
    let why = if error.is_data() {
        "a field would lose its form"
    } else {
        "it is no JSON"
    };
    Error::Report(format!("cannot be redacted, please report it: {why}"))
}

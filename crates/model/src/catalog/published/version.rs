//! The answer of the service's `version` method.

use serde_json::Value;

use super::{instance, read};
use crate::catalog::mistakes::without_place;
use crate::endpoint::{Cloud, quoted};
use crate::error::Error;

/// The version that the service has for a cloud: ten digits, the first eight of them a date.
///
/// # Errors
/// [`Error::Catalog`] where the text is not an answer of the `version` method.
pub fn latest_version(file_name: &str, bytes: &[u8], cloud: Cloud) -> Result<String, Error> {
    let refuse = |why: String| Error::Catalog(vec![without_place(file_name, why)]);
    // One instance answers with an object, all of them with an array.
    let versions = match read::json(file_name, bytes)? {
        Value::Array(versions) => versions,
        one => vec![one],
    };
    let name = instance(cloud);
    let is_asked = |version: &&Value| {
        let instance = version["instance"].as_str();
        instance.is_some_and(|instance| instance.eq_ignore_ascii_case(name))
    };
    let found = versions.iter().find(is_asked);
    let Some(latest) = found.and_then(|version| version["latest"].as_str()) else {
        return Err(refuse(format!("no version for the instance {name}")));
    };
    if latest.len() == 10 && latest.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(latest.to_owned());
    }
    let shown = quoted(latest);
    Err(refuse(format!("{shown} is no version of ten digits")))
}

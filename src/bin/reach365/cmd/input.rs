//! Files that the caller names, read with a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use reach365::{Catalog, Report};
use reach365_judge::device::STATE_LIMIT;
use reach365_judge::verdict::Signatures;
use reach365_model::catalog::published::PUBLISHED_LIMIT;
use reach365_proxy::text;

use crate::exit::Failure;

/// A list of endpoints or signatures is never larger.
const LIST_LIMIT: u64 = 4 << 20;
/// A report of some ten thousand hosts is not larger.
const REPORT_LIMIT: u64 = 256 << 20;
/// Exports of whole hives are larger, and should not be sent.
const REGISTRY_LIMIT: u64 = 16 << 20;
/// The error for bytes that are not text.
const NO_TEXT: &str = "neither UTF-8 nor UTF-16 text";

/// The list of a file, or the built-in one.
pub(super) fn catalog(file: Option<&Path>) -> Result<Catalog, Failure> {
    let Some(path) = file else {
        return Ok(reach365::builtin().clone());
    };
    let name = path.display().to_string();
    let text = read(&name, || File::open(path), LIST_LIMIT)?;
    Ok(Catalog::parse(&name, &text, reach365::builtin())?)
}

/// The bytes of a saved answer of the endpoint service.
pub(super) fn service_bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    let name = file.display().to_string();
    read_bytes(&name, || File::open(file), PUBLISHED_LIMIT as u64)
}

/// The built-in signatures, and those of a file before them.
pub(super) fn signatures(file: Option<&Path>) -> Result<Signatures, Failure> {
    let Some(path) = file else {
        return Ok(Signatures::builtin().clone());
    };
    let name = path.display().to_string();
    let text = read(&name, || File::open(path), LIST_LIMIT)?;
    Ok(Signatures::parse(&name, &text)?)
}

/// A saved report; `-` is standard input. Errors contain its name.
pub(super) fn saved(path: &Path) -> Result<Report, Failure> {
    let (name, bytes) = report_bytes(path)?;
    let refuse = |why: &str| Failure::Usage(format!("{name}: {why}"));
    let text = text::decode(&bytes).ok_or_else(|| refuse(NO_TEXT))?;
    Report::from_json(&text).map_err(|error| refuse(&error.to_string()))
}

/// The name and the bytes of a saved report; `-` is standard input.
pub(super) fn report_bytes(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    if path == Path::new("-") {
        let name = "standard input".to_owned();
        let bytes = read_bytes(&name, || Ok(io::stdin().lock()), REPORT_LIMIT)?;
        return Ok((name, bytes));
    }
    let name = path.display().to_string();
    let bytes = read_bytes(&name, || File::open(path), REPORT_LIMIT)?;
    Ok((name, bytes))
}

/// The bytes of an exported registry file.
pub(super) fn registry_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let name = path.display().to_string();
    read_bytes(&name, || File::open(path), REGISTRY_LIMIT)
}

/// The name and the bytes of a state of a device; `-` is standard input.
pub(super) fn device(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let limit = STATE_LIMIT as u64;
    if path == Path::new("-") {
        let name = "standard input".to_owned();
        let bytes = read_bytes(&name, || Ok(io::stdin().lock()), limit)?;
        return Ok((name, bytes));
    }
    let name = path.display().to_string();
    let bytes = read_bytes(&name, || File::open(path), limit)?;
    Ok((name, bytes))
}

fn read<R: Read>(
    name: &str,
    open: impl FnOnce() -> io::Result<R>,
    limit: u64,
) -> Result<String, Failure> {
    let bytes = read_bytes(name, open, limit)?;
    let text = text::decode(&bytes);
    let text = text.ok_or_else(|| Failure::Usage(format!("{name}: {NO_TEXT}")))?;
    Ok(text.into_owned())
}

fn read_bytes<R: Read>(
    name: &str,
    open: impl FnOnce() -> io::Result<R>,
    limit: u64,
) -> Result<Vec<u8>, Failure> {
    let refuse = |why: &str| Failure::Usage(format!("{name}: {why}"));
    let mut bytes = Vec::new();
    open()
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .map_err(|error| refuse(&error.to_string()))?;
    if bytes.len() as u64 > limit {
        return Err(refuse(&format!("larger than {} MiB", limit >> 20)));
    }
    Ok(bytes)
}

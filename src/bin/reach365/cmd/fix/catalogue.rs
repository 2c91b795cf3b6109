//! `reach365 fix list`, `show` and `script`: the catalogue of remedies.

use reach365_judge::remedy::{Remedies, Remedy};
use reach365_model::verdict::Code;
use reach365_render::formats as render;

use super::plan::error_number;
use crate::cli::{FixListArgs, FixScriptArgs, FixShowArgs, ListFormat};
use crate::exit::Failure;
use crate::output::Output;
use crate::terminal;

pub(crate) fn list(args: &FixListArgs) -> Result<u8, Failure> {
    let remedies = answering(args.answers.as_deref())?;
    let style = terminal::style(args.look.color, None);
    Output::open(None)?.write(|out| match args.format {
        ListFormat::Json => render::remedies_json(&remedies, out),
        ListFormat::Text => render::remedies(&remedies, &style, out),
    })?;
    Ok(0)
}

pub(crate) fn show(args: &FixShowArgs) -> Result<u8, Failure> {
    let remedy = named(&args.id)?;
    let style = terminal::style(args.look.color, None);
    Output::open(None)?.write(|out| match args.format {
        ListFormat::Json => render::remedies_json(&[remedy], out),
        ListFormat::Text => render::remedy(remedy, &style, out),
    })?;
    Ok(0)
}

pub(crate) fn script(args: &FixScriptArgs) -> Result<u8, Failure> {
    let mut remedies: Vec<&Remedy> = Vec::new();
    for id in &args.ids {
        let remedy = named(id)?;
        if remedies.iter().any(|known| known.id == remedy.id) {
            return Err(Failure::Usage(format!("{} is named twice", remedy.id)));
        }
        remedies.push(remedy);
    }
    let script = reach365_device::script(&remedies);
    let mut output = Output::open(args.output.as_deref())?;
    output.write(|out| out.write_all(script.as_bytes()))?;
    output.finish()?;
    Ok(0)
}

/// All remedies, or those that answer a code or an error number.
fn answering(wanted: Option<&str>) -> Result<Vec<&'static Remedy>, Failure> {
    let Some(wanted) = wanted else {
        return Ok(Remedies::builtin().all().iter().collect());
    };
    if let Some(code) = Code::parse(&wanted.to_ascii_lowercase()) {
        return Ok(Remedy::for_code(code));
    }
    Ok(Remedy::for_error(error_number(wanted)?))
}

/// The remedy of that name.
pub(super) fn named(id: &str) -> Result<&'static Remedy, Failure> {
    Remedy::get(&id.to_ascii_lowercase()).ok_or_else(|| {
        Failure::Usage(format!(
            "there is no remedy `{}`; `reach365 fix list` shows them",
            reach365_model::endpoint::printable(id)
        ))
    })
}

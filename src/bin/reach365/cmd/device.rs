//! `reach365 device`.

use std::path::Path;

use reach365_device::system_device;
use reach365_model::device::DeviceState;
use reach365_render::formats as render;
use reach365_render::redaction::Redactor;

use super::input;
use crate::cli::{DeviceArgs, ListFormat};
use crate::exit::Failure;
use crate::output::Output;
use crate::terminal;

/// Reports of devices go into tickets and mails, which are not wider.
const WIDEST: usize = 80;

pub(crate) fn run(args: &DeviceArgs) -> Result<u8, Failure> {
    let mut state = state(args.from.as_deref())?;
    if args.redact {
        state = Redactor::new(reach365::builtin()).device(&state)?;
    }
    let style = terminal::style(args.look.color, None);
    let style = {
        let mut built_style = style;
        built_style.width = style.width.min(WIDEST);
        built_style
    };
    let mut output = Output::open(None)?;
    output.write(|out| match args.format {
        ListFormat::Text => render::device(&state, &style, out),
        ListFormat::Json => render::device_json(&state, out),
    })?;
    Ok(0)
}

/// The state in a file, or that of this PC.
pub(crate) fn state(from: Option<&Path>) -> Result<DeviceState, Failure> {
    let Some(path) = from else {
        return system_device().ok_or_else(|| {
            Failure::Usage(
                "this reads a Windows PC; elsewhere give --from FILE (made there by: dsregcmd \
                 /status > device.txt)"
                    .to_owned(),
            )
        });
    };
    let (name, bytes) = input::device(path)?;
    reach365_judge::device::read(&bytes).map_err(|error| Failure::Usage(format!("{name}: {error}")))
}

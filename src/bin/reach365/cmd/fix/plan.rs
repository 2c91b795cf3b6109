//! `reach365 fix plan`.

use reach365::Report;
use reach365_judge::remedy::{self, ActivationError, Situation};
use reach365_model::device::DeviceState;
use reach365_render::formats as render;
use reach365_render::redaction::Bundle;

use crate::cli::{FixPlanArgs, ListFormat};
use crate::cmd::{device, input};
use crate::exit::Failure;
use crate::output::Output;
use crate::terminal;

pub(crate) fn plan(args: &FixPlanArgs) -> Result<u8, Failure> {
    let bundle = args.bundle.as_deref();
    let bundle = bundle
        .map(|file| Output::open_for("--bundle", file))
        .transpose()?;
    let device = match args.device.as_deref() {
        Some(path) => Some(device::state(Some(path))?),
        None => reach365_device::system_device(),
    };
    let report = args.report.as_deref().map(input::saved).transpose()?;
    let situation = situation(args, report.as_ref(), device.as_ref())?;
    let plan = remedy::plan(&situation);
    if plan.is_empty() {
        let known = plan.known.join(" ");
        return Err(Failure::Usage(format!("no remedy answers that. {known}")));
    }
    let style = terminal::style(args.look.color, None);
    Output::open(None)?.write(|out| match args.format {
        ListFormat::Json => render::plan_json(&plan, out),
        ListFormat::Text => render::plan(&plan, &style, out),
    })?;
    if let Some(mut file) = bundle {
        let sent = Bundle::new(
            reach365::builtin(),
            args.error.as_deref(),
            &plan,
            report.as_ref(),
            device.as_ref(),
        )?;
        file.write(|out| render::bundle_json(&sent, out))?;
        file.finish()?;
    }
    Ok(0)
}

fn situation<'a>(
    args: &FixPlanArgs,
    report: Option<&Report>,
    device: Option<&'a DeviceState>,
) -> Result<Situation<'a>, Failure> {
    if args.error.is_none() && args.report.is_none() && device.is_none() && args.app.is_none() {
        return Err(Failure::Usage(
            "a plan needs something to go by: an error number, --report, --device or --app"
                .to_owned(),
        ));
    }
    Ok(Situation {
        error: args.error.as_deref().map(error_number).transpose()?,
        network: report.map(reach365_judge::report::network_seen),
        device,
        app: args.app,
        platform: args.platform,
    })
}

/// An error number as the user typed it.
pub(super) fn error_number(text: &str) -> Result<ActivationError, Failure> {
    ActivationError::parse(text).map_err(|why| Failure::Usage(why.to_string()))
}

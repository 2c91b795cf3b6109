//! `reach365 fix`.

use reach365::device::DeviceState;
use reach365::remedy::{self, ActivationError, NetworkSeen, Remedies, Remedy, Situation};
use reach365::verdict::Code;
use reach365::{Report, render};

use super::{device, input};
use crate::cli::{FixListArgs, FixPlanArgs, FixScriptArgs, FixShowArgs, ListFormat};
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

pub(crate) fn plan(args: &FixPlanArgs) -> Result<u8, Failure> {
    let device = match args.device.as_deref() {
        Some(path) => Some(device::state(Some(path))?),
        None => reach365::system_device(),
    };
    let situation = situation(args, device.as_ref())?;
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
    Ok(0)
}

pub(crate) fn script(args: &FixScriptArgs) -> Result<u8, Failure> {
    let remedies: Result<Vec<&Remedy>, Failure> = args.ids.iter().map(|id| named(id)).collect();
    let script = remedy::script(&remedies?);
    let mut output = Output::open(args.output.as_deref())?;
    output.write(|out| out.write_all(script.as_bytes()))?;
    output.finish()?;
    Ok(0)
}

fn situation<'a>(
    args: &FixPlanArgs,
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
        network: network(args)?,
        device,
        app: args.app,
        platform: args.platform,
    })
}

fn network(args: &FixPlanArgs) -> Result<Option<NetworkSeen>, Failure> {
    let Some(path) = &args.report else {
        return Ok(None);
    };
    let report = Report::from_json(&input::report(path)?)?;
    Ok(Some(report.network_seen()))
}

fn error_number(text: &str) -> Result<ActivationError, Failure> {
    ActivationError::parse(text).map_err(|why| Failure::Usage(why.to_string()))
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

fn named(id: &str) -> Result<&'static Remedy, Failure> {
    Remedy::get(&id.to_ascii_lowercase()).ok_or_else(|| {
        Failure::Usage(format!(
            "there is no remedy `{}`; `reach365 fix list` shows them",
            reach365::endpoint::printable(id)
        ))
    })
}

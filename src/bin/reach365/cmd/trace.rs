//! `reach365 trace`.

use std::future::Future;
use std::io::Write;

use reach365::{Error, Options, TraceReport, TraceRequest, trace};
use reach365_model::endpoint::Host;
use reach365_model::verdict::Outcome;
use reach365_render::formats as render;

use super::check::family;
use super::live;
use crate::cli::{ListFormat, TraceArgs};
use crate::exit::{Failure, note};
use crate::output::Output;
use crate::terminal;

/// Port of HTTPS, where none is named.
const PORT: u16 = 443;

pub(crate) fn run(args: &TraceArgs) -> Result<u8, Failure> {
    let request = request(args)?;
    let mut options = Options::default();
    options.family = family(&args.family);
    options.deadline = args.deadline.0;
    options.dns.clone_from(&args.dns);
    let report = wait_for(trace(&request, &options))?;
    if report.traces.is_empty() {
        note(&nothing_traced(&report));
    }
    write(&report, args)?;
    Ok(exit_code(report.outcome()))
}

fn request(args: &TraceArgs) -> Result<TraceRequest, Failure> {
    let (host, port) = host_and_port(&args.host)?;
    let control = Host::parse(&args.control_host)
        .map_err(|why| Failure::Usage(format!("--control-host: {why}")))?;
    let mut request = TraceRequest::new(host, port);
    request.control_host = control.to_string();
    Ok(request)
}

fn host_and_port(text: &str) -> Result<(Host, u16), Failure> {
    let refuse = |why: String| Failure::Usage(format!("`{text}` cannot be traced: {why}"));
    if let Ok(host) = Host::parse(text) {
        return Ok((host, PORT));
    }
    let (host, port) = text.rsplit_once(':').unwrap_or((text, "443"));
    let host = Host::parse(host).map_err(refuse)?;
    match port.parse() {
        Ok(port) if port > 0 => Ok((host, port)),
        _ => Err(refuse(format!("{port} is no port"))),
    }
}

fn wait_for(
    traces: impl Future<Output = Result<TraceReport, Error>>,
) -> Result<TraceReport, Failure> {
    let runtime = live::runtime()?;
    let report = runtime.block_on(live::unless_interrupted(traces))?;
    runtime.shutdown_background();
    Ok(report?)
}

fn nothing_traced(report: &TraceReport) -> String {
    let host = &report.host;
    let failed = report
        .lookups
        .iter()
        .find_map(|lookup| lookup.outcome.failure.as_ref());
    match failed {
        Some(failure) => format!("{host} has no address to go to: {:?}", failure.kind),
        None => format!("{host} was not traced: no address in time, or none of a usable family"),
    }
}

fn write(report: &TraceReport, args: &TraceArgs) -> Result<(), Failure> {
    let style = terminal::style(args.look.color, None);
    let mut output = Output::open(None)?;
    output.write(|out| match args.format {
        ListFormat::Json => render::trace_json(report, out),
        ListFormat::Text => {
            for (position, it) in report.traces.iter().enumerate() {
                if position > 0 {
                    out.write_all(b"\n")?;
                }
                render::trace(&it.trace, &it.reading, &style, out)?;
            }
            Write::flush(out)
        }
    })
}

fn exit_code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Blocked => 1,
        Outcome::Inconclusive => 3,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_may_be_named() {
        let read = |text| host_and_port(text).map(|(host, port)| (host.to_string(), port));
        assert_eq!(
            read("login.live.com").unwrap(),
            ("login.live.com".into(), 443)
        );
        assert_eq!(
            read("login.live.com:80").unwrap(),
            ("login.live.com".into(), 80)
        );
        assert_eq!(read("[fd00::1]:80").unwrap(), ("fd00::1".into(), 80));
        assert_eq!(read("fd00::1").unwrap(), ("fd00::1".into(), 443));
        for wrong in ["", "a.example:0", "a.example:70000", "a.example:x"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}

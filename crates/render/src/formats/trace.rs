//! Traces, for people and for programs.

use std::io;

use serde::Serialize;

use crate::formats::json::document;
use crate::formats::layout::{Lead, Page};
use crate::formats::style::{Color, TextStyle};
use reach365_judge::verdict::TraceReading;
use reach365_model::endpoint::printable;
use reach365_model::evidence::{Failure, HelloAnswer, HelloTrace, HopAnswer, Trace, TraceHop};

/// Column behind the number of a hop.
const NUMBER: usize = 4;
/// Column behind the address of a hop, IPv6 addresses of usual length included.
const ADDRESS: usize = NUMBER + 30;

/// Writes one trace: its hops, its ClientHellos, and what they say.
///
/// # Errors
/// What `out` reports.
pub fn trace(
    trace: &Trace,
    reading: &TraceReading,
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut page = Page::new(style, out);
    let title = format!("connection requests to {}", trace.address);
    page.paragraph(&Lead::indent(0), &title, Color::Title)?;
    hops(&trace.route, &mut page)?;
    if let Some(other) = &trace.other_port {
        let title = format!("connection requests to port {}", other.port);
        page.title(&title)?;
        hops(&other.route, &mut page)?;
    }
    let hellos = [&trace.hello, &trace.control_hello];
    if hellos.iter().any(|hello| hello.is_some()) {
        page.title("ClientHellos on open connections")?;
    }
    for hello in hellos.into_iter().flatten() {
        let words = format!("{}: {}", hello.name, steps(hello));
        page.paragraph(&Lead::indent(NUMBER), &words, Color::Plain)?;
    }
    page.blank()?;
    let outcome = reading.ending.outcome();
    let lead = Lead::indent(0)
        .then(style, Color::Outcome(outcome), style.mark(outcome))
        .then(style, Color::Plain, " ");
    page.paragraph(&lead, &reading.summary, Color::Verdict(outcome))
}

/// Hops line by line; silence at the end is told once.
fn hops(route: &[TraceHop], page: &mut Page<'_>) -> io::Result<()> {
    let silent = route.iter().rev();
    let silent = silent
        .take_while(|hop| hop.answer == HopAnswer::Silent)
        .count();
    let (told, tail) = route.split_at(route.len() - silent);
    for hop in told {
        line(&hop.ttl.to_string(), hop, page)?;
    }
    let (Some(first), Some(last)) = (tail.first(), tail.last()) else {
        return Ok(());
    };
    line(&format!("{}-{}", first.ttl, last.ttl), first, page)
}

fn line(number: &str, hop: &TraceHop, page: &mut Page<'_>) -> io::Result<()> {
    let from = hop.from().map_or("*".to_owned(), |from| from.to_string());
    let time = hop.rtt_ms.map(|ms| format!(", {ms:.1} ms"));
    let lead = Lead::indent(0)
        .then(page.style, Color::Plain, number)
        .up_to(NUMBER.max(number.len() + 1))
        .then(page.style, Color::Plain, &from)
        .up_to(ADDRESS.max(NUMBER + from.len() + 2));
    let words = format!("{}{}", text_of(hop), time.unwrap_or_default());
    page.paragraph(&lead, &words, Color::Plain)
}

fn text_of(hop: &TraceHop) -> String {
    match hop.answer {
        HopAnswer::Expired => "passes on".to_owned(),
        HopAnswer::Rejected => hop.icmp.as_ref().map_or("rejects".to_owned(), |icmp| {
            format!("rejects: ICMP type {} code {}", icmp.kind, icmp.code)
        }),
        HopAnswer::Connected => "the target accepts".to_owned(),
        HopAnswer::Refused => "a reset in the name of the target".to_owned(),
        HopAnswer::Silent => "no answer".to_owned(),
        HopAnswer::Failed => format!("not sent: {}", detail(hop.failure.as_ref())),
    }
}

fn detail(failure: Option<&Failure>) -> String {
    failure.map_or(String::new(), |failure| printable(&failure.detail))
}

/// What came of the ClientHellos with one name: hops that show the same stand together.
fn steps(hello: &HelloTrace) -> String {
    let mut groups: Vec<(u8, u8, HelloAnswer)> = Vec::new();
    for step in &hello.steps {
        match groups.last_mut() {
            Some((_, last, answer)) if *answer == step.answer => *last = step.ttl,
            _ => groups.push((step.ttl, step.ttl, step.answer)),
        }
    }
    let groups = groups.into_iter().map(|(first, last, answer)| {
        let hops = if first == last {
            format!("hop {first}")
        } else {
            format!("hops {first}-{last}")
        };
        format!("{hops} {}", name(answer))
    });
    groups.collect::<Vec<_>>().join(", ")
}

fn name(answer: HelloAnswer) -> &'static str {
    match answer {
        HelloAnswer::Expired => "expired",
        HelloAnswer::ServerHello => "ServerHello",
        HelloAnswer::Alert => "alert",
        HelloAnswer::Other => "other bytes",
        HelloAnswer::Reset => "reset",
        HelloAnswer::Closed => "closed",
        HelloAnswer::Silent => "silence",
        HelloAnswer::NotConnected => "no connection",
    }
}

/// Writes traces with their readings as one JSON document.
///
/// # Errors
/// What `out` reports.
pub fn trace_json<T: Serialize>(report: &T, out: &mut dyn io::Write) -> io::Result<()> {
    document(report, out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach365_judge::verdict::read_trace;
    use reach365_model::evidence::{HelloStep, IcmpSeen};

    fn sample() -> Trace {
        let hop = |ttl, answer, from: Option<&str>| TraceHop {
            ttl,
            answer,
            rtt_ms: from.map(|_| 1.25),
            icmp: from.map(|from| IcmpSeen {
                from: Some(from.parse().unwrap()),
                version: 4,
                kind: 11,
                code: 0,
                local: false,
            }),
            failure: None,
        };
        Trace {
            address: "192.0.2.80:443".parse().unwrap(),
            elapsed_ms: 1.0,
            route: vec![
                hop(1, HopAnswer::Expired, Some("10.0.0.1")),
                hop(2, HopAnswer::Silent, None),
                hop(3, HopAnswer::Silent, None),
            ],
            other_port: None,
            hello: Some(HelloTrace {
                name: "evil\u{1b}[2J.example".to_owned(),
                steps: [
                    HelloAnswer::Expired,
                    HelloAnswer::Expired,
                    HelloAnswer::Reset,
                ]
                .into_iter()
                .zip(1..)
                .map(|(answer, ttl)| HelloStep { ttl, answer })
                .collect(),
            }),
            control_hello: None,
        }
    }

    #[test]
    fn text_tells_hops_silence_and_hellos_and_nothing_hostile() {
        let style = TextStyle {
            width: 80,
            color: false,
            unicode: false,
        };
        let sample = sample();
        let mut out = Vec::new();
        trace(&sample, &read_trace(&sample), &style, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("1   10.0.0.1"), "{text}");
        assert!(text.contains("passes on, 1.2 ms"), "{text}");
        assert!(text.contains("2-3 *"), "{text}");
        assert!(text.contains("hops 1-2 expired, hop 3 reset"), "{text}");
        assert!(
            text.contains("nothing answers behind hop 1 (10.0.0.1)"),
            "{text}"
        );
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn json_reads_back() {
        let sample = sample();
        let mut out = Vec::new();
        trace_json(&sample, &mut out).unwrap();
        assert_eq!(serde_json::from_slice::<Trace>(&out).unwrap(), sample);
    }
}

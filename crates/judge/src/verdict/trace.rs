//! What a trace says: where the connection ends, or where a ClientHello is lost.

use std::net::IpAddr;

use serde::Serialize;

use crate::verdict::tcp::meaning;
use reach365_model::evidence::{
    Evidence, HelloAnswer, HelloTrace, HopAnswer, IcmpSeen, Trace, TraceHop,
};
use reach365_model::verdict::{Code, Outcome, Verdict};

/// What [`read_trace`] makes of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TraceReading {
    /// How it ends.
    pub ending: Ending,
    /// Distance of the device to look at: the one that rejected, or else the last one that is
    /// known to stand before the fault, so that the fault is in it or between it and the next.
    /// Absent where only a guess would be left.
    pub hop: Option<u8>,
    /// Address of the device at that distance, where it told.
    pub address: Option<IpAddr>,
    /// One sentence for people.
    pub summary: String,
}

/// How the path to an address ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Ending {
    /// The target takes the connection, and answers a ClientHello where one was sent.
    Reached,
    /// A device rejects the connection by ICMP.
    Rejected,
    /// Nothing answers behind a hop.
    Silent,
    /// A reset answers the connection request.
    Refused,
    /// The connection stands; the ClientHello gets a reset or a close.
    HelloReset,
    /// The connection stands; the ClientHello gets no answer.
    HelloSilent,
    /// The trace does not tell.
    Unclear,
}

impl Ending {
    /// What it means for the target, as an exit code needs it.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Reached => Outcome::Reachable,
            Self::Unclear => Outcome::Inconclusive,
            _ => Outcome::Blocked,
        }
    }
}

/// The hop where the path ends, by the evidence of the trace alone.
pub fn read_trace(trace: &Trace) -> TraceReading {
    let Some(last) = trace.route.last() else {
        return unclear("no hop was asked");
    };
    match last.answer {
        HopAnswer::Connected => connected(trace, last),
        HopAnswer::Rejected => rejected(trace, last),
        HopAnswer::Refused => reading(
            Ending::Refused,
            None,
            format!(
                "a reset answers the connection request once it may take {} hops",
                last.ttl
            ),
        ),
        HopAnswer::Silent => silent(trace),
        HopAnswer::Expired => {
            unclear("every hop up to the limit passes the request on, as in a loop")
        }
        HopAnswer::Failed => {
            let words = last.failure.as_ref().map(|failure| failure.detail.as_str());
            unclear(&format!(
                "this machine would not send: {}",
                words.unwrap_or("no reason is known")
            ))
        }
    }
}

/// Adds what the trace of a blocked endpoint says: only the distance, never another verdict.
pub(super) fn locate(evidence: &Evidence, mut verdict: Verdict) -> Verdict {
    let (Some(trace), Outcome::Blocked, Some(code)) =
        (&evidence.trace, verdict.outcome, verdict.code())
    else {
        return verdict;
    };
    let reading = read_trace(trace);
    if !fits(code, reading.ending) {
        return verdict;
    }
    if let Some(culprit) = &mut verdict.culprit {
        // A trace to another device than the one of the probe says nothing about that one.
        let same = culprit.address.is_none() || culprit.address == reading.address;
        culprit.hop = reading.hop.filter(|_| same);
        if reading.ending == Ending::Rejected {
            culprit.address = culprit.address.or(reading.address);
        }
    }
    verdict.basis.notes.trace = Some(reading.summary.into());
    verdict
}

/// Whether the trace met what the probe had met.
fn fits(code: Code, ending: Ending) -> bool {
    match code {
        Code::TcpAdminProhibited | Code::TcpUnreachable => ending == Ending::Rejected,
        Code::TcpRefused => matches!(ending, Ending::Rejected | Ending::Refused),
        Code::TcpDropped => ending == Ending::Silent,
        Code::TlsHelloDropped | Code::TlsSilent => ending == Ending::HelloSilent,
        Code::TlsHelloReset | Code::TlsClosed => ending == Ending::HelloReset,
        Code::TlsSniFiltered => matches!(ending, Ending::HelloReset | Ending::HelloSilent),
        _ => false,
    }
}

fn rejected(trace: &Trace, last: &TraceHop) -> TraceReading {
    let from = last.from();
    let on_the_way = |hop: &&TraceHop| hop.answer == HopAnswer::Expired && hop.from() == from;
    let hop = match from {
        Some(from) if from == trace.address.ip() => Some(last.ttl),
        Some(_) => trace.route.iter().find(on_the_way).map(|hop| hop.ttl),
        None => None,
    };
    let device = from.map_or("a device without an address".to_owned(), |it| {
        it.to_string()
    });
    let place = hop.map_or(String::new(), |hop| format!(", hop {hop},"));
    let message = last.icmp.as_ref().map_or(String::new(), to_text);
    TraceReading {
        ending: Ending::Rejected,
        hop,
        address: from,
        summary: format!("{device}{place} rejects the connection: {message}"),
    }
}

fn to_text(icmp: &IcmpSeen) -> String {
    let words = meaning(icmp).map_or(String::new(), |(_, words)| format!(" ({words})"));
    format!("ICMP type {} code {}{words}", icmp.kind, icmp.code)
}

/// Silence alone does not say where: devices need not answer at all. Another port that is answered
/// from further away shows that the path goes on for others.
fn silent(trace: &Trace) -> TraceReading {
    let last = last_answer(&trace.route);
    let ttl = last.map_or(0, |hop| hop.ttl);
    let name = last.map_or("no hop answers".to_owned(), |hop| {
        format!("nothing answers behind {}", place(hop))
    });
    let goes_on = |hop: &&TraceHop| hop.ttl > ttl && hop.answer != HopAnswer::Silent;
    let other = trace
        .other_port
        .as_ref()
        .filter(|other| other.route.iter().any(|hop| goes_on(&hop)));
    match (other, last) {
        (Some(other), Some(hop)) => TraceReading {
            ending: Ending::Silent,
            hop: Some(hop.ttl),
            address: hop.from(),
            summary: format!(
                "{name}, while port {} of the same address is answered from behind it: that device or the next drops port {}",
                other.port,
                trace.address.port()
            ),
        },
        _ => reading(
            Ending::Silent,
            None,
            format!("{name}: the connection is dropped there or further on"),
        ),
    }
}

fn connected(trace: &Trace, last: &TraceHop) -> TraceReading {
    let far = last.ttl;
    let Some(own) = &trace.hello else {
        let summary = format!("the connection is accepted {far} hops away");
        return reading(Ending::Reached, None, summary);
    };
    if own.steps.iter().any(|step| is_answer(step.answer)) {
        let summary = format!(
            "the connection is accepted {far} hops away, and the ClientHello for {} is answered",
            own.name
        );
        return reading(Ending::Reached, None, summary);
    }
    let Some(effect) = own.steps.last().map(|step| step.answer) else {
        return unclear("no ClientHello was sent");
    };
    let (ending, what) = match effect {
        HelloAnswer::Reset => (Ending::HelloReset, "reset"),
        HelloAnswer::Closed => (Ending::HelloReset, "close"),
        HelloAnswer::Silent => (Ending::HelloSilent, "silence"),
        _ => return unclear("the connection is accepted; the ClientHellos do not tell more"),
    };
    let begins = first_of(own, effect);
    let open = match last_before(trace, begins) {
        Some(_) => "",
        None => " or further",
    };
    let words = format!("the {what} for {} begins at hop {begins}{open}", own.name);
    beside_control(trace, begins, far, reading(ending, None, words))
}

/// What the neutral name adds: only where it passes is it the name that is filtered.
fn beside_control(trace: &Trace, begins: u8, far: u8, mut found: TraceReading) -> TraceReading {
    let Some(control) = &trace.control_hello else {
        return found;
    };
    let mut words = vec![found.summary];
    let passes = control.steps.iter().any(|step| is_answer(step.answer));
    if passes {
        words.push(format!(", and {} passes", control.name));
    } else if first_of_effects(control) == Some(begins) {
        words.push(format!(", for {} alike", control.name));
    }
    if (passes || begins < far)
        && let Some(hop) = last_before(trace, begins)
    {
        found.hop = Some(hop.ttl);
        found.address = hop.from();
        words.push(format!(": it comes from {} or from behind it", place(hop)));
    }
    found.summary = words.concat();
    found
}

/// The hop before the one where the effect begins, where both are known for sure: the hello still
/// expired there, and where silence begins the neutral name is not silent.
fn last_before(trace: &Trace, begins: u8) -> Option<&TraceHop> {
    let before = begins.checked_sub(1)?;
    let at = |hellos: &Option<HelloTrace>, ttl| {
        let steps = &hellos.as_ref()?.steps;
        let step = steps.iter().find(|step| step.ttl == ttl);
        step.map(|step| step.answer)
    };
    let expired = at(&trace.hello, before) == Some(HelloAnswer::Expired);
    let silent = [&trace.hello, &trace.control_hello]
        .into_iter()
        .all(|hellos| at(hellos, begins) == Some(HelloAnswer::Silent));
    let hop = trace.route.iter().find(|hop| hop.ttl == before);
    hop.filter(|_| expired && !silent)
}

fn is_answer(answer: HelloAnswer) -> bool {
    matches!(
        answer,
        HelloAnswer::ServerHello | HelloAnswer::Alert | HelloAnswer::Other
    )
}

/// The first hop of those at the end that all show the same.
fn first_of(trace: &HelloTrace, effect: HelloAnswer) -> u8 {
    let same = trace.steps.iter().rev();
    same.take_while(|step| step.answer == effect)
        .last()
        .map_or(0, |step| step.ttl)
}

fn first_of_effects(trace: &HelloTrace) -> Option<u8> {
    let last = trace.steps.last()?;
    Some(first_of(trace, last.answer))
}

fn last_answer(route: &[TraceHop]) -> Option<&TraceHop> {
    route
        .iter()
        .rev()
        .find(|hop| hop.answer == HopAnswer::Expired)
}

fn place(hop: &TraceHop) -> String {
    let address = hop.from().map(|from| format!(" ({from})"));
    format!("hop {}{}", hop.ttl, address.unwrap_or_default())
}

fn unclear(why: &str) -> TraceReading {
    reading(Ending::Unclear, None, why.to_owned())
}

fn reading(ending: Ending, hop: Option<u8>, summary: String) -> TraceReading {
    TraceReading {
        ending,
        hop,
        address: None,
        summary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(ttl: u8, answer: HopAnswer, from: Option<&str>) -> TraceHop {
        TraceHop {
            ttl,
            answer,
            rtt_ms: None,
            icmp: from.map(|from| IcmpSeen {
                from: Some(from.parse().unwrap()),
                version: 4,
                kind: if answer == HopAnswer::Expired { 11 } else { 3 },
                code: if answer == HopAnswer::Expired { 0 } else { 13 },
                local: false,
            }),
            failure: None,
        }
    }

    fn trace(route: Vec<TraceHop>) -> Trace {
        Trace {
            address: "192.0.2.80:443".parse().unwrap(),
            elapsed_ms: 1.0,
            route,
            other_port: None,
            hello: None,
            control_hello: None,
        }
    }

    fn hello(name: &str, answers: &[HelloAnswer]) -> HelloTrace {
        let steps = (1..).zip(answers);
        HelloTrace {
            name: name.to_owned(),
            steps: steps
                .map(|(ttl, answer)| reach365_model::evidence::HelloStep {
                    ttl,
                    answer: *answer,
                })
                .collect(),
        }
    }

    fn two_hops() -> Vec<TraceHop> {
        vec![
            hop(1, HopAnswer::Expired, Some("10.0.0.1")),
            hop(2, HopAnswer::Expired, Some("10.0.0.2")),
        ]
    }

    fn with_hellos(own: &[HelloAnswer], control: &[HelloAnswer]) -> Trace {
        let mut route = two_hops();
        route.push(hop(3, HopAnswer::Connected, None));
        Trace {
            hello: Some(hello("blocked.example", own)),
            control_hello: Some(hello("control.invalid", control)),
            ..trace(route)
        }
    }

    #[test]
    fn the_hop_of_a_rejection_is_that_of_its_device() {
        let mut route = two_hops();
        route.push(hop(3, HopAnswer::Rejected, Some("10.0.0.2")));
        let read = read_trace(&trace(route));
        assert_eq!((read.ending, read.hop), (Ending::Rejected, Some(2)));
        assert_eq!(read.address, Some("10.0.0.2".parse().unwrap()));
    }

    #[test]
    fn a_rejection_by_a_device_that_was_not_met_has_no_hop() {
        let mut route = two_hops();
        route.push(hop(3, HopAnswer::Rejected, Some("10.9.9.9")));
        assert_eq!(read_trace(&trace(route)).hop, None);
    }

    #[test]
    fn silence_has_a_hop_only_where_another_port_goes_on() {
        let mut route = two_hops();
        route.push(hop(3, HopAnswer::Silent, None));
        let mut trace = trace(route);
        let read = read_trace(&trace);
        assert_eq!((read.ending, read.hop), (Ending::Silent, None));
        assert!(
            read.summary.contains("hop 2 (10.0.0.2)"),
            "{}",
            read.summary
        );
        let mut other = two_hops();
        other.push(hop(3, HopAnswer::Refused, None));
        trace.other_port = Some(reach365_model::evidence::OtherPort {
            port: 80,
            route: other,
        });
        assert_eq!(read_trace(&trace).hop, Some(2));
    }

    #[test]
    fn a_filter_is_located_where_the_control_passes() {
        use HelloAnswer::{Expired, Reset, ServerHello, Silent};
        for (effect, ending) in [(Reset, Ending::HelloReset), (Silent, Ending::HelloSilent)] {
            let own = [Expired, Expired, effect, effect];
            let control = [Expired, Expired, ServerHello, ServerHello];
            let read = read_trace(&with_hellos(&own, &control));
            assert_eq!((read.ending, read.hop), (ending, Some(2)));
            assert!(
                read.summary.contains("control.invalid passes"),
                "{}",
                read.summary
            );
        }
    }

    #[test]
    fn a_hop_that_is_silent_for_both_names_leaves_the_place_open() {
        use HelloAnswer::{Expired, ServerHello, Silent};
        let own = [Expired, Silent, Silent, Silent];
        let control = [Expired, Silent, ServerHello, ServerHello];
        let read = read_trace(&with_hellos(&own, &control));
        assert_eq!((read.ending, read.hop), (Ending::HelloSilent, None));
    }

    #[test]
    fn without_a_passing_control_the_target_itself_may_have_done_it() {
        use HelloAnswer::{Expired, Reset};
        let all = [Expired, Expired, Reset, Reset];
        let read = read_trace(&with_hellos(&all, &all));
        assert_eq!((read.ending, read.hop), (Ending::HelloReset, None));
        assert!(read.summary.contains("alike"), "{}", read.summary);
    }

    #[test]
    fn an_answered_hello_reaches_the_target() {
        use HelloAnswer::{Expired, ServerHello};
        let all = [Expired, Expired, ServerHello];
        let read = read_trace(&with_hellos(&all, &all));
        assert_eq!(read.ending.outcome(), Outcome::Reachable);
    }
}

//! The way to the service as a picture, with the place where it breaks.

use maud::{Markup, PreEscaped, html};

use super::cause::Cause;
use super::waterfall::percent;
use super::{Text, mark};
use reach365_model::evidence::Stage;
use reach365_model::report::{EndpointReport, Report};
use reach365_model::verdict::{Outcome, Who};

/// A station on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Station {
    Pc,
    Resolver,
    Firewall,
    Proxy,
    Inspection,
    Service,
}

/// What is known of a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Passed,
    Suspect,
    Broken,
    Troubled,
    Beyond,
    NotUsed,
    NotSeen,
}

/// The way of one cause.
struct RouteCandidate {
    stations: Vec<(Station, State)>,
    /// First and last station of the stretch that is broken; one station where both are equal.
    broken: Option<(usize, usize)>,
    outcome: Outcome,
}

/// Draws the way of a cause.
pub(super) fn of_cause(number: usize, cause: &Cause<'_>, report: &Report) -> Markup {
    let way = RouteCandidate::of(cause, report);
    let code = cause.code.map_or("no code", |code| code.id());
    let title = way.title(cause);
    picture(&format!("way-{number}"), &way, &title, code)
}

/// Draws a way on which nothing is broken.
pub(super) fn unbroken(report: &Report) -> Markup {
    let proxied = report.endpoints.iter().any(|row| row.via == "proxy");
    let direct = report.endpoints.iter().any(|row| row.via != "proxy");
    let state = |station| match station {
        Station::Proxy if !proxied => State::NotUsed,
        Station::Resolver if !direct => State::NotSeen,
        _ => State::Passed,
    };
    let way = RouteCandidate {
        stations: stations(false, proxied)
            .into_iter()
            .map(|it| (it, state(it)))
            .collect(),
        broken: None,
        outcome: Outcome::Reachable,
    };
    picture("way-0", &way, "The whole way is open.", "")
}

/// Five stations at most, which is what a phone has room for. Inspection takes the place of what the
/// way does not use: a proxy on a direct way, the resolver on a proxied one.
fn stations(inspected: bool, proxied: bool) -> Vec<Station> {
    let left_out = match (inspected, proxied) {
        (false, _) => Station::Inspection,
        (true, false) => Station::Proxy,
        (true, true) => Station::Resolver,
    };
    let all = [
        Station::Pc,
        Station::Resolver,
        Station::Firewall,
        Station::Proxy,
        Station::Inspection,
        Station::Service,
    ];
    all.into_iter().filter(|it| *it != left_out).collect()
}

impl RouteCandidate {
    fn of(cause: &Cause<'_>, report: &Report) -> Self {
        let is_proxied = |row: &&EndpointReport| row.via == "proxy";
        let proxied = match cause.rows.first() {
            Some(row) => is_proxied(row),
            None => report.endpoints.iter().any(|row| is_proxied(&row)),
        };
        let who = cause.accused().map(|culprit| culprit.who);
        let kinds = stations(who == Some(Who::Inspection), proxied);
        let place = |station| kinds.iter().position(|it| *it == station).unwrap_or(0);
        let (from, to) = stretch(who, cause.stage, proxied);
        let broken = (place(from), place(to));
        let state = |place: usize, station: Station| {
            if station == Station::Proxy && !proxied && broken != (place, place) {
                return State::NotUsed;
            }
            let unseen =
                cause.rows.is_empty() || (station == Station::Resolver && !resolved(cause));
            match place {
                _ if place < broken.0 && unseen => State::NotSeen,
                _ if place < broken.0 => State::Passed,
                _ if place > broken.1 && cause.outcome == Outcome::Degraded && unseen => {
                    State::NotSeen
                }
                _ if place > broken.1 && cause.outcome == Outcome::Degraded => State::Passed,
                _ if place > broken.1 => State::Beyond,
                _ if broken.0 < broken.1 && place == 0 => State::Passed,
                _ if broken.0 < broken.1 => State::Suspect,
                _ if cause.outcome == Outcome::Degraded => State::Troubled,
                _ => State::Broken,
            }
        };
        let with_state = kinds
            .iter()
            .enumerate()
            .map(|(at, it)| (*it, state(at, *it)));
        Self {
            stations: with_state.collect(),
            broken: Some(broken),
            outcome: cause.outcome,
        }
    }

    /// One sentence that says what the picture shows.
    fn title(&self, cause: &Cause<'_>) -> String {
        let Some((from, to)) = self.broken else {
            return String::new();
        };
        let [from, to] = [from, to].map(|at| self.stations[at].0.words());
        let verb = match self.outcome {
            Outcome::Degraded => "is in trouble",
            Outcome::Inconclusive => "is lost from sight",
            _ => "breaks",
        };
        let known = cause.accused();
        let address = known.and_then(|culprit| culprit.address);
        let address = address.map(|it| format!(" ({it})")).unwrap_or_default();
        if from == to {
            return format!("The way {verb} at {to}{address}.");
        }
        format!("The way {verb} somewhere between {from} and {to}.")
    }

    /// Whether the line that leads on from a station carries nothing, or perhaps nothing.
    fn is_cut(&self, at: usize) -> bool {
        let last = self.stations.len() - 1;
        self.broken.is_some_and(|(from, to)| match from == to {
            true if from == last => at + 1 == last,
            true => at == from,
            false => (from..to).contains(&at),
        })
    }

    fn is_beyond(&self, at: usize) -> bool {
        let after = self.broken.is_some_and(|(_, to)| at >= to);
        let unseen = |place: usize| {
            self.stations
                .get(place)
                .is_some_and(|it| it.1 == State::NotSeen)
        };
        (after && self.outcome != Outcome::Degraded) || (unseen(at) && unseen(at + 1))
    }

    /// Where the sign of the break stands, in percent of the width.
    fn break_at(&self) -> Option<f64> {
        let (from, to) = self.broken?;
        let on_line = (0..self.stations.len() - 1).find(|at| self.is_cut(*at));
        if from == to {
            return on_line.map(|at| self.middle(at) + self.step() / 2.0);
        }
        // On a line, never upon a station.
        Some(self.middle((from + to - 1) / 2) + self.step() / 2.0)
    }

    fn step(&self) -> f64 {
        100.0 / self.stations.len() as f64
    }

    fn middle(&self, at: usize) -> f64 {
        self.step() * (at as f64 + 0.5)
    }
}

/// Whether a lookup of the first endpoint was answered.
fn resolved(cause: &Cause<'_>) -> bool {
    let Some(row) = cause.rows.first() else {
        return false;
    };
    let evidence = &row.evidence;
    let answered = evidence
        .lookups
        .iter()
        .any(|lookup| lookup.outcome.passed());
    let connected = !evidence.attempts.is_empty() && row.via != "proxy";
    answered || connected
}

/// Where the way breaks: at a station, or somewhere on a stretch where nobody can be named.
fn stretch(who: Option<Who>, stage: Option<Stage>, proxied: bool) -> (Station, Station) {
    let carrier = if proxied {
        Station::Proxy
    } else {
        Station::Service
    };
    let at = |station| (station, station);
    match (who, stage) {
        (Some(Who::Device), _) | (_, Some(Stage::Device | Stage::Route)) => at(Station::Pc),
        (Some(Who::Resolver), _) => at(Station::Resolver),
        (Some(Who::Firewall), _) => at(Station::Firewall),
        (Some(Who::Proxy), _) => at(Station::Proxy),
        (Some(Who::Inspection), _) => at(Station::Inspection),
        (Some(Who::Service), _) => at(Station::Service),
        (_, Some(Stage::Dns)) => (Station::Pc, Station::Resolver),
        (_, Some(Stage::Proxy)) => (Station::Pc, Station::Proxy),
        (_, Some(Stage::Tcp)) => (Station::Pc, carrier),
        _ => (Station::Pc, Station::Service),
    }
}

impl Station {
    fn name(self) -> &'static str {
        match self {
            Self::Pc => "This PC",
            Self::Resolver => "Resolver",
            Self::Firewall => "Firewall",
            Self::Proxy => "Proxy",
            Self::Inspection => "Inspection",
            Self::Service => "Service",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Pc => "this PC",
            Self::Resolver => "the DNS resolver",
            Self::Firewall => "the firewall",
            Self::Proxy => "the proxy",
            Self::Inspection => "TLS inspection",
            Self::Service => "the service",
        }
    }
}

impl State {
    fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Suspect => "perhaps",
            Self::Broken => "breaks here",
            Self::Troubled => "trouble here",
            Self::Beyond => "not reached",
            Self::NotUsed => "not used",
            Self::NotSeen => "not seen",
        }
    }

    fn outcome(self) -> Outcome {
        match self {
            Self::Passed => Outcome::Reachable,
            Self::Suspect => Outcome::Inconclusive,
            Self::Broken => Outcome::Blocked,
            Self::Troubled => Outcome::Degraded,
            Self::Beyond | Self::NotUsed | Self::NotSeen => Outcome::Skipped,
        }
    }
}

/// Places are percentages, so that the picture is as wide as the page and its text keeps its size.
fn picture(id: &str, way: &RouteCandidate, title: &str, code: &str) -> Markup {
    let (title_id, text_id) = (format!("{id}-title"), format!("{id}-text"));
    html! {
        figure.way { "\n"
            svg role="img" aria-labelledby={ (title_id) " " (text_id) } height="104" width="100%" {
                title id=(title_id) { (Text(title)) }
                desc id=(text_id) { (told(way)) }
                @for at in 0..way.stations.len() - 1 { (line(way, at)) }
                @for (at, (name, state)) in way.stations.iter().enumerate() {
                    (station(way.middle(at), *name, *state))
                }
                (the_break(way, code))
            } "\n"
            figcaption { (Text(title)) }
        } "\n"
    }
}

fn told(way: &RouteCandidate) -> String {
    let parts = way.stations.iter();
    let parts = parts.map(|(station, state)| format!("{}: {}", station.name(), state.words()));
    parts.collect::<Vec<_>>().join("; ")
}

fn line(way: &RouteCandidate, at: usize) -> Markup {
    let class = match () {
        () if way.is_cut(at) && way.outcome == Outcome::Degraded => "wire troubled",
        () if way.is_cut(at) && way.outcome == Outcome::Inconclusive => "wire unsure",
        () if way.is_cut(at) => "wire cut",
        () if way.is_beyond(at) => "wire unused",
        () => "wire",
    };
    let [from, to] = [way.middle(at), way.middle(at + 1)].map(percent);
    html! { line class=(class) x1=(from) x2=(to) y1="48" y2="48" {} }
}

fn station(middle: f64, name: Station, state: State) -> Markup {
    let x = percent(middle);
    html! {
        svg class={ "station " (mark::class(state.outcome())) } x=(x) y="48" {
            (PreEscaped("<circle class=\"ground\" r=\"16\"/>"))
            (mark::shape(state.outcome()))
        }
        text.name x=(x) y="80" { (name.name()) }
        text.state x=(x) y="96" { (state.words()) }
    }
}

/// The sign on the broken line, and the name of the cause above it.
fn the_break(way: &RouteCandidate, code: &str) -> Markup {
    const SIGN: PreEscaped<&str> = PreEscaped(
        "<path class=\"lead\" d=\"M0-26v17\"/><path class=\"cross\" d=\"M-6-6l12 12m0-12l-12 12\"/>",
    );
    let Some(at) = way.break_at() else {
        return Markup::default();
    };
    let x = percent(at);
    let class = mark::class(way.outcome);
    let (anchor, code_x) = match at {
        left if left < 34.0 => ("from-left", "0"),
        right if right > 66.0 => ("from-right", "100%"),
        _ => ("centred", &*x),
    };
    html! {
        svg class={ "break " (class) } x=(x) y="48" { (SIGN) }
        text class={ "code " (anchor) " " (class) } x=(code_x) y="15" { (Text(code)) }
    }
}

//! The path to the service as a picture, with the place where it breaks.

use maud::{Markup, PreEscaped, html};

use super::cause::Cause;
use super::waterfall::percent;
use super::{Text, mark};
use reach365_model::evidence::Stage;
use reach365_model::report::{EndpointReport, Report};
use reach365_model::verdict::{Outcome, Who};

/// A node on the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Pc,
    Resolver,
    Firewall,
    Proxy,
    Inspection,
    Service,
}

/// What is known of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Passed,
    Suspect,
    Broken,
    Degraded,
    Beyond,
    NotUsed,
    NotSeen,
}

/// The path of one cause.
struct PathPicture {
    nodes: Vec<(Node, State)>,
    /// First and last station of the stretch that is broken; one station where both are equal.
    broken: Option<(usize, usize)>,
    outcome: Outcome,
}

/// Draws the path of a cause.
pub(super) fn of_cause(number: usize, cause: &Cause<'_>, report: &Report) -> Markup {
    let path = PathPicture::new(cause, report);
    let code = cause.code.map_or("no code", |code| code.id());
    let title = path.title(cause);
    picture(&format!("way-{number}"), &path, &title, code)
}

/// Draws a path on which nothing is broken.
pub(super) fn unbroken(report: &Report) -> Markup {
    let proxied = report.endpoints.iter().any(|row| row.via == "proxy");
    let direct = report.endpoints.iter().any(|row| row.via != "proxy");
    let state = |node| match node {
        Node::Proxy if !proxied => State::NotUsed,
        Node::Resolver if !direct => State::NotSeen,
        _ => State::Passed,
    };
    let path = PathPicture {
        nodes: nodes(false, proxied)
            .into_iter()
            .map(|it| (it, state(it)))
            .collect(),
        broken: None,
        outcome: Outcome::Reachable,
    };
    picture("way-0", &path, "The whole path is open.", "")
}

/// Five nodes at most, which is what a phone has room for. Inspection takes the place of what the
/// path does not use: a proxy on a direct path, the resolver on a proxied one.
fn nodes(inspected: bool, proxied: bool) -> Vec<Node> {
    let left_out = match (inspected, proxied) {
        (false, _) => Node::Inspection,
        (true, false) => Node::Proxy,
        (true, true) => Node::Resolver,
    };
    let all = [
        Node::Pc,
        Node::Resolver,
        Node::Firewall,
        Node::Proxy,
        Node::Inspection,
        Node::Service,
    ];
    all.into_iter().filter(|it| *it != left_out).collect()
}

impl PathPicture {
    fn new(cause: &Cause<'_>, report: &Report) -> Self {
        let is_proxied = |row: &&EndpointReport| row.via == "proxy";
        let proxied = match cause.rows.first() {
            Some(row) => is_proxied(row),
            None => report.endpoints.iter().any(|row| is_proxied(&row)),
        };
        let who = cause.accused().map(|culprit| culprit.who);
        let kinds = nodes(who == Some(Who::Inspection), proxied);
        let place = |node| kinds.iter().position(|it| *it == node).unwrap_or(0);
        let (from, to) = stretch(who, cause.stage, proxied);
        let broken = (place(from), place(to));
        let state = |place: usize, node: Node| {
            if node == Node::Proxy && !proxied && broken != (place, place) {
                return State::NotUsed;
            }
            let unseen = cause.rows.is_empty() || (node == Node::Resolver && !resolved(cause));
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
                _ if cause.outcome == Outcome::Degraded => State::Degraded,
                _ => State::Broken,
            }
        };
        let with_state = kinds
            .iter()
            .enumerate()
            .map(|(at, it)| (*it, state(at, *it)));
        Self {
            nodes: with_state.collect(),
            broken: Some(broken),
            outcome: cause.outcome,
        }
    }

    /// One sentence that says what the picture shows.
    fn title(&self, cause: &Cause<'_>) -> String {
        let Some((from, to)) = self.broken else {
            return String::new();
        };
        let [from, to] = [from, to].map(|at| self.nodes[at].0.in_sentence());
        let verb = match self.outcome {
            Outcome::Degraded => "is degraded",
            Outcome::Inconclusive => "is unclear",
            _ => "breaks",
        };
        let known = cause.accused();
        let address = known.and_then(|culprit| culprit.address);
        let address = address.map(|it| format!(" ({it})")).unwrap_or_default();
        if from == to {
            return format!("The path {verb} at {to}{address}.");
        }
        format!("The path {verb} somewhere between {from} and {to}.")
    }

    /// Whether the line that leads on from a station is cut, or perhaps cut.
    fn is_cut(&self, at: usize) -> bool {
        let last = self.nodes.len() - 1;
        self.broken.is_some_and(|(from, to)| match from == to {
            true if from == last => at + 1 == last,
            true => at == from,
            false => (from..to).contains(&at),
        })
    }

    fn is_beyond(&self, at: usize) -> bool {
        let after = self.broken.is_some_and(|(_, to)| at >= to);
        let unseen = |place: usize| {
            self.nodes
                .get(place)
                .is_some_and(|it| it.1 == State::NotSeen)
        };
        (after && self.outcome != Outcome::Degraded) || (unseen(at) && unseen(at + 1))
    }

    /// Where the sign of the break stands, in percent of the width.
    fn break_at(&self) -> Option<f64> {
        let (from, to) = self.broken?;
        let on_line = (0..self.nodes.len() - 1).find(|at| self.is_cut(*at));
        if from == to {
            return on_line.map(|at| self.middle(at) + self.step() / 2.0);
        }
        // On a line, never upon a station.
        Some(self.middle((from + to - 1) / 2) + self.step() / 2.0)
    }

    fn step(&self) -> f64 {
        100.0 / self.nodes.len() as f64
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

/// Where the path breaks: at a station, or somewhere on a stretch where no party can be named.
fn stretch(who: Option<Who>, stage: Option<Stage>, proxied: bool) -> (Node, Node) {
    let carrier = if proxied { Node::Proxy } else { Node::Service };
    let at = |node| (node, node);
    match (who, stage) {
        (Some(Who::Device), _) | (_, Some(Stage::Device | Stage::Route)) => at(Node::Pc),
        (Some(Who::Resolver), _) => at(Node::Resolver),
        (Some(Who::Firewall), _) => at(Node::Firewall),
        (Some(Who::Proxy), _) => at(Node::Proxy),
        (Some(Who::Inspection), _) => at(Node::Inspection),
        (Some(Who::Service), _) => at(Node::Service),
        (_, Some(Stage::Dns)) => (Node::Pc, Node::Resolver),
        (_, Some(Stage::Proxy)) => (Node::Pc, Node::Proxy),
        (_, Some(Stage::Tcp)) => (Node::Pc, carrier),
        _ => (Node::Pc, Node::Service),
    }
}

impl Node {
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

    fn in_sentence(self) -> &'static str {
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
    fn text(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Suspect => "perhaps",
            Self::Broken => "breaks here",
            Self::Degraded => "trouble here",
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
            Self::Degraded => Outcome::Degraded,
            Self::Beyond | Self::NotUsed | Self::NotSeen => Outcome::Skipped,
        }
    }
}

/// Places are percentages, so that the picture is as wide as the page and its text keeps its size.
fn picture(id: &str, path: &PathPicture, title: &str, code: &str) -> Markup {
    let (title_id, text_id) = (format!("{id}-title"), format!("{id}-text"));
    html! {
        figure.way { "\n"
            svg role="img" aria-labelledby={ (title_id) " " (text_id) } height="104" width="100%" {
                title id=(title_id) { (Text(title)) }
                desc id=(text_id) { (description(path)) }
                @for at in 0..path.nodes.len() - 1 { (line(path, at)) }
                @for (at, (name, state)) in path.nodes.iter().enumerate() {
                    (node(path.middle(at), *name, *state))
                }
                (the_break(path, code))
            } "\n"
            figcaption { (Text(title)) }
        } "\n"
    }
}

fn description(path: &PathPicture) -> String {
    let parts = path.nodes.iter();
    let parts = parts.map(|(node, state)| format!("{}: {}", node.name(), state.text()));
    parts.collect::<Vec<_>>().join("; ")
}

fn line(path: &PathPicture, at: usize) -> Markup {
    let class = match () {
        () if path.is_cut(at) && path.outcome == Outcome::Degraded => "wire troubled",
        () if path.is_cut(at) && path.outcome == Outcome::Inconclusive => "wire unsure",
        () if path.is_cut(at) => "wire cut",
        () if path.is_beyond(at) => "wire unused",
        () => "wire",
    };
    let [from, to] = [path.middle(at), path.middle(at + 1)].map(percent);
    html! { line class=(class) x1=(from) x2=(to) y1="48" y2="48" {} }
}

fn node(middle: f64, name: Node, state: State) -> Markup {
    let x = percent(middle);
    html! {
        svg class={ "station " (mark::class(state.outcome())) } x=(x) y="48" {
            (PreEscaped("<circle class=\"ground\" r=\"16\"/>"))
            (mark::shape(state.outcome()))
        }
        text.name x=(x) y="80" { (name.name()) }
        text.state x=(x) y="96" { (state.text()) }
    }
}

/// The sign on the broken line, and the name of the cause above it.
fn the_break(path: &PathPicture, code: &str) -> Markup {
    const SIGN: PreEscaped<&str> = PreEscaped(
        "<path class=\"lead\" d=\"M0-26v17\"/><path class=\"cross\" d=\"M-6-6l12 12m0-12l-12 12\"/>",
    );
    let Some(at) = path.break_at() else {
        return Markup::default();
    };
    let x = percent(at);
    let class = mark::class(path.outcome);
    let (anchor, code_x) = match at {
        left if left < 34.0 => ("from-left", "0"),
        right if right > 66.0 => ("from-right", "100%"),
        _ => ("centered", &*x),
    };
    html! {
        svg class={ "break " (class) } x=(x) y="48" { (SIGN) }
        text class={ "code " (anchor) " " (class) } x=(code_x) y="15" { (Text(code)) }
    }
}

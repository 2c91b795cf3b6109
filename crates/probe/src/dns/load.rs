//! The load limit of one name server. All names of a run are queried at once; a server for which
//! that is too much answers one question after another or drops what exceeds its limit. Such a
//! server gets no question twice while it works on others, and no more questions than it answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::dns::ask::RESEND_AFTER;
use reach365_model::evidence::BusyResolver;

/// A packet that was left out while so many later ones were answered is lost.
const PASSED_OVER: u64 = 4;
/// Packets without an answer that may be the work of a limit; fewer are loss.
const LOST: usize = 5;
/// Of so many packets one must be lost, so that it may be the work of a limit.
const LOST_SHARE: usize = 6;
/// Pending packets to a server that has more than it can answer.
const FEW: usize = 4;
/// Answers that are so far apart, and later and later, show that the server answers one by one.
const ONE_BY_ONE: Duration = Duration::from_millis(30);
/// So many such answers are not a coincidence.
const IN_TURN: usize = 8;
/// Questions in a row that a server may answer although they were given up.
const ABANDONED: u32 = 3;
/// From one packet to the next, at the beginning and at the longest.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// The longest wait for the next answer of a queue, in times of one answer, at the least, and at
/// the most.
const PATIENCE: u32 = 4;
const QUEUE_PATIENCE: Duration = Duration::from_secs(1);
const SHORTEST_PATIENCE: Duration = Duration::from_millis(100);
const LONGEST_PATIENCE: Duration = Duration::from_secs(2);
/// Packets that show whether there is a limit at all.
const TRIALS: u32 = 4;
/// Some limits count also what they drop: so long nothing is sent before the last packets that
/// show it, and so many are these.
const QUIET: Duration = Duration::from_secs(1);
const LAST_TRIALS: u32 = 2;
/// Answers after which a shorter pause is tried.
const FASTER_AFTER: u32 = 10;
/// Repetitions to a server that has not answered anything yet.
const UNANSWERED_REPEATS: usize = 4;
/// When a question that waits for others looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Times of answers that are kept.
const ANSWERS_KEPT: usize = 4096;

/// Packets to one server, numbered in the order in which they left.
pub(super) type Ticket = u64;

/// The packets of a run to one server.
#[derive(Debug, Default)]
pub(super) struct Load {
    next: Ticket,
    /// Neither answered nor taken for lost.
    under_way: BTreeMap<Ticket, Sent>,
    /// The latest packet that was answered.
    newest: Option<Ticket>,
    answers: Vec<Instant>,
    /// How long the last answer took while others waited.
    gap: Duration,
    /// From the last packet that was answered to its answer, and the shortest such time.
    latency: Duration,
    shortest: Option<Duration>,
    /// Taken for lost.
    lost: usize,
    /// Answers that came one after another, so that others waited.
    in_turn: usize,
    repeats: usize,
    limit: Option<Limit>,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    left: Instant,
    kind: Kind,
}

/// What happens to a packet is evidence about the server if ...
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    /// ... its loss cannot be due to EDNS, which a server may not support.
    pub(super) counts: bool,
    /// ... its question has lost a packet before: an answer shows that the name is not left out.
    pub(super) again: bool,
}

/// The limit of a server, as far as it is known.
#[derive(Debug)]
struct Limit {
    pause: Duration,
    turn: Instant,
    /// The first packet that left after the limit was noticed.
    begun: Ticket,
    /// The first packet that left at this pause: earlier losses do not count against it.
    since: Ticket,
    answered: u32,
    trial: Trial,
}

/// Whether questions are dropped for their number is found out with a few packets.
#[derive(Debug, Clone, Copy)]
struct Trial {
    left: u32,
    ends: Instant,
    was_quiet: bool,
    /// The server drops names, not numbers.
    failed: bool,
}

impl Load {
    /// Notes a packet.
    pub(super) fn send(&mut self, kind: Kind, now: Instant) -> Ticket {
        let ticket = self.next;
        self.next += 1;
        self.under_way.insert(ticket, Sent { left: now, kind });
        ticket
    }

    /// Notes an answer.
    pub(super) fn answer(&mut self, ticket: Ticket, left: Instant, now: Instant) {
        let oldest = self.under_way.values().next().map(|sent| sent.left);
        let since = oldest.max(self.answers.last().copied());
        self.gap = since.map_or(self.gap, |since| now - since);
        self.latency = now - left;
        let shortest = self.shortest.unwrap_or(self.latency);
        self.shortest = Some(shortest.min(self.latency));
        let is_next = self.under_way.keys().next() == Some(&ticket);
        let sent = self.under_way.remove(&ticket);
        if is_next && self.is_queue() && !self.under_way.is_empty() {
            self.in_turn += 1;
        }
        self.newest = self.newest.max(Some(ticket));
        if self.answers.len() < ANSWERS_KEPT {
            self.answers.push(now);
        }
        if let Some(limit) = &mut self.limit
            && sent.is_some_and(|sent| sent.kind.again)
        {
            limit.note_answer(ticket);
        }
    }

    /// A packet that is no longer waited for.
    pub(super) fn forget(&mut self, ticket: Ticket) {
        self.under_way.remove(&ticket);
    }

    /// A packet that the server has had its time for.
    pub(super) fn lose(&mut self, ticket: Ticket, now: Instant) {
        let older = |sent: &&Sent| sent.kind.counts && now - sent.left >= RESEND_AFTER;
        let open = self.under_way.values().filter(older).count();
        let counts = self
            .under_way
            .remove(&ticket)
            .is_some_and(|it| it.kind.counts);
        if self.newest.is_none() || !counts {
            return;
        }
        let unanswered = open + self.lost;
        self.lost += 1;
        if let Some(limit) = &mut self.limit {
            limit.note_loss(ticket, self.next);
        } else if unanswered >= LOST && unanswered * LOST_SHARE >= self.next as usize {
            self.limit = Some(Limit::new(self.gap, self.trial_patience(), self.next, now));
        }
    }

    /// Until when a packet is not taken for lost, since the server works on earlier ones.
    pub(super) fn works_on(&self, ticket: Ticket, left: Instant, now: Instant) -> Option<Instant> {
        let last = *self.answers.last()?;
        let passed_over = self.newest? >= ticket + PASSED_OVER;
        let until = last + self.patience();
        (last >= left && !passed_over && until > now).then_some(until)
    }

    /// Whether a packet may be sent; otherwise when to check again. `again` where its question has
    /// lost one before.
    pub(super) fn may_send(&mut self, again: bool, now: Instant) -> Result<(), Instant> {
        let patience = self.patience();
        let trial = self.trial_patience();
        let many = self.under_way.len() >= FEW;
        let young = |sent: &&Sent| now - sent.left < patience;
        let many_left = self.under_way.values().filter(young).count() >= FEW;
        let is_queue = self.is_queue() && self.is_at_work(now);
        match &mut self.limit {
            Some(limit) => limit.may_send(many_left, again, trial, now),
            None if many && is_queue => Err(now + LOOK_AGAIN),
            None => Ok(()),
        }
    }

    /// Whether a packet may be sent again. Where the server has not answered anything yet, some
    /// repetitions show for all whether that helps.
    pub(super) fn may_repeat(&mut self, again: bool, now: Instant) -> Result<(), Instant> {
        if self.newest.is_none() {
            if self.repeats >= UNANSWERED_REPEATS {
                return Err(now + LOOK_AGAIN);
            }
            self.repeats += 1;
        }
        self.may_send(again, now)
    }

    /// Whether the server drops what exceeds a limit.
    pub(super) fn is_limited(&self) -> bool {
        self.limit.as_ref().is_some_and(|limit| limit.answered > 0)
    }

    /// What the run shows of it, where it answers fewer questions than are asked at once.
    pub(super) fn seen(&self, server: SocketAddr) -> Option<BusyResolver> {
        let dropped = if self.is_limited() { self.lost } else { 0 };
        let one_by_one = self.in_turn >= IN_TURN;
        (dropped > 0 || one_by_one).then_some(BusyResolver {
            server,
            one_by_one,
            dropped,
        })
    }

    /// Whether questions wait because the server works on others.
    pub(super) fn is_busy(&self, now: Instant) -> bool {
        let waits = !self.under_way.is_empty() || self.is_limited();
        waits && self.is_at_work(now) && (self.is_queue() || self.is_limited())
    }

    /// How much of the time of a packet the server was busy with others: all but the time of one
    /// question, which is the usual time between two answers. A much longer pause is the time of
    /// one question, unless it is that of a few that were given up.
    pub(super) fn queued(&self, left: Instant, answered: Instant) -> Duration {
        let between = self.answers.iter().copied();
        let between = between.filter(|at| *at > left && *at < answered);
        let mut last = left;
        let mut gaps: Vec<Duration> = Vec::new();
        for at in between.chain([answered]) {
            gaps.push(at - last);
            last = at;
        }
        gaps.sort_unstable();
        let usual = gaps[gaps.len() / 2];
        let longest = gaps[gaps.len() - 1];
        let own = if longest > usual * ABANDONED {
            longest
        } else {
            usual
        };
        (answered - left).saturating_sub(own)
    }

    /// Whether the server answers one question after another, so that the later ones wait.
    fn is_queue(&self) -> bool {
        let waited = self.shortest.is_some_and(|it| self.latency >= it * 2);
        waited && self.gap.min(self.latency) >= ONE_BY_ONE
    }

    fn is_at_work(&self, now: Instant) -> bool {
        let last = self.answers.last();
        last.is_some_and(|last| *last + self.patience() > now)
    }

    /// How long the packets are waited for that show whether there is a limit.
    fn trial_patience(&self) -> Duration {
        (self.latency * PATIENCE).clamp(SHORTEST_PATIENCE, LONGEST_PATIENCE)
    }

    fn patience(&self) -> Duration {
        let least = if self.is_queue() {
            QUEUE_PATIENCE
        } else {
            RESEND_AFTER
        };
        (self.gap * PATIENCE).clamp(least, LONGEST_PATIENCE)
    }
}

impl Limit {
    fn new(gap: Duration, patience: Duration, next: Ticket, now: Instant) -> Self {
        let pause = gap.clamp(PAUSE, LONGEST_PAUSE);
        Self {
            pause,
            turn: now,
            begun: next,
            since: next,
            answered: 0,
            trial: Trial {
                left: TRIALS,
                ends: now + pause * TRIALS + patience,
                was_quiet: false,
                failed: false,
            },
        }
    }

    fn note_answer(&mut self, ticket: Ticket) {
        if ticket < self.begun {
            return;
        }
        self.answered += 1;
        if self.answered.is_multiple_of(FASTER_AFTER) {
            self.pause = (self.pause * 4 / 5).max(PAUSE);
        }
    }

    fn note_loss(&mut self, ticket: Ticket, next: Ticket) {
        if ticket >= self.since && self.answered > 0 {
            self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
            self.since = next;
        }
    }

    fn may_send(
        &mut self,
        many: bool,
        again: bool,
        patience: Duration,
        now: Instant,
    ) -> Result<(), Instant> {
        if self.answered == 0 {
            if self.trial.failed {
                return Ok(());
            }
            self.try_on(again, patience, now)?;
        } else if many {
            return Err(now + LOOK_AGAIN);
        }
        if now < self.turn {
            return Err(self.turn);
        }
        self.turn = now + self.pause;
        self.trial.left = self.trial.left.saturating_sub(1);
        Ok(())
    }

    /// Whether another packet may show whether there is a limit.
    fn try_on(&mut self, again: bool, patience: Duration, now: Instant) -> Result<(), Instant> {
        let trial = &mut self.trial;
        if now >= trial.ends {
            if trial.was_quiet {
                trial.failed = true;
                return Ok(());
            }
            self.turn = now + QUIET;
            *trial = Trial {
                left: LAST_TRIALS,
                ends: self.turn + self.pause * LAST_TRIALS + patience,
                was_quiet: true,
                failed: false,
            };
        }
        if trial.left == 0 || !again {
            return Err(trial.ends.min(now + LOOK_AGAIN));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Kind = Kind {
        counts: true,
        again: false,
    };
    const AGAIN: Kind = Kind {
        counts: true,
        again: true,
    };

    /// A server with so many questions that left at once, and the time of its first answer.
    struct Case {
        load: Load,
        start: Instant,
    }

    impl Case {
        fn asked(count: u64) -> Self {
            let start = Instant::now();
            let mut load = Load::default();
            for _ in 0..count {
                load.send(PLAIN, start);
            }
            Self { load, start }
        }

        fn at(&self, ms: u64) -> Instant {
            self.start + Duration::from_millis(ms)
        }

        fn answer(&mut self, ticket: Ticket, ms: u64) {
            let now = self.at(ms);
            self.load.answer(ticket, self.start, now);
        }

        fn works_on(&self, ticket: Ticket, ms: u64) -> bool {
            let now = self.at(ms);
            self.load.works_on(ticket, self.start, now).is_some()
        }

        fn lose(&mut self, tickets: std::ops::Range<Ticket>, ms: u64) {
            let now = self.at(ms);
            for ticket in tickets {
                self.load.lose(ticket, now);
            }
        }
    }

    #[test]
    fn a_server_that_answers_in_turn_works_on_what_is_left() {
        let mut case = Case::asked(40);
        for ticket in 0..10 {
            case.answer(ticket, (ticket + 1) * 120);
        }
        assert!(case.works_on(39, 1_900));
        assert!(!case.works_on(39, 9_000), "it has answered nothing since");
        assert!(case.load.may_send(false, case.at(1_300)).is_err());
        assert!(case.load.is_busy(case.at(1_300)));
        let waited = case.load.queued(case.start, case.at(1_200));
        assert_eq!(waited, Duration::from_millis(1_080));
    }

    #[test]
    fn a_question_that_later_ones_overtake_is_lost() {
        let mut case = Case::asked(40);
        for ticket in 1..40 {
            case.answer(ticket, 20);
        }
        assert!(!case.works_on(0, 400));
        case.lose(0..1, 400);
        assert!(case.load.may_repeat(true, case.at(400)).is_ok());
        assert!(case.load.seen("192.0.2.1:53".parse().unwrap()).is_none());
    }

    #[test]
    fn what_exceeds_a_limit_is_asked_again_slowly() {
        let mut case = Case::asked(40);
        for ticket in 0..10 {
            case.answer(ticket, 5);
        }
        case.lose(10..40, 420);
        let (first, next) = (case.at(420), case.at(421));
        assert!(case.load.may_repeat(true, first).is_ok());
        assert!(case.load.may_repeat(true, next).is_err());
        let ticket = case.load.send(AGAIN, first);
        case.load.answer(ticket, first, case.at(425));
        assert!(case.load.is_limited());
        assert!(case.load.may_repeat(true, case.at(440)).is_err());
        assert!(case.load.may_repeat(true, case.at(480)).is_ok());
    }

    #[test]
    fn names_that_are_left_out_are_no_limit() {
        let mut case = Case::asked(40);
        for ticket in 0..4 {
            case.answer(ticket, 5);
        }
        case.lose(4..40, 420);
        let mut sent = 0;
        let mut ms = 420;
        while ms < 1_900 {
            let now = case.at(ms);
            if case.load.may_repeat(true, now).is_ok() {
                case.load.send(AGAIN, now);
                sent += 1;
            }
            ms += 10;
        }
        assert_eq!(sent, 6, "a few show that numbers are not the matter");
        for _ in 0..20 {
            assert!(case.load.may_send(true, case.at(2_100)).is_ok());
        }
        assert!(!case.load.is_limited());
    }

    #[test]
    fn a_late_answer_to_all_at_once_is_slow_and_no_queue() {
        let mut case = Case::asked(40);
        case.answer(0, 5);
        for ticket in 1..40 {
            case.answer(ticket, 650 + ticket);
        }
        let waited = case.load.queued(case.start, case.at(689));
        assert!(waited < Duration::from_millis(100), "{waited:?}");
    }
}

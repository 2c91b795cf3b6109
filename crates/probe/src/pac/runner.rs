//! Runs a script on a thread of its own, under a deadline that does not count the waiting for
//! names.
//!
//! Most scripts stop on request. Some of the engine's own loops never check for it, so that a
//! thread may have to be abandoned: it stays until the process ends, and their number is limited.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use jiff::tz::TimeZone;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::environment::{Resolver, Silence};
use super::{PacEnvironment, PacLimits};
use reach365_model::Timestamp;
use reach365_platform as platform;
use reach365_proxy::pac::{
    Circumstances, PacAnswer, PacFailure, PacFailureKind, PacHost, PacScript, ScriptRequest,
};

/// How long a script may go on after the request to stop.
const GRACE: Duration = Duration::from_millis(250);
/// Threads that one process abandons at most.
const ABANDONED_LIMIT: usize = 4;
/// A script that does not end in time for so many questions in a row is not run again.
const TIMEOUT_LIMIT: usize = 2;
/// Stack of a thread; the engine has a smaller limit of its own.
const THREAD_STACK: usize = 2 * 1024 * 1024;

static ABANDONED: AtomicUsize = AtomicUsize::new(0);

/// Whose runtime looks names up, and where the waiting counts.
type Asker = (Handle, Arc<Waiting>);
type Outcome = Result<PacAnswer, PacFailure>;

/// Answers for one script, one question after the other.
pub(super) struct Runner {
    limits: PacLimits,
    environment: PacEnvironment,
    silence: Arc<Silence>,
    place: tokio::sync::Mutex<Place>,
}

/// Where the script runs.
#[derive(Default)]
struct Place {
    thread: Option<Sender<Job>>,
    timeouts_in_a_row: usize,
    /// Why the script is not run any more.
    refused: Option<PacFailure>,
}

/// One question to the thread.
struct Job {
    request: ScriptRequest,
    circumstances: Circumstances,
    stop: Arc<AtomicBool>,
    waiting: Arc<Waiting>,
    runtime: Handle,
    reply: oneshot::Sender<Outcome>,
}

impl Runner {
    pub(super) fn new(limits: &PacLimits, environment: PacEnvironment) -> Self {
        Self {
            limits: *limits,
            environment,
            silence: Arc::default(),
            place: tokio::sync::Mutex::default(),
        }
    }

    /// Shares answers of name servers with other scripts.
    pub(super) fn share(&mut self, silence: Arc<Silence>) {
        self.silence = silence;
    }

    pub(super) async fn answer(
        &self,
        text: &str,
        request: ScriptRequest,
        circumstances: Circumstances,
    ) -> Outcome {
        let mut place = self.place.lock().await;
        if let Some(failure) = &place.refused {
            return Err(failure.clone());
        }
        let thread = self.thread(&mut place, text)?;
        let stop = StopOnDrop(Arc::new(AtomicBool::new(false)));
        let waiting = Arc::new(Waiting::default());
        let (reply, answer) = oneshot::channel();
        let job = Job {
            request,
            circumstances,
            stop: Arc::clone(&stop.0),
            waiting: Arc::clone(&waiting),
            runtime: Handle::current(),
            reply,
        };
        if thread.send(job).is_err() {
            place.thread = None;
            return Err(engine_gone());
        }
        let ended = self.wait(answer, &stop, &waiting).await;
        place.learn(ended)
    }

    /// The thread of the script, started if need be.
    fn thread(&self, place: &mut Place, text: &str) -> Result<Sender<Job>, PacFailure> {
        if let Some(thread) = &place.thread {
            return Ok(thread.clone());
        }
        if ABANDONED.load(Ordering::Relaxed) >= ABANDONED_LIMIT {
            let words = "too many scripts of this process never ended";
            return Err(PacFailure::new(PacFailureKind::Limit, words));
        }
        let (sender, jobs) = mpsc::channel();
        let text = text.to_owned();
        let resolver = self.environment.resolver_after(&self.silence);
        let world = World {
            resolver,
            environment: self.environment.clone(),
            name_limit: self.limits.name,
            own: Arc::default(),
            job: Arc::default(),
        };
        thread::Builder::new()
            .name("pac-script".to_owned())
            .stack_size(THREAD_STACK)
            .spawn(move || serve(&text, &world, &jobs))
            .map_err(|error| {
                let words = format!("no thread for the script: {error}");
                PacFailure::new(PacFailureKind::Error, &words)
            })?;
        place.thread = Some(sender.clone());
        Ok(sender)
    }

    /// Waits for the reply; when the time is over, stops the script and waits a little more.
    async fn wait(
        &self,
        mut reply: oneshot::Receiver<Outcome>,
        stop: &StopOnDrop,
        waiting: &Waiting,
    ) -> Ended {
        let began = Instant::now();
        loop {
            let used = began.elapsed().saturating_sub(waiting.total());
            let left = self.limits.evaluate.saturating_sub(used);
            if left.is_zero() {
                break;
            }
            if let Ok(reply) = timeout(left, &mut reply).await {
                return Ended::InTime(reply.unwrap_or_else(|_| Err(engine_gone())));
            }
        }
        stop.0.store(true, Ordering::Relaxed);
        match timeout(GRACE, &mut reply).await {
            Ok(late) => Ended::Late(late.unwrap_or_else(|_| Err(engine_gone()))),
            Err(_) => Ended::Never,
        }
    }
}

/// How an evaluation ended.
enum Ended {
    InTime(Outcome),
    Late(Outcome),
    Never,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Runner")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Place {
    /// Keeps what an end shows about the script as a whole.
    fn learn(&mut self, ended: Ended) -> Outcome {
        let outcome = match ended {
            Ended::InTime(outcome) => {
                self.timeouts_in_a_row = 0;
                return outcome;
            }
            Ended::Late(outcome) => outcome,
            Ended::Never => {
                ABANDONED.fetch_add(1, Ordering::Relaxed);
                return self
                    .refuse("the script did not end and cannot be ended; it is not run again");
            }
        };
        self.timeouts_in_a_row += 1;
        if self.timeouts_in_a_row == TIMEOUT_LIMIT {
            let again = "the script did not end in time for two URLs in a row; it is not run again";
            return self.refuse(again);
        }
        outcome
    }

    fn refuse(&mut self, words: &str) -> Outcome {
        self.thread = None;
        let failure = PacFailure::new(PacFailureKind::Limit, words);
        self.refused = Some(failure.clone());
        Err(failure)
    }
}

fn engine_gone() -> PacFailure {
    PacFailure::new(
        PacFailureKind::Error,
        "the script engine ended unexpectedly",
    )
}

/// Ends the evaluation when its caller stops waiting.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The body of a thread: the script is loaded for the first question, and again after a limit,
/// since the state in which it was stopped is unknown.
fn serve(text: &str, world: &World, jobs: &Receiver<Job>) {
    let mut script: Option<Result<PacScript, PacFailure>> = None;
    for job in jobs {
        world.enter(&job);
        let loaded = script.get_or_insert_with(|| {
            PacScript::load(text, Box::new(world.clone()), Arc::clone(&job.stop))
        });
        let outcome = match loaded {
            Ok(loaded) => loaded.answer_under(&job.request, job.circumstances, &job.stop),
            Err(failure) => Err(failure.clone()),
        };
        let unsure = matches!(&outcome, Err(failure) if failure.kind == PacFailureKind::Limit);
        if unsure {
            script = None;
        }
        // The caller may have been dropped.
        let _ = job.reply.send(outcome);
    }
}

/// The environment of a script, as its thread accesses it.
#[derive(Clone)]
struct World {
    resolver: Resolver,
    environment: PacEnvironment,
    name_limit: Duration,
    /// Asked of the system once: scripts request them for every URL.
    own: Arc<OnceLock<Vec<IpAddr>>>,
    /// The last caller.
    job: Arc<Mutex<Option<Asker>>>,
}

impl World {
    fn enter(&self, job: &Job) {
        let mut current = self.job.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Some((job.runtime.clone(), Arc::clone(&job.waiting)));
    }

    /// The lookup runs on the caller's runtime, since this thread has none. A runtime that has shut
    /// down drops the question, and the channel reports that.
    fn lookup(&self, runtime: &Handle, name: &str) -> Vec<IpAddr> {
        let (sender, receiver) = mpsc::channel();
        let (resolver, limit) = (self.resolver.clone(), self.name_limit);
        let name = name.to_owned();
        runtime.spawn(async move {
            let addresses = resolver.addresses(&name, limit).await;
            // The script may have given up waiting.
            let _ = sender.send(addresses);
        });
        receiver.recv_timeout(limit + GRACE).unwrap_or_default()
    }
}

impl PacHost for World {
    fn resolve(&self, name: &str) -> Vec<IpAddr> {
        let job = self
            .job
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some((runtime, waiting)) = job else {
            return Vec::new();
        };
        waiting.begin();
        let addresses = self.lookup(&runtime, name);
        waiting.end();
        addresses
    }

    fn own_addresses(&self) -> Vec<IpAddr> {
        if let Some(given) = &self.environment.own_addresses {
            return given.clone();
        }
        self.own.get_or_init(platform::own_addresses).clone()
    }

    fn now_ms(&self) -> i64 {
        let given = self.environment.now.map(|now| now.moment);
        let now = given.unwrap_or_else(|| Timestamp::from(SystemTime::now()));
        now.as_millisecond()
    }

    fn utc_offset(&self, at_ms: i64) -> i32 {
        if let Some(given) = &self.environment.now {
            return given.utc_offset;
        }
        let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default();
        TimeZone::system().to_offset(at).seconds()
    }
}

/// How long an evaluation has waited for names.
#[derive(Default)]
struct Waiting {
    state: Mutex<(Duration, Option<Instant>)>,
}

impl Waiting {
    fn begin(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(Instant::now());
    }

    fn end(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = state.1.take() {
            state.0 += since.elapsed();
        }
    }

    fn total(&self) -> Duration {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 + state.1.map(|since| since.elapsed()).unwrap_or_default()
    }
}

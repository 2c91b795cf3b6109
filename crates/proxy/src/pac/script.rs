//! A script that has been read once and answers for many URLs.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rquickjs::{Context, Ctx, Function, Object, Runtime, Value};

use super::answer::{Entry, PacAnswer, hops};
use super::calls::Calls;
use super::circumstances::Circumstances;
use super::engine::{self, SCRIPT_NAME};
use super::failure::{PacFailure, PacFailureKind};
use super::request::ScriptRequest;
use super::{ANSWER_LIMIT, PacHost};

/// A script in its engine. It belongs to one thread, and keeps what the script keeps between
/// answers.
pub struct PacScript {
    calls: Rc<Calls>,
    stop: Rc<RefCell<Arc<AtomicBool>>>,
    entry: Entry,
    context: Context,
    runtime: Runtime,
}

impl PacScript {
    /// Runs the script's own text. Setting `stop` ends that.
    ///
    /// # Errors
    /// What is wrong with the script, and which limit it hit.
    pub fn load(
        text: &str,
        host: Box<dyn PacHost>,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, PacFailure> {
        let calls = Rc::new(Calls::new(host));
        let stop = Rc::new(RefCell::new(stop));
        let watched = Rc::clone(&stop);
        let stopped = move || watched.borrow().load(Ordering::Relaxed);
        let (runtime, context) = engine::engine(&calls, stopped).map_err(|error| {
            PacFailure::new(PacFailureKind::Error, &format!("no script engine: {error}"))
        })?;
        let mut script = Self {
            calls,
            stop,
            entry: Entry::FindProxyForUrl,
            context,
            runtime,
        };
        script.entry = script.read(text)?;
        Ok(script)
    }

    /// The answer for one URL. Setting `stop` ends the evaluation.
    ///
    /// # Errors
    /// What the script threw, and which limit it hit.
    pub fn answer(
        &self,
        request: &ScriptRequest,
        stop: &Arc<AtomicBool>,
    ) -> Result<PacAnswer, PacFailure> {
        self.answer_under(request, Circumstances::default(), stop)
    }

    /// The same under given circumstances.
    ///
    /// # Errors
    /// What the script threw, and which limit it hit.
    pub fn answer_under(
        &self,
        request: &ScriptRequest,
        circumstances: Circumstances,
        stop: &Arc<AtomicBool>,
    ) -> Result<PacAnswer, PacFailure> {
        self.calls.enter(circumstances);
        *self.stop.borrow_mut() = Arc::clone(stop);
        let result = self
            .context
            .with(|ctx| self.guarded(&ctx, || self.call(&ctx, request)));
        let used = self.calls.take_used();
        let answer = result?;
        let (hops, ignored) = hops(&answer);
        Ok(PacAnswer {
            answer,
            hops,
            ignored,
            names: used.names,
            log: used.log,
            entry: self.entry,
            depends_on: used.depends_on,
        })
    }

    /// The function that answers.
    pub fn entry(&self) -> Entry {
        self.entry
    }

    /// Bytes that the engine has in use.
    pub fn memory(&self) -> u64 {
        u64::try_from(self.runtime.memory_usage().malloc_size).unwrap_or_default()
    }

    fn read(&self, text: &str) -> Result<Entry, PacFailure> {
        let entry = self.context.with(|ctx| {
            self.guarded(&ctx, || Ok(engine::run(&ctx, text)?))?;
            Ok(entry(&ctx))
        });
        self.calls.take_used();
        entry?.ok_or_else(|| {
            let words = "there is no function FindProxyForURL in the script";
            PacFailure::new(PacFailureKind::NotScript, words)
        })
    }

    fn call(&self, ctx: &Ctx<'_>, request: &ScriptRequest) -> Result<String, Trouble> {
        let function: Function<'_> = ctx.globals().get(self.entry.name())?;
        let value: Value<'_> = function.call((request.url.as_str(), request.host.as_str()))?;
        let Some(string) = value.as_string() else {
            return Err(Trouble::Failure(no_text(self.entry, &value)));
        };
        let answer = engine::text(string)?;
        if answer.len() > ANSWER_LIMIT {
            let words = "the answer is longer than 64 KiB";
            return Err(Trouble::Failure(PacFailure::new(
                PacFailureKind::Limit,
                words,
            )));
        }
        Ok(answer)
    }

    /// Whatever the script returned or threw: a limit that was hit counts first.
    fn guarded<T>(
        &self,
        ctx: &Ctx<'_>,
        run: impl FnOnce() -> Result<T, Trouble>,
    ) -> Result<T, PacFailure> {
        let result = run();
        let limit = |words| Err(PacFailure::new(PacFailureKind::Limit, words));
        if self.stop.borrow().load(Ordering::Relaxed) {
            ctx.catch();
            return limit("the script did not end in time");
        }
        let over = self.calls.take_limit();
        if let Some(words) = over {
            ctx.catch();
            return limit(words);
        }
        result.map_err(|trouble| match trouble {
            Trouble::Failure(failure) => failure,
            Trouble::Engine(rquickjs::Error::Exception) => thrown(&ctx.catch()),
            Trouble::Engine(error) => {
                ctx.catch();
                PacFailure::new(PacFailureKind::Error, &error.to_string())
            }
        })
    }
}

/// Why a run gave no result.
enum Trouble {
    Failure(PacFailure),
    Engine(rquickjs::Error),
}

impl From<rquickjs::Error> for Trouble {
    fn from(error: rquickjs::Error) -> Self {
        Self::Engine(error)
    }
}

/// WinHTTP calls `FindProxyForURLEx` where a script has it, and Office uses WinHTTP.
fn entry(ctx: &Ctx<'_>) -> Option<Entry> {
    [Entry::FindProxyForUrlEx, Entry::FindProxyForUrl]
        .into_iter()
        .find(|entry| ctx.globals().get::<_, Function<'_>>(entry.name()).is_ok())
        .inspect(|_| {
            // What a getter of the script may have thrown above does not matter.
            ctx.catch();
        })
}

fn no_text(entry: Entry, value: &Value<'_>) -> PacFailure {
    let what = match value.type_of() {
        rquickjs::Type::Undefined => "nothing",
        rquickjs::Type::Null => "null",
        rquickjs::Type::Bool => "a boolean",
        rquickjs::Type::Int | rquickjs::Type::Float => "a number",
        rquickjs::Type::Promise => "a promise",
        _ => "something that is no text",
    };
    PacFailure::new(
        PacFailureKind::Error,
        &format!("{} returned {what}", entry.name()),
    )
}

/// What a script threw, or what the engine threw for it. Out of memory shows as `null`.
fn thrown(value: &Value<'_>) -> PacFailure {
    if value.is_null() {
        return PacFailure::new(
            PacFailureKind::Limit,
            "the script used up its 32 MiB of memory",
        );
    }
    let Some(object) = value.as_object().filter(|_| value.is_error()) else {
        let words = value
            .as_string()
            .and_then(|string| engine::text(string).ok());
        let words = words.unwrap_or_else(|| "something that is no error".to_owned());
        return PacFailure::new(PacFailureKind::Error, &format!("the script threw: {words}"));
    };
    let name = property(object, "name");
    let message = property(object, "message");
    let line = line(&property(object, "stack"));
    let kind = if is_limit(&name, &message) {
        PacFailureKind::Limit
    } else {
        PacFailureKind::Error
    };
    PacFailure::new(kind, &format!("{name}: {message}")).at_line(line)
}

/// The properties of an error are data unless the script made them something else.
fn property(error: &Object<'_>, name: &str) -> String {
    let value = error.get::<_, rquickjs::String<'_>>(name);
    let text = value.and_then(|string| engine::text(&string));
    text.unwrap_or_else(|_| {
        error.ctx().catch();
        String::new()
    })
}

/// The engine's own messages for memory, stack and sizes that it does not give.
fn is_limit(name: &str, message: &str) -> bool {
    let words = [
        "out of memory",
        "call stack",
        "stack overflow",
        "string too long",
        "invalid string length",
        "interrupted",
    ];
    matches!(name, "InternalError" | "RangeError")
        && words.iter().any(|known| message.contains(known))
}

/// The first line of the script in a stack such as `at f (pac-script:12:5)`.
fn line(stack: &str) -> Option<u32> {
    let (_, place) = stack.split_once(SCRIPT_NAME)?;
    place
        .strip_prefix(':')?
        .split(':')
        .next()?
        .trim_end_matches([')', '\n'])
        .parse()
        .ok()
}

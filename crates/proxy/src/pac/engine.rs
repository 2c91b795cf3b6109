//! The script engine with its limits, and the functions that scripts call as it sees them.

use std::rc::Rc;

use rquickjs::context::{EvalOptions, intrinsic};
use rquickjs::function::{Opt, Rest};
use rquickjs::{Context, Ctx, Exception, Function, Runtime, Type, Value};

use super::calls::Calls;
use super::patterns::{Match, sh_exp_match};
use super::value::{Argument, Objection, Reply, argument};
use super::{FUNCTIONS, MEMORY_LIMIT, STACK_LIMIT, addresses, names, times};

/// The name of the script in the engine's own messages, from which lines are read.
pub(super) const SCRIPT_NAME: &str = "pac-script";
/// The name under which the matching of regular expressions hides.
const MATCHER: &str = "reach365 shExpMatch";
const CLOCK: &str = include_str!("clock.js");
const PATTERNS: &str = include_str!("patterns.js");

/// What scripts find in a browser, without modules, timers and anything that reaches outside.
type Intrinsics = (
    intrinsic::Date,
    intrinsic::Eval,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::TypedArrays,
    intrinsic::Promise,
);

/// An engine in which a script may run; `stopped` ends whatever runs when it says so.
pub(super) fn engine(
    calls: &Rc<Calls>,
    stopped: impl Fn() -> bool + 'static,
) -> rquickjs::Result<(Runtime, Context)> {
    let runtime = Runtime::new()?;
    runtime.set_memory_limit(MEMORY_LIMIT);
    runtime.set_max_stack_size(STACK_LIMIT);
    let limits = Rc::clone(calls);
    runtime.set_interrupt_handler(Some(Box::new(move || stopped() || limits.is_over_limit())));
    let context = Context::custom::<Intrinsics>(&runtime)?;
    context.with(|ctx| furnish(&ctx, calls))?;
    Ok((runtime, context))
}

/// Runs the text at top level, not in strict mode: many scripts assign to names that they never
/// declared.
pub(super) fn run(ctx: &Ctx<'_>, text: &str) -> rquickjs::Result<()> {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(SCRIPT_NAME.to_owned());
    ctx.eval_with_options::<Value<'_>, _>(text, options)?;
    Ok(())
}

/// A string of the engine; halves of characters become replacement characters.
pub(super) fn text(string: &rquickjs::String<'_>) -> rquickjs::Result<String> {
    match string.to_string() {
        Err(rquickjs::Error::Utf8(_)) => {
            let mend: Function<'_> = string
                .ctx()
                .eval("(function (s) { return s.toWellFormed(); })")?;
            mend.call::<_, String>((string.clone(),))
        }
        other => other,
    }
}

fn furnish(ctx: &Ctx<'_>, calls: &Rc<Calls>) -> rquickjs::Result<()> {
    set_clock(ctx, calls)?;
    let patterns: Function<'_> = ctx.eval(PATTERNS)?;
    patterns.call::<_, ()>((MATCHER,))?;
    for name in FUNCTIONS {
        let calls = Rc::clone(calls);
        let function = Function::new(ctx.clone(), native(name, calls))?;
        ctx.globals().set(name, function.with_name(name)?)?;
    }
    Ok(())
}

fn set_clock(ctx: &Ctx<'_>, calls: &Rc<Calls>) -> rquickjs::Result<()> {
    let (for_now, for_offset) = (Rc::clone(calls), Rc::clone(calls));
    let now = move || for_now.now().utc_ms as f64;
    let offset = move || f64::from(for_offset.clock().offset) * 1_000.0;
    let for_chance = Rc::clone(calls);
    let chance = move || for_chance.chance();
    let now = Function::new(ctx.clone(), now)?;
    let offset = Function::new(ctx.clone(), offset)?;
    let chance = Function::new(ctx.clone(), chance)?;
    let clock: Function<'_> = ctx.eval(CLOCK)?;
    clock.call::<_, ()>((now, offset, chance))
}

/// Passes arguments to a function of ours, and its reply or objection back.
fn native<'js>(
    name: &'static str,
    calls: Rc<Calls>,
) -> impl Fn(Ctx<'js>, Opt<Value<'js>>, Opt<Value<'js>>, Rest<Value<'js>>) -> Returned<'js> + 'js {
    let short_cut = SHORT_CUTS.iter().find(|(known, _)| *known == name);
    let short_cut = short_cut.map(|(_, short_cut)| *short_cut);
    move |ctx, first, second, rest| {
        if let (Some(short_cut), Some(one), Some(other)) = (short_cut, &first.0, &second.0)
            && let (Some(one), Some(other)) = (one.as_string(), other.as_string())
            && let (Ok(one), Ok(other)) = (one.to_string(), other.to_string())
            && let Some(known) = short_cut(&one, &other)
        {
            return Ok(Value::new_bool(ctx, known));
        }
        let values = first.0.into_iter().chain(second.0).chain(rest.0);
        let arguments = values
            .map(|value| read(&value))
            .collect::<rquickjs::Result<Vec<_>>>()?;
        if name == "shExpMatch" {
            return pattern_match(&ctx, &calls, &arguments);
        }
        match reply(name, &calls, &arguments) {
            Ok(reply) => write(&ctx, reply),
            Err(objection) => Err(throw(&ctx, &objection)),
        }
    }
}

type Returned<'js> = rquickjs::Result<Value<'js>>;

/// What a function says of two texts, where that needs nothing else.
type ShortCut = fn(&str, &str) -> Option<bool>;

/// Scripts of large organizations consist of these: they skip the general path.
const SHORT_CUTS: [(&str, ShortCut); 2] = [
    ("dnsDomainIs", |host, domain| Some(host.ends_with(domain))),
    ("shExpMatch", |text, pattern| {
        match sh_exp_match(text, pattern) {
            Match::Known(matches) => Some(matches),
            Match::AskEngine | Match::TooLong => None,
        }
    }),
];

fn reply(name: &str, calls: &Calls, arguments: &[Argument]) -> Result<Reply, Objection> {
    match name {
        "alert" => calls
            .alert(&argument(arguments, 0).text())
            .map(|()| Reply::Undefined),
        "convert_addr" => addresses::convert_addr(arguments),
        "dateRange" => Ok(times::date_range(arguments, calls.now())),
        "dnsDomainIs" => names::dns_domain_is(arguments),
        "dnsDomainLevels" => names::dns_domain_levels(arguments),
        "dnsResolve" => addresses::dns_resolve(calls, arguments),
        "dnsResolveEx" => addresses::dns_resolve_ex(calls, arguments),
        "getClientVersion" => Ok(Reply::Text("1.0".to_owned())),
        "isInNet" => addresses::is_in_net(calls, arguments),
        "isInNetEx" => Ok(addresses::is_in_net_ex(arguments)),
        "isPlainHostName" => names::is_plain_host_name(arguments),
        "isResolvable" => addresses::is_resolvable(calls, arguments),
        "isResolvableEx" => addresses::is_resolvable_ex(calls, arguments),
        "localHostOrDomainIs" => names::local_host_or_domain_is(arguments),
        "myIpAddress" => Ok(addresses::my_ip_address(calls)),
        "myIpAddressEx" => Ok(addresses::my_ip_address_ex(calls)),
        "sortIpAddressList" => Ok(addresses::sort_ip_address_list(arguments)),
        "timeRange" => times::time_range(arguments, calls.now()),
        "weekdayRange" => Ok(times::weekday_range(arguments, calls.now())),
        _ => Err(Objection::Thrown("this function is not there")),
    }
}

fn pattern_match<'js>(
    ctx: &Ctx<'js>,
    calls: &Calls,
    arguments: &[Argument],
) -> rquickjs::Result<Value<'js>> {
    let (Argument::Text(pattern) | Argument::Object(pattern)) = argument(arguments, 1) else {
        let words = "shExpMatch needs a pattern that is a text";
        return Err(Exception::throw_type(ctx, words));
    };
    let text = argument(arguments, 0).text();
    match sh_exp_match(&text, pattern) {
        Match::Known(matches) => Ok(Value::new_bool(ctx.clone(), matches)),
        Match::TooLong => Err(throw(
            ctx,
            &calls.over("a match of shExpMatch does not end"),
        )),
        Match::AskEngine => {
            let matcher: Function<'js> = ctx.globals().get(MATCHER)?;
            matcher.call((text.as_ref(), pattern.as_str()))
        }
    }
}

fn read(value: &Value<'_>) -> rquickjs::Result<Argument> {
    Ok(match value.type_of() {
        Type::Undefined | Type::Uninitialized => Argument::Undefined,
        Type::Null => Argument::Null,
        Type::Bool => Argument::Boolean(value.as_bool().unwrap_or_default()),
        Type::Int | Type::Float => Argument::Number(value.as_number().unwrap_or(f64::NAN)),
        Type::String => match value.as_string() {
            Some(string) => Argument::Text(text(string)?),
            None => Argument::Undefined,
        },
        // The script's own toString may run here, under the limits of everything else.
        _ => {
            let made: rquickjs::Coerced<rquickjs::String<'_>> = value.get()?;
            Argument::Object(text(&made.0)?)
        }
    })
}

fn write<'js>(ctx: &Ctx<'js>, reply: Reply) -> rquickjs::Result<Value<'js>> {
    let ctx = ctx.clone();
    Ok(match reply {
        Reply::Undefined => Value::new_undefined(ctx),
        Reply::Null => Value::new_null(ctx),
        Reply::Boolean(value) => Value::new_bool(ctx, value),
        Reply::Integer(value) => Value::new_int(ctx, value),
        Reply::Text(text) => rquickjs::String::from_str(ctx, &text)?.into_value(),
    })
}

fn throw(ctx: &Ctx<'_>, objection: &Objection) -> rquickjs::Error {
    match objection {
        Objection::WrongType(words) => Exception::throw_type(ctx, words),
        Objection::Limit(words) => Exception::throw_internal(ctx, words),
        Objection::Thrown(words) => match rquickjs::String::from_str(ctx.clone(), words) {
            Ok(string) => ctx.throw(string.into_value()),
            Err(error) => error,
        },
    }
}

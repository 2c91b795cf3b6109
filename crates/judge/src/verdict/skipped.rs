//! Endpoints that were not probed on purpose, those that replace others, and those that IPv6
//! alone leads to.

use crate::verdict::diagnosis::plain;
use crate::verdict::effects::Effects;
use crate::verdict::known_names::KnownNames;
use crate::verdict::network;
use crate::verdict::types::Judged;
use reach365_model::endpoint::{Endpoint, MustBe, Scheme};
use reach365_model::evidence::{Attempt, Evidence, RunEvidence, SkipReason};
use reach365_model::facts::short;
use reach365_model::verdict::{Basis, Code, Confidence, Outcome, Verdict};

/// The result of an endpoint that was not probed.
pub(super) fn verdict(endpoint: &Endpoint, reason: &SkipReason) -> Verdict {
    let why = match reason {
        SkipReason::NoIpv6 => {
            "it is asked over IPv6 alone, and this machine has no IPv6 address that the system would use".to_owned()
        }
        SkipReason::Ipv4Wanted => {
            "it is asked over IPv6 alone, and IPv4 alone was to be probed".to_owned()
        }
        SkipReason::ProxyDecides => {
            "it is asked over IPv6 alone, and here a proxy decides over what it goes".to_owned()
        }
        SkipReason::SwitchedOff { by } => format!(
            "the connectivity test of Windows is switched off on this machine ({})",
            short(by)
        ),
        SkipReason::UnreadableSetting { key, value } => format!(
            "this machine is set to ask for something else, which cannot be asked for: \"{}\" ({})",
            short(value),
            short(key)
        ),
    };
    skip(endpoint, &why, Basis::default())
}

/// What was seen before stays, as what lies behind.
fn skip(endpoint: &Endpoint, why: &str, mut basis: Basis) -> Verdict {
    basis.because.splice(0..0, basis.cause.take());
    basis.notes.skipped = Some(why.into());
    let summary = format!("{endpoint} was not checked: {why}");
    plain(Outcome::Skipped, Confidence::Certain, summary, basis)
}

/// Says that the endpoint differs from the one in the list.
pub(super) fn tell_redirect(evidence: &Evidence, verdict: &mut Verdict) {
    if let Some(redirect) = &evidence.redirected {
        let (from, to, key) = (&redirect.from, &redirect.to, &redirect.key);
        let words = format!("redirected by the registry to {to}, from {from} ({key})");
        verdict.basis.notes.probe = Some(words.into());
        verdict
            .summary
            .push_str(" (the registry of this machine names this test)");
    }
}

/// A test over IPv6 alone accuses no party where IPv4 is there too: Windows needs one of them.
/// Where nothing at all connects over IPv6, it is simply not there.
pub(super) fn excuse_ipv6_only(run: &RunEvidence, rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    if network::lacks(run, false) {
        return effects;
    }
    let works = rows.iter().any(connects_over_ipv6);
    for (place, row) in rows.iter().enumerate() {
        let good = matches!(
            row.verdict.outcome,
            Outcome::Reachable | Outcome::Degraded | Outcome::Skipped
        );
        let judged = row.endpoint.ipv6_only && row.endpoint.must_be == MustBe::Reachable;
        if good || !judged {
            continue;
        }
        if !works {
            let why =
                "it is asked over IPv6 alone, and no connection over IPv6 was established here";
            let basis = row.verdict.basis.clone();
            effects.replace(place, skip(row.endpoint, why, basis));
        } else if row.verdict.outcome == Outcome::Blocked {
            effects.verdict(rows, place).outcome = Outcome::Degraded;
        }
    }
    effects
}

/// Where a proxy serves the endpoints, it looks their names up: that this machine's own resolver
/// knows no internet name is how such sites are built. A resolver that knows other names is held to
/// what it says of this one.
pub(super) fn skip_dns_behind_proxy(known: &KnownNames, rows: &[Judged<'_>]) -> Effects {
    let mut effects = Effects::default();
    let Some(proxy) = rows.iter().find_map(serving_proxy) else {
        return effects;
    };
    for (place, row) in rows.iter().enumerate() {
        let evidence = row.evidence;
        let fails = matches!(
            row.verdict.outcome,
            Outcome::Blocked | Outcome::Inconclusive
        );
        let own_dns = row.endpoint.scheme == Scheme::Dns
            && row.endpoint.must_be == MustBe::Reachable
            && evidence.msoid.is_none()
            && evidence.cut_short.is_none()
            && row.verdict.code() != Some(Code::DnsHostsFile);
        if !fails || !own_dns || known.confirms(&row.endpoint.host, evidence) {
            continue;
        }
        let why = format!(
            "this machine's own DNS resolves no internet name here, and the proxy {proxy} serves \
             the endpoints"
        );
        let basis = row.verdict.basis.clone();
        effects.replace(place, skip(row.endpoint, &why, basis));
    }
    effects
}

/// The proxy through which a genuine answer came.
fn serving_proxy(row: &Judged<'_>) -> Option<String> {
    let genuine = matches!(row.verdict.outcome, Outcome::Reachable | Outcome::Degraded);
    let wanted = genuine && row.endpoint.must_be == MustBe::Reachable;
    row.proxy().filter(|_| wanted).map(str::to_owned)
}

fn connects_over_ipv6(row: &Judged<'_>) -> bool {
    let works = |attempt: &Attempt| {
        attempt.hop.is_none() && attempt.address.is_ipv6() && attempt.tcp.passed()
    };
    row.evidence.attempts.iter().any(works)
}

//! The `msoid` record of a domain: right for tenants of the Microsoft 365 of China alone.

use crate::endpoint::{Cloud, Endpoint};
use crate::evidence::{MsoidEvidence, MsoidRecord, MsoidResolver, MsoidView};
use crate::verdict::claim::{self, Claim, short};
use crate::verdict::{Code, Confidence, Facts, Outcome, Verdict};

/// Where the record leads in China.
const VIANET: &str = "clientconfig.partner.microsoftonline-p.net.cn";

/// Judges the record as all sides see it.
pub(super) fn judge(endpoint: &Endpoint, msoid: &MsoidEvidence, cloud: Cloud) -> Verdict {
    let answered: Vec<&MsoidView> = msoid
        .views
        .iter()
        .filter(|view| view.outcome.passed() || leads_to_vianet(view))
        .collect();
    if answered.is_empty() {
        return claim::inconclusive(endpoint, "no resolver answered for the msoid record");
    }
    let (there, absent): (Vec<&MsoidView>, Vec<&MsoidView>) =
        answered.into_iter().partition(|view| leads_to_vianet(view));
    match (cloud == Cloud::China, there.is_empty(), absent.is_empty()) {
        (false, false, _) if only_second(&there) && !absent.is_empty() => {
            wrong(msoid, &there, &absent)
                .with_outcome(Outcome::Degraded)
                .sure(Confidence::Medium)
                .verdict(endpoint)
        }
        (false, false, _) => wrong(msoid, &there, &absent).verdict(endpoint),
        (true, _, false) => missing(msoid, &there, &absent).verdict(endpoint),
        _ => right(endpoint, msoid, cloud),
    }
}

/// Whether nobody but the second resolver has the record: nobody's devices need that one.
fn only_second(there: &[&MsoidView]) -> bool {
    there
        .iter()
        .all(|view| view.resolver == MsoidResolver::Second)
}

fn leads_to_vianet(view: &MsoidView) -> bool {
    let same = |name: &String| name.trim_end_matches('.').eq_ignore_ascii_case(VIANET);
    view.chain.iter().any(same)
}

fn wrong(msoid: &MsoidEvidence, there: &[&MsoidView], absent: &[&MsoidView]) -> Claim {
    let chain: Vec<String> = there[0].chain.iter().map(|name| short(name)).collect();
    Claim::new(Code::DnsMsoid21vianet)
        .sure(Confidence::Certain)
        .fact("domain", short(&msoid.domain))
        .fact("vianet", VIANET)
        .fact("chain", chain)
        .fact("seen_by", who(there))
        .fact("not_seen_by", who(absent))
        .fact("difference", difference(there, absent))
}

fn missing(msoid: &MsoidEvidence, there: &[&MsoidView], absent: &[&MsoidView]) -> Claim {
    let claim = Claim::new(Code::DnsMsoidMissing)
        .sure(Confidence::Certain)
        .fact("domain", short(&msoid.domain))
        .fact("vianet", VIANET)
        .fact("seen_by", who(there))
        .fact("missing_at", who(absent));
    if there.is_empty() {
        return claim;
    }
    claim.with_outcome(Outcome::Degraded)
}

fn right(endpoint: &Endpoint, msoid: &MsoidEvidence, cloud: Cloud) -> Verdict {
    let present = |view: &&MsoidView| view.outcome.value == Some(MsoidRecord::Present);
    let other = msoid.views.iter().find(present);
    let summary = match (cloud, other) {
        (Cloud::China, _) => format!("{} leads to {VIANET}, as it must in China", endpoint.host),
        (_, None) => format!("{} does not exist, as it should be", endpoint.host),
        (_, Some(_)) => format!("{} exists and does not lead to China", endpoint.host),
    };
    let views: Vec<&MsoidView> = msoid
        .views
        .iter()
        .filter(|view| view.outcome.passed())
        .collect();
    let outside = views
        .iter()
        .any(|view| view.resolver == MsoidResolver::Authoritative);
    let confidence = if outside {
        Confidence::Certain
    } else {
        Confidence::Medium
    };
    let facts = Facts::from([("asked".to_owned(), who(&views).into())]);
    claim::plain(Outcome::Reachable, confidence, summary, facts)
}

/// Where inside and outside differ; what the domain's own servers say is what the world sees.
fn difference(there: &[&MsoidView], absent: &[&MsoidView]) -> String {
    let outside = |views: &[&MsoidView]| {
        let own = |view: &&MsoidView| view.resolver == MsoidResolver::Authoritative;
        views.iter().any(own)
    };
    if absent.is_empty() {
        return "every resolver that answered agrees".to_owned();
    }
    if only_second(there) {
        return "neither this machine's resolver nor the domain's own name servers have it, so the \
                second resolver may hold an old answer"
            .to_owned();
    }
    if outside(absent) {
        return "the domain's own name servers do not have it, so the internal resolver is wrong"
            .to_owned();
    }
    if outside(there) {
        return "inside and outside differ: the public record is wrong, the internal one is not"
            .to_owned();
    }
    format!("not seen by {}", who(absent).join(", "))
}

fn who(views: &[&MsoidView]) -> Vec<String> {
    views.iter().map(|view| view.resolver.to_string()).collect()
}

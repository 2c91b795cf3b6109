//! What no plan may ever contain, in every combination of device, error and report.

use reach365_judge::remedy::{
    Action, ActivationError, Condition, Platform, Remedy, RemedyPlan, Situation, Step, plan,
};
use reach365_model::device::{DeviceState, Join};
use reach365_model::verdict::Code;

use crate::plans::{device, seen};

const ERRORS: [&str; 9] = [
    "0xCAA50021",
    "0xCAA5001C",
    "0xCAA70007",
    "0xCAA80000",
    "0xCAA82EE7",
    "0xCAA30197",
    "AADSTS50155",
    "AADSTS135011",
    "0x80284001",
];

const PLATFORMS: [Platform; 6] = [
    Platform::Windows,
    Platform::Windows8,
    Platform::Macos,
    Platform::Citrix,
    Platform::Vdi,
    Platform::SharedComputer,
];

/// Every answer of `dsregcmd` about membership, management and registration, "not told" included.
fn devices() -> Vec<Option<DeviceState>> {
    let told = |name: &str| {
        let line = |value: &str| format!("{name} : {value}");
        vec![String::new(), line("YES"), line("NO")]
    };
    let mut texts = vec!["Idp : login.windows.net".to_owned()];
    for field in [
        "AzureAdJoined",
        "EnterpriseJoined",
        "DomainJoined",
        "WorkplaceJoined",
    ] {
        texts = crossed(&texts, &told(field));
    }
    let mdm = ["", "MdmUrl : https://mdm.example/"].map(str::to_owned);
    let status = [
        "",
        "DeviceAuthStatus : SUCCESS",
        "DeviceAuthStatus : FAILED. Device is either disabled or deleted",
        "DeviceAuthStatus : FAILED. ERROR; KeySignTest : FAILED",
    ];
    texts = crossed(&crossed(&texts, &mdm), &status.map(str::to_owned));
    let devices = texts.iter().map(|text| Some(device(text)));
    devices.chain([None]).collect()
}

fn crossed(texts: &[String], ends: &[String]) -> Vec<String> {
    let with_ends = |text: &String| {
        let ends = ends.iter().map(|end| format!("{text}; {end}"));
        ends.collect::<Vec<_>>()
    };
    texts.iter().flat_map(with_ends).collect()
}

fn every_plan(mut look: impl FnMut(&Situation<'_>, &RemedyPlan)) {
    let networks = [
        None,
        Some(seen(&[], true)),
        Some(seen(&[], false)),
        Some(seen(&[Code::TcpDropped, Code::DeviceClockSkew], true)),
    ];
    for device in devices() {
        for error in ERRORS {
            for network in &networks {
                for platform in PLATFORMS {
                    let situation = Situation {
                        error: Some(ActivationError::parse(error).unwrap()),
                        network: network.clone(),
                        device: device.as_ref(),
                        app: None,
                        platform,
                    };
                    look(&situation, &plan(&situation));
                }
            }
        }
    }
}

fn steps(plan: &RemedyPlan) -> impl Iterator<Item = (&Step, &'static Remedy)> {
    let all = plan.steps.iter().chain(&plan.afterwards);
    all.map(|step| (step, Remedy::get(&step.remedy).unwrap()))
}

/// Read anew from the facts, not by the program's own rule.
fn is_false_or_unknown(condition: Condition, device: Option<&DeviceState>) -> bool {
    let Some(device) = device else { return true };
    let known = device.join != Join::Unknown;
    let in_entra = matches!(device.join, Join::Joined | Join::Hybrid);
    let refused = |text: &String| text.ends_with("disabled or deleted");
    let holds = match condition {
        Condition::Joined => known && in_entra,
        Condition::NotJoined => known && !in_entra,
        Condition::Hybrid => device.join == Join::Hybrid,
        Condition::NotHybrid => known && device.join != Join::Hybrid,
        Condition::Registered => device.registered == Some(true),
        Condition::Managed => device.managed == Some(true),
        Condition::NotManaged => device.managed == Some(false),
        Condition::RegistrationBroken => device.identity.key_works == Some(false),
        Condition::DeviceRefused => device.identity.authentication.as_ref().is_some_and(refused),
        // Only a live PC tells these.
        _ => false,
    };
    !holds
}

#[test]
fn plans_keep_their_promises() {
    let mut plans = 0;
    every_plan(|situation, plan| {
        plans += 1;
        no_step_has_a_false_precondition(situation, plan);
        managed_devices_are_left_alone(situation, plan);
        nothing_dangerous_is_planned(situation, plan);
        nothing_is_both_planned_and_left_out(plan);
    });
    assert!(plans > 50_000, "{plans} plans");
}

fn no_step_has_a_false_precondition(situation: &Situation<'_>, plan: &RemedyPlan) {
    for (step, remedy) in steps(plan) {
        for needs in &remedy.needs {
            let wrong = if *needs == Condition::NotChecked {
                situation.network.is_some()
            } else {
                is_false_or_unknown(*needs, situation.device)
            };
            assert!(!wrong, "{} in {situation:?}", step.remedy);
        }
    }
}

fn managed_devices_are_left_alone(situation: &Situation<'_>, plan: &RemedyPlan) {
    let managed = situation.device.and_then(|device| device.managed);
    for (step, remedy) in steps(plan) {
        let allowed = !remedy.managed_device_forbidden || managed == Some(false);
        assert!(allowed, "{} in {situation:?}", step.remedy);
    }
    let harmless = |step: &Step| !Remedy::get(&step.remedy).unwrap().destroys_state;
    let before = plan.steps.iter().all(harmless);
    assert!(managed != Some(true) || before, "{situation:?}");
}

fn nothing_dangerous_is_planned(situation: &Situation<'_>, plan: &RemedyPlan) {
    const NEVER: [&str; 4] = [
        "delete-certificates",
        "repair-office",
        "security-defaults-off",
        "management-scope-none",
    ];
    for (step, remedy) in steps(plan) {
        assert!(!NEVER.contains(&step.remedy.as_str()), "{situation:?}");
        let leaves = |action: &Action| action.to_string().contains("/leave");
        let device = situation.device.map(|device| (device.join, device.managed));
        let allowed = device == Some((Join::Joined, Some(false)));
        assert!(allowed || !remedy.actions.iter().any(leaves), "{device:?}");
    }
}

fn nothing_is_both_planned_and_left_out(plan: &RemedyPlan) {
    let mut ids: Vec<&str> = steps(plan).map(|(step, _)| step.remedy.as_str()).collect();
    ids.extend(plan.left_out.iter().map(|one| one.remedy.as_str()));
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

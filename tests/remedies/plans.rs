//! A table of situations, and the plan for each: `plans.toml`. `UPDATE_CASES=1 cargo test --test
//! remedies` writes what the program says now; read the difference before you keep it.

use std::fs;
use std::path::{Path, PathBuf};

use reach365_judge::device;
use reach365_judge::remedy::{
    ActivationError, App, NetworkSeen, Platform, Remedy, RemedyPlan, Situation, plan,
};
use reach365_model::Advice;
use reach365_model::device::{
    CommandOutcome, DeviceState, Pc, Service, ServiceState, registry_keys, registry_values,
};
use reach365_model::verdict::Code;
use reach365_proxy::registry::{Registry, RegistryValue};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

/// One situation, and what the plan must be.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Lines of `dsregcmd /status`, parted by semicolons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// What was read from the PC itself; absent where it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pc: Option<CasePc>,
    /// Causes that a check found; absent where none was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    network: Option<Vec<Code>>,
    /// Whether the check could not judge every endpoint.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    undecided: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app: Option<App>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platform: Option<Platform>,
    #[serde(default)]
    steps: Vec<String>,
    #[serde(default)]
    afterwards: Vec<String>,
    #[serde(default)]
    left_out: Vec<String>,
}

/// A PC in order, but for this.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct CasePc {
    /// Services that stand still.
    #[serde(default)]
    stopped: Vec<String>,
    /// A part of the key, the name of the value, and its number.
    #[serde(default)]
    values: Vec<(String, String, u32)>,
}

#[test]
fn plans_are_those_of_the_table() {
    let text = fs::read_to_string(file()).unwrap().replace("\r\n", "\n");
    let mut cases: Cases = toml::from_str(&text).unwrap();
    let planned: Vec<Case> = cases.case.iter().map(planned).collect();
    if std::env::var_os("UPDATE_CASES").is_some() {
        cases.case = planned;
        fs::write(file(), toml::to_string(&cases).unwrap()).unwrap();
        return;
    }
    assert!(cases.case.len() >= 40, "{} cases", cases.case.len());
    for (wanted, seen) in cases.case.iter().zip(&planned) {
        assert_eq!(wanted, seen, "{}", wanted.name);
    }
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/remedies/plans.toml")
}

fn planned(case: &Case) -> Case {
    let device = case_device(case);
    let plan = plan(&Situation {
        error: case
            .error
            .as_deref()
            .map(|text| ActivationError::parse(text).unwrap()),
        network: case
            .network
            .as_deref()
            .map(|codes| seen(codes, !case.undecided)),
        device: device.as_ref(),
        app: case.app,
        platform: case.platform.unwrap_or(Platform::Windows),
    });
    with_answer(case, &plan)
}

fn case_device(case: &Case) -> Option<DeviceState> {
    let text = case.device.as_deref();
    let Some(pc) = &case.pc else {
        return text.map(device);
    };
    let status = text.map(|text| device::parse(&text.replace("; ", "\n")).unwrap());
    Some(device::judge(status, Some(read(pc))))
}

fn read(pc: &CasePc) -> Pc {
    let service = |name: &&str| Service {
        name: (*name).to_owned(),
        state: if pc.stopped.iter().any(|stopped| stopped == name) {
            ServiceState::Stopped
        } else {
            ServiceState::Running
        },
    };
    let mut registry = Registry::default();
    for (part, name, number) in &pc.values {
        let key = registry_keys().find(|key| key.contains(part.as_str()));
        registry.insert(key.unwrap(), name, RegistryValue::Number(*number));
    }
    Pc::new(
        CommandOutcome::Read,
        ["netprofm", "NlaSvc", "EventLog"]
            .iter()
            .map(service)
            .collect(),
        registry_values(&registry),
        &[],
    )
}

fn with_answer(case: &Case, plan: &RemedyPlan) -> Case {
    let ids = |steps: &[reach365_judge::remedy::Step]| {
        steps.iter().map(|step| step.remedy.clone()).collect()
    };
    Case {
        steps: ids(&plan.steps),
        afterwards: ids(&plan.afterwards),
        left_out: plan.left_out.iter().map(|one| one.remedy.clone()).collect(),
        ..case.clone()
    }
}

pub(crate) fn device(lines: &str) -> DeviceState {
    device::from_text(&lines.replace("; ", "\n")).unwrap()
}

pub(crate) fn seen(codes: &[Code], conclusive: bool) -> NetworkSeen {
    let cause = |code: &Code| {
        let remedies = Remedy::for_code(*code);
        let mut advice = Advice::new(*code, format!("mend {code}"));
        advice.remedy = remedies.first().map(|remedy| remedy.id.clone());
        advice.endpoints = vec!["login".to_owned()];
        advice
    };
    NetworkSeen {
        causes: codes.iter().map(cause).collect(),
        conclusive,
    }
}

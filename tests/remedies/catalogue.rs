//! Properties of every remedy, and the form of its actions.

use reach365_judge::remedy::{Action, Audience, Condition, Platform, Remedies, Remedy, Risk};

fn all() -> &'static [Remedy] {
    Remedies::builtin().all()
}

#[test]
fn whatever_is_reversible_has_a_way_back() {
    for remedy in all() {
        let automatic = || remedy.actions.iter().filter(|action| action.is_automatic());
        let back = automatic().all(Action::is_reversible);
        assert!(!remedy.reversible || back, "{}", remedy.id);
    }
}

#[test]
fn what_touches_the_machine_needs_elevation() {
    for remedy in all() {
        let machine = remedy.actions.iter().any(|action| match action {
            Action::RegistrySet { key, .. }
            | Action::RegistryDelete { key, .. }
            | Action::RegistryRename { key, .. } => key.starts_with("HKLM\\"),
            Action::ServiceRunning { .. } => true,
            _ => false,
        });
        assert!(!machine || remedy.elevated, "{}", remedy.id);
    }
}

#[test]
fn what_takes_a_device_out_is_never_for_everybody() {
    for remedy in all() {
        let lines: Vec<String> = remedy.actions.iter().map(ToString::to_string).collect();
        if !lines.join(" ").contains("`dsregcmd /leave`") {
            continue;
        }
        assert!(remedy.managed_device_forbidden, "{}", remedy.id);
        assert!(remedy.destroys_state && !remedy.reversible, "{}", remedy.id);
        assert_eq!(remedy.risk, Risk::High, "{}", remedy.id);
        for need in [Condition::NotHybrid, Condition::NotManaged] {
            assert!(remedy.needs.contains(&need), "{}", remedy.id);
        }
    }
}

#[test]
fn harm_is_never_low_risk() {
    for remedy in all() {
        let harm = remedy.managed_device_forbidden || remedy.never_planned.is_some();
        assert!(!harm || remedy.risk >= Risk::Medium, "{}", remedy.id);
    }
}

#[test]
fn administration_centers_are_for_administrators() {
    for remedy in all() {
        let portal = remedy
            .actions
            .iter()
            .any(|action| matches!(action, Action::Portal { .. }));
        let right = remedy.audience == Audience::TenantAdmin;
        assert!(!portal || right, "{}", remedy.id);
        let everywhere = remedy.platforms.contains(&Platform::Any);
        assert!(
            remedy.audience != Audience::NetworkAdmin || everywhere,
            "{}",
            remedy.id
        );
    }
}

#[test]
fn keys_and_folders_are_written_as_the_system_takes_them() {
    for remedy in all() {
        for action in &remedy.actions {
            match action {
                Action::RegistrySet { key, .. }
                | Action::RegistryDelete { key, .. }
                | Action::RegistryRename { key, .. } => {
                    let hive = ["HKLM\\", "HKCU\\"]
                        .iter()
                        .any(|hive| key.starts_with(hive));
                    assert!(hive && !key.ends_with('\\'), "{}: {key}", remedy.id);
                    // A whole branch is never what an article wants.
                    assert!(key.split('\\').count() > 4, "{}: {key}", remedy.id);
                }
                Action::EmptyFolder { folder } => {
                    assert!(folder.starts_with("%LOCALAPPDATA%\\"), "{}", remedy.id);
                    assert!(folder.split('\\').count() > 3, "{}: {folder}", remedy.id);
                    assert!(!folder.contains(".."), "{}", remedy.id);
                }
                Action::DeleteCredentials { patterns } => {
                    for pattern in patterns {
                        let fixed = pattern.trim_end_matches('*');
                        assert!(fixed.len() > 8 && !fixed.contains('*'), "{}", remedy.id);
                    }
                }
                _ => {}
            }
        }
    }
}

#[test]
fn patterns_of_errors_are_numbers_in_canonical_form() {
    for remedy in all() {
        for pattern in &remedy.errors {
            let right = match pattern.strip_prefix("0x") {
                Some(digits) => {
                    (digits.len() == 8 || !pattern.contains('?'))
                        && digits.chars().all(|digit| {
                            digit == '?' || digit.is_ascii_digit() || ('A'..='F').contains(&digit)
                        })
                }
                None => pattern
                    .strip_prefix("AADSTS")
                    .is_some_and(|number| number.parse::<u32>().is_ok()),
            };
            assert!(right, "{}: {pattern}", remedy.id);
        }
    }
}

#[test]
fn every_remedy_answers_something() {
    for remedy in all() {
        let answers =
            !remedy.codes.is_empty() || !remedy.errors.is_empty() || !remedy.apps.is_empty();
        assert!(answers, "{}", remedy.id);
    }
}

//! Journals: which contents an undo trusts.

use std::fs;
use std::path::Path;

use reach365_device::{self as fix, FixError, RunOptions, ServiceState};
use reach365_judge::remedy::{Action, Remedies, Remedy};

use super::machine::Recorded;
use super::{Place, delete, empty, furnished, remedy, run, set};

#[test]
fn a_journal_that_was_changed_reaches_nothing_else() {
    for (actions, from, to, expected) in [
        (
            vec![set("flag", 1)],
            "\"schema\": 1",
            "\"schema\": 7",
            "schema 7 is unknown",
        ),
        (
            vec![set("flag", 1)],
            "Software\\\\Identity",
            "Software\\\\Other",
            "its actions are not",
        ),
        (
            vec![set("flag", 1)],
            "\"name\": \"flag\",\n          \"kind\"",
            "\"name\": \"Run\",\n          \"kind\"",
            "not where",
        ),
        (
            vec![set("New", 1)],
            "\"made\": null",
            "\"made\": \"HKCU\"",
            "not where",
        ),
        (
            vec![delete(None)],
            "\"name\": \"Identity\"",
            "\"name\": \"..\\\\Run\"",
            "not where",
        ),
        (
            vec![delete(None)],
            "\"name\": \"one\"",
            "\"name\": \"a\\\\b\"",
            "not where",
        ),
        (vec![empty()], "\"sub\"", "\"..\"", "lies elsewhere"),
        (vec![empty()], "\"sub\"", "\"/etc/x\"", "lies elsewhere"),
        (
            vec![empty()],
            "\"/profile/Accounts\"",
            "\"/profile/Other\"",
            "another user",
        ),
        (vec![empty()], "{", "[", "is no journal"),
    ] {
        let (machine, place, remedy) = (furnished(), Place::new(), remedy(actions));
        run(&remedy, &machine, &place).unwrap();
        let after = machine.snapshot();
        let file = place.journal().join("journal.json");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        fs::write(&file, text.replace(from, to)).unwrap();
        let result = fix::undo(&remedy, &place.journal(), &machine, true, &mut |_| {});
        let error = result.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(machine.snapshot(), after, "{expected}");
    }
}

#[test]
fn a_journal_overwrites_no_other() {
    let (machine, place, remedy) = (furnished(), Place::new(), remedy(vec![set("flag", 1)]));
    run(&remedy, &machine, &place).unwrap();
    let again = run(&remedy, &machine, &place).unwrap_err();
    assert!(again.to_string().contains("is not empty"), "{again}");
}

#[test]
fn the_newest_open_journal_is_found() {
    let place = Place::new();
    let mut machine = furnished();
    let local = place.0.to_str().unwrap().to_owned();
    machine.variables.insert("LOCALAPPDATA".to_owned(), local);
    assert!(matches!(
        fix::newest(&machine),
        Err(FixError::NothingToUndo(_))
    ));
    let options = RunOptions {
        journal: None,
        managed: None,
        unmet: None,
        admin: false,
    };
    let remedy = remedy(vec![set("flag", 1)]);
    let first = fix::run(&remedy, &machine, &options, &mut |_| {})
        .unwrap()
        .journal
        .unwrap();
    let idle = fix::run(&remedy, &machine, &options, &mut |_| {})
        .unwrap()
        .journal
        .unwrap();
    assert_ne!(first, idle);
    assert_eq!(fix::newest(&machine).unwrap(), first);
    fix::undo(&remedy, &first, &machine, false, &mut |_| {}).unwrap();
    assert!(fix::newest(&machine).is_err());
}

#[test]
fn every_remedy_of_the_catalogue_survives_its_journal() {
    for remedy in Remedies::builtin().all() {
        let (machine, place) = (furnished(), Place::new());
        let before = machine.snapshot();
        for action in &remedy.actions {
            if let Action::ServiceRunning { service, .. } = action {
                let mut content = machine.content.borrow_mut();
                content
                    .services
                    .insert(service.clone(), ServiceState::Stopped);
            }
        }
        let mut options = place.options();
        options.admin = true;
        let outcome = fix::run(remedy, &machine, &options, &mut |_| {}).unwrap();
        assert!(!outcome.failed(), "{}: {outcome:?}", remedy.id);
        let Some(journal) = outcome.journal else {
            continue;
        };
        take_back(remedy, &journal, &machine);
        let mut after = machine.snapshot();
        after.services.clear();
        assert_eq!(after, before, "{}", remedy.id);
    }
}

fn take_back(remedy: &Remedy, journal: &Path, machine: &Recorded) {
    let undone = fix::undo(remedy, journal, machine, false, &mut |_| {}).unwrap();
    assert!(!undone.failed(), "{}: {undone:?}", remedy.id);
    let services = &machine.content.borrow().services;
    assert!(
        services
            .values()
            .all(|state| *state == ServiceState::Stopped)
    );
}

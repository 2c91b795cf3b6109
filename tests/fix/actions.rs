//! What each kind of action does and undoes.

use std::fs;

use reach365_device::{Credential, FixError, ServiceState};
use reach365_judge::remedy::Action;

use super::{Place, furnished, remedy, rename, results, run, service, set, undo};

#[test]
fn credentials_are_deleted_and_undo_says_that_they_stay_so() {
    let (machine, place) = (furnished(), Place::new());
    let named = |target: &str| Credential {
        target: target.to_owned(),
        kind: 1,
    };
    machine.content.borrow_mut().credentials = vec![
        named("MicrosoftOffice16_Data:x"),
        named("other"),
        named("microsoftoffice16"),
    ];
    let patterns = vec!["MicrosoftOffice16*".to_owned()];
    let remedy = remedy(vec![set("flag", 1), Action::DeleteCredentials { patterns }]);
    run(&remedy, &machine, &place).unwrap();
    assert_eq!(machine.content.borrow().credentials, [named("other")]);
    let undone = undo(&remedy, &machine, &place).unwrap();
    assert_eq!(results(&undone), ["final", "done"]);
    assert!(
        undone.steps[0]
            .to_string()
            .contains("MicrosoftOffice16_Data:x")
    );
}

#[test]
fn services_are_started_and_stopped_again() {
    let (machine, place) = (furnished(), Place::new());
    let state = |name: &str, state| {
        machine
            .content
            .borrow_mut()
            .services
            .insert(name.to_owned(), state)
    };
    state("stopped", ServiceState::Stopped);
    state("running", ServiceState::Running);
    let before = machine.snapshot();
    let remedy = remedy(vec![
        service("running"),
        service("stopped"),
        service("absent"),
    ]);
    let outcome = run(&remedy, &machine, &place).unwrap();
    assert_eq!(results(&outcome), ["already", "done", "failed"]);
    assert_eq!(
        machine.content.borrow().services["stopped"],
        ServiceState::Running
    );
    assert_eq!(results(&undo(&remedy, &machine, &place).unwrap()), ["done"]);
    assert_eq!(machine.snapshot(), before);
}

#[test]
fn programs_are_run_and_what_takes_them_back_too() {
    let program = |undo: &[&str]| Action::Run {
        program: "netsh".to_owned(),
        arguments: vec!["set".to_owned()],
        undo: undo.iter().map(|word| (*word).to_owned()).collect(),
    };
    let (machine, place, both) = (
        furnished(),
        Place::new(),
        remedy(vec![program(&["reset"]), program(&[])]),
    );
    assert_eq!(
        results(&run(&both, &machine, &place).unwrap()),
        ["done", "done"]
    );
    assert_eq!(
        results(&undo(&both, &machine, &place).unwrap()),
        ["final", "done"]
    );
    assert_eq!(
        *machine.commands.borrow(),
        ["netsh set", "netsh set", "netsh reset"]
    );
    let transcript = fs::read_to_string(place.journal().join("transcript.txt")).unwrap();
    assert!(transcript.contains("what it wrote"), "{transcript}");

    let (mut machine, place) = (furnished(), Place::new());
    machine.exit_code = 3;
    let outcome = run(&both, &machine, &place).unwrap();
    assert!(
        outcome.steps[0]
            .to_string()
            .contains("exit code 3: what it wrote")
    );
    let refused = undo(&both, &machine, &place);
    assert!(matches!(refused, Err(FixError::Changed(_))), "{refused:?}");
}

#[test]
fn a_taken_name_is_not_overwritten_by_a_rename() {
    let (machine, place) = (furnished(), Place::new());
    machine.key_with(r"HKCU\Software\Identity.old", &[]);
    let before = machine.snapshot();
    let remedy = remedy(vec![rename()]);
    assert_eq!(
        results(&run(&remedy, &machine, &place).unwrap()),
        ["failed"]
    );
    assert_eq!(machine.snapshot(), before);
    undo(&remedy, &machine, &place).unwrap();
    assert_eq!(machine.snapshot(), before);
}

//! Remedies are applied on a machine in memory, and everything is restored.

#![allow(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod actions;
mod journal;
mod machine;
#[cfg(all(feature = "cli", not(windows)))]
mod program;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use machine::Recorded;
use reach365_device::{self as fix, FixError, Journal, Machine, Outcome, RunOptions, StepResult};
use reach365_judge::remedy::{Action, Condition, Omission, RegistryData, Remedy};

const IDENTITY: &str = r"HKCU\Software\Identity";
const FOLDER: &str = "/profile/Accounts";

/// A directory that goes with the test.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("reach365-fix-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    fn options(&self) -> RunOptions {
        RunOptions {
            journal: Some(self.journal()),
            managed: Some(false),
            unmet: None,
            admin: false,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn remedy(actions: Vec<Action>) -> Remedy {
    Remedy {
        actions,
        managed_device_forbidden: false,
        never_planned: None,
        elevated: false,
        ..Remedy::get("enable-wam").unwrap().clone()
    }
}

fn set(name: &str, number: u32) -> Action {
    Action::RegistrySet {
        key: IDENTITY.to_owned(),
        name: name.to_owned(),
        data: RegistryData::Dword(number),
    }
}

fn delete(name: Option<&str>) -> Action {
    Action::RegistryDelete {
        key: IDENTITY.to_owned(),
        name: name.map(str::to_owned),
    }
}

fn rename() -> Action {
    Action::RegistryRename {
        key: IDENTITY.to_owned(),
        to: "Identity.old".to_owned(),
    }
}

fn empty() -> Action {
    Action::EmptyFolder {
        folder: r"%LOCALAPPDATA%/Accounts".to_owned(),
    }
}

fn manual() -> Action {
    Action::Manual {
        text: "Restart Windows.".to_owned(),
    }
}

fn service(name: &str) -> Action {
    Action::ServiceRunning {
        service: name.to_owned(),
        display: "A service".to_owned(),
    }
}

fn run(remedy: &Remedy, machine: &Recorded, place: &Place) -> Result<Outcome, FixError> {
    fix::run(remedy, machine, &place.options(), &mut |_| {})
}

fn undo(remedy: &Remedy, machine: &Recorded, place: &Place) -> Result<Outcome, FixError> {
    fix::undo(remedy, &place.journal(), machine, false, &mut |_| {})
}

fn force(remedy: &Remedy, machine: &Recorded, place: &Place) -> Outcome {
    fix::undo(remedy, &place.journal(), machine, true, &mut |_| {}).unwrap()
}

fn results(outcome: &Outcome) -> Vec<&'static str> {
    let word = |result: &StepResult| match result {
        StepResult::Done(_) => "done",
        StepResult::AlreadySo => "already",
        StepResult::ForYou => "you",
        StepResult::Final(_) => "final",
        StepResult::Failed(_) => "failed",
    };
    outcome
        .steps
        .iter()
        .map(|step| word(&step.result))
        .collect()
}

/// A machine with something of every kind.
fn furnished() -> Recorded {
    let machine = Recorded::new();
    machine.key_with(
        IDENTITY,
        &[
            ("", 1, &[65, 0, 0, 0]),
            ("Binary", 3, &[0, 255, 7]),
            ("Empty", 0, &[]),
            ("Expand", 2, &[37, 0, 0, 0]),
            ("List", 7, &[65, 0, 0, 0, 0, 0]),
            ("OddNumber", 4, &[1, 2]),
            ("flag", 4, &[0, 0, 0, 0]),
        ],
    );
    machine.key_with(&format!(r"{IDENTITY}\Identities"), &[]);
    machine.key_with(
        &format!(r"{IDENTITY}\Identities\one"),
        &[("Q", 11, &[1; 8])],
    );
    machine.folder_with(FOLDER, &["a.tbacct", "b.tbacct", "sub"]);
    machine
}

#[test]
fn everything_is_given_back_bit_for_bit() {
    for actions in [
        vec![set("Flag", 1)],
        vec![set("New", 1), set("Binary", 9)],
        vec![
            delete(Some("binary")),
            delete(Some("")),
            delete(Some("LIST")),
        ],
        vec![delete(Some("Expand")), delete(None)],
        vec![
            set("flag", 1),
            set("flag", 2),
            delete(Some("flag")),
            set("FLAG", 3),
            delete(None),
        ],
        vec![set("flag", 1), set("New", 2), rename()],
        vec![rename()],
        vec![empty(), delete(None), manual()],
    ] {
        let (machine, place, remedy) = (furnished(), Place::new(), remedy(actions));
        let before = machine.snapshot();
        let outcome = run(&remedy, &machine, &place).unwrap();
        assert!(!outcome.failed() && outcome.can_be_undone, "{outcome:?}");
        assert_ne!(machine.snapshot(), before);
        let undone = undo(&remedy, &machine, &place).unwrap();
        assert!(!undone.failed(), "{undone:?}");
        assert_eq!(machine.snapshot(), before);
    }
}

#[test]
fn keys_that_were_made_for_a_value_go_again() {
    let (machine, place) = (Recorded::new(), Place::new());
    let remedy = remedy(vec![Action::RegistrySet {
        key: r"HKLM\Software\A\B\C".to_owned(),
        name: "x".to_owned(),
        data: RegistryData::Text("ü".to_owned()),
    }]);
    let before = machine.snapshot();
    run(&remedy, &machine, &place).unwrap();
    let value = machine.value(r"HKLM\Software\A\B\C", "x").unwrap().unwrap();
    assert_eq!((value.kind, value.data), (1, vec![0xfc, 0, 0, 0]));
    machine.key_with(r"HKLM\Software\A\Used", &[]);
    undo(&remedy, &machine, &place).unwrap();
    assert!(!machine.has_key(r"HKLM\Software\A\B").unwrap());
    assert!(machine.has_key(r"HKLM\Software\A\Used").unwrap());
    machine.delete_key(r"HKLM\Software\A").unwrap();
    assert_eq!(machine.snapshot(), before);
}

#[test]
fn what_is_absent_is_so_already() {
    let (machine, place) = (Recorded::new(), Place::new());
    let remedy = remedy(vec![
        empty(),
        delete(None),
        delete(Some("x")),
        rename(),
        manual(),
    ]);
    let before = machine.snapshot();
    let outcome = run(&remedy, &machine, &place).unwrap();
    assert_eq!(
        results(&outcome),
        ["already", "already", "already", "already", "you"]
    );
    assert!(!outcome.can_be_undone);
    assert_eq!(machine.snapshot(), before);
}

#[test]
fn the_first_failure_stops_it_and_the_rest_can_be_undone() {
    for writes in 0..6 {
        let (machine, place) = (furnished(), Place::new());
        let remedy = remedy(vec![set("New", 1), empty(), delete(None)]);
        let before = machine.snapshot();
        machine.writes_left.set(Some(writes));
        let outcome = run(&remedy, &machine, &place).unwrap();
        assert!(outcome.failed(), "after {writes} writes");
        assert_eq!(results(&outcome).last(), Some(&"failed"));
        machine.writes_left.set(None);
        undo(&remedy, &machine, &place).unwrap();
        assert_eq!(machine.snapshot(), before, "after {writes} writes");
    }
}

#[test]
fn a_crash_before_or_within_an_action_can_be_undone() {
    for writes in 0..7 {
        let (machine, place) = (furnished(), Place::new());
        let remedy = remedy(vec![set("New", 1), empty(), delete(None), rename()]);
        let before = machine.snapshot();
        machine.writes_left.set(Some(writes));
        machine.crashes.set(true);
        let crashed = catch_unwind(AssertUnwindSafe(|| run(&remedy, &machine, &place)));
        assert_eq!(crashed.is_err(), writes < 6, "after {writes} writes");
        machine.writes_left.set(None);
        undo(&remedy, &machine, &place).unwrap();
        assert_eq!(machine.snapshot(), before, "after {writes} writes");
    }
}

#[test]
fn a_failing_undo_goes_on_where_it_stopped() {
    let (machine, place) = (furnished(), Place::new());
    let remedy = remedy(vec![set("New", 1), empty(), delete(None)]);
    let before = machine.snapshot();
    run(&remedy, &machine, &place).unwrap();
    let mut calls = 0;
    for room in 0.. {
        machine.writes_left.set(Some(room));
        calls += 1;
        if !undo(&remedy, &machine, &place).unwrap().failed() {
            break;
        }
    }
    assert!(calls > 3, "it failed in {calls} calls");
    machine.writes_left.set(None);
    assert!(Journal::read(&place.journal()).unwrap().is_undone());
    assert_eq!(machine.snapshot(), before);
}

#[test]
fn nothing_is_undone_twice() {
    let (machine, place, remedy) = (furnished(), Place::new(), remedy(vec![set("flag", 1)]));
    run(&remedy, &machine, &place).unwrap();
    undo(&remedy, &machine, &place).unwrap();
    let before = machine.snapshot();
    let again = undo(&remedy, &machine, &place);
    assert!(
        matches!(again, Err(FixError::UndoneAlready(_))),
        "{again:?}"
    );
    assert_eq!(machine.snapshot(), before);
}

/// A change that another party makes to a machine.
type Change = fn(&Recorded);

#[test]
fn what_has_changed_since_is_not_overwritten_unless_forced() {
    let changes: [(Action, Change); 4] = [
        (set("flag", 1), |machine| {
            machine.key_with(IDENTITY, &[("flag", 4, &[7, 0, 0, 0])]);
        }),
        (delete(None), |machine| {
            machine.key_with(IDENTITY, &[("later", 3, &[7])]);
        }),
        (rename(), |machine| {
            machine.key_with(IDENTITY, &[("later", 3, &[7])]);
        }),
        (empty(), |machine| {
            machine.folder_with(FOLDER, &["a.tbacct", "later"]);
        }),
    ];
    for (action, later) in changes {
        let (machine, place, remedy) = (furnished(), Place::new(), remedy(vec![action.clone()]));
        let before = machine.snapshot();
        run(&remedy, &machine, &place).unwrap();
        later(&machine);
        let other = machine.snapshot();
        let refused = undo(&remedy, &machine, &place);
        assert!(
            matches!(&refused, Err(FixError::Changed(list)) if list.len() == 1),
            "{refused:?}"
        );
        assert_eq!(machine.snapshot(), other, "{action}");
        assert!(!force(&remedy, &machine, &place).failed(), "{action}");
        let mut after = machine.snapshot();
        if matches!(action, Action::RegistrySet { .. }) {
            after
                .keys
                .insert(IDENTITY.to_owned(), before.keys[IDENTITY].clone());
        }
        assert_eq!(after, before, "{action}");
        let replaced = place.journal().join("backup");
        let kept =
            replaced.join("1-replaced.reg").is_file() || replaced.join("1-replaced").is_dir();
        assert!(kept, "{action}");
    }
}

#[test]
fn an_unknown_variable_stops_it_before_the_first_action() {
    let (mut machine, place) = (furnished(), Place::new());
    machine.variables.clear();
    let before = machine.snapshot();
    let refused = run(&remedy(vec![set("flag", 1), empty()]), &machine, &place);
    let Err(FixError::Unseen { why, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.contains("%LOCALAPPDATA%"), "{why}");
    assert_eq!(machine.snapshot(), before);
    assert!(!place.journal().exists());
}

#[test]
fn elevation_is_asked_for_before_the_first_action() {
    let (mut machine, place) = (furnished(), Place::new());
    machine.elevated = false;
    let before = machine.snapshot();
    let mut remedy = remedy(vec![set("flag", 1)]);
    assert!(run(&remedy, &furnished(), &Place::new()).is_ok());
    remedy.elevated = true;
    let refused = run(&remedy, &machine, &place).unwrap_err();
    assert!(
        refused.to_string().contains("start it as administrator"),
        "{refused}"
    );
    assert_eq!(machine.snapshot(), before);
}

#[test]
fn managed_devices_and_unplanned_remedies_are_for_administrators() {
    let forbidden = Remedy {
        managed_device_forbidden: true,
        ..remedy(vec![set("flag", 1)])
    };
    let unplanned = Remedy {
        never_planned: Some("it never helps".to_owned()),
        ..remedy(vec![set("flag", 1)])
    };
    let machine = furnished();
    let refused = |remedy: &Remedy, managed, admin| {
        let options = RunOptions {
            journal: None,
            managed,
            unmet: None,
            admin,
        };
        let refusal = fix::refusal(remedy, &machine, &options);
        refusal.map(|refusal| refusal.to_string())
    };
    assert!(
        refused(&forbidden, Some(true), false)
            .unwrap()
            .contains("is managed")
    );
    assert!(
        refused(&forbidden, None, false)
            .unwrap()
            .contains("not known")
    );
    assert_eq!(refused(&forbidden, Some(false), false), None);
    assert_eq!(refused(&forbidden, Some(true), true), None);
    assert!(
        refused(&unplanned, Some(false), false)
            .unwrap()
            .contains("it never helps")
    );
    assert_eq!(refused(&unplanned, None, true), None);
}

#[test]
fn a_preview_says_what_is_there_and_changes_nothing() {
    let machine = furnished();
    let before = machine.snapshot();
    let remedy = remedy(vec![
        set("flag", 1),
        set("New", 2),
        delete(Some("Binary")),
        empty(),
        delete(None),
        manual(),
    ]);
    let previews = fix::preview(&remedy, &machine);
    let shown: Vec<String> = previews
        .into_iter()
        .filter_map(|one| one.now)
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        shown,
        [
            "is 0 now, becomes 1",
            "is absent now, becomes 2",
            "is 3 bytes of type 3 now, goes",
            "/profile/Accounts holds a.tbacct, b.tbacct, sub now; they are moved to the backup",
            "holds values: 8, keys below it: 2 now",
        ]
    );
    assert_eq!(machine.snapshot(), before);
}

#[test]
fn what_is_not_for_this_device_is_refused_whoever_wants_it() {
    let remedy = Remedy::get("leave-and-rejoin").unwrap();
    let refused = |unmet: Option<Omission>, admin: bool| {
        let options = RunOptions {
            managed: Some(false),
            unmet,
            admin,
            ..RunOptions::default()
        };
        fix::refusal(remedy, &furnished(), &options)
    };
    let needs = Condition::NotHybrid;
    for admin in [false, true] {
        let why = refused(Some(Omission::Forbidden { needs }), admin);
        assert!(matches!(why, Some(FixError::Unmet { .. })), "{why:?}");
    }
    let why = refused(Some(Omission::Unknown { needs }), false);
    assert!(
        matches!(why, Some(FixError::UnmetPerhaps { .. })),
        "{why:?}"
    );
    assert!(refused(Some(Omission::Unknown { needs }), true).is_none());
}

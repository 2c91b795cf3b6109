//! What follows from a text, and what does not.

use reach365_judge::device;
use reach365_model::Timestamp;
use reach365_model::device::{DeviceState, Join, TestOutcome, UserContext};
use reach365_model::endpoint::Cloud;

use crate::{SAMPLES, sample, state, state_of};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn three_answers_and_the_registration_make_the_join() {
    let kind = |answers: [&str; 4]| {
        let keys = [
            "AzureAdJoined",
            "EnterpriseJoined",
            "DomainJoined",
            "WorkplaceJoined",
        ];
        let lines = keys
            .iter()
            .zip(answers)
            .filter(|(_, answer)| *answer != "-");
        let text: String = lines
            .map(|(key, answer)| format!("{key} : {answer}\n"))
            .collect();
        state_of(&format!("NgcSet : NO\n{text}")).join
    };
    let cases = [
        (["YES", "NO", "NO", "NO"], Join::Joined),
        (["YES", "NO", "NO", "YES"], Join::Joined),
        (["YES", "NO", "YES", "NO"], Join::Hybrid),
        (["NO", "NO", "YES", "NO"], Join::Domain),
        (["NO", "NO", "YES", "YES"], Join::Domain),
        (["NO", "YES", "YES", "NO"], Join::OnPremises),
        (["NO", "NO", "NO", "YES"], Join::Registered),
        (["NO", "NO", "NO", "NO"], Join::None),
        (["NO", "NO", "NO", "-"], Join::Unknown),
        (["-", "NO", "NO", "YES"], Join::Unknown),
        (["YES", "-", "YES", "NO"], Join::Unknown),
        (["YES", "NO", "-", "NO"], Join::Unknown),
        (["YES", "YES", "YES", "NO"], Join::Unknown),
        (["YES", "YES", "NO", "NO"], Join::Unknown),
        (["NO", "YES", "NO", "NO"], Join::Unknown),
        (["yes", "no", "no", "no"], Join::Joined),
        (["JA", "NEIN", "NEIN", "NEIN"], Join::Unknown),
        (["", "NO", "NO", "NO"], Join::Unknown),
    ];
    for (answers, expected) in cases {
        assert_eq!(kind(answers), expected, "{answers:?}");
    }
}

#[test]
fn a_hybrid_device_without_a_token() {
    let state = state("hybrid");
    assert_eq!((state.join, state.managed), (Join::Hybrid, Some(true)));
    assert_eq!(state.registered, Some(false));
    assert_eq!(state.cloud, Some(Cloud::Worldwide));
    assert_eq!(state.domain.as_deref(), Some("CONTOSO"));
    let identity = &state.identity;
    assert_eq!(identity.tpm_protected, Some(true));
    assert_eq!(identity.authentication.as_deref(), Some("SUCCESS"));
    assert_eq!(identity.valid_from, Some(time("2031-03-04T10:20:30Z")));
    assert_eq!(identity.valid_until, Some(time("2041-03-04T10:50:30Z")));
    assert_eq!(identity.key_works, Some(true));
    assert_eq!(state.certificate_holds(), None, "the text has no clock");
    let attempt = state.token.last_attempt().unwrap();
    assert_eq!(state.token.present, Some(false));
    assert_eq!(attempt.status.as_ref().unwrap().number, 0xC000_006D);
    assert_eq!(attempt.http_error.as_ref().unwrap().number, 0);
    assert_eq!(
        (attempt.http_status, attempt.aadsts),
        (Some(400), Some(50126))
    );
    assert_eq!(attempt.server_error.as_deref(), Some("invalid_grant"));
    assert!(attempt.failed() && !attempt.renews);
    assert_eq!(numbers(&state), [0xC000_006D]);
    assert_eq!(state.notes, [""; 0]);
}

fn numbers(state: &DeviceState) -> Vec<u32> {
    state.errors().iter().map(|found| found.number).collect()
}

#[test]
fn a_joined_device_whose_token_has_expired() {
    let state = state("joined");
    assert_eq!((state.join, state.managed), (Join::Joined, Some(false)));
    assert_eq!(state.cloud, Some(Cloud::China));
    assert_eq!(state.client_time, Some(time("2031-05-21T10:00:00Z")));
    assert_eq!(state.context, Some(UserContext::Unelevated));
    assert_eq!(state.identity.key_works, None);
    let token = &state.token;
    assert_eq!((token.present, token.expired), (Some(true), Some(true)));
    assert_eq!(token.attempts.len(), 2);
    let last = token.last_attempt().unwrap();
    assert!(last.renews && last.failed());
    assert_eq!(last.http_status, None, "0 means that no answer came");
    assert!(!token.attempts[1].failed(), "{:?}", token.attempts[1]);
    assert_eq!(numbers(&state), [0xC000_023C, 0x8007_2EE7]);
}

#[test]
fn a_registered_device_keeps_the_accounts_apart() {
    let state = state("registered");
    assert_eq!(
        (state.join, state.registered),
        (Join::Registered, Some(true))
    );
    assert_eq!(state.managed, Some(false), "the account names no MDM");
    let silent = sample("registered").replace("MdmUrl", "OtherUrl");
    assert_eq!(state_of(&silent).managed, None, "nothing is listed");
    assert_eq!(state.identity.tpm_protected, None, "that is the account's");
    let managed = sample("registered").replace("MdmUrl : ", "MdmUrl : https://mdm.contoso.example");
    assert_eq!(state_of(&managed).managed, Some(true));
}

#[test]
fn a_device_that_cannot_join() {
    let state = state("discovery");
    assert_eq!((state.join, state.managed), (Join::Domain, Some(true)));
    assert_eq!(state.context, Some(UserContext::Unelevated));
    let join = &state.diagnostics;
    let discovery = join.drs_discovery.as_ref().unwrap();
    assert_eq!(discovery.outcome, TestOutcome::Fail);
    let outcomes: Vec<TestOutcome> = join.tests().map(|(_, test)| test.outcome).collect();
    let (pass, skipped) = (TestOutcome::Pass, TestOutcome::Skipped);
    assert_eq!(outcomes, [pass, pass, TestOutcome::Fail, skipped, skipped]);
    assert_eq!(join.error_phase.as_deref(), Some("join"));
    assert_eq!(join.server_error.as_deref(), Some("DirectoryError"));
    assert_eq!(join.https_status, Some(400));
    assert_eq!(numbers(&state), [0x801C_03F2, 0x801C_0021, 0x8007_2EE2]);
}

#[test]
fn errors_of_the_attempt_and_of_joining_are_not_mixed() {
    let text = sample("hybrid").replace(
        "         AadRecoveryEnabled: NO\n",
        "         AadRecoveryEnabled: NO\n          Server ErrorCode : DirectoryError\n",
    );
    let state = state_of(&text);
    assert_eq!(
        state.diagnostics.server_error.as_deref(),
        Some("DirectoryError")
    );
    let attempt = state.token.last_attempt().unwrap();
    assert_eq!(attempt.server_error.as_deref(), Some("invalid_grant"));
    assert_eq!(state.notes, [""; 0]);
}

#[test]
fn fields_of_later_builds_do_not_end_an_attempt() {
    let text = sample("hybrid").replace(
        "               HTTP Method : POST\n",
        "               HTTP Method : POST\n            HTTP Weather : fair\n",
    );
    let state = state_of(&text);
    assert_eq!(state.token.attempts, self::state("hybrid").token.attempts);
    assert_eq!(state.status.unwrap().value("HTTP Weather"), Some("fair"));
}

#[test]
fn a_field_that_contradicts_itself_is_not_believed() {
    let text = format!("{}\nAzureAdJoined : NO\n", sample("hybrid"));
    let state = state_of(&text);
    assert_eq!((state.join, state.managed), (Join::Unknown, Some(true)));
    assert!(
        state.notes[0].contains("AzureAdJoined is there twice"),
        "{:?}",
        state.notes
    );
    let same = format!("{}\nAzureAdJoined : yes\n", sample("hybrid"));
    assert_eq!(state_of(&same).join, Join::Hybrid);
    let two = sample("joined").replace(
        "MdmUrl :",
        "MdmUrl : https://a.example\nMdmUrl : https://b.example",
    );
    assert_eq!(state_of(&two).managed, None);
}

#[test]
fn translated_answers_are_named_and_not_understood() {
    let text = sample("hybrid")
        .replace(": YES", ": JA")
        .replace(": NO\n", ": NEIN\n");
    let state = state_of(&text);
    assert_eq!((state.join, state.token.present), (Join::Unknown, None));
    let has = |words: &str| {
        state
            .notes
            .iter()
            .filter(|note| note.contains(words))
            .count()
    };
    assert_eq!(has("counts as not known"), 1, "{:?}", state.notes);
    assert!(has("`JA`, neither YES nor NO") > 1, "{:?}", state.notes);
}

/// A prefix may know less than the whole, never something else.
#[test]
fn a_text_that_is_cut_off_never_says_something_else() {
    for name in SAMPLES {
        let text = sample(name);
        let whole = state_of(&text);
        let mut read = 0;
        for end in 0..text.len() {
            // Within a word its beginning may be another word; dsregcmd ends in whole lines.
            if !text[..end].ends_with('\n') {
                continue;
            }
            let Ok(part) = device::from_text(&text[..end]) else {
                continue;
            };
            read += 1;
            assert!(
                part.join == whole.join || part.join == Join::Unknown,
                "{name} at {end}"
            );
            assert!(
                part.managed.is_none() || part.managed == whole.managed,
                "{name} at {end}"
            );
            assert!(part.token.present.is_none() || part.token.present == whole.token.present);
        }
        assert!(read > 10, "{name}: {read}");
    }
}

#[test]
fn who_ran_it_is_told_apart() {
    let context = |text: &str| state_of(&format!("NgcSet : NO\n{text}\n")).context;
    assert_eq!(context("User Context : SYSTEM"), Some(UserContext::System));
    assert_eq!(
        context("User Context : UN-ELEVATED User"),
        Some(UserContext::Unelevated)
    );
    assert_eq!(
        context("User Context : ELEVATED User"),
        Some(UserContext::Elevated)
    );
    let account = r"Executing Account Name : NT-AUTORITÄT\SYSTEM, NT-AUTORITÄT\SYSTEM";
    assert_eq!(context(account), Some(UserContext::System));
    assert_eq!(context(r"Executing Account Name : CONTOSO\ada"), None);
    let state = state_of("User Context : SYSTEM\nAzureAdPrt : NO\n");
    assert!(
        state.notes[0].contains("ran as SYSTEM"),
        "{:?}",
        state.notes
    );
}

#[test]
fn a_cloud_is_named_only_where_all_hosts_are_of_it() {
    let cloud = |lines: &str| state_of(&format!("NgcSet : NO\n{lines}")).cloud;
    let url = "AuthCodeUrl : https://login.microsoftonline.com/x/oauth2/authorize\n";
    assert_eq!(cloud(url), Some(Cloud::Worldwide));
    assert_eq!(cloud(&format!("{url}Idp : login.chinacloudapi.cn\n")), None);
    assert_eq!(
        cloud("Idp : login.microsoftonline.us\n"),
        None,
        "GCC High or DoD"
    );
    assert_eq!(cloud("Idp : sts.contoso.example\n"), None);
    assert_eq!(cloud(""), None);
}

#[test]
fn times_without_a_zone_are_no_times() {
    let state = state_of("NgcSet : NO\nClient Time : 2031-05-06 07:08:09.000\n");
    assert_eq!(state.client_time, None);
    assert!(state.notes[0].contains("no time"), "{:?}", state.notes);
}

#[test]
fn a_certificate_is_judged_by_the_clock_of_its_device() {
    let clock = |time: &str| {
        let text = sample("hybrid").replace(
            "               KeySignTest",
            &format!("               Client Time : {time} UTC\n               KeySignTest"),
        );
        state_of(&text)
    };
    assert_eq!(
        clock("2032-01-01 00:00:00.000").certificate_holds(),
        Some(true)
    );
    let early = clock("2009-01-01 00:00:00.000");
    assert_eq!(early.certificate_holds(), Some(false));
    assert!(
        early.notes[0].contains("does not hold"),
        "{:?}",
        early.notes
    );
}

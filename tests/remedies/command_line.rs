//! `reach365 fix` as its users call it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const HYBRID: &str = "\
+----------------------------------------------------------------------+
| Device State                                                         |
+----------------------------------------------------------------------+

             AzureAdJoined : YES
          EnterpriseJoined : NO
              DomainJoined : YES
                DomainName : CONTOSO

+----------------------------------------------------------------------+
| SSO State                                                            |
+----------------------------------------------------------------------+

                AzureAdPrt : NO
     AcquirePrtDiagnostics : PRESENT
      Previous Prt Attempt : 2026-07-18 20:10:33.789 UTC
            Attempt Status : 0xc000006d
  Server Error Description : AADSTS50126: Error validating credentials
";

fn reach365(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_reach365"))
        .args(arguments)
        .output()
        .unwrap()
}

fn said(arguments: &[&str]) -> String {
    let output = reach365(arguments);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {wrong}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = reach365(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_hybrid_device_is_never_told_to_leave() {
    let device = file("fix-hybrid.txt", HYBRID.as_bytes());
    let plan = said(&[
        "fix",
        "plan",
        "0xCAA50021",
        "--device",
        device.to_str().unwrap(),
    ]);
    let (steps, left_out) = plan.split_once("LEFT OUT, AND WHY").unwrap();
    assert!(
        !steps.contains("/leave") && !steps.contains("leave-and-rejoin"),
        "{steps}"
    );
    assert!(left_out.contains("leave-and-rejoin"), "{left_out}");
    let head = [
        "hybrid joined, managed",
        "AADSTS50126: Wrong user name or password.",
    ];
    let lines: Vec<&str> = plan.split_whitespace().collect();
    for words in head {
        assert!(lines.join(" ").contains(words), "{words} in {plan}");
    }
    let stop = steps.find("IF THAT DOES NOT HELP, STOP").unwrap();
    assert!(stop < steps.find("clean-up-accounts").unwrap(), "{steps}");
}

#[test]
fn plans_and_remedies_are_json_too() {
    let plan = said(&["fix", "plan", "0xCAA70007", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["schema"], "reach365/plan/1");
    assert_eq!(plan["steps"][0]["remedy"], "run-check");
    assert_eq!(plan["stop"]["call"], "tenant-admin");
    let remedies = said(&["fix", "list", "AADSTS135011", "--format", "json"]);
    let remedies: serde_json::Value = serde_json::from_str(&remedies).unwrap();
    assert!(remedies.as_array().unwrap().len() > 2, "{remedies}");
    assert!(remedies[0]["order_why"].is_string(), "{remedies}");
    let shown = said(&["fix", "show", "enable-wam", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown[0]["actions"][0]["do"], "registry-delete");
}

#[test]
fn a_number_may_be_signed() {
    let signed = said(&["fix", "plan", "-895156191"]);
    assert_eq!(signed, said(&["fix", "plan", "0xCAA50021"]));
    let listed = said(&["fix", "list", "-895156191"]);
    assert_eq!(listed, said(&["fix", "list", "0xCAA50021"]));
}

#[test]
fn a_script_is_a_file() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fix-script.ps1");
    let output = path.to_str().unwrap();
    let arguments = [
        "fix",
        "script",
        "enable-wam",
        "federated-sign-in",
        "--output",
        output,
    ];
    assert_eq!(said(&arguments), "");
    let script = fs::read_to_string(&path).unwrap();
    assert!(script.contains("Remove-FixValue") && script.contains("'Autoorgidgetkey'"));
}

#[test]
fn what_cannot_be_answered_is_refused_in_words() {
    let german = file(
        "fix-german.txt",
        "Ger\u{e4}testatus\r\nVerbunden mit Azure AD: JA\r\n".as_bytes(),
    );
    let cut = file(
        "fix-cut.json",
        b"{\"schema\": \"reach365/report/1\", \"run\": ",
    );
    let newer = file("fix-newer.json", b"{\"schema\": \"reach365/report/2\"}");
    let [german, cut, newer] = [&german, &cut, &newer].map(|path| path.to_str().unwrap());
    let cases: [(&[&str], &str); 12] = [
        (&["fix", "plan"], "something to go by"),
        (
            &["fix", "plan", "0x80040000"],
            "not an activation error that we know",
        ),
        (&["fix", "plan", "0xC0000005"], "no remedy answers that"),
        (&["fix", "plan", "banana"], "no error number"),
        (&["fix", "plan", "--device", german], "dsregcmd /status"),
        (&["fix", "plan", "0xCAA50021", "--report", cut], "line 1"),
        (
            &["fix", "plan", "0xCAA50021", "--report", cut],
            "fix-cut.json: ",
        ),
        (
            &[
                "fix",
                "plan",
                "0xCAA50021",
                "--bundle",
                "/no/such/directory/a",
            ],
            "--bundle /no/such",
        ),
        (&["fix", "script", "set-clock", "set-clock"], "named twice"),
        (
            &["fix", "plan", "0xCAA50021", "--report", newer],
            "reach365/report/2",
        ),
        (&["fix", "show", "repair-everything"], "reach365 fix list"),
        (&["fix", "script", "enable-wam", "nonsense"], "nonsense"),
    ];
    for (arguments, words) in cases {
        let wrong = refused(arguments);
        assert!(wrong.contains(words), "{arguments:?}: {wrong}");
    }
}

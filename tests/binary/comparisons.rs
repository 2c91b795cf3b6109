//! `diff` and `compare`: saved reports beside each other.

use std::fs;

use serde_json::Value;

use super::{REPORT, code, reach365, scratch, stderr, stdout, variant};

#[test]
fn a_comparison_tells_better_from_worse_by_its_exit_code() {
    let before = variant("before.json", |_| {});
    let worse = variant("worse.json", |report| {
        report["endpoints"][0]["verdict"]["outcome"] = "degraded".into();
    });
    let skipped = variant("skipped.json", |report| {
        report["endpoints"][0]["verdict"]["outcome"] = "skipped".into();
    });
    let compared = |one: &str, other: &str, format: &str| {
        reach365(&["compare", one, other, "--format", format])
    };
    assert_eq!(code(&compared(&before, &before, "text")), 0);
    let output = compared(&before, &worse, "json");
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["schema"], "reach365/comparison/1");
    assert_eq!(answer["totals"]["worse"], 1);
    assert_eq!(answer["changes"][0]["kind"], "worse");
    assert_eq!(code(&compared(&worse, &before, "csv")), 0);
    let output = compared(&before, &skipped, "text");
    assert_eq!(code(&output), 0);
    assert!(
        stdout(&output).contains("NOT COMPARABLE"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn what_cannot_be_compared_is_said() {
    let good = variant("good.json", |_| {});
    let whole = fs::read_to_string(REPORT).unwrap();
    let cut = scratch("compare-cut.json", &whole[..whole.len() / 2]);
    let list = scratch("compare-list.json", "[]");
    let newer = scratch("compare-newer.json", &whole.replace("report/1", "report/2"));
    let cases = [
        (cut.to_str().unwrap(), "compare-cut.json: not JSON"),
        (newer.to_str().unwrap(), "newer than this program"),
        (list.to_str().unwrap(), "expected a report"),
        ("tests", "tests: "),
        ("no-such-file.json", "no-such-file.json: "),
    ];
    for (bad, words) in cases {
        let output = reach365(&["compare", &good, bad]);
        assert_eq!((code(&output), stdout(&output).as_str()), (2, ""), "{bad}");
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
    assert_eq!(code(&reach365(&["compare", &good])), 2);
    // The output is looked at before the reports are.
    let nowhere = [
        "compare",
        &good,
        "no-such-file.json",
        "--output",
        "/no/such/directory/a",
    ];
    assert!(stderr(&reach365(&nowhere)).contains("/no/such/directory"));
}

#[test]
fn what_is_read_is_not_overwritten() {
    let report = variant("evidence.json", |_| {});
    let beside = format!("{}/binary/./evidence.json", env!("CARGO_TARGET_TMPDIR"));
    let before = fs::read_to_string(&report).unwrap();
    let commands: [&[&str]; 3] = [
        &["replay", &report],
        &["compare", &report, &report],
        &[
            "endpoints",
            "allowlist",
            "--format",
            "hosts",
            "--report",
            &report,
        ],
    ];
    for command in commands {
        let output = reach365(&[command, &["--output", &beside]].concat());
        assert_eq!(code(&output), 2, "{command:?}");
        let said = stderr(&output);
        assert!(said.contains("that file is read"), "{said}");
    }
    assert_eq!(fs::read_to_string(&report).unwrap(), before);
}

#[test]
fn many_reports_make_a_matrix_in_every_format() {
    let site = |file: &str, name: &str| {
        variant(file, |report| {
            report["run"]["site"] = name.into();
        })
    };
    let lyon = site("lyon.json", "Lyon");
    let paris = site("paris.json", "Paris");
    let nice = site("nice.json", "=Nice<b>");
    for format in ["text", "json", "csv", "html"] {
        let output = reach365(&["compare", &lyon, &paris, &nice, "--format", format]);
        assert_eq!(code(&output), 0, "{format}: {}", stderr(&output));
        let text = stdout(&output);
        assert!(text.contains("tls-intercepted"), "{format}: {text}");
        match format {
            "text" => assert!(
                text.lines().all(|line| line.chars().count() <= 80),
                "{text}"
            ),
            "csv" => assert!(text.contains("\r\n'=Nice<b>,"), "{text}"),
            "html" => assert!(text.contains("=Nice&lt;b&gt;") && !text.contains("<script")),
            _ => assert!(text.contains("reach365/matrix/1")),
        }
    }
    let two = reach365(&["compare", &lyon, &paris, "--matrix"]);
    assert!(
        stdout(&two).starts_with("2 sites, 3 endpoints"),
        "{}",
        stdout(&two)
    );
}

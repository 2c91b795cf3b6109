//! Credentials in arguments and variables: none comes back in any output.

use std::process::{Command, Output};

/// What no output may have in it.
const SECRETS: [&str; 2] = ["hunter2", "svc-check"];

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reach365"));
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    let variables = variables.iter().copied();
    command.args(arguments).envs(variables).output().unwrap()
}

#[track_caller]
fn assert_secret(output: &Output, what: &str) {
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!said.is_empty(), "{what}");
    for secret in SECRETS {
        assert!(!said.contains(secret), "{what}: {said}");
    }
}

#[test]
fn refused_arguments_are_shown_without_credentials() {
    let arguments: [&[&str]; 13] = [
        &["--proxy", "http://svc-check:hunter2@proxy.example:3128"],
        &["--proxy", "htp://svc-check:hunter2@proxy.example:3128"],
        &["--proxy", "svc-check:hunter2@proxy.example:3128"],
        &["--proxy", "http://svc-check:hunter2 2@proxy.example"],
        &["--proxy", "http://svc-check:hunter2%40proxy.example"],
        &["--proxy", "pac:http://svc-check:hunter2@wpad.example/p.pac"],
        &["--proxi=http://svc-check:hunter2@proxy.example:3128"],
        &["--proxy-user", "svc-check:hunter2"],
        &["--proxy-user", "svc-check:hunter2@proxy.example:3128"],
        &[
            "--endpoints",
            "https://svc-check:hunter2@lists.example/a.toml",
        ],
        &["--dns", "svc-check:hunter2@10.0.0.53"],
        &["--control-host", "https://svc-check:hunter2@www.example"],
        &["https://svc-check:hunter2@www.example/"],
    ];
    for given in arguments {
        for format in ["text", "nagios", "json"] {
            let all = [&["check", "--format", format], given].concat();
            assert_secret(&run(&all, &[]), &format!("{all:?}"));
        }
    }
}

#[test]
fn variables_are_shown_without_credentials() {
    for value in [
        "http://svc-check:hunter2@proxy.example:3128",
        "htp://svc-check:hunter2@proxy.example:3128",
        "http://svc-check:hunter2@:3128",
    ] {
        for format in ["text", "json"] {
            let output = run(&["proxy", "--format", format], &[("https_proxy", value)]);
            assert_secret(&output, value);
        }
    }
}

#[test]
fn answers_of_a_script_are_shown_without_credentials() {
    let directory = std::env::temp_dir();
    let file = directory.join(format!("reach365-secret-{}.pac", std::process::id()));
    let script = "function FindProxyForURL() { return 'PROXY svc-check:hunter2@proxy:80'; }";
    std::fs::write(&file, script).unwrap();
    let file_name = file.to_str().unwrap();
    for format in ["text", "json"] {
        let url = "https://login.microsoftonline.com/";
        let arguments = ["pac", "eval", file_name, "--format", format, "--url", url];
        let output = run(&arguments, &[]);
        assert_secret(&output, format);
    }
    std::fs::remove_file(&file).unwrap();
}

//! Rules are loaded into the programs that they are for.

use std::path::PathBuf;
use std::process::{Command, Output};

use tree_sitter::{Node, Parser};

use super::hostile::{hostile_list, hostile_report};
use super::{REPORT, rules, scratch};

/// Variable that turns a skipped test into a failed one.
const PARTS: &str = "REACH365_PARTS";

/// Where a program is; `None`, after saying so, where it is not installed.
pub(super) fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let mut files = places.map(|place| place.join(program));
    let file = files.find(|file| file.is_file());
    if file.is_none() {
        skip(&format!("{program} is not installed"));
    }
    file
}

fn skip(why: &str) {
    let required = std::env::var(PARTS).is_ok_and(|value| value == "required");
    assert!(!required, "{why}, and {PARTS}=required");
    println!("skipped: {why}");
}

/// A command in a network of its own; `None`, after saying so, without the rights for that.
fn alone() -> Option<Command> {
    let mut command = Command::new(installed("unshare")?);
    command.arg("--net");
    let mut trial = Command::new("unshare");
    let allowed = trial.args(["--net", "true"]).output().unwrap();
    if !allowed.status.success() {
        skip("a network namespace needs root");
        return None;
    }
    Some(command)
}

/// Every list that the rules are made from here, as arguments.
fn lists() -> Vec<Vec<String>> {
    let cloud = |name: &str| vec!["--cloud".to_owned(), name.to_owned()];
    let file = |option: &str, file: String| vec![option.to_owned(), file];
    vec![
        Vec::new(),
        cloud("china"),
        cloud("gcc-high"),
        cloud("dod"),
        file("--report", REPORT.to_owned()),
        file("--report", hostile_report()),
        file("--endpoints", hostile_list()),
        file("--endpoints", apex_beside_its_wildcard()),
    ]
}

/// A name, and the wildcard of all names below it.
fn apex_beside_its_wildcard() -> String {
    let list = "extends = \"builtin\"\n[[endpoints]]\nid = \"apex\"\nhost = \"office.com\"\n";
    let file = scratch("apex.toml", list);
    file.to_str().unwrap().to_owned()
}

/// The rules of a format for each list, in files.
fn files(format: &str) -> Vec<(String, PathBuf)> {
    let lists = lists().into_iter().enumerate();
    let made = lists.map(|(at, arguments)| {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (text, _) = rules(format, &words);
        (text.clone(), scratch(&format!("{format}-{at}"), &text))
    });
    made.collect()
}

fn told(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

#[test]
fn squid_takes_its_access_lists() {
    let Some(squid) = installed("squid") else {
        return;
    };
    for (text, file) in files("squid") {
        let mut parse = Command::new(&squid);
        let output = parse
            .args(["-k", "parse", "-f"])
            .arg(&file)
            .output()
            .unwrap();
        let told = told(&output);
        assert!(output.status.success(), "{told}");
        for word in ["WARNING", "ERROR", "FATAL"] {
            assert!(!told.contains(word), "{told}");
        }
        let taken = told.matches("Processing: http_access allow").count();
        assert_eq!(taken, text.matches("\nhttp_access allow").count(), "{told}");
        assert!(taken > 0, "{text}");
    }
}

#[test]
fn squid_would_say_what_is_wrong() {
    let Some(squid) = installed("squid") else {
        return;
    };
    let twice = "acl a dstdomain .office.com\nacl a dstdomain config.office.com\n";
    let file = scratch("squid-twice", twice);
    let mut parse = Command::new(squid);
    let output = parse
        .args(["-k", "parse", "-f"])
        .arg(file)
        .output()
        .unwrap();
    let told = told(&output);
    assert!(told.contains("WARNING") || told.contains("ERROR"), "{told}");
}

#[test]
fn nftables_takes_its_sets() {
    let (Some(nft), Some(_)) = (installed("nft"), alone()) else {
        return;
    };
    for (text, file) in files("nftables") {
        let mut check = alone().unwrap();
        let output = check
            .arg(&nft)
            .args(["-c", "-f"])
            .arg(&file)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}\n{text}", told(&output));
    }
}

/// Loads twice, since a list is loaded again whenever it changes.
#[test]
fn nftables_holds_every_address_after_loading_twice() {
    let (Some(_), Some(mut shell)) = (installed("nft"), alone()) else {
        return;
    };
    let (text, file) = files("nftables").swap_remove(0);
    let script = "nft -f \"$0\" && nft -f \"$0\" && nft list ruleset";
    let output = shell
        .args(["sh", "-c", script])
        .arg(&file)
        .output()
        .unwrap();
    let told = told(&output);
    assert!(output.status.success(), "{told}");
    for range in ["20.190.128.0/18", "52.108.0.0/14", "2603:1006:2000::/48"] {
        assert!(
            text.contains(range) && told.contains(range),
            "{range}: {told}"
        );
    }
    assert_eq!(told.matches("tcp dport 443 accept").count(), 2, "{told}");
}

#[test]
fn ipset_and_iptables_take_their_script() {
    let needed = ["ipset", "iptables-restore", "ip6tables-restore"].map(installed);
    if needed.iter().any(Option::is_none) || alone().is_none() {
        return;
    }
    for (text, file) in files("iptables") {
        let mut shell = alone().unwrap();
        let script = "sh \"$0\" && sh \"$0\" && ipset list && iptables-save && ip6tables-save";
        let output = shell
            .args(["sh", "-c", script])
            .arg(&file)
            .output()
            .unwrap();
        let told = told(&output);
        if told.contains("Kernel error received") && told.contains("Invalid argument") {
            return skip("this kernel has no sets for iptables");
        }
        assert!(output.status.success(), "{told}\n{text}");
        let rules = text.matches("\n-A reach365").count();
        assert_eq!(told.matches("\n-A reach365").count(), rules, "{told}");
        let elements = text.matches("\nadd reach365").count();
        let held = told
            .lines()
            .filter(|line| line.contains('/') && !line.contains(' '));
        let single = told.lines().filter(|line| is_address(line)).count();
        assert_eq!(held.count() + single, elements, "{told}");
    }
}

/// Ranges of one address are listed without their length.
fn is_address(line: &str) -> bool {
    line.parse::<std::net::IpAddr>().is_ok()
}

#[test]
fn scripts_for_the_shell_are_read_to_their_end() {
    for (text, file) in files("iptables") {
        let output = Command::new("sh").arg("-n").arg(file).output().unwrap();
        assert!(output.status.success(), "{}", told(&output));
        assert_eq!(text.lines().filter(|line| *line == "REACH365").count(), 3);
    }
}

#[test]
fn scripts_for_windows_are_powershell() {
    for (text, _) in files("windows-firewall") {
        let mut parser = Parser::new();
        parser
            .set_language(&tree_sitter_powershell::LANGUAGE.into())
            .unwrap();
        let tree = parser.parse(&text, None).unwrap();
        assert_eq!(fault(tree.root_node(), &text), None);
        assert!(text.contains("\nAdd-NameRule -Name '"), "{text}");
    }
}

/// The first place that is not valid PowerShell.
fn fault<'a>(node: Node<'_>, script: &'a str) -> Option<&'a str> {
    if node.is_error() || node.is_missing() {
        return Some(&script[node.byte_range()]);
    }
    let mut cursor = node.walk();
    let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
    children.into_iter().find_map(|child| fault(child, script))
}

#[cfg(feature = "pac")]
#[test]
fn our_own_engine_takes_the_script() {
    let eval = |file: &PathBuf, host: &str| -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_reach365"))
            .args(["pac", "eval"])
            .arg(file)
            .args(["--format", "json", "--url", &format!("https://{host}/")])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", told(&output));
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        answer["answer"].as_str().unwrap().to_owned()
    };
    let files = files("pac");
    for (_, file) in &files {
        assert_eq!(eval(file, "elsewhere.example"), "PROXY proxy.example:8080");
    }
    assert_eq!(eval(&files[0].1, "login.microsoftonline.com"), "DIRECT");
    assert_eq!(
        eval(&files[0].1, "go.microsoft.com"),
        "PROXY proxy.example:8080"
    );
    assert_eq!(eval(&files[6].1, "a.example"), "DIRECT");
}

//! The scripts are PowerShell, whatever remedy they apply.

use reach365_device::script;
use reach365_judge::remedy::{Action, Remedies, Remedy};
use tree_sitter::{Node, Parser, Tree};

fn parsed(script: &str) -> Tree {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_powershell::LANGUAGE.into())
        .unwrap();
    parser.parse(script, None).unwrap()
}

/// The first place that is not valid PowerShell.
fn fault<'a>(node: Node<'_>, script: &'a str) -> Option<&'a str> {
    if node.is_error() || node.is_missing() {
        let end = script.len().min(node.end_byte() + 80);
        return Some(&script[node.start_byte()..end]);
    }
    let mut cursor = node.walk();
    let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
    children.into_iter().find_map(|child| fault(child, script))
}

fn plain(remedies: &[&Remedy]) -> String {
    let script = script(remedies);
    let script = script
        .strip_prefix('\u{feff}')
        .expect("a mark for Windows PowerShell");
    assert_eq!(script.matches('\n').count(), script.matches("\r\n").count());
    script.to_owned()
}

#[test]
fn every_remedy_makes_a_script() {
    for remedy in Remedies::builtin().all() {
        let script = plain(&[remedy]);
        let tree = parsed(&script);
        assert_eq!(fault(tree.root_node(), &script), None, "{}", remedy.id);
    }
}

#[test]
fn all_remedies_together_make_a_script() {
    let all: Vec<&Remedy> = Remedies::builtin().all().iter().collect();
    let script = plain(&all);
    assert_eq!(fault(parsed(&script).root_node(), &script), None);
}

#[test]
fn the_parser_sees_mistakes() {
    let script = "function Broken { if ($x) { 'a' }";
    assert!(fault(parsed(script).root_node(), script).is_some());
}

#[test]
fn every_automatic_action_is_a_call() {
    for remedy in Remedies::builtin().all() {
        let automatic = remedy.actions.iter().filter(|action| action.is_automatic());
        let script = plain(&[remedy]);
        let (_, body) = script
            .split_once(&format!("# {}: ", remedy.title))
            .unwrap_or(("", &script));
        let body = body.rsplit_once("try {").unwrap().1;
        let calls = body.lines().filter(|line| {
            [
                "Invoke-FixProgram",
                "Set-FixValue",
                "Remove-Fix",
                "Rename-FixKey",
                "Clear-FixFolder",
                "Start-FixService",
            ]
            .iter()
            .any(|call| line.starts_with(call))
        });
        assert_eq!(calls.count(), automatic.count(), "{}", remedy.id);
    }
}

#[test]
fn a_script_names_what_it_guards() {
    let leave = plain(&[Remedy::get("leave-and-rejoin").unwrap()]);
    assert!(leave.contains(
        "Test-Fix -Id 'leave-and-rejoin' -Elevated $true -Forbidden $true -Needs \
         @('joined', 'not-hybrid', 'not-managed', 'registration-broken')"
    ));
    let (before, after) = leave
        .split_once("Invoke-FixProgram -Program 'dsregcmd'")
        .unwrap();
    assert!(
        before
            .trim_end()
            .lines()
            .rev()
            .nth(1)
            .unwrap()
            .starts_with("Wait-Fix")
    );
    assert!(
        !after.contains("\nWait-Fix"),
        "nothing automatic comes after it"
    );
    assert!(
        leave.contains("Invoke-FixProgram -Program 'dsregcmd' -Arguments @('/leave') -Back @()")
    );
    let folder = plain(&[Remedy::get("empty-broker-cache").unwrap()]);
    assert!(folder.contains("Clear-FixFolder -Folder '%LOCALAPPDATA%\\Packages\\"));
    let key = plain(&[Remedy::get("clear-service-cache").unwrap()]);
    assert!(key.contains("Remove-FixKey -Path 'Registry::HKEY_CURRENT_USER\\Software\\"));
    let run = Action::Run {
        program: "netsh".to_owned(),
        arguments: vec!["winsock".to_owned(), "reset".to_owned()],
        undo: Vec::new(),
    };
    assert_eq!(run.to_string(), "Run `netsh winsock reset`.");
}

//! A PowerShell script of remedies, for administrators who read before they run: no I/O.
//!
//! The script shows what it would do; `-Apply` does it and backs up what it changes; `-Undo`
//! reverts it. It runs in the PowerShell that Windows has (5.1).

use std::fmt::Write;

use reach365_judge::remedy::{Action, RegistryData, Remedy};

/// The functions that the actions call.
const PRELUDE: &str = include_str!("../data/prelude.ps1");

/// Writes a script that applies remedies in turn.
pub fn script(remedies: &[&Remedy]) -> String {
    let mut script = head(remedies);
    script.push_str(PRELUDE);
    for remedy in remedies {
        line(&mut script, &check(remedy));
    }
    script.push_str(BEGIN);
    for remedy in remedies {
        script.push_str(&part(remedy));
    }
    script.push_str(TAIL);
    // Windows PowerShell reads a script without a byte order mark in the ANSI code page.
    format!("\u{feff}{}", script.replace('\n', "\r\n"))
}

const BEGIN: &str = "
if ($Apply) { Start-Backup }
try {
";

/// The remedies ran without `-Apply` before, so that their actions are known.
const TAIL: &str = "
    if ($Undo) { Undo-Fix $Undo }
}
finally {
    if ($script:Backup) {
        [void](Stop-Transcript)
        Write-Host \"Kept in $($script:Backup). To revert it: -Undo '$($script:Backup)'\"
    }
}
";

fn head(remedies: &[&Remedy]) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut head = format!("# Made by reach365 {version}. Read it before you run it.\n#\n");
    for remedy in remedies {
        let Remedy {
            id, title, risk, ..
        } = remedy;
        line(&mut head, &format!("# {id}: {title} (risk {risk})"));
    }
    line(&mut head, "#\n#   FILE              shows what it would do");
    line(
        &mut head,
        "#   FILE -Apply       does it, and keeps what it touches",
    );
    line(&mut head, "#   FILE -Undo PATH   takes it back\n");
    head
}

fn part(remedy: &Remedy) -> String {
    let mut part = format!("\n# {}: {}\n# {}\n", remedy.id, remedy.title, remedy.why);
    if let Some(correction) = &remedy.correction {
        line(&mut part, &format!("# {correction}"));
    }
    line(&mut part, &format!("Write-Host {}", quoted(&remedy.title)));
    let last = remedy.actions.iter().rposition(Action::is_automatic);
    for (position, action) in remedy.actions.iter().enumerate() {
        let words = quoted(&action.to_string());
        line(&mut part, &format!("Write-Fix {words}"));
        if let Some(call) = call(action) {
            line(&mut part, &call);
        } else if last.is_some_and(|last| position < last) {
            line(&mut part, "Wait-Fix");
        }
    }
    part
}

/// The call that rejects a remedy where it must not be done.
fn check(remedy: &Remedy) -> String {
    let forbidden = remedy.managed_device_forbidden || remedy.never_planned.is_some();
    let needs: Vec<String> = remedy.needs.iter().map(|needs| needs.name()).collect();
    format!(
        "Test-Fix -Id {} -Elevated {} -Forbidden {} -Needs {}",
        quoted(&remedy.id),
        flag(remedy.elevated),
        flag(forbidden),
        list(&needs)
    )
}

/// The call that applies an action; `None` where it is manual.
fn call(action: &Action) -> Option<String> {
    Some(match action {
        Action::Run {
            program,
            arguments,
            undo,
        } => format!(
            "Invoke-FixProgram -Program {} -Arguments {} -Back {}",
            quoted(program),
            list(arguments),
            list(undo)
        ),
        Action::RegistrySet { key, name, data } => format!(
            "Set-FixValue -Path {} -Name {} {}",
            path(key),
            quoted(name),
            content(data)
        ),
        Action::RegistryDelete {
            key,
            name: Some(name),
        } => format!("Remove-FixValue -Path {} -Name {}", path(key), quoted(name)),
        Action::RegistryDelete { key, name: None } => {
            format!("Remove-FixKey -Path {} -Native {}", path(key), quoted(key))
        }
        Action::RegistryRename { key, to } => {
            format!("Rename-FixKey -Path {} -To {}", path(key), quoted(to))
        }
        Action::EmptyFolder { folder } => format!("Clear-FixFolder -Folder {}", quoted(folder)),
        Action::DeleteCredentials { patterns } => {
            format!("Remove-FixCredential -Pattern {}", list(patterns))
        }
        Action::ServiceRunning { service, .. } => {
            format!("Start-FixService -Name {}", quoted(service))
        }
        Action::OpenSettings { page, .. } => {
            format!("if ($Apply) {{ Start-Process {} }}", quoted(page))
        }
        Action::Portal { .. } | Action::Manual { .. } => return None,
    })
}

fn content(data: &RegistryData) -> String {
    match data {
        RegistryData::Dword(number) => format!("-Kind DWord -Data {number}"),
        RegistryData::Text(text) => format!("-Kind String -Data {}", quoted(text)),
    }
}

/// A key as the registry provider of PowerShell names it.
fn path(key: &str) -> String {
    let key = match key.split_once('\\') {
        Some(("HKLM", rest)) => format!("HKEY_LOCAL_MACHINE\\{rest}"),
        Some(("HKCU", rest)) => format!("HKEY_CURRENT_USER\\{rest}"),
        _ => key.to_owned(),
    };
    quoted(&format!("Registry::{key}"))
}

fn list(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
    format!("@({})", items.join(", "))
}

/// A literal for PowerShell, which knows further single quotes than the plain one.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for letter in text.chars() {
        if matches!(letter, '\'' | '\u{2018}'..='\u{201b}') {
            quoted.push(letter);
        }
        quoted.push(letter);
    }
    quoted.push('\'');
    quoted
}

fn flag(flag: bool) -> &'static str {
    if flag { "$true" } else { "$false" }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes all");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_end_their_quotes() {
        assert_eq!(quoted("it's"), "'it''s'");
        assert_eq!(quoted("\u{2019}; del"), "'\u{2019}\u{2019}; del'");
        assert_eq!(quoted("$env:x `n"), "'$env:x `n'");
    }

    #[test]
    fn keys_are_those_of_the_provider() {
        assert_eq!(
            path("HKCU\\Software\\X"),
            "'Registry::HKEY_CURRENT_USER\\Software\\X'"
        );
    }
}

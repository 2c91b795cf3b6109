//! Whether the sign-in broker of Windows may connect to this machine's own addresses. It is an
//! AppContainer: without an exemption the system blocks it from loopback.

/// What identifies the broker's AppContainer: its SID, the SHA-256 of its package family name.
#[cfg(any(windows, test))]
const BROKER: &str = "S-1-15-2-1910091885-1573563583-1104941280-2418270861-3411158377-\
                      2822700936-2990310272";

/// Reads the loopback exemptions of Windows; `None` where they cannot be read.
#[cfg(windows)]
pub fn broker_reaches_loopback() -> Option<bool> {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);

    let root = std::env::var("SystemRoot").ok()?;
    let program = format!(r"{root}\System32\CheckNetIsolation.exe");
    let arguments = ["LoopbackExempt", "-s"];
    let printed = crate::command::run(&program, &arguments, PATIENCE).ok()?;
    let text = String::from_utf8_lossy(&printed.stdout);
    (printed.status.success() && !text.trim().is_empty()).then(|| is_exempt(&text))
}

/// Nothing to read: AppContainers are of Windows.
#[cfg(not(windows))]
pub fn broker_reaches_loopback() -> Option<bool> {
    None
}

/// Whether the list of exemptions, in any language, has the broker in it.
#[cfg(any(windows, test))]
fn is_exempt(list: &str) -> bool {
    list.to_ascii_uppercase().contains(BROKER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_broker_is_known_by_its_sid() {
        let other = "[1] ---\n    Name: x\n    SID:  S-1-15-2-1-2-3-4-5-6-7\n";
        assert!(!is_exempt(other));
        let both =
            format!("{other}[2] ---\n    Name: AppContainer NOT FOUND\n    SID:  {BROKER}\n");
        assert!(is_exempt(&both));
    }
}

//! Settings of the desktop, where there is one.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use super::output;
use reach365_proxy::{View, gnome, kde};

/// The file has some twenty lines.
const LIMIT: u64 = 1 << 20;

/// The desktop's view, and why it could not be read. Without a desktop session no program uses its
/// settings.
pub(super) fn views() -> (Vec<View>, Option<String>) {
    let Some(desktop) = variable("XDG_CURRENT_DESKTOP") else {
        return (Vec::new(), None);
    };
    let is_kde = desktop
        .split(':')
        .any(|name| name.eq_ignore_ascii_case("KDE"));
    if is_kde {
        return (kde_view().into_iter().collect(), None);
    }
    let arguments = ["list-recursively", "org.gnome.system.proxy"];
    let printed = match output("gsettings", &arguments) {
        // Desktops without this schema have no settings there, and their program fails.
        Err(why) if why.ends_with("failed") => None,
        Err(why) => return (Vec::new(), Some(why)),
        Ok(printed) => printed,
    };
    let view = printed.and_then(|text| gnome::parse(&text));
    (view.into_iter().collect(), None)
}

fn kde_view() -> Option<View> {
    let mut text = String::new();
    File::open(configuration()?.join("kioslaverc"))
        .ok()?
        .take(LIMIT)
        .read_to_string(&mut text)
        .ok()?;
    kde::parse(&text)
}

fn configuration() -> Option<PathBuf> {
    let own = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    own.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".config")))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

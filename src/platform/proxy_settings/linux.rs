//! Settings of the desktop, where there is one.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use super::output;
use crate::proxy::{View, gnome, kde};

/// The file has some twenty lines.
const LIMIT: u64 = 1 << 20;

/// The desktop's view. Without a desktop session its settings hold for nobody.
pub(super) fn views() -> Vec<View> {
    let Some(desktop) = variable("XDG_CURRENT_DESKTOP") else {
        return Vec::new();
    };
    let is_kde = desktop
        .split(':')
        .any(|name| name.eq_ignore_ascii_case("KDE"));
    let view = if is_kde { kde_view() } else { gnome_view() };
    view.into_iter().collect()
}

fn gnome_view() -> Option<View> {
    let arguments = ["list-recursively", "org.gnome.system.proxy"];
    gnome::parse(&output("gsettings", &arguments)?)
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

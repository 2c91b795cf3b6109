//! What a program does that embeds `reach365`: it checks a list of its own and shows progress.

use std::net::SocketAddr;
use std::time::Duration;

use reach365::proxy::ProxySource;
use reach365::{Catalog, Checker, Error, Event, Plan, Report, Selection};

/// Checks one server, and hands every event on.
///
/// # Errors
/// What is wrong with the list or an option.
pub async fn check(server: SocketAddr, on_event: impl FnMut(Event<'_>)) -> Result<Report, Error> {
    let list = format!(
        "[[endpoints]]\nid = 'own'\nhost = '{}'\nport = {}\nscheme = 'http'\npath = '/health'\n\
         groups = ['own']\npurpose = 'The server of this program'\nexpect = {{ status = [200] }}\n",
        server.ip(),
        server.port()
    );
    let catalog = Catalog::parse("embedded list", &list, reach365::builtin())?;
    let mut selection = Selection::default();
    selection.groups = vec!["own".to_owned()];
    let plan = Plan::select(&catalog, &selection)?;
    let checker = Checker::builder()
        .proxy(ProxySource::None)
        .deadline(Duration::from_secs(30))
        .build()?;
    Ok(checker.run_with(&plan, on_event).await)
}

//! The library as an embedder uses it: nothing here is part of the workspace.

mod dependencies;
#[cfg(feature = "pac")]
mod script;
mod server;

use std::pin::pin;
use std::sync::mpsc;
use std::time::Duration;

use reach365::{Event, Outcome, Plan, Report, Selection};
use reach365_embedder::check;
use server::Server;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_server_of_its_own_is_reachable_and_events_tell_of_the_run() {
    let server = Server::start("200 OK", "fine");
    let mut events = Vec::new();
    let on_event = |event: Event<'_>| {
        events.push(match event {
            Event::Started { checks, .. } => format!("started {checks}"),
            Event::Probed { id, outcome, .. } => format!("probed {id} {outcome}"),
            Event::Endpoint(row) => format!("endpoint {}", row.via),
            Event::Finished { summary, .. } => format!("finished {}", summary.exit_code),
            _ => "another".to_owned(),
        });
    };
    let report = check(server.address, on_event).await.unwrap();
    assert_eq!(report.summary.outcome, Outcome::Reachable, "{report:#?}");
    let expected = [
        "started 1",
        "probed own reachable",
        "endpoint direct",
        "finished 0",
    ];
    assert_eq!(events, expected);
    let told: Vec<bool> = report.events().map(|event| event.is_progress()).collect();
    assert_eq!(told, [false, false]);
}

#[tokio::test]
async fn a_closed_port_is_no_pass_and_says_where_it_broke() {
    let report = check(Server::closed(), |_| ()).await.unwrap();
    assert_ne!(report.summary.exit_code, 0);
    let attempt = &report.endpoints[0].evidence.attempts[0];
    assert!(attempt.tcp.failure.is_some(), "{attempt:#?}");
}

#[tokio::test]
async fn dropping_the_future_closes_the_connections() {
    let (silent, closed) = Server::silent();
    let (began, beginning) = mpsc::channel();
    silent.tell(began);
    {
        let mut run = pin!(check(silent.address, |_| ()));
        // The runtime has one thread: look for the request between two turns of the run.
        while beginning.try_recv().is_err() {
            let turn = tokio::time::timeout(Duration::from_millis(20), run.as_mut());
            assert!(turn.await.is_err(), "a silent server ends no run so soon");
        }
    }
    assert_eq!(closed.recv_timeout(PATIENCE), Ok(()));
}

#[test]
fn a_saved_report_is_judged_without_a_network() {
    let saved = include_str!("../../../../examples/saved_report.json");
    let saved = Report::from_json(saved).unwrap();
    let again = reach365::judge().again(&saved);
    assert_eq!(again.endpoints, saved.endpoints);
    assert_eq!(again.summary.blocked, 2);
}

#[test]
fn an_unknown_group_is_an_error_and_not_an_empty_plan() {
    let error = Plan::group(reach365::builtin(), "activaton").unwrap_err();
    assert!(error.to_string().contains("activaton"), "{error}");
    let plan = Plan::select(reach365::builtin(), &Selection::default()).unwrap();
    assert!(plan.checks.len() > 10);
}

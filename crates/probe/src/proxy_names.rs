//! The addresses of the proxies of a run: each name is looked up once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::names::AsSystem;
use crate::run::{ProbeContext, includes};
use reach365_model::endpoint::Host;
use reach365_model::evidence::{Lookup, ProxyName, RecordKind};

/// Where proxies are; hundreds of endpoints share one.
#[derive(Debug, Default)]
pub struct ProxyNames {
    known: Mutex<HashMap<String, Arc<OnceCell<Found>>>>,
}

/// What is known of one proxy's name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub(crate) name: Option<ProxyName>,
    pub(crate) lookups: Vec<Lookup>,
    pub(crate) addresses: Vec<IpAddr>,
}

impl ProxyNames {
    /// The addresses of a proxy: its own where it is one, else those that the system would find.
    pub(crate) async fn find(&self, context: &ProbeContext, host: &Host) -> Found {
        match host {
            Host::Address(address) => Found {
                addresses: vec![*address],
                ..Found::default()
            },
            Host::Name(name) => {
                let cell = self.cell(name);
                let found = cell.get_or_init(|| look_up(context, name)).await;
                found.clone()
            }
        }
    }

    fn cell(&self, name: &str) -> Arc<OnceCell<Found>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(name.to_owned()).or_default())
    }
}

async fn look_up(context: &ProbeContext, name: &str) -> Found {
    let kinds = [RecordKind::A, RecordKind::Aaaa];
    let kinds: Vec<RecordKind> = kinds
        .into_iter()
        .filter(|kind| includes(context, *kind))
        .collect();
    let names = AsSystem {
        client: &context.dns,
        hosts: &context.hosts,
        search: &context.search,
        asks_system: context.os_knows_proxies,
    };
    let resolved = names.resolve(name, &kinds).await;
    Found {
        name: (!resolved.name.asked.is_empty()).then_some(resolved.name),
        lookups: resolved.lookups,
        addresses: resolved.addresses,
    }
}

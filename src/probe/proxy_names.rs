//! The addresses of the proxies of a run: each name is looked up once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use tokio::sync::OnceCell;

use crate::endpoint::Host;
use crate::evidence::{Lookup, RecordKind};
use crate::probe::dns;
use crate::probe::run::{ProbeContext, includes, is_of};

/// Where proxies are; hundreds of endpoints share one.
#[derive(Debug, Default)]
pub(crate) struct ProxyNames {
    known: Mutex<HashMap<String, Arc<OnceCell<Found>>>>,
}

/// What is known of one proxy's name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub(crate) lookups: Vec<Lookup>,
    pub(crate) addresses: Vec<IpAddr>,
}

impl ProxyNames {
    /// The addresses of a proxy: its own where it is one, those of the hosts file, else those of
    /// DNS.
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
    let kinds = kinds.into_iter().filter(|kind| includes(context, *kind));
    let in_file = context.hosts.addresses(name);
    if !in_file.is_empty() {
        let wanted = |address: &IpAddr| kinds.clone().any(|kind| is_of(*address, kind));
        return Found {
            addresses: in_file.into_iter().filter(wanted).collect(),
            ..Found::default()
        };
    }
    let lookups = join_all(kinds.map(|kind| context.dns.lookup(name, kind))).await;
    let addresses = lookups.iter().flat_map(dns::addresses).collect();
    Found { lookups, addresses }
}

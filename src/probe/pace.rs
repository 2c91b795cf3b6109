//! Limits against bursts: so many hosts at once, so many connections to one address.

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{Either, select};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::options::{JOBS_PER_ADDRESS, PLACE_TIME};

/// The places of a run.
#[derive(Debug)]
pub(crate) struct Pace {
    hosts: Semaphore,
    addresses: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
}

impl Pace {
    pub(crate) fn new(jobs: usize) -> Self {
        Self {
            hosts: Semaphore::new(jobs.max(1)),
            addresses: Mutex::default(),
        }
    }

    /// Runs the probe of a host when a place is free.
    pub(crate) async fn host<F: Future>(&self, probe: F) -> F::Output {
        hold(&self.hosts, probe).await
    }

    /// Runs a connection to an address when a place is free.
    pub(crate) async fn address<F: Future>(&self, address: IpAddr, connection: F) -> F::Output {
        let places = {
            let mut all = self
                .addresses
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let places = all.entry(address);
            Arc::clone(places.or_insert_with(|| Arc::new(Semaphore::new(JOBS_PER_ADDRESS))))
        };
        hold(&places, connection).await
    }
}

/// Keeps a place while the work lasts, but not while it only waits: see [`PLACE_TIME`].
async fn hold<F: Future>(places: &Semaphore, work: F) -> F::Output {
    let place = places.acquire().await;
    let work = pin!(work);
    match select(work, pin!(sleep(PLACE_TIME))).await {
        Either::Left((output, _)) => output,
        Either::Right(((), work)) => {
            drop(place);
            work.await
        }
    }
}

//! An EC2 endpoint inside the process, with the services around it.
//!
//! EC2, STS, SSM, Auto Scaling, the Recycle Bin, KMS, Organizations: it speaks their protocols to the real SDK clients,
//! keeps state, and refuses what EC2 refuses. No answer is kinder than EC2's: what it does not know, it rejects.

#![allow(dead_code, unused_imports, reason = "each test binary and the demo include this module and use a part of it")]
#![allow(clippy::doc_markdown, reason = "the names of EC2's operations and fields are words here")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test double keeps its own clock and may stop a test"
)]

mod body;
mod call;
mod calls_page;
mod clock;
mod compute;
mod errors;
mod faults;
mod filters;
mod fleets;
mod forms;
mod groups;
mod iam;
mod ids;
mod images;
mod instances;
mod judge;
mod kms;
mod launchers;
mod model;
mod network;
mod organizations;
mod paging;
mod params;
mod protection;
mod protocol;
mod recycle_bin;
mod references;
mod regions;
mod request;
mod rest;
mod run_command;
mod scaling;
mod seed;
mod server;
mod services;
mod settings;
mod snapshots;
mod ssm;
mod sts;
mod tags;
mod templates;
mod throttle;
mod usage_reports;
mod world;
mod xml;

use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

pub use call::{Call, Outcome};
pub use calls_page::{Row, row_of, rows};
pub use compute::{Group, Instance, Template, Volume};
pub use faults::{Fault, FaultKind};
pub use launchers::ScalingGroup;
pub use model::{Image, Principal, Snapshot, Tags};
pub use protection::Protection;
pub use run_command::{RunCommands, Script, SentCommand};
pub use seed::{When, organization};
pub use services::unformed;
pub use ssm::Parameter;
pub use world::{BadBoot, OTHER, PROD, World};

use judge::Shared;

/// A running endpoint; it stops when dropped, and stops the test if amictl has sent what its page of calls does not list.
pub struct Fake {
    url: String,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// Starts an endpoint on a free port of the loopback interface, in a thread of its own.
    pub fn start() -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::new());
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = std::thread::spawn(move || server::serve(listener, &served, stopped));
        Fake { url, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it listens, e.g. `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The state, to seed and to inspect. No request is served while the guard lives.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All requests so far, in the order of their arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls().clone()
    }

    /// How many requests there were for an operation.
    pub fn count(&self, action: &str) -> usize {
        self.shared.calls().iter().filter(|c| c.action == action).count()
    }

    /// Forgets the requests so far.
    pub fn forget_calls(&self) {
        self.shared.calls().clear();
    }

    /// The largest number of requests that were in progress at once.
    pub fn peak(&self) -> usize {
        self.shared.peak.load(Ordering::SeqCst)
    }

    /// Adds a fault.
    pub fn fault(&self, rule: Fault) {
        self.shared.faults().add(rule);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        // A refusal alone may be taken for an answer of AWS.
        let strays = self.shared.strays();
        assert!(strays.is_empty() || std::thread::panicking(), "{}", strays.join("\n"));
    }
}

//! The course of a request: faults first, then the caller, then the buckets, then the work.

use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::call::{Call, Outcome};
use super::calls_page;
use super::errors::{Answer, Refusal, refuse};
use super::faults::{FaultKind, Faults};
use super::params::Params;
use super::protocol::Protocol;
use super::request::{Incoming, Request};
use super::services;
use super::throttle::Buckets;
use super::world::World;

/// What the server's thread and the test share.
pub struct Shared {
    /// The state.
    pub world: Mutex<World>,
    /// Requests in progress.
    pub busy: AtomicUsize,
    /// Most requests in progress at once.
    pub peak: AtomicUsize,
    calls: Mutex<Vec<Call>>,
    strays: Mutex<Vec<String>>,
    faults: Mutex<Faults>,
    buckets: Mutex<Buckets>,
}

/// What to do with a request: wait, then answer or drop the connection.
pub struct Verdict {
    /// How long to wait first.
    pub wait: Duration,
    /// The answer; none drops the connection.
    pub reply: Option<Reply>,
}

/// An answer.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Content type.
    pub content_type: &'static str,
    /// `x-amzn-errortype`, where the protocol names errors in a header.
    pub error_type: Option<String>,
    /// Text.
    pub body: String,
    /// Whether only half of it goes out.
    pub cut: bool,
}

impl Shared {
    pub fn new() -> Shared {
        Shared {
            world: Mutex::new(World::new()),
            busy: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            calls: Mutex::default(),
            strays: Mutex::default(),
            faults: Mutex::default(),
            buckets: Mutex::default(),
        }
    }

    pub fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests of amictl that its page of calls does not list.
    pub fn strays(&self) -> MutexGuard<'_, Vec<String>> {
        self.strays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides, does the work if it comes to that, and logs the request.
    pub fn judge(&self, incoming: &Incoming) -> Verdict {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let read = incoming.form();
        let form = read.clone().unwrap_or_default();
        let request =
            read.and_then(|_| incoming.scope()).and_then(|scope| Request::read(&world, &scope, incoming, &form));
        let mut call = call(&world, incoming, &form, request.as_ref().ok());
        let request = request.and_then(|request| match self.stray(incoming, &call) {
            Some(stray) => Err(refuse("UnknownParameter", stray)),
            None => Ok(request),
        });
        let (mut wait, fault) = self.faults().strike(&call);
        let work = || self.work(&mut world, &call.service, &form, request);
        let (mut reply, outcome) = match fault {
            Some(FaultKind::ResetBefore) => (None, Outcome::Dropped),
            Some(FaultKind::Hang(time)) => {
                wait += time;
                (None, Outcome::Dropped)
            }
            Some(FaultKind::HtmlError(status)) => (Some(html(status)), Outcome::Error(format!("HTTP {status}"))),
            Some(FaultKind::Error { status, code, message }) => {
                written(&call, Err(Refusal { status, ..refuse(&code, message) }))
            }
            Some(FaultKind::ResetAfter) => {
                let _ = work();
                (None, Outcome::Lost)
            }
            Some(FaultKind::Truncated) => (written(&call, work()).0, Outcome::Lost),
            Some(FaultKind::Latency(_)) | None => written(&call, work()),
        };
        if let Some(reply) = reply.as_mut().filter(|_| outcome == Outcome::Lost) {
            reply.cut = true;
        }
        call.outcome = outcome;
        self.calls().push(call);
        Verdict { wait, reply }
    }

    /// Notes a request of amictl that its page of calls does not list.
    fn stray(&self, incoming: &Incoming, call: &Call) -> Option<String> {
        if !incoming.by_amictl {
            return None;
        }
        let stray = calls_page::stray(call)?;
        self.strays().push(stray.clone());
        Some(stray)
    }

    fn work(&self, world: &mut World, service: &str, form: &Params, request: Result<Request, Refusal>) -> Answer {
        let answer = request.and_then(|request| {
            // Only EC2's buckets are known, and SSM's for writing.
            if world.throttle && (service == "ec2" || request.action == "PutParameter") {
                self.buckets.lock().unwrap_or_else(PoisonError::into_inner).take(&request)?;
            }
            services::run(world, service, form.get("Version"), &request)
        });
        answer.map_err(|refusal| services::protocol(service).spell(refusal))
    }
}

fn call(world: &World, incoming: &Incoming, form: &Params, request: Option<&Request>) -> Call {
    let scope = incoming.scope().unwrap_or_default();
    Call {
        service: scope.service,
        action: form.get("Action").unwrap_or_default().to_owned(),
        region: scope.region,
        account: request.map_or_else(String::new, |request| request.account.clone()),
        params: form.without(&["Action", "Version"]).0,
        dry_run: form.get("DryRun") == Some("true"),
        at: world.now(),
        outcome: Outcome::Dropped,
    }
}

fn written(call: &Call, answer: Answer) -> (Option<Reply>, Outcome) {
    const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";
    let protocol = services::protocol(&call.service);
    let (content_type, cut) = (protocol.content_type(), false);
    match answer {
        Ok(inner) => {
            let body = services::envelope(&call.service, &call.action, &inner, REQUEST_ID);
            (Some(Reply { status: 200, content_type, error_type: None, body, cut }), Outcome::Ok)
        }
        Err(refusal) => {
            let body = protocol.error_document(&refusal, REQUEST_ID);
            let error_type = (protocol == Protocol::RestJson).then(|| refusal.code.clone());
            (Some(Reply { status: refusal.status, content_type, error_type, body, cut }), Outcome::Error(refusal.code))
        }
    }
}

fn html(status: u16) -> Reply {
    Reply {
        status,
        content_type: "text/html",
        error_type: None,
        body: format!("<html><body><h1>{status} from the load balancer</h1><hr></body></html>"),
        cut: false,
    }
}

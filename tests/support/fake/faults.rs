//! Faults on demand: which requests they hit and what goes wrong.

use std::time::Duration;

use super::call::Call;

/// A rule that spoils requests.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Operation it hits; `*` for all.
    pub action: String,
    /// How many requests it hits; `None` for all.
    pub times: Option<usize>,
    /// How many matching requests it lets by first.
    pub skip: usize,
    /// Only this region.
    pub region: Option<String>,
    /// Only this account.
    pub account: Option<String>,
    /// Only requests with a parameter value that contains this.
    pub matches: Option<String>,
    /// What goes wrong.
    pub kind: FaultKind,
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum FaultKind {
    /// This error instead of the work.
    Error {
        /// HTTP status.
        status: u16,
        /// Error code.
        code: String,
        /// Message.
        message: String,
    },
    /// The answer comes late. Adds to other faults.
    Latency(Duration),
    /// The connection drops before the work.
    ResetBefore,
    /// The work is done and the answer lost.
    ResetAfter,
    /// The work is done and half of the answer arrives.
    Truncated,
    /// No answer for this long, then the connection drops; no work.
    Hang(Duration),
    /// A load balancer's HTML page with this status instead of the work.
    HtmlError(u16),
}

impl Fault {
    /// Hits every request for an operation until narrowed down.
    pub fn on(action: &str, kind: FaultKind) -> Fault {
        Fault { action: action.to_owned(), times: None, skip: 0, region: None, account: None, matches: None, kind }
    }

    /// Answers an operation with an error of the status EC2 gives that code.
    pub fn error(action: &str, code: &str, message: &str) -> Fault {
        let refusal = super::errors::refuse(code, message);
        let kind = FaultKind::Error { status: refusal.status, code: refusal.code, message: refusal.message };
        Fault::on(action, kind)
    }

    /// Hits only so many requests.
    pub fn times(mut self, times: usize) -> Fault {
        self.times = Some(times);
        self
    }

    /// Lets so many requests by first.
    pub fn skip(mut self, skip: usize) -> Fault {
        self.skip = skip;
        self
    }

    /// Hits only this region.
    pub fn in_region(mut self, region: &str) -> Fault {
        self.region = Some(region.to_owned());
        self
    }

    /// Hits only this account.
    pub fn of_account(mut self, account: &str) -> Fault {
        self.account = Some(account.to_owned());
        self
    }

    /// Hits only requests with a parameter value that contains this.
    pub fn matching(mut self, text: &str) -> Fault {
        self.matches = Some(text.to_owned());
        self
    }

    fn hits(&self, call: &Call) -> bool {
        let same = |wanted: &Option<String>, got: &str| wanted.as_deref().is_none_or(|w| w == got);
        (self.action == "*" || self.action == call.action)
            && same(&self.region, &call.region)
            && same(&self.account, &call.account)
            && self.matches.as_deref().is_none_or(|text| call.params.values().any(|value| value.contains(text)))
    }
}

/// The rules in force, with their counts.
#[derive(Default)]
pub struct Faults(Vec<(Fault, usize)>);

impl Faults {
    /// Adds a rule.
    pub fn add(&mut self, fault: Fault) {
        self.0.push((fault, 0));
    }

    /// Drops all rules.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The delay of this request and, apart from it, the first fault that hits.
    pub fn strike(&mut self, call: &Call) -> (Duration, Option<FaultKind>) {
        let mut delay = Duration::ZERO;
        let mut struck = None;
        for (fault, seen) in &mut self.0 {
            if !fault.hits(call) {
                continue;
            }
            let late = matches!(fault.kind, FaultKind::Latency(_));
            if struck.is_some() && !late {
                continue;
            }
            *seen += 1;
            let spent = fault.times.is_some_and(|times| *seen > fault.skip + times);
            if *seen <= fault.skip || spent {
                continue;
            }
            match &fault.kind {
                FaultKind::Latency(by) => delay += *by,
                kind => struck = Some(kind.clone()),
            }
        }
        (delay, struck)
    }
}

//! Instances that killed runs left: what is due on them, and what stays for a reason.

use chrono::{DateTime, Utc};

use super::age::ago;
use super::instance::Instance;
use super::problem::Problem;
use super::stopped::StoppedMark;
use super::sweep_report::SweepAction;
use super::tags::{EXPIRES, STOPPED, TEST, expiry};

/// The tag by which an instance belongs to an Auto Scaling group.
const GROUP: &str = "aws:autoscaling:groupName";

/// What is to be done about an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leftover {
    /// Nothing: amictl did not leave it, or it ended.
    Nothing,
    /// This.
    Due(SweepAction),
    /// Not this, though a tag of amictl is on it.
    Stays(SweepAction, Problem),
}

/// The client token of a launch: its run, and its place there.
pub fn launch_token(run: &str, at: usize) -> String {
    format!("amictl-{run}-{at}")
}

/// Whether a token is that of a launch of a run. Anybody can write a tag, and only words like those of amictl count as
/// a run.
fn launched_by(token: &str, run: &str) -> bool {
    let is_run = run.len() == 32 && run.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let at = token.rsplit('-').next().and_then(|at| at.parse().ok());
    is_run && at.is_some_and(|at| token == launch_token(run, at))
}

impl Leftover {
    /// What is to be done about an instance at a time.
    pub fn of(instance: &Instance, now: DateTime<Utc>) -> Self {
        if instance.ended() {
            return Self::Nothing;
        }
        match (instance.tags.get(TEST), instance.tags.contains_key(STOPPED)) {
            (Some(run), _) => match test(instance, run, now) {
                Ok(()) => Self::Due(SweepAction::Terminate),
                Err(problem) => Self::Stays(SweepAction::Terminate, problem),
            },
            (None, true) => match stopped(instance, now) {
                Ok(true) => Self::Due(SweepAction::Start),
                Ok(false) => Self::Nothing,
                Err(problem) => Self::Stays(SweepAction::Start, problem),
            },
            (None, false) => Self::Nothing,
        }
    }
}

fn problem(code: &str, message: String) -> Problem {
    Problem { code: code.to_owned(), message }
}

/// Whether a test instance may be terminated. Its tags may have been copied to an instance that is none: the client
/// token of its launch was not.
fn test(instance: &Instance, run: &str, now: DateTime<Utc>) -> Result<(), Problem> {
    let id = &instance.id;
    let until = match expiry(&instance.tags) {
        Ok(Some(until)) => until,
        Ok(None) => return Err(problem("NoExpiry", format!("{id} has the tag {TEST}, but not {EXPIRES}"))),
        Err(error) => {
            let message = format!("the tag {EXPIRES} of {id} is no time: {error}");
            return Err(problem("UnreadableExpiry", message));
        }
    };
    let launched = instance.client_token.as_deref().is_some_and(|token| launched_by(token, run));
    if !launched || instance.tags.contains_key(GROUP) {
        let message = format!("{id} has the tag {TEST}, but no test launched it: the tag was copied");
        return Err(problem("NotOurs", message));
    }
    match until > now {
        true => Err(problem("NotExpired", format!("its test may go on for {}", ago(now, until)))),
        false => Ok(()),
    }
}

/// Whether an instance that `create --stop` stopped is to be started, or to lose its tag as it runs already; `false`
/// while its run may be at work on it.
fn stopped(instance: &Instance, now: DateTime<Utc>) -> Result<bool, Problem> {
    let id = &instance.id;
    let mark = match StoppedMark::of(&instance.tags) {
        Ok(Some(mark)) => mark,
        Ok(None) => return Ok(false),
        Err(unknown) => return Err(problem("UnreadableMark", format!("{id}: {unknown}"))),
    };
    let down = matches!(instance.state.as_str(), "stopped" | "stopping");
    if !mark.expired(now) {
        let message = format!("the run that stopped it may go on for {}", ago(now, mark.until));
        return if down { Err(problem("NotExpired", message)) } else { Ok(false) };
    }
    // EC2 renews the time with each start: somebody else has started and stopped it since. The mark has whole seconds.
    if down && instance.launched_at.is_none_or(|launched| launched.timestamp() > mark.at.timestamp()) {
        let message = format!(
            "{id} was started after amictl stopped it, and stopped again: remove its tag {STOPPED} if that is wanted"
        );
        return Err(problem("StoppedAgain", message));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::instance::testing;

    const RUN: &str = "0123456789abcdef0123456789abcdef";

    fn now() -> DateTime<Utc> {
        "2026-11-28T12:00:00Z".parse().unwrap()
    }

    fn instance(state: &str, tags: &[(&str, &str)]) -> Instance {
        Instance {
            state: state.to_owned(),
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            launched_at: Some(now() - TimeDelta::hours(3)),
            client_token: Some(launch_token(RUN, 0)),
            ..testing::instance(1)
        }
    }

    fn told(instance: &Instance) -> String {
        match Leftover::of(instance, now()) {
            Leftover::Nothing => "-".to_owned(),
            Leftover::Due(action) => action.as_str().to_owned(),
            Leftover::Stays(action, problem) => format!("{} {}", action.as_str(), problem.code),
        }
    }

    #[test]
    fn only_expired_test_instances_end() {
        let tagged = |expires: &str| instance("running", &[(TEST, RUN), (EXPIRES, expires)]);
        for (expires, what) in [
            ("2026-11-28T11:59:59Z", "terminate"),
            ("2026-11-28T12:00:00Z", "terminate"),
            ("2026-11-28T12:00:01Z", "terminate NotExpired"),
            ("2026-11-28", "terminate UnreadableExpiry"),
            ("", "terminate UnreadableExpiry"),
        ] {
            assert_eq!(told(&tagged(expires)), what, "{expires}");
        }
        for state in ["pending", "running", "stopping", "stopped", "new-state"] {
            let found = Instance { state: state.to_owned(), ..tagged("2026-11-28T11:00:00Z") };
            assert_eq!(told(&found), "terminate", "{state}");
        }
        for state in ["shutting-down", "terminated"] {
            let found = Instance { state: state.to_owned(), ..tagged("2026-11-28T11:00:00Z") };
            assert_eq!(told(&found), "-", "{state}");
        }
        assert_eq!(told(&instance("running", &[(TEST, RUN)])), "terminate NoExpiry");
        assert_eq!(told(&instance("running", &[(EXPIRES, "2026-11-28T11:00:00Z")])), "-");
    }

    #[test]
    fn tags_that_were_copied_end_nothing() {
        let expired = [(TEST, RUN), (EXPIRES, "2026-11-28T11:00:00Z")];
        for token in [None, Some("console-1"), Some("")] {
            let found = Instance { client_token: token.map(str::to_owned), ..instance("running", &expired) };
            assert_eq!(told(&found), "terminate NotOurs", "{token:?}");
        }
        for token in ["amictl-RUN", "amictl-RUN-", "amictl-RUN-+1", "amictl-RUN-01", "amictl-RUN-1-2", "x-amictl-RUN-1"]
        {
            let token = token.replace("RUN", RUN);
            let found = Instance { client_token: Some(token.clone()), ..instance("running", &expired) };
            assert_eq!(told(&found), "terminate NotOurs", "{token}");
        }
        let found = Instance { client_token: Some(launch_token(RUN, 120)), ..instance("running", &expired) };
        assert_eq!(told(&found), "terminate");
        for run in ["", "a", "-", "0123456789abcdef", &RUN.to_uppercase(), &format!("{RUN}-1")] {
            let mut found = instance("running", &expired);
            found.tags.insert(TEST.to_owned(), run.to_owned());
            found.client_token = Some(launch_token(run, 0));
            assert_eq!(told(&found), "terminate NotOurs", "no run of amictl: {run}");
            found.client_token = Some(launch_token(RUN, 0));
            assert_eq!(told(&found), "terminate NotOurs", "a part of its token: {run}");
        }
        let mut found = instance("running", &expired);
        found.tags.insert(GROUP.to_owned(), "web".to_owned());
        assert_eq!(told(&found), "terminate NotOurs");
    }

    #[test]
    fn what_a_run_left_stopped_starts_once_that_run_is_over() {
        let mark = |until: &str| format!("{RUN} 2026-11-28T10:00:00Z until {until}");
        let of = |state: &str, until: &str| instance(state, &[(STOPPED, &mark(until))]);
        for (state, until, what) in [
            ("stopped", "2026-11-28T12:00:00Z", "start"),
            ("stopping", "2026-11-28T12:00:00Z", "start"),
            ("running", "2026-11-28T12:00:00Z", "start"),
            ("stopped", "2026-11-28T12:00:01Z", "start NotExpired"),
            ("running", "2026-11-28T12:00:01Z", "-"),
            ("terminated", "2026-11-28T11:00:00Z", "-"),
        ] {
            assert_eq!(told(&of(state, until)), what, "{state} {until}");
        }
        assert_eq!(told(&instance("stopped", &[(STOPPED, "yes")])), "start UnreadableMark");
        assert_eq!(told(&instance("stopped", &[])), "-");
        let mut again = of("stopped", "2026-11-28T11:00:00Z");
        again.launched_at = Some(now() - TimeDelta::minutes(119));
        assert_eq!(told(&again), "start StoppedAgain");
    }
}

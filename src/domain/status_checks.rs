//! EC2's status checks of an instance, and what a boot test makes of them.

use super::boot_test::{Check, CheckKind};

/// EC2's word for a check that passed.
const OK: &str = "ok";
/// EC2's word for a check that an instance does not have.
const NONE: &str = "not-applicable";

/// An instance as its status checks show it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstanceHealth {
    /// `pending`, `running`, …
    pub state: String,
    /// The check of the system that the instance runs on.
    pub system: Option<CheckStatus>,
    /// The check of the instance.
    pub instance: Option<CheckStatus>,
    /// The check of its EBS volumes; some types have none.
    pub ebs: Option<CheckStatus>,
}

/// One status check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckStatus {
    /// `ok`, `impaired`, `initializing`, `insufficient-data` or `not-applicable`.
    pub status: String,
    /// What does not pass, e.g. `reachability`.
    pub failing: Vec<String>,
}

impl InstanceHealth {
    /// Whether the instance no longer runs, or soon no longer will.
    pub fn ended(&self) -> bool {
        !matches!(self.state.as_str(), "pending" | "running")
    }

    /// The checks by their names. One that the instance does not have is left out.
    fn all(&self) -> impl Iterator<Item = (&'static str, Option<&CheckStatus>)> {
        let ebs = self.ebs.as_ref().filter(|check| check.status != NONE);
        let needed = [("system", self.system.as_ref()), ("instance", self.instance.as_ref())];
        needed.into_iter().chain(ebs.map(|check| ("EBS", Some(check))))
    }

    /// Whether it runs and all checks pass.
    pub fn passed(&self) -> bool {
        self.state == "running" && self.all().all(|(_, check)| check.is_some_and(|check| check.status == OK))
    }
}

/// The course of the status checks of one instance.
#[derive(Debug, Clone, Default)]
pub struct StatusCourse {
    /// What was seen last.
    last: InstanceHealth,
    /// When each check was first seen to pass, in seconds since the launch, until it no longer did.
    since: Vec<(&'static str, u64)>,
}

impl StatusCourse {
    /// Takes what was seen after so many seconds.
    pub fn saw(&mut self, health: InstanceHealth, seconds: u64) {
        let passing: Vec<&'static str> = health
            .all()
            .filter(|(_, check)| check.is_some_and(|check| check.status == OK))
            .map(|(name, _)| name)
            .collect();
        self.since.retain(|(name, _)| passing.contains(name));
        for name in passing {
            if !self.since.iter().any(|(known, _)| *known == name) {
                self.since.push((name, seconds));
            }
        }
        self.last = health;
    }

    /// What goes on, for a progress bar: `running, system ok, instance initializing`.
    pub fn doing(&self) -> String {
        let checks = self.last.all().filter_map(|(name, check)| Some(format!("{name} {}", check?.status)));
        let state = if self.last.state.is_empty() { "launched" } else { &self.last.state };
        std::iter::once(state.to_owned()).chain(checks).collect::<Vec<_>>().join(", ")
    }

    /// The checks after so many seconds.
    pub fn checks(&self, seconds: u64) -> Vec<Check> {
        let check = |(name, check): (&'static str, Option<&CheckStatus>)| {
            let since = self.since.iter().find(|(known, _)| *known == name).map(|(_, since)| *since);
            Check {
                kind: CheckKind::Status,
                what: name.to_owned(),
                passed: since.is_some(),
                detail: check.map_or_else(|| "EC2 shows nothing".to_owned(), CheckStatus::words),
                seconds: since.unwrap_or(seconds),
            }
        };
        self.last.all().map(check).collect()
    }
}

impl CheckStatus {
    fn words(&self) -> String {
        match self.failing.as_slice() {
            [] => self.status.clone(),
            failing => format!("{} ({} failed)", self.status, failing.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(system: &str, instance: &str, ebs: Option<&str>) -> InstanceHealth {
        let check = |status: &str| CheckStatus { status: status.to_owned(), failing: Vec::new() };
        InstanceHealth {
            state: "running".to_owned(),
            system: Some(check(system)),
            instance: Some(check(instance)),
            ebs: ebs.map(check),
        }
    }

    #[test]
    fn all_checks_that_an_instance_has_must_pass() {
        assert!(health("ok", "ok", Some("ok")).passed());
        assert!(health("ok", "ok", None).passed(), "some types have no check of their volumes");
        assert!(health("ok", "ok", Some("not-applicable")).passed());
        for other in ["impaired", "initializing", "insufficient-data", "not-applicable", "new"] {
            assert!(!health(other, "ok", None).passed(), "{other}");
            assert!(!health("ok", other, None).passed(), "{other}");
            assert_eq!(health("ok", "ok", Some(other)).passed(), other == "not-applicable", "{other}");
        }
        assert!(!InstanceHealth { state: "running".to_owned(), ..InstanceHealth::default() }.passed());
        assert!(!InstanceHealth { state: "pending".to_owned(), ..health("ok", "ok", None) }.passed());
    }

    #[test]
    fn a_state_beside_pending_and_running_is_an_end() {
        for (state, ended) in [("pending", false), ("running", false), ("stopping", true), ("terminated", true)] {
            let health = InstanceHealth { state: state.to_owned(), ..InstanceHealth::default() };
            assert_eq!(health.ended(), ended, "{state}");
        }
    }

    #[test]
    fn a_check_has_the_time_at_which_it_began_to_pass() {
        let mut course = StatusCourse::default();
        course.saw(health("ok", "initializing", None), 10);
        course.saw(health("impaired", "ok", None), 20);
        course.saw(health("ok", "ok", Some("initializing")), 30);
        let seen: Vec<_> = course.checks(40).into_iter().map(|c| (c.what, c.passed, c.seconds)).collect();
        let seen: Vec<_> = seen.iter().map(|(what, passed, seconds)| (what.as_str(), *passed, *seconds)).collect();
        assert_eq!(seen, [("system", true, 30), ("instance", true, 20), ("EBS", false, 40)]);
        assert_eq!(course.doing(), "running, system ok, instance ok, EBS initializing");
    }

    #[test]
    fn what_fails_is_named() {
        let check = CheckStatus { status: "impaired".to_owned(), failing: vec!["reachability".to_owned()] };
        assert_eq!(check.words(), "impaired (reachability failed)");
        assert_eq!(StatusCourse::default().checks(5)[0].detail, "EC2 shows nothing");
    }
}

//! The context of a run: time, printer, stop signal, settings, and sessions with AWS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Error, Result};
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::deadline::Deadline;
use crate::domain::audit::AuditSettings;
use crate::domain::command_line::Invocation;
use crate::domain::failure::Failure;
use crate::domain::failure::Kind::Refused;
use crate::domain::family::{FamilyPattern, FamilyPatterns};
use crate::domain::policy::Policy;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::region::RegionChoice;
use crate::domain::settings::Setting;
use crate::domain::tags::Maker;
use crate::output::printer::Printer;
use crate::service::Target;
use crate::service::client::error;
use crate::service::client::patience::{Patience, Progress, Watch};
use crate::service::client::stop::{self, Stop};
use crate::service::session::run::Session;
use crate::service::session::settings::Settings;

/// The context of a run.
pub struct Context {
    /// The time at the start of the run.
    pub now: DateTime<Utc>,
    /// The printer.
    pub printer: Arc<Printer>,
    /// The program and run, for tags.
    pub maker: Maker,
    /// Whether the id of the run came from the platform that started it: an earlier delivery may have used it.
    pub delivered: bool,
    /// The end that the platform sets.
    pub deadline: Option<Deadline>,
    /// Whether errors about a file leave out its text.
    pub contained: bool,
    /// Whether a policy may ask for nothing that changes anything.
    pub read_only: bool,
    /// The user's stop signal.
    pub stop: Stop,
    /// The user's command, for resume hints.
    pub invocation: Invocation,
    /// The clock.
    pub clock: fn() -> DateTime<Utc>,
    /// The kinds of places that the command line names.
    pub named: NamedPlaces,
    /// The family patterns of the configuration file, for references and listings. `prune` goes by its policy's.
    pub families: FamilyPatterns,
    /// The settings of `audit` in the configuration file.
    pub audit: AuditSettings,
    /// The settings for AWS.
    pub settings: Settings,
    /// The time to wait for images and instances.
    pub timeout: Duration,
    /// Whether it was set, by an option, the environment or the configuration file.
    pub timeout_set: bool,
    /// Each setting with its origin, for `config show` alone.
    pub origins: Vec<Setting>,
}

/// The kinds of places that the command line names, which take precedence over a policy.
#[derive(Debug, Clone, Copy, Default)]
pub struct NamedPlaces {
    /// Whether it names regions.
    pub regions: bool,
    /// Whether it names roles.
    pub roles: bool,
    /// Whether it names the role of an organization.
    pub org_role: bool,
}

impl Context {
    /// The current time, for records of events.
    pub fn clock(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// A variable of the environment, if it is set and not empty.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.settings.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The given family patterns, else those of the configuration file.
    pub fn families_or(&self, given: &[FamilyPattern]) -> Result<FamilyPatterns> {
        if given.is_empty() {
            return Ok(self.families.clone());
        }
        Ok(FamilyPatterns::new(given.iter().cloned()).map_err(|error| Failure::usage(error.to_string()))?)
    }

    /// Opens the session with AWS.
    pub async fn session(&self) -> Result<Session> {
        self.open(&self.settings).await
    }

    async fn open(&self, settings: &Settings) -> Result<Session> {
        // On the heap: the SDK's loader would make the future of every command 30 KB larger.
        let opened = Box::pin(self.unless_stopped(Session::open(settings))).await;
        // Ctrl-C at a question ends the question before the stop signal arrives.
        let session = opened.map_err(|error| if is_stopped(&error) { unchanged() } else { error })?;
        session.notes().iter().for_each(|note| self.printer.say(note));
        Ok(session)
    }

    /// A session in the regions and accounts of a policy, unless the command line names them.
    pub async fn session_of(&self, policy: &Policy) -> Result<Session> {
        match !self.named.regions && !policy.regions.is_empty() {
            true => self.session_only_in(policy.regions.clone(), policy).await,
            false => self.open(&self.accounts_of(policy)?).await,
        }
    }

    /// A session in these regions, whatever the command line names, and in the accounts of a policy.
    pub async fn session_only_in(&self, regions: Vec<RegionChoice>, policy: &Policy) -> Result<Session> {
        self.open(&Settings { regions, ..self.accounts_of(policy)? }).await
    }

    /// Whether a role is given for the accounts that a policy names by their id.
    pub fn can_enter(&self, policy: &Policy) -> bool {
        self.named.roles || self.settings.org_role.is_some() || policy.org_role.is_some()
    }

    fn accounts_of(&self, policy: &Policy) -> Result<Settings> {
        let settings = self.settings.clone();
        if self.named.roles || (policy.accounts.is_empty() && policy.org_role.is_none()) {
            return Ok(settings);
        }
        let members = policy.account_ids();
        if let (Some(id), false) = (members.first(), self.can_enter(policy)) {
            return Err(Failure::usage(format!("account {id} is given by its id, without a role to assume"))
                .hint("put org_role = \"NAME\" into the policy, or give --org-role NAME")
                .into());
        }
        let role = match self.named.org_role {
            true => settings.org_role.clone(),
            false => policy.org_role.clone().or(settings.org_role.clone()),
        };
        // With accounts in the policy the role is for those; only alone does it stand for all accounts of the
        // organization.
        let org_role = role.filter(|_| policy.accounts.is_empty() || !members.is_empty());
        Ok(Settings { role_arns: policy.role_arns(), members, org_role, ..settings })
    }

    /// The same region in the account of a role, assumed with the user's own credentials.
    pub async fn target_as(&self, role: &str) -> Result<Target> {
        self.session_as(role).await?.single().await
    }

    /// The same regions in the account of a role, assumed with the user's own credentials.
    pub async fn session_as(&self, role: &str) -> Result<Session> {
        let role = role.parse().map_err(|error| Failure::usage(format!("--from-role-arn {role}: {error}")))?;
        let settings = Settings { role_arns: vec![role], org_role: None, ..self.settings.clone() };
        self.open(&settings).await
    }

    /// The account of the user's own credentials, in the first region of the command line or else of the environment.
    pub async fn own_target(&self) -> Result<Target> {
        let own = Settings { role_arns: Vec::new(), org_role: None, ..self.settings.clone() };
        let no_region = || Failure::usage("no region is set").hint("'all' names none: give --region us-east-1 as well");
        Ok(self.open(&own).await?.first().ok_or_else(no_region)?)
    }

    /// The single place of a command that works in one account and region.
    pub async fn target(&self) -> Result<Target> {
        self.session().await?.single().await
    }

    /// Runs work that changes nothing, and drops it on a stop signal.
    pub async fn unless_stopped<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        // On the heap, as this future would contain it twice.
        let work = Box::pin(work);
        tokio::select! {
            biased;
            () = self.stop.wait() => Err(unchanged()),
            result = work => result,
        }
    }

    /// Runs work that reads and then changes something; the user can stop it until the change is sent.
    pub async fn begin<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.begin_or(work, unchanged).await
    }

    /// The same after something was changed already, with the error for a stop.
    pub async fn begin_or<T>(
        &self,
        work: impl Future<Output = Result<T>>,
        stopped: impl FnOnce() -> Error,
    ) -> Result<T> {
        let begun = stop::begin(&self.stop, work).await;
        begun.map_err(|error| if is_stopped(&error) { stopped() } else { error })
    }

    /// Runs work that shows its progress on a bar, which is removed afterwards.
    pub async fn watched<T>(&self, what: impl Into<String>, work: impl AsyncFnOnce(Option<Watch<'_>>) -> T) -> T {
        let bar = self.printer.bars().percent(what);
        let show = |progress: Progress| bar.set(u64::from(progress.percent.unwrap_or(0)), progress.doing);
        let watch: Option<Watch<'_>> = if self.printer.bars().shown() { Some(&show) } else { None };
        work(watch).await
    }

    /// The time to wait for a command with a default of its own.
    pub fn timeout_or(&self, default: Duration) -> Duration {
        self.within_deadline(if self.timeout_set { self.timeout } else { default })
    }

    /// The deadline from now, with the stop signal.
    pub fn patience(&self) -> Patience {
        Patience { until: Instant::now() + self.within_deadline(self.timeout), stop: self.stop.clone() }
    }

    /// This time, cut to what the deadline leaves.
    pub fn within_deadline(&self, time: Duration) -> Duration {
        self.deadline.map_or(time, |deadline| time.min(deadline.waits.saturating_duration_since(Instant::now())))
    }

    /// Asks before a deletion. Without a terminal and without `--yes` it refuses, and tells which options go `unasked`.
    pub fn confirm(&self, question: &str, yes: bool, unasked: &str) -> Result<()> {
        if yes {
            return Ok(());
        }
        if !self.printer.can_ask() {
            return Err(Failure::new(Refused, "NotConfirmed", "not confirmed, and there is no terminal to ask on")
                .hint(format!("add {unasked} to go ahead without being asked"))
                .into());
        }
        match self.printer.confirm(question) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(nothing_changed().into()),
            Err(error) => Err(error.into()),
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure::new(Refused, "NotConfirmed", "not confirmed; nothing was changed").into()),
        }
    }
}

/// Whether work ended by a stop signal before it changed anything.
pub fn is_stopped(error: &Error) -> bool {
    error.downcast_ref().is_some_and(error::is_interrupted)
}

/// Whether an error says that work was interrupted before it changed anything.
pub fn is_unchanged(error: &Error) -> bool {
    error.downcast_ref::<Failure>().is_some_and(|failure| *failure == nothing_changed())
}

fn unchanged() -> Error {
    nothing_changed().into()
}

/// The failure of work that was interrupted before it changed anything.
pub fn nothing_changed() -> Failure {
    Failure::interrupted("nothing was changed")
}

/// The problem of skipped work after a stop signal.
pub fn stopped(context: &Context) -> Option<Problem> {
    context.stop.asked().then(|| Problem::interrupted_before("it began"))
}

/// Prints the places that failed.
pub fn tell_errors(context: &Context, errors: &[PlaceError]) {
    errors.iter().for_each(|error| context.printer.tell(&error.to_string()));
}

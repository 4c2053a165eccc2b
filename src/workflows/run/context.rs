//! What every command works with.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Error, Result};
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::domain::command_line::Invocation;
use crate::domain::failure::Failure;
use crate::domain::failure::Kind::{Interrupted, Refused};
use crate::domain::policy::Policy;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::region::RegionChoice;
use crate::domain::tags::Maker;
use crate::output::printer::Printer;
use crate::service::Target;
use crate::service::client::patience::{Patience, Progress, Watch};
use crate::service::client::stop::{self, Stop};
use crate::service::session::session::Session;
use crate::service::session::settings::Settings;

/// What every command works with.
pub struct Context {
    /// The time at the start of the run.
    pub now: DateTime<Utc>,
    /// Where everything is written.
    pub printer: Arc<Printer>,
    /// Who makes what this run makes.
    pub maker: Maker,
    /// The user's wish to stop.
    pub stop: Stop,
    /// The command, to be given again for what a run has left.
    pub invocation: Invocation,
    /// Tells the time.
    pub clock: fn() -> DateTime<Utc>,
    /// Which places the command line names.
    pub named: Named,
    /// How to reach AWS.
    pub settings: Settings,
    /// How long to wait for images and instances.
    pub timeout: Duration,
}

/// What the command line says about places: it goes before a policy.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named {
    /// Whether it names regions.
    pub regions: bool,
    /// Whether it names roles.
    pub roles: bool,
    /// Whether it names the role of an organization.
    pub org_role: bool,
}

impl Context {
    /// The time at this moment, for what is written down as it happens.
    pub fn clock(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// A variable of the environment, if it is set and not empty.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.settings.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Opens the session with AWS.
    pub async fn session(&self) -> Result<Session> {
        self.open(&self.settings).await
    }

    async fn open(&self, settings: &Settings) -> Result<Session> {
        // On the heap, as the loader of the SDK would make the future of every command 30 KB larger.
        let opened = Box::pin(self.unless_stopped(Session::open(settings))).await;
        // Whoever presses Ctrl-C at a question gives no answer, before the signal is heard of.
        let session = opened.map_err(|error| if is_stopped(&error) { unchanged() } else { error })?;
        session.notes().iter().for_each(|note| self.printer.say(note));
        Ok(session)
    }

    /// The same in the regions and accounts of a policy, where the user names none.
    pub async fn session_of(&self, policy: &Policy) -> Result<Session> {
        match !self.named.regions && !policy.regions.is_empty() {
            true => self.session_only_in(policy.regions.clone(), policy).await,
            false => self.open(&self.accounts_of(policy)?).await,
        }
    }

    /// The same in these regions, whatever the user names, and in the accounts of a policy.
    pub async fn session_only_in(&self, regions: Vec<RegionChoice>, policy: &Policy) -> Result<Session> {
        self.open(&Settings { regions, ..self.accounts_of(policy)? }).await
    }

    /// Whether somebody says by which role accounts are entered that a policy names by their id.
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
        // Beside accounts the name is just that of their role: it stands for an organization only where it is alone.
        let org_role = role.filter(|_| policy.accounts.is_empty() || !members.is_empty());
        Ok(Settings { role_arns: policy.role_arns(), members, org_role, ..settings })
    }

    /// The same region in the account that a role leads to, from the user's own credentials.
    pub async fn target_as(&self, role: &str) -> Result<Target> {
        let role = role.parse().map_err(|error| Failure::usage(format!("--from-role-arn {role}: {error}")))?;
        let settings = Settings { role_arns: vec![role], org_role: None, ..self.settings.clone() };
        self.open(&settings).await?.single().await
    }

    /// The one account and region of a command that works in one.
    pub async fn target(&self) -> Result<Target> {
        self.session().await?.single().await
    }

    /// Does work that changes nothing, and gives it up as soon as the user asks to stop.
    pub async fn unless_stopped<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        // On the heap, as it would be in this future twice.
        let work = Box::pin(work);
        tokio::select! {
            biased;
            () = self.stop.wait() => Err(unchanged()),
            result = work => result,
        }
    }

    /// Does work that looks and then changes something; the user can stop it until the change is sent.
    pub async fn begin<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let begun = stop::begin(&self.stop, work).await;
        begun.map_err(|error| if is_stopped(&error) { unchanged() } else { error })
    }

    /// Does work that shows its progress on a bar, where anybody looks. The bar is gone when the work is done.
    pub async fn watched<T>(&self, what: impl Into<String>, work: impl AsyncFnOnce(Option<Watch<'_>>) -> T) -> T {
        let bar = self.printer.bars().percent(what);
        let show = |progress: Progress| bar.set(u64::from(progress.percent.unwrap_or(0)), progress.doing);
        let watch: Option<Watch<'_>> = if self.printer.bars().shown() { Some(&show) } else { None };
        work(watch).await
    }

    /// How long this run waits, counted from now.
    pub fn patience(&self) -> Patience {
        Patience { until: Instant::now() + self.timeout, stop: self.stop.clone() }
    }

    /// Asks before something is destroyed. Without anybody to ask and without `--yes`, the answer is a refusal.
    pub fn confirm(&self, question: &str, yes: bool) -> Result<()> {
        if yes {
            return Ok(());
        }
        if !self.printer.can_ask() {
            return Err(Failure::new(Refused, "NotConfirmed", "not confirmed, and there is no terminal to ask on")
                .hint("add --yes to go ahead without being asked")
                .into());
        }
        match self.printer.confirm(question)? {
            true => Ok(()),
            false => Err(Failure::new(Refused, "NotConfirmed", "not confirmed; nothing was changed").into()),
        }
    }
}

/// Whether work ended because the user wants to stop, before it changed anything.
pub fn is_stopped(error: &Error) -> bool {
    error.downcast_ref().is_some_and(stop::stopped)
}

fn unchanged() -> Error {
    Failure::new(Interrupted, "Interrupted", "interrupted; nothing was changed").into()
}

/// Why nothing more is begun, where the user has asked to stop.
pub fn stopped(context: &Context) -> Option<Problem> {
    let problem = || Problem { code: "Interrupted".to_owned(), message: "interrupted before it began".to_owned() };
    context.stop.asked().then(problem)
}

/// Says where nothing could be done.
pub fn tell_errors(context: &Context, errors: &[PlaceError]) {
    errors.iter().for_each(|error| context.printer.tell(&error.to_string()));
}

//! What every command works with.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Error, Result};
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::again::Again;
use super::config::Defaults;
use crate::cli::Global;
use crate::domain::failure::Failure;
use crate::domain::failure::Kind::{Interrupted, Refused};
use crate::domain::policy::Policy;
use crate::domain::region::RegionChoice;
use crate::domain::tags::Maker;
use crate::output::printer::{self, Printer};
use crate::service::address::Endpoint;
use crate::service::session::{Ask, Session, Settings, SignedIn};
use crate::service::wait::{Patience, Progress, Stop, Watch};
use crate::service::{Target, stopping};

/// Long enough for the largest volumes; EC2 may take a day in the worst case.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2 * 3600);

/// What the process is: the clock and the environment, read once at the start.
#[derive(Debug, Clone)]
pub struct Process {
    /// Tells the time.
    pub clock: fn() -> DateTime<Utc>,
    /// The environment; variables that are not UTF-8 are left out.
    pub env: HashMap<String, String>,
}

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
    pub again: Again,
    clock: fn() -> DateTime<Utc>,
    /// Whether the command line names regions.
    regions_named: bool,
    /// Whether it names roles, and whether it names that of an organization.
    roles_named: bool,
    org_role_named: bool,
    settings: Settings,
    timeout: Duration,
}

impl Context {
    /// Puts together what the command line, the environment and the file of defaults say, in this order.
    pub fn new(global: &Global, process: &Process, stop: Stop, again: Again) -> Result<Self> {
        let file = global.config.as_deref().filter(|path| !path.as_os_str().is_empty());
        let defaults = Defaults::read(file, &process.env)?;
        let set = |name: &str| process.env.get(name).is_some_and(|value| !value.is_empty());
        let printer = Arc::new(Printer::new(printer::Settings {
            format: global.output.or(defaults.output).unwrap_or_default(),
            color: global.color.or(defaults.color).unwrap_or_default(),
            quiet: global.quiet,
            no_progress: global.no_progress,
            plain_terminal: set("NO_COLOR") || process.env.get("TERM").is_some_and(|term| term == "dumb"),
        }));
        let or = |given: &Vec<_>, default| if given.is_empty() { default } else { given.clone() };
        let region_known = set("AWS_REGION") || set("AWS_DEFAULT_REGION");
        let endpoint_known = set("AWS_ENDPOINT_URL") || set("AWS_ENDPOINT_URL_EC2");
        let keys_known = set("AWS_PROFILE") || set("AWS_ACCESS_KEY_ID");
        let roles_named = !global.role_arn.is_empty() || global.org_role.is_some();
        let settings = Settings {
            profile: said(&global.profile).or(said(&defaults.profile).filter(|_| !keys_known)),
            regions: match region_known {
                true => global.region.clone(),
                false => or(&global.region, defaults.region),
            },
            // What leads to accounts goes together: a role named here is not one more beside those of the file.
            role_arns: if roles_named { global.role_arn.clone() } else { defaults.role_arn },
            org_role: if roles_named { global.org_role.clone() } else { defaults.org_role },
            members: Vec::new(),
            external_id: global.external_id.clone().or(defaults.external_id),
            ask_code: printer.can_ask().then(|| asker(&printer)),
            signed_in: SignedIn::default(),
            endpoint_url: match said(&global.endpoint_url) {
                Some(url) => Some(endpoint("--endpoint-url", &url)?),
                None => said(&defaults.endpoint_url)
                    .filter(|_| !endpoint_known)
                    .map(|url| endpoint("endpoint_url in the configuration", &url))
                    .transpose()?,
            },
            max_attempts: global.max_attempts.or(defaults.max_attempts),
            retry_mode: global.retry_mode,
            pace: global.request_limits.unwrap_or_default(),
            env: process.env.clone(),
        };
        Ok(Self {
            now: (process.clock)(),
            clock: process.clock,
            printer,
            maker: Maker {
                program: concat!("amictl/", env!("CARGO_PKG_VERSION")).to_owned(),
                run: format!("{:032x}", fastrand::u128(..)),
            },
            stop,
            again,
            regions_named: !global.region.is_empty(),
            roles_named: !global.role_arn.is_empty(),
            org_role_named: global.org_role.is_some(),
            settings,
            timeout: global.timeout.or(defaults.timeout).map_or(DEFAULT_TIMEOUT, |age| age.duration()),
        })
    }

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
        match !self.regions_named && !policy.regions.is_empty() {
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
        self.roles_named || self.settings.org_role.is_some() || policy.org_role.is_some()
    }

    fn accounts_of(&self, policy: &Policy) -> Result<Settings> {
        let settings = self.settings.clone();
        if self.roles_named || (policy.accounts.is_empty() && policy.org_role.is_none()) {
            return Ok(settings);
        }
        let members = policy.account_ids();
        if let (Some(id), false) = (members.first(), self.can_enter(policy)) {
            return Err(Failure::usage(format!("account {id} is named by its id: by which role is it entered?"))
                .hint("put org_role = \"NAME\" into the policy, or give --org-role NAME")
                .into());
        }
        let role = match self.org_role_named {
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
        let begun = stopping::begin(&self.stop, work).await;
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

/// A setting that says something: one that is empty says nothing.
fn said(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

fn endpoint(source: &str, url: &str) -> Result<Endpoint> {
    let wrong = |why| Failure::usage(format!("{source}: {why}")).hint(Endpoint::HINT);
    Ok(url.parse().map_err(wrong)?)
}

/// Whether work ended because the user wants to stop, before it changed anything.
pub fn is_stopped(error: &Error) -> bool {
    error.downcast_ref().is_some_and(stopping::stopped)
}

fn unchanged() -> Error {
    Failure::new(Interrupted, "Interrupted", "interrupted; nothing was changed").into()
}

/// Asks for the code of an MFA device, on the terminal.
fn asker(printer: &Arc<Printer>) -> Ask {
    let printer = Arc::clone(printer);
    Arc::new(move |serial| Ok(printer.ask_code(serial)?))
}

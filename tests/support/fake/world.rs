//! The whole state behind the endpoint, and the knobs that bend its behaviour.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::compute::{Group, Instance, Subnet, Template, Vpc};
use super::iam::Iam;
use super::ids::Ids;
use super::kms::KmsKey;
use super::launchers::{Fleet, LaunchConfiguration, Recipe, ScalingGroup, SpotFleet, SpotRequest};
use super::model::{Grave, Image, Reason, Snapshot};
use super::organizations::Organization;
use super::recycle_bin::{Bin, BinRule};
use super::regions::REGIONS;
use super::run_command::RunCommands;
use super::ssm::{LateValues, Parameter};
use super::sts::Trust;
use super::usage_reports::UsageReport;

/// Account of the key `AKIAPROD`.
pub const PROD: &str = "111111111111";
/// Account of the key `AKIAOTHER`.
pub const OTHER: &str = "222222222222";

/// How an image boots badly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadBoot {
    /// The instance cannot be reached: its check is impaired, and its user data does not run.
    Impaired,
    /// The instance ends at once, with this code and message.
    Ends(String, String),
}

/// Who has a name, and until when once its image is deregistered.
pub type NameHold = (String, Option<DateTime<Utc>>);

/// Everything the endpoint knows. Times are the world's own: see [`World::advance`].
#[allow(clippy::struct_excessive_bools, reason = "each is a knob of its own")]
pub struct World {
    /// How long a made, copied or registered image stays `pending`.
    pub pending_for: Duration,
    /// How long the id of a fresh image or instance is not found by anybody.
    pub visible_after: Duration,
    /// How long an instance refresh takes to replace all instances.
    pub refresh_takes: Duration,
    /// Makes the next instance refresh fail halfway, for this reason.
    pub fail_next_refresh: Option<String>,
    /// Makes the rollback of the next instance refresh fail.
    pub fail_next_rollback: bool,
    /// Whether a successful instance refresh does not show in its group.
    pub refresh_forgets: bool,
    /// CloudWatch alarms in the state ALARM: a refresh that watches one fails halfway.
    pub ringing_alarms: BTreeSet<String>,
    /// Whether a pending image lists its devices without snapshot ids.
    pub snapshots_appear_late: bool,
    /// How long a deregistered image is still listed as it was.
    pub deregistered_shows_for: Duration,
    /// How long after a deregistration the snapshots still count as in use.
    pub snapshot_in_use_for: Duration,
    /// How long after a deregistration the name stays taken.
    pub name_held_for: Duration,
    /// How long a deregistered id answers with an empty list; longer while instances still run it.
    pub ghost_for: Duration,
    /// Makes the next created, copied or registered image fail with this code and message.
    pub fail_next_image: Option<Reason>,
    /// An endpoint that knows nothing of DeleteAssociatedSnapshots.
    pub ignore_delete_snapshots: bool,
    /// Ids of launch templates that listings do not show yet.
    pub unlisted_templates: BTreeSet<String>,
    /// Return codes of DeleteAssociatedSnapshots by snapshot id, e.g. `missing-permissions`.
    pub delete_codes: BTreeMap<String, String>,
    /// Names of parameters that GetParameters calls invalid, though they are there.
    pub unread_parameters: BTreeSet<String>,
    /// Values of parameters that SSM checks before it shows them.
    pub late_values: LateValues,
    /// What Run Command was told to run, and how the agents of instances behave.
    pub run_commands: RunCommands,
    /// The private address of all instances from now on, and the public one of those that have one.
    pub address: Option<String>,
    /// Accounts with Allowed AMIs in audit mode, and the images of others that these do not admit.
    pub not_allowed: BTreeMap<String, BTreeSet<String>>,
    /// No page of images is longer than this, whatever MaxResults says.
    pub image_page_limit: Option<usize>,
    /// Pages come short, and every other one is empty with a token.
    pub short_pages: bool,
    /// Whether EC2's token buckets are on.
    pub throttle: bool,
    /// Pending copies into one region of one account, at most.
    pub copies_at_once: usize,
    /// Makes the instances of the next launch end instead of run, with this code and message.
    pub fail_next_launch: Option<Reason>,
    /// How long after a launch its image tells of it; `None`: never, so that tests say what it tells.
    pub launches_told_after: Option<Duration>,
    /// How long an instance stays `pending`.
    pub boot_for: Duration,
    /// How long a running instance's status checks stay `initializing`.
    pub checks_for: Duration,
    /// Instances whose status checks end up `impaired`.
    pub impaired: BTreeSet<String>,
    /// Images that boot badly, by id.
    pub bad_boots: BTreeMap<String, BadBoot>,
    /// What instances of an image write to their consoles, by its id.
    pub consoles: BTreeMap<String, String>,
    /// Instance types for which there is no capacity.
    pub no_capacity: BTreeSet<String>,
    /// Types that a zone does not offer: the type and the zone.
    pub not_offered: BTreeSet<(String, String)>,
    /// How long an instance stays `stopping`.
    pub stop_for: Duration,
    /// How long a listing still shows an instance as `running` that was asked to stop.
    pub stop_shows_after: Duration,
    /// Why the next starts are taken and undone, with code and message; each holds for one.
    pub starts_fall: Vec<Reason>,
    /// How long after CreateImage its snapshots are begun.
    pub snapshots_begin_after: Duration,
    /// How long an instance stays `shutting-down`.
    pub shutdown_for: Duration,
    /// How long a terminated instance is still listed.
    pub terminated_shows_for: Duration,
    /// Whether what comes back from the Recycle Bin has lost its tags and its sharing. EC2 brings both back.
    pub restore_forgets: bool,
    /// How long a snapshot from the Recycle Bin stays `recovering`. AWS says that it is there at once.
    pub recovering_for: Duration,
    /// How long an image usage report stays `pending`.
    pub report_takes: Duration,
    /// What was launched or written so lately is not in a report.
    pub report_misses: Duration,
    /// Makes the next image usage report end in `error`, for this reason.
    pub fail_next_report: Option<String>,
    /// What EC2 says of a protection whose cooldown runs or has ended, with `{}` for its end. No source confirms the words.
    pub cooldown_words: String,
    /// Whether EC2 says no more of a cooldown once it has ended.
    pub cooldown_is_forgotten: bool,
    /// (account, region) pairs that encrypt every new snapshot.
    pub encrypt_by_default: BTreeSet<(String, String)>,
    /// (account, region) pairs that refuse public sharing.
    pub block_public_access: BTreeSet<(String, String)>,
    /// What becomes of public snapshots, by (account, region): `block-new-sharing` or `block-all-sharing`.
    pub block_public_snapshots: BTreeMap<(String, String), &'static str>,
    /// (account, region) pairs whose blocks on public images and snapshots are set by a declarative policy of the organization.
    pub settings_by_policy: BTreeSet<(String, String)>,
    /// Recycle Bin rules for a whole region, by (account, region): days that images and snapshots are kept; 0 is no
    /// rule. They stand beside those of [`World::bin_rule`].
    pub recycle_bin: BTreeMap<(String, String), (u32, u32)>,
    /// ARNs of organizations and units an account is in.
    pub memberships: BTreeMap<String, BTreeSet<String>>,
    /// Account numbers that nobody has, and so nothing can be shared with. Any other number will do.
    pub missing_accounts: BTreeSet<String>,
    /// Role ARNs that must not be assumed.
    pub denied_roles: BTreeSet<String>,
    /// Regions in which a role is denied everything, with the ARN of the role.
    pub denied_regions: BTreeSet<(String, String)>,
    /// How long sessions last, whatever was asked for.
    pub sessions_last: Option<Duration>,
    /// Whether accounts are told without the Status that goes away in September 2026.
    pub status_retired: bool,
    /// Opt-in status by region, of every account.
    pub opt_in: BTreeMap<String, String>,
    /// Accounts and regions that they have not enabled, whatever others have.
    pub not_opted_in: BTreeSet<(String, String)>,

    /// How many minutes AWS's clock is ahead of that of this machine.
    pub clock_ahead: i64,

    pub(super) organization: Option<Organization>,
    pub(super) trust: Trust,
    pub(super) iam: Iam,
    pub(super) ids: Ids,
    pub(super) keys: BTreeMap<String, Key>,
    pub(super) accounts: BTreeSet<String>,
    pub(super) regions: BTreeMap<String, Region>,
    pub(super) key_pairs: BTreeSet<(String, String, String)>,
    pub(super) profiles: BTreeSet<(String, String)>,
    pub(super) kms_keys: BTreeMap<String, KmsKey>,
    pub(super) kms_aliases: BTreeMap<String, String>,
    pub(super) ebs_default_keys: BTreeMap<(String, String), String>,
    ahead: chrono::Duration,
    stopped: Option<DateTime<Utc>>,
}

/// An access key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Account it acts for.
    pub account: String,
    /// ARN of who holds it.
    pub arn: String,
    /// Session token that must come along, and when the session ends.
    pub session: Option<(String, DateTime<Utc>)>,
    /// Whether the session was made with a second factor.
    pub mfa: bool,
}

/// State of one region, over all accounts. Images are ordered by id, which is to say not at all.
#[derive(Default)]
pub struct Region {
    /// Images by id.
    pub images: BTreeMap<String, Image>,
    /// Launches that their images do not tell of yet: image, time, and when it does.
    pub launches: Vec<(String, DateTime<Utc>, DateTime<Utc>)>,
    /// Deregistered images by id.
    pub graves: BTreeMap<String, Grave>,
    /// Deregistered images that are listed still, by id, and until when.
    pub lingering: BTreeMap<String, (Image, DateTime<Utc>)>,
    /// Image id and, once deregistered, end of the hold; by (account, name).
    pub names: HashMap<(String, String), NameHold>,
    /// Snapshots by id.
    pub snapshots: BTreeMap<String, Snapshot>,
    /// Instances by id.
    pub instances: BTreeMap<String, Instance>,
    /// Security groups by id.
    pub groups: BTreeMap<String, Group>,
    /// VPCs by id.
    pub vpcs: BTreeMap<String, Vpc>,
    /// Subnets by id.
    pub subnets: BTreeMap<String, Subnet>,
    /// Accounts whose default network has been made.
    pub networked: BTreeSet<String>,
    /// Launch templates by id.
    pub templates: BTreeMap<String, Template>,
    /// Parameters by (account, name).
    pub parameters: BTreeMap<(String, String), Parameter>,
    /// Launch configurations by (account, name).
    pub launch_configurations: BTreeMap<(String, String), LaunchConfiguration>,
    /// Auto Scaling groups by (account, name).
    pub scaling_groups: BTreeMap<(String, String), ScalingGroup>,
    /// Spot requests by id.
    pub spot_requests: BTreeMap<String, SpotRequest>,
    /// Spot Fleet requests by id.
    pub spot_fleets: BTreeMap<String, SpotFleet>,
    /// EC2 Fleets by id.
    pub fleets: BTreeMap<String, Fleet>,
    /// Image Builder recipes by ARN.
    pub recipes: BTreeMap<String, Recipe>,
    /// Rules of the Recycle Bin by id.
    pub bin_rules: BTreeMap<String, BinRule>,
    /// What was deleted and can be restored.
    pub bin: Bin,
    /// Image usage reports by id.
    pub usage_reports: BTreeMap<String, UsageReport>,
    /// What client tokens were used for: fingerprint and ids; by (account, action, token).
    pub tokens: HashMap<(String, String, String), (u64, Vec<String>)>,
}

impl World {
    pub(super) fn new() -> World {
        let mut world = World {
            pending_for: Duration::ZERO,
            visible_after: Duration::ZERO,
            refresh_takes: Duration::ZERO,
            fail_next_refresh: None,
            fail_next_rollback: false,
            refresh_forgets: false,
            ringing_alarms: BTreeSet::new(),
            snapshots_appear_late: false,
            deregistered_shows_for: Duration::ZERO,
            snapshot_in_use_for: Duration::ZERO,
            name_held_for: Duration::ZERO,
            ghost_for: Duration::ZERO,
            fail_next_image: None,
            ignore_delete_snapshots: false,
            unlisted_templates: BTreeSet::new(),
            delete_codes: BTreeMap::new(),
            unread_parameters: BTreeSet::new(),
            late_values: LateValues::default(),
            run_commands: RunCommands::default(),
            address: None,
            not_allowed: BTreeMap::new(),
            image_page_limit: None,
            short_pages: false,
            throttle: false,
            copies_at_once: 300,
            fail_next_launch: None,
            launches_told_after: None,
            boot_for: Duration::ZERO,
            checks_for: Duration::ZERO,
            impaired: BTreeSet::new(),
            bad_boots: BTreeMap::new(),
            consoles: BTreeMap::new(),
            no_capacity: BTreeSet::new(),
            not_offered: BTreeSet::new(),
            stop_for: Duration::ZERO,
            stop_shows_after: Duration::ZERO,
            starts_fall: Vec::new(),
            snapshots_begin_after: Duration::ZERO,
            shutdown_for: Duration::ZERO,
            terminated_shows_for: Duration::from_hours(1),
            restore_forgets: false,
            recovering_for: Duration::ZERO,
            report_takes: Duration::ZERO,
            report_misses: Duration::ZERO,
            fail_next_report: None,
            encrypt_by_default: BTreeSet::new(),
            cooldown_words: "disabled after {}".to_owned(),
            cooldown_is_forgotten: false,
            block_public_access: BTreeSet::new(),
            block_public_snapshots: BTreeMap::new(),
            settings_by_policy: BTreeSet::new(),
            recycle_bin: BTreeMap::new(),
            memberships: BTreeMap::new(),
            missing_accounts: BTreeSet::new(),
            denied_roles: BTreeSet::new(),
            denied_regions: BTreeSet::new(),
            sessions_last: None,
            status_retired: false,
            opt_in: BTreeMap::new(),
            not_opted_in: BTreeSet::new(),
            clock_ahead: 0,
            organization: None,
            trust: Trust::default(),
            iam: Iam::default(),
            ids: Ids::default(),
            keys: BTreeMap::new(),
            accounts: BTreeSet::new(),
            regions: BTreeMap::new(),
            key_pairs: BTreeSet::new(),
            profiles: BTreeSet::new(),
            kms_keys: BTreeMap::new(),
            kms_aliases: BTreeMap::new(),
            ebs_default_keys: BTreeMap::new(),
            ahead: chrono::Duration::zero(),
            stopped: None,
        };
        for (name, status) in REGIONS {
            world.opt_in.insert(name.to_owned(), status.to_owned());
        }
        world.add_account("AKIAPROD", PROD);
        world.add_account("AKIAOTHER", OTHER);
        world
    }

    /// The time in this world.
    pub fn now(&self) -> DateTime<Utc> {
        self.stopped.unwrap_or_else(Utc::now) + self.ahead
    }

    /// Holds the time of this world, for output that is the same in every run.
    pub fn stop_clock(&mut self, at: DateTime<Utc>) {
        self.stopped = Some(at);
    }

    /// Lets time pass at once, so that no test has to sleep.
    pub fn advance(&mut self, by: Duration) {
        self.ahead += span(by);
    }

    /// Makes an account and an access key for it.
    pub fn add_account(&mut self, key_id: &str, account: &str) {
        self.accounts.insert(account.to_owned());
        let arn = format!("arn:aws:iam::{account}:user/operator");
        let key = Key { account: account.to_owned(), arn, session: None, mfa: false };
        self.keys.insert(key_id.to_owned(), key);
    }

    /// Makes an SSH key pair.
    pub fn add_key_pair(&mut self, account: &str, region: &str, name: &str) {
        let key = (account.to_owned(), region.to_owned(), name.to_owned());
        self.key_pairs.insert(key);
    }

    /// Makes an instance profile.
    pub fn add_profile(&mut self, account: &str, name: &str) {
        self.profiles.insert((account.to_owned(), name.to_owned()));
    }

    /// The opt-in status of a region for an account, if there is such a region.
    pub(super) fn opt_in_of(&self, account: &str, region: &str) -> Option<&str> {
        let status = self.opt_in.get(region)?;
        let off = self.not_opted_in.contains(&(account.to_owned(), region.to_owned()));
        Some(if off { "not-opted-in" } else { status })
    }

    /// Whether a region takes requests of an account.
    pub fn is_enabled(&self, account: &str, region: &str) -> bool {
        self.opt_in_of(account, region).is_some_and(|status| status != "not-opted-in")
    }

    /// The state of a region, made when first asked for.
    pub(super) fn region(&mut self, name: &str) -> &mut Region {
        if !self.regions.contains_key(name) {
            self.regions.insert(name.to_owned(), Region::default());
        }
        self.regions.get_mut(name).unwrap()
    }
}

/// A duration in chrono's terms.
pub(super) fn span(duration: Duration) -> chrono::Duration {
    chrono::Duration::from_std(duration).unwrap_or(chrono::Duration::MAX)
}

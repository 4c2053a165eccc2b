//! Seeding instances.

use super::super::compute::{Instance, Volume};
use super::super::instances::addresses;
use super::super::launchers::SpotRequest;
use super::super::model::{Phase, Tags};
use super::super::world::World;
use super::When;

/// An instance about to be put into the world.
pub struct InstanceSeed<'w> {
    world: &'w mut World,
    region: String,
    instance: Instance,
    volumes: usize,
    size: i64,
    kms_key: Option<String>,
    persistent: bool,
}

impl World {
    /// A running `t3.micro` with one volume of 8 GiB in the default network, launched now from an
    /// image that is not there.
    pub fn instance(&mut self, account: &str, region: &str) -> InstanceSeed<'_> {
        let now = self.now();
        let state = self.networked(account, region);
        let subnet = state.subnets.values().find(|s| s.owner == account && s.default).cloned();
        let group = state.groups.values().find(|g| g.owner == account && g.name == "default");
        let groups = group.map(|group| (group.id.clone(), group.name.clone()));
        let (private_ip, public_ip) = addresses(self);
        let instance = Instance {
            id: self.ids.next("i"),
            owner: account.to_owned(),
            reservation: self.ids.next("r"),
            index: 0,
            image: self.ids.next("ami"),
            phase: Phase::settled("running", now),
            reason: None,
            visible_from: now,
            kind: "t3.micro".to_owned(),
            launched: now,
            key_name: None,
            subnet: subnet.as_ref().map(|s| s.id.clone()).unwrap_or_default(),
            vpc: subnet.as_ref().map(|s| s.vpc.clone()).unwrap_or_default(),
            zone: format!("{region}a"),
            groups: groups.into_iter().collect(),
            profile: None,
            spot: None,
            managed: None,
            user_data: None,
            tags: Tags::new(),
            volumes: Vec::new(),
            architecture: "x86_64".to_owned(),
            windows: false,
            root_type: "ebs".to_owned(),
            private_ip,
            public_ip: Some(public_ip),
            elastic: false,
            stop_protected: false,
            reboots: 0,
            client_token: None,
            timer: None,
            stale_until: None,
            tokens_required: false,
            interface_tags: Tags::new(),
        };
        InstanceSeed {
            world: self,
            region: region.to_owned(),
            instance,
            volumes: 1,
            size: 8,
            kms_key: None,
            persistent: false,
        }
    }
}

impl InstanceSeed<'_> {
    /// The image it was launched from.
    pub fn image(mut self, id: &str) -> Self {
        id.clone_into(&mut self.instance.image);
        self
    }

    /// `pending` (for good), `running`, `stopping`, `stopped`, `shutting-down` or `terminated`.
    pub fn state(mut self, state: &str) -> Self {
        state.clone_into(&mut self.instance.phase.after);
        self
    }

    /// How many EBS volumes.
    pub fn volumes(mut self, count: usize) -> Self {
        self.volumes = count;
        self
    }

    /// GiB of each volume.
    pub fn size(mut self, gib: i64) -> Self {
        self.size = gib;
        self
    }

    /// Volumes encrypted under a key, by ARN.
    pub fn encrypted(mut self, key_arn: &str) -> Self {
        self.kms_key = Some(key_arn.to_owned());
        self
    }

    /// Managed by an AWS service, and so hidden from plain listings.
    pub fn managed(mut self, principal: &str) -> Self {
        self.instance.managed = Some(principal.to_owned());
        self
    }

    /// Its public address is an Elastic IP.
    pub fn elastic(mut self) -> Self {
        self.instance.elastic = true;
        self
    }

    /// Protected from being stopped.
    pub fn stop_protected(mut self) -> Self {
        self.instance.stop_protected = true;
        self
    }

    /// A spot instance, with its one-time request.
    pub fn spot(mut self) -> Self {
        self.instance.spot = Some(self.world.ids.next("sir"));
        self
    }

    /// A spot instance of a persistent request.
    pub fn persistent_spot(mut self) -> Self {
        self.persistent = true;
        self.spot()
    }

    /// A tag.
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.instance.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Instance type.
    pub fn kind(mut self, kind: &str) -> Self {
        kind.clone_into(&mut self.instance.kind);
        self
    }

    /// `x86_64`, `arm64`, …
    pub fn architecture(mut self, name: &str) -> Self {
        name.clone_into(&mut self.instance.architecture);
        self
    }

    /// An instance profile, and with it an agent that Systems Manager manages.
    pub fn profile(mut self, name: &str) -> Self {
        self.instance.profile = Some(format!("arn:aws:iam::{}:instance-profile/{name}", self.instance.owner));
        self
    }

    /// It runs Windows.
    pub fn windows(mut self) -> Self {
        self.instance.windows = true;
        self
    }

    /// Its root is no EBS volume.
    pub fn instance_store(mut self) -> Self {
        "instance-store".clone_into(&mut self.instance.root_type);
        self
    }

    /// Token of its launch.
    pub fn token(mut self, token: &str) -> Self {
        self.instance.client_token = Some(token.to_owned());
        self
    }

    /// What a boot test of this run launched, which may be ended from this time on.
    pub fn boot_test(self, run: &str, expires: impl When) -> Self {
        let expires = expires.when().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        self.tag("amictl:test", run)
            .tag("amictl:expires", &expires)
            .tag("amictl:created-by", "amictl/0")
            .token(&format!("amictl-{run}-0"))
    }

    /// LaunchTime.
    pub fn launched(mut self, at: impl When) -> Self {
        self.instance.launched = at.when();
        self
    }

    /// Puts it into the world; gives its id.
    pub fn put(mut self) -> String {
        if self.instance.phase.after == "pending" {
            self.instance.phase.turn = chrono::DateTime::<chrono::Utc>::MAX_UTC;
        }
        for index in 0..self.volumes {
            let letter = char::from(b'a' + u8::try_from(index).unwrap());
            let device = if index == 0 { "/dev/xvda".to_owned() } else { format!("/dev/sd{letter}") };
            self.instance.volumes.push(Volume {
                id: self.world.ids.next("vol"),
                device,
                size: self.size,
                kind: "gp3".to_owned(),
                kms_key: self.kms_key.clone(),
                delete_on_termination: true,
                tags: Tags::new(),
            });
        }
        let id = self.instance.id.clone();
        if let Some(mut spot) = SpotRequest::behind(&self.instance) {
            spot.persistent = self.persistent;
            self.world.region(&self.region).spot_requests.insert(spot.id.clone(), spot);
        }
        self.world.region(&self.region).instances.insert(id.clone(), self.instance);
        id
    }
}

//! Seeding Auto Scaling.

use std::collections::BTreeSet;

use super::super::launchers::{LaunchConfiguration, Member, Override, ScalingGroup, TemplateRef};
use super::super::model::Tags;
use super::super::params::Params;
use super::super::scaling;
use super::super::world::World;

/// An Auto Scaling group about to be put into the world.
pub struct ScalingGroupSeed<'w> {
    world: &'w mut World,
    region: String,
    group: ScalingGroup,
    running: Vec<String>,
}

impl World {
    /// A launch configuration.
    pub fn launch_configuration(&mut self, account: &str, region: &str, name: &str, image: &str) {
        let (owner, name, image) = (account.to_owned(), name.to_owned(), image.to_owned());
        let configuration = LaunchConfiguration { owner, name, image, snapshots: Vec::new(), created: self.now() };
        let key = (configuration.owner.clone(), configuration.name.clone());
        self.region(region).launch_configurations.insert(key, configuration);
    }

    /// A volume of a snapshot for a launch configuration that is there.
    pub fn launch_configuration_volume(&mut self, account: &str, region: &str, name: &str, snapshot: &str) {
        let key = (account.to_owned(), name.to_owned());
        let configuration = self.region(region).launch_configurations.get_mut(&key).unwrap();
        configuration.snapshots.push(snapshot.to_owned());
    }

    /// Makes these the instances of a group that is there.
    pub fn members_of(&mut self, account: &str, region: &str, name: &str, members: Vec<Member>) {
        let key = (account.to_owned(), name.to_owned());
        self.region(region).scaling_groups.get_mut(&key).unwrap().members = members;
    }

    /// Puts an instance into a group that is there, in Standby or not.
    pub fn join_group(&mut self, account: &str, region: &str, name: &str, id: &str, standby: bool) {
        let key = (account.to_owned(), name.to_owned());
        let group = self.region(region).scaling_groups.get_mut(&key).unwrap();
        let template = group.template.clone().unwrap_or_default();
        group.members.push(Member { id: id.to_owned(), template });
        if standby {
            group.standby.insert(id.to_owned());
        }
    }

    /// A group of one instance; give it a template, a launch configuration or a mixed instances policy.
    pub fn auto_scaling_group(&mut self, account: &str, region: &str, name: &str) -> ScalingGroupSeed<'_> {
        let group = ScalingGroup {
            owner: account.to_owned(),
            name: name.to_owned(),
            created: self.now(),
            sizes: (0, 1, 1),
            template: None,
            configuration: None,
            mixed: None,
            overrides: Vec::new(),
            distribution: distribution(),
            tags: Tags::new(),
            members: Vec::new(),
            standby: BTreeSet::new(),
            refreshes: Vec::new(),
        };
        ScalingGroupSeed { world: self, region: region.to_owned(), group, running: Vec::new() }
    }
}

impl ScalingGroupSeed<'_> {
    /// Launch template by name or id, with a version: a number, `$Latest`, `$Default`, or empty for none.
    pub fn launch_template(mut self, name_or_id: &str, version: &str) -> Self {
        self.group.template = Some(TemplateRef::new(name_or_id, version));
        self
    }

    /// Launch configuration by name.
    pub fn launch_configuration(mut self, name: &str) -> Self {
        self.group.configuration = Some(name.to_owned());
        self
    }

    /// A mixed instances policy over a template, by name or id, and its version.
    pub fn mixed(mut self, name_or_id: &str, version: &str) -> Self {
        self.group.mixed = Some(TemplateRef::new(name_or_id, version));
        self
    }

    /// An override of the mixed instances policy with an image of its own.
    pub fn override_image(mut self, image: &str) -> Self {
        self.group.overrides.push(Override { image: Some(image.to_owned()), ..Override::default() });
        self
    }

    /// An override of the mixed instances policy with a template of its own.
    pub fn override_template(mut self, name_or_id: &str, version: &str) -> Self {
        let template = Some(TemplateRef::new(name_or_id, version));
        self.group.overrides.push(Override { template, ..Override::default() });
        self
    }

    /// DesiredCapacity, and MaxSize if need be; 0 is a group that sleeps.
    pub fn desired(mut self, count: u32) -> Self {
        let (least, most, _) = self.group.sizes;
        self.group.sizes = (least, most.max(count), count);
        self
    }

    /// An override of the mixed instances policy with an instance type and a weight.
    pub fn override_kind(mut self, kind: &str, weight: &str) -> Self {
        let (kind, weight) = (Some(kind.to_owned()), Some(weight.to_owned()));
        self.group.overrides.push(Override { kind, weight, ..Override::default() });
        self
    }

    /// A field of the InstancesDistribution of the mixed instances policy.
    pub fn distribution(mut self, name: &str, value: &str) -> Self {
        self.group.distribution.0.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Running instances that were launched from these versions of its template, by number; a group without them has none.
    pub fn running(mut self, versions: &[&str]) -> Self {
        self.running = versions.iter().map(|version| (*version).to_owned()).collect();
        self
    }

    /// A tag.
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.group.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Puts it into the world. Templates that exist are named by both id and name, as Auto Scaling does.
    pub fn put(mut self) {
        let group = &mut self.group;
        let launches = group.template.is_some() || group.configuration.is_some() || group.mixed.is_some();
        assert!(launches, "the group {} has nothing to launch", group.name);
        assert!(group.overrides.is_empty() || group.mixed.is_some(), "{}: overrides need a policy", group.name);
        let region = self.world.region(&self.region);
        let own = group.template.iter_mut().chain(&mut group.mixed);
        for template in own.chain(group.overrides.iter_mut().filter_map(|one| one.template.as_mut())) {
            *template = template.clone().completed(region, &group.owner);
        }
        for version in self.running {
            let base = group.template.as_ref().or(group.mixed.as_ref()).unwrap();
            let template = TemplateRef { version: Some(version), ..base.clone() };
            let key = (group.owner.clone(), group.name.clone());
            let id = scaling::launch(self.world, &key, &self.region, &template).unwrap();
            group.members.push(Member { id, template });
        }
        let (least, most, desired) = group.sizes;
        let count = u32::try_from(group.members.len()).unwrap();
        group.sizes = (least, most.max(count), desired.max(count));
        let key = (group.owner.clone(), group.name.clone());
        self.world.region(&self.region).scaling_groups.insert(key, self.group);
    }
}

/// What a policy has where nothing else is said.
fn distribution() -> Params {
    let fields = [
        ("OnDemandAllocationStrategy", "prioritized"),
        ("OnDemandBaseCapacity", "0"),
        ("OnDemandPercentageAboveBaseCapacity", "100"),
        ("SpotAllocationStrategy", "lowest-price"),
    ];
    Params(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
}

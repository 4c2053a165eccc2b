//! Seeding Auto Scaling.

use super::super::launchers::{LaunchConfiguration, Override, ScalingGroup, TemplateRef};
use super::super::model::Tags;
use super::super::world::World;

/// An Auto Scaling group about to be put into the world.
pub struct ScalingGroupSeed<'w> {
    world: &'w mut World,
    region: String,
    group: ScalingGroup,
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
            tags: Tags::new(),
        };
        ScalingGroupSeed { world: self, region: region.to_owned(), group }
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
        let key = (group.owner.clone(), group.name.clone());
        region.scaling_groups.insert(key, self.group);
    }
}

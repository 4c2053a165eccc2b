//! Seeding launch templates.

use std::collections::BTreeMap;

use super::super::compute::{Template, TemplateVersion};
use super::super::model::Tags;
use super::super::params::Params;
use super::super::world::World;

/// A launch template about to be put into the world.
pub struct TemplateSeed<'w> {
    world: &'w mut World,
    region: String,
    template: Template,
}

impl World {
    /// A launch template without versions; give it at least one.
    pub fn launch_template(&mut self, account: &str, region: &str, name: &str) -> TemplateSeed<'_> {
        let template = Template {
            id: self.ids.next("lt"),
            owner: account.to_owned(),
            name: name.to_owned(),
            created: self.now(),
            default: 1,
            latest: 0,
            managed: None,
            tags: Tags::new(),
            versions: BTreeMap::new(),
        };
        TemplateSeed { world: self, region: region.to_owned(), template }
    }
}

impl TemplateSeed<'_> {
    /// The next version, by the parameter names of LaunchTemplateData, e.g. `("ImageId", "ami-…")`.
    pub fn version(mut self, data: &[(&str, &str)]) -> Self {
        self.template.latest += 1;
        let data = data.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let version = TemplateVersion {
            number: self.template.latest,
            description: None,
            created: self.template.created,
            data: Params(data.collect()),
        };
        self.template.versions.insert(version.number, version);
        self
    }

    /// The next version, with this image (an id or `resolve:ssm:…`) and a `t3.micro`.
    pub fn image(self, image: &str) -> Self {
        self.version(&[("ImageId", image), ("InstanceType", "t3.micro")])
    }

    /// A volume of a snapshot for the version before.
    pub fn volume(mut self, snapshot: &str) -> Self {
        let version = self.template.versions.get_mut(&self.template.latest).unwrap();
        let number = version.data.structs("BlockDeviceMapping").len() + 1;
        for (field, value) in [("DeviceName", "/dev/sdf"), ("Ebs.SnapshotId", snapshot)] {
            version.data.0.insert(format!("BlockDeviceMapping.{number}.{field}"), value.to_owned());
        }
        self
    }

    /// Number of the default version; 1 unless set.
    pub fn default_version(mut self, number: u64) -> Self {
        self.template.default = number;
        self
    }

    /// Managed by an AWS service, and so hidden from plain listings.
    pub fn managed(mut self, principal: &str) -> Self {
        self.template.managed = Some(principal.to_owned());
        self
    }

    /// A tag.
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.template.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Puts it into the world; gives its id.
    pub fn put(self) -> String {
        assert!(
            self.template.versions.contains_key(&self.template.default),
            "the launch template {} has no default version",
            self.template.name
        );
        let id = self.template.id.clone();
        self.world.region(&self.region).templates.insert(id.clone(), self.template);
        id
    }
}

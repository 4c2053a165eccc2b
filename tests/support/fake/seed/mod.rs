//! Filling the world: builders that end in `put`, and looking into it.

mod bin_rules;
mod changes;
mod fleets;
mod image_options;
mod images;
mod instances;
pub mod organization;
mod parameters;
mod scaling;
mod snapshots;
mod templates;

use chrono::{DateTime, Utc};

use super::compute::{Group, Instance, Template};
use super::launchers::{LaunchConfiguration, ScalingGroup};
use super::model::{Image, Principal, Snapshot};
use super::ssm::Parameter;
use super::world::World;

/// A time in a seed: a `DateTime`, or text such as `2026-01-02` or `2026-01-02T03:04:05Z`.
pub trait When {
    /// The time that is meant.
    fn when(self) -> DateTime<Utc>;
}

impl When for DateTime<Utc> {
    fn when(self) -> DateTime<Utc> {
        self
    }
}

impl When for &str {
    fn when(self) -> DateTime<Utc> {
        let full = if self.contains('T') { self.to_owned() } else { format!("{self}T00:00:00Z") };
        let parsed = DateTime::parse_from_rfc3339(&full);
        parsed.unwrap_or_else(|error| panic!("{self} is no time: {error}")).with_timezone(&Utc)
    }
}

/// A principal as a user writes it: an account number, an ARN, or `all`.
fn named(principal: &Principal) -> String {
    match principal {
        Principal::All => "all".to_owned(),
        Principal::Account(name) | Principal::Organization(name) | Principal::Unit(name) => name.clone(),
    }
}

impl World {
    /// Who may launch an image: `all`, account numbers, ARNs; in this order.
    pub fn launch_permissions(&self, id: &str) -> Vec<String> {
        let image = self.find_image(id).unwrap_or_else(|| panic!("there is no image {id}"));
        image.launch.iter().map(named).collect()
    }

    /// Who may use a snapshot: `all`, account numbers; in this order.
    pub fn snapshot_permissions(&self, id: &str) -> Vec<String> {
        let snapshot = self.find_snapshot(id).unwrap_or_else(|| panic!("there is no snapshot {id}"));
        snapshot.shared.iter().map(named).collect()
    }

    /// An image by id, in whatever region.
    pub fn find_image(&self, id: &str) -> Option<&Image> {
        self.regions.values().find_map(|region| region.images.get(id))
    }

    /// The same to be changed.
    pub fn find_image_mut(&mut self, id: &str) -> Option<&mut Image> {
        self.regions.values_mut().find_map(|region| region.images.get_mut(id))
    }

    /// An image by its name.
    pub fn image_named(&self, account: &str, region: &str, name: &str) -> Option<&Image> {
        let images = &self.regions.get(region)?.images;
        images.values().find(|image| image.owner == account && image.name == name)
    }

    /// All images of an account in a region, whatever their state.
    pub fn images<'a>(&'a self, account: &'a str, region: &str) -> impl Iterator<Item = &'a Image> + use<'a> {
        let images = self.regions.get(region).into_iter().flat_map(|region| region.images.values());
        images.filter(move |image| image.owner == account)
    }

    /// Makes StateMessage of an account's snapshots in a region this, where they fail.
    pub fn say_of_snapshots(&mut self, account: &str, region: &str, message: &str) {
        let snapshots = self.regions.get_mut(region).into_iter().flat_map(|region| region.snapshots.values_mut());
        for snapshot in snapshots.filter(|snapshot| snapshot.owner == account) {
            snapshot.message = Some(message.to_owned());
        }
    }

    /// A snapshot by id, in whatever region.
    pub fn find_snapshot(&self, id: &str) -> Option<&Snapshot> {
        self.regions.values().find_map(|region| region.snapshots.get(id))
    }

    /// All snapshots of an account in a region.
    pub fn snapshots<'a>(&'a self, account: &'a str, region: &str) -> impl Iterator<Item = &'a Snapshot> + use<'a> {
        let all = self.regions.get(region).into_iter().flat_map(|region| region.snapshots.values());
        all.filter(move |snapshot| snapshot.owner == account)
    }

    /// An instance by id, in whatever region.
    pub fn find_instance(&self, id: &str) -> Option<&Instance> {
        self.regions.values().find_map(|region| region.instances.get(id))
    }

    /// All instances of an account in a region.
    pub fn instances<'a>(&'a self, account: &'a str, region: &str) -> impl Iterator<Item = &'a Instance> + use<'a> {
        let all = self.regions.get(region).into_iter().flat_map(|region| region.instances.values());
        all.filter(move |instance| instance.owner == account)
    }

    /// All security groups of an account in a region; there are some once its network was looked at.
    pub fn groups<'a>(&'a self, account: &'a str, region: &str) -> impl Iterator<Item = &'a Group> + use<'a> {
        let all = self.regions.get(region).into_iter().flat_map(|region| region.groups.values());
        all.filter(move |group| group.owner == account)
    }

    /// A launch template by id, in whatever region.
    pub fn find_template(&self, id: &str) -> Option<&Template> {
        self.regions.values().find_map(|region| region.templates.get(id))
    }

    /// All launch templates of an account in a region.
    pub fn templates<'a>(&'a self, account: &'a str, region: &str) -> impl Iterator<Item = &'a Template> + use<'a> {
        let all = self.regions.get(region).into_iter().flat_map(|region| region.templates.values());
        all.filter(move |template| template.owner == account)
    }

    /// An Auto Scaling group.
    pub fn scaling_group(&self, account: &str, region: &str, name: &str) -> Option<&ScalingGroup> {
        self.regions.get(region)?.scaling_groups.get(&(account.to_owned(), name.to_owned()))
    }

    /// All launch configurations of an account in a region.
    pub fn launch_configurations<'a>(
        &'a self,
        account: &'a str,
        region: &str,
    ) -> impl Iterator<Item = &'a LaunchConfiguration> + use<'a> {
        let all = self.regions.get(region).into_iter().flat_map(|region| region.launch_configurations.values());
        all.filter(move |configuration| configuration.owner == account)
    }

    /// All parameters of an account in a region, by their names.
    pub fn parameters<'a>(
        &'a self,
        account: &'a str,
        region: &str,
    ) -> impl Iterator<Item = (&'a str, &'a Parameter)> + use<'a> {
        let all = self.regions.get(region).into_iter().flat_map(|region| &region.parameters);
        all.filter(move |((owner, _), _)| owner == account).map(|((_, name), parameter)| (name.as_str(), parameter))
    }
}

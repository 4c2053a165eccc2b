//! Changes to the world between the steps of a test: what other people, or time, would have done.

use chrono::{DateTime, Duration, Utc};

use super::super::compute::Instance;
use super::super::images::add;
use super::super::model::{Descent, Grave, Image, Phase, Snapshot};
use super::super::recycle_bin::Binned;
use super::super::world::World;

impl World {
    /// An image by id, to be changed as somebody else would change it.
    pub fn image_mut(&mut self, id: &str) -> &mut Image {
        let found = self.regions.values_mut().find_map(|region| region.images.get_mut(id));
        found.unwrap_or_else(|| panic!("there is no image {id}"))
    }

    /// An instance by id, to be changed as somebody else would change it.
    pub fn instance_mut(&mut self, id: &str) -> &mut Instance {
        let found = self.regions.values_mut().find_map(|region| region.instances.get_mut(id));
        found.unwrap_or_else(|| panic!("there is no instance {id}"))
    }

    /// Deletes a launch template, whatever uses it.
    pub fn remove_template(&mut self, region: &str, id: &str) {
        self.region(region).templates.remove(id).unwrap();
    }

    /// Terminates an instance at once.
    pub fn end_instance(&mut self, id: &str) {
        let now = self.now();
        let found = self.regions.values_mut().find_map(|region| region.instances.get_mut(id));
        found.unwrap_or_else(|| panic!("there is no instance {id}")).phase = Phase::settled("terminated", now);
    }

    /// Deregisters an image into the Recycle Bin for so many days, and with it the snapshots that no other image
    /// needs, whatever the rules are.
    pub fn put_in_recycle_bin(&mut self, image: &str, days: i64) {
        let now = self.now();
        let place = self.image_mut(image).region.clone();
        let region = self.region(&place);
        let Some(what) = region.images.remove(image) else { return };
        let grave = Grave { owner: what.owner.clone(), name: what.name.clone(), at: now, was: Descent::of(&what) };
        region.graves.insert(image.to_owned(), grave);
        region.names.remove(&(what.owner.clone(), what.name.clone()));
        let exits = now + Duration::days(days);
        for id in what.snapshots() {
            let Some(snapshot) = region.snapshots.get_mut(id) else { continue };
            snapshot.users.remove(image);
            if snapshot.users.is_empty()
                && let Some(what) = region.snapshots.remove(id)
            {
                region.bin.snapshots.insert(id.to_owned(), Binned { what, entered: now, exits });
            }
        }
        region.bin.images.insert(image.to_owned(), Binned { what, entered: now, exits });
    }

    /// Removes a snapshot for good, also from the Recycle Bin, though an image may need it.
    pub fn lose_snapshot(&mut self, id: &str) {
        for region in self.regions.values_mut() {
            region.snapshots.remove(id);
            region.bin.snapshots.remove(id);
        }
    }

    /// A snapshot, to change it behind everybody's back.
    pub fn snapshot_mut(&mut self, id: &str) -> &mut Snapshot {
        let found = self.regions.values_mut().find_map(|region| region.snapshots.get_mut(id));
        found.unwrap_or_else(|| panic!("there is no snapshot {id}"))
    }

    /// Brings a snapshot back from the Recycle Bin, or an image with its snapshots, as somebody in the console would.
    pub fn take_from_recycle_bin(&mut self, id: &str) {
        for region in self.regions.values_mut() {
            let image = region.bin.images.remove(id).map(|binned| binned.what);
            let ids: Vec<String> = match &image {
                Some(image) => image.snapshots().map(str::to_owned).collect(),
                None => vec![id.to_owned()],
            };
            for id in ids {
                if let Some(binned) = region.bin.snapshots.remove(&id) {
                    region.snapshots.insert(id, binned.what);
                }
            }
            if let Some(image) = image {
                region.graves.remove(id);
                add(region, image, Vec::new());
            }
        }
    }

    /// Until when an image or a snapshot is in the Recycle Bin.
    pub fn in_recycle_bin_until(&self, id: &str) -> Option<DateTime<Utc>> {
        let now = self.now();
        let exits = self.regions.values().find_map(|region| {
            let image = region.bin.images.get(id).map(|binned| binned.exits);
            image.or_else(|| region.bin.snapshots.get(id).map(|binned| binned.exits))
        });
        exits.filter(|exits| now < *exits)
    }
}

//! Seeding Spot requests, Spot Fleet requests and EC2 Fleets.

use super::super::launchers::{Fleet, Override, SpotFleet, SpotRequest, TemplateRef};
use super::super::model::Tags;
use super::super::world::World;

/// A Spot request about to be put into the world.
pub struct SpotRequestSeed<'w> {
    world: &'w mut World,
    region: String,
    request: SpotRequest,
}

/// A Spot Fleet request about to be put into the world.
pub struct SpotFleetSeed<'w> {
    world: &'w mut World,
    region: String,
    fleet: SpotFleet,
}

/// An EC2 Fleet about to be put into the world.
pub struct FleetSeed<'w> {
    world: &'w mut World,
    region: String,
    fleet: Fleet,
}

impl World {
    /// A persistent Spot request that is `open`.
    pub fn spot_request(&mut self, account: &str, region: &str, image: &str) -> SpotRequestSeed<'_> {
        let request = SpotRequest {
            id: self.ids.next("sir"),
            owner: account.to_owned(),
            image: image.to_owned(),
            kind: "t3.micro".to_owned(),
            snapshots: Vec::new(),
            persistent: true,
            state: "open".to_owned(),
            instance: None,
            created: self.now(),
            tags: Tags::new(),
        };
        SpotRequestSeed { world: self, region: region.to_owned(), request }
    }

    /// An `active` Spot Fleet request; give it launch specifications or templates.
    pub fn spot_fleet(&mut self, account: &str, region: &str) -> SpotFleetSeed<'_> {
        let fleet = SpotFleet {
            id: self.ids.next_uuid("sfr"),
            owner: account.to_owned(),
            state: "active".to_owned(),
            images: Vec::new(),
            templates: Vec::new(),
            capacity: 1,
            created: self.now(),
        };
        SpotFleetSeed { world: self, region: region.to_owned(), fleet }
    }

    /// An `active` EC2 Fleet of type `maintain`; give it a template.
    pub fn fleet(&mut self, account: &str, region: &str) -> FleetSeed<'_> {
        let fleet = Fleet {
            id: self.ids.next_uuid("fleet"),
            owner: account.to_owned(),
            kind: "maintain".to_owned(),
            state: "active".to_owned(),
            configs: Vec::new(),
            capacity: 1,
            created: self.now(),
        };
        FleetSeed { world: self, region: region.to_owned(), fleet }
    }
}

impl SpotRequestSeed<'_> {
    /// A volume of a snapshot.
    pub fn volume(mut self, snapshot: &str) -> Self {
        self.request.snapshots.push(snapshot.to_owned());
        self
    }

    /// Launches once only.
    pub fn one_time(mut self) -> Self {
        self.request.persistent = false;
        self
    }

    /// `open`, `active`, `closed`, `cancelled`, `failed` or `disabled`.
    pub fn state(mut self, state: &str) -> Self {
        state.clone_into(&mut self.request.state);
        self
    }

    /// `active`, with the instance it has launched. When that ends, it closes or, if persistent, opens again.
    pub fn instance(mut self, id: &str) -> Self {
        self.request.instance = Some(id.to_owned());
        self.state("active")
    }

    /// A tag.
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.request.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Puts it into the world; gives its id.
    pub fn put(self) -> String {
        let id = self.request.id.clone();
        self.world.region(&self.region).spot_requests.insert(id.clone(), self.request);
        id
    }
}

impl SpotFleetSeed<'_> {
    /// A launch specification with this image.
    pub fn launch_specification(mut self, image: &str) -> Self {
        self.fleet.images.push((image.to_owned(), Vec::new()));
        self
    }

    /// A volume of a snapshot for the launch specification before.
    pub fn volume(mut self, snapshot: &str) -> Self {
        let (_, snapshots) = self.fleet.images.last_mut().unwrap();
        snapshots.push(snapshot.to_owned());
        self
    }

    /// A launch template by name or id, with a version.
    pub fn launch_template(mut self, name_or_id: &str, version: &str) -> Self {
        self.fleet.templates.push(TemplateRef::new(name_or_id, version));
        self
    }

    /// `submitted`, `active`, `cancelled`, `failed`, `cancelled_running`, `cancelled_terminating` or `modifying`.
    pub fn state(mut self, state: &str) -> Self {
        state.clone_into(&mut self.fleet.state);
        self
    }

    /// Puts it into the world; gives its id.
    pub fn put(self) -> String {
        let fleet = &self.fleet;
        assert!(fleet.images.is_empty() != fleet.templates.is_empty(), "specifications or templates, not both");
        let id = fleet.id.clone();
        self.world.region(&self.region).spot_fleets.insert(id.clone(), self.fleet);
        id
    }
}

impl FleetSeed<'_> {
    /// A launch template by name or id, with a version; the overrides that follow are its own.
    pub fn launch_template(mut self, name_or_id: &str, version: &str) -> Self {
        self.fleet.configs.push((TemplateRef::new(name_or_id, version), Vec::new()));
        self
    }

    /// An override with an image of its own.
    pub fn override_image(mut self, image: &str) -> Self {
        let (_, overrides) = self.fleet.configs.last_mut().unwrap();
        overrides.push(Override { image: Some(image.to_owned()), ..Override::default() });
        self
    }

    /// `instant`, `request` or `maintain`.
    pub fn kind(mut self, kind: &str) -> Self {
        kind.clone_into(&mut self.fleet.kind);
        self
    }

    /// `submitted`, `active`, `deleted`, `failed`, `deleted_running`, `deleted_terminating` or `modifying`.
    pub fn state(mut self, state: &str) -> Self {
        state.clone_into(&mut self.fleet.state);
        self
    }

    /// TotalTargetCapacity; 0 is a fleet that sleeps.
    pub fn capacity(mut self, count: u32) -> Self {
        self.fleet.capacity = count;
        self
    }

    /// Puts it into the world; gives its id.
    pub fn put(self) -> String {
        assert!(!self.fleet.configs.is_empty(), "the fleet {} has no template", self.fleet.id);
        let id = self.fleet.id.clone();
        self.world.region(&self.region).fleets.insert(id.clone(), self.fleet);
        id
    }
}

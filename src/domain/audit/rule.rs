//! The description of a rule, from which `audit --rules` and its page in the docs are made.

use super::facts::AuditPlace;
use super::findings::{AuditFinding, IMAGE, Level};
use super::inventory::Inventory;
use crate::domain::image::Image;

/// A rule of the audit.
#[derive(Debug, Clone, Copy)]
pub struct AuditRule {
    /// Its name, which stays.
    pub id: &'static str,
    /// The severity of its findings.
    pub level: Level,
    /// Findings of another severity, in words; empty if there are none.
    pub levels: &'static str,
    /// What it looks at.
    pub looks_at: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// How to mend it.
    pub mend: &'static str,
    /// The key of the configuration file that it goes by, and its default.
    pub setting: Option<(&'static str, &'static str)>,
    /// Its work: at most one finding for each resource.
    pub(super) check: fn(&Inventory<'_>) -> Vec<AuditFinding>,
}

impl AuditRule {
    /// A finding on a resource of a place.
    pub(super) fn on(&self, place: &AuditPlace, kind: &'static str, resource: &str, message: String) -> AuditFinding {
        AuditFinding {
            rule: self.id,
            level: self.level,
            account: place.account.clone(),
            region: Some(place.region.clone()),
            resource: resource.to_owned(),
            kind,
            message,
            hint: None,
            pin: None,
            also: Vec::new(),
        }
    }

    /// A finding on an image of a place.
    pub(super) fn on_image(&self, place: &AuditPlace, image: &Image, message: String) -> AuditFinding {
        let also = image.name.iter().cloned().collect();
        AuditFinding { also, ..self.on(place, IMAGE, image.id.as_str(), message) }
    }
}

//! Checks of what commands may do: every account and region of a run, side by side.

mod entry;
mod place;

use anyhow::Result;

use super::run::concurrency::{self, LOOKUPS};
use super::run::context::Context;
use crate::domain::permissions_table::{ActionCheck, Finding, Lack, Needs};
use crate::domain::problem::PlaceError;

/// What was found.
#[derive(Debug, Default)]
pub struct Examination {
    /// Each need of each command in each place.
    pub checks: Vec<ActionCheck>,
    /// What places lack.
    pub missing: Vec<Lack>,
    /// The number of places, those that could not be entered included.
    pub places: usize,
    /// Accounts of the organization that are not active; nothing is tried there.
    pub inactive: Vec<PlaceError>,
}

/// Tries what the commands need.
pub async fn examine(context: &Context, commands: &[&'static Needs]) -> Result<Examination> {
    let places = context.session().await?.places().await;
    let bar = context.printer.bars().count(places.targets.len() as u64, "trying permissions");
    let each = concurrency::each(LOOKUPS, &places.targets, |target| async {
        let found = place::place(target, commands, context.now).await;
        bar.step();
        found
    });
    let mut all = Examination { inactive: places.inactive.clone(), ..Examination::default() };
    for error in &places.errors {
        let (checks, lack) = entry::refused(context, error, commands);
        all.add(checks, lack);
    }
    for found in each.await {
        let (checks, lack) = found?;
        all.add(checks, lack);
    }
    Ok(all)
}

impl Examination {
    /// The checks that ended so.
    pub fn denied(&self) -> Vec<&ActionCheck> {
        self.checks.iter().filter(|check| check.finding == Finding::Denied).collect()
    }

    fn add(&mut self, checks: Vec<ActionCheck>, lack: Option<Lack>) {
        self.places += 1;
        self.checks.extend(checks);
        self.missing.extend(lack);
    }
}

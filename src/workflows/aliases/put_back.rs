//! The way back from a run that moved aliases: a line for each place that it wrote, or words.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::moves::{AliasMove, MoveRequest};
use crate::domain::alias::NoteAction;
use crate::domain::alias_gates::objection_to;
use crate::domain::alias_report::{AliasOutcome, CONCURRENT};
use crate::domain::command_line::amictl;
use crate::domain::ids::ImageId;
use crate::domain::image::Image;

/// How what was written is put back.
#[derive(Default)]
pub struct BackLines {
    /// Command lines. Each names its image, and does nothing where that one still stands.
    pub lines: Vec<String>,
    /// What no line puts back.
    pub told: Vec<String>,
}

/// The way back, place by place. What somebody else changed at the same time is left to them.
pub fn of(request: &MoveRequest, moves: &[AliasMove], outcomes: &[AliasOutcome], now: DateTime<Utc>) -> BackLines {
    let mut back = BackLines::default();
    let mut new: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let written = |(_, outcome): &(&AliasMove, &AliasOutcome)| outcome.changed && !outcome.is(CONCURRENT);
    for (step, outcome) in moves.iter().zip(outcomes).filter(written) {
        let Some(current) = &step.current else {
            let account = outcome.account.as_ref().map_or_else(String::new, ToString::to_string);
            new.entry(account).or_default().insert(step.target.region.as_str());
            continue;
        };
        let usable = match &outcome.from {
            None => Err(format!("it named {}, which is no image", current.value)),
            Some(from) => objection(step, from, now).map_or(Ok(from), Err),
        };
        match usable {
            Ok(from) => back.lines.push(line(request, step, from)),
            Err(why) => {
                let other = amictl("rollback").word(&request.parameter).word("--to").word("REF");
                let other = other.options(step.target.options());
                let place = outcome.place();
                back.told
                    .push(format!("what {place} named before cannot be put back: {why}; name another with: {other}"));
            }
        }
    }
    if !new.is_empty() {
        let regions = |regions: BTreeSet<&str>| Vec::from_iter(regions).join(", ");
        let places: Vec<_> =
            new.into_iter().map(|(account, of)| format!("account {account} ({})", regions(of))).collect();
        // A line that deletes could hit another account.
        back.told.push(format!(
            "{} is new in {}: to remove it, delete the SSM parameter {} there, with credentials of that account",
            request.parameter,
            places.join(", "),
            request.parameter.parameter()
        ));
    }
    back
}

/// Why no alias may name the image before any more.
fn objection(step: &AliasMove, from: &ImageId, now: DateTime<Utc>) -> Option<String> {
    let Some(before) = &step.before else { return Some(format!("{from} is gone, or not visible there")) };
    objection_to(before, now)
}

fn line(request: &MoveRequest, step: &AliasMove, from: &ImageId) -> String {
    let parameter = &request.parameter;
    let line = match request.action {
        NoteAction::Promote => amictl("rollback").word(parameter).word("--to").word(from),
        // A rollback would take the place of the image below.
        NoteAction::Rollback => {
            let line = amictl("promote").word(from).word("--to").word(parameter.alias());
            let line = line.word("--family").word(parameter.family());
            let architecture = |image: &Image| image.architecture.clone();
            match step.before.as_ref().map(architecture) == step.image.as_ref().map(architecture) {
                true => line,
                false => line.word("--allow-arch-change"),
            }
        }
    };
    line.options(step.target.options()).to_string()
}

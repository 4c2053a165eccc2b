//! The end of `revoke` and `unrevoke`: the report, and what is left, with the lines that do it.

use anyhow::Result;

use super::users::Users;
use crate::domain::command_line::amictl;
use crate::domain::count::counted;
use crate::domain::failure::{Failure, Kind};
use crate::domain::report::{Outcome, Report, Warning};
use crate::workflows::change::each::Changes;
use crate::workflows::run::context::{self, Context};

/// What became of a run.
pub struct Revoked {
    pub(super) marks: Changes,
    pub(super) disabled: Option<Changes>,
    /// The rows of named images that are gone.
    pub(super) gone: Vec<Outcome>,
    pub(super) users: Users,
    /// Whether images are to be disabled, too.
    pub(super) disables: bool,
    /// The command line that shows who uses the marked images, where that was not read.
    pub(super) unknown_use: Option<String>,
    /// The same line, for sources that could not be read.
    pub(super) refs: String,
}

impl Revoked {
    /// The report to show; none for a dry run. Disabling has rows of its own.
    pub fn report(&self) -> Option<Report> {
        let mut report = self.changes()?;
        report.results.extend(self.gone.iter().cloned());
        report.warnings.extend(self.users.warnings.iter().cloned());
        report.errors.extend(self.users.unread.iter().cloned());
        Some(report)
    }

    fn changes(&self) -> Option<Report> {
        let mut report = self.marks.report()?.clone();
        let disabled = self.disabled.as_ref().and_then(Changes::report);
        report.results.extend(disabled.into_iter().flat_map(|disabled| disabled.results.iter().cloned()));
        Some(report)
    }

    /// Who uses the images, in words.
    pub fn warnings(&self) -> &[Warning] {
        &self.users.warnings
    }

    /// The lines that take the aliases of revoked images back.
    pub fn rollbacks(&self) -> &[String] {
        &self.users.rollbacks
    }

    /// Ends the run: first what was not marked, then what was not disabled, then what is not known of the use.
    pub fn conclude(&self, context: &Context) -> Result<()> {
        context::tell_errors(context, &self.users.unread);
        for row in &self.gone {
            context.printer.say(format!("{} is gone, or no account of the run sees it: it has no mark", row.image_id));
        }
        if let Some(refs) = &self.unknown_use {
            context.printer.tell(&format!("who uses the marked images was not read; see it with: {refs}"));
        }
        if context.stop.asked()
            && let Some(changes) = self.changes()
        {
            // One line does the rest of both: a mark that is set stays, and what is marked is disabled.
            return self.marks.conclude_with(context, &changes);
        }
        self.marks.conclude(context)?;
        if self.disables {
            self.not_disabled(context)?;
        }
        if let Some(disabled) = &self.disabled {
            disabled.conclude(context)?;
        }
        let Some(unread) = counted(self.users.unread.len(), "source") else { return Ok(()) };
        let message = format!("{unread} of use could not be read: more may use the revoked images");
        let hint = match self.marks.report() {
            Some(_) => format!("all of them are marked; once the sources can be read: {}", self.refs),
            None => "nothing was changed".to_owned(),
        };
        Err(Failure::new(Kind::Partial, "PartialUse", message).hint(hint).into())
    }

    /// The refusal of images that are in use, or may be.
    fn not_disabled(&self, context: &Context) -> Result<()> {
        let refused = &self.users.refused;
        let Some((_, first)) = refused.values().next() else { return Ok(()) };
        let more = if refused.len() > 1 { format!("; and {} more", refused.len() - 1) } else { String::new() };
        let (said, hint) = match self.marks.report() {
            Some(_) => {
                let regions = refused.values().map(|(region, _)| region.clone()).collect();
                let line = amictl("disable").words(refused.keys()).options(context.invocation.everywhere(&regions));
                ("revoked, but not disabled", format!("once nothing uses them, and all sources can be read: {line}"))
            }
            None => ("dry run: would be revoked, but not disabled", "nothing was changed".to_owned()),
        };
        let message = format!("{said}: {}{more}", first.message);
        Err(Failure::new(Kind::Refused, first.code.clone(), message).hint(hint).into())
    }
}

//! Writes of what was checked: a version, and the default if it was asked for.

use super::check::TemplatePlan;
use crate::domain::problem::Problem;
use crate::domain::report::Status;
use crate::domain::template_outcome::TemplateOutcome;
use crate::service::client::error::ApiError;
use crate::service::launch_templates::{self, LaunchTemplate, MadeVersion, NAME_TAKEN};
use crate::workflows::run::context::Context;

/// The code of a template that somebody else has changed since it was checked.
const CHANGED: &str = "ConcurrentChange";

impl TemplatePlan {
    /// Writes what was checked. An answer that was lost is looked for.
    pub(super) async fn apply(&self, context: &Context) -> TemplateOutcome {
        let mut outcome = self.outcome().await;
        let made = match self.same {
            Some(number) => {
                outcome.version = Some(number);
                None
            }
            None => match self.make(context).await {
                Ok(made) => Some(made),
                Err(problem) => {
                    outcome.status = Status::Failed(problem);
                    return outcome;
                }
            },
        };
        if let Some(made) = made {
            (outcome.id, outcome.version, outcome.changed) = (Some(made.template), Some(made.number), true);
            outcome.default = outcome.default.or(Some(made.number));
            outcome.newest = outcome.newest.max(Some(made.number));
            outcome.warnings = made.warnings;
            if !made.as_asked {
                let message =
                    format!("EC2 shows version {} with another image or other snapshots than asked for", made.number);
                outcome.status = Status::Failed(Problem { code: "TemplateNotAsAsked".to_owned(), message });
                return outcome;
            }
        }
        if let Err(problem) = self.default(&mut outcome).await {
            outcome.status = Status::Failed(problem);
        }
        outcome
    }

    /// What holds before anything is written.
    pub(super) async fn outcome(&self) -> TemplateOutcome {
        TemplateOutcome {
            account: self.target.account().await.ok().cloned(),
            region: self.target.region.clone(),
            id: self.template.as_ref().map(|template| template.id.clone()),
            name: self.name.clone(),
            version: None,
            default: self.template.as_ref().map(|template| template.default),
            newest: self.template.as_ref().map(LaunchTemplate::newest),
            default_before: self.template.as_ref().map(|template| template.default),
            field: self.image.text.clone(),
            image: Box::new(self.image.image.clone()),
            from: self.template.as_ref().and_then(|template| template.image()?.parse().ok()),
            changed: false,
            groups: self.groups.clone(),
            warnings: Vec::new(),
            detail: None,
            status: Status::Done,
        }
    }

    async fn make(&self, context: &Context) -> Result<MadeVersion, Problem> {
        let made = match &self.template {
            None => {
                let made_by = &context.maker.program;
                launch_templates::create(&self.target, &self.name, &self.new, made_by, false).await
            }
            Some(template) => launch_templates::add(&self.target, template, &self.new, false).await,
        };
        match made {
            Ok(Some(made)) => Ok(made),
            Ok(None) => Err(ApiError::unreadable("CreateLaunchTemplateVersion", &self.target.region).problem()),
            Err(error) if error.answer_lost || error.is(NAME_TAKEN) => self.found(error).await,
            Err(error) => Err(error.problem()),
        }
    }

    /// The version after a lost answer: one with the same contents, or the error.
    async fn found(&self, error: ApiError) -> Result<MadeVersion, Problem> {
        let found = launch_templates::find(&self.target, &self.name).await;
        let same = |found: LaunchTemplate| Some((found.same(&self.new)?, found.id));
        match found.ok().flatten().and_then(same) {
            Some((number, template)) => Ok(MadeVersion { template, number, warnings: Vec::new(), as_asked: true }),
            None if error.answer_lost => {
                let message =
                    format!("{}; whether a version was made is unknown: run the command again", error.message);
                Err(Problem { code: error.code, message })
            }
            None => Err(error.problem()),
        }
    }

    /// Makes the version the default, unless it is or was not asked to be.
    async fn default(&self, outcome: &mut TemplateOutcome) -> Result<(), Problem> {
        let (Some(template), Some(number)) = (&self.template, outcome.version) else { return Ok(()) };
        if !self.default || template.default == number {
            return Ok(());
        }
        if let Some(warning) = outcome.warnings.first() {
            let message =
                format!("version {number} was made, and is not the default, as EC2 warns: {}", warning.message);
            return Err(Problem { code: warning.code.clone(), message });
        }
        let left = |error: ApiError| Problem {
            code: error.code,
            message: format!(
                "version {number} is there, and the default is still {}: {}",
                template.default, error.message
            ),
        };
        let now = launch_templates::default_of(&self.target, &template.id).await.map_err(left)?;
        outcome.default = Some(now);
        if now != template.default && now != number {
            let message = format!(
                "somebody else has made version {now} the default in place of {} meanwhile; version {number} is there, and is \
                 not the default",
                template.default
            );
            return Err(Problem { code: CHANGED.to_owned(), message });
        }
        if now != number
            && let Err(error) = launch_templates::make_default(&self.target, &template.id, number, false).await
        {
            let seen = match error.answer_lost {
                true => launch_templates::default_of(&self.target, &template.id).await.ok(),
                false => Some(now),
            };
            outcome.default = seen;
            match seen {
                Some(seen) if seen == number => {}
                Some(_) => return Err(left(error)),
                None => {
                    let message = format!("whether version {number} is the default now is unknown: {}", error.message);
                    return Err(Problem { code: error.code, message });
                }
            }
        }
        (outcome.default, outcome.changed) = (Some(number), true);
        Ok(())
    }
}

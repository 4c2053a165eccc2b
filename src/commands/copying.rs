//! Making copies in many regions, with all that is done to them once they are there.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Error, Result};
use futures::StreamExt;

use super::Context;
use super::finishing::{self, Steps, Unfinished};
use super::foreign::{self, Owner};
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::lineage;
use crate::domain::region::Region;
use crate::domain::report::{Outcome, PlaceError, Problem};
use crate::domain::tagging::{CopyTags, Tags};
use crate::exit;
use crate::output::{self, Options};
use crate::service::copy::{self, Encryption, Request, Started};
use crate::service::{Target, wait};

/// How many regions are copied to at a time.
const SIDE_BY_SIDE: usize = 32;

/// What to copy, and how.
#[derive(Clone)]
pub struct Copies {
    /// The image.
    pub source: Image,
    /// Its owner, where that is another account and a role leads there.
    pub owner: Option<Owner>,
    /// The regions.
    pub to: Vec<Region>,
    /// The name of the copies.
    pub name: String,
    /// How each region encrypts; regions without an entry as the source.
    pub encryption: BTreeMap<Region, Encryption>,
    /// Whether tags are copied.
    pub tags: bool,
    /// Whether to wait.
    pub wait: bool,
    /// What is done to each copy.
    pub steps: Steps,
}

impl Copies {
    /// Plain copies of `source` under its own name, to no region yet.
    pub fn of(source: Image) -> Self {
        let name = source.name.clone().unwrap_or_else(|| source.id.to_string());
        Self {
            source,
            owner: None,
            to: Vec::new(),
            name,
            encryption: BTreeMap::new(),
            tags: true,
            wait: true,
            steps: Steps::default(),
        }
    }

    /// How the copy in a region is encrypted.
    pub fn encryption(&self, region: &Region) -> Encryption {
        self.encryption.get(region).cloned().unwrap_or(Encryption::AsSource)
    }

    /// The options of a command line that the owner of the image runs.
    pub fn owner_options(&self) -> String {
        match &self.owner {
            Some(owner) => owner.target.options(),
            None => format!("--region {}", self.source.region),
        }
    }

    /// What EC2 is asked for in a region.
    pub fn request(&self, region: &Region) -> Request {
        let tags = CopyTags {
            source: &self.source.tags,
            old_name: self.source.name.as_deref().unwrap_or_default(),
            new_name: &self.name,
            origin: lineage::mark(&self.source),
        };
        Request {
            source: self.source.clone(),
            name: self.name.clone(),
            encryption: self.encryption(region),
            tags: if self.tags { tags.tags() } else { Tags::new() },
        }
    }
}

/// What a run has made, and what was done to it.
#[derive(Default)]
pub struct Made {
    /// The images.
    pub images: Vec<Image>,
    /// The steps taken with them, and those that could not be.
    pub steps: Vec<Outcome>,
    /// Where no image could be made.
    pub errors: Vec<PlaceError>,
}

/// What became of one copy.
struct Copied {
    region: Region,
    result: Result<Image>,
    steps: Vec<Outcome>,
}

/// Makes all copies side by side and shows them after what was made `before`. A region that fails is reported and does
/// not stop the others.
pub async fn carry_out(context: &Context, target: &Target, copies: &Copies, before: Made) -> Result<()> {
    let regions: BTreeSet<Region> = copies.to.iter().cloned().collect();
    let one = |region: Region| async move { one(context, &target.in_region(&region), copies).await };
    let results: Vec<Copied> = futures::stream::iter(regions).map(one).buffered(SIDE_BY_SIDE).collect().await;
    // What is not made by copying alone is called otherwise when it is left half done.
    let part = if before.images.is_empty() { "PartialCopy" } else { "PartialCreate" };
    let (mut made, mut failed) = (before, Vec::new());
    for Copied { region, result, steps } in results {
        made.steps.extend(steps);
        match result {
            Ok(image) => made.images.push(image),
            Err(error) => {
                let last = exit::last_word(&error);
                let hint = last.hint.as_ref().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
                context.printer.tell(&format!("{region}: {}{hint}", last.message));
                let problem = Problem { code: last.code, message: last.message };
                made.errors.push(target.in_region(&region).error(problem).await);
                failed.push(error);
            }
        }
    }
    show(context, &made)?;
    end(context, target, copies, &made, failed, part)
}

/// Writes what was made to stdout.
pub fn show(context: &Context, made: &Made) -> Result<()> {
    let options = Options { steps: made.steps.clone(), ..Options::default() };
    output::images(&context.printer, &made.images, &made.errors, &options, context.now)
}

/// How the run ends: with what is left to do, and how to do it.
fn end(
    context: &Context,
    target: &Target,
    copies: &Copies,
    made: &Made,
    mut failed: Vec<Error>,
    part: &'static str,
) -> Result<()> {
    let left = made.steps.iter().filter(|step| !finishing::is_done(step)).count();
    if failed.is_empty() && left == 0 {
        return Ok(());
    }
    let hint = format!("finish it with: {}", again(target, copies, made).join(" && "));
    let interrupted = failed.iter().position(|error| exit::last_word(error).exit == exit::INTERRUPTED);
    let stopped = interrupted.is_some() || (left > 0 && context.stop.asked());
    if made.images.is_empty() || interrupted.is_some() {
        let error = failed.swap_remove(interrupted.unwrap_or(0));
        // What goes on at AWS will not go through the steps by itself.
        return Err(match error.downcast_ref::<Failure>() {
            Some(failure)
                if left > 0 && matches!(failure.kind, Kind::TimedOut | Kind::Interrupted | Kind::OutOfSight) =>
            {
                failure.clone().hint(hint).into()
            }
            _ => error,
        });
    }
    let asked = copies.to.iter().collect::<BTreeSet<_>>().len();
    let regions = (!failed.is_empty()).then(|| format!("{} of {asked} regions failed", failed.len()));
    let steps = (left > 0).then(|| format!("{left} of {} steps are not done", made.steps.len()));
    let message = regions.into_iter().chain(steps).collect::<Vec<_>>().join(", ");
    let failure = match (stopped, failed.is_empty()) {
        (true, _) => Failure::new(Kind::Interrupted, "Interrupted", format!("interrupted: {message}")),
        (false, true) => Failure::new(Kind::Partial, part, message),
        (false, false) => Failure::new(Kind::Partial, "PartialCopy", message),
    };
    Err(failure.hint(hint).into())
}

/// The command lines that do the rest: the copies that failed, those that are there being adopted, and the steps that
/// failed with images that are there.
fn again(target: &Target, copies: &Copies, made: &Made) -> Vec<String> {
    let failed: Vec<&Region> = made.errors.iter().map(|error| &error.region).collect();
    let mut lines = copies.steps.commands(target, made.steps.iter().filter(|step| !failed.contains(&&step.region)));
    if !failed.is_empty() {
        lines.push(command(target, copies, &failed));
    }
    lines
}

/// The command line that makes the copies in these regions.
pub fn command(target: &Target, copies: &Copies, regions: &[&Region]) -> String {
    let to: Vec<_> = regions.iter().map(|region| region.as_str()).collect();
    let name = copies.name.replace('\'', "'\\''");
    let mut line = format!("amictl copy {} --to {} --name '{name}'", copies.source.id, to.join(","));
    if let Some(owner) = &copies.owner {
        line.push_str(&format!(" --from-role-arn {}", owner.role));
    }
    let keys: Vec<_> = regions.iter().filter_map(|region| Some((region, copies.encryption.get(region)?))).collect();
    line.push_str(if keys.is_empty() { "" } else { " --encrypt" });
    for (region, encryption) in keys {
        if let Encryption::Key(key) = encryption {
            line.push_str(&format!(" --kms-key {region}={key}"));
        }
    }
    line.push_str(if copies.tags { "" } else { " --no-tags" });
    format!("{line}{} {}", copies.steps.options(), target.options())
}

async fn one(context: &Context, to: &Target, copies: &Copies) -> Copied {
    let region = to.region.clone();
    let request = copies.request(&region);
    let started = match copy::start(to, &request).await {
        Ok(started) => started,
        Err(error) => {
            let error = foreign::explained(to, copies, error).await;
            return Copied { region, result: Err(error), steps: Vec::new() };
        }
    };
    let id = started.id();
    match &started {
        Started::New(id) => context.printer.say(format!("copying {} to {region} as {id}", copies.source.id)),
        Started::Adopted(id) => {
            context.printer.say(format!("{id} in {region} is a copy of {} already", copies.source.id));
        }
    }
    match completed(context, to, copies, &started, &request).await {
        Ok(image) => {
            let steps = copies.steps.take(context, to, &image).await;
            Copied { region, result: Ok(image), steps }
        }
        Err(error) => {
            let error = foreign::failed(to, copies, id, error).await;
            let image = Unfinished { target: to, id, name: &copies.name };
            let steps = copies.steps.left(context, image, &exit::last_word(&error).code).await;
            Copied { region, result: Err(error), steps }
        }
    }
}

/// Waits until the copy is available, and sees to its tags.
async fn completed(
    context: &Context,
    to: &Target,
    copies: &Copies,
    started: &Started,
    request: &Request,
) -> Result<Image> {
    let (id, fresh) = (started.id(), matches!(started, Started::New(_)));
    if !copies.wait {
        return wait::image_visible(to, id, &context.patience()).await;
    }
    let mut image = context
        .watched(format!("{} {id}", to.region), async |watch| {
            wait::image_available(to, id, fresh, &context.patience(), watch).await
        })
        .await?;
    copy::complete(to, &mut image, &request.tags).await?;
    Ok(image)
}

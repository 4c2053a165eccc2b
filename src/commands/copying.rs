//! Making copies in many accounts and regions, with all that is done to them once they are there.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Error, Result};
use futures::StreamExt;

use super::finishing::{Steps, Unfinished};
use super::{Context, foreign, is_stopped, remaining};
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::lineage;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::region::Region;
use crate::domain::report::Outcome;
use crate::domain::tags::{CopyTags, Tags};
use crate::exit;
use crate::output::{self, Options};
use crate::service::copy::{self, Encryption, Request, Started};
use crate::service::room::Room;
use crate::service::{Target, stopping, wait};

/// How many copies are under way at a time: most of their time EC2 works and they wait.
const SIDE_BY_SIDE: usize = 128;

/// What to copy to an account, and how.
#[derive(Clone)]
pub struct Copies {
    /// The account, in the region of the source.
    pub target: Target,
    /// What messages call the account, where there are several.
    pub whose: Option<String>,
    /// The image, as the account sees it.
    pub source: Image,
    /// Its owner, where that is another account that can be entered.
    pub owner: Option<Target>,
    /// The regions.
    pub to: BTreeSet<Region>,
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
    pub fn of(target: Target, source: Image) -> Self {
        let name = source.name.clone().unwrap_or_else(|| source.id.to_string());
        Self {
            target,
            whose: None,
            source,
            owner: None,
            to: BTreeSet::new(),
            name,
            encryption: BTreeMap::new(),
            tags: true,
            wait: true,
            steps: Steps::default(),
        }
    }

    /// A region as messages name it.
    pub fn at(&self, region: &Region) -> String {
        match &self.whose {
            Some(account) => format!("account {account}, region {region}"),
            None => region.to_string(),
        }
    }

    /// How the copy in a region is encrypted.
    pub fn encryption(&self, region: &Region) -> Encryption {
        self.encryption.get(region).cloned().unwrap_or(Encryption::AsSource)
    }

    /// What messages say of something that failed: a region, or all of an account.
    pub fn failing(&self, region: Option<&Region>) -> String {
        match (region, &self.whose) {
            (None, Some(account)) => format!("account {account}"),
            _ => self.at(region.unwrap_or(&self.target.region)),
        }
    }

    /// The options of a command line that the owner of the image runs.
    pub fn owner_options(&self) -> String {
        match &self.owner {
            Some(owner) => owner.options(),
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

/// Copies to one account that are not made.
pub struct Failed {
    /// Which account: the place of its copies in the list of all.
    pub of: usize,
    /// The region that failed; all of them where the account cannot copy the image at all.
    pub region: Option<Region>,
    /// Why.
    pub error: Error,
}

/// What became of one copy.
struct Copied {
    of: usize,
    region: Region,
    result: Result<Image>,
    steps: Vec<Outcome>,
}

/// The accounts that are not refused, as places in the list of all.
pub fn open<'a>(all: &'a [Copies], refused: &'a [Failed]) -> impl Iterator<Item = usize> + use<'a> {
    (0..all.len()).filter(|of| !refused.iter().any(|failed| failed.of == *of))
}

/// Makes all copies side by side and shows them after what was made `before`. A region or an account that fails is
/// reported and does not stop the others; those that were `refused` are not tried.
pub async fn carry_out(context: &Context, all: &[Copies], refused: Vec<Failed>, before: Made) -> Result<()> {
    // What is not made by copying alone is called otherwise when it is left half done.
    let part = if before.images.is_empty() { "PartialCopy" } else { "PartialCreate" };
    let each = open(all, &refused).flat_map(|of| all[of].to.iter().map(move |region| (of, region.clone())));
    let each: Vec<_> = each.collect();
    let one = |(of, region)| async move { one(context, &all[of], of, region).await };
    let results: Vec<Copied> = futures::stream::iter(each).map(one).buffered(SIDE_BY_SIDE).collect().await;
    let (mut made, mut failed) = (before, refused);
    for Copied { of, region, result, steps } in results {
        made.steps.extend(steps);
        match result {
            Ok(image) => made.images.push(image),
            Err(error) => failed.push(Failed { of, region: Some(region), error }),
        }
    }
    failed.sort_by_key(|failed| failed.of);
    for Failed { of, region, error } in &failed {
        let problem = tell_failed(context, &all[*of].failing(region.as_ref()), error);
        let at = &all[*of].target;
        made.errors.push(at.in_region(region.as_ref().unwrap_or(&at.region)).error(problem).await);
    }
    show(context, &made, all.len() > 1)?;
    remaining::end(context, all, &made, failed, part)
}

/// Says why something could not be done, and what to do about it.
pub fn tell_failed(context: &Context, at: &str, error: &Error) -> Problem {
    let last = exit::last_word(error);
    context.printer.tell(&format!("{at}: {}", last.message));
    last.hint.iter().for_each(|hint| context.printer.tell(&format!("  hint: {hint}")));
    Problem { code: last.code, message: last.message }
}

/// Writes what was made to stdout.
pub fn show(context: &Context, made: &Made, several: bool) -> Result<()> {
    let options = Options { steps: made.steps.clone(), owners: several, ..Options::default() };
    output::images(&context.printer, &made.images.iter().collect::<Vec<_>>(), &made.errors, &options, context.now)
}

async fn one(context: &Context, copies: &Copies, of: usize, region: Region) -> Copied {
    let (result, steps) = match begin(context, copies, &region).await {
        Ok((to, started)) => finish(context, copies, &to, &started).await,
        Err(error) => (Err(error), Vec::new()),
    };
    Copied { of, region, result, steps }
}

/// Has EC2 begin the copy, or finds the one that is there.
async fn begin(context: &Context, copies: &Copies, region: &Region) -> Result<(Target, Started)> {
    let (to, at) = (copies.target.in_region(region), copies.at(region));
    let tell = |text: String| context.printer.say(text);
    let (request, room) = (copies.request(region), Room::new(context.patience(), &tell));
    let started = match stopping::begin(&context.stop, copy::start(&to, &request, &room)).await {
        Ok(started) => started,
        Err(error) if is_stopped(&error) => {
            let failure = Failure::new(Kind::Interrupted, "Interrupted", "interrupted before it began");
            return Err(failure.hint("run the command again: what is there is adopted").into());
        }
        Err(error) => return Err(foreign::explained(&to, copies, error).await),
    };
    let source = &copies.source.id;
    context.printer.say(match &started {
        Started::New(id) => format!("copying {source} to {at} as {id}"),
        Started::Adopted(id) => format!("{id} in {at} is a copy of {source} already"),
    });
    Ok((to, started))
}

/// Waits for the copy, and takes the steps with it.
async fn finish(context: &Context, copies: &Copies, to: &Target, started: &Started) -> (Result<Image>, Vec<Outcome>) {
    match completed(context, to, copies, started).await {
        Ok(image) => {
            let steps = copies.steps.take(context, to, &image).await;
            (Ok(image), steps)
        }
        Err(error) => {
            let error = foreign::failed(to, copies, started.id(), error).await;
            let image = Unfinished { target: to, id: started.id(), name: &copies.name };
            let steps = copies.steps.left(context, image, &exit::last_word(&error).code).await;
            (Err(error), steps)
        }
    }
}

/// Waits until the copy is available, and sees to its tags.
async fn completed(context: &Context, to: &Target, copies: &Copies, started: &Started) -> Result<Image> {
    let (id, fresh) = (started.id(), matches!(started, Started::New(_)));
    if !copies.wait {
        return wait::image_visible(to, id, &context.patience()).await;
    }
    let mut image = context
        .watched(format!("{} {id}", copies.at(&to.region)), async |watch| {
            wait::image_available(to, id, fresh, &context.patience(), watch).await
        })
        .await?;
    let request = copies.request(&to.region);
    if !fresh {
        copy::as_asked(to, &request, &image).await?;
    }
    copy::complete(to, &mut image, &request.tags).await?;
    mark(context, to, &image).await;
    Ok(image)
}

/// Has the snapshots of a copy say that they are its own. The copy is good without: it is only that `orphans` then keeps
/// them for doubt once it is gone.
pub async fn mark(context: &Context, to: &Target, image: &Image) {
    if let Err(error) = copy::mark(to, image).await {
        let message = format!("warning: the snapshots of {} in {} could not be tagged", image.id, image.region);
        context.printer.tell(&format!("{message}, so that 'amictl orphans' will keep them for doubt: {error}"));
    }
}

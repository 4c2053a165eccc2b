//! Who uses an image. One file a source; this one reads them side by side and merges what they find.
//!
//! It fails closed: a source that cannot be read to its end is *failed*, never empty.

mod auto_scaling_groups;
mod ec2_fleets;
mod files;
mod image_references;
mod instances;
mod launch_configurations;
mod launch_templates;
mod spot_requests;
mod ssm_parameters;
mod templates;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use futures::FutureExt;
use tokio::sync::OnceCell;

use super::target::Target;
use crate::domain::ids::ImageId;
use crate::domain::report::Problem;
use crate::domain::usage::{Reference, Source, SourceState, SourceStatus, Usage};
use templates::{Templates, Wanted};

/// What a source found: how much it looked at, and what names which image.
#[derive(Debug, Default)]
struct Found {
    read: usize,
    references: Vec<(ImageId, Reference)>,
    /// What was passed over, and hides no use.
    warnings: Vec<Problem>,
}

impl Found {
    /// Notes that something names `image`, if it names one. A name that is not an image id is a problem: it may
    /// stand for any image.
    fn add(
        &mut self,
        source: Source,
        image: Option<&str>,
        kind: &'static str,
        id: &str,
        detail: String,
    ) -> Result<(), Problem> {
        let Some(image) = image.filter(|text| !text.is_empty()) else { return Ok(()) };
        let image = image.parse().map_err(|error| Problem {
            code: "UnreadableImage".to_owned(),
            message: format!("{kind} {id} ({detail}): {error}"),
        })?;
        self.references.push((image, Reference { source, kind, id: id.to_owned(), detail }));
        Ok(())
    }

    /// Notes an image id found in a text; a text that is none names no image.
    fn mention(&mut self, source: Source, text: &str, kind: &'static str, id: &str, detail: String) {
        if let Ok(image) = text.parse() {
            self.references.push((image, Reference { source, kind, id: id.to_owned(), detail }));
        }
    }
}

/// The launch templates of a place, read when the first source asks for them.
struct Catalog<'a> {
    target: &'a Target,
    templates: OnceCell<Result<Templates, Problem>>,
}

impl Catalog<'_> {
    async fn templates(&self) -> Result<&Templates, Problem> {
        self.templates.get_or_init(|| Templates::read(self.target)).await.as_ref().map_err(Clone::clone)
    }

    /// The image that `user` gets by a template, and the template version it gets it by.
    async fn image(&self, wanted: &Wanted, user: &str) -> Result<(Option<String>, String), Problem> {
        let (version, image) = self
            .templates()
            .await?
            .image(wanted)
            .map_err(|problem| Problem { message: format!("{user}: {}", problem.message), ..problem })?;
        Ok((image.map(str::to_owned), format!("launch template {}:{}", version.name, version.number)))
    }
}

/// Where to look for use.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Sources that the user knowingly leaves out.
    pub without: BTreeSet<Source>,
    /// Files and folders in which image ids count as use.
    pub files: Vec<PathBuf>,
}

/// Reads every source in scope, all pages of each. `done` is called after each.
///
/// Only EC2's image references are asked for by image: the others are read while `candidates` are still being found.
pub async fn find(
    target: &Target,
    candidates: impl Future<Output = BTreeSet<ImageId>>,
    scope: &Scope,
    done: &(dyn Fn(Source) + Send + Sync),
) -> Usage {
    let account = target.account().await.ok().cloned();
    let catalog = Catalog { target, templates: OnceCell::new() };
    let files = (!scope.files.is_empty()).then_some(Source::Files);
    let candidates = candidates.map(Arc::new).shared();
    let read = Source::ALL.into_iter().chain(files).map(|source| {
        let (catalog, candidates) = (&catalog, candidates.clone());
        async move {
            let found = match scope.without.contains(&source) {
                true => None,
                false => Some(read(source, target, catalog, candidates, scope).await),
            };
            done(source);
            (source, found)
        }
    });
    let mut usage = Usage::default();
    for (source, found) in futures::future::join_all(read).await {
        let status = match found {
            None => SourceStatus::Skipped,
            Some(Err(problem)) => SourceStatus::Failed(problem),
            Some(Ok(found)) => {
                let read = found.read;
                found.references.into_iter().for_each(|(image, reference)| usage.add(image, reference));
                SourceStatus::Ok { read }
            }
        };
        usage.sources.push(SourceState { account: account.clone(), region: target.region.clone(), source, status });
    }
    usage
}

async fn read(
    source: Source,
    target: &Target,
    catalog: &Catalog<'_>,
    candidates: impl Future<Output = Arc<BTreeSet<ImageId>>>,
    scope: &Scope,
) -> Result<Found, Problem> {
    match source {
        Source::Instances => instances::read(target).await,
        Source::LaunchTemplates => launch_templates::read(catalog.templates().await?),
        Source::LaunchConfigurations => launch_configurations::read(target).await,
        Source::AutoScalingGroups => auto_scaling_groups::read(target, catalog).await,
        Source::SpotRequests => spot_requests::read(target, catalog).await,
        Source::Ec2Fleets => ec2_fleets::read(target, catalog).await,
        Source::SsmParameters => ssm_parameters::read(target).await,
        Source::ImageReferences => image_references::read(target, &*candidates.await).await,
        Source::Files => files::read(&scope.files),
        // These are looked at over all accounts, and image by image.
        Source::Accounts | Source::UsageReports => Ok(Found::default()),
    }
}

/// What EC2's own search finds of images in a place, also of images of others.
pub async fn references(target: &Target, images: &BTreeSet<ImageId>) -> Result<Vec<(ImageId, Reference)>, Problem> {
    Ok(image_references::read(target, images).await?.references)
}

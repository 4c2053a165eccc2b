//! Who uses an image. One file a source; this one reads them side by side and merges what they find.
//!
//! It fails closed: a source that cannot be read to its end is *failed*, never empty.

mod instances;
mod launch_templates;

use std::collections::BTreeSet;

use super::session::Target;
use crate::domain::ids::ImageId;
use crate::domain::report::Problem;
use crate::domain::usage::{Reference, Source, SourceState, SourceStatus, Usage};

/// What a source found: how much it looked at, and what names which image.
#[derive(Debug, Default)]
struct Found {
    read: usize,
    references: Vec<(ImageId, Reference)>,
}

impl Found {
    /// Notes that something names `image`; a text that is no image id names none.
    fn add(&mut self, source: Source, image: Option<&str>, kind: &'static str, id: &str, detail: String) {
        if let Some(image) = image.and_then(|id| id.parse().ok()) {
            self.references.push((image, Reference { source, kind, id: id.to_owned(), detail }));
        }
    }
}

/// Reads every source but those left out `without`, all pages of each, for use of `candidates`.
pub async fn find(target: &Target, without: &BTreeSet<Source>) -> Usage {
    let account = target.account().await.ok().cloned();
    let read = Source::ALL.map(|source| async move {
        match without.contains(&source) {
            true => (source, None),
            false => (source, Some(read(target, source).await)),
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

async fn read(target: &Target, source: Source) -> Result<Found, Problem> {
    match source {
        Source::Instances => instances::read(target).await,
        Source::LaunchTemplates => launch_templates::read(target).await,
        _ => Ok(Found::default()),
    }
}

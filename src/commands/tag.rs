//! `amictl tag`: sets and removes tags of images.

use std::collections::BTreeSet;
use std::str::FromStr;

use anyhow::Result;

use crate::domain::change::Change;
use crate::domain::failure::Failure;
use crate::domain::reference::ImageRef;
use crate::domain::tags::{Tag, TagError, Tags};
use crate::options::images::How;
use crate::output;
use crate::workflows::change;
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;

const EXAMPLES: &str = "\
Examples:
  amictl tag web:v3 Release=gold
  amictl tag web:v3 web:v4 Team=platform Cost=42 --remove Temporary
  amictl tag web:v3 amictl:keep= --copies --region all";

/// Set and remove tags of images
///
/// Other tags and the tags of the snapshots do not change. An image with the tag amictl:keep is never pruned. EC2 allows
/// 50 tags on an image.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Images (ids, names, web, web:v3 or web:prod) and the tags to set on them, in any order
    #[arg(value_name = "REF|KEY=VALUE", required = true)]
    words: Vec<Word>,

    /// Key of a tag to remove; repeatable
    #[arg(long, value_name = "KEY")]
    remove: Vec<String>,

    #[command(flatten)]
    how: How,
}

/// An argument with an equals sign is a tag: image names have none.
#[derive(Debug, Clone)]
enum Word {
    Image(ImageRef),
    Tag(Tag),
}

impl FromStr for Word {
    type Err = Box<dyn std::error::Error + Send + Sync>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.contains('=') {
            true => Self::Tag(text.parse()?),
            false => Self::Image(text.parse()?),
        })
    }
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let (mut references, mut set) = (Vec::new(), Tags::new());
    for word in args.words {
        match word {
            Word::Image(reference) => references.push(reference),
            Word::Tag(tag) => {
                if set.insert(tag.key.clone(), tag.value).is_some() {
                    return Err(TagError::Twice(tag.key).into());
                }
            }
        }
    }
    let mut remove = BTreeSet::new();
    for key in args.remove {
        remove.insert(Tag::new(&key, "")?.key);
    }
    if references.is_empty() {
        return Err(Failure::usage("no image is named")
            .hint("give an image before the tags: amictl tag web:v3 Team=a")
            .into());
    }
    if set.is_empty() && remove.is_empty() {
        return Err(Failure::usage("no tag is named").hint("give KEY=VALUE, or --remove KEY").into());
    }
    if let Some(key) = set.keys().find(|key| remove.contains(*key)) {
        return Err(Failure::usage(format!("tag '{key}' is given both to set and to remove: choose one")).into());
    }
    let changes = change::run(context, args.how.request(references), &Change::Tag { set, remove }).await?;
    let written = output::changes(&context.printer, changes.report());
    reported(context, written, changes.conclude(context))
}

//! Options of a new image: its version, its description and its tags.

use anyhow::Result;

use crate::domain::ci_tags::CiTags;
use crate::domain::naming::{Date, Family, Version};
use crate::domain::new_image::NewImage;
use crate::domain::tags::{Tag, TagError, Tags};
use crate::workflows::run::context::Context;

/// EC2's limit for descriptions, in characters.
const LONGEST_DESCRIPTION: usize = 255;

/// Options of a new image.
#[derive(Debug, clap::Args)]
pub struct NewImageArgs {
    /// Version number [default: the newest plus one]
    #[arg(long = "version", value_name = "N")]
    number: Option<Version>,

    /// Date in the name, YYYY-MM-DD [default: today in UTC]
    #[arg(long)]
    date: Option<Date>,

    /// Description, up to 255 characters
    #[arg(long, value_name = "TEXT", value_parser = description)]
    description: Option<String>,

    /// Value of the tag Environment
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,

    /// Value of the tag Owner
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,

    /// Another tag; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    tag: Vec<Tag>,

    /// No tags Commit, Build and Repository from variables of CI
    #[arg(long)]
    no_ci_tags: bool,

    /// Tag only the image, for roles that may not tag snapshots
    #[arg(long)]
    no_snapshot_tags: bool,
}

fn description(text: &str) -> Result<String, String> {
    match text.chars().count() {
        length if length > LONGEST_DESCRIPTION => {
            Err(format!("it has {length} characters; EC2 takes at most {LONGEST_DESCRIPTION}"))
        }
        _ => Ok(text.to_owned()),
    }
}

impl NewImageArgs {
    /// The image, refused where EC2 would refuse it. Says which tags of CI systems are left out.
    pub fn image(&self, context: &Context, family: &Family) -> Result<NewImage> {
        let named = [("Environment", &self.environment), ("Owner", &self.owner)];
        let named = named.into_iter().filter_map(|(key, value)| value.as_ref().map(|v| Tag::new(key, v)));
        let mut tags: Vec<Tag> = named.collect::<Result<_, TagError>>()?;
        tags.extend(self.tag.iter().cloned());
        let mut image = NewImage {
            family: family.clone(),
            version: self.number,
            date: self.date.map_or_else(|| Date::try_from(context.now.date_naive()), Ok)?,
            description: self.description.clone(),
            tags,
            ci_tags: Tags::new(),
            snapshot_tags: !self.no_snapshot_tags,
            maker: context.maker.clone(),
            delivered: context.delivered,
        };
        let tags = image.image_tags(&image.shortest_name()?)?;
        if !self.no_ci_tags {
            let CiTags { tags, left_out } = CiTags::read(|name| context.env(name), &tags);
            left_out.into_iter().for_each(|text| context.printer.say(text));
            image.ci_tags = tags;
        }
        Ok(image)
    }
}

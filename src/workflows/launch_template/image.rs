//! Images of launch templates: the text of the field, and the image that it stands for.

use anyhow::Result;

use crate::domain::alias::parameter_of;
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::launch_image::{BY_PARAMETER, LaunchImage};
use crate::domain::launch_template::TemplateRef;
use crate::domain::reference::ImageRef;
use crate::domain::text::image_ids;
use crate::service::client::error::ApiError;
use crate::service::{Target, images, launch_templates, parameters};
use crate::workflows::launch;
use crate::workflows::run::context::Context;
use crate::workflows::select::resolve;

/// An image as a template names it.
#[derive(Clone)]
pub struct TemplateImage {
    /// Its id, or `resolve:ssm:` and the parameter that the template follows.
    pub text: String,
    /// The image.
    pub image: Image,
}

/// The image of a reference. An alias or another parameter is followed, unless the id is to be pinned.
pub async fn wanted(context: &Context, target: &Target, reference: &ImageRef, pin: bool) -> Result<TemplateImage> {
    let image = resolve::image(context, target, reference).await?;
    launch::not_revoked(context, &image, false)?;
    launch::check(&image)?;
    let text = match parameter(reference).filter(|_| !pin) {
        Some(name) => {
            exact(target, &name, &image).await?;
            format!("{BY_PARAMETER}{name}")
        }
        None => image.id.to_string(),
    };
    Ok(TemplateImage { text, image })
}

fn parameter(reference: &ImageRef) -> Option<String> {
    match reference {
        ImageRef::Alias(family, alias) => Some(parameter_of(family, alias)),
        ImageRef::Parameter(name) => Some(name.as_str().to_owned()),
        ImageRef::Id(_) | ImageRef::Name(_) | ImageRef::Latest(_) | ImageRef::Version(..) | ImageRef::Word(_) => None,
    }
}

/// EC2 takes the value of a parameter as it is; amictl finds the id also among quotes or within an ARN.
async fn exact(target: &Target, name: &str, image: &Image) -> Result<()> {
    let value = parameters::value(target, name).await?;
    if value.is_some_and(|text| text.value == image.id.as_str()) {
        return Ok(());
    }
    let message = format!(
        "the value of SSM parameter {name} in {} has more in it than {}, so that EC2 cannot launch by it",
        target.place().await,
        image.id
    );
    Err(Failure::new(Kind::Refused, "UnusableParameter", message)
        .hint("write the bare id into the parameter, or name the image by its id with --pin")
        .into())
}

/// The image that a launch of this template would use.
pub async fn of_template(context: &Context, target: &Target, template: &TemplateRef) -> Result<Image> {
    let Some(text) = launch_templates::image_of(target, template).await? else {
        let message = format!("launch template {template} in {} names no image", target.place().await);
        return Err(Failure::usage(message).hint("give REF as well").into());
    };
    let reference = match LaunchImage::of(&text) {
        LaunchImage::Ids(ids) => ids.into_iter().next().map(ImageRef::Id),
        LaunchImage::Parameter(name) => name.parse().ok().map(ImageRef::Parameter),
        LaunchImage::Dead(_) | LaunchImage::Unknown => None,
    };
    match reference {
        Some(reference) => resolve::image(context, target, &reference).await,
        None => {
            let place = target.place().await;
            let message = format!("launch template {template} in {place} names '{text}', which is no image id");
            Err(Failure::new(Kind::Failed, "InvalidAMIID.Malformed", message).hint("give REF: it replaces that").into())
        }
    }
}

/// The image that a field stands for, if it can be seen.
pub async fn seen(target: &Target, text: Option<&str>) -> Result<Option<Image>, ApiError> {
    let ids = match text.map(LaunchImage::of) {
        Some(LaunchImage::Ids(ids)) => ids,
        Some(LaunchImage::Parameter(name)) => {
            parameters::value(target, name).await?.map_or_else(Vec::new, |text| image_ids(&text.value).collect())
        }
        None | Some(LaunchImage::Dead(_) | LaunchImage::Unknown) => Vec::new(),
    };
    match ids.first() {
        Some(id) => images::by_id(target, id).await,
        None => Ok(None),
    }
}

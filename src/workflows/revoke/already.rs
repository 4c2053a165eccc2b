//! The word on families whose newest version is revoked already: another one may be meant.

use crate::domain::image::Image;
use crate::domain::reference::ImageRef;
use crate::workflows::run::context::Context;
use crate::workflows::select::resolve;
use crate::workflows::select::selection::Selection;

/// Says which version comes before, where a family stands for a version that is revoked already. Once for each name.
pub async fn tell(context: &Context, chosen: &Selection, references: &[ImageRef]) {
    let mut told: Vec<&str> = Vec::new();
    for reference in references {
        let Some(word) = reference.family_word() else { continue };
        for (target, image) in chosen.images.iter().filter(|(_, image)| image.revoked() && meant_by(word, image)) {
            let label = image.name.as_deref().unwrap_or(image.id.as_str());
            if told.contains(&label) {
                continue;
            }
            told.push(label);
            // A word only: what cannot be read here stops nothing.
            let before =
                context.unless_stopped(resolve::versions(context, target, reference)).await.unwrap_or_default();
            let before = before.iter().find(|version| version.usable(context.now)).map(named);
            let hint = before.map(|name| format!("; to revoke the version before it, name it: {name}"));
            context.printer.say(format!("{label} is revoked already{}", hint.unwrap_or_default()));
        }
    }
}

/// Whether the word is the family of the image, and not its name.
fn meant_by(word: &str, image: &Image) -> bool {
    image.name.as_deref() != Some(word) && image.family().is_some_and(|family| family.word == word)
}

/// The image as a reference: `web:v4`, or its id.
fn named(image: &Image) -> String {
    let by_name = image.parsed_name.as_ref().map(|name| format!("{}:{}", name.family(), name.version()));
    by_name.unwrap_or_else(|| image.id.to_string())
}

//! The verdicts of boot tests that the images of a promotion stand on, and the lines that test.

use std::collections::BTreeSet;

use super::copies::one_of_each_account;
use super::moves::AliasMove;
use crate::domain::command_line::amictl;
use crate::domain::image::Image;
use crate::domain::tested_lineage::{Standing, TestedGate};
use crate::service::Target;
use crate::workflows::run::context::Context;
use crate::workflows::verdicts::{self, Verdicts};

/// Adds to each move the verdict that its image stands on; gives the lines that test what does not pass.
pub async fn stand(
    context: &Context,
    gate: TestedGate,
    moves: &mut [AliasMove],
    tree: &[(Target, Image)],
    places: &[Target],
) -> Vec<String> {
    let with_image = || moves.iter().filter_map(|step| Some((&step.target, step.image.as_ref()?)));
    let images: Vec<_> = with_image().map(|(_, image)| image).collect();
    let known: Vec<_> = with_image().map(|(target, image)| (target.clone(), image.clone())).collect();
    let known: Vec<_> = known.into_iter().chain(tree.iter().cloned()).collect();
    let Verdicts { standings, owners } = verdicts::of(&images, &known, &one_of_each_account(places)).await;
    let mut lines = BTreeSet::new();
    for (image, standing) in images.into_iter().zip(&standings) {
        if gate.objection(image, standing, context.now).is_none() {
            continue;
        }
        let to_test = match standing {
            Standing::Tested(by, _) => by,
            Standing::Untested(first) => first,
            Standing::Unread(_) => image,
        };
        // The verdict is written to own images only.
        if let Some(owner) = owners.get(&to_test.id) {
            lines.insert(line(to_test, owner));
        }
    }
    let mut standings = standings.into_iter();
    for step in moves.iter_mut().filter(|step| step.image.is_some()) {
        step.standing = standings.next();
    }
    lines.into_iter().collect()
}

/// The line that tests an image, on a type that every account can launch.
fn line(image: &Image, owner: &Target) -> String {
    let arm = image.architecture.as_deref().is_some_and(|architecture| architecture.starts_with("arm64"));
    let kind = if arm { "t4g.micro" } else { "t3.micro" };
    amictl("test").word(&image.id).word("--type").word(kind).options(owner.options()).to_string()
}

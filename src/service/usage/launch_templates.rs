//! Launch templates: every version of every template, with `resolve:ssm:` resolved.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::{Catalog, explained};
use super::found::{Found, Meaning, User};
use super::template_versions::TemplateVersion;
use super::templates::Templates;
use crate::domain::problem::Problem;
use crate::domain::usage::source::{DeadReference, Source};
use crate::service::client::target::Target;

const KIND: &str = "launch-template";

fn user(version: &TemplateVersion) -> User<'_> {
    User { source: Source::LaunchTemplates, kind: KIND, id: &version.id, called: "launch template" }
}

fn detail(version: &TemplateVersion) -> String {
    format!("{}:{}", version.name, version.number)
}

pub(super) async fn read(catalog: &Catalog) -> Result<Found, Problem> {
    let templates = catalog.templates().await?;
    let mut found = snapshots_of(templates);
    // All versions of a template may have the same dead reference.
    let mut dead: BTreeMap<(&str, &str, String), BTreeSet<i64>> = BTreeMap::new();
    for version in &templates.versions {
        let Some(text) = &version.image else { continue };
        let detail = detail(version);
        let current = templates.is_current(version);
        if current {
            found.current.push(user(version).reference(&detail));
        }
        let names = || format!("launch template {detail} names {text}");
        match catalog.meaning(text).await.map_err(|problem| explained(&names(), problem))? {
            Meaning::Images(images) => found.uses(&user(version), images, &detail),
            Meaning::Dead(why) => {
                if current {
                    let (kind, id) = (KIND, version.id.clone());
                    found.dead.push(DeadReference { kind, id, message: format!("{}: {why}", names()) });
                }
                dead.entry((version.name.as_str(), text.as_str(), why)).or_default().insert(version.number);
            }
        }
    }
    for ((name, text, why), versions) in dead {
        let versions: Vec<_> = versions.iter().map(ToString::to_string).collect();
        found.dead(format!("launch template {name}:{} names {text}: {why}", versions.join(",")));
    }
    Ok(found)
}

/// The snapshots from which volumes are created.
pub(super) async fn snapshots(target: &Target) -> Result<Found, Problem> {
    Ok(snapshots_of(&Templates::read(target).await?))
}

fn snapshots_of(templates: &Templates) -> Found {
    let mut found = Found { read: templates.count, ..Found::default() };
    for version in &templates.versions {
        found.volumes(&user(version), version.snapshots.iter().map(|text| Some(text.as_str())), &detail(version));
    }
    found
}

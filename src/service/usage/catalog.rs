//! Launch templates and SSM parameters shared by several sources, each read once on first use.
//!
//! A reference to something that does not exist launches nothing and is a warning. Only what could not be read is a
//! problem.

use std::collections::{BTreeSet, HashMap};

use tokio::sync::{Mutex, OnceCell};

use super::found::{Found, Meaning, User};
use super::template_versions::{self, TemplateVersion, WantedTemplate};
use super::templates::{Seen, Templates};
use crate::domain::launch_image::LaunchImage;
use crate::domain::problem::Problem;
use crate::domain::text::image_ids;
use crate::service::client::target::Target;
use crate::service::parameters::{self, Value};

/// The launch templates and SSM parameters of a place.
pub(super) struct Catalog {
    target: Target,
    templates: OnceCell<Result<Templates, Problem>>,
    values: OnceCell<HashMap<String, Value>>,
    /// Versions missing in the listing, by reference.
    asked: Mutex<HashMap<WantedTemplate, Result<Option<TemplateVersion>, Problem>>>,
}

impl Catalog {
    pub(super) fn new(target: Target) -> Self {
        Self { target, templates: OnceCell::new(), values: OnceCell::new(), asked: Mutex::default() }
    }

    pub(super) async fn templates(&self) -> Result<&Templates, Problem> {
        self.templates.get_or_init(|| Templates::read(&self.target)).await.as_ref().map_err(Clone::clone)
    }

    /// Resolves the text of an image field.
    pub(super) async fn meaning(&self, text: &str) -> Result<Meaning, Problem> {
        let name = match LaunchImage::of(text) {
            LaunchImage::Ids(ids) => return Ok(Meaning::Images(ids)),
            LaunchImage::Dead(why) => return Ok(Meaning::Dead(why)),
            LaunchImage::Parameter(name) => name,
            LaunchImage::Unknown => {
                let message = "it is no image id, and no reference of a kind that is known here".to_owned();
                return Err(Problem { code: "UnreadableImage".to_owned(), message });
            }
        };
        let Some(value) = self.value(name).await? else {
            return Ok(Meaning::Dead("there is no such SSM parameter, version or label".to_owned()));
        };
        let ids: Vec<_> = image_ids(&value).collect();
        match ids.is_empty() {
            true => Ok(Meaning::Dead("its value holds no image id".to_owned())),
            false => Ok(Meaning::Images(ids)),
        }
    }

    /// The value of a parameter. Those that templates name are read in one batch.
    async fn value(&self, name: &str) -> Value {
        let templates = self.templates().await?;
        let all = || async { parameters::values(&self.target, &templates.parameters()).await };
        let values = self.values.get_or_init(all).await;
        if let Some(known) = values.get(name) {
            return known.clone();
        }
        let mut values = parameters::values(&self.target, &BTreeSet::from([name.to_owned()])).await;
        values.remove(name).unwrap_or(Ok(None))
    }

    /// Records the image that a user names directly.
    pub(super) async fn image(
        &self,
        found: &mut Found,
        text: Option<&str>,
        user: &User<'_>,
        detail: &str,
    ) -> Result<(), Problem> {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(()) };
        self.look_up(found, text, user, detail, &format!("{} {}", user.called, user.id)).await
    }

    /// Records the result of resolving the image field of a user, called `who` in messages.
    async fn look_up(
        &self,
        found: &mut Found,
        text: &str,
        user: &User<'_>,
        detail: &str,
        who: &str,
    ) -> Result<(), Problem> {
        let names = || format!("{who} names {text}");
        match self.meaning(text).await.map_err(|problem| explained(&names(), problem))? {
            Meaning::Images(images) => found.uses(user, images, detail),
            Meaning::Dead(why) => found.dead_image(user, format!("{}: {why}", names())),
        }
        Ok(())
    }

    /// Records the image and the snapshots that a user gets from a template.
    pub(super) async fn template(
        &self,
        found: &mut Found,
        wanted: &WantedTemplate,
        user: &User<'_>,
    ) -> Result<(), Problem> {
        let who = format!("{} {}", user.called, user.id);
        let asked;
        let version = match self.templates().await.map_err(|problem| explained(&who, problem))?.version(wanted) {
            Seen::Version(version) => Some(version),
            Seen::NoVersion => None,
            Seen::No => {
                asked = self.ask(wanted).await.map_err(|problem| explained(&who, problem))?;
                asked.as_ref()
            }
        };
        let Some(version) = version else {
            let (template, number) = (&wanted.template, wanted.version());
            found.dead_image(user, format!("{who} names launch template {template}, version {number}: there is none"));
            return Ok(());
        };
        let place = format!("launch template {}:{}", version.name, version.number);
        found.volumes(user, version.snapshots.iter().map(|text| Some(text.as_str())), &place);
        let Some(text) = &version.image else { return Ok(()) };
        self.look_up(found, text, user, &place, &format!("{who}: {place}")).await
    }

    /// Reads a version missing in the listing: its template may have been created since.
    async fn ask(&self, wanted: &WantedTemplate) -> Result<Option<TemplateVersion>, Problem> {
        let mut asked = self.asked.lock().await;
        if let Some(known) = asked.get(wanted) {
            return known.clone();
        }
        let answer = template_versions::one(&self.target, wanted).await;
        let answer = answer.map(|found| found.as_ref().map(TemplateVersion::new)).map_err(|error| error.problem());
        asked.insert(wanted.clone(), answer.clone());
        answer
    }
}

/// Adds the resource to the message of a problem.
pub(super) fn explained(who: &str, problem: Problem) -> Problem {
    Problem { message: format!("{who}: {}", problem.message), ..problem }
}

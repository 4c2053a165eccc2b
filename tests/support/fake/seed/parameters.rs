//! Seeding parameters and recipes.

use super::super::launchers::Recipe;
use super::super::ssm::{PUBLISHER, Parameter};
use super::super::world::World;
use super::When;

/// A parameter about to be put into the world.
pub struct ParameterSeed<'w> {
    world: &'w mut World,
    account: String,
    region: String,
    name: String,
    parameter: Parameter,
}

impl World {
    /// Stores a parameter: `text`, or `aws:ec2:image` if the value is an image id. Another value
    /// under the same name becomes its next version.
    pub fn parameter(&mut self, account: &str, region: &str, name: &str, value: &str) {
        let now = self.now();
        let data_type = if value.starts_with("ami-") { "aws:ec2:image" } else { "text" };
        let key = (account.to_owned(), name.to_owned());
        let parameters = &mut self.region(region).parameters;
        let parameter = parameters.entry(key).or_insert_with(|| Parameter::new("String", data_type));
        parameter.add(value, None, now, &format!("arn:aws:iam::{account}:user/operator"));
    }

    /// Publishes a parameter below `/aws/service/`, as AWS does: every account can read it.
    pub fn public_parameter(&mut self, region: &str, name: &str, value: &str) {
        self.parameter(PUBLISHER, region, name, value);
    }

    /// A `String` of data type `text` without versions; give it at least one value.
    pub fn typed_parameter(&mut self, account: &str, region: &str, name: &str) -> ParameterSeed<'_> {
        let (account, region, name) = (account.to_owned(), region.to_owned(), name.to_owned());
        ParameterSeed { world: self, account, region, name, parameter: Parameter::new("String", "text") }
    }

    /// A parameter as it is.
    pub fn find_parameter(&self, account: &str, region: &str, name: &str) -> Option<&Parameter> {
        self.regions.get(region)?.parameters.get(&(account.to_owned(), name.to_owned()))
    }

    /// Deletes a parameter.
    pub fn forget_parameter(&mut self, account: &str, region: &str, name: &str) {
        let key = (account.to_owned(), name.to_owned());
        self.region(region).parameters.remove(&key).unwrap();
    }

    /// A recipe of Image Builder that begins with an image; gives its ARN.
    pub fn image_recipe(&mut self, account: &str, region: &str, name: &str, image: &str) -> String {
        self.recipe(account, region, name, image, false)
    }

    /// A recipe of Image Builder that builds containers on an image; gives its ARN.
    pub fn container_recipe(&mut self, account: &str, region: &str, name: &str, image: &str) -> String {
        self.recipe(account, region, name, image, true)
    }

    fn recipe(&mut self, account: &str, region: &str, name: &str, image: &str, container: bool) -> String {
        let kind = if container { "container-recipe" } else { "image-recipe" };
        let arn = format!("arn:aws:imagebuilder:{region}:{account}:{kind}/{name}/1.0.0");
        let (owner, image) = (account.to_owned(), image.to_owned());
        let recipe = Recipe { arn: arn.clone(), owner, container, image };
        self.region(region).recipes.insert(arn.clone(), recipe);
        arn
    }
}

impl ParameterSeed<'_> {
    /// `String`, `StringList` or `SecureString`.
    pub fn kind(mut self, kind: &str) -> Self {
        kind.clone_into(&mut self.parameter.kind);
        self
    }

    /// `text` or `aws:ec2:image`.
    pub fn data_type(mut self, data_type: &str) -> Self {
        data_type.clone_into(&mut self.parameter.data_type);
        self
    }

    /// The next version.
    pub fn value(mut self, value: &str) -> Self {
        let (now, author) = (self.world.now(), format!("arn:aws:iam::{}:user/operator", self.account));
        self.parameter.add(value, None, now, &author);
        self
    }

    /// When the version given last was written.
    pub fn modified(mut self, at: impl When) -> Self {
        let mut last = self.parameter.versions.last_entry().unwrap();
        last.get_mut().modified = at.when();
        self
    }

    /// A label on the version given last.
    pub fn label(mut self, label: &str) -> Self {
        for version in self.parameter.versions.values_mut() {
            version.labels.remove(label);
        }
        let mut last = self.parameter.versions.last_entry().unwrap();
        last.get_mut().labels.insert(label.to_owned());
        self
    }

    /// A tag.
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.parameter.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Puts it into the world, in the place of one of the same name.
    pub fn put(self) {
        assert!(!self.parameter.versions.is_empty(), "the parameter {} has no value", self.name);
        let key = (self.account, self.name);
        self.world.region(&self.region).parameters.insert(key, self.parameter);
    }
}

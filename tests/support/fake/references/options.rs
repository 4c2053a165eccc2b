//! The scope of a search for references: `IncludeAllResourceTypes` and `ResourceType.N`.

use super::super::errors::{Refusal, combination, invalid_value, missing};
use super::super::params::Params;

/// Instances.
pub const INSTANCE: &str = "ec2:Instance";
/// Launch templates.
pub const TEMPLATE: &str = "ec2:LaunchTemplate";
/// Parameters.
pub const PARAMETER: &str = "ssm:Parameter";
/// Recipes of Image Builder that make images.
pub const IMAGE_RECIPE: &str = "imagebuilder:ImageRecipe";
/// Recipes of Image Builder that make containers.
pub const CONTAINER_RECIPE: &str = "imagebuilder:ContainerRecipe";

const KINDS: [&str; 5] = [INSTANCE, TEMPLATE, PARAMETER, IMAGE_RECIPE, CONTAINER_RECIPE];
const STATES: [&str; 6] = ["pending", "running", "shutting-down", "terminated", "stopping", "stopped"];
/// How many of a template's newest versions are looked at, unless told otherwise.
const DEPTH: usize = 10;
const MOST_DEPTH: usize = 10_000;

/// What is looked at.
pub struct Scope {
    /// Instances in these states.
    pub instances: Option<Vec<String>>,
    /// So many of the newest versions of each template.
    pub templates: Option<usize>,
    /// Parameters.
    pub parameters: bool,
    /// Kinds of recipes.
    pub recipes: Vec<&'static str>,
}

impl Scope {
    /// Reads both selectors; together they mean all types, with options for some.
    pub fn read(params: &Params) -> Result<Scope, Refusal> {
        let all = params.flag("IncludeAllResourceTypes")?.unwrap_or(false);
        let given = params.structs("ResourceType");
        if !all && given.is_empty() {
            return Err(missing("IncludeAllResourceTypes or ResourceType"));
        }
        let mut kinds = Vec::new();
        let (mut states, mut depth) = (STATES.map(str::to_owned).to_vec(), DEPTH);
        for one in &given {
            let name = one.need("ResourceType")?;
            let kind = KINDS.into_iter().find(|kind| *kind == name);
            let kind = kind.ok_or_else(|| invalid_value("ResourceType", name, "It is not supported."))?;
            if kinds.contains(&kind) {
                return Err(combination(format!("The resource type {name} is given twice")));
            }
            if let Some(unknown) = one.heads().find(|head| !matches!(*head, "ResourceType" | "ResourceTypeOption")) {
                return Err(invalid_value("ResourceType", unknown, "It is no field of a resource type."));
            }
            kinds.push(kind);
            for option in one.structs("ResourceTypeOption") {
                let values = option.list("OptionValue");
                match (option.need("OptionName")?, kind) {
                    ("state-name", INSTANCE) => states = read_states(&values)?,
                    ("version-depth", TEMPLATE) => depth = read_depth(&values)?,
                    (other, _) => {
                        return Err(invalid_value("OptionName", other, &format!("It is no option of {kind}.")));
                    }
                }
            }
        }
        let has = |kind: &&str| all || kinds.contains(kind);
        Ok(Scope {
            instances: has(&INSTANCE).then_some(states),
            templates: has(&TEMPLATE).then_some(depth),
            parameters: has(&PARAMETER),
            recipes: [IMAGE_RECIPE, CONTAINER_RECIPE].into_iter().filter(has).collect(),
        })
    }
}

fn read_states(values: &[&str]) -> Result<Vec<String>, Refusal> {
    if values.is_empty() {
        return Err(missing("OptionValue"));
    }
    match values.iter().find(|value| !STATES.contains(value)) {
        Some(bad) => Err(invalid_value("OptionValue", bad, "It is no state of an instance.")),
        None => Ok(values.iter().map(|value| (*value).to_owned()).collect()),
    }
}

/// Reads the one value of `version-depth`.
pub fn read_depth(values: &[&str]) -> Result<usize, Refusal> {
    let [value] = values else { return Err(missing("OptionValue")) };
    let depth = value.parse().ok().filter(|depth| (1..=MOST_DEPTH).contains(depth));
    depth.ok_or_else(|| invalid_value("OptionValue", value, &format!("Expected 1 to {MOST_DEPTH}.")))
}

//! `ParameterFilters`: checked for key, option and values.

use super::super::errors::{Refusal, refuse};
use super::super::params::Params;
use super::model::Parameter;

/// One filter: any of its values may match.
struct Filter {
    key: String,
    option: String,
    values: Vec<String>,
}

/// All filters of a request: each must match.
pub struct Filters(Vec<Filter>);

impl Filters {
    /// Reads the filters; only these keys are allowed, `tag:` standing for all tag filters.
    pub fn read(params: &Params, keys: &[&str]) -> Result<Filters, Refusal> {
        let read = params.structs("ParameterFilters").into_iter().map(|given| Filter::read(&given, keys));
        let filters = read.collect::<Result<Vec<_>, _>>()?;
        for (index, filter) in filters.iter().enumerate() {
            if filters[..index].iter().any(|other| other.key == filter.key) {
                let message = format!("The following filter is duplicated in the request: {}.", filter.key);
                return Err(refuse("ValidationException", message));
            }
        }
        Ok(Filters(filters))
    }

    /// Whether a parameter passes all of them.
    pub fn accept(&self, name: &str, parameter: &Parameter) -> bool {
        self.0.iter().all(|filter| filter.accepts(name, parameter))
    }

    /// The label that is asked for; it says which version is listed.
    pub fn label(&self) -> Option<&str> {
        let label = self.0.iter().find(|filter| filter.key == "Label")?;
        label.values.first().map(String::as_str)
    }
}

impl Filter {
    fn read(given: &Params, keys: &[&str]) -> Result<Filter, Refusal> {
        if let Some(unknown) = given.heads().find(|head| !matches!(*head, "Key" | "Option" | "Values")) {
            return Err(refuse("ValidationException", format!("Unknown field in a filter: {unknown}")));
        }
        let key = given.need("Key")?.to_owned();
        if !keys.contains(&key.as_str()) && (!keys.contains(&"tag:") || key.len() <= 4 || !key.starts_with("tag:")) {
            let allowed = keys.join(", ");
            let message =
                format!("The following filter key is not valid: {key}. Valid filter keys include: [{allowed}].");
            return Err(refuse("InvalidFilterKey", message));
        }
        let options: &[&str] = match key.as_str() {
            "Name" => &["Equals", "BeginsWith", "Contains"],
            "KeyId" => &["Equals", "BeginsWith"],
            "Path" => &["OneLevel", "Recursive"],
            _ => &["Equals"],
        };
        let option = given.get("Option").unwrap_or(options[0]).to_owned();
        if !options.contains(&option.as_str()) {
            let allowed = options.join(", ");
            let message = format!(
                "The following filter option is not valid: {option}. Valid options for {key} include: [{allowed}]."
            );
            return Err(refuse("InvalidFilterOption", message));
        }
        let values: Vec<String> = given.list("Values").into_iter().map(str::to_owned).collect();
        let bad = |why: &str| refuse("InvalidFilterValue", format!("The filter {key} has a bad value: {why}"));
        if values.is_empty() && !key.starts_with("tag:") {
            return Err(bad("there is none"));
        }
        if values.len() > 50 {
            return Err(bad("there are more than 50"));
        }
        let allowed = |value: &String| match key.as_str() {
            "Type" => matches!(value.as_str(), "String" | "StringList" | "SecureString"),
            "Tier" => matches!(value.as_str(), "Standard" | "Advanced" | "Intelligent-Tiering"),
            "Path" => value.starts_with('/'),
            _ => true,
        };
        match values.iter().find(|value| !allowed(value)) {
            Some(value) => Err(bad(value)),
            None => Ok(Filter { key, option, values }),
        }
    }

    fn accepts(&self, name: &str, parameter: &Parameter) -> bool {
        let any = |test: &dyn Fn(&str) -> bool| self.values.iter().any(|value| test(value));
        match self.key.as_str() {
            "Type" => any(&|value| parameter.kind == value),
            "DataType" => any(&|value| parameter.data_type == value),
            "Tier" => any(&|value| value == "Standard"),
            "KeyId" => parameter.kind == "SecureString" && any(&|value| matches(&self.option, "alias/aws/ssm", value)),
            "Name" => any(&|value| matches(&self.option, name, value)),
            "Path" => any(&|value| is_under(name, value, self.option == "Recursive")),
            "Label" => any(&|value| parameter.versions.values().any(|version| version.labels.contains(value))),
            key => {
                let found = key.strip_prefix("tag:").and_then(|key| parameter.tags.get(key));
                found.is_some_and(|tag| self.values.is_empty() || any(&|value| tag == value))
            }
        }
    }
}

fn matches(option: &str, text: &str, value: &str) -> bool {
    match option {
        "BeginsWith" => text.starts_with(value),
        "Contains" => text.contains(value),
        _ => text == value,
    }
}

/// Whether a name is in a hierarchy, or right on its first level. Names without a slash are at the root.
pub fn is_under(name: &str, path: &str, recursive: bool) -> bool {
    let name = name.strip_prefix('/').unwrap_or(name);
    let rest = match path.trim_matches('/') {
        "" => Some(name),
        path => name.strip_prefix(path).and_then(|rest| rest.strip_prefix('/')),
    };
    rest.is_some_and(|rest| recursive || !rest.contains('/'))
}

//! REST requests: the operation is in the method and the path.

use super::errors::Refusal;
use super::params::Params;

/// Method, path and operation; a part of the path in braces is a parameter.
const ROUTES: [(&str, &str, &str); 3] =
    [("POST", "/list-rules", "ListRules"), ("POST", "/rules", "CreateRule"), ("GET", "/rules/{Identifier}", "GetRule")];

/// The parameters of the body and of the path, with the operation as `Action`.
pub fn form(method: &str, path: &str, body: &[u8]) -> Result<Params, Refusal> {
    let mut form = if body.is_empty() { Params::default() } else { Params::from_json(body)? };
    let found = ROUTES.iter().filter(|(verb, _, _)| *verb == method);
    let (action, labels) = found
        .filter_map(|(_, pattern, action)| Some(((*action).to_owned(), labels(pattern, path)?)))
        .next()
        .unwrap_or_else(|| (format!("{method} {path}"), Vec::new()));
    form.0.extend(labels);
    form.0.insert("Action".to_owned(), action);
    form.0.insert("Version".to_owned(), String::new());
    Ok(form)
}

/// The parameters in a path, if it has the form of the pattern.
fn labels(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (wanted, given) = (pattern.split('/'), path.split('/'));
    if wanted.clone().count() != given.clone().count() {
        return None;
    }
    let mut labels = Vec::new();
    for (want, got) in wanted.zip(given) {
        match want.strip_prefix('{').and_then(|want| want.strip_suffix('}')) {
            Some(name) => labels.push((name.to_owned(), got.to_owned())),
            None if want == got => {}
            None => return None,
        }
    }
    Some(labels)
}

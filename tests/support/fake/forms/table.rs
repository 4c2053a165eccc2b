//! Reads the tables.

use super::Tables;

/// One parameter.
pub struct Field {
    /// Its name, with `N` for each index.
    pub name: String,
    /// What its value is.
    pub kind: Kind,
    /// How many items its innermost list has at most.
    pub most: usize,
    /// Parameters that it does not go with.
    pub not_with: Vec<String>,
    /// The parameter that it does not go without, perhaps with the value that it must have.
    pub only_with: Option<(String, Option<String>)>,
}

/// What a value is.
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number of this range.
    Number(i64, i64),
    /// Least and most characters.
    Text(usize, usize),
    /// One of these words.
    OneOf(Vec<String>),
}

/// Reads a table: `[service]`, operations, and their parameters further right. A line that makes no sense stops the
/// test.
pub fn read(before: &str, text: &str) -> Tables {
    let mut tables = Tables::new();
    let (mut service, mut action) = (String::new(), String::new());
    for line in before.lines().chain(text.lines()).filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut service);
        } else if line.starts_with(' ') {
            let fields = tables.get_mut(&(service.clone(), action.clone())).unwrap();
            let field = field(line.trim()).unwrap_or_else(|| panic!("no parameter: {line}"));
            assert!(fields.iter().all(|other| other.name != field.name), "twice: {line}");
            fields.push(field);
        } else {
            line.clone_into(&mut action);
            let known = tables.insert((service.clone(), action.clone()), Vec::new());
            assert!(known.is_none(), "twice: {action}");
        }
    }
    tables
}

fn field(line: &str) -> Option<Field> {
    let (name, rest) = line.split_once(' ')?;
    let mut rules = rest.split(';').map(str::trim);
    let mut field = Field {
        name: name.to_owned(),
        kind: kind(rules.next()?)?,
        most: usize::MAX,
        not_with: Vec::new(),
        only_with: None,
    };
    for rule in rules {
        if let Some(count) = rule.strip_prefix("at most ") {
            field.most = count.parse().ok()?;
        } else if let Some(others) = rule.strip_prefix("not with ") {
            field.not_with = words(others);
        } else {
            let other = rule.strip_prefix("only with ")?;
            let (other, value) = other.split_once('=').map_or((other, None), |(other, value)| (other, Some(value)));
            field.only_with = Some((other.to_owned(), value.map(str::to_owned)));
        }
    }
    Some(field)
}

fn kind(text: &str) -> Option<Kind> {
    let (word, rest) = text.split_once(' ').map_or((text, ""), |(word, rest)| (word, rest.trim()));
    match (word, rest) {
        ("flag", "") => Some(Kind::Flag),
        ("text", "") => Some(Kind::Text(1, usize::MAX)),
        ("text", range) => {
            let (least, most) = range.split_once("..")?;
            let most = if most.is_empty() { usize::MAX } else { most.parse().ok()? };
            Some(Kind::Text(least.parse().ok()?, most))
        }
        ("number", range) => {
            let (least, most) = range.split_once("..")?;
            Some(Kind::Number(least.parse().ok()?, most.parse().ok()?))
        }
        ("one", list) => Some(Kind::OneOf(words(list.strip_prefix("of ")?))),
        _ => None,
    }
}

fn words(list: &str) -> Vec<String> {
    list.split(',').map(|word| word.trim().to_owned()).collect()
}

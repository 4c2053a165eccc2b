//! Names of files and types: nouns, and each type name for one thing.

use std::collections::BTreeMap;

use crate::rules::{Breach, Rule};
use crate::source::Kind;
use crate::tree::Tree;

pub const STEMS: Rule =
    Rule { name: "stem", remedy: "A file or folder is named by its subject, not by a word in -ing.", breaches: stems };

pub const TWICE: Rule = Rule {
    name: "type",
    remedy: "A type name stands for one thing in the crate: rename all but one of these.",
    breaches: twice,
};

fn stems(tree: &Tree) -> Vec<Breach> {
    let bad = |part: &str| part.ends_with("ing") && !["naming", "tagging"].contains(&part);
    let files = tree.in_folder("src/").filter(|file| file.path.trim_end_matches(".rs").split('/').any(bad));
    files.map(|file| Breach::of(&file.path, &file.path)).collect()
}

fn twice(tree: &Tree) -> Vec<Breach> {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for file in tree.in_folder("src/").filter(|file| !tree.is_test(file)) {
        let types = file.items.iter().filter(|item| item.kind == Kind::Type && item.public && !item.place.test);
        for item in types.filter(|item| !["Args", "Request", "Settings"].contains(&item.name.as_str())) {
            places.entry(&item.name).or_default().push(format!("{}:{}", file.path, item.place.line));
        }
    }
    let twice = places.into_iter().filter(|(_, places)| places.len() > 1);
    twice.flat_map(|(name, places)| places.into_iter().map(|at| Breach::of(name, &at)).collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::subjects;

    #[test]
    fn files_and_folders_have_nouns_for_names() {
        let files = ["src/domain/naming.rs", "src/domain/tagging.rs", "src/a/ring_of_files.rs", "src/a/ending.rs"];
        let files = [&files[..], &["src/sharing/mod.rs"]].concat();
        let files: Vec<(&str, &str)> = files.into_iter().map(|path| (path, "")).collect();
        assert_eq!(subjects(&STEMS, &files), ["src/a/ending.rs", "src/sharing/mod.rs"]);
        assert_eq!(subjects(&STEMS, &files[..3]), [""; 0]);
    }

    #[test]
    fn a_type_name_stands_for_one_thing() {
        let b = "pub(crate) enum Plan {} pub struct Args; struct Own; #[cfg(test)] mod tests { pub struct Run; }";
        let a = "pub struct Args; pub struct Own; pub struct Run; pub fn Plan() {}";
        let files = [
            ("src/lib.rs", "mod a; mod b; mod c;"),
            ("src/a.rs", a),
            ("src/b.rs", b),
            ("src/c.rs", "pub type Plan = u8;"),
        ];
        assert_eq!(subjects(&TWICE, &files[..3]), [""; 0]);
        assert_eq!(subjects(&TWICE, &files), ["Plan"]);
    }
}

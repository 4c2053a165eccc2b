//! The layout of `tests/`: a folder a verb, and `#[path]` for shared support only.

use crate::rules::{Breach, Rule, verbs};
use crate::tree::Tree;

pub const PATHS: Rule = Rule {
    name: "path",
    remedy: "Only files of tests/support/ are reached by `#[path]`: move what is shared there.",
    breaches: paths,
};

pub const FOLDERS: Rule = Rule {
    name: "suite",
    remedy: "A test of a verb stands in tests/cli/<verb>/, others in shared/, changes/, follow_up/, lambda/ or resume.rs.",
    breaches: folders,
};

fn paths(tree: &Tree) -> Vec<Breach> {
    let children = tree.in_folder("tests/").flat_map(|file| file.children.iter().map(move |child| (file, child)));
    let wrong = children.filter_map(|(file, child)| {
        let path = child.path.as_deref()?.trim_start_matches("../");
        (!path.starts_with("support/")).then(|| Breach::line(file, child.place.line, &format!("reaches for {path}")))
    });
    wrong.collect()
}

fn folders(tree: &Tree) -> Vec<Breach> {
    let verbs = verbs::verbs(tree);
    let fine = |path: &str| match path.split_once('/') {
        Some((folder, _)) => {
            verbs.contains(folder) || ["shared", "changes", "follow_up", "lambda", "resume"].contains(&folder)
        }
        None => ["main.rs", "resume.rs"].contains(&path),
    };
    let files = tree.in_folder("tests/cli/").filter(|file| !fine(&file.path["tests/cli/".len()..]));
    files.map(|file| Breach::of(&file.path, &file.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::subjects;

    #[test]
    fn only_support_is_reached_by_path() {
        let files = [
            ("tests/a.rs", "#[path = \"support/cli.rs\"] mod cli;"),
            ("tests/b/main.rs", "#[path = \"../support/cli.rs\"] mod cli; mod own;"),
            ("tests/c.rs", "#[path = \"cli/setup.rs\"] mod setup;"),
        ];
        assert_eq!(subjects(&PATHS, &files[..2]), [""; 0]);
        assert_eq!(subjects(&PATHS, &files), ["tests/c.rs"]);
    }

    #[test]
    fn tests_of_a_verb_stand_in_its_folder() {
        let files = [
            ("src/commands/mod.rs", "pub enum Command { List, WaitFor }"),
            ("tests/cli/main.rs", ""),
            ("tests/cli/wait_for/mod.rs", ""),
            ("tests/cli/list/pages.rs", ""),
            ("tests/cli/shared/output.rs", ""),
            ("tests/cli/resume.rs", ""),
            ("tests/cli/show/pages.rs", ""),
            ("tests/cli/list.rs", ""),
        ];
        assert_eq!(subjects(&FOLDERS, &files[..6]), [""; 0]);
        assert_eq!(subjects(&FOLDERS, &files), ["tests/cli/list.rs", "tests/cli/show/pages.rs"]);
    }
}

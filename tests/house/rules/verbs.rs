//! One file a verb in `commands/`, named as the user types it, and no verb names another.

use std::collections::BTreeSet;

use crate::rules::{Breach, Rule};
use crate::source::{Role, Source};
use crate::tree::Tree;

pub const FILES: Rule = Rule {
    name: "verb-file",
    remedy: "commands/ holds one file for each variant of `enum Command` and nothing else: \
             what several verbs share belongs in workflows/ or options/.",
    breaches: files,
};

pub const NAMES: Rule = Rule {
    name: "verb-names-verb",
    remedy: "A verb names no other part of commands/: move what both need into workflows/ or options/.",
    breaches: names,
};

/// The verbs as their files are called: `usage_reports` for `UsageReports`.
pub fn verbs(tree: &Tree) -> BTreeSet<String> {
    let files = ["src/commands/mod.rs", "src/cli.rs"].into_iter().filter_map(|path| tree.file(path));
    let enums = files.flat_map(|file| &file.items).filter(|item| item.name == "Command");
    enums.flat_map(|item| &item.variants).map(|variant| snake(variant)).collect()
}

fn snake(variant: &str) -> String {
    let parts = variant.chars().map(|c| match c.is_ascii_uppercase() {
        true => format!("_{}", c.to_ascii_lowercase()),
        false => c.to_string(),
    });
    parts.collect::<String>().trim_start_matches('_').to_owned()
}

/// The file or folder of `commands/` that a file is or stands in, without its ending.
fn verb_of(file: &Source) -> Option<&str> {
    let name = file.path.strip_prefix("src/commands/")?.split('/').next()?.trim_end_matches(".rs");
    (name != "mod").then_some(name)
}

fn files(tree: &Tree) -> Vec<Breach> {
    let verbs = verbs(tree);
    let commands: Vec<&Source> = tree.in_folder("src/commands/").filter(|file| !tree.is_test(file)).collect();
    let named: BTreeSet<&str> = commands.iter().filter_map(|file| verb_of(file)).collect();
    let no_verb = commands.iter().filter(|file| verb_of(file).is_some_and(|name| !verbs.contains(name)));
    let no_verb = no_verb.map(|file| Breach::of(&file.path, &format!("{} is no verb", file.path)));
    let no_file = verbs.iter().filter(|verb| !named.contains(verb.as_str()));
    let no_file = no_file.map(|verb| Breach::of(&format!("src/commands/{verb}.rs"), "this verb has no file"));
    let no_verbs = verbs.is_empty().then(|| Breach::of("src/commands/mod.rs", "`enum Command` was not found"));
    no_verb.chain(no_file).chain(no_verbs).collect()
}

fn names(tree: &Tree) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (index, file) in tree.files.iter().enumerate() {
        let Some(verb) = verb_of(file) else { continue };
        let own_path = ["commands".to_owned(), verb.to_owned()];
        for import in tree.imports.iter().filter(|import| import.from == index && !import.test) {
            if import.path.starts_with(&own_path[..1]) && !import.path.starts_with(&own_path) {
                breaches.push(Breach::line(file, import.line, &format!("names {}", import.path.join("::"))));
            }
        }
        // The graph has no edge for a module that is imported and not used.
        for name in file.names.iter().filter(|name| !name.place.test && !matches!(name.role, Role::Code)) {
            let Some(module) = tree.modules.at(index, &name.place.within) else { continue };
            let module = &tree.modules.all()[module];
            let supers = name.path.iter().take_while(|part| *part == "super").count();
            let from_the_root = name.path.starts_with(&["crate".to_owned(), "commands".to_owned()]);
            let own = name.path.get(2).is_some_and(|next| next == verb);
            if !module.test && (supers > module.path.len() - own_path.len() || from_the_root && !own) {
                breaches.push(Breach::line(file, name.place.line, &format!("names {}", name.path.join("::"))));
            }
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::subjects;

    const MOD: &str = "mod list; mod wait_for; pub enum Command { List(list::Args), WaitFor(wait_for::Args) }";

    #[test]
    fn verbs_are_the_files_both_ways() {
        let files = [
            ("src/lib.rs", "mod commands;"),
            ("src/commands/mod.rs", MOD),
            ("src/commands/list.rs", "pub struct Args; #[cfg(test)] mod list_tests;"),
            ("src/commands/wait_for/mod.rs", "pub struct Args;"),
            ("src/commands/sharing.rs", ""),
        ];
        assert_eq!(subjects(&FILES, &files[..4]), [""; 0]);
        assert_eq!(subjects(&FILES, &files), ["src/commands/sharing.rs"]);
        assert_eq!(subjects(&FILES, &files[..3]), ["src/commands/wait_for.rs"]);
        assert_eq!(subjects(&FILES, &[("src/lib.rs", "")]), ["src/commands/mod.rs"]);
    }

    #[test]
    fn a_verb_names_no_other_part_of_commands() {
        let check = |list, expected: &[&str]| {
            let files = [
                ("src/lib.rs", "mod commands; mod other;"),
                ("src/other.rs", "pub struct Other;"),
                ("src/commands/mod.rs", MOD),
                ("src/commands/list.rs", list),
                ("src/commands/wait_for/mod.rs", "mod part; use part::X; pub struct Args;"),
                ("src/commands/wait_for/part.rs", "use super::Args; pub struct X;"),
            ];
            assert_eq!(subjects(&NAMES, &files), expected, "{list}");
        };
        let list = ["src/commands/list.rs"];
        check("use crate::other::Other; #[cfg(test)] mod tests { use super::*; use crate::commands::wait_for; }", &[]);
        check("mod inner { use super::f; } fn f() { self::f(); }", &[]);
        check("use super::wait_for;", &list);
        check("use super::*;", &list);
        check("use crate::commands::wait_for::Args;", &list);
        check("use crate::commands::{self, Command};", &list);
        check("fn f() { crate::commands::wait_for::go() }", &list);
        check("mod inner { use super::super::Command; }", &list);
    }
}

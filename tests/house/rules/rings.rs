//! No ring of imports: neither between files nor between sibling folders.

use std::collections::BTreeSet;

use crate::cycles::{self, Graph};
use crate::imports::Import;
use crate::rules::{Breach, Rule};
use crate::tree::Tree;

pub const FILES: Rule = Rule {
    name: "ring",
    remedy: "These files import each other: move what both need into a file below them. \
             A mod.rs that its children import must hold nothing but `mod` and `use`.",
    breaches: files,
};

pub const FOLDERS: Rule = Rule {
    name: "folder-ring",
    remedy: "These sibling folders import each other: decide which one is below, and move what it needs into it.",
    breaches: folders,
};

pub const UNREACHED: Rule =
    Rule { name: "unreached", remedy: "No `mod` declares this file: declare it or delete it.", breaches: unreached };

fn for_use(tree: &Tree) -> impl Iterator<Item = &Import> {
    tree.imports.iter().filter(|import| !import.test && !import.module_only)
}

fn shown(tree: &Tree, import: &Import) -> String {
    let (from, to) = (&tree.files[import.from].path, &tree.files[import.to].path);
    format!("{from}:{} names {} ({to})", import.line, import.path.join("::"))
}

fn files(tree: &Tree) -> Vec<Breach> {
    let mut graph: Graph<usize> = Graph::new();
    for import in for_use(tree) {
        graph.entry(import.from).or_default().insert(import.to);
        // The parent declares the child, so that naming the parent closes a ring.
        if is_below(&tree.files[import.from].path, &tree.files[import.to].path) {
            graph.entry(import.to).or_default().insert(import.from);
        }
    }
    let rings = cycles::rings(&graph);
    let within = rings.iter().flat_map(|ring| {
        let inside = for_use(tree).filter(|import| ring.contains(&import.from) && ring.contains(&import.to));
        inside.flat_map(|import| {
            let at = format!("{} in a ring of {} files", shown(tree, import), ring.len());
            [import.from, import.to].map(|file| Breach::of(&tree.files[file].path, &at))
        })
    });
    within.collect()
}

/// `child` stands in the folder whose `mod.rs` (or `lib.rs`, or file of the same name) is `parent`.
fn is_below(child: &str, parent: &str) -> bool {
    let (folder, file) = parent.rsplit_once('/').unwrap();
    match file {
        "mod.rs" | "lib.rs" => child.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')),
        _ => child.strip_prefix(parent.trim_end_matches(".rs")).is_some_and(|rest| rest.starts_with('/')),
    }
}

fn folders(tree: &Tree) -> Vec<Breach> {
    let mut graph: Graph<&str> = Graph::new();
    let between: Vec<(&Import, (&str, &str))> = for_use(tree)
        .filter_map(|import| Some((import, siblings(&tree.files[import.from].path, &tree.files[import.to].path)?)))
        .collect();
    for (_, (from, to)) in &between {
        graph.entry(*from).or_default().insert(*to);
    }
    let rings: Vec<BTreeSet<&str>> = cycles::rings(&graph);
    let within = rings.iter().flat_map(|ring| {
        let inside = between.iter().filter(|(_, (from, to))| ring.contains(from) && ring.contains(to));
        inside.flat_map(|(import, (from, to))| {
            let at = shown(tree, import);
            [from, to].map(|folder| Breach::of(folder, &at))
        })
    });
    within.collect()
}

/// The folders side by side in which two files stand.
fn siblings<'a>(from: &'a str, to: &'a str) -> Option<(&'a str, &'a str)> {
    let alike = from.split('/').zip(to.split('/')).take_while(|(a, b)| a == b);
    let start: usize = alike.map(|(part, _)| part.len() + 1).sum();
    let folder = |path: &'a str| path[start..].find('/').map(|end| &path[..start + end]);
    Some((folder(from)?, folder(to)?))
}

fn unreached(tree: &Tree) -> Vec<Breach> {
    let reached: BTreeSet<usize> = tree.modules.all().iter().map(|module| module.file).collect();
    let lost = tree.files.iter().enumerate().filter(|(index, file)| {
        file.path.starts_with("src/") && file.path != "src/main.rs" && !reached.contains(index)
    });
    lost.map(|(_, file)| Breach::of(&file.path, &file.path)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::subjects;

    #[test]
    fn files_that_import_each_other_are_a_ring() {
        let tree = |c| {
            [
                ("src/lib.rs", "mod a; mod b; mod c;"),
                ("src/a.rs", "use crate::b::B; pub struct A;"),
                ("src/b.rs", "pub struct B; fn f() { vec![crate::c::C] }"),
                ("src/c.rs", c),
            ]
        };
        assert_eq!(subjects(&FILES, &tree("pub struct C; #[cfg(test)] mod tests { use crate::a::A; }")), [""; 0]);
        assert_eq!(subjects(&FILES, &tree("use super::a; pub struct C;")), [""; 0]);
        let ring = ["src/a.rs", "src/b.rs", "src/c.rs"];
        assert_eq!(subjects(&FILES, &tree("use super::a; pub struct C(a::A);")), ring);
        let breaches = files(&Tree::of(&tree("use super::a::A; pub struct C;")));
        assert!(
            breaches.iter().any(|b| b.at == "src/c.rs:1 names a::A (src/a.rs) in a ring of 3 files"),
            "{breaches:?}"
        );
    }

    #[test]
    fn a_mod_rs_that_its_children_import_only_declares_and_re_exports() {
        let tree = |mod_rs| {
            [
                ("src/lib.rs", "mod a;"),
                ("src/a/mod.rs", mod_rs),
                ("src/a/one.rs", "use super::Two;"),
                ("src/a/two.rs", "pub struct Two;"),
            ]
        };
        assert_eq!(subjects(&FILES, &tree("mod one; mod two; pub use two::Two;")), [""; 0]);
        let tests = "mod one; mod two; pub use two::Two; #[cfg(test)] mod tests { use super::*; fn f() {} }";
        assert_eq!(subjects(&FILES, &tree(tests)), [""; 0]);
        assert_eq!(
            subjects(&FILES, &tree("mod one; mod two; pub use two::Two; fn code() {}")),
            ["src/a/mod.rs", "src/a/one.rs"]
        );
        assert_eq!(subjects(&FILES, &tree("mod one; mod two; pub struct Two;")), ["src/a/mod.rs", "src/a/one.rs"]);
    }

    #[test]
    fn sibling_folders_that_import_each_other_are_a_ring_though_their_files_are_not() {
        let tree = |two| {
            [
                ("src/lib.rs", "mod x;"),
                ("src/x/mod.rs", "mod a; mod b; mod c;"),
                ("src/x/a/mod.rs", "mod one; mod three;"),
                ("src/x/a/one.rs", "use crate::x::b::two::Two; use crate::x::c::C;"),
                ("src/x/a/three.rs", "pub struct Three;"),
                ("src/x/b/mod.rs", "pub mod two;"),
                ("src/x/b/two.rs", two),
                ("src/x/c.rs", "use crate::x::a::three::Three;"),
            ]
        };
        assert_eq!(subjects(&FOLDERS, &tree("pub struct Two;")), [""; 0]);
        let ring = tree("use crate::x::a::three::Three;");
        assert_eq!(subjects(&FOLDERS, &ring), ["src/x/a", "src/x/b"]);
        assert_eq!(subjects(&FILES, &ring), [""; 0]);
    }

    #[test]
    fn a_file_that_no_module_declares_is_noticed() {
        let files = [("src/lib.rs", "mod a;"), ("src/a.rs", ""), ("src/main.rs", ""), ("src/b.rs", "")];
        assert_eq!(subjects(&UNREACHED, &files), ["src/b.rs"]);
        assert_eq!(subjects(&UNREACHED, &files[..3]), [""; 0]);
    }
}

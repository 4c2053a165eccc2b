//! Names of other files that each file of the crate uses, and the line of each.

use crate::modules::{Modules, Target};
use crate::source::{Role, Source};

/// One name of another file, where it is written.
#[derive(Debug)]
pub struct Import {
    /// Index of the file that names.
    pub from: usize,
    pub line: usize,
    /// In code for unit tests.
    pub test: bool,
    /// Index of the file that holds what is named.
    pub to: usize,
    /// Module and item that are named, from the root of the crate.
    pub path: Vec<String>,
    /// A module as a whole: what of it is used is named in code.
    pub module_only: bool,
}

/// All names of other files in `files`.
pub fn of(files: &[Source], modules: &Modules) -> Vec<Import> {
    let mut imports = Vec::new();
    for (from, file) in files.iter().enumerate() {
        for name in &file.names {
            let Some(module) = modules.at(from, &name.place.within) else { continue };
            let targets = match name.role {
                Role::Glob => modules.all_of(module, &name.path),
                Role::Code | Role::Import(_) => modules.resolve(module, &name.path).into_iter().collect(),
            };
            for target in targets {
                let (found, item) = match target {
                    Target::Module(found) => (&modules.all()[found], None),
                    Target::Item(found, item) => (&modules.all()[found], Some(item)),
                };
                if found.file != from {
                    let path = found.path.iter().cloned().chain(item.clone()).collect();
                    let test = name.place.test || modules.all()[module].test;
                    let (line, to, module_only) = (name.place.line, found.file, item.is_none());
                    imports.push(Import { from, line, test, to, path, module_only });
                }
            }
        }
    }
    imports
}

#[cfg(test)]
mod tests {
    use crate::tree::{REPOSITORY, Tree};

    #[test]
    fn every_path_of_this_crate_leads_to_a_file() {
        let mut paths = 0;
        for (index, file) in REPOSITORY.files.iter().enumerate() {
            let ours = |path: &[String]| ["crate", "self", "super"].contains(&path[0].as_str());
            for name in file.names.iter().filter(|name| ours(&name.path)) {
                let Some(module) = REPOSITORY.modules.at(index, &name.place.within) else { continue };
                let target = REPOSITORY.modules.resolve(module, &name.path);
                assert!(target.is_some(), "{}:{} {}", file.path, name.place.line, name.path.join("::"));
                paths += 1;
            }
        }
        assert!(paths > 1000, "{paths}");
    }

    /// `from:line → to name` for each import.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let tree = Tree::of(files);
        let shown = tree.imports.iter().filter(|import| !import.module_only).map(|import| {
            let test = if import.test { " in a test" } else { "" };
            let (from, to) = (&tree.files[import.from].path, &tree.files[import.to].path);
            format!("{from}:{} → {to} {}{test}", import.line, import.path.join("::"))
        });
        shown.collect()
    }

    #[test]
    fn names_are_found_in_imports_code_macros_and_attributes() {
        let a = "use crate::{b::{One, Two as Three}, c};\nfn f(x: super::b::Four) { c::five() }\n\
                 fn g() { json!({ \"a\": [crate::b::six()] }) }\n#[serde(with = \"crate::b::seven\")] struct S;\n\
                 fn h() { use crate::b::*; }";
        let found = found(&[
            ("src/lib.rs", "mod a; mod b; mod c;"),
            ("src/a.rs", a),
            ("src/b.rs", "pub struct One;"),
            ("src/c.rs", ""),
        ]);
        let expected = [
            "src/a.rs:1 → src/b.rs b::One",
            "src/a.rs:1 → src/b.rs b::Two",
            "src/a.rs:2 → src/b.rs b::Four",
            "src/a.rs:2 → src/c.rs c::five",
            "src/a.rs:3 → src/b.rs b::six",
            "src/a.rs:4 → src/b.rs b::seven",
            "src/a.rs:5 → src/b.rs b::*",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn imports_of_unit_tests_are_marked() {
        let a =
            "#[cfg(test)] use crate::b::One;\n#[cfg(test)] mod tests { use crate::b::Two; }\n#[cfg(test)] mod a_tests;";
        let files = [
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", a),
            ("src/a/a_tests.rs", "use crate::b::Three;"),
            ("src/b.rs", "#[cfg(not(test))] use crate::a::Four;"),
        ];
        let expected = [
            "src/a.rs:1 → src/b.rs b::One in a test",
            "src/a.rs:2 → src/b.rs b::Two in a test",
            "src/a/a_tests.rs:1 → src/b.rs b::Three in a test",
            "src/b.rs:1 → src/a.rs a::Four",
        ];
        assert_eq!(found(&files), expected);
    }

    #[test]
    fn a_glob_of_a_facade_names_all_that_it_re_exports() {
        let files = [
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "use crate::b::*;"),
            ("src/b/mod.rs", "mod c; mod d; pub use c::One; pub use d::*;"),
            ("src/b/c.rs", "pub struct One;"),
            ("src/b/d.rs", "pub struct Two;"),
        ];
        let found = found(&files);
        assert!(found.contains(&"src/a.rs:1 → src/b/c.rs b::c::One".to_owned()), "{found:?}");
        assert!(found.contains(&"src/a.rs:1 → src/b/d.rs b::d::*".to_owned()), "{found:?}");
    }
}

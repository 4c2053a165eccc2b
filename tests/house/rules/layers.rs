//! The layers: which folder of `src/` may name which other one.

use std::collections::BTreeSet;

use crate::imports::Import;
use crate::rules::{Breach, Rule};
use crate::tree::Tree;

pub const TABLE: Rule = Rule {
    name: "layer",
    remedy: "The table in src/lib.rs says what each folder may name: move the code up, or what it needs down.",
    breaches: table,
};

pub const FOLDERS: Rule = Rule {
    name: "folder",
    remedy: "Folders and the table agree: each folder has its row in src/lib.rs and in tests/house/rules/layers.rs, \
             each row its folder.",
    breaches: folders,
};

pub const DIAGRAM: Rule = Rule {
    name: "diagram",
    remedy: "The table in the module docs of src/lib.rs and the one in tests/house/rules/layers.rs say the same.",
    breaches: diagram,
};

pub const RENDERERS: Rule = Rule {
    name: "renderer",
    remedy: "Renderers are called by commands/ only (cli/ and lambda/ show errors, cli/ parses `--query`, journal/ and lambda/ write JSON): \
             return a value and let the verb show it.",
    breaches: renderers,
};

/// Folders, or files beside them, and the modules that each may name beside its own.
const LAYERS: [(&str, &[&str]); 10] = [
    ("lambda", &["cli", "workflows", "output::error", "output::json", "domain", "exit"]),
    ("cli", &["commands", "options", "workflows", "journal", "service", "output", "domain", "exit"]),
    ("commands", &["options", "workflows", "journal", "service", "output", "domain", "exit"]),
    ("options", &["workflows", "output::printer", "domain"]),
    ("workflows", &["journal", "service", "output::printer", "output::progress", "domain"]),
    ("journal", &["output::json", "domain"]),
    ("service", &["domain"]),
    ("output", &["domain"]),
    ("exit", &["domain"]),
    ("domain", &[]),
];

/// Files that may name anything: the roots of the library and of the binary.
const ROOTS: [&str; 2] = ["src/lib.rs", "src/main.rs"];

/// The layer that a file of `src/` belongs to.
fn layer_of(path: &str) -> Option<&str> {
    let first = path.strip_prefix("src/")?.split('/').next()?;
    (!ROOTS.contains(&path)).then(|| first.trim_end_matches(".rs"))
}

fn allowed(layer: &str, path: &[String]) -> bool {
    let may = LAYERS.iter().find(|(name, _)| *name == layer).map_or(&[][..], |(_, may)| may);
    let begins = |module: &str| {
        let parts = module.split("::");
        let count = parts.clone().count().min(path.len());
        parts.take(count).eq(path.iter().take(count).map(String::as_str))
    };
    path.first().is_some_and(|first| first == layer) || !path.is_empty() && may.iter().any(|module| begins(module))
}

fn table(tree: &Tree) -> Vec<Breach> {
    let named = tree.imports.iter().filter_map(|import| {
        let file = &tree.files[import.from];
        let layer = layer_of(&file.path)?;
        let target = layer_of(&tree.files[import.to].path).unwrap_or("lib");
        (!allowed(layer, &import.path)).then(|| Breach {
            subject: format!("{} names {target}", file.path),
            at: format!("{}:{} names {}", file.path, import.line, import.path.join("::")),
        })
    });
    named.collect()
}

fn folders(tree: &Tree) -> Vec<Breach> {
    let found: BTreeSet<&str> = tree.files.iter().filter_map(|file| layer_of(&file.path)).collect();
    let rows: BTreeSet<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    let empty = rows.difference(&found).map(|name| Breach::of(&format!("src/{name}"), "has a row and no files"));
    let unknown = found.difference(&rows).map(|name| Breach::of(&format!("src/{name}"), "has files and no row"));
    empty.chain(unknown).collect()
}

/// The rows `folder → module, module` in the module docs of `src/lib.rs`.
fn rows_of(docs: &str) -> Vec<(String, Vec<String>)> {
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || "_:".contains(c));
    let rows = docs.lines().map_while(|line| line.strip_prefix("//!")).filter_map(|line| {
        let (name, may) = line.split_once('→')?;
        let may: Vec<&str> = may.split(',').map(str::trim).collect();
        let may = if may == ["nothing else"] { Vec::new() } else { may };
        let row = word(name.trim()) && may.iter().all(|module| word(module));
        row.then(|| (name.trim().to_owned(), may.into_iter().map(str::to_owned).collect()))
    });
    rows.collect()
}

fn diagram(tree: &Tree) -> Vec<Breach> {
    let rows = tree.file("src/lib.rs").map(|file| rows_of(&file.text)).unwrap_or_default();
    let expected: Vec<(String, Vec<String>)> = LAYERS
        .iter()
        .map(|(name, may)| ((*name).to_owned(), may.iter().map(|module| (*module).to_owned()).collect()))
        .collect();
    let shown = |(name, may): &(String, Vec<String>)| {
        format!("{name} → {}", if may.is_empty() { "nothing else".to_owned() } else { may.join(", ") })
    };
    let breach = |row: &(String, Vec<String>), what: &str| {
        Breach::of("src/lib.rs", &format!("src/lib.rs: the row `{}` {what}", shown(row)))
    };
    let missing = expected.iter().filter(|row| !rows.contains(row)).map(|row| breach(row, "is missing"));
    let foreign = rows.iter().filter(|row| !expected.contains(row)).map(|row| breach(row, "is not in the test"));
    missing.chain(foreign).collect()
}

fn renderers(tree: &Tree) -> Vec<Breach> {
    let renders = |import: &&Import| {
        let file = tree.files[import.to].path.strip_prefix("src/output/");
        !import.test && file.is_some_and(|file| !["mod.rs", "printer.rs", "progress.rs"].contains(&file))
    };
    let breaches = tree.imports.iter().filter(renders).filter_map(|import| {
        let (from, to) = (&tree.files[import.from], &tree.files[import.to].path);
        let fine = match layer_of(&from.path) {
            Some("output" | "commands") => true,
            Some("journal") => to.starts_with("src/output/json/"),
            Some("lambda") => to.starts_with("src/output/json/") || to == "src/output/error.rs",
            Some("cli") => ["src/output/error.rs", "src/output/query/mod.rs"].contains(&to.as_str()),
            _ => false,
        };
        (!fine).then(|| Breach::line(from, import.line, &format!("names {}", import.path.join("::"))))
    });
    breaches.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::subjects;

    /// A tree in which `text` stands in `path` beside one file a layer.
    fn tree<'a>(path: &'a str, text: &'a str) -> Vec<(&'a str, &'a str)> {
        let others = [
            (
                "src/lib.rs",
                "mod cli; mod commands; mod domain; mod exit; mod journal; mod lambda; mod options; mod output; mod service; mod workflows; pub struct Root;",
            ),
            ("src/commands/mod.rs", "pub mod list;"),
            ("src/commands/list.rs", "pub struct Args;"),
            ("src/domain/mod.rs", "pub struct Image;"),
            ("src/exit.rs", "pub const DONE: u8 = 0;"),
            ("src/journal/mod.rs", "pub struct Journal;"),
            ("src/lambda/mod.rs", "pub fn serve() {}"),
            ("src/options/mod.rs", "pub struct Which;"),
            (
                "src/output/mod.rs",
                "pub mod error; pub mod json; pub mod printer; pub mod table; pub use printer::Printer;",
            ),
            ("src/output/error.rs", "pub fn failure() {}"),
            ("src/output/json/mod.rs", "pub fn json() {}"),
            ("src/output/printer.rs", "pub struct Printer;"),
            ("src/output/table.rs", "pub fn table() {}"),
            ("src/service/mod.rs", "pub fn describe() {}"),
            ("src/workflows/mod.rs", "pub fn copy() {}"),
        ];
        others.into_iter().filter(|(other, _)| *other != path).chain([(path, text)]).collect()
    }

    #[track_caller]
    fn check(rule: &Rule, path: &str, text: &str, expected: &[&str]) {
        assert_eq!(subjects(rule, &tree(path, text)), expected, "{path}: {text}");
    }

    #[test]
    fn layers_name_only_what_their_row_lists() {
        check(&TABLE, "src/lib.rs", tree("", "")[0].1, &[]);
        check(
            &TABLE,
            "src/domain/mod.rs",
            "fn f() { crate::service::describe() }",
            &["src/domain/mod.rs names service"],
        );
        check(&TABLE, "src/domain/mod.rs", "use crate::output;", &["src/domain/mod.rs names output"]);
        check(&TABLE, "src/service/mod.rs", "use crate::Root;", &["src/service/mod.rs names lib"]);
        check(&TABLE, "src/service/mod.rs", "use crate::domain::Image;", &[]);
        let test = "#[cfg(test)] mod tests { use super::super::output::table::table; }";
        check(&TABLE, "src/service/mod.rs", test, &["src/service/mod.rs names output"]);
        check(
            &TABLE,
            "src/workflows/mod.rs",
            "use crate::output::{Printer, json};",
            &["src/workflows/mod.rs names output"],
        );
        check(&TABLE, "src/workflows/mod.rs", "use crate::{output, service}; fn f(p: output::Printer) {}", &[]);
        check(
            &TABLE,
            "src/workflows/mod.rs",
            "use crate::output; fn f() { output::table::table() }",
            &["src/workflows/mod.rs names output"],
        );
        check(&TABLE, "src/options/mod.rs", "use crate::commands::list;", &["src/options/mod.rs names commands"]);
        check(&TABLE, "src/commands/list.rs", "use crate::{options::Which, exit, output::table};", &[]);
    }

    #[test]
    fn folders_and_rows_are_the_same() {
        let mut files = tree("src/cli/mod.rs", "");
        assert_eq!(subjects(&FOLDERS, &files), [""; 0]);
        files.retain(|(path, _)| !path.starts_with("src/journal/"));
        files.push(("src/cloud.rs", ""));
        assert_eq!(subjects(&FOLDERS, &files), ["src/cloud", "src/journal"]);
    }

    #[test]
    fn the_table_in_lib_rs_is_the_one_here() {
        let rows = LAYERS.map(|(name, may)| {
            format!("//! {name:<9} → {}\n", if may.is_empty() { "nothing else".to_owned() } else { may.join(", ") })
        });
        let picture = "//! The crate.\n//!\n//! main → cli → commands → service\n//!    └──→ output  → domain\n";
        let found =
            |rows: &[String]| subjects(&DIAGRAM, &[("src/lib.rs", &format!("{picture}{}mod a;", rows.concat()))]);
        assert_eq!(found(&rows), [""; 0]);
        assert_eq!(found(&rows[1..]), ["src/lib.rs"]);
        assert_eq!(found(&[&rows[..], &["//! cloud → cli\n".to_owned()]].concat()), ["src/lib.rs"]);
        assert_eq!(found(&rows.map(|row| row.replace("options, workflows", "workflows"))), ["src/lib.rs"]);
        assert_eq!(subjects(&DIAGRAM, &[("src/main.rs", "")]), ["src/lib.rs"]);
    }

    #[test]
    fn renderers_are_called_by_commands_only() {
        let table = "fn f() { crate::output::table::table() }";
        check(&RENDERERS, "src/commands/list.rs", table, &[]);
        check(&RENDERERS, "src/workflows/mod.rs", table, &["src/workflows/mod.rs"]);
        check(&RENDERERS, "src/workflows/mod.rs", "use crate::output::Printer;", &[]);
        check(&RENDERERS, "src/journal/mod.rs", "use crate::output::json::json;", &[]);
        check(&RENDERERS, "src/journal/mod.rs", table, &["src/journal/mod.rs"]);
        check(&RENDERERS, "src/cli/mod.rs", "use crate::output::error::failure;", &[]);
        check(&RENDERERS, "src/cli/mod.rs", table, &["src/cli/mod.rs"]);
    }
}

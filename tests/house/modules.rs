//! The module tree of the crate, and the file that a path leads to.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Role, Source};

/// Index of a module in its [`Modules`].
pub type Id = usize;

#[derive(Debug)]
pub struct Module {
    /// From the root of the crate: `["domain", "plan"]`.
    pub path: Vec<String>,
    /// Index of the file it stands in.
    pub file: usize,
    /// Compiled for unit tests only.
    pub test: bool,
    /// Only a door to its children: what it re-exports counts as theirs.
    facade: bool,
    parent: Option<Id>,
    children: BTreeMap<String, Id>,
    items: BTreeSet<String>,
    imports: BTreeMap<String, Vec<Vec<String>>>,
    globs: Vec<Vec<String>>,
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To a module as a whole.
    Module(Id),
    /// To something in this module.
    Item(Id, String),
}

/// The modules below `src/lib.rs`.
#[derive(Debug, Default)]
pub struct Modules {
    all: Vec<Module>,
    by_place: BTreeMap<(usize, Vec<String>), Id>,
}

/// Re-exports of re-exports are followed so far; more would be a ring of them.
const DEPTH: usize = 12;

impl Modules {
    pub fn new(files: &[Source]) -> Self {
        let mut modules = Self::default();
        if let Some(root) = files.iter().position(|file| file.path == "src/lib.rs") {
            modules.add(files, root, &[], Vec::new(), None, false);
        }
        modules
    }

    pub fn all(&self) -> &[Module] {
        &self.all
    }

    /// The module of `file` within which `within` is written out.
    pub fn at(&self, file: usize, within: &[String]) -> Option<Id> {
        self.by_place.get(&(file, within.to_vec())).copied()
    }

    fn add(
        &mut self,
        files: &[Source],
        file: usize,
        within: &[String],
        path: Vec<String>,
        parent: Option<Id>,
        test: bool,
    ) -> Id {
        let source = &files[file];
        let here = |place: &crate::source::Place| place.within == within;
        let names = || source.names.iter().filter(|name| here(&name.place));
        let mut imports: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        for name in names() {
            if let Role::Import(bound) = &name.role {
                imports.entry(bound.clone()).or_default().push(name.path.clone());
            }
        }
        let globs = names().filter(|name| matches!(name.role, Role::Glob)).map(|name| name.path.clone()).collect();
        let items = source.items.iter().filter(|item| here(&item.place)).map(|item| item.name.clone()).collect();
        let id = self.all.len();
        let (children, facade) = (BTreeMap::new(), source.facade && within.is_empty());
        self.all.push(Module { path: path.clone(), file, test, facade, parent, children, items, imports, globs });
        self.by_place.insert((file, within.to_vec()), id);
        let below = |name: &str| [path.as_slice(), &[name.to_owned()]].concat();
        for child in source.children.iter().filter(|child| here(&child.place)) {
            let paths = files_of(&source.path, within, &child.name, child.path.as_deref());
            if let Some(found) = files.iter().position(|file| paths.contains(&file.path)) {
                let test = test || child.place.test;
                let child_id = self.add(files, found, &[], below(&child.name), Some(id), test);
                self.all[id].children.insert(child.name.clone(), child_id);
            }
        }
        let deeper = |place: &crate::source::Place| {
            (place.within.len() > within.len() && place.within.starts_with(within))
                .then(|| (place.within[within.len()].clone(), place.test))
        };
        let places = source.names.iter().map(|name| &name.place).chain(source.items.iter().map(|item| &item.place));
        let places = places.chain(source.children.iter().map(|child| &child.place));
        let mut inline: BTreeMap<String, bool> = BTreeMap::new();
        for (name, inner) in places.filter_map(deeper) {
            *inline.entry(name).or_insert(true) &= inner;
        }
        for (name, inner) in inline {
            let within = [within, std::slice::from_ref(&name)].concat();
            let child_id = self.add(files, file, &within, below(&name), Some(id), test || inner);
            self.all[id].children.insert(name, child_id);
        }
        id
    }

    /// Where `path` leads when it is written in module `from`; `None` if out of the crate.
    pub fn resolve(&self, from: Id, path: &[String]) -> Option<Target> {
        self.follow(from, path, 0)
    }

    fn follow(&self, from: Id, path: &[String], depth: usize) -> Option<Target> {
        if depth > DEPTH {
            return None;
        }
        let (first, mut rest) = path.split_first()?;
        let mut module = match first.as_str() {
            "crate" => 0,
            "self" => from,
            "super" => self.all[from].parent?,
            name => match self.find(from, name, from, depth)? {
                Target::Module(module) => module,
                item @ Target::Item(..) => return Some(item),
            },
        };
        while let Some((name, after)) = rest.split_first() {
            rest = after;
            if name == "super" {
                module = self.all[module].parent?;
                continue;
            }
            match self.find(module, name, from, depth) {
                Some(Target::Module(inner)) => module = inner,
                Some(item) => return Some(item),
                // Made by a macro.
                None => return Some(Target::Item(module, name.clone())),
            }
        }
        Some(Target::Module(module))
    }

    /// `name` in `module`, for somebody who names it in module `from`.
    fn find(&self, module: Id, name: &str, from: Id, depth: usize) -> Option<Target> {
        let here = &self.all[module];
        if let Some(child) = here.children.get(name) {
            return Some(Target::Module(*child));
        }
        let own = Target::Item(module, name.to_owned());
        if here.items.contains(name) {
            return Some(own);
        }
        let seen_through = here.facade || here.file == self.all[from].file;
        let shown = |target: Target| match target {
            Target::Item(..) if !seen_through => own.clone(),
            target => target,
        };
        if let Some(imports) = here.imports.get(name) {
            let found = imports.iter().find_map(|path| self.follow(module, path, depth + 1));
            return Some(found.map_or_else(|| own.clone(), shown));
        }
        let globs = here.globs.iter().filter_map(|path| match self.follow(module, path, depth + 1)? {
            Target::Module(inner) if inner != module && depth < DEPTH => self.find(inner, name, from, depth + 1),
            _ => None,
        });
        { globs }.next().map(shown)
    }

    /// Where `use path::*` in module `from` leads: to the module, or through a facade to all that it re-exports.
    pub fn all_of(&self, from: Id, path: &[String]) -> Vec<Target> {
        match self.resolve(from, path) {
            Some(Target::Module(module)) if self.all[module].facade => {
                let imports = self.all[module].imports.values().flatten();
                let mut found: Vec<Target> = imports
                    .filter_map(|path| self.resolve(module, path))
                    .filter(|t| matches!(t, Target::Item(..)))
                    .collect();
                let globs = self.all[module]
                    .globs
                    .iter()
                    .filter(|path| self.resolve(module, path) != Some(Target::Module(module)));
                found.extend(globs.flat_map(|path| self.all_of(module, path)));
                found
            }
            Some(Target::Module(module)) => vec![Target::Item(module, "*".to_owned())],
            found => found.into_iter().collect(),
        }
    }
}

/// The files that `mod name;` may mean.
fn files_of(declaring: &str, within: &[String], name: &str, path: Option<&str>) -> Vec<String> {
    let (folder, file) = declaring.rsplit_once('/').unwrap();
    if let Some(path) = path {
        return vec![format!("{folder}/{path}")];
    }
    let own = match file {
        "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
        file => format!("{folder}/{}", file.trim_end_matches(".rs")),
    };
    let folder = [&[own], within].concat().join("/");
    vec![format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where `path` leads from the file `from`: a file and the name in it.
    fn leads(files: &[(&str, &str)], from: &str, path: &str) -> Option<String> {
        let files: Vec<Source> = files.iter().map(|(path, text)| Source::parse(path, text)).collect();
        let modules = Modules::new(&files);
        let from = files.iter().position(|file| file.path == from).unwrap();
        let path: Vec<String> = path.split("::").map(str::to_owned).collect();
        let (module, name) = match modules.resolve(modules.at(from, &[]).unwrap(), &path)? {
            Target::Module(module) => (module, "self".to_owned()),
            Target::Item(module, name) => (module, name),
        };
        Some(format!("{} {name}", files[modules.all()[module].file].path))
    }

    const TREE: [(&str, &str); 6] = [
        ("src/lib.rs", "mod a; mod b; #[path = \"other.rs\"] mod c;"),
        ("src/a/mod.rs", "mod inner; pub use inner::Thing; pub use self::inner::*; use std::fs;"),
        ("src/a/inner.rs", "pub struct Thing; pub struct More; made!(); pub mod deep { pub fn f() {} }"),
        (
            "src/b.rs",
            "pub use crate::a::Thing; pub use crate::a as again; pub fn own() {} use crate::c::{self, g as h};",
        ),
        ("src/other.rs", "pub fn g() {}"),
        ("src/unreached.rs", ""),
    ];

    #[track_caller]
    fn check(from: &str, path: &str, expected: Option<&str>) {
        assert_eq!(leads(&TREE, from, path).as_deref(), expected, "{path} in {from}");
    }

    #[test]
    fn re_exports_of_a_facade_lead_to_the_file_that_holds_the_item() {
        check("src/b.rs", "crate::a::Thing", Some("src/a/inner.rs Thing"));
        check("src/b.rs", "crate::a::More", Some("src/a/inner.rs More"));
        check("src/b.rs", "again::inner::deep::f", Some("src/a/inner.rs f"));
        check("src/a/inner.rs", "super::Thing", Some("src/a/inner.rs Thing"));
        check("src/b.rs", "Thing::new", Some("src/a/inner.rs Thing"));
    }

    #[test]
    fn re_exports_of_a_file_with_code_lead_to_that_file() {
        check("src/a/inner.rs", "crate::b::Thing", Some("src/b.rs Thing"));
        check("src/a/inner.rs", "super::super::b::own", Some("src/b.rs own"));
        check("src/a/inner.rs", "crate::b::again::Thing", Some("src/a/inner.rs Thing"));
    }

    #[test]
    fn renames_paths_of_files_and_what_macros_make_are_followed() {
        check("src/b.rs", "c::g", Some("src/other.rs g"));
        check("src/b.rs", "h", Some("src/other.rs g"));
        check("src/b.rs", "crate::a", Some("src/a/mod.rs self"));
        check("src/b.rs", "crate::a::inner::Made::new", Some("src/a/inner.rs Made"));
    }

    #[test]
    fn what_is_out_of_the_crate_leads_nowhere() {
        check("src/b.rs", "std::fs::read", None);
        check("src/lib.rs", "clap::Parser", None);
        check("src/lib.rs", "super::x", None);
    }
}

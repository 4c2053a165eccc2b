//! All parsed files, read once for all tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread;

use crate::imports::{self, Import};
use crate::modules::Modules;
use crate::source::Source;

/// The files of `src/` and `tests/`, in order of their paths.
#[derive(Debug)]
pub struct Tree {
    pub files: Vec<Source>,
    pub modules: Modules,
    pub imports: Vec<Import>,
}

/// This repository.
pub static REPOSITORY: LazyLock<Tree> = LazyLock::new(|| {
    let paths: Vec<PathBuf> = ["src", "tests"].iter().flat_map(|folder| below(&root().join(folder))).collect();
    let parse = |path: &PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
        let text = fs::read_to_string(path).unwrap();
        // Most tests have no syntax that a rule asks for.
        if name.starts_with("src/") || text.contains("#[path") {
            Source::parse(&name, &text)
        } else {
            Source::unparsed(&name, &text)
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let files = thread::scope(|scope| {
        let share = |first| paths.iter().skip(first).step_by(workers);
        let each: Vec<_> =
            (0..workers).map(|first| scope.spawn(move || share(first).map(parse).collect::<Vec<_>>())).collect();
        each.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    Tree::new(files)
});

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.fold(Vec::new(), |mut found, path| {
        if path.is_dir() {
            found.extend(below(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
        found
    })
}

impl Tree {
    fn new(mut files: Vec<Source>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let modules = Modules::new(&files);
        let imports = imports::of(&files, &modules);
        Self { files, modules, imports }
    }

    /// A tree of paths and texts, for tests of the rules.
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self::new(files.iter().map(|(path, text)| Source::parse(path, text)).collect())
    }

    pub fn file(&self, path: &str) -> Option<&Source> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Files whose paths begin with `folder`.
    pub fn in_folder<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a Source> {
        self.files.iter().filter(move |file| file.path.starts_with(folder))
    }

    /// Compiled for unit tests only.
    pub fn is_test(&self, file: &Source) -> bool {
        let index = self.files.binary_search_by(|other| other.path.cmp(&file.path)).unwrap();
        self.modules.at(index, &[]).is_some_and(|module| self.modules.all()[module].test)
    }
}

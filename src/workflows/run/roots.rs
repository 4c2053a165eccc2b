//! The folders from which a contained run may read files, and in which it may write them.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::domain::failure::{Failure, Kind};

/// The folder in which a function may write.
pub const TMP: &str = "/tmp";

/// The folders from which files may be read.
pub struct Roots {
    /// The folder in which relative paths begin.
    base: PathBuf,
    /// The package of the function, if the platform names it.
    package: Option<PathBuf>,
}

impl Roots {
    /// The folders of a run in this folder, with this package.
    pub fn new(base: PathBuf, package: Option<&str>) -> Self {
        Self { base, package: package.filter(|package| !package.is_empty()).map(PathBuf::from) }
    }

    /// Refuses to read a file that is neither under the package nor under `/tmp`; `what` names it.
    pub fn read(&self, what: &str, value: &Path) -> Result<(), Failure> {
        let hint = format!("put the file into the function's package (LAMBDA_TASK_ROOT), or under {TMP}");
        let roots = self.package.as_deref().into_iter().chain([Path::new(TMP)]);
        self.below(roots, value).map_err(|why| refused(format!("{what}: a function may not read {why}"), hint))
    }

    /// Refuses to write a file elsewhere than under `/tmp`; `what` names it.
    pub fn written(&self, what: &str, value: &Path) -> Result<(), Failure> {
        let hint = format!("give a path under {TMP}");
        let below = self.below([Path::new(TMP)], value);
        below.map_err(|why| refused(format!("{what}: a function may not write {why}"), hint))
    }

    /// Whether it leads below one of these folders; else the path, and why it is unknown where it leads.
    fn below<'a>(&self, roots: impl IntoIterator<Item = &'a Path>, value: &Path) -> Result<(), String> {
        let at = resolved(&self.base.join(value)).map_err(|error| format!("{} ({error})", value.display()))?;
        let mut roots = roots.into_iter().filter_map(|root| root.canonicalize().ok());
        match roots.any(|root| at.starts_with(root)) {
            true => Ok(()),
            false => Err(value.display().to_string()),
        }
    }
}

fn refused(message: String, hint: String) -> Failure {
    Failure::new(Kind::Refused, "PathNotAllowed", message).hint(hint)
}

/// The path without links and `..`. Its end need not exist, but then it is what it seems.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Err(error) };
            // A link to nothing: written, it would make a file elsewhere.
            if path.symlink_metadata().is_ok() {
                return Err(error);
            }
            Ok(resolved(parent)?.join(name))
        }
        found => found,
    }
}

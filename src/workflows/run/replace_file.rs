//! Files that are replaced as a whole: a reader sees the old text or the new one.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::private_file;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Its owner alone: mode 0600.
    Owner,
    /// Whoever the user's umask allows.
    Usual,
}

/// Writes a file beside the old one and puts it into its place.
pub fn replace(path: &Path, text: &[u8], readers: Readers) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{:016x}", fastrand::u64(..)));
    let written = create(&beside, readers).and_then(|mut file| file.write_all(text));
    let done = written.and_then(|()| std::fs::rename(&beside, path));
    if done.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    done
}

fn create(path: &Path, readers: Readers) -> io::Result<File> {
    match readers {
        Readers::Owner => private_file::new_file(path),
        Readers::Usual => File::create_new(path),
    }
}

//! The places that lines of the journal go to: a file, or whatever writes elsewhere.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Writes a line with its phase, whole and at once.
pub type Sink = Arc<dyn Fn(&[u8], &'static str) -> io::Result<()> + Send + Sync>;

/// A file that lines are appended to; it and its folder are created if missing.
pub fn file(path: &Path) -> io::Result<Sink> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let open = has_open_line(path);
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    if open {
        file.write_all(b"\n")?;
    }
    let file = Mutex::new(file);
    Ok(Arc::new(move |line, phase| {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        // One write per line, so that the lines of runs that share a journal do not mix.
        file.write_all(line)?;
        // A `begin` must survive a crash of the machine; an outcome can be seen in AWS.
        if phase == "begin" { file.sync_data() } else { Ok(()) }
    }))
}

/// Whether the last line of a file has no end, as in an exported log.
fn has_open_line(path: &Path) -> bool {
    // To open a pipe for reading would wait for a writer.
    let last = || {
        let mut file = path.is_file().then(|| File::open(path).ok())??;
        file.seek(SeekFrom::End(-1)).ok()?;
        let mut last = [0];
        file.read_exact(&mut last).ok()?;
        Some(last)
    };
    last().is_some_and(|last| last != [b'\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_an_end_is_ended_before_the_next() {
        let path = std::env::temp_dir().join(format!("amictl-sink-{:032x}", fastrand::u128(..)));
        for (before, after) in [("", "b\n"), ("a\n", "a\nb\n"), ("a", "a\nb\n")] {
            std::fs::write(&path, before).unwrap();
            file(&path).unwrap()(b"b\n", "end").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), after);
        }
        std::fs::remove_file(path).unwrap();
    }
}

//! Reader of the ids of images and snapshots in any text, whatever its format and encoding.
//!
//! An id counts wherever its characters stand: after an escape (`\n`, `\u003e`, `%3D`), within a longer word
//! (`golden-ami-…`), in an ARN. Only another hexadecimal digit right after it makes it something else. An id too many
//! keeps an image too many; a missed id deletes an image in use.
//!
//! For the same reason no encoding is guessed. Ids are ASCII, and every encoding in use writes ASCII as one byte per
//! character (UTF-8, Latin-1 and the like) or as two or four with zeroes (UTF-16, UTF-32, either byte order). The bytes
//! are read in each of these ways, so that neither a missing byte order mark nor a file of mixed encodings hides an id.

use std::str::FromStr;

use super::ids::{ImageId, SnapshotId};

/// The character with which Windows editors begin a file of UTF-8.
pub const BYTE_ORDER_MARK: char = '\u{feff}';

/// The image ids in a text, in their order.
pub fn image_ids(text: &str) -> impl Iterator<Item = ImageId> {
    ids(text.as_bytes(), 0..text.len()).map(|(_, id)| id)
}

/// The snapshot ids in a text, in their order.
pub fn snapshot_ids(text: &str) -> impl Iterator<Item = SnapshotId> {
    ids(text.as_bytes(), 0..text.len()).map(|(_, id)| id)
}

/// A place in a text: the number of its line, and of a character in that line, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextPosition {
    /// The line.
    pub line: usize,
    /// The character.
    pub column: usize,
}

impl TextPosition {
    const START: Self = Self { line: 1, column: 1 };

    /// The position after these bytes, which begin a character.
    fn after(self, bytes: &[u8], script: Reading) -> Self {
        if script.width == 1 {
            return self.after_narrow(bytes);
        }
        bytes.chunks_exact(script.width).fold(self, |at, bytes| match script.number(bytes) {
            0x0a => Self { line: at.line + 1, column: 1 },
            // The second half of a character of UTF-16.
            0xdc00..=0xdfff => at,
            _ => Self { column: at.column + 1, ..at },
        })
    }

    fn after_narrow(self, bytes: &[u8]) -> Self {
        // Zeroes belong to wide characters, and bytes that begin with 10 to characters of UTF-8.
        let characters = |bytes: &[u8]| bytes.iter().filter(|byte| !matches!(byte, 0 | 0x80..=0xbf)).count();
        match bytes.iter().rposition(|byte| *byte == b'\n') {
            None => Self { column: self.column + characters(bytes), ..self },
            Some(last) => {
                let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
                Self { line: self.line + lines, column: 1 + characters(&bytes[last + 1..]) }
            }
        }
    }
}

/// Finds image ids, with their positions, in bytes that arrive in pieces: files of any size need little memory, and an
/// id that spans two pieces is found.
#[derive(Debug)]
pub struct Pieces {
    /// The bytes still needed.
    kept: Vec<u8>,
    /// The number of these bytes already searched.
    searched: usize,
    /// The position of the first of these bytes, which begins a character.
    start: TextPosition,
    /// How characters are written, for positions only; `None` before the first byte is searched.
    script: Option<Reading>,
}

impl Default for Pieces {
    fn default() -> Self {
        Self { kept: Vec::new(), searched: 0, start: TextPosition::START, script: None }
    }
}

impl Pieces {
    /// Takes the next piece and returns the ids found for certain. An empty piece is the end.
    pub fn add(&mut self, piece: &[u8]) -> Vec<(TextPosition, ImageId)> {
        self.kept.extend_from_slice(piece);
        let until = if piece.is_empty() { self.kept.len() } else { self.kept.len().saturating_sub(REACH) };
        if until <= self.searched {
            return Vec::new();
        }
        let script = *self.script.get_or_insert_with(|| {
            let (script, marked) = Reading::of(&self.kept);
            // A mark is no character.
            self.start.column -= usize::from(marked);
            script
        });
        let whole = |at: usize| at - at % script.width;
        let (mut hyphen, mut counted, mut found) = (self.start, 0, Vec::new());
        for (at, id) in ids(&self.kept, self.searched..until) {
            hyphen = hyphen.after(&self.kept[counted..whole(at)], script);
            counted = whole(at);
            let column = hyphen.column.saturating_sub(ImageId::PREFIX.len()).max(1);
            found.push((TextPosition { column, ..hyphen }, id));
        }
        let done = whole(until.saturating_sub(REACH));
        self.start = self.start.after(&self.kept[..done], script);
        self.kept.drain(..done);
        self.searched = until - done;
        found
    }
}

/// The compression of a file, by its first bytes: ids in it cannot be read.
pub fn compressed(beginning: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 9] = [
        (b"\x1f\x8b", "compressed by gzip"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\xfd7zXZ\0", "compressed by xz"),
        (b"\x28\xb5\x2f\xfd", "compressed by zstd"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"\x04\x22\x4d\x18", "compressed by lz4"),
        (b"\x1f\x9d", "compressed by compress"),
        (b"]\0\0", "compressed by lzma"),
        (b"Rar!\x1a\x07", "a rar archive"),
    ];
    // The magic number of bzip2 is text; the block behind it is not.
    let bzip2 = beginning.starts_with(b"BZh") && beginning.get(4..10) == Some(b"1AY&SY");
    let known = KINDS.iter().find(|(magic, _)| beginning.starts_with(magic)).map(|(_, kind)| *kind);
    known.or(bzip2.then_some("compressed by bzip2"))
}

/// The kind of an id, by its prefix.
trait Prefixed: FromStr {
    const PREFIX: &'static str;
}

impl Prefixed for ImageId {
    const PREFIX: &'static str = "ami";
}

impl Prefixed for SnapshotId {
    const PREFIX: &'static str = "snap";
}

/// The number of hexadecimal digits of an id: 8 in resources made before 2016, 17 since.
const DIGITS: [usize; 2] = [8, 17];

/// The maximum number of bytes from the hyphen of an id past its end, in the widest encoding.
const REACH: usize = 4 * (17 + 2);

/// A way to read bytes as characters.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// Bytes per character.
    width: usize,
    /// Whether the non-zero byte of an ASCII character comes last.
    big_endian: bool,
}

const READINGS: [Reading; 5] = [
    Reading { width: 1, big_endian: false },
    Reading { width: 2, big_endian: false },
    Reading { width: 2, big_endian: true },
    Reading { width: 4, big_endian: false },
    Reading { width: 4, big_endian: true },
];

impl Reading {
    /// How the characters of a text are written, by its first bytes, and whether a mark says so.
    fn of(beginning: &[u8]) -> (Self, bool) {
        let (width, big_endian, marked) = match beginning {
            [0xef, 0xbb, 0xbf, ..] => (1, false, true),
            [0xff, 0xfe, 0, 0, ..] => (4, false, true),
            [0, 0, 0xfe, 0xff, ..] => (4, true, true),
            [0xff, 0xfe, ..] => (2, false, true),
            [0xfe, 0xff, ..] => (2, true, true),
            [1..=255, 0, 0, 0, ..] => (4, false, false),
            [0, 0, 0, 1..=255, ..] => (4, true, false),
            [1..=255, 0, ..] => (2, false, false),
            [0, 1..=255, ..] => (2, true, false),
            _ => (1, false, false),
        };
        (Self { width, big_endian }, marked)
    }

    /// The number of a character, or of half a character of UTF-16.
    fn number(self, bytes: &[u8]) -> u32 {
        let join = |number: u32, byte: &u8| (number << 8) | u32::from(*byte);
        if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
    }

    /// The ASCII character whose non-zero byte is at `at`, if it is one.
    fn ascii(self, bytes: &[u8], at: usize) -> Option<u8> {
        let zeroes = match self.big_endian {
            true => at.checked_sub(self.width - 1)?..at,
            false => at + 1..at + self.width,
        };
        let byte = *bytes.get(at)?;
        (byte.is_ascii() && bytes.get(zeroes)?.iter().all(|byte| *byte == 0)).then_some(byte)
    }

    /// The id with its hyphen at `hyphen`, in lower case as EC2 writes ids.
    fn id<T: Prefixed>(self, bytes: &[u8], hyphen: usize) -> Option<T> {
        self.ascii(bytes, hyphen)?;
        let start = hyphen.checked_sub(T::PREFIX.len() * self.width)?;
        let prefix = (start..hyphen).step_by(self.width).map(|at| self.ascii(bytes, at));
        if !prefix.zip(T::PREFIX.bytes()).all(|(found, wanted)| found.is_some_and(|c| c.eq_ignore_ascii_case(&wanted)))
        {
            return None;
        }
        let behind = (hyphen + self.width..bytes.len()).step_by(self.width);
        let digits = behind.map_while(|at| self.ascii(bytes, at).filter(u8::is_ascii_hexdigit));
        let digits: String = digits.take(DIGITS[1] + 1).map(|digit| char::from(digit.to_ascii_lowercase())).collect();
        if !DIGITS.contains(&digits.len()) {
            return None;
        }
        format!("{}-{digits}", T::PREFIX).parse().ok()
    }
}

/// The ids whose hyphens lie in this part of the bytes, each with the position of its hyphen.
fn ids<T: Prefixed>(bytes: &[u8], part: std::ops::Range<usize>) -> impl Iterator<Item = (usize, T)> {
    let from = part.start;
    let hyphens = bytes[part].iter().enumerate().filter(|(_, byte)| **byte == b'-');
    let reading = move |at| READINGS.iter().find_map(|reading| reading.id(bytes, at));
    hyphens.filter_map(move |(at, _)| Some((from + at, reading(from + at)?)))
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;

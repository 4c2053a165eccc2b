//! Tests of the reader of ids in texts of any encoding.

use proptest::prelude::*;

use super::*;

const OLD: &str = "ami-01234567";
const NEW: &str = "ami-0123456789abcdef0";

fn images(text: &str) -> Vec<String> {
    image_ids(text).map(|id| id.to_string()).collect()
}

#[test]
fn an_id_counts_whatever_stands_before_it() {
    for before in ["", " ", "\\n", "\\t", "\\u003e", "%3D", "golden-", "x", "9", "ami-", "-", "_", "é", "image/", "\0"]
    {
        for id in [OLD, NEW] {
            assert_eq!(images(&format!("{before}{id}")), [id], "{before}");
        }
    }
    assert_eq!(images(&format!("{{\"value\":\"{NEW}\\n{OLD}\\t{NEW}\"}}")), [NEW, OLD, NEW]);
}

#[test]
fn an_id_ends_before_anything_but_a_hexadecimal_digit() {
    for after in ["", " ", "\\n", "-encrypted", "g", "xyz", "é", "\"", "\r\n", "%0A", ":", "_2", "\0", "\u{661}"] {
        for id in [OLD, NEW] {
            assert_eq!(images(&format!("{id}{after}")), [id], "{after}");
        }
    }
    for none in ["ami-0123456", "ami-012345678", "ami-0123456789abcdef01", "ami-0123456789abcdef0A", "ami-", "ami"] {
        assert!(images(none).is_empty(), "{none}");
    }
}

#[test]
fn an_id_in_capitals_counts_too() {
    assert_eq!(images("AMI-0123456789ABCDEF0"), [NEW]);
}

#[test]
fn snapshots_are_told_from_images() {
    let text = format!("snap-0123456789abcdef0,{NEW} snap-01234567");
    let snapshots: Vec<_> = snapshot_ids(&text).map(|id| id.to_string()).collect();
    assert_eq!(snapshots, ["snap-0123456789abcdef0", "snap-01234567"]);
    assert_eq!(images(&text), [NEW]);
}

#[test]
fn compressed_files_are_known_by_what_they_begin_with() {
    let packed: [&[u8]; 5] = [b"\x1f\x8b\x08", b"PK\x03\x04", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"BZh91AY&SY"];
    assert!(packed.iter().all(|bytes| compressed(bytes).is_some()));
    for text in ["", "P", "PK", "BZh9 is text", "ami = 1", "\u{feff}x"] {
        assert_eq!(compressed(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn lines_and_columns_are_counted_over_all_pieces() {
    let (mut pieces, mut found) = (Pieces::default(), Vec::new());
    let text = format!("one\n{OLD}\n\n{NEW} {OLD}\n{}{OLD}\né: {NEW}", "long ".repeat(100));
    for piece in text.as_bytes().chunks(7).chain([&[][..]]) {
        found.extend(pieces.add(piece));
    }
    let found: Vec<_> = found.iter().map(|(at, id)| (at.line, at.column, id.as_str())).collect();
    assert_eq!(found, [(2, 1, OLD), (4, 1, NEW), (4, 23, OLD), (5, 501, OLD), (6, 4, NEW)]);
}

#[test]
fn columns_count_characters_whatever_the_encoding() {
    // Halves of these characters look like an end of line in UTF-16, and the last one has two halves.
    let text = format!("上上 {OLD}\n  中文\u{a0a}𝄞: {NEW}\n");
    for (name, encode) in &ENCODINGS[..8] {
        for piece in [1, 3, 200, 5000] {
            let (mut pieces, mut found) = (Pieces::default(), Vec::new());
            // The first character of a text without a mark must be plain to tell how it is written.
            let long = format!("x{}\n{text}", " ".repeat(999));
            for piece in encode(&long).chunks(piece).chain([&[][..]]) {
                found.extend(pieces.add(piece));
            }
            let found: Vec<_> = found.iter().map(|(at, id)| (at.line, at.column, id.as_str())).collect();
            assert_eq!(found, [(2, 4, OLD), (3, 9, NEW)], "{name}");
        }
        let mut pieces = Pieces::default();
        let mut found = pieces.add(&encode(&format!("{OLD} {NEW}")));
        found.extend(pieces.add(&[]));
        assert_eq!(found.iter().map(|(at, _)| at.column).collect::<Vec<_>>(), [1, 14], "{name}");
    }
}

#[test]
fn little_is_kept_of_a_long_text() {
    let mut pieces = Pieces::default();
    for _ in 0..100 {
        pieces.add(&[b'-'; 1000]);
        assert!(pieces.kept.len() <= 1000 + 2 * REACH);
    }
}

/// A way to write a text as bytes.
type Encoding = fn(&str) -> Vec<u8>;

const ENCODINGS: [(&str, Encoding); 9] = [
    ("UTF-8", |text| text.as_bytes().to_vec()),
    ("UTF-8 with a mark", |text| format!("\u{feff}{text}").into_bytes()),
    ("UTF-16LE", |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ("UTF-16LE with a mark", |text| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ("UTF-16BE", |text| text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ("UTF-16BE with a mark", |text| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect()),
    ("UTF-32LE", |text| text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect()),
    ("UTF-32BE", |text| text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect()),
    // Characters outside Latin-1 become arbitrary bytes.
    ("Latin-1", |text| text.chars().map(|c| u32::from(c).to_le_bytes()[0]).collect()),
];

fn id() -> impl Strategy<Value = String> {
    "ami-([0-9a-f]{8}|[0-9a-f]{17})"
}

/// Any text, and texts of ids and pieces of them.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ami\\-0-9a-f\u{61}\u{6100}\u{661}\0\n]{0,40}", "[一-鿿]{0,20}"]
}

proptest! {
    #[test]
    fn an_id_put_anywhere_into_any_text_in_any_encoding_is_found(
        (before, id, after) in (text(), id(), text()),
        noise in prop::collection::vec(any::<u8>(), 0..9),
        piece in 1usize..200,
    ) {
        for (name, encode) in ENCODINGS {
            // The next byte must not be another digit of the id.
            let after = format!(" {after}");
            let mut bytes = noise.clone();
            bytes.extend(encode(&format!("{before}{id}{after}")));
            let (mut pieces, mut found) = (Pieces::default(), Vec::new());
            for piece in bytes.chunks(piece).chain([&[][..]]) {
                found.extend(pieces.add(piece));
            }
            prop_assert!(found.iter().any(|(_, found)| found.as_str() == id), "{name}: {found:?}");
            let whole: Vec<_> = ids::<ImageId>(&bytes, 0..bytes.len()).map(|(_, id)| id).collect();
            prop_assert_eq!(found.into_iter().map(|(_, id)| id).collect::<Vec<_>>(), whole);
        }
    }

    #[test]
    fn text_and_bytes_agree((before, id, after) in (text(), id(), text())) {
        let text = format!("{before}{id} {after}");
        prop_assert!(images(&text).contains(&id), "{text}");
    }
}

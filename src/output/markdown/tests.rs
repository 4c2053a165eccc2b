//! Tests of Markdown: texts stay texts, tables stay tables.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::*;

/// What a reader sees in the cells of the tables, row by row; anything else than text and code in a cell is an error.
fn seen(markdown: &str) -> Vec<Vec<String>> {
    let (mut rows, mut cell) = (Vec::new(), None);
    let github = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM
        | Options::ENABLE_MATH;
    for event in Parser::new_ext(markdown, github) {
        match event {
            Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(Vec::new()),
            Event::Start(Tag::TableCell) => cell = Some(String::new()),
            Event::End(TagEnd::TableCell) => rows.last_mut().unwrap().push(cell.take().unwrap()),
            Event::Text(text) | Event::Code(text) if cell.is_some() => cell.as_mut().unwrap().push_str(&text),
            other => assert!(cell.is_none(), "{other:?} in a cell of\n{markdown}"),
        }
    }
    rows
}

fn with(text: &str) -> Sheet {
    let mut sheet = Sheet::new(["NAME", "END"]);
    sheet.rows.push(vec![text.into(), "end".into()]);
    sheet
}

#[test]
fn a_table_has_a_summary_notes_and_whole_cells() {
    let mut sheet =
        Sheet::new(["FAMILY", "VERDICT", "WHY"]).summed("2 images to delete").noted(["not read: x".to_owned()]);
    let long = "a reason that takes more room than a terminal has ".repeat(5);
    sheet.rows.push(vec!["web".into(), Cell::toned("keep", Tone::Kept), "in use".into()]);
    sheet.rows.push(vec![Cell::toned("web", Tone::Repeated), Cell::toned("delete", Tone::Bad), long.into()]);
    insta::assert_snapshot!(table(&sheet));
}

#[test]
fn a_table_without_a_summary_counts_its_rows() {
    assert_eq!(table(&Sheet::new(["A"])), "no rows\n\n");
    assert!(table(&with("x")).starts_with("1 row\n\n| NAME | END |\n| --- | --- |\n| x | end |\n"));
}

#[test]
fn long_tables_are_folded() {
    let mut sheet = Sheet::new(["A"]);
    sheet.rows = (0..LONG).map(|row| vec![Cell::from(row.to_string())]).collect();
    assert!(!table(&sheet).contains("<details>"));
    sheet.rows.push(vec!["one more".into()]);
    let text = table(&sheet);
    assert!(text.contains("<details><summary>51 rows</summary>\n\n| A |\n"), "{text}");
    assert!(text.ends_with("| one more |\n\n</details>\n\n"), "{text}");
    assert_eq!(seen(&text).len(), 52);
}

#[test]
fn cells_are_texts() {
    for (text, written) in [
        ("a|b", "a\\|b"),
        ("a\\|b", "a&#92;\\|b"),
        ("`rm`", "&#96;rm&#96;"),
        ("<img src=x onerror=y>", "&lt;img src=x onerror=y&gt;"),
        ("a & b &lt;", "a &amp; b &amp;lt;"),
        ("[x](http://e.example/?a=b)", "\\[x\\](`http://e.example/?a=b`)"),
        ("![x](y)", "!\\[x\\](y)"),
        ("@team", "`@team`"),
        ("mail ops@example.com now", "mail `ops@example.com` now"),
        ("www.example.com", "`www.example.com`"),
        ("fixes org/repo#12", "fixes `org/repo#12`"),
        (":white_check_mark: ok", "`:white_check_mark:` ok"),
        ("at 12:30:00", "at 12:30:00"),
        ("**b** _i_ ~s~ web_v1_x", "\\*\\*b\\*\\* \\_i\\_ \\~s\\~ web_v1_x"),
        ("up to $1.20", "up to $1.20"),
        ("$x$", "&#36;x&#36;"),
        ("a\nb\u{1b}\u{202e}", "a\\nb\\u{1b}\\u{202e}"),
        ("C:\\", "C:&#92;"),
        ("a\\@b", "a&#92;`@b`"),
        ("a\\*b", "a&#92;\\*b"),
        ("<!-- x -->", "&lt;!-- x --&gt;"),
        ("web-v3-2026-01-02", "web-v3-2026-01-02"),
        ("arn:aws:ec2:us-east-1::image/x", "`arn:aws:ec2:us-east-1::image/x`"),
        ("größer ≤ 日本", "größer ≤ 日本"),
        ("[^1]", "\\[^1\\]"),
        ("</details>", "&lt;/details&gt;"),
    ] {
        let markdown = table(&with(text));
        assert!(markdown.contains(&format!("\n| {written} | end |\n")), "{text}: {markdown}");
        assert_eq!(seen(&markdown)[1], [escaped(text).as_ref(), "end"], "{markdown}");
    }
}

#[test]
fn heads_summaries_and_notes_are_texts_too() {
    let text = table(
        &Sheet { rows: vec![vec!["x".into()]], ..Sheet::new(["a|<b>"]) }.summed("<i>@x").noted(["a\nb|".to_owned()]),
    );
    assert_eq!(text, "&lt;i&gt;`@x`\n\n- a\\nb\\|\n\n| a\\|&lt;b&gt; |\n| --- |\n| x |\n\n");
}

proptest! {
    #[test]
    fn any_text_is_seen_as_it_is(any in any::<String>(), near in "[a-z0-9@#:/._|`*<>&\\[\\]()!~$\\\\^=+{}\"' -]{0,30}") {
        for text in [any, near] {
            let markdown = table(&with(&text));
            let rows = seen(&markdown);
            prop_assert_eq!(rows.len(), 2, "{}", markdown);
            let shown = escaped(&text);
            prop_assert_eq!(rows[1][0].trim(), shown.trim(), "{}", markdown);
            prop_assert_eq!(&rows[1][1], "end", "{}", markdown);
            // A mention or a link is only in code.
            for (part, word) in markdown.split('`').enumerate() {
                prop_assert!(part % 2 == 1 || !word.contains(['@', '#']) || word.contains("&#"), "{}", markdown);
            }
        }
    }
}

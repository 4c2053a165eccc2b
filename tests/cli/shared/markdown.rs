//! `-o markdown`: the tables for people as GitHub-flavoured Markdown.

use crate::fake::PROD;
use crate::scene::{Scene, days_ago};
use crate::setup::{EAST, Setup};

const NAME: &str = "web-v3-2026-01-02";

/// The cells of the rows of all tables, without those of the dashes.
fn rows(markdown: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let bars = line.replace("\\|", "\u{1}");
        bars.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
    };
    let lines = markdown.lines().filter(|line| line.starts_with('|') && !line.starts_with("| ---"));
    lines.map(cells).collect()
}

/// Five versions of web, of which an instance uses the first, and two of api.
fn scene() -> (Scene, Vec<String>) {
    let setup = Scene::new();
    let web = setup.family("web", 5);
    setup.family("api", 2);
    setup.world().instance(PROD, EAST).image(&web[0]).put();
    (setup, web)
}

#[test]
fn a_listing_has_a_summary_and_the_columns_of_the_table() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).created(days_ago(3)).put();
    let ran = setup.run("list -o markdown").ended(0);
    let expected = format!(
        "1 image\n\n\
         | NAME | ID | STATE | AGE | ARCH | SIZE | LAST LAUNCHED |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n\
         | {NAME} | {id} | available | 3d | x86_64 | 8 GiB | - |\n\n"
    );
    assert_eq!((ran.stdout, ran.stderr.as_str()), (expected.clone(), ""));
    let ran = setup.amictl().env("AMICTL_OUTPUT", "markdown").run("list --color always").ended(0);
    assert_eq!(ran.stdout, expected, "no colours, and the environment may ask for it");
    let ran = setup.run("list none-* -o markdown").ended(0).says(&["no images match"]);
    assert_eq!(ran.stdout, "no images\n\n");
}

#[test]
fn a_listing_names_the_places_that_it_misses() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).put();
    let ran = setup.run("list --region us-east-1,af-south-1 -o markdown").ended(3);
    let note = ran.lines().into_iter().find(|line| line.starts_with("- not read: ")).map(str::to_owned);
    assert!(note.is_some_and(|note| note.contains("region af-south-1: ")), "{}", ran.stdout);
}

#[test]
fn cells_cannot_break_out_of_the_table() {
    let setup = Setup::new();
    let nasty = [
        ("A", "a|b", "a\\|b"),
        ("B", "[x](http://evil.example)", "\\[x\\](`http://evil.example`)"),
        ("C", "@team", "`@team`"),
        ("D", "<img src=x>", "&lt;img src=x&gt;"),
        ("E", "`rm -rf`", "&#96;rm -rf&#96;"),
        ("F", "a\n| b |", "a\\n\\| b \\|"),
        ("G", "a\u{1b}[31m\u{202e}b", "a\\u{1b}\\[31m\\u{202e}b"),
        ("H", "&lt;", "&amp;lt;"),
        ("I", "**x** _y_ ~z~ #1", "\\*\\*x\\*\\* \\_y\\_ \\~z\\~ `#1`"),
        ("J", "\\|", "&#92;\\|"),
    ];
    let mut world = setup.world();
    let image = nasty.iter().fold(world.image(PROD, EAST, NAME), |image, (key, value, _)| image.tag(key, value));
    image.put();
    drop(world);
    let columns: Vec<_> = nasty.iter().map(|(key, ..)| format!("tag:{key}")).collect();
    let ran = setup.run(&format!("list -o markdown --columns name,{}", columns.join(","))).ended(0);
    let cells: Vec<_> = nasty.iter().map(|(.., cell)| *cell).collect();
    assert_eq!(ran.lines()[4], format!("| {NAME} | {} |", cells.join(" | ")));
    let heads = setup.amictl().args(&["list", "-o", "markdown", "--columns", "tag:a|<b>"]).ended(0);
    assert_eq!(heads.lines()[2], "| a\\|&lt;b&gt; |");
}

#[test]
fn a_plan_has_its_steps_first_and_what_stays_folded() {
    let (setup, web) = scene();
    let ran = setup.run("prune -o markdown").ended(0);
    let (head, rest) = ran.stdout.split_once("<details><summary>4 kept</summary>\n\n").unwrap();
    assert!(
        head.starts_with("1 image to delete with snapshots of 8 GiB: up to $0.40 a month; 6 images stay\n\n- kept: ")
    );
    let (steps, kept) = (rows(head), rows(rest));
    assert_eq!(steps[0], ["REGION", "FAMILY", "VERDICT", "IMAGE", "ID", "WHY"]);
    assert_eq!(steps[1][..5], ["us-east-1", "web", "delete", "web-v2-2025-01-01", &web[1]]);
    assert_eq!((steps.len(), kept.len(), &kept[0]), (2, 5, &steps[0]));
    for (row, version) in kept[1..].iter().zip([5, 4, 3, 1]) {
        let name = format!("web-v{version}-2025-01-01");
        assert_eq!(
            row[..5],
            ["us-east-1", "web", "keep", &name, &web[version - 1]],
            "whole rows, also where a table has blanks"
        );
    }
    assert!(rest.ends_with("\n\n</details>\n\n"), "{rest}");
    let nothing = setup.run("prune --keep 9 -o markdown").ended(0).stdout;
    assert!(
        nothing.starts_with("nothing to delete; 7 images stay\n\n- kept: ") && rows(&nothing).is_empty(),
        "{nothing}"
    );
}

#[test]
fn reports_have_their_counts() {
    let (setup, web) = scene();
    let ran = setup.run("prune --apply --yes --max-delete 9 -o markdown").ended(0);
    assert!(ran.stdout.starts_with("1 done\n\n| NAME | ID | REGION | RESULT | SNAPSHOTS |\n"), "{}", ran.stdout);
    assert_eq!(rows(&ran.stdout)[1], ["web-v2-2025-01-01", &web[1], EAST, "deregistered", "1 deleted"]);
    let ran = setup.run("prune --apply --yes --max-delete 9 -o markdown").ended(0);
    assert_eq!(ran.stdout, "nothing to do\n\n");
    let ran = setup.run("tag web:v3 web:v4 Team=a|b -o markdown").ended(0);
    assert!(ran.stdout.starts_with("2 done\n\n") && rows(&ran.stdout).len() == 3, "{}", ran.stdout);
}

#[test]
fn references_repeat_the_image_in_each_row() {
    let (setup, web) = scene();
    setup.world().instance(PROD, EAST).image(&web[0]).put();
    let ran = setup.run("refs web:v1 web:v5 -o markdown").ended(0);
    assert!(ran.stdout.starts_with("1 of 2 images in use\n\n"), "{}", ran.stdout);
    let rows = rows(&ran.stdout);
    assert_eq!(rows[0], ["IMAGE", "USED BY", "ID", "DETAIL", "SOURCE"]);
    let of_first = rows.iter().filter(|row| row[0].contains(&web[0]) && row[1] == "instance").count();
    assert_eq!(of_first, 4, "two sources name each: {}", ran.stdout);
}

#[test]
fn a_page_is_a_table_for_each_section() {
    let (setup, web) = scene();
    let ran = setup.run("show web:v1 -o markdown").ended(0);
    let first = format!("Image web-v1-2025-01-01 ({}) in us-east-1: available", web[0]);
    assert_eq!(ran.lines()[..5], [&first, "", "| Identity |  |", "| --- | --- |", "| Name | web-v1-2025-01-01 |"]);
    let rows = rows(&ran.stdout);
    for row in [["Id", &web[0]], ["In use", "yes"]] {
        assert!(rows.iter().any(|cells| *cells == row), "{row:?} {}", ran.stdout);
    }
    for line in
        ["**Volumes**", "| DEVICE | SNAPSHOT | SIZE | WRITTEN | STATE | ENCRYPTED |", "| USED BY | ID | DETAIL |"]
    {
        assert!(ran.lines().contains(&line), "{line}: {}", ran.stdout);
    }
}

#[test]
fn every_table_is_there_as_markdown_with_the_same_columns() {
    let (setup, web) = scene();
    let words = "Created by CreateImage(i-0123456789abcdef0) for ami-0aaaaaaaaaaaaaaaa";
    setup.world().snapshot(PROD, EAST).started(days_ago(100)).description(words).put();
    for (line, summary) in [
        ("list".to_owned(), "7 images"),
        ("refs web:v1".to_owned(), "1 of 1 image in use"),
        ("prune --keep 2".to_owned(), "2 images to delete"),
        ("orphans".to_owned(), "1 orphaned snapshot of 8 GiB: up to $0.40 a month"),
        ("protect web:v5".to_owned(), "1 done"),
        ("share web:v5 --with 222222222222".to_owned(), "1 done"),
        ("deprecate web:v4 --after 30d".to_owned(), "1 done"),
        (format!("launch {} --type t3.micro", web[4]), "1 instance"),
        (format!("wait {}", web[4]), "1 image"),
    ] {
        let table = setup.run(&line).ended(0).stdout;
        let heads = table.lines().next().unwrap().split("  ").map(str::trim).filter(|head| !head.is_empty());
        let ran = setup.run(&format!("{line} -o markdown")).ended(0);
        assert!(ran.stdout.starts_with(summary), "{line}: {}", ran.stdout);
        assert_eq!(rows(&ran.stdout)[0], heads.collect::<Vec<_>>(), "{line}");
        assert!(ran.stdout.ends_with("\n\n"), "{line}: another block can follow");
    }
    assert_eq!(setup.run("restore -o markdown").ended(0).stdout, "no images in the Recycle Bin\n\n");
}

#[test]
fn a_long_listing_is_folded() {
    let setup = Setup::new();
    for number in 1..=51 {
        setup.world().image(PROD, EAST, &format!("web-v{number}-2026-01-02")).put();
    }
    let ran = setup.run("list -o markdown").ended(0);
    assert!(ran.stdout.starts_with("51 images\n\n<details><summary>51 rows</summary>\n\n| NAME |"), "{}", ran.stdout);
    assert_eq!(rows(&ran.stdout).len(), 52);
}

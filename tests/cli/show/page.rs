//! `show`: the page for people, and the formats for programs.

use serde_json::Value;

use crate::fake::{OTHER, PROD, Protection};
use crate::setup::{EAST, EUROPE, Setup, WEST, part};

const NAME: &str = "web-v3-2026-01-02";

/// An image of which there is something to say in every section.
fn ready() -> (Setup, String) {
    let setup = Setup::new();
    let mut world = setup.world();
    let now = world.now();
    let days = |days: i64| now - chrono::Duration::days(days);
    let key = world.add_kms_key(PROD, EAST, "alias/images");
    let root = world.snapshot(PROD, EAST).size(8).encrypted(&key).put();
    let data = world.snapshot(PROD, EAST).size(100).full_bytes(Some(7 << 30)).put();
    let image = world.image(PROD, EAST, NAME).created(days(100)).on_snapshots(&[&root, &data]).blank("/dev/sdz", 50);
    let image = image.tag("Name", NAME).tag("Team", "core").description("The web tier of the shop, with all it needs");
    let image =
        image.deprecated_at(days(-40)).last_launched(days(30)).protection(Protection::Enabled { cooldown: true });
    let image = image.shared_with(OTHER).shared_with("333333333333");
    let unit = "arn:aws:organizations::111111111111:ou/o-abcdefghij/ou-ab12-cdefgh34";
    let id = image.shared_with_arn(unit).put();
    let europe = world.image(PROD, EUROPE, NAME).copied_from(&id, EAST).put();
    world.image(PROD, WEST, NAME).copied_from(&europe, EUROPE).state("pending").put();
    world.instance(PROD, EAST).image(&id).put();
    world.launch_template(PROD, EAST, "front").image(&id).put();
    world.parameter(PROD, EAST, "/amictl/web/prod", &id);
    world.image_recipe(PROD, EAST, "base", &id);
    drop(world);
    (setup, id)
}

/// Dates change with every run; how long ago they are does not.
fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "[date] [time] UTC");
    settings
}

#[test]
fn the_page_of_an_image() {
    let (setup, _) = ready();
    let ran = setup.run("show web").ended(0);
    settings().bind(|| insta::assert_snapshot!(ran.stdout));
    assert_eq!(ran.stderr, "");
}

#[test]
fn the_page_of_an_image_of_which_little_is_known() {
    let setup = Setup::new();
    let old = setup.world().now() - chrono::Duration::days(900);
    let reason = "Given key ID is not accessible.";
    let mut world = setup.world();
    let image = world.image(PROD, EAST, "Golden Image").created(old).instance_store().state("failed");
    image.reason("Client.InternalError", reason).put();
    drop(world);
    let ran = setup.amictl().args(&["show", "Golden Image"]).ended(0);
    settings().bind(|| insta::assert_snapshot!(ran.stdout));
}

#[cfg(unix)]
#[test]
fn the_page_fits_the_terminal_and_tears_no_id() {
    let (setup, id) = ready();
    let long = "words ".repeat(40);
    setup.world().image(PROD, EAST, "api-v1-2026-01-02").tag("Note", &long).description(&long).put();
    for columns in part([80, 100, 120], 2, 0) {
        for reference in ["web", "api"] {
            let line = format!("show {reference} --no-progress");
            let (code, written) = crate::shared::terminal::run(&setup, columns, "", &line, &[]);
            let page = crate::shared::terminal::seen(&written);
            assert_eq!(code, Some(0), "{page}");
            assert!(page.lines().all(|line| line.chars().count() <= columns), "{columns}: {page}");
        }
        let page = crate::shared::terminal::seen(&crate::shared::terminal::run(&setup, columns, "", "show web", &[]).1);
        let key = setup.json("show web")["snapshots"][0]["kms_key_id"].as_str().unwrap().to_owned();
        for whole in [&id, &key, "arn:aws:organizations::111111111111:ou/o-abcdefghij/ou-ab12-cdefgh34"] {
            assert!(page.contains(whole), "{whole} is not in\n{page}");
        }
    }
}

#[test]
fn colours_mean_something_and_show_where_asked_for() {
    let (setup, _) = ready();
    let gone = setup.world().now() - chrono::Duration::days(1);
    setup.world().image(PROD, EAST, "api-v1-2026-01-02").deprecated_at(gone).put();
    setup.world().image(PROD, EAST, "db-v1-2026-01-02").state("failed").put();
    let shown = |reference: &str| setup.run(&format!("show {reference} --color always")).ended(0).stdout;
    let (green, yellow, red) = ("\u{1b}[38;5;10m", "\u{1b}[38;5;11m", "\u{1b}[38;5;9m");
    assert!(shown("web").contains(&format!("{green}available")), "{:?}", shown("web"));
    assert!(shown("web").contains(&format!("{green}yes, and for 24 hours")), "{:?}", shown("web"));
    let id = setup.world().image_named(PROD, EAST, "api-v1-2026-01-02").unwrap().id.clone();
    assert!(shown(&id).contains(&format!("{yellow}available, but deprecated")), "{:?}", shown(&id));
    let id = setup.world().image_named(PROD, EAST, "db-v1-2026-01-02").unwrap().id.clone();
    assert!(shown(&id).contains(&format!("{red}failed")), "{:?}", shown(&id));
    assert!(!setup.run("show web").ended(0).stdout.contains('\u{1b}'));
}

#[test]
fn words_of_others_do_not_steer_the_terminal() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).tag("Team", "\u{9b}2Jgone\r").description("\u{85}next\nline").put();
    let page = setup.run(&format!("show {id}")).ended(0).stdout;
    assert!(page.contains(&id) && !page.contains(['\u{9b}', '\r', '\u{85}']), "{page:?}");
}

#[test]
fn many_users_are_not_all_listed() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    for _ in 0..25 {
        setup.world().instance(PROD, EAST).image(&id).put();
    }
    let page = setup.run("show web").ended(0).stdout;
    assert_eq!(page.matches("instance  ").count(), 20, "{page}");
    assert!(page.contains(&format!("And more        5; all of them: amictl refs {id}\n")), "{page}");
    assert!(setup.json("show web")["references"].as_array().unwrap().len() > 25);
}

#[test]
fn programs_get_a_line_an_id_or_rows() {
    let (setup, id) = ready();
    let line = setup.run("show web -o jsonl").ended(0);
    assert_eq!(line.lines().len(), 1);
    assert_eq!(serde_json::from_str::<Value>(&line.stdout).unwrap(), setup.json("show web"));
    assert_eq!(setup.run("show web -o ids").ended(0).stdout, format!("{id}\n"));
    let csv = setup.run("show web -o csv").ended(0).stdout;
    assert!(csv.starts_with("key,value\n"), "{csv}");
    for row in [
        "version,1",
        &format!("image.id,{id}"),
        "image.tags.Team,core",
        "image.source.instance_id,",
        "snapshots.1.full_bytes,7516192768",
        "copies.0.region,eu-west-1",
        "launch_permissions.0,222222222222",
        "aliases.0,prod",
        "in_use,true",
        "image.description,\"The web tier of the shop, with all it needs\"",
    ] {
        assert!(csv.lines().any(|line| line == row), "{row} is not in\n{csv}");
    }
}

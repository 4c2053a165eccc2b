//! Formats, stdout and stderr, colours, quiet, closed pipes.

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::fake::{Fault, PROD};
use crate::setup::{EAST, Setup};

const NAME: &str = "web-v3-2026-01-02";

/// An endpoint with one image of which everything is known.
fn ready() -> (Setup, String) {
    let setup = Setup::new();
    let mut world = setup.world();
    let image = world.image(PROD, EAST, NAME).created("2026-01-02T03:04:05Z").snapshots(2).tag("Name", "web");
    let id = image.tag("Team", "a,\"b\"").last_launched("2026-02-03T04:05:06Z").description("golden").put();
    drop(world);
    (setup, id)
}

#[test]
fn json_is_what_the_contract_says() {
    let (setup, id) = ready();
    let snapshots = setup.snapshots_of(&id);
    let expected = json!({"version": 1, "errors": [], "images": [{
        "id": id, "name": NAME, "family": "web", "image_version": 3, "date": "2026-01-02", "managed": true, "pattern": null,
        "region": EAST, "owner_id": PROD, "state": "available", "state_reason": null,
        "created_at": "2026-01-02T03:04:05Z", "deprecated_at": null, "last_launched_at": "2026-02-03T04:05:06Z",
        "architecture": "x86_64", "platform": "Linux/UNIX", "root_device_type": "ebs", "public": false,
        "deregistration_protection": "disabled", "encrypted": false, "size_gib": 16,
        "monthly_cost_usd_at_most": null,
        "snapshots": [
            {"id": snapshots[0], "device": "/dev/xvda", "size_gib": 8, "encrypted": false},
            {"id": snapshots[1], "device": "/dev/sdb", "size_gib": 8, "encrypted": false},
        ],
        "source": {"instance_id": null, "image_id": null, "region": null}, "description": "golden",
        "tags": {"Name": "web", "Team": "a,\"b\""}, "scan": null, "watermarks": [], "tested": null, "revoked": false,
    }], "steps": []});
    let ran = setup.run("list -o json").ended(0);
    assert_eq!(ran.json(), expected);
    assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (1, ""), "one line, and no talk");
}

#[test]
fn an_empty_listing_is_a_document_as_well() {
    let setup = Setup::new();
    assert_eq!(setup.json("list"), json!({"version": 1, "images": [], "errors": [], "steps": []}));
    for (format, stdout) in [("jsonl", ""), ("ids", ""), ("table", "")] {
        assert_eq!(setup.run(&format!("list -o {format}")).ended(0).stdout, stdout, "{format}");
    }
    assert_eq!(setup.run("list -o csv").ended(0).lines().len(), 1, "the header alone");
    setup.run("list").ended(0).says(&["no images match"]);
}

#[test]
fn jsonl_has_one_image_a_line_and_ids_one_id() {
    let (setup, id) = ready();
    let second = setup.world().image(PROD, EAST, "api-v1-2026-01-02").put();
    let lines = setup.run("list -o jsonl").ended(0);
    let ids: Vec<Value> =
        lines.lines().iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect();
    assert_eq!(ids, [json!(second), json!(id)]);
    assert_eq!(setup.run("list -o ids").ended(0).stdout, format!("{second}\n{id}\n"));
}

#[test]
fn csv_is_exact_and_quoted() {
    let (setup, id) = ready();
    let ran = setup.run("list -o csv --columns name,id,created,size,tag:Team,tag:None").ended(0);
    let expected =
        format!("name,id,created,size,tag:Team,tag:None\n{NAME},{id},2026-01-02T03:04:05Z,16,\"a,\"\"b\"\"\",\n");
    assert_eq!(ran.stdout, expected);
    let all = setup.run("list -o csv").ended(0);
    assert!(all.stdout.starts_with("name,id,family,version,date,region,owner,"), "{}", all.stdout);
}

#[test]
fn the_table_has_the_columns_asked_for_and_relative_ages() {
    let setup = Setup::new();
    let hours = chrono::Utc::now() - chrono::Duration::hours(5);
    setup.world().image(PROD, EAST, NAME).created(hours).tag("Team", "core").put();
    let table = setup.run("list").ended(0).stdout;
    let header: Vec<_> =
        table.lines().next().unwrap().split("  ").filter(|head| !head.is_empty()).map(str::trim).collect();
    assert_eq!(header, ["NAME", "ID", "STATE", "AGE", "ARCH", "SIZE", "LAST LAUNCHED"]);
    assert!(table.contains(" 5h ") && table.contains("8 GiB"), "{table}");
    let chosen = setup.run("list --columns id,tag:Team,NAME").ended(0).stdout;
    let words: Vec<_> = chosen.split_whitespace().collect();
    assert_eq!((&words[..3], words[4], words[5]), (&["ID", "Team", "NAME"][..], "core", NAME), "{chosen}");
    let two = setup.run("list --region us-east-1,us-west-2").ended(0).stdout;
    assert!(two.lines().next().unwrap().contains("REGION"), "{two}");
}

#[test]
fn data_goes_to_stdout_and_talk_to_stderr() {
    let (setup, _) = ready();
    let instance = setup.world().instance(PROD, EAST).put();
    let talk = setup.run(&format!("create api --instance {instance} -o ids")).ended(0);
    assert!(talk.stdout.starts_with("ami-") && talk.stdout.lines().count() == 1, "{}", talk.stdout);
    assert!(talk.stderr.contains("making api-v1-"), "{}", talk.stderr);
    for quiet in ["--quiet", "-q"] {
        let ran = setup.run(&format!("create api --instance {instance} -o ids {quiet}")).ended(0);
        assert_eq!(ran.stderr, "", "{quiet}");
        assert!(ran.stdout.starts_with("ami-"), "{}", ran.stdout);
    }
    let ran = setup.run("list --region us-east-1,af-south-1 -q -o ids").ended(3);
    assert!(ran.stderr.contains("af-south-1"), "errors are said all the same: {}", ran.stderr);
}

#[test]
fn an_error_is_a_sentence_with_a_hint_or_one_line_of_json() {
    let (setup, _) = ready();
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "You are not authorized."));
    let plain = setup.run("list").ended(1);
    let lines: Vec<_> = plain.stderr.lines().collect();
    assert!(
        lines[0].starts_with("error: DescribeImages in us-east-1: You are not authorized. [UnauthorizedOperation]")
    );
    assert!(lines[1].starts_with("hint: add the permission"), "{}", plain.stderr);
    let json = setup.run("list -o json").ended(1);
    assert_eq!((json.stdout.as_str(), json.stderr.lines().count()), ("", 1), "{}", json.stderr);
    let error = json.error();
    assert_eq!(error.as_object().unwrap().keys().collect::<Vec<_>>(), ["code", "exit_code", "hint", "message"]);
    assert_eq!((&error["code"], &error["exit_code"]), (&json!("UnauthorizedOperation"), &json!(1)));
}

#[test]
fn the_format_can_come_from_the_environment() {
    let (setup, id) = ready();
    let ran = setup.amictl().env("AMICTL_OUTPUT", "ids").run("list").ended(0);
    assert_eq!(ran.stdout.trim(), id);
    let ran = setup.amictl().env("AMICTL_OUTPUT", "ids").run("list -o json").ended(0);
    assert_eq!(ran.json()["images"][0]["id"], id);
}

#[test]
fn colours_show_only_where_they_are_asked_for() {
    let (setup, _) = ready();
    assert!(setup.run("list --color always").ended(0).stdout.contains("\u{1b}["));
    for line in ["list", "list --color auto", "list --color never", "list --color always -o csv"] {
        assert!(!setup.run(line).ended(0).stdout.contains('\u{1b}'), "{line}");
    }
    let always = setup.amictl().env("NO_COLOR", "1").run("list --color always").ended(0);
    assert!(always.stdout.contains("\u{1b}["), "a flag beats NO_COLOR");
}

#[test]
fn names_of_others_do_not_steer_the_terminal() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).tag("Team", "\u{9b}2Jgone\r\n").description("\u{85}next").put();
    let table = setup.run("list --columns id,tag:Team,description").ended(0).stdout;
    assert!(table.contains(&id) && !table.contains(['\u{9b}', '\r', '\u{85}']), "{table:?}");
    assert!(table.contains(r"\u{9b}2Jgone\r\n") && table.contains(r"\u{85}next"), "{table}");
    assert_eq!(table.lines().count(), 2, "{table:?}");
    let found = setup.json("list");
    assert_eq!(found["images"][0]["tags"]["Team"], "\u{9b}2Jgone\r\n", "programs get it as it is");
}

/// What turns or hides text: a right-to-left override, an isolate, a mark, a zero-width space.
const HIDDEN: [char; 4] = ['\u{202e}', '\u{2066}', '\u{200f}', '\u{200b}'];

#[test]
fn names_of_others_do_not_deceive_the_reader() {
    let setup = Setup::new();
    let evil = format!("pro{}d", String::from_iter(HIDDEN));
    let id = setup.world().image(PROD, EAST, NAME).tag("Team", &evil).description(&evil).put();
    for line in ["list --columns id,tag:Team,description".to_owned(), format!("show {id}")] {
        let text = setup.run(&line).ended(0).stdout;
        assert!(text.contains(r"pro\u{202e}\u{2066}\u{200f}\u{200b}d") && !text.contains(HIDDEN), "{line}: {text}");
    }
    let json = setup.run("list -o json").ended(0);
    assert_eq!(json.json()["images"][0]["tags"]["Team"], evil, "programs get it as it is");
    assert!(!json.stdout.contains(HIDDEN) && json.stdout.contains(r"\u202e"), "JSON has an escape of its own");
    let csv = setup.run("list -o csv --columns tag:Team").ended(0).stdout;
    assert_eq!(csv, format!("tag:Team\n{evil}\n"));
}

#[test]
fn messages_of_others_take_one_line_and_steer_nothing() {
    let (setup, _) = ready();
    let message = "no\nhint: run this\u{9b}2J\u{202e}";
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", message));
    for line in ["list", "list -vv"] {
        let ran = setup.run(line).ended(1);
        assert!(ran.stderr.contains(r"no\nhint: run this\u{9b}2J\u{202e} [UnauthorizedOperation]"), "{}", ran.stderr);
        assert!(!ran.stderr.contains(['\u{9b}', '\u{202e}']), "{line}: {:?}", ran.stderr);
    }
    let error = setup.run("list -o json").ended(1).error();
    assert!(error["message"].as_str().unwrap().contains(message), "{error}");
}

#[test]
fn a_spreadsheet_runs_nothing_that_csv_carries() {
    let setup = Setup::new();
    let texts = ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "-", "-5", "=", "a=b"];
    // The newest version comes first.
    for (version, text) in (1..).zip(texts.iter().rev()) {
        setup.world().image(PROD, EAST, &format!("web-v{version}-2026-01-02")).tag("T", text).put();
    }
    let csv = setup.run("list -o csv --columns tag:T --sort version").ended(0).stdout;
    let expected = ["'=cmd|' /C calc'!A0", "'+1+1", "'-1+1", "'@SUM(A1)", "'\t=1", "-", "-5", "'=", "a=b"];
    assert_eq!(csv.lines().skip(1).collect::<Vec<_>>(), expected, "{csv}");
    assert_eq!(setup.json("list --sort version")["images"][0]["tags"]["T"], "=cmd|' /C calc'!A0");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let setup = Setup::new();
    setup.world().bulk_images(PROD, EAST, "web", 2000);
    for format in ["table", "json", "jsonl", "csv", "ids"] {
        let mut process = setup.process(&format!("list -o {format}")).spawn().unwrap();
        let mut first = [0; 1];
        let mut stdout = BufReader::with_capacity(1, process.stdout.take().unwrap());
        std::io::Read::read_exact(&mut stdout, &mut first).unwrap();
        drop(stdout);
        let output = process.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{format}");
    }
    let mut help = setup.process("--help").spawn().unwrap();
    drop(help.stdout.take());
    assert_eq!(help.wait().unwrap().code(), Some(0));
}

#[test]
fn the_log_goes_to_stderr_and_keeps_secrets() {
    let (setup, id) = ready();
    let secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";
    for flags in ["-v", "-vv", "-vvv", "-v -v --verbose"] {
        let amictl = setup.amictl().env("AWS_SECRET_ACCESS_KEY", secret);
        let ran = amictl.run(&format!("list -o ids {flags}")).ended(0);
        assert_eq!(ran.stdout.trim(), id, "{flags}");
        assert!(!ran.stderr.contains(secret), "{flags} tells the secret key");
    }
    setup.run("list -v").ended(0).says(&["ec2 us-east-1 DescribeImages: 200 after "]);
    setup.run("show web -v").says(&["ssm us-east-1 DescribeParameters: 200 after "]);
    assert!(setup.run("list -vv").ended(0).stderr.contains("DEBUG"));
    assert_eq!(setup.run("list").ended(0).stderr, "");
}

#[test]
fn completions_and_manual_pages_need_no_region_and_no_keys() {
    let setup = Setup::new();
    let bare = || crate::cli::Amictl::bare(setup.home.path());
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = bare().run(&format!("completions {shell}")).ended(0);
        assert!(ran.stdout.contains("amictl") && ran.stdout.contains("deregister"), "{shell}");
    }
    for (line, title) in [("man", ".TH amictl 1"), ("man list", ".TH amictl-list 1")] {
        let page = bare().run(line).ended(0).stdout;
        let first = BufReader::new(page.as_bytes()).lines().map(Result::unwrap).find(|line| line.starts_with(".TH"));
        assert!(first.unwrap().starts_with(title), "{line}: {page}");
        assert!(!page.contains("\ncommit "), "the page is that of one build: {page}");
    }
}

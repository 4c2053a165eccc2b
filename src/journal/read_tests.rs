//! Tests of the reader of the journal.

use super::*;

const WEB: &str = "ami-00000000000000001";
const API: &str = "ami-00000000000000002";

fn begin(image: &str, action: &str, minute: u32) -> String {
    format!(
        r#"{{"version":1,"phase":"begin","run":"r","at":"2026-01-02T03:{minute:02}:00Z","who":null,"action":"{action}","image":{{"id":"{image}","name":"web-v1-2026-01-02","tags":{{"Team":"web"}},"snapshots":[{{"id":"snap-00000001","device":"/dev/xvda"}}],"new":1}},"launch_permissions":["222222222222","all","who?"],"delete_snapshots":[],"snapshot_tags":{{"snap-00000001":{{"a":"b"}}}},"snapshot_permissions":{{"snap-00000001":["222222222222"],"snap-00000002":null}}}}"#
    ) + "\n"
}

fn end(image: &str, action: &str, status: &str) -> String {
    format!(
        r#"{{"version":1,"phase":"end","run":"r","at":"2026-01-02T04:00:00Z","who":null,"result":{{"image_id":"{image}","action":"{action}","status":"{status}"}}}}"#
    ) + "\n"
}

/// The result of reading a journal with this text.
fn with<T>(text: &str, find: impl Fn(&Path, &BTreeSet<ImageId>) -> io::Result<T>) -> T {
    let path = std::env::temp_dir().join(format!("amictl-journal-{:032x}", fastrand::u128(..)));
    std::fs::write(&path, text).unwrap();
    let found = find(&path, &[WEB.parse().unwrap()].into()).unwrap();
    std::fs::remove_file(path).unwrap();
    found
}

fn read(text: &str) -> BTreeMap<ImageId, JournaledImage> {
    with(text, remembered)
}

fn of_web(text: &str) -> JournaledImage {
    read(text).remove(&WEB.parse().unwrap()).unwrap()
}

/// The permissions to be restored by these lines, and whether a tag has them too.
fn due_of(lines: &[String]) -> Option<(String, bool)> {
    let written = with(&lines.concat(), due).remove(&WEB.parse().unwrap())?.unwrap();
    Some((to_tag(&written.who.unwrap()).unwrap(), written.in_tag))
}

/// A line with permissions to be restored.
fn with_due(line: &str, due: &str) -> String {
    format!("{},\"shares_due\":{due}}}\n", line.trim_end().strip_suffix('}').unwrap())
}

#[test]
fn the_newest_line_counts_with_all_that_is_in_it() {
    let text = [begin(WEB, "disable", 1), begin(WEB, "deregister", 2), begin(API, "deregister", 3)].concat();
    let found = of_web(&text);
    assert_eq!((found.action.as_str(), found.at.to_rfc3339().as_str()), ("deregister", "2026-01-02T03:02:00+00:00"));
    assert_eq!((found.name.as_deref(), found.tags["Team"].as_str()), (Some("web-v1-2026-01-02"), "web"));
    assert_eq!(found.snapshots, ["snap-00000001".parse().unwrap()]);
    assert_eq!(found.snapshot_tags.unwrap()[&"snap-00000001".parse().unwrap()]["a"], "b");
    let copiers = BTreeMap::from([("snap-00000001".parse().unwrap(), ["222222222222".parse().unwrap()].into())]);
    assert_eq!(found.snapshot_permissions, copiers);
    let shares: Vec<_> = found.launch_permissions.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(shares, ["all", "222222222222"]);
    assert_eq!(found.unreadable, ["who?"]);
}

#[test]
fn lines_of_others_and_torn_lines_are_passed_over() {
    let whole = begin(WEB, "deregister", 2);
    let torn = &begin(WEB, "deregister", 3)[..120];
    let noise = format!("\n\u{0}\n{WEB}\n{{}}\n[\"{WEB}\"]\n{{\"version\":2,\"image\":\"{WEB}\"}}\n");
    for text in [
        format!("{noise}{whole}{noise}{torn}"),
        format!("{torn}{whole}"),
        format!("{torn}{}{whole}", end(API, "deregister", "done")),
        whole.trim_end().to_owned(),
    ] {
        assert_eq!(of_web(&text).at.to_rfc3339(), "2026-01-02T03:02:00+00:00", "{text}");
    }
    assert!(read(&noise).is_empty() && read("").is_empty());
}

#[test]
fn what_was_brought_back_since_is_known_until_it_goes_again() {
    let (gone, back) = (begin(WEB, "deregister", 1), end(WEB, "restore", "done"));
    assert!(of_web(&[gone.as_str(), &back].concat()).brought_back);
    let others = [end(API, "restore", "done"), end(WEB, "restore", "failed"), end(WEB, "deregister", "done")];
    assert!(!of_web(&[gone.as_str(), &others.concat()].concat()).brought_back);
    assert!(!of_web(&[gone.as_str(), &back, &begin(WEB, "deregister", 5)].concat()).brought_back);
    assert!(!of_web(&[gone.as_str(), &end(WEB, "enable", "done")].concat()).brought_back);
}

#[test]
fn the_last_line_that_speaks_of_the_memory_counts() {
    let (begun, ended) = (begin(WEB, "disable", 1), end(WEB, "disable", "failed"));
    let two = r#"{"launch_permissions":["222222222222","333333333333"],"tag":false}"#;
    let one = r#"{"launch_permissions":["222222222222"],"tag":true}"#;
    let off = with_due(&begun, two);
    let both = Some(("222222222222 333333333333".to_owned(), false));
    assert_eq!(due_of(std::slice::from_ref(&off)), both);
    for silent in [with_due(&ended, "null"), with_due(&end(WEB, "revive", "done"), "null"), end(API, "enable", "done")]
    {
        assert_eq!(due_of(&[off.clone(), silent]), both);
    }
    assert_eq!(due_of(&[off.clone(), with_due(&ended, one)]), Some(("222222222222".to_owned(), true)));
    let nothing = r#"{"launch_permissions":null,"tag":false}"#;
    assert_eq!(due_of(&[off.clone(), with_due(&ended, nothing)]), None);
    let nobody = r#"{"launch_permissions":[],"tag":false}"#;
    assert_eq!(due_of(&[off.clone(), with_due(&end(WEB, "enable", "done"), nobody)]), Some((String::new(), false)));
    assert_eq!(due_of(&[with_due(&begin(API, "disable", 1), two)]), None);
    // A principal that cannot be parsed is not skipped.
    let wrong = with_due(&begun, r#"{"launch_permissions":["222222222222","who?"],"tag":true}"#);
    assert!(with(&wrong, due)[&WEB.parse().unwrap()].is_err());
}

#[test]
fn lines_of_the_first_versions_tell_of_the_memory_too() {
    let off = begin(WEB, "disable", 1).replace(",\"who?\"", "");
    let due = Some(("all 222222222222".to_owned(), true));
    for (action, status, left) in
        [("enable", "done", &None), ("revive", "done", &None), ("enable", "failed", &due), ("restore", "done", &due)]
    {
        let lines = [off.clone(), end(WEB, "disable", "done"), end(WEB, action, status)];
        assert_eq!(due_of(&lines), *left, "{action} {status}");
    }
    assert_eq!(due_of(&[begin(WEB, "deregister", 1)]), None);
}

/// A line about a restore: `fields` follow `phase`.
fn restoring(image: &str, phase: &str, fields: &str) -> String {
    let what = match phase {
        "begin" => format!(r#""action":"restore","image":{{"id":"{image}","name":"web-v1-2026-01-02"}}"#),
        _ => format!(r#""result":{{"image_id":"{image}","action":"restore","status":"failed","changed":true}}"#),
    };
    format!(r#"{{"version":1,"phase":"{phase}","at":"2026-01-02T05:00:00Z",{what}{fields}}}"#) + "\n"
}

#[test]
fn how_far_bringing_back_got_is_known_and_is_no_line_of_its_own() {
    let (gone, begun) = (begin(WEB, "deregister", 1), restoring(WEB, "begin", ""));
    let ended = |there: &str| restoring(WEB, "end", &format!(r#","image_back":{there}"#));
    for (lines, expected) in [
        (vec![], Returning::NotBegun),
        (vec![restoring(API, "begin", "")], Returning::NotBegun),
        (vec![begun.clone()], Returning::Begun),
        (vec![begun.clone(), ended("null")], Returning::Begun),
        (vec![begun.clone(), ended("false")], Returning::Unfinished),
        (vec![begun.clone(), ended("true")], Returning::Incomplete),
        (vec![begun.clone(), ended("true"), begin(WEB, "deregister", 5)], Returning::NotBegun),
        (vec![restoring(WEB, "end", "")], Returning::NotBegun),
    ] {
        let found = of_web(&[vec![gone.clone()], lines].concat().concat());
        assert_eq!((found.action.as_str(), found.returning, found.brought_back), ("deregister", expected, false));
    }
    assert!(read(&begun).is_empty());
}

#[test]
fn a_return_that_is_not_finished_is_remembered_whatever_is_done_meanwhile() {
    let begun = [begin(WEB, "deregister", 1), restoring(WEB, "begin", "")].concat();
    let unfinished = [begun.clone(), restoring(WEB, "end", ",\"image_back\":true")].concat();
    for action in ["deprecate", "disable", "enable", "revive"] {
        for (text, returning) in [(&begun, Returning::Begun), (&unfinished, Returning::Incomplete)] {
            let done = [begin(WEB, action, 5), end(WEB, action, "failed\",\"changed\":false,\"x\":\"")];
            let found = of_web(&[text.clone(), done.concat()].concat());
            assert_eq!((found.action.as_str(), found.returning), ("deregister", returning), "{action}");
            assert!(!found.in_vain && !found.brought_back && found.is_unfinished_return());
            // After the restore is finished, the next line counts.
            let lines = [text.clone(), done.concat(), end(WEB, "restore", "done"), begin(WEB, action, 6)].concat();
            assert_eq!(of_web(&lines).action, action);
        }
        // Without a restore, the line counts as any other.
        assert_eq!(of_web(&[begin(WEB, "deregister", 1), begin(WEB, action, 5)].concat()).action, action);
    }
    for action in ["deregister", "unshare"] {
        let found = of_web(&[unfinished.clone(), begin(WEB, action, 5)].concat());
        assert_eq!((found.action.as_str(), found.returning), (action, Returning::NotBegun));
        assert_eq!(found.at.to_rfc3339(), "2026-01-02T03:05:00+00:00");
    }
}

#[test]
fn who_is_to_get_a_permission_back_is_what_the_last_line_says() {
    let tagged = |text: String| text.replace(r#""Team":"web""#, r#""Team":"web","amictl:shares":"all""#);
    let unfinished = [tagged(begin(WEB, "deregister", 1)), restoring(WEB, "begin", "")].concat();
    for (action, stays) in [("deprecate", true), ("disable", false), ("enable", false), ("revive", false)] {
        let found = of_web(&[unfinished.clone(), begin(WEB, action, 5)].concat());
        assert_eq!((found.tags.contains_key(SHARES), found.tags.contains_key("Team")), (stays, true), "{action}");
    }
}

#[test]
fn what_a_collector_puts_before_a_line_and_lines_of_others_are_ignored() {
    let line = begin(WEB, "deregister", 2);
    let other = format!(
        "{{\"phase\":\"begin\",\"at\":\"2026-01-02T03:04:00Z\",\"action\":\"disable\",\"image\":{{\"id\":\"{WEB}\"}}}}\n"
    );
    for stamp in
        ["2026-11-28T05:00:00Z ", "2026-11-28T05:00:00.123Z\t8f0e-11\tINFO\t", "[ami-00000000000000003] web | "]
    {
        let text = format!("{stamp}starting\n{stamp}{}\r\n{other}{stamp}{other}", line.trim_end());
        assert_eq!(of_web(&text).action, "deregister", "{stamp}");
    }
    assert!(read(&other).is_empty());
}

#[test]
fn lines_that_the_aws_cli_joined_with_tabs_are_read_one_by_one() {
    let lines = [begin(API, "deregister", 1), begin(WEB, "disable", 2), begin(WEB, "deregister", 3)];
    let joined = lines.map(|line| line.trim_end().to_owned()).join("\t");
    assert_eq!(of_web(&joined).action, "deregister");
    assert_eq!(of_web(&format!("{joined}\t{}", end(WEB, "deregister", "done"))).action, "deregister");
}

#[test]
fn what_ec2_refused_was_done_in_vain() {
    for (status, changed, in_vain) in [
        ("failed", ",\"changed\":false", true),
        ("skipped", ",\"changed\":false", true),
        ("failed", ",\"changed\":true", false),
        ("done", ",\"changed\":true", false),
        ("failed", "", false),
    ] {
        let end = |image: &str, action: &str| end(image, action, &format!("{status}\"{changed},\"x\":\""));
        let text = [begin(WEB, "deregister", 1), end(WEB, "deregister"), end(API, "deregister")].concat();
        assert_eq!(of_web(&text).in_vain, in_vain, "{text}");
        assert!(!of_web(&[begin(WEB, "deregister", 1), end(WEB, "tag"), end(API, "deregister")].concat()).in_vain);
        assert!(!of_web(&[text, begin(WEB, "deregister", 2)].concat()).in_vain);
    }
}

#[test]
fn no_journal_remembers_nothing_and_one_that_cannot_be_read_is_an_error() {
    let images = BTreeSet::from([WEB.parse().unwrap()]);
    assert!(remembered(Path::new("/nowhere/journal.jsonl"), &images).unwrap().is_empty());
    assert!(remembered(&std::env::temp_dir(), &images).is_err());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_damage_panics(
        text in proptest::arbitrary::any::<String>(),
        at in proptest::arbitrary::any::<proptest::sample::Index>(),
        byte in 0..128u8,
        cut in proptest::arbitrary::any::<proptest::sample::Index>(),
    ) {
        let mut journal = (begin(WEB, "disable", 1) + &end(WEB, "disable", "done")).into_bytes();
        let at = at.index(journal.len());
        journal[at] = byte;
        journal.truncate(cut.index(journal.len()));
        let damaged = String::from_utf8(journal).unwrap() + &text + "\n" + &begin(WEB, "deregister", 2);
        with(&damaged, due);
        // Complete lines are read, whatever is around them.
        proptest::prop_assert!(read(&damaged).contains_key(&WEB.parse().unwrap()));
    }
}

//! Bounds of a function: every command, in every form, and the options of an event.

use super::*;
use crate::cli::command_line;

fn bounds(allow: Option<&str>) -> Bounds {
    // Not below /tmp, where a clone may be.
    let base = std::path::PathBuf::from("/usr");
    Bounds::new(allow, Roots::new(base.clone(), base.to_str()), &command_line()).unwrap()
}

fn admit(allow: Option<&str>, line: &str) -> Result<Admitted, Failure> {
    let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
    bounds(allow).admit(command_line(), &args, None)
}

/// A line of each command that only reads, and of each form of a command that does.
const READS: [&str; 17] = [
    "list",
    "show web",
    "refs web",
    "lineage web",
    "stale",
    "audit",
    "audit --rules",
    "aliases",
    "doctor",
    "config show",
    "permissions prune",
    "prune --keep 3",
    "prune --keep 3 --plan-out /tmp/plan.json",
    "orphans --min-age 30d",
    "restore",
    "recycle-bin",
    "--region us-east-1 list web -v",
];

/// A line of each command that changes something, and of each form of a command that does.
const CHANGES: [&str; 36] = [
    "create web --instance i-0123456789abcdef0",
    "create web --instance i-0123456789abcdef0 --dry-run",
    "launch web --type t3.micro",
    "copy web --to eu-west-1",
    "share web --with 222222222222",
    "unshare web --with 222222222222",
    "deprecate web --after 30d",
    "disable web",
    "enable ami-0123456789abcdef0",
    "protect web",
    "unprotect web",
    "tag web Team=core",
    "template web --image web --type t3.micro",
    "deregister ami-0123456789abcdef0 --yes",
    "deregister ami-0123456789abcdef0 --dry-run",
    "revoke web --reason x",
    "unrevoke web",
    "promote web --to prod",
    "apply /tmp/plan.json --yes",
    "rollout web --image web",
    "test web --type t3.micro",
    "test --sweep",
    "wait ami-0123456789abcdef0",
    "wait --group web",
    "rollback web:prod",
    "prune --keep 3 --apply",
    "prune --apply --keep 3 --yes",
    "--quiet prune --keep 3 --apply",
    "prune --keep 3 --apply --dry-run",
    "prune --keep 3 --usage-reports",
    "orphans --apply",
    "orphans --apply --yes --max-delete 5",
    "restore ami-0123456789abcdef0",
    "restore ami-0123456789abcdef0 --dry-run",
    "recycle-bin --retain 14d",
    "recycle-bin --retain=14d --yes",
];

#[test]
fn without_a_list_only_what_reads_may_run() {
    for line in READS {
        assert!(admit(None, line).is_ok(), "{line}: {:?}", admit(None, line));
        assert!(admit(Some(" , "), line).is_ok(), "{line}: an empty list is none");
    }
    for line in CHANGES {
        let failure = admit(None, line).expect_err(line);
        assert_eq!((failure.kind, failure.code.as_ref()), (Kind::Refused, "NotAllowed"), "{line}: {failure}");
        assert!(failure.message.contains("AMICTL_ALLOW is not set"), "{line}: {failure}");
    }
}

#[test]
fn every_command_has_its_line_here() {
    let lines: Vec<&str> = READS.into_iter().chain(CHANGES).flat_map(|line| line.split(' ')).collect();
    for command in command_line().get_subcommands().map(clap::Command::get_name) {
        assert!(lines.contains(&command) || TEXTS.contains(&command), "{command}");
    }
}

#[test]
fn a_list_allows_its_commands_in_all_their_forms_and_nothing_else() {
    for line in READS.into_iter().chain(CHANGES) {
        let name = line.split(' ').find(|word| command_line().find_subcommand(word).is_some()).unwrap();
        for allow in [name.to_owned(), format!("list,{name} show"), format!(" {name} ")] {
            let admitted = admit(Some(&allow), line).unwrap_or_else(|failure| panic!("{line}: {failure}"));
            assert_eq!((admitted.command.as_str(), admitted.dry_run), (name, line.contains("--dry-run")));
        }
        let other = if name == "tag" { "share" } else { "tag" };
        let failure = admit(Some(other), line).expect_err(line);
        assert!(failure.message.contains("AMICTL_ALLOW does not name it"), "{line}: {failure}");
        let hint = format!("AMICTL_ALLOW=\"{other} {name}\" on the function would allow it, in all its forms");
        assert_eq!(failure.hint.as_deref(), Some(hint.as_str()));
    }
}

#[test]
fn a_list_names_commands() {
    let wrong = |allow: &str| Bounds::new(Some(allow), Roots::new(".".into(), None), &command_line()).err().unwrap();
    assert_eq!(wrong("prune,creat").message, "AMICTL_ALLOW: 'creat' is no command");
    assert!(wrong("prune --apply").message.contains("'--apply' is no command"));
    assert!(wrong("completions").message.contains("never run in a function"));
    assert!(wrong("*").message.contains("'*' is no command"));
}

#[test]
fn options_of_the_function_and_of_the_answer_are_not_for_an_event() {
    for (line, kind, says) in [
        ("list --endpoint-url http://localhost:1", Kind::Refused, "AWS_ENDPOINT_URL"),
        ("--endpoint-url=http://localhost:1 list", Kind::Refused, "AWS_ENDPOINT_URL"),
        ("list --profile ops", Kind::Refused, "AWS_PROFILE"),
        ("--config /tmp/config.toml list", Kind::Refused, "AMICTL_CONFIG"),
        ("list -o json", Kind::Usage, "--output"),
        ("-ojsonl list", Kind::Usage, "--output"),
        ("list --query images", Kind::Usage, "--query"),
        ("list --help", Kind::Usage, "help"),
        ("--version", Kind::Usage, "version"),
        ("completions bash", Kind::Usage, "never run in a function"),
        ("man", Kind::Usage, "never run in a function"),
        ("lst", Kind::Usage, "unrecognized subcommand"),
        ("list --nosuch", Kind::Usage, "--nosuch"),
        ("prune --policy /etc/passwd", Kind::Refused, "--policy"),
        ("prune --policy=lib.rs --refs-from=/etc", Kind::Refused, "--refs-from"),
        ("prune --keep 3 --refs-from lib.rs --refs-from ..", Kind::Refused, "--refs-from"),
        ("prune --keep 3 --plan-out plan.json", Kind::Refused, "--plan-out"),
        ("restore --journal /var/log/x", Kind::Refused, "--journal"),
        ("prune --keep 3 --journal /tmp/x", Kind::Refused, "AMICTL_JOURNAL"),
        ("prune --keep 3 --journal=/dev/null", Kind::Refused, "AMICTL_JOURNAL"),
        ("audit --refs-from /tmp/../etc", Kind::Refused, "--refs-from"),
    ] {
        let failure = admit(None, line).expect_err(line);
        let text = format!("{failure} {}", failure.hint.as_deref().unwrap_or_default());
        assert_eq!(failure.kind, kind, "{line}: {text}");
        assert!(text.contains(says), "{line}: {text}");
    }
    for line in ["apply /etc/plan.json", "apply lib.rs -y", "launch web --type t3.micro --user-data /etc/passwd"] {
        let admitted = admit(Some("apply launch"), line);
        assert_eq!(admitted.is_ok(), line.contains("lib.rs"), "{line}: {admitted:?}");
    }
    assert!(admit(None, "prune --policy ssm:/amictl/policy").is_ok());
    assert!(admit(None, "restore --journal /tmp/log.jsonl").is_ok());
    assert!(admit(None, "prune --keep 3 --journal -").is_ok());
}

#[test]
fn a_policy_in_the_event_is_for_a_command_that_takes_one() {
    let admit = |allow: Option<&str>, line: &str, policy: &str| {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        bounds(allow).admit(command_line(), &args, Some(policy))
    };
    assert!(admit(None, "prune", "version = 1\nkeep = 3").is_ok());
    let wrong = admit(None, "prune", "version = 1\nkep = 3").unwrap_err();
    assert!(wrong.kind == Kind::Usage && wrong.message.starts_with("policy in the event: "), "{wrong}");
    assert!(wrong.message.contains("kep"), "{wrong}");
    let both = admit(None, "prune --policy lib.rs", "version = 1\nkeep = 3").unwrap_err();
    assert_eq!((both.kind, both.message.contains("--policy in its args")), (Kind::Usage, true), "{both}");
    let none = admit(None, "list", "version = 1\nkeep = 3").unwrap_err();
    assert_eq!((none.kind, none.message.contains("'list' takes none")), (Kind::Usage, true), "{none}");
    let reports = admit(None, "prune", "version = 1\nkeep = 3\nusage_reports = true").unwrap_err();
    assert_eq!((reports.kind, reports.code.as_ref()), (Kind::Refused, "NotAllowed"), "{reports}");
    let files = admit(None, "prune", "version = 1\nkeep = 3\nrefs_from = [\"lib.rs\", \"/etc\"]").unwrap_err();
    assert!(files.message.contains("refs_from of the policy in the event: a function may not read /etc"), "{files}");
    assert!(admit(None, "prune", "version = 1\nkeep = 3\nrefs_from = [\"lib.rs\"]").is_ok());
    assert!(admit(Some("prune"), "prune", "version = 1\nkeep = 3\nusage_reports = true").is_ok());
}

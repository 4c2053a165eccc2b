//! On a terminal: questions, tables that fit, colours and progress bars.
//!
//! The terminal is that of Python's `pty`.

#![cfg(unix)]

use std::process::Command;

use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, Setup, seconds};

const NAME: &str = "web-v1-2026-01-02";

/// Runs a program on a terminal of its own, types keys each time it asks, and prints all that it writes.
const TERMINAL: &str = r"
import fcntl, json, os, pty, struct, sys, termios
columns, answers, environment, program = int(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 40, columns, 0, 0))
    os.execve(program[0], program, environment)
written, seen = b'', 0
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    written += data
    if answers:
        asked = written.lower().find(answers[0][0].lower().encode(), seen)
        if asked >= 0:
            os.write(terminal, answers.pop(0)[1].encode())
            seen = len(written)
sys.stdout.buffer.write(written)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

/// A run on a terminal so many columns wide: its exit code and all that it wrote. Keys are typed at a yes or no.
pub fn run(setup: &Setup, columns: usize, keys: &str, line: &str, more: &[(&str, &str)]) -> (Option<i32>, String) {
    let answers = [("[y/n]", keys)];
    answered(setup, columns, &answers[usize::from(keys.is_empty())..], line, more)
}

/// The same with keys for one question after the other.
pub fn answered(
    setup: &Setup,
    columns: usize,
    answers: &[(&str, &str)],
    line: &str,
    more: &[(&str, &str)],
) -> (Option<i32>, String) {
    let process = setup.process(line);
    let text = |text: &std::ffi::OsStr| text.to_str().unwrap().to_owned();
    let set = process.get_envs().filter_map(|(name, value)| Some((text(name), text(value?))));
    let more = [("TERM", "xterm-256color")].iter().chain(more).map(|(name, value)| ((*name).into(), (*value).into()));
    let environment: serde_json::Map<_, _> = set.chain(more).map(|(name, value)| (name, value.into())).collect();
    let answers = serde_json::json!(answers).to_string();
    let mut python = Command::new("python3");
    python.args(["-c", TERMINAL, &columns.to_string(), &answers, &serde_json::Value::from(environment).to_string()]);
    let output = python.arg(process.get_program()).args(process.get_args()).output();
    let output = output.expect("python3 gives these tests a terminal: install it");
    let written = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), written + &String::from_utf8(output.stderr).unwrap())
}

/// The text as one sees it: without what steers the terminal.
pub fn seen(text: &str) -> String {
    let mut seen = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => {
                rest.by_ref().find(char::is_ascii_alphabetic);
            }
            '\r' => {}
            c => seen.push(c),
        }
    }
    seen
}

#[test]
fn deregister_shows_what_goes_and_asks() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).size(20).put();
    let snapshot = setup.image(&id).snapshots().next().unwrap().to_owned();
    let line = format!("deregister {id}");
    for no in ["n", "\r"] {
        let (code, written) = run(&setup, 100, no, &line, &[]);
        assert_eq!(code, Some(4), "{written}");
        let said = [NAME, &id, &snapshot, "20 GiB", "Deregister 1 image and delete 1 snapshot?", "nothing was changed"];
        assert!(said.iter().all(|said| seen(&written).contains(said)), "{}", seen(&written));
        setup.unchanged();
    }
    let (code, written) = run(&setup, 100, "y", &line, &[]);
    assert_eq!(code, Some(0), "{written}");
    assert!(setup.names(PROD, EAST).is_empty());
    assert!(setup.world().find_snapshot(&snapshot).is_none());
}

#[test]
fn ctrl_c_at_a_question_is_an_interruption_that_changed_nothing() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    let (code, written) = run(&setup, 100, "\u{3}", &format!("deregister {id}"), &[]);
    assert_eq!(code, Some(130), "{written}");
    assert!(seen(&written).contains("interrupted: nothing was changed"), "{}", seen(&written));
    setup.unchanged();
}

#[test]
fn what_is_put_to_use_while_one_thinks_is_not_deregistered() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    // The use comes up between the first look and the second, which follows the answer and begins with the image.
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::Latency(seconds(1))).skip(2).times(1));
    let (code, written) = std::thread::scope(|scope| {
        let asked = scope.spawn(|| run(&setup, 100, "y", &format!("deregister {id}"), &[]));
        setup.until("DescribeImageReferences", 1);
        setup.until("DescribeInstances", 1);
        setup.world().instance(PROD, EAST).image(&id).put();
        asked.join().unwrap()
    });
    assert_eq!(code, Some(4), "{written}");
    assert!(seen(&written).contains("Deregister 1 image") && seen(&written).contains("is in use by"), "{written}");
    assert_eq!(setup.calls("DescribeInstances").len(), 2);
    setup.unchanged();
}

#[test]
fn yes_is_not_asked_for_twice() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    let (code, written) = run(&setup, 100, "", &format!("deregister {id} --yes"), &[]);
    assert_eq!(code, Some(0), "{written}");
    assert!(!seen(&written).contains('?'), "{}", seen(&written));
}

#[test]
fn tables_fit_the_terminal_and_keep_the_ids_whole() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, &format!("{}-v1-2026-01-02", "long".repeat(20))).put();
    for columns in [60, 80, 120] {
        let (code, written) = run(&setup, columns, "", "list --no-progress --columns name,id,state,description", &[]);
        let table = seen(&written);
        assert_eq!(code, Some(0), "{table}");
        assert!(table.contains(&id) && table.lines().count() == 2, "{columns}: {table}");
        assert!(table.lines().all(|line| line.chars().count() <= columns), "{columns}: {table}");
    }
}

#[test]
fn colours_show_unless_they_are_not_wanted() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).put();
    let green = "\u{1b}[38;5;10m";
    let table = run(&setup, 100, "", "list", &[]).1;
    assert!(table.contains(green) || table.contains("\u{1b}[32m"), "{table:?}");
    for (line, more) in
        [("list --color never", vec![]), ("list", vec![("NO_COLOR", "1")]), ("list", vec![("TERM", "dumb")])]
    {
        let table = run(&setup, 100, "", line, &more).1;
        let plain = table.lines().filter(|line| line.contains("ami-")).all(|line| !line.contains('\u{1b}'));
        assert!(plain && table.contains("ami-"), "{line} {more:?}: {table:?}");
    }
}

#[test]
fn progress_shows_while_one_waits_and_not_where_it_is_not_wanted() {
    let setup = Setup::new();
    let wait = |flags: &str| {
        let name = format!("web-v{}-2026-01-02", setup.names(PROD, EAST).len() + 1);
        let id = setup.world().image(PROD, EAST, &name).pending_for(seconds(1)).put();
        let (code, written) = run(&setup, 100, "", &format!("wait {id} -o ids {flags}"), &[]);
        assert_eq!(code, Some(0), "{written}");
        assert!(seen(&written).contains(&id), "{written}");
        seen(&written)
    };
    assert!(wait("").contains('%'));
    assert!(!wait("--no-progress").contains('%'));
    assert!(!wait("--quiet").contains('%'));
}

#[test]
fn a_report_reads_as_a_sentence_and_tells_its_rows_apart() {
    let setup = Setup::new();
    let [east, west] = [EAST, "us-west-2"].map(|region| setup.world().image(PROD, region, NAME).snapshots(2).put());
    let lines = |columns: usize, line: &str| {
        let (_, written) = run(&setup, columns, "", &format!("{line} --no-progress"), &[]);
        let seen: Vec<String> = seen(&written).lines().map(|line| line.trim_end().to_owned()).collect();
        assert!(seen.iter().take(3).all(|line| line.chars().count() <= columns), "{columns}: {seen:#?}");
        (seen, written)
    };
    let (seen, written) = lines(120, "share web --with 222222222222 --copyable");
    assert_eq!(seen[1], format!("{NAME}  {east}  us-east-1  shared: 222222222222; 2 snapshots copyable"));
    let green = |text: &str| text.contains("\u{1b}[38;5;10m") || text.contains("\u{1b}[32m");
    assert!(green(&written), "{written:?}");
    let both = "share web --with 222222222222 --copyable --region us-east-1,us-west-2";
    let (seen, written) = lines(80, both);
    assert_eq!(seen[0].split_whitespace().collect::<Vec<_>>(), ["NAME", "REGION", "RESULT"]);
    assert_eq!(seen[1], format!("{NAME}  us-east-1  already shared"));
    assert_eq!(seen[2], format!("{NAME}  us-west-2  shared: 222222222222; 2 snapshots copyable"));
    assert!(written.contains("\u{1b}[2malready shared"), "what was so before is less important: {written:?}");
    let denied = "You are not authorized to perform this operation, for reasons that take more room than there is.";
    setup.fake.fault(Fault::error("DisableImage", "UnauthorizedOperation", denied).in_region("us-west-2"));
    let (seen, _) = lines(80, "disable web --region us-east-1,us-west-2");
    assert_eq!(seen[0].split_whitespace().collect::<Vec<_>>(), ["NAME", "ID", "REGION", "RESULT"]);
    assert!(seen[2].starts_with(&format!("{NAME}  {west}  us-west-2  failed: You are")), "{seen:#?}");
    assert!(seen.concat().contains(denied), "what the table has no room for is said below: {seen:#?}");
}

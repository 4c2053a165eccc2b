//! The scripts in the shells themselves, each on a terminal; zsh and fish where they are installed.

#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use super::known;
use crate::setup::Setup;

/// Starts a shell on a terminal, and for each text: types it with a tab, and then a key that the shell's own start file
/// has bound to write down what now stands on the line.
const TERMINAL: &str = r"
import json, os, pty, select, sys, time
program, environment, lines, out = json.loads(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4]
pid, terminal = pty.fork()
if pid == 0:
    os.execve(program[0], program, environment)
written, end = b'', time.time() + 60
def read():
    global written
    if select.select([terminal], [], [], 0.02)[0]:
        written += os.read(terminal, 65536)
    if time.time() > end:
        sys.exit('the shell does not answer: ' + repr(written))
def noted():
    return open(out).read().count('\n') if os.path.exists(out) else 0
while b'READY>' not in written:
    read()
for number, line in enumerate(lines):
    os.write(terminal, b'\x15' + line.encode() + b'\t\x18')
    while noted() <= number:
        read()
os.kill(pid, 9)
print(open(out).read(), end='')
";

/// The program, if it is there.
fn installed(shell: &str) -> Option<String> {
    let folders = ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];
    folders.map(|folder| format!("{folder}/{shell}")).into_iter().find(|path| Path::new(path).exists())
}

/// The environment of the shell: amictl is found first.
fn environment(setup: &Setup) -> Vec<(String, String)> {
    let process = setup.process("");
    let text = |text: &std::ffi::OsStr| text.to_str().unwrap().to_owned();
    let mut all: Vec<_> = process.get_envs().filter_map(|(name, value)| Some((text(name), text(value?)))).collect();
    let folder = Path::new(env!("CARGO_BIN_EXE_amictl")).parent().unwrap().to_str().unwrap();
    all.push(("PATH".to_owned(), format!("{folder}:/usr/bin:/bin:/usr/local/bin")));
    for (name, value) in [("TERM", "dumb"), ("LANG", "C.UTF-8")] {
        all.push((name.to_owned(), value.to_owned()));
    }
    all.push(("ZDOTDIR".to_owned(), setup.home.path().to_str().unwrap().to_owned()));
    all
}

/// What stands on the line after the tab, for each text.
fn completed(setup: &Setup, program: &[&str], lines: &[&str]) -> Vec<String> {
    let out = setup.home.path().join("noted");
    let environment: serde_json::Map<_, _> =
        environment(setup).into_iter().map(|(name, value)| (name, value.into())).collect();
    let [program, environment, lines] =
        [serde_json::json!(program), environment.into(), serde_json::json!(lines)].map(|json| json.to_string());
    let mut python = Command::new("python3");
    let output = python.args(["-c", TERMINAL, &program, &environment, &lines]).arg(&out).current_dir(setup.home.path());
    let output = output.output().expect("python3 gives these tests a terminal: install it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// What is typed before the tab, and the line after it.
const TYPED: [(&str, &str); 9] = [
    ("amictl laun", "amictl launch "),
    ("amictl launch ap", "amictl launch api "),
    ("amictl launch we", "amictl launch web"),
    ("amictl launch web:", "amictl launch web:prod "),
    ("amictl launch web:p", "amictl launch web:prod "),
    ("amictl list --region=eu-n", "amictl list --region=eu-north-1 "),
    ("amictl list --columns name,deprec", "amictl list --columns name,deprecated "),
    ("amictl prune --policy etcet", "amictl prune --policy etcetera/"),
    ("AWS_REGION=us-east-1 amictl launch ap", "AWS_REGION=us-east-1 amictl launch api "),
];

fn check(setup: &Setup, program: &[&str]) {
    let lines = TYPED.map(|(typed, _)| typed);
    setup.home.write("etcetera/web.toml", "");
    setup.home.write("launch/x", "");
    // An editor may or may not put a blank behind a list.
    let trimmed = |line: &str| line.trim_end().to_owned();
    let found = completed(setup, program, &lines).iter().map(|line| trimmed(line)).collect::<Vec<_>>();
    assert_eq!(found, TYPED.map(|(_, line)| trimmed(line)), "{program:?}");
}

#[test]
fn bash_completes_words_also_with_colons() {
    let setup = known();
    let Some(bash) = installed("bash") else { panic!("bash is not installed") };
    setup.run("completions bash --install").ended(0);
    let script = setup.home.path().join(".local/share/bash-completion/completions/amictl");
    let out = setup.home.path().join("noted");
    let rc = format!(
        "PS1='READY> '\nbind 'set enable-bracketed-paste off'\nsource '{}'\nnote() {{ printf '%s\\n' \"$READLINE_LINE\" >> '{}'; }}\n\
         bind -x '\"\\C-x\": note'\n",
        script.display(),
        out.display()
    );
    let rc = setup.home.write("rc", &rc);
    check(&setup, &[&bash, "--noprofile", "--rcfile", &rc, "-i"]);
}

#[test]
fn zsh_completes_them() {
    let setup = known();
    let Some(zsh) = installed("zsh") else { return };
    let home = setup.home.path().to_str().unwrap().to_owned();
    setup.amictl().env("ZDOTDIR", &home).run("completions zsh --install").ended(0);
    let rc = format!(
        "fpath+=('{home}/.zfunc')\nautoload -Uz compinit && compinit -u -D\n\
         note() {{ print -r -- \"$BUFFER\" >> '{home}/noted'; }}\nzle -N note\nbindkey '^X' note\nPS1='READY> '\n"
    );
    setup.home.write(".zshrc", &rc);
    check(&setup, &[&zsh, "-d", "-i"]);
}

#[test]
fn fish_offers_them() {
    let setup = known();
    let Some(fish) = installed("fish") else { return };
    setup.run("completions fish --install").ended(0);
    for (typed, offered) in [
        ("amictl launch we", &["web", "web:prod"][..]),
        ("amictl launch web:", &["web:prod"]),
        ("amictl launch nothing:", &[]),
        ("amictl list --region=eu-n", &["--region=eu-north-1"]),
        ("amictl list --region eu-n", &["eu-north-1"]),
        ("amictl list --columns name,deprec", &["name,deprecated"]),
        ("amictl laun", &["launch"]),
    ] {
        let mut command = Command::new(&fish);
        command.env_clear().envs(environment(&setup)).args(["-c", &format!("complete -C '{typed}'")]);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let words: Vec<_> = text.lines().map(|line| line.split('\t').next().unwrap()).collect();
        assert_eq!(words, offered, "{typed}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn without_the_program_the_scripts_still_know_the_commands() {
    let setup = Setup::new();
    let Some(bash) = installed("bash") else { panic!("bash is not installed") };
    let script = setup.home.write("script", &setup.run("completions bash").ended(0).stdout);
    let harness = format!(
        "source '{script}'; COMP_LINE='amictl laun'; COMP_POINT=11; COMP_WORDS=(amictl laun); COMP_CWORD=1; \
         _amictl_values amictl laun amictl; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let output =
        Command::new(bash).args(["--norc", "-c", &harness]).env_clear().env("PATH", "/nowhere").output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "launch\n");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

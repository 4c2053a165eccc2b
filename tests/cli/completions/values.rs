//! The values that the scripts ask for: no call, no message, whatever stands on the line.

use super::known;
use crate::cli::Amictl;
use crate::setup::Setup;

#[track_caller]
fn offered(setup: &Setup, shell: &str, words: &[&str]) -> Vec<String> {
    let ran = setup.amictl().args(&[&["__complete", shell], words].concat());
    assert_eq!(ran.stderr, "");
    assert_eq!(ran.code, i32::from(ran.stdout.is_empty()));
    ran.lines().into_iter().map(str::to_owned).collect()
}

#[test]
fn each_kind_of_value_is_offered() {
    let setup = known();
    let before = setup.fake.calls().len();
    for (line, values) in [
        ("launch we", &["web", "web:prod"][..]),
        ("launch web:", &["web:prod"]),
        ("prune --keep 3 a", &["api"]),
        ("promote web:v1 --to ", &["prod"]),
        ("rollback ", &["web:prod"]),
        ("list --region eu-n", &["eu-north-1"]),
        ("list --region=us-east-1,eu-n", &["--region=us-east-1,eu-north-1"]),
        ("list --region us-east-1,us-e", &["us-east-1,us-east-2"]),
        ("list --region al", &["all"]),
        ("copy web --to al", &[]),
        ("copy web --to eu-c", &["eu-central-1"]),
        ("prune --without-source launch-", &["launch-configurations", "launch-templates"]),
        ("list --columns name,deprec", &["name,deprecated"]),
        ("list --families --columns in_", &["in_use"]),
        ("list --timeout ", &[]),
        ("lis", &[]),
        ("nothing ", &[]),
    ] {
        let words: Vec<_> = line.split(' ').collect();
        assert_eq!(offered(&setup, "zsh", &words), values, "{line}");
    }
    assert_eq!(offered(&setup, "fish", &["list", "--region=eu-n"]), ["eu-north-1"]);
    assert_eq!(offered(&setup, "bash", &["amictl launch web:p", " \t\n:="]), ["prod"]);
    assert_eq!(offered(&setup, "bash", &["amictl list --region=eu-n", " \t\n:="]), ["eu-north-1"]);
    assert_eq!(offered(&setup, "bash", &["amictl launch web:p", " \t\n="]), ["web:prod"]);
    assert_eq!(setup.fake.calls().len(), before);
}

#[test]
fn nothing_on_the_line_or_around_it_is_an_error() {
    let setup = known();
    for words in
        [&[][..], &["bash"], &["bash", "amictl launch we"], &["tcsh", "launch", ""], &["zsh"], &["zsh", "ü", "=", ""]]
    {
        let ran = setup.amictl().args(&[&["__complete"], words].concat()).ended(1);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""), "{words:?}");
    }
    let config = setup.home.write("wrong.toml", "region = 7\n");
    let ask = |amictl: Amictl, more: &str| {
        let ran = amictl.args(&["__complete", "zsh", "launch", more, ""]);
        assert_eq!(ran.stderr, "");
        ran.stdout
    };
    assert_eq!(ask(setup.amictl(), &format!("--config={config}")), "");
    assert_eq!(ask(setup.amictl().env("AMICTL_TIMEOUT", "nonsense"), "-q"), "");
    assert_eq!(ask(setup.amictl().env("AMICTL_OUTPUT", ""), "-q"), "api\nweb\nweb:prod\n");
    // The regions of a wrong setting are none: all names are offered.
    assert_eq!(ask(setup.amictl().env("AWS_REGION", "nowhere"), "-q"), "api\nweb\nweb:prod\n");
    assert_eq!(ask(Amictl::bare(setup.home.path()), "-q"), "", "another endpoint");
}

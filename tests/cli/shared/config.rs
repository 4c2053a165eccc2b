//! The file of defaults.

use crate::cli::Amictl;
use crate::fake::{OTHER, PROD};
use crate::setup::{EAST, Setup, WEST, each};

/// The binary with keys and nothing else: endpoint and region come from the file.
fn keys(setup: &Setup) -> Amictl {
    let bare = Amictl::bare(setup.home.path());
    bare.env("AWS_ACCESS_KEY_ID", "AKIAPROD").env("AWS_SECRET_ACCESS_KEY", "secret")
}

fn ready() -> (Setup, String) {
    let setup = Setup::new();
    setup.world().image(PROD, WEST, "west-v1-2026-01-02").put();
    setup.world().image(PROD, EAST, "east-v1-2026-01-02").put();
    let text = format!("region = ['us-west-2']\nendpoint_url = '{}'\noutput = 'json'\n", setup.fake.url());
    (setup, text)
}

#[test]
fn the_usual_file_is_read_where_there_is_one() {
    let (setup, text) = ready();
    setup.home.write(".config/amictl/config.toml", &text);
    let found = keys(&setup).run("list").ended(0).json();
    assert_eq!(each(&found["images"], "name"), ["west-v1-2026-01-02"]);
    setup.home.write("xdg/amictl/config.toml", &text.replace("us-west-2", "us-east-1"));
    let xdg = keys(&setup).env("XDG_CONFIG_HOME", setup.home.path().join("xdg"));
    assert_eq!(each(&xdg.run("list").ended(0).json()["images"], "name"), ["east-v1-2026-01-02"]);
}

#[test]
fn the_file_can_be_named_and_flags_and_environment_beat_it() {
    let (setup, text) = ready();
    let file = setup.home.write("ami.toml", &text);
    let name = |amictl: Amictl, line: &str| {
        let found = amictl.run(line).ended(0).json();
        each(&found["images"], "name").join(" ")
    };
    assert_eq!(name(keys(&setup), &format!("list --config {file}")), "west-v1-2026-01-02");
    let from_env = || keys(&setup).env("AMICTL_CONFIG", &file);
    assert_eq!(name(from_env(), "list"), "west-v1-2026-01-02");
    assert_eq!(name(from_env(), "list --region us-east-1"), "east-v1-2026-01-02");
    assert_eq!(name(from_env().env("AWS_REGION", EAST), "list"), "east-v1-2026-01-02");
    let ids = from_env().run("list -o ids").ended(0);
    assert!(ids.stdout.starts_with("ami-"), "{}", ids.stdout);
}

#[test]
fn its_other_keys_are_followed() {
    let (setup, text) = ready();
    setup.home.write("aws-config", "[profile other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = secret\n");
    setup.world().image(OTHER, WEST, "other-v1-2026-01-02").put();
    let file = setup.home.write("ami.toml", &format!("{text}profile = 'other'\n"));
    let bare = Amictl::bare(setup.home.path()).run(&format!("list --config {file}")).ended(0).json();
    assert_eq!(each(&bare["images"], "owner_id"), [OTHER]);
    let environment = keys(&setup).run(&format!("list --config {file}")).ended(0).json();
    assert_eq!(each(&environment["images"], "owner_id"), [PROD], "keys of the environment are nearer");
    let pending = setup.world().image(PROD, WEST, "web-v1-2026-01-02").state("pending").put();
    let file = setup.home.write("slow.toml", &format!("{text}timeout = '1s'\n"));
    let ran = keys(&setup).run(&format!("wait {pending} --config {file}")).ended(5);
    assert_eq!(ran.error()["code"], "Timeout");
    let role = "role_arn = ['arn:aws:iam::222222222222:role/ami']\n";
    let file = setup.home.write("role.toml", &format!("{text}{role}"));
    let assumed = keys(&setup).run(&format!("list --config {file}")).ended(0).json();
    assert_eq!(each(&assumed["images"], "owner_id"), [OTHER]);
}

#[test]
fn a_file_that_is_wrong_is_a_usage_error_that_names_the_line() {
    let (setup, text) = ready();
    for (line, said) in [
        ("outptu = 'json'", "unknown field `outptu`"),
        ("timeout = '30x'", "'30x' is not a span of time"),
        ("color = 'pink'", "'pink' must be one of auto, always, never"),
        ("max_attempts = 0", "max_attempts must be between 1 and 100"),
        ("region", "line 4"),
    ] {
        let file = setup.home.write("wrong.toml", &format!("{text}{line}\n"));
        let ran = keys(&setup).run(&format!("list --config {file}")).ended(2);
        assert!(ran.stderr.contains(&file), "{line}: {}", ran.stderr);
        ran.says(&[said]);
    }
    let file = setup.home.write("wrong.toml", "region = ['nowhere']\n");
    let ran = keys(&setup).run(&format!("list --config {file}")).ended(2);
    ran.says(&["line 1", "'nowhere' is not a region"]);
    keys(&setup).run("list --config /nowhere/ami.toml").ended(2).says(&["/nowhere/ami.toml: No such file"]);
    assert!(setup.fake.calls().is_empty());
}

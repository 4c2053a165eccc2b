//! `--refs-from`: image ids pinned in files count as use.

use std::path::Path;

use crate::scene::{ALL, Plan, Scene, sorted};

fn plan(setup: &Scene, path: &Path) -> Plan {
    Plan::of(&setup.run(&format!("{ALL} --refs-from {}", path.display())).ended(0))
}

#[test]
fn every_text_file_below_a_path_counts_with_its_line() {
    let setup = Scene::new();
    let web = setup.family("web", 7);
    let texts = [
        ("infra/main.tf", format!("\n\n  ami = \"{}\"\n", web[0])),
        ("infra/k8s/nodes.yaml", format!("amiID: {}", web[1])),
        ("infra/.hidden/pins", format!("{},{}\r\n", web[2], web[3])),
        ("infra/state.json", format!("{{\"id\":\"{}\"}}", web[4])),
    ];
    let files = texts.map(|(name, text)| setup.home.write(name, &text));
    let plan = plan(&setup, &setup.home.path().join("infra"));
    assert_eq!(plan.going(), sorted(&web[5..]));
    for (id, file, line) in [(0, 0, 3), (1, 1, 1), (2, 2, 1), (3, 2, 1), (4, 3, 1)] {
        assert_eq!(plan.reasons(&web[id]), [("in-use", format!("file {}:{line}", files[file]).as_str())]);
    }
    assert_eq!(plan.source("files")["read"], 4);
}

#[test]
fn an_id_counts_only_as_a_whole() {
    let setup = Scene::new();
    let web = setup.family("web", 3);
    let text = format!("x{}\n{}0\nmy-{}\n", web[0], web[1], web[2]);
    let file = setup.home.write("pins", &text);
    assert_eq!(plan(&setup, Path::new(&file)).going().len(), 3);
}

#[test]
fn what_gitignore_leaves_out_is_not_read_unless_it_is_named() {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    setup.home.write("infra/.gitignore", "old.tf\n.terraform/\n");
    let old = setup.home.write("infra/old.tf", &web[0]);
    setup.home.write("infra/.terraform/cache", &web[0]);
    setup.home.write("infra/.git/index", &web[0]);
    setup.home.write("infra/main.tf", &web[1]);
    let infra = setup.home.path().join("infra");
    assert_eq!(plan(&setup, &infra).going(), [web[0].as_str()]);
    assert!(plan(&setup, Path::new(&old)).codes(&web[0]).contains(&"in-use"));
}

#[test]
fn other_lists_of_what_to_ignore_hide_nothing() {
    let setup = Scene::new();
    let web = setup.family("web", 3);
    for list in [".ignore", ".rgignore", ".git/info/exclude"] {
        setup.home.write(&format!("infra/{list}"), "*.tfvars\n");
    }
    setup.home.write(".config/git/ignore", "*.yaml\n");
    setup.home.write("infra/prod.tfvars", &web[0]);
    setup.home.write("infra/nodes.yaml", &web[1]);
    assert_eq!(plan(&setup, &setup.home.path().join("infra")).going(), [web[2].as_str()]);
}

#[test]
fn several_paths_are_read() {
    let setup = Scene::new();
    let web = setup.family("web", 3);
    let files = [setup.home.write("a/one", &web[0]), setup.home.write("b/two", &web[1])];
    let ran = setup.run(&format!("{ALL} --refs-from {} --refs-from {}", files[0], files[1])).ended(0);
    assert_eq!(Plan::of(&ran).going(), [web[2].as_str()]);
    let missing = setup.home.path().join("missing");
    setup.run(&format!("{ALL} --refs-from {} --refs-from {}", files[0], missing.display())).ended(2);
}

#[test]
fn what_is_not_text_or_very_long_does_not_hide_an_id() {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    let path = setup.home.path().join("mixed");
    let mut bytes = vec![0xff, 0xfe, 0, b' '];
    bytes.extend(web[0].as_bytes());
    bytes.resize(20 << 20, b'\n');
    bytes.extend(web[1].as_bytes());
    std::fs::write(&path, bytes).unwrap();
    assert!(plan(&setup, &path).going().is_empty());
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_one_that_leads_nowhere_keeps_everything() {
    let setup = Scene::new();
    let web = setup.family("web", 3);
    let shared = setup.home.write("shared/pins.tfvars", &web[0]);
    setup.home.write("shared/deep/more.tfvars", &web[1]);
    std::fs::create_dir(setup.home.path().join("infra")).unwrap();
    let (infra, home) = (setup.home.path().join("infra"), setup.home.path());
    std::os::unix::fs::symlink(&shared, infra.join("pins.tfvars")).unwrap();
    std::os::unix::fs::symlink(home.join("shared/deep"), infra.join("deep")).unwrap();
    assert_eq!(plan(&setup, &infra).going(), [web[2].as_str()]);
    // The path itself may be one as well.
    std::os::unix::fs::symlink(&shared, home.join("link")).unwrap();
    assert_eq!(plan(&setup, &home.join("link")).going(), sorted(&web[1..]));

    std::os::unix::fs::symlink(home.join("missing"), infra.join("broken")).unwrap();
    let plan = Plan::of(&setup.run(&format!("{ALL} --refs-from {}", infra.display())).ended(4));
    assert_eq!((plan.going().len(), &plan.source("files")["status"]), (0, &"failed".into()));
    assert!(plan.source("files")["message"].as_str().unwrap().contains("broken"), "{plan:?}");
}

//! `--refs-from`: image ids pinned in files count as use.

use std::path::Path;

use crate::scene::{ALL, Plan, Scene, sorted};

fn plan(setup: &Scene, path: &Path) -> Plan {
    Plan::of(&setup.run(&format!("{ALL} --refs-from {}", path.display())).ended(0))
}

/// What was said by the warnings of a code, sorted; their paths begin below the home folder.
fn warned(setup: &Scene, plan: &Plan, code: &str) -> Vec<String> {
    let warnings = plan.0["warnings"].as_array().unwrap().iter().filter(|warning| warning["code"] == code);
    let home = format!("{}/", setup.home.path().display());
    let mut said: Vec<_> = warnings.map(|warning| warning["message"].as_str().unwrap().replace(&home, "")).collect();
    said.sort();
    said
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
fn an_id_counts_whatever_stands_before_it_and_only_as_a_whole() {
    let setup = Scene::new();
    let web = setup.family("web", 8);
    let texts = [
        format!(r#"{{"value":"{}\n{}\t{}"}}"#, web[0], web[1], web[2]),
        format!("golden-{} \\u003e{} %3D{} x{}", web[3], web[4], web[5], web[6]),
        format!("{}0", web[7]),
    ];
    let file = setup.home.write("pins", &texts.join("\n"));
    assert_eq!(plan(&setup, Path::new(&file)).going(), [web[7].as_str()]);
}

/// A way to write a text as bytes.
type Encoding = fn(&str) -> Vec<u8>;

#[test]
fn an_id_counts_in_whatever_encoding_a_file_is() {
    let setup = Scene::new();
    let encodings: [(&str, Encoding); 6] = [
        ("utf-8", |text| format!("\u{feff}{text}").into_bytes()),
        ("utf-16le", |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("utf-16be", |text| text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("utf-16le with a mark", |text| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("utf-16be with a mark", |text| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("latin-1", |text| text.chars().map(|c| u32::from(c).to_le_bytes()[0]).collect()),
    ];
    let web = setup.family("web", 2 * encodings.len() + 1);
    let folder = setup.home.path().join("infra");
    std::fs::create_dir(&folder).unwrap();
    for ((name, encode), ids) in encodings.iter().zip(web.chunks(2)) {
        let text = format!("{{\n  \"größe\": 8,\n  \"ami\": \"{}\"\n}}\n", ids[0]);
        // What PowerShell's `>>` makes of a file: half one encoding, half another.
        let both = [format!("{}\n", ids[1]).into_bytes(), encode(&text)].concat();
        std::fs::write(folder.join(name), both).unwrap();
    }
    let plan = plan(&setup, &folder);
    assert_eq!(plan.going(), [web[web.len() - 1].as_str()]);
    assert_eq!(plan.source("files")["read"], encodings.len());
}

#[test]
fn a_compressed_file_that_is_named_keeps_everything() {
    let setup = Scene::new();
    setup.family("web", 2);
    let path = setup.home.path().join("state.json.gz");
    std::fs::write(&path, b"\x1f\x8b\x08\0\0\0\0\0\0\x03").unwrap();
    let plan = Plan::of(&setup.run(&format!("{ALL} --refs-from {}", path.display())).ended(4));
    assert!(plan.going().is_empty());
    let files = plan.source("files");
    let message = files["message"].as_str().unwrap();
    assert_eq!(files["status"], "failed");
    assert!(message.contains("state.json.gz: compressed by gzip; unpack it"), "{message}");
    assert!(message.ends_with("[CompressedFile]"), "{message}");
}

#[test]
fn a_compressed_file_in_a_folder_is_named_in_a_warning() {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    let pins = setup.home.write("infra/pins", &web[0]);
    std::fs::write(Path::new(&pins).with_file_name("old.zip"), b"PK\x03\x04").unwrap();
    let plan = plan(&setup, &setup.home.path().join("infra"));
    assert_eq!(plan.going(), [web[1].as_str()]);
    assert_eq!(plan.source("files")["read"], 1);
    assert_eq!(warned(&setup, &plan, "CompressedFile"), ["infra/old.zip: a zip archive; unpack it to have it read"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_holds_nobody_up() {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    setup.home.write("infra/pins", &web[0]);
    let pipe = setup.home.path().join("infra/pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let seen = plan(&setup, &setup.home.path().join("infra"));
    assert_eq!(seen.going(), [web[1].as_str()]);
    assert_eq!(warned(&setup, &seen, "NotAFile").len(), 1);
    let named = Plan::of(&setup.run(&format!("{ALL} --refs-from {}", pipe.display())).ended(4));
    assert!(named.going().is_empty());
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
    let seen = plan(&setup, &infra);
    assert_eq!(seen.going(), [web[0].as_str()]);
    let said = "infra: .gitignore excludes 1 file and 1 folder, such as old.tf; name one to have it read";
    assert_eq!(warned(&setup, &seen, "ExcludedFile"), [said]);
    assert!(plan(&setup, Path::new(&old)).codes(&web[0]).contains(&"in-use"));
}

#[test]
fn a_path_under_which_nothing_is_read_keeps_everything() {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    std::fs::create_dir_all(setup.home.path().join("infra/empty")).unwrap();
    setup.home.write("infra/.gitignore", "left-out/*\n");
    setup.home.write("infra/left-out/prod.tfvars", &web[0]);
    for folder in ["infra/empty", "infra/left-out"] {
        let path = setup.home.path().join(folder);
        let ran = setup.run(&format!("prune --keep 0 --refs-from {}", path.display())).ended(4);
        ran.says(&[&format!("{}: no file was read", path.display()), ".gitignore excludes what it has"]);
    }
}

#[test]
fn what_is_excluded_is_told_unless_it_is_named_itself() {
    let setup = Scene::new();
    let web = setup.family("web", 1);
    setup.home.write("infra/main.tf", "no id");
    setup.home.write("infra/.gitignore", "envs/\n");
    let pinned = setup.home.write("infra/envs/prod.tfvars", &web[0]);
    let infra = setup.home.path().join("infra");
    let said = "infra: .gitignore excludes 1 folder, such as envs; name one to have it read";
    assert_eq!(warned(&setup, &plan(&setup, &infra), "ExcludedFile"), [said]);
    setup.home.write("infra/.gitignore", "*.tfvars\n");
    let said = "infra/envs: .gitignore excludes 1 file, such as prod.tfvars; name one to have it read";
    setup.home.write("infra/envs/main.tf", "no id");
    assert_eq!(warned(&setup, &plan(&setup, &infra.join("envs")), "ExcludedFile"), [said]);
    let both = format!("{ALL} --refs-from {} --refs-from {pinned}", infra.display());
    let seen = Plan::of(&setup.run(&both).ended(0));
    assert_eq!(warned(&setup, &seen, "ExcludedFile"), [""; 0]);
    assert!(seen.codes(&web[0]).contains(&"in-use"));
}

#[test]
fn a_folder_of_compressed_files_alone_is_a_warning() {
    let setup = Scene::new();
    setup.family("web", 1);
    let folder = setup.home.path().join("packed");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("state.gz"), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]).unwrap();
    let seen = plan(&setup, &folder);
    assert_eq!(warned(&setup, &seen, "CompressedFile").len(), 1);
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
fn links_are_followed() {
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
}

#[cfg(unix)]
#[test]
fn a_loop_of_links_is_passed_over() {
    use std::os::unix::fs::symlink;
    let setup = Scene::new();
    let web = setup.family("web", 3);
    setup.home.write("infra/pins", &web[0]);
    setup.home.write("beside", &web[1]);
    let infra = setup.home.path().join("infra");
    symlink("..", infra.join("loop")).unwrap();
    symlink(".", infra.join("here")).unwrap();
    let plan = plan(&setup, &infra);
    assert_eq!(plan.going(), [web[2].as_str()], "a link that leads out is followed all the same");
    assert_eq!(plan.0["warnings"], serde_json::json!([]));
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_said_and_passed_over() {
    use std::os::unix::fs::symlink;
    let setup = Scene::new();
    let web = setup.family("web", 2);
    setup.home.write("infra/pins", &web[0]);
    let infra = setup.home.path().join("infra");
    symlink(setup.home.path().join("missing"), infra.join("broken")).unwrap();
    symlink("two", infra.join("one")).unwrap();
    symlink("one", infra.join("two")).unwrap();
    let plan = plan(&setup, &infra);
    assert_eq!(plan.going(), [web[1].as_str()]);
    let said = warned(&setup, &plan, "DanglingLink");
    assert_eq!(said, ["broken", "one", "two"].map(|link| format!("infra/{link}: broken link, skipped")));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_in_a_folder_that_cannot_be_read_keeps_everything() {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    setup.home.write("infra/pins", &web[0]);
    let infra = setup.home.path().join("infra");
    std::os::unix::fs::symlink("/proc/self/mem", infra.join("secret")).unwrap();
    let plan = Plan::of(&setup.run(&format!("{ALL} --refs-from {}", infra.display())).ended(4));
    assert_eq!((plan.going().len(), &plan.source("files")["status"]), (0, &"failed".into()));
    assert!(plan.source("files")["message"].as_str().unwrap().contains("infra/secret"), "{plan:?}");
}

#[test]
fn a_folder_of_git_is_left_out_only_below_the_path() {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    setup.home.write("infra/.git/index", &web[0]);
    setup.home.write("infra/main.tf", "no id");
    setup.home.write(".git/pins/main.tf", &web[1]);
    assert_eq!(plan(&setup, &setup.home.path().join("infra")).going().len(), 2);
    assert_eq!(plan(&setup, &setup.home.path().join(".git/pins")).going(), [web[0].as_str()]);
}

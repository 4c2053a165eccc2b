//! `completions --install`: each shell's place, and files of others.

use crate::cli::Amictl;
use crate::setup::Home;

fn bare(home: &Home) -> Amictl {
    Amictl::bare(home.path())
}

#[test]
fn each_shell_has_its_place() {
    let home = Home::new();
    for (shell, variables, file) in [
        ("bash", &[][..], ".local/share/bash-completion/completions/amictl"),
        ("bash", &[("XDG_DATA_HOME", "data")], "data/bash-completion/completions/amictl"),
        ("bash", &[("BASH_COMPLETION_USER_DIR", "own"), ("XDG_DATA_HOME", "data")], "own/completions/amictl"),
        ("zsh", &[], ".zfunc/_amictl"),
        ("zsh", &[("ZDOTDIR", "dot")], "dot/.zfunc/_amictl"),
        ("fish", &[], ".config/fish/completions/amictl.fish"),
        ("fish", &[("XDG_CONFIG_HOME", "config")], "config/fish/completions/amictl.fish"),
    ] {
        let path = home.path().join(file);
        let set = || variables.iter().fold(bare(&home), |run, (name, value)| run.env(name, home.path().join(value)));
        let ran = set().run(&format!("completions {shell} --install")).ended(0);
        assert_eq!(ran.stdout, "");
        let ran = ran.says(&[&format!("wrote {}", path.display()), "start a new"]);
        assert_eq!(ran.stderr.contains("fpath+=("), shell == "zsh", "{}", ran.stderr);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), set().run(&format!("completions {shell}")).stdout);
        set()
            .run(&format!("completions {shell} --install"))
            .ended(0)
            .says(&[&format!("{} is unchanged", path.display())]);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    }
}

#[test]
fn the_shell_is_that_of_the_user() {
    let home = Home::new();
    bare(&home).env("SHELL", "/usr/bin/fish").run("completions --install").ended(0).says(&["amictl.fish"]);
    bare(&home).run("completions --install").ended(2).says(&["SHELL is not set", "hint: name one of bash"]);
    bare(&home).env("SHELL", "/bin/tcsh").run("completions --install").ended(2).says(&["SHELL=/bin/tcsh"]);
    bare(&home).run("completions").ended(2);
    bare(&home).without("HOME").run("completions zsh --install").ended(2).says(&["HOME is not set"]);
    for (shell, file) in [("elvish", "rc.elv"), ("powershell", "$PROFILE")] {
        bare(&home).run(&format!("completions {shell} --install")).ended(2).says(&["put this line into", file]);
    }
}

#[test]
fn only_its_own_file_is_replaced() {
    let home = Home::new();
    let line = "completions bash --install";
    bare(&home).run(line).ended(0);
    let path = home.path().join(".local/share/bash-completion/completions/amictl");
    let whole = std::fs::read_to_string(&path).unwrap();
    // An older one of ours.
    std::fs::write(&path, whole.lines().take(5).collect::<Vec<_>>().join("\n")).unwrap();
    bare(&home).run(line).ended(0).says(&["wrote "]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
    for other in ["complete -W x amictl\n", ""] {
        std::fs::write(&path, other).unwrap();
        bare(&home).run(line).ended(4).says(&["amictl did not write it", "hint: move it away"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), other);
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    bare(&home).run(line).ended(4);
    // Nothing can be written below a file.
    bare(&home).env("XDG_DATA_HOME", "/dev/null").run(line).ended(1).says(&["cannot write /dev/null/bash-completion"]);
    #[cfg(unix)]
    {
        // A link into a repository of dotfiles stays one.
        let real = home.write("dotfiles/amictl", &whole[..200]);
        std::fs::remove_dir(&path).unwrap();
        std::os::unix::fs::symlink(&real, &path).unwrap();
        bare(&home).run(line).ended(0).says(&["wrote "]);
        assert!(path.is_symlink());
        assert_eq!(std::fs::read_to_string(&real).unwrap(), whole);
    }
}

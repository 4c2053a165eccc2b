//! The file of completions in the user's home: its place in each shell, and how it is replaced.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use clap_complete::Shell;

use super::script::MARK;
use crate::domain::command_line::{amictl, quoted};
use crate::domain::failure::{Failure, Kind};
use crate::workflows::run::context::Context;
use crate::workflows::run::replace_file::{Readers, replace};

/// The beginning of a file, in which the mark stands.
const BEGINNING: u64 = 1000;

/// The shell that `$SHELL` names.
pub fn shell(context: &Context) -> Result<Shell> {
    let named = context.env("SHELL").unwrap_or_default();
    let name = Path::new(named).file_name().unwrap_or_default().to_string_lossy();
    Shell::from_str(&name, true).map_err(|_| {
        let why = match named {
            "" => "SHELL is not set, so it is not known for which shell".to_owned(),
            _ => format!("there are no completions for SHELL={named}"),
        };
        refused(why, format!("name one of {}: {}", shells(), amictl("completions").word("bash").word("--install")))
    })
}

fn shells() -> String {
    let names = Shell::value_variants().iter().map(ToString::to_string);
    names.collect::<Vec<_>>().join(", ")
}

/// Writes the script to where the shell looks for it.
pub fn install(context: &Context, shell: Shell, text: &str) -> Result<()> {
    let place = place(context, shell)?;
    // The file behind a link is replaced, and not the link.
    let path = std::fs::canonicalize(&place).unwrap_or_else(|_| place.clone());
    let shown = place.display();
    if path.exists() && !is_ours(&path) {
        let why = format!("{shown} is there already, and amictl did not write it; nothing was changed");
        let hint = format!("move it away, or write the completions elsewhere: {}", amictl("completions").word(shell));
        return Err(Failure::new(Kind::Refused, "FileExists", why).hint(hint).into());
    }
    if std::fs::read(&path).is_ok_and(|before| before == text.as_bytes()) {
        context.printer.say(format!("{shown} is unchanged"));
    } else {
        let folder = path.parent().unwrap_or(&path);
        if folder.is_symlink() && !folder.exists() {
            let why = format!("{} is a link to a folder that is not there; nothing was changed", folder.display());
            let hint = "make that folder, or remove the link";
            return Err(Failure::new(Kind::Failed, "NoFolder", why).hint(hint).into());
        }
        let written = std::fs::create_dir_all(folder).and_then(|()| replace(&path, text.as_bytes(), Readers::Usual));
        written.with_context(|| format!("cannot write {shown}"))?;
        context.printer.say(format!("wrote {shown}"));
    }
    context.printer.say(next(shell, &place));
    Ok(())
}

/// The file that the shell reads for this user.
fn place(context: &Context, shell: Shell) -> Result<PathBuf> {
    let set = |name: &str| context.env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || {
        set("HOME").ok_or_else(|| {
            let hint = amictl("completions").word(shell);
            refused(
                "HOME is not set, or is no absolute path, so there is no place for the file",
                format!("print it instead: {hint}"),
            )
        })
    };
    let or_below_home = |set: Option<PathBuf>, below: &str| -> Result<PathBuf> {
        match set {
            Some(folder) => Ok(folder),
            None => Ok(home()?.join(below)),
        }
    };
    let by_hand = |line: &str, file: &str| {
        let why = format!("--install writes no completions for {shell}: it reads none by itself");
        Err(refused(why, format!("put this line into {file}: {line}")))
    };
    match shell {
        Shell::Bash => {
            // Newer versions take several folders.
            let first = context.env("BASH_COMPLETION_USER_DIR").and_then(|all| all.split(':').next());
            let own = first.map(PathBuf::from).filter(|path| path.is_absolute());
            let usual = || or_below_home(set("XDG_DATA_HOME"), ".local/share").map(|data| data.join("bash-completion"));
            Ok(own.map_or_else(usual, Ok::<_, anyhow::Error>)?.join("completions").join("amictl"))
        }
        Shell::Zsh => Ok(or_below_home(set("ZDOTDIR"), "")?.join(".zfunc").join("_amictl")),
        Shell::Fish => {
            let config = or_below_home(set("XDG_CONFIG_HOME"), ".config")?;
            Ok(config.join("fish").join("completions").join("amictl.fish"))
        }
        Shell::Elvish => by_hand("eval (amictl completions elvish | slurp)", "~/.config/elvish/rc.elv"),
        Shell::PowerShell => {
            let print = amictl("completions").word("powershell");
            by_hand(&format!("{print} | Out-String | Invoke-Expression"), "$PROFILE")
        }
        _ => Err(refused(
            format!("--install knows no place for {shell}"),
            "print them, and put them where it reads them",
        )),
    }
}

/// Whether a file was made here: the mark stands in its first lines.
fn is_ours(path: &Path) -> bool {
    let opened = path.is_file().then(|| std::fs::File::open(path).ok()).flatten();
    let mut beginning = Vec::new();
    let read = opened.map(|file| file.take(BEGINNING).read_to_end(&mut beginning));
    matches!(read, Some(Ok(_))) && String::from_utf8_lossy(&beginning).lines().any(|line| line == MARK)
}

/// What the user does next.
fn next(shell: Shell, place: &Path) -> String {
    match shell {
        Shell::Zsh => {
            let folder = place.parent().unwrap_or(place);
            let rc = folder.with_file_name(".zshrc");
            // The shell does not tell its fpath to programs.
            match std::fs::read_to_string(&rc).is_ok_and(|text| text.contains(".zfunc")) {
                true => "start a new zsh to use them".to_owned(),
                false => format!(
                    "put this line into {}, before compinit, and start a new zsh: fpath+=({})",
                    rc.display(),
                    quoted(&folder.display().to_string())
                ),
            }
        }
        Shell::Bash => "start a new bash to use them; bash needs the package bash-completion for it".to_owned(),
        _ => format!("start a new {shell} to use them"),
    }
}

/// The failure of a shell for which there is nothing to do.
fn refused(why: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Failure::usage(why).hint(hint).into()
}

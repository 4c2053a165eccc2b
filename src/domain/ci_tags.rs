//! Tags with the build that makes an image, from the variables of CI systems.

use super::tags::{MOST, Tag, Tags};

/// The tags, in the order of each system's variables.
const KEYS: [&str; 3] = ["Commit", "Build", "Repository"];

/// The variables of a CI system for [`KEYS`], and one that must be set as well, where those alone do not tell the system.
struct System(Option<&'static str>, [&'static str; 3]);

const SYSTEMS: [System; 4] = [
    System(None, ["GITHUB_SHA", "GITHUB_RUN_ID", "GITHUB_REPOSITORY"]),
    System(None, ["CI_COMMIT_SHA", "CI_PIPELINE_ID", "CI_PROJECT_PATH"]),
    System(None, ["CODEBUILD_RESOLVED_SOURCE_VERSION", "CODEBUILD_BUILD_ID", "CODEBUILD_SOURCE_REPO_URL"]),
    System(Some("JENKINS_URL"), ["GIT_COMMIT", "BUILD_TAG", "GIT_URL"]),
];

/// Whether a CI system runs this: the variable that most of them set, or one of those for the tags.
pub fn is_ci<'a>(env: impl Fn(&str) -> Option<&'a str>) -> bool {
    let set = |name: &str| env(name).is_some_and(|value| !value.trim().is_empty());
    let of = |system: &System| system.0.map_or_else(|| system.1.iter().any(|name| set(name)), set);
    set("CI") || SYSTEMS.iter().any(of)
}

/// The tags of a build, and what was left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CiTags {
    /// The tags.
    pub tags: Tags,
    /// A sentence for each variable that became no tag. None has the value, which may be a secret.
    pub left_out: Vec<String>,
}

impl CiTags {
    /// The tags that go beside those that an image gets anyway: other keys, and no more than EC2 takes. `env` gives the
    /// variables of the environment. Nobody asked for these tags, so nothing about them is an error.
    pub fn read<'a>(env: impl Fn(&str) -> Option<&'a str>, beside: &Tags) -> Self {
        let value = |name: &str| env(name).map(str::trim).filter(|value| !value.is_empty());
        let count = |system: &System| system.1.iter().filter(|name| value(name).is_some()).count();
        // A variable of one system may be set under another: all tags are of one, the one that says most.
        let here = SYSTEMS.iter().rev().filter(|system| system.0.is_none_or(|name| value(name).is_some()));
        let Some(system) = here.max_by_key(|system| count(system)) else { return Self::default() };
        let mut read = Self::default();
        for (key, name) in KEYS.into_iter().zip(system.1) {
            let Some(value) = value(name).filter(|_| !beside.contains_key(key)) else { continue };
            let room = MOST.saturating_sub(beside.len() + read.tags.len());
            match tag(key, value) {
                Ok(_) if room == 0 => {
                    read.left_out.push(format!("no tag {key} of {name}: there are {MOST} tags already"));
                }
                Ok(tag) => drop(read.tags.insert(tag.key, tag.value)),
                Err(why) => read.left_out.push(format!("no tag {key} of {name}: {why}")),
            }
        }
        read
    }
}

fn tag(key: &str, value: &str) -> Result<Tag, String> {
    if value.chars().any(char::is_control) {
        return Err("it has control characters".to_owned());
    }
    let public = without_secrets(value).ok_or("a password cannot be told from the rest of it")?;
    Tag::new(key, &public).map_err(|error| error.to_string())
}

/// A value without what may be secret if it is a URL: user, password, query and fragment. `None` in doubt.
fn without_secrets(value: &str) -> Option<String> {
    let (scheme, rest) = match value.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => match value.strip_prefix("//") {
            Some(rest) => ("//".to_owned(), rest),
            None => return Some(without_user(value).to_owned()),
        },
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-.:/".contains(c);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // What stands before a `/`, `?` or `#` in a password looks like a port.
    let port = host.rsplit(']').next().and_then(|end| end.rsplit_once(':')).map_or("", |(_, port)| port);
    let sound = scheme.chars().all(plain) && port.bytes().all(|byte| byte.is_ascii_digit());
    sound.then(|| format!("{scheme}{host}{path}"))
}

/// Git's short form, `user@host:path`, without user, query and fragment. Other values stay as they are.
fn without_user(value: &str) -> &str {
    let head = value.split('/').next().unwrap_or_default();
    match head.rfind('@') {
        Some(at) if value.contains([':', '/']) => value[at + 1..].split(['?', '#']).next().unwrap_or_default(),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(env: &[(&str, &str)], beside: &Tags) -> CiTags {
        CiTags::read(|name| env.iter().find(|(key, _)| *key == name).map(|(_, value)| *value), beside)
    }

    /// The tags as `Key=value`.
    fn tags(env: &[(&str, &str)]) -> Vec<String> {
        let read = read(env, &Tags::new());
        assert_eq!(read.left_out, [""; 0]);
        read.tags.iter().map(|(key, value)| format!("{key}={value}")).collect()
    }

    #[test]
    fn each_system_has_its_variables() {
        let github = [("GITHUB_SHA", "c0ffee"), ("GITHUB_RUN_ID", "7"), ("GITHUB_REPOSITORY", "org/x")];
        let gitlab = [("CI_COMMIT_SHA", "c0ffee"), ("CI_PIPELINE_ID", "7"), ("CI_PROJECT_PATH", "org/x")];
        for env in [github, gitlab] {
            assert_eq!(tags(&env), ["Build=7", "Commit=c0ffee", "Repository=org/x"]);
        }
        let codebuild = [
            ("CODEBUILD_RESOLVED_SOURCE_VERSION", "c0ffee"),
            ("CODEBUILD_BUILD_ID", "image:7-8"),
            ("CODEBUILD_SOURCE_REPO_URL", "https://host/org/x.git"),
        ];
        assert_eq!(tags(&codebuild), ["Build=image:7-8", "Commit=c0ffee", "Repository=https://host/org/x.git"]);
    }

    #[test]
    fn variables_that_others_set_too_count_under_jenkins_only() {
        let git = [("GIT_COMMIT", "c0ffee"), ("BUILD_TAG", "jenkins-x-7"), ("GIT_URL", "git@host:org/x.git")];
        assert_eq!(tags(&git), [""; 0]);
        let [commit, build, url] = git;
        let jenkins = [commit, build, url, ("JENKINS_URL", "https://ci/")];
        assert_eq!(tags(&jenkins), ["Build=jenkins-x-7", "Commit=c0ffee", "Repository=host:org/x.git"]);
        assert_eq!(tags(&[commit, ("JENKINS_URL", " ")]), [""; 0]);
    }

    #[test]
    fn all_tags_are_of_the_system_that_says_most() {
        let gitlab = [("CI_COMMIT_SHA", "c0ffee"), ("CI_PIPELINE_ID", "7"), ("GITHUB_REPOSITORY", "someone/else")];
        assert_eq!(tags(&gitlab), ["Build=7", "Commit=c0ffee"]);
        assert_eq!(tags(&[("CI_PIPELINE_ID", "7"), ("GITHUB_RUN_ID", "8")]), ["Build=8"]);
        assert_eq!(tags(&[("GITHUB_SHA", ""), ("GITHUB_RUN_ID", " \t"), ("CI_PIPELINE_ID", "7")]), ["Build=7"]);
        assert_eq!(tags(&[]), [""; 0]);
    }

    #[test]
    fn secrets_in_urls_are_cut() {
        for (url, public) in [
            ("https://user:tok@host/x.git?token=1#f", "https://host/x.git"),
            ("https://tok@host:8443/x.git#f?g", "https://host:8443/x.git"),
            ("HTTPS://u:p@w@host/x", "HTTPS://host/x"),
            ("ssh://user:pw@host/x", "ssh://host/x"),
            ("ssh://git@[::1]:22/x", "ssh://[::1]:22/x"),
            ("https://[fe80::1]/x", "https://[fe80::1]/x"),
            ("git+ssh://git@host/x", "git+ssh://host/x"),
            ("codecommit::us-east-1://profile@x", "codecommit::us-east-1://x"),
            ("//user:pw@host/x?t=1", "//host/x"),
            ("https://host/@x", "https://host/@x"),
            ("https://host/x/@y@z", "https://host/x/@y@z"),
            ("https://host?token=1", "https://host"),
            ("file:///srv/git/x.git", "file:///srv/git/x.git"),
            ("git@host:org/x.git", "host:org/x.git"),
            ("user:tok@host/x.git?t=1", "host/x.git"),
            ("tok@host/x.git", "host/x.git"),
            ("org/@x", "org/@x"),
            ("/srv/git@home/x", "/srv/git@home/x"),
            ("not a url # at all?", "not a url # at all?"),
            ("jenkins@home", "jenkins@home"),
        ] {
            assert_eq!(tags(&[("GITHUB_REPOSITORY", url)]), [format!("Repository={public}")], "{url}");
        }
        assert_eq!(tags(&[("GITHUB_RUN_ID", "https://u:p@ci/7?t=1")]), ["Build=https://ci/7"]);
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_never_quoted() {
        let long = "x".repeat(257);
        for (value, why) in [
            (long.as_str(), "has 257 characters; EC2 takes at most 256"),
            ("https://user:se/cret@host/x", "a password cannot be told from the rest of it"),
            ("https://user:se#cret@host/x", "a password cannot be told"),
            ("https://user:se?cret@host/x", "a password cannot be told"),
            ("secret@x https://host/", "a password cannot be told"),
            ("se\u{1b}cret", "it has control characters"),
            ("a\nb", "it has control characters"),
        ] {
            let read = read(&[("GITHUB_SHA", "c0ffee"), ("GITHUB_REPOSITORY", value)], &Tags::new());
            assert_eq!(read.tags.into_iter().collect::<Vec<_>>(), [("Commit".to_owned(), "c0ffee".to_owned())]);
            let [said] = &read.left_out[..] else { panic!("{value}: {:?}", read.left_out) };
            assert!(said.starts_with("no tag Repository of GITHUB_REPOSITORY: ") && said.contains(why), "{said}");
            assert!(!said.contains("cret") && !said.contains("xxx"), "{said}");
        }
        let fits = "x".repeat(256);
        assert_eq!(tags(&[("GITHUB_SHA", &fits)]), [format!("Commit={fits}")]);
        let cut = format!("https://{}@host/x", "t".repeat(300));
        assert_eq!(tags(&[("GITHUB_REPOSITORY", &cut)]), ["Repository=https://host/x"]);
    }

    #[test]
    fn what_the_user_gives_stays_and_there_are_never_more_than_fifty() {
        let all = [("GITHUB_SHA", "c0ffee"), ("GITHUB_RUN_ID", "7"), ("GITHUB_REPOSITORY", "org/x")];
        let beside = |count: usize| -> Tags { (0..count).map(|n| (format!("k{n}"), String::new())).collect() };
        let mut given = beside(47);
        given.insert("Commit".to_owned(), "mine".to_owned());
        let tags = read(&all, &given);
        assert_eq!(tags.tags.keys().collect::<Vec<_>>(), ["Build", "Repository"]);
        assert_eq!(tags.left_out, [""; 0]);
        let tags = read(&all, &beside(48));
        assert_eq!(tags.tags.keys().collect::<Vec<_>>(), ["Build", "Commit"]);
        assert_eq!(tags.left_out, ["no tag Repository of GITHUB_REPOSITORY: there are 50 tags already"]);
        assert_eq!(read(&all, &beside(50)).tags, Tags::new());
    }
}

//! Markdown files: their headings, links and code.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// The folder of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A Markdown file, by its path from the root.
pub struct Page {
    /// Where it is.
    pub path: PathBuf,
    /// The anchors of its headings, as GitHub makes them.
    pub anchors: Vec<String>,
    /// Where its links and pictures lead.
    pub links: Vec<String>,
    /// Its code spans.
    pub code: Vec<String>,
    /// Its code blocks: language and text.
    pub blocks: Vec<(String, String)>,
}

impl Page {
    /// The file at this path from the root.
    pub fn read(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let text = fs::read_to_string(root().join(&path)).unwrap();
        Self::parse(path, &text)
    }

    /// A page with this text.
    pub fn parse(path: PathBuf, text: &str) -> Self {
        let mut page = Self { path, anchors: Vec::new(), links: Vec::new(), code: Vec::new(), blocks: Vec::new() };
        let (mut heading, mut block) = (None::<String>, None::<(String, String)>);
        let mut used: HashMap<String, usize> = HashMap::new();
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = anchor(&heading.take().unwrap());
                    let before = used.entry(anchor.clone()).or_default();
                    page.anchors.push(if *before == 0 { anchor } else { format!("{anchor}-{before}") });
                    *before += 1;
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let language =
                        if let CodeBlockKind::Fenced(name) = kind { name.into_string() } else { String::new() };
                    block = Some((language, String::new()));
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
                Event::Code(code) => {
                    heading.iter_mut().for_each(|heading| heading.push_str(&code));
                    page.code.push(code.into_string());
                }
                Event::Text(text) => {
                    heading.iter_mut().for_each(|heading| heading.push_str(&text));
                    block.iter_mut().for_each(|(_, block)| block.push_str(&text));
                }
                _ => {}
            }
        }
        page
    }

    /// The files that its links lead to.
    pub fn targets(&self) -> Vec<PathBuf> {
        self.links.iter().filter_map(|link| Some(self.target(link)?.0)).collect()
    }

    /// The file and the anchor that a link leads to, unless it leaves the repository.
    fn target<'a>(&self, link: &'a str) -> Option<(PathBuf, Option<&'a str>)> {
        if link.contains("://") || link.starts_with("mailto:") {
            return None;
        }
        let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
        let path = match file {
            "" => self.path.clone(),
            file => plain(&self.path.parent().unwrap().join(file)),
        };
        Some((path, anchor))
    }
}

/// The links of a page that lead nowhere.
pub fn dead_links(page: &Page, pages: &[Page]) -> Vec<String> {
    let dead = page.links.iter().filter(|link| {
        let Some((path, anchor)) = page.target(link) else { return false };
        let known = pages.iter().find(|page| page.path == path);
        match anchor {
            Some(anchor) => !known.is_some_and(|page| page.anchors.iter().any(|known| known == anchor)),
            None => known.is_none() && !root().join(path).exists(),
        }
    });
    dead.map(|link| format!("{}: {link}", page.path.display())).collect()
}

/// All Markdown files of the repository.
pub fn pages() -> Vec<Page> {
    let mut found = Vec::new();
    collect(Path::new(""), &mut found);
    found.sort();
    found.into_iter().map(Page::read).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        let name = entry.file_name();
        if entry.path().is_dir() {
            if name != "target" && name != ".git" {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// What GitHub makes of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

//! A plain reckoning of an organization: what each image is, who uses it, and what becomes of it.
//!
//! Loops over strings, written from the contract and not from the code of amictl: no regular expression, no type of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};

use crate::fake::{Image, Principal, World};

/// The patterns of the tools. The reckoning knows their meaning, not their syntax.
pub const KOPS: &str = r"(?<family>kope\.io/k8s)-(?<order>1\.\d+-.+)";
pub const PACKER: &str = r"(?<family>.+?)[-_ ](?<order>\d{8,14})";
pub const BUILDER: &str = r"(?<family>.+) (?<order>\d{4}-\d{2}-\d{2}T.+Z)";

/// The policy that is reckoned with: how many stay, how old what goes must be, and how long unused.
pub const KEEP: usize = 2;
pub const MIN_AGE: i64 = 50;
pub const UNUSED_FOR: i64 = 90;

/// A family: its word, and the pattern that found it.
pub type Family = (String, Option<&'static str>);

/// An account and a region.
pub type Place = (&'static str, &'static str);

/// An image with what the reckoning found out.
pub struct Reckoned {
    pub place: Place,
    pub image: Image,
    pub family: Option<Family>,
    /// The place in its family by name: a number and, after it, a text. Both are compared as they are.
    pub order: (u64, String),
    /// Whether an alias names it, and whether anything else does.
    pub alias: bool,
    pub used: bool,
    /// Whether an account that could not be read may use it.
    pub doubtful: bool,
}

/// The organization as an account sees it that cannot read all of it.
pub struct Reckoning {
    pub now: DateTime<Utc>,
    pub images: Vec<Reckoned>,
}

impl Reckoning {
    /// Reckons with the places that are read. `unread` accounts, each in all regions or in one, may use what is shared.
    pub fn of(world: &World, read: &[Place], unread: &[(&str, Option<&str>)]) -> Self {
        let mut aliased: BTreeSet<(String, &str)> = BTreeSet::new();
        let mut used = aliased.clone();
        for &(account, region) in read {
            for instance in world.instances(account, region) {
                used.insert((instance.image.clone(), region));
            }
            for version in world.templates(account, region).flat_map(|template| template.versions.values()) {
                used.extend(version.data.get("ImageId").map(|id| (id.to_owned(), region)));
            }
            for configuration in world.launch_configurations(account, region) {
                used.insert((configuration.image.clone(), region));
            }
            for (name, parameter) in world.parameters(account, region) {
                let value = parameter.versions.values().last().unwrap().value.clone();
                match name.starts_with("/amictl/") {
                    true => aliased.insert((value, region)),
                    false => used.insert((value, region)),
                };
            }
        }
        let mut images = Vec::new();
        for place in read {
            for image in world.images(place.0, place.1) {
                let key = (image.id.clone(), place.1);
                let elsewhere = unread.iter().any(|(account, at)| {
                    *account != place.0 && at.is_none_or(|at| at == place.1) && may_launch(world, image, account)
                });
                let (family, order) = family(&image.name).map_or((None, Default::default()), |(f, o)| (Some(f), o));
                images.push(Reckoned {
                    place: *place,
                    image: image.clone(),
                    family,
                    order,
                    alias: aliased.contains(&key),
                    used: used.contains(&key),
                    doubtful: elsewhere,
                });
            }
        }
        Self { now: world.now(), images }
    }

    /// The codes that keep an image, each once, in alphabetical order; none if it goes.
    pub fn codes(&self, one: &Reckoned) -> Vec<&'static str> {
        let image = &one.image;
        let mut codes = BTreeSet::new();
        let older_than = |at: DateTime<Utc>, days: i64| self.now - at >= Duration::days(days);
        if one.family.is_some() {
            if self.among_newest(one) {
                codes.insert("newest");
            }
            if !older_than(image.created, MIN_AGE) {
                codes.insert("too-young");
            }
            if image.last_launched.is_some_and(|at| !older_than(at, UNUSED_FOR)) {
                codes.insert("recently-launched");
            }
        } else {
            codes.insert("unmanaged");
        }
        if image.tags.contains_key("amictl:keep") {
            codes.insert("protected-tag");
        }
        if image.tags.keys().any(|key| key.starts_with("aws:backup:")) {
            codes.insert("managed-elsewhere");
        }
        if one.alias {
            codes.insert("alias");
        }
        if one.used {
            codes.insert("in-use");
        }
        // Who else may use it matters only where nothing else keeps it.
        if codes.is_empty() && one.doubtful {
            codes.insert("unverified");
        }
        codes.into_iter().collect()
    }

    /// Whether fewer than `KEEP` working images of its family are newer, by name or by creation time.
    fn among_newest(&self, one: &Reckoned) -> bool {
        if one.image.phase.at(self.now) == "failed" {
            return false;
        }
        let family = || self.images.iter().filter(|other| other.place == one.place && other.family == one.family);
        let works = |other: &Reckoned| {
            other.image.phase.at(self.now) == "available" && !other.image.tags.contains_key("amictl:revoked")
        };
        // What does not work is counted among all, what works among what works.
        let counts = |other: &&Reckoned| match works(one) {
            true => works(other),
            false => other.image.phase.at(self.now) != "failed",
        };
        let by_name = family().filter(counts).filter(|other| key(other) > key(one)).count();
        let by_time = family().filter(counts).filter(|other| other.image.created > one.image.created).count();
        by_name < KEEP || by_time < KEEP
    }

    /// The snapshots that go with an image: those that no image needs which stays.
    pub fn snapshots(&self, one: &Reckoned) -> Vec<String> {
        let stays = |id: &str| {
            let mut others = self.images.iter().filter(|other| other.image.snapshots().any(|other| other == id));
            others.any(|other| !self.codes(other).is_empty())
        };
        one.image.snapshots().filter(|id| !stays(id)).map(str::to_owned).collect()
    }

    /// The images of each family in each place.
    pub fn families(&self) -> BTreeMap<(Family, Place), Vec<&Reckoned>> {
        let mut families: BTreeMap<_, Vec<&Reckoned>> = BTreeMap::new();
        for one in &self.images {
            if let Some(family) = &one.family {
                families.entry((family.clone(), one.place)).or_default().push(one);
            }
        }
        families
    }
}

/// What a family's images are ordered by: the name, then the time.
pub fn key(one: &Reckoned) -> (&(u64, String), DateTime<Utc>) {
    (&one.order, one.image.created)
}

/// The snapshots of an image, and the GiB of each.
pub fn sizes(one: &Reckoned) -> Vec<(String, i64)> {
    let ebs = one.image.mappings.iter().filter_map(|mapping| mapping.ebs.as_ref());
    ebs.filter_map(|ebs| Some((ebs.snapshot.clone()?, ebs.size))).collect()
}

fn may_launch(world: &World, image: &Image, account: &str) -> bool {
    let mut shares = image.launch.iter();
    let shared = shares.any(|with| match with {
        Principal::Account(id) => id == account,
        Principal::All | Principal::Organization(_) | Principal::Unit(_) => true,
    });
    // Nothing says any more who could launch a disabled image.
    shared || image.phase.at(world.now()) == "disabled"
}

/// The family of a name, and its place there: amictl's own rule first, then the tools in the order of the patterns.
fn family(name: &str) -> Option<(Family, (u64, String))> {
    own(name).or_else(|| kops(name)).or_else(|| packer(name)).or_else(|| builder(name))
}

fn is_day(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(text.split('-').collect::<Vec<_>>()[..], [y, m, d] if [y.len(), m.len(), d.len()] == [4, 2, 2]
        && digits(y) && digits(m) && digits(d))
}

/// `<family>-v<N>-<day>`.
fn own(name: &str) -> Option<(Family, (u64, String))> {
    let (rest, day) = name.split_at_checked(name.len().checked_sub(10)?)?;
    let (family, version) = rest.strip_suffix('-')?.rsplit_once("-v")?;
    let plain = family.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._/-".contains(c));
    (is_day(day) && plain && !family.is_empty())
        .then_some(((family.to_owned(), None), (version.parse().ok()?, String::new())))
}

/// `kope.io/k8s-1.<minor>-<rest>`.
fn kops(name: &str) -> Option<(Family, (u64, String))> {
    let (minor, rest) = name.strip_prefix("kope.io/k8s-1.")?.split_once('-')?;
    Some((("kope.io/k8s".to_owned(), Some(KOPS)), (minor.parse().ok()?, rest.to_owned())))
}

/// `<family>`, one of `-_ `, 8 to 14 digits.
fn packer(name: &str) -> Option<(Family, (u64, String))> {
    let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (family, order) = name.split_at(name.len() - digits);
    let family = family.strip_suffix(['-', '_', ' '])?;
    let fits = (8..=14).contains(&digits) && !family.is_empty();
    fits.then_some(((family.to_owned(), Some(PACKER)), (order.parse().ok()?, String::new())))
}

/// `<family> <day>T…Z`.
fn builder(name: &str) -> Option<(Family, (u64, String))> {
    let (family, order) = name.rsplit_once(' ')?;
    let (day, time) = order.split_once('T')?;
    let fits = is_day(day) && time.ends_with('Z') && !family.is_empty();
    fits.then_some(((family.to_owned(), Some(BUILDER)), (0, order.to_owned())))
}

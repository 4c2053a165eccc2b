//! An organization whose images amictl did not name, as a team finds it that takes them over.
//!
//! Eight accounts, three regions, names by Packer, Image Builder, kops and people. All is the same in every run, but for
//! the time, which is the world's.

use chrono::{DateTime, Duration, SecondsFormat, Utc};

use super::super::world::{OTHER, PROD, World};
use super::images::ImageSeed;

/// The regions with images.
pub const REGIONS: [&str; 3] = ["us-east-1", "us-west-2", "eu-west-1"];
/// The account that makes the base images and shares them with the organization.
pub const BASES: &str = OTHER;
/// The accounts of applications.
pub const APPS: [&str; 3] = ["333333333333", "444444444444", "555555555555"];
/// The account with the clusters.
pub const CLUSTERS: &str = "666666666666";
/// The account whose role is denied everything in [`DENIED_REGION`].
pub const DENIED: &str = "777777777777";
/// The region that is denied there.
pub const DENIED_REGION: &str = "eu-west-1";
/// The account that was closed; what was in it is there still.
pub const CLOSED: &str = "888888888888";
/// The role that every account has.
pub const ROLE: &str = "ami";

/// The accounts, and their names; the first one manages the organization.
const ACCOUNTS: [(&str, &str); 8] = [
    (PROD, "management"),
    (BASES, "images"),
    (APPS[0], "shop"),
    (APPS[1], "search"),
    (APPS[2], "payments"),
    (CLUSTERS, "clusters"),
    (DENIED, "sandbox"),
    (CLOSED, "acquired"),
];

/// A family in the place where it is made.
struct Family {
    /// How many images it has, one every so many days, the newest as old as that as well.
    count: i64,
    days: i64,
    /// The name of the image that was made then; the number counts from 1.
    name: fn(i64, DateTime<Utc>) -> String,
    size: i64,
    owner: &'static str,
}

const BASE: Family = Family {
    count: 8,
    days: 30,
    name: |_, at| format!("golden-base_{}", at.format("%Y%m%d")),
    size: 8,
    owner: "platform",
};

/// By Packer, with `{{timestamp}}` in the name.
const API: Family =
    Family { count: 6, days: 14, name: |_, at| format!("app-api {}", at.timestamp()), size: 20, owner: "backend" };

/// By Packer, with `{{isotime}}` in the name: by digits alone it is not told from a version.
const WORKER: Family = Family {
    count: 4,
    days: 45,
    name: |_, at| format!("app-worker-{}", at.format("%Y%m%d%H%M%S")),
    size: 30,
    owner: "backend",
};

/// By EC2 Image Builder.
const RECIPE: Family = Family {
    count: 5,
    days: 21,
    name: |_, at| format!("web-recipe {}", at.to_rfc3339_opts(SecondsFormat::Millis, true).replace(':', "-")),
    size: 16,
    owner: "web",
};

/// By kops.
const NODE: Family = Family {
    count: 4,
    days: 90,
    name: |n, at| format!("kope.io/k8s-1.{}-debian-jessie-amd64-hvm-ebs-{}", 9 + n, at.format("%Y-%m-%d")),
    size: 8,
    owner: "clusters",
};

/// By amictl.
const WEB: Family =
    Family { count: 5, days: 40, name: |n, at| format!("web-v{n}-{}", at.format("%Y-%m-%d")), size: 8, owner: "web" };

impl World {
    /// Makes the organization with its images. A management account's key is `AKIAPROD`; the others are entered by their
    /// role [`ROLE`].
    pub fn organization_to_take_over(&mut self) {
        for (account, name) in ACCOUNTS {
            self.add_member(account, name, if account == CLOSED { "SUSPENDED" } else { "ACTIVE" });
        }
        let role = format!("arn:aws:iam::{DENIED}:role/{ROLE}");
        self.denied_regions.insert((role, DENIED_REGION.to_owned()));
        let mut origins = Vec::new();
        for region in REGIONS {
            let bases = self.bases(region, &origins);
            for account in APPS {
                self.apps(account, region, &bases);
            }
            self.clusters(region, &bases);
            self.by_hand(region);
            self.family(PROD, region, &WEB, |image, _| image);
            for account in [DENIED, CLOSED] {
                self.family(account, region, &API, |image, _| image);
            }
            if origins.is_empty() {
                origins = bases;
            }
        }
    }

    /// The images of a family, oldest first; `with` completes each, by its number.
    fn family(
        &mut self,
        account: &str,
        region: &str,
        family: &Family,
        with: impl for<'w> Fn(ImageSeed<'w>, i64) -> ImageSeed<'w>,
    ) -> Vec<String> {
        let now = self.now();
        let made = |n: i64| {
            let at = now - Duration::days((family.count + 1 - n) * family.days);
            let image = self.image(account, region, &(family.name)(n, at)).created(at).size(family.size);
            with(image.tag("Owner", family.owner), n).put()
        };
        (1..=family.count).map(made).collect()
    }

    /// Base images, which the organization may launch; outside the first region they are copies. Gives their ids.
    fn bases(&mut self, region: &str, origins: &[String]) -> Vec<String> {
        let organization = self.organization_arn();
        let origin = |n: i64| usize::try_from(n - 1).ok().and_then(|at| origins.get(at));
        self.family(BASES, region, &BASE, |image, n| {
            let image = image.shared_with_arn(&organization).watermark("approved");
            match origin(n) {
                Some(id) => image.copied_from(id, REGIONS[0]),
                None => image,
            }
        })
    }

    /// Applications of an account on the base images: the newest two by instances, an old one by a template.
    fn apps(&mut self, account: &str, region: &str, bases: &[String]) {
        let now = self.now();
        let api = self.family(account, region, &API, |image, n| match n {
            1 => image.scanned(Some("critical"), Some(now - Duration::days(9))),
            _ => image.last_launched(now - Duration::days(1)),
        });
        let worker = self.family(account, region, &WORKER, |image, _| image.snapshots(2));
        let recipe = self.family(account, region, &RECIPE, |image, n| {
            let arn = format!("arn:aws:imagebuilder:{region}:{account}:image/web-recipe/1.0.{n}/1");
            image.tag("CreatedBy", "EC2 Image Builder").tag("Ec2ImageBuilderArn", &arn)
        });
        let backup = self.image(account, region, &format!("AwsBackup_i-0123456789abcdef0_{account}"));
        let of_backup = "arn:aws:ec2:us-east-1:111111111111:instance/i-0123456789abcdef0";
        backup.created(now - Duration::days(60)).tag("aws:backup:source-resource", of_backup).put();
        // Two images on one snapshot.
        let shared: Vec<String> = self.snapshots_of(&worker[0]);
        let shared: Vec<&str> = shared.iter().map(String::as_str).collect();
        self.image(account, region, "app-worker rollback")
            .created(now - Duration::days(170))
            .on_snapshots(&shared)
            .put();
        for image in [&api[5], &api[4], &bases[7], &recipe[4]] {
            self.instance(account, region).image(image).put();
        }
        self.launch_template(account, region, "worker").image(&worker[1]).image(&worker[3]).default_version(2).put();
        self.parameter(account, region, "/shop/base", &bases[2]);
    }

    /// Nodes of clusters: a group on the newest, and an instance on one that is older.
    fn clusters(&mut self, region: &str, bases: &[String]) {
        let nodes = self.family(CLUSTERS, region, &NODE, |image, _| image);
        self.launch_configuration(CLUSTERS, region, "nodes", &nodes[3]);
        self.auto_scaling_group(CLUSTERS, region, "nodes").launch_configuration("nodes").put();
        for image in [&nodes[1], &bases[6]] {
            self.instance(CLUSTERS, region).image(image).put();
        }
    }

    /// What people made in the accounts that can be entered, under names of their own.
    fn by_hand(&mut self, region: &str) {
        let now = self.now();
        for (account, name) in ACCOUNTS.into_iter().filter(|(account, _)| *account != CLOSED) {
            self.image(account, region, "John's test (old)").created(now - Duration::days(900)).size(50).put();
            let copy = format!("{name} before upgrade [keep]");
            self.image(account, region, &copy).created(now - Duration::days(400)).tag("amictl:keep", "").put();
        }
    }

    fn snapshots_of(&self, image: &str) -> Vec<String> {
        self.find_image(image).into_iter().flat_map(|image| image.snapshots()).map(str::to_owned).collect()
    }
}

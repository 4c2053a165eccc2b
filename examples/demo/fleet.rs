//! The images, and what uses them, that the demo starts with.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::fake::{PROD, Script, World};
use crate::shell::HERE;

/// A fleet as a small team has it: two families, one image of unknown origin, a template with an old version. Gives the
/// id of an instance to make the next image from.
pub fn seed(world: &mut World) -> String {
    world.pending_for = Duration::from_millis(2500);
    let now = world.now();
    let ago = |days: i64| now - TimeDelta::days(days);
    let named = |family: &str, n: i64, made: DateTime<Utc>| format!("{family}-v{n}-{}", made.format("%Y-%m-%d"));
    let mut web = Vec::new();
    for n in 1..=6 {
        let made = ago((7 - n) * 30);
        let image = world.image(PROD, HERE, &named("web", n, made)).created(made).size(8).tag("Environment", "prod");
        web.push(image.tag("Name", "web").last_launched(made + TimeDelta::days(2)).put());
    }
    for n in 1..=4 {
        let made = ago((5 - n) * 45);
        world.image(PROD, HERE, &named("api", n, made)).created(made).size(20).snapshots(2).put();
    }
    world.image(PROD, HERE, "Golden Image 2019").created(ago(2500)).size(30).put();
    world.launch_template(PROD, HERE, "web").image(&web[1]).version(&[("ImageId", &web[5])]).default_version(2).put();
    for _ in 0..2 {
        world.instance(PROD, HERE).image(&web[5]).state("running").tag("Name", "web").put();
    }
    // Rules of the Recycle Bin, for images and for snapshots.
    world.recycle_bin.insert((PROD.to_owned(), HERE.to_owned()), (14, 14));
    world.parameter(PROD, HERE, "/amictl/web/prod", &web[5]);
    world.instance(PROD, HERE).image(&web[5]).state("running").tag("Name", "builder").put()
}

/// A script as `create --prepare` takes it; `examples/prepare/` has whole ones.
pub const CLEAN: &str = "#!/bin/sh
# Clean up
rm -f /root/.bash_history /etc/ssh/ssh_host_*
truncate -s 0 /etc/machine-id
";

/// A machine that images of `shop` are made from, and the first of them.
pub fn seed_builder(world: &mut World) {
    world.pending_for = Duration::from_millis(1500);
    (world.boot_for, world.checks_for) = (Duration::from_millis(1500), Duration::from_millis(2500));
    (world.stop_for, world.shutdown_for) = (Duration::from_millis(2000), Duration::from_millis(1500));
    world.add_profile(PROD, "ssm");
    let made = world.now() - TimeDelta::days(20);
    let name = format!("shop-v1-{}", made.format("%Y-%m-%d"));
    let image = world.image(PROD, HERE, &name).created(made).size(8).put();
    world.parameter(PROD, HERE, "/amictl/shop/prod", &image);
    world
        .instance(PROD, HERE)
        .image(&image)
        .profile("ssm")
        .tag("Name", "shop-builder")
        .tag("Role", "shop-builder")
        .put();
    world.run_commands.scripts.push(Script::with("Clean up", 0).says("3 files removed\n"));
}

/// What `systemctl is-active` says of the service in an image.
pub fn service(word: &str, exit: i32) -> Script {
    Script::with("is-active", exit).says(&format!("{word}\n"))
}

/// A base image that turns out bad, the images made of it, and a group that runs one of them by an alias.
pub fn seed_bad_base(world: &mut World) {
    let now = world.now();
    for (n, days) in [(1, 40), (2, 9)] {
        let at = |later: i64| now - TimeDelta::days(days - later);
        let mut put = |family: &str, of: Option<&String>, later: i64| {
            let builder = of.map(|of| world.instance(PROD, HERE).image(of).put());
            let made = at(later);
            let name = format!("{family}-v{n}-{}", made.format("%Y-%m-%d"));
            let image = world.image(PROD, HERE, &name).created(made).size(8).encrypted_by_default().imds_v2();
            let mut image = image.tag("Environment", "prod").tag("Owner", "platform");
            if let (Some(of), Some(builder)) = (of, &builder) {
                image = image.copied_from(of, HERE).of_instance(builder);
            }
            let id = image.put();
            builder.iter().for_each(|builder| world.end_instance(builder));
            let tested = made.format("%Y-%m-%dT%H:%M:%SZ");
            let verdict = format!("passed {id} on=t3.micro at={tested} run=r1 checks=system; instance");
            world.image_mut(&id).tags.insert("amictl:tested".to_owned(), verdict);
            id
        };
        let base = put("base", None, 0);
        let web = put("web", Some(&base), 1);
        put("api", Some(&base), 2);
        world.parameter(PROD, HERE, "/amictl/web/prod", &web);
    }
    let template = world.launch_template(PROD, HERE, "web").image("resolve:ssm:/amictl/web/prod").put();
    world.auto_scaling_group(PROD, HERE, "web").launch_template(&template, "$Default").running(&["1", "1"]).put();
}

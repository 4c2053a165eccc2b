//! The real binary against moto, a server this project did not write.
//!
//! A second opinion on what our own fake endpoint might be kind about. moto refuses snapshot tags on CreateImage, so
//! `--no-snapshot-tags` is used; it does not know DescribeImageReferences, so that source is left out knowingly.

use std::path::PathBuf;

use aws_sdk_ec2::config::{BehaviorVersion, Region};
use aws_sdk_ec2::types::RequestLaunchTemplateData;

use crate::cli::{Amictl, Ran};
use crate::moto::Moto;

const WITHOUT: &str = "--without-source image-references";

/// moto with a base image and an instance started from it.
struct Place {
    moto: Moto,
    home: PathBuf,
    config: aws_config::SdkConfig,
    base: String,
    instance: String,
}

impl Place {
    async fn new(name: &str) -> Option<Self> {
        let moto = Moto::start()?;
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("moto-home-{name}"));
        let _ = std::fs::remove_dir_all(&home);
        std::fs::create_dir_all(&home).unwrap();
        let keys = aws_credential_types::Credentials::new("AKIAPROD", "secret", None, None, "test");
        let config = aws_config::SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(moto.url())
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(keys))
            .build();
        let ec2 = aws_sdk_ec2::Client::new(&config);
        let base = ec2.register_image().name("base image").description("base").send().await.unwrap();
        let base = base.image_id.unwrap();
        let run = ec2.run_instances().image_id(&base).instance_type("t3.micro".into()).min_count(1).max_count(1);
        let instance = run.send().await.unwrap().instances()[0].instance_id().unwrap().to_owned();
        Some(Self { moto, home, config, base, instance })
    }

    fn amictl(&self, line: &str) -> Ran {
        // moto answers what it does not know as a server error, which the SDK would try again and again.
        Amictl::at(&self.moto.url(), &self.home).env("AWS_MAX_ATTEMPTS", "2").run(line)
    }

    /// Makes the next version of a family and gives its id.
    fn create(&self, family: &str) -> String {
        let line = format!("create {family} --instance {} --no-snapshot-tags -o ids", self.instance);
        self.amictl(&line).ended(0).stdout.trim().to_owned()
    }

    fn ids(&self, line: &str) -> Vec<String> {
        let mut ids: Vec<_> = self.amictl(line).ended(0).lines().into_iter().map(str::to_owned).collect();
        ids.sort();
        ids
    }
}

#[tokio::test]
async fn the_main_job_runs_end_to_end() {
    let Some(place) = Place::new("job").await else { return };
    let line =
        format!("create web --instance {} --no-snapshot-tags --environment prod --tag Team=a -o json", place.instance);
    let made = place.amictl(&line).ended(0).json();
    let first = &made["images"][0];
    assert_eq!((first["family"].as_str(), first["image_version"].as_u64()), (Some("web"), Some(1)));
    assert_eq!((first["state"].as_str(), first["tags"]["Team"].as_str()), (Some("available"), Some("a")));
    let second = place.create("web");
    let both = place.ids("list --family web -o ids");
    assert_eq!(both.len(), 2);
    assert_eq!(place.ids("list --latest --environment prod -o ids"), [first["id"].as_str().unwrap()]);

    let launched = place.amictl("launch web --type t3.micro --allow-http -o json").ended(0).json();
    let instance = &launched["instances"][0];
    assert_eq!((instance["image_id"].as_str(), instance["state"].as_str()), (Some(second.as_str()), Some("running")));

    let copied = place.amictl("copy web:v1 --to eu-west-1,us-west-2 -o json").ended(0).json();
    assert_eq!(copied["images"].as_array().unwrap().len(), 2);
    for copy in copied["images"].as_array().unwrap() {
        assert_eq!((copy["name"].as_str(), copy["tags"]["Team"].as_str()), (first["name"].as_str(), Some("a")));
    }
    let again = place.amictl("copy web:v1 --to eu-west-1,us-west-2 -o json").ended(0).json();
    assert_eq!(again["images"], copied["images"], "a second run adopts the copies of the first");

    place.amictl("deregister web:v1 --yes").ended(4).says(&["image-references"]);
    place.amictl(&format!("deregister web:v2 --yes {WITHOUT}")).ended(4).says(&["in use by instance"]);
    let gone = place.amictl(&format!("deregister web:v1 --yes -o json {WITHOUT}")).ended(0).json();
    assert_eq!(gone["results"][0]["status"], "done");
    let snapshots = gone["results"][0]["snapshots"].as_array().unwrap();
    assert!(!snapshots.is_empty() && snapshots.iter().all(|s| s["result"] == "deleted"));
    let ec2 = aws_sdk_ec2::Client::new(&place.config);
    for snapshot in snapshots {
        let id = snapshot["id"].as_str().unwrap();
        assert!(ec2.describe_snapshots().snapshot_ids(id).send().await.is_err(), "{id} is still there");
    }
    assert_eq!(place.ids("list --family web -o ids"), [second]);

    for name in ["golden_9", "golden_10"] {
        ec2.create_image().instance_id(&place.instance).name(name).send().await.unwrap();
    }
    let families = r"list --families --columns family,versions,newest --family-pattern (?<family>.+)_(?<order>\d+)";
    assert_eq!(place.amictl(&format!("{families} -o csv")).ended(0).lines()[1], "golden,2,golden_10");
    let versions = place.amictl(&format!("{families} --query families[].versions")).ended(0).stdout;
    assert_eq!(versions, "2\n1\n");
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let Some(place) = Place::new("dry").await else { return };
    place.amictl(&format!("create web --instance {} --no-snapshot-tags --dry-run", place.instance)).ended(0);
    assert!(place.ids("list -o ids --family web").is_empty());
}

#[tokio::test]
async fn what_moto_knows_to_use_an_image_keeps_it() {
    let Some(place) = Place::new("use").await else { return };
    let ec2 = aws_sdk_ec2::Client::new(&place.config);
    let scaling = aws_sdk_autoscaling::Client::new(&place.config);
    let ssm = aws_sdk_ssm::Client::new(&place.config);
    let families = ["instance", "template", "configuration", "group", "parameter", "nobody"];
    let [instance, template, configuration, group, parameter, nobody] = families.map(|family| place.create(family));

    let run = ec2.run_instances().image_id(&instance).instance_type("t3.micro".into()).min_count(1).max_count(1);
    let started = run.send().await.unwrap();
    ec2.stop_instances().instance_ids(started.instances()[0].instance_id().unwrap()).send().await.unwrap();

    let data =
        |image: &str| RequestLaunchTemplateData::builder().image_id(image).instance_type("t3.micro".into()).build();
    ec2.create_launch_template()
        .launch_template_name("old")
        .launch_template_data(data(&place.base))
        .send()
        .await
        .unwrap();
    for image in [&template, &place.base, &place.base] {
        let version = ec2.create_launch_template_version().launch_template_name("old");
        version.launch_template_data(data(image)).send().await.unwrap();
    }
    for n in 0..60 {
        let image = if n == 30 { &configuration } else { &place.base };
        let made = scaling.create_launch_configuration().launch_configuration_name(format!("lc-{n}"));
        made.image_id(image).instance_type("t3.micro").send().await.unwrap();
    }
    ec2.create_launch_template().launch_template_name("group").launch_template_data(data(&group)).send().await.unwrap();
    let of_group = aws_sdk_autoscaling::types::LaunchTemplateSpecification::builder()
        .launch_template_name("group")
        .version("$Latest")
        .build();
    let made = scaling.create_auto_scaling_group().auto_scaling_group_name("empty").launch_template(of_group);
    made.min_size(0).max_size(0).desired_capacity(0).availability_zones("us-east-1a").send().await.unwrap();
    for n in 0..60 {
        let value = if n == 30 { &parameter } else { &place.base };
        let put = ssm.put_parameter().name(format!("/app/{n}")).value(value);
        put.r#type(aws_sdk_ssm::types::ParameterType::String).send().await.unwrap();
    }

    let plan = format!("prune --keep 0 --min-age 0s {WITHOUT}");
    let mut kept_plan = place.amictl(&format!("{plan} -o json")).ended(0).json();
    let kept = kept_plan["kept"].as_array_mut().unwrap();
    kept.retain(|image| image["reasons"][0]["code"] == "in-use");
    assert_eq!(kept.len(), 5, "{kept:?}");
    let done = place.amictl(&format!("{plan} --apply --yes --max-delete 1 -o json")).ended(0).json();
    assert_eq!(done["results"][0]["image_id"].as_str(), Some(nobody.as_str()));
    assert_eq!(done["summary"]["done"], 1);
    let refs = place.amictl(&format!("refs {group} {WITHOUT} -o json")).ended(0).json();
    let sources: Vec<_> =
        refs["images"][0]["references"].as_array().unwrap().iter().map(|r| r["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["launch-templates", "auto-scaling-groups"]);
    let mut left = [instance, template, configuration, group, parameter];
    left.sort();
    assert_eq!(place.ids("list --managed -o ids"), left);
}

#[tokio::test]
async fn a_release_goes_forth_and_back() {
    let Some(place) = Place::new("release").await else { return };
    let [first, second] = ["web", "web"].map(|family| place.create(family));
    let ssm = aws_sdk_ssm::Client::new(&place.config);
    let value = async || {
        let answer = ssm.get_parameter().name("/amictl/web/prod").send().await.unwrap();
        answer.parameter.unwrap().value.unwrap()
    };
    let promoted = place.amictl("promote web:v1 --to prod --reason first -o json").ended(0).json();
    assert_eq!((&promoted["results"][0]["status"], &promoted["results"][0]["changed"]), (&"done".into(), &true.into()));
    assert_eq!(value().await, first);
    let made = place.amictl("template web --image web:prod --type t3.micro -o json").ended(0).json();
    assert_eq!(made["templates"][0]["image"], "resolve:ssm:/amictl/web/prod");
    place.amictl("template pinned --image web:v1 --type t3.micro").ended(0);
    let scaling = aws_sdk_autoscaling::Client::new(&place.config);
    let template = aws_sdk_autoscaling::types::LaunchTemplateSpecification::builder();
    let template = template.launch_template_name("pinned").version("1").build();
    let group = scaling.create_auto_scaling_group().auto_scaling_group_name("pinned").launch_template(template);
    group.min_size(0).max_size(0).availability_zones("us-east-1a").send().await.unwrap();

    let moved = place.amictl("promote web:v2 --to prod --template pinned --reason second -o json").ended(0);
    let rows = moved.json();
    assert_eq!(rows["results"][1]["template_version"], 2, "{rows:#}");
    assert!(rows["results"][1]["groups"].to_string().contains("pinned"), "the group stays at version 1: {rows:#}");
    assert_eq!(value().await, second);
    let ec2 = aws_sdk_ec2::Client::new(&place.config);
    let default = ec2.describe_launch_template_versions().launch_template_name("pinned").versions("$Default");
    let default = default.send().await.unwrap().launch_template_versions.unwrap().remove(0);
    assert_eq!(default.version_number, Some(2));
    assert_eq!(default.launch_template_data.unwrap().image_id.as_deref(), Some(second.as_str()));
    let launched = place.amictl("launch --template pinned -o json").ended(0).json();
    assert_eq!(launched["instances"][0]["image_id"], second.as_str());

    place.amictl("rollback web:prod --reason bad").ended(0);
    assert_eq!(value().await, first);
    let aliases = place.amictl("aliases web --history -o json").ended(0).json();
    let history = aliases["aliases"][0]["history"].as_array().unwrap();
    let reasons: Vec<_> = history.iter().map(|entry| entry["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["bad", "second", "first"]);
    place.amictl("rollback web:prod").ended(4).says(&["nothing"]);
    assert_eq!(value().await, first);
}

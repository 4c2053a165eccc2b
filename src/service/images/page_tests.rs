//! Tests of the reader of pages against the SDK's reader.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ec2::types;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::date_time::Format;
use proptest::prelude::*;

use super::described::{Described, DescribedReason, DescribedScan, DescribedTag, Ebs, Mapping};
use super::page::Own;
use super::{Query, find, one_page};
use crate::domain::image::Image;
use crate::service::client::rate_limit::Pace;
use crate::service::client::target::{Account, Target};

/// An endpoint with one fixed answer.
#[derive(Debug, Clone)]
struct Says(String);

impl HttpConnector for Says {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let status = 200_u16.try_into().unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(self.0.as_str()))))
    }
}

impl HttpClient for Says {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

fn target(says: &str) -> Target {
    let keys = Credentials::new("AKIATEST", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .http_client(SharedHttpClient::new(Says(says.to_owned())))
        .build();
    let account = Account::new(config, None, String::new(), Pace::Unlimited);
    Target::new(&account, "us-east-1".parse().unwrap())
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// An answer as amictl reads it.
fn ours(body: &str) -> Option<(Vec<Image>, Option<String>)> {
    let target = target(body);
    wait(one_page(&target, target.ec2.describe_images(), &Own::All)).ok()
}

/// An answer as the SDK reads it.
fn theirs(body: &str) -> Option<(Vec<Image>, Option<String>)> {
    let target = target(body);
    let answer = wait(target.ec2.describe_images().send()).ok()?;
    let images = answer.images().iter().filter_map(|image| described(image).image(&target.region, |_| true)).collect();
    Some((images, answer.next_token))
}

fn described(image: &types::Image) -> Described<'_> {
    let text = |text: Option<&'_ str>| text.map(|text| text.to_owned().into());
    Described {
        image_id: text(image.image_id()),
        name: text(image.name()),
        description: text(image.description()),
        owner_id: text(image.owner_id()),
        state: text(image.state().map(|state| state.as_str())),
        state_reason: image.state_reason().map_or_else(DescribedReason::default, |reason| DescribedReason {
            code: text(reason.code()),
            message: text(reason.message()),
        }),
        creation_date: text(image.creation_date()),
        deprecation_time: text(image.deprecation_time()),
        last_launched_time: text(image.last_launched_time()),
        architecture: text(image.architecture().map(|architecture| architecture.as_str())),
        platform_details: text(image.platform_details()),
        root_device_type: text(image.root_device_type().map(|kind| kind.as_str())),
        public: image.public(),
        imds_support: text(image.imds_support().map(|support| support.as_str())),
        deregistration_protection: text(image.deregistration_protection()),
        source_instance_id: text(image.source_instance_id()),
        source_image_id: text(image.source_image_id()),
        source_image_region: text(image.source_image_region()),
        block_device_mappings: image.block_device_mappings().iter().map(mapping).collect(),
        tags: image.tags().iter().map(|tag| DescribedTag { key: text(tag.key()), value: text(tag.value()) }).collect(),
        scan: image.scan_results().map(scan),
        allowed: image.image_allowed(),
        watermarks: image.image_watermarks().iter().map(|watermark| text(watermark.watermark_key())).collect(),
    }
}

fn scan(scan: &types::ScanResults) -> DescribedScan<'_> {
    let time = |at: Option<&DateTime>| Some(at?.fmt(Format::DateTime).unwrap().into());
    let fixes = [
        ("critical", scan.critical_fix_available_since()),
        ("high", scan.high_fix_available_since()),
        ("medium", scan.medium_fix_available_since()),
        ("low", scan.low_fix_available_since()),
        ("informational", scan.informational_fix_available_since()),
    ];
    DescribedScan {
        severity: scan.highest_finding_severity_label().map(|label| label.as_str().into()),
        date: time(scan.finding_scan_date()),
        fix_since: fixes.into_iter().filter_map(|(severity, since)| Some((severity, time(since)?))).collect(),
    }
}

fn mapping(mapping: &types::BlockDeviceMapping) -> Mapping<'_> {
    let ebs = mapping.ebs().map(|ebs| Ebs {
        snapshot_id: ebs.snapshot_id().map(Into::into),
        volume_size: ebs.volume_size(),
        encrypted: ebs.encrypted(),
        delete_on_termination: ebs.delete_on_termination(),
    });
    Mapping { device_name: mapping.device_name().map(Into::into), ebs }
}

/// Fields of an image with a text, a number or a word; and some that amictl does not read.
const TEXTS: [&str; 18] = [
    "imageId",
    "name",
    "description",
    "imageOwnerId",
    "imageState",
    "creationDate",
    "deprecationTime",
    "lastLaunchedTime",
    "architecture",
    "platformDetails",
    "rootDeviceType",
    "deregistrationProtection",
    "sourceInstanceId",
    "sourceImageId",
    "sourceImageRegion",
    "imageLocation",
    "hypervisor",
    "aMemberToCome",
];

/// A text as EC2 might write it, with the escapes that XML requires or more.
fn content() -> impl Strategy<Value = String> {
    let escaped = |text: String| quick_xml::escape::escape(&text).into_owned();
    let numbered = |text: String| text.chars().map(|c| format!("&#x{:X};", u32::from(c))).collect();
    prop_oneof![
        "[a-z0-9/ .:-]{0,12}",
        "[ -~äß漢🦀]{0,12}".prop_map(escaped),
        "[ -~]{1,4}".prop_map(numbered),
        Just("ami-0123456789abcdef0".to_owned()),
        Just("snap-0123456789abcdef0".to_owned()),
        Just("2026-10-25T15:27:25.648Z".to_owned()),
    ]
}

fn element(name: impl Into<String>, content: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let name = name.into();
    (content, any::<bool>(), "[ \n]{0,2}").prop_map(move |(text, short, gap)| match text.is_empty() && short {
        true => format!("<{name}/>{gap}"),
        false => format!("<{name}>{text}</{name}>{gap}"),
    })
}

fn some(parts: impl Strategy<Value = String>, most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(parts, 0..most).prop_map(|parts| parts.concat())
}

fn image() -> impl Strategy<Value = String> {
    let texts = (0..TEXTS.len(), content()).prop_map(|(at, text)| format!("<{0}>{text}</{0}>", TEXTS[at]));
    let reason =
        element("stateReason", some(prop_oneof![element("code", content()), element("message", content())], 3));
    let ebs = prop_oneof![
        element("snapshotId", content()),
        element("volumeSize", (0..20_000_i32).prop_map(|size| size.to_string())),
        element("encrypted", any::<bool>().prop_map(|on| on.to_string())),
        element("deleteOnTermination", any::<bool>().prop_map(|on| on.to_string())),
        element("volumeType", content()),
    ];
    let device =
        prop_oneof![element("deviceName", content()), element("ebs", some(ebs, 4)), element("noDevice", content())];
    let tag = prop_oneof![element("key", content()), element("value", content())];
    let severity = prop_oneof![Just("critical"), Just("high"), Just("low"), Just("urgent"), Just("")];
    let dates = [
        "findingScanDate",
        "criticalFixAvailableSince",
        "highFixAvailableSince",
        "mediumFixAvailableSince",
        "lowFixAvailableSince",
        "informationalFixAvailableSince",
    ];
    let date = (0..dates.len(), 0..28_u8);
    let date = date.prop_map(move |(at, day)| format!("<{0}>2026-10-{1:02}T15:27:25Z</{0}>", dates[at], day + 1));
    let scan = prop_oneof![
        element("highestFindingSeverityLabel", severity.prop_map(str::to_owned)),
        date,
        element("aMemberToCome", content()),
    ];
    let watermark = prop_oneof![
        element("watermarkKey", content()),
        element("sourceImageId", content()),
        element("sourceImageRegion", content()),
    ];
    let lists = prop_oneof![
        element("scanResults", some(scan, 4)),
        element("imageWatermarkSet", some(element("item", some(watermark, 3)), 3)),
        element("blockDeviceMapping", some(element("item", some(device, 3)), 3)),
        element("tagSet", some(element("item", some(tag, 3)), 4)),
        element("productCodes", some(element("item", some(element("item", content()), 2)), 2)),
    ];
    let public = any::<bool>().prop_map(|on| format!("<isPublic>{on}</isPublic>"));
    let id = "[0-9a-f]{17}".prop_map(|id| format!("<imageId>ami-{id}</imageId>"));
    let members = prop_oneof![6 => texts, 1 => reason, 2 => lists, 1 => public, 1 => Just("<!-- ? -->".to_owned())];
    element("item", (id, some(members, 12)).prop_map(|(id, rest)| id + &rest))
}

fn answer() -> impl Strategy<Value = String> {
    let token = prop_oneof![Just(String::new()), element("nextToken", content())];
    (some(image(), 4), token).prop_map(|(images, token)| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeImagesResponse \
             xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId>\
             <imagesSet>{images}</imagesSet>{token}</DescribeImagesResponse>"
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_read_the_same(body in answer()) {
        let read = ours(&body);
        prop_assert!(read.is_some(), "{body}");
        prop_assert_eq!(read, theirs(&body));
    }

    #[test]
    fn a_part_is_never_taken_for_the_whole(body in answer(), cut in any::<prop::sample::Index>()) {
        let cuts: Vec<usize> = body.char_indices().map(|(at, _)| at).collect();
        prop_assert_eq!(ours(&body[..cuts[cut.index(cuts.len())]]), None);
    }

    #[test]
    fn nonsense_is_an_error(body in "[<>&;/a-c\"= !\\[\\]?-]{0,40}") {
        prop_assert_eq!(ours(&body), None);
        prop_assert_eq!(ours(&format!("<DescribeImagesResponse><imagesSet><item>{body}")), None);
    }
}

#[test]
fn wrong_words_are_errors() {
    let with = |member: &str| {
        format!(
            "<DescribeImagesResponse><imagesSet><item><imageId>ami-01234567</imageId>{member}</item></imagesSet>\
             </DescribeImagesResponse>"
        )
    };
    assert_eq!(ours(&with("")).unwrap().0.len(), 1);
    for member in [
        "<isPublic>perhaps</isPublic>",
        "<name>&web;</name>",
        "<name><b>web</b></name>",
        "<name>web</nam>",
        "<blockDeviceMapping><item><ebs><volumeSize>much</volumeSize></ebs></item></blockDeviceMapping>",
    ] {
        assert_eq!(ours(&with(member)), None, "{member}");
    }
    assert_eq!(ours("<DescribeSnapshotsResponse/>"), None);
    assert_eq!(ours("<DescribeImagesResponse><imagesSet/></DescribeImagesResponse>"), Some((Vec::new(), None)));
    let [cdata] = &ours(&with("<name>a<![CDATA[ & <b>]]>c</name>")).unwrap().0[..] else { panic!("one image") };
    assert_eq!(cdata.name.as_deref(), Some("a & <b>c"));
}

#[test]
fn images_are_the_accounts_own_where_their_owner_is_it() {
    let body = "<DescribeImagesResponse><imagesSet><item><imageId>ami-01234567</imageId><imageOwnerId>111111111111\
                </imageOwnerId></item></imagesSet></DescribeImagesResponse>";
    let target = target(body);
    let own = |own| wait(one_page(&target, target.ec2.describe_images(), &own)).unwrap().0[0].own;
    assert!(own(Own::All) && own(Own::Of("111111111111".parse().ok())));
    assert!(!own(Own::Of("222222222222".parse().ok())) && !own(Own::Of(None)));
}

#[test]
fn a_page_that_leads_to_itself_is_no_end() {
    let body = "<DescribeImagesResponse><nextToken>again</nextToken></DescribeImagesResponse>";
    let error = wait(find(&target(body), &Query::own())).unwrap_err();
    assert_eq!(error.code, "UnreadableResponse");
}

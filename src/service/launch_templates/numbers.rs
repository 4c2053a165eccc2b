//! The versions of a template by their numbers, and the one that new versions are made from.

use aws_sdk_ec2::types::LaunchTemplateVersion;

use super::LaunchTemplate;

impl LaunchTemplate {
    fn numbered(&self, number: i64) -> Option<&LaunchTemplateVersion> {
        self.versions.iter().find(|version| version.version_number() == Some(number))
    }

    /// The same template, with new versions made from this one; `None` if there is no such version.
    pub fn based_on(&self, number: i64) -> Option<Self> {
        let source = self.numbered(number)?.launch_template_data()?.clone();
        Some(Self { base: number, source, ..self.clone() })
    }

    /// The number of the newest version.
    pub fn newest(&self) -> i64 {
        self.versions.iter().filter_map(LaunchTemplateVersion::version_number).max().unwrap_or(self.default)
    }

    /// The image field of a version; `None` if there is no such version, the inner `None` if it names no image.
    pub fn image_in(&self, number: i64) -> Option<Option<String>> {
        let data = self.numbered(number)?.launch_template_data();
        Some(data.and_then(|data| data.image_id()).filter(|text| !text.is_empty()).map(str::to_owned))
    }

    /// The instance type of a version, if it names one.
    pub fn instance_type_in(&self, number: i64) -> Option<String> {
        let data = self.numbered(number)?.launch_template_data();
        data.and_then(|data| data.instance_type()).map(|kind| kind.as_str().to_owned())
    }
}

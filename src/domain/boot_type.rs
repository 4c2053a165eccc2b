//! Instance types, as far as a boot test must know them.

use super::image::Image;

/// An instance type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootType {
    /// Its name, e.g. `t3.micro`.
    pub name: String,
    /// The architectures that it runs.
    pub architectures: Vec<String>,
    /// Whether it is built on the Nitro System: EC2 gives the latest console output of these only.
    pub nitro: bool,
}

impl BootType {
    /// Whether it runs the architecture of an image.
    pub fn runs(&self, image: &Image) -> bool {
        image.architecture.as_ref().is_none_or(|wanted| self.architectures.contains(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::super::image::testing::image;
    use super::*;

    #[test]
    fn a_type_runs_images_of_its_architectures() {
        let old = ["i386", "x86_64"].map(str::to_owned).to_vec();
        let old = BootType { name: "t2.micro".to_owned(), architectures: old, nitro: false };
        let mut image = image(1, "web-v1-2026-01-01");
        for (architecture, runs) in [(Some("x86_64"), true), (Some("i386"), true), (Some("arm64"), false), (None, true)]
        {
            image.architecture = architecture.map(str::to_owned);
            assert_eq!(old.runs(&image), runs, "{architecture:?}");
        }
    }
}

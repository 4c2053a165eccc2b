//! Trusted root certificates set by the user: `AWS_CA_BUNDLE`, the profile, or OpenSSL's variables.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use aws_smithy_types::base64;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::aws_files::below_home;
use crate::domain::failure::{Failure, Kind};

const CODE: &str = "CaBundle";

/// The roots trusted instead of the system's: the bundle of `AWS_CA_BUNDLE` or of the profile, as in the AWS CLI, else
/// those of OpenSSL's variables. `None` for the system's.
pub(super) fn trusted(env: &HashMap<String, String>, in_profile: Option<&str>) -> Result<Option<TlsContext>> {
    let set = |name: &'static str| env.get(name).filter(|value| !value.is_empty()).map(|value| (name, value.as_str()));
    let bundle = set("AWS_CA_BUNDLE").or(in_profile.map(|value| ("ca_bundle in the profile", value)));
    let named: Vec<(&str, PathBuf)> = match bundle {
        Some((name, path)) => vec![(name, below_home(env, path))],
        None => {
            let files = set("SSL_CERT_FILE").into_iter().map(|(name, path)| (name, PathBuf::from(path)));
            let split = |(name, list)| std::env::split_paths(list).map(move |path| (name, path));
            files.chain(set("SSL_CERT_DIR").into_iter().flat_map(split)).collect()
        }
    };
    if named.is_empty() {
        return Ok(None);
    }
    let mut roots = Vec::new();
    for (name, path) in &named {
        let wrong = |why: &str| {
            let message = format!("the CA bundle {} ({name}) {why}", path.display());
            Failure::new(Kind::Failed, CODE, message)
                .hint(format!("{name} names a file of certificates in PEM form; unset it to trust those of the system"))
        };
        let found = certificates(path).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        if found.is_empty() {
            return Err(wrong("has no certificate in it that can be used").into());
        }
        roots.extend(found);
    }
    let store = roots.iter().fold(TrustStore::empty(), |store, root| store.with_pem_certificate(pem(root)));
    let context = TlsContext::builder().with_trust_store(store).build();
    Ok(Some(context.map_err(|error| Failure::new(Kind::Failed, CODE, format!("CA bundle: {error}")))?))
}

/// The certificates of a file, or of all files of a folder. Invalid roots are left out, as the SDK ends the process
/// over them.
fn certificates(path: &Path) -> std::io::Result<Vec<CertificateDer<'static>>> {
    if path.is_dir() {
        let files = std::fs::read_dir(path)?.filter_map(|entry| Some(entry.ok()?.path()));
        let files = files.filter(|path| path.is_file());
        return Ok(files.flat_map(|file| certificates(&file).unwrap_or_default()).collect());
    }
    let text = std::fs::read(path)?;
    let can_be = |root: &CertificateDer<'_>| RootCertStore::empty().add(root.clone().into_owned()).is_ok();
    Ok(CertificateDer::pem_slice_iter(&text).filter_map(Result::ok).filter(can_be).collect())
}

/// The certificate in PEM, as the SDK accepts it.
fn pem(root: &CertificateDer<'_>) -> String {
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in base64::encode(root).as_bytes().chunks(64) {
        let _ = writeln!(text, "{}", String::from_utf8_lossy(line));
    }
    text + "-----END CERTIFICATE-----\n"
}

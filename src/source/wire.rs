//! From a URL and the environment to a store: which kind, which settings, which host, how patient.

use std::{str::FromStr, sync::Arc, time::Duration};

use object_store::{
    ObjectStore, ObjectStoreScheme, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    azure::{AzureConfigKey, MicrosoftAzureBuilder},
    gcp::{GoogleCloudStorageBuilder, GoogleConfigKey},
    list::PaginatedListStore,
    memory::InMemory,
};
use url::Url;

use crate::diagnostic::{Answer, Diagnostic, Place, codes::source as codes};

use super::{Store, client::Connector, host::Rule, printable};

/// A store that can also be listed page by page, where its kind can.
pub(super) struct Wired {
    pub store: Arc<dyn ObjectStore>,
    pub pages: Option<Arc<dyn PaginatedListStore>>,
}

/// The settings of stores in the environment, names in lower case. Only names that a store's maker reserves:
/// others, such as `TOKEN` or `REGION`, belong to other programs.
pub(super) fn environment() -> Vec<(String, String)> {
    let ours = |name: &str| ["aws_", "azure_", "google_"].iter().any(|prefix| name.starts_with(prefix));
    let lowered =
        |(name, value): (std::ffi::OsString, std::ffi::OsString)| Some((name.to_str()?.to_ascii_lowercase(), value.into_string().ok()?));
    std::env::vars_os().filter_map(lowered).filter(|(name, _)| ours(name)).collect()
}

pub(super) fn connect(url: &Url, allow_hosts: &[String], settings: &[(String, String)]) -> Answer<Store> {
    if url.password().is_some() || url.query().is_some() {
        return Err(bad_location(url, "it carries a password or a token; credentials come from the environment").into());
    }
    let (scheme, prefix) = ObjectStoreScheme::parse(url).map_err(|error| bad_location(url, &error.to_string()))?;
    let wired = wire(url, &scheme, &Rule::new(allow_hosts), settings)?;
    Store::over(wired.store, wired.pages, prefix, shown(url))
}

/// The URL as a message may show it.
pub(super) fn shown(url: &Url) -> String {
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    // A URL that cannot have a password has none to hide.
    let _ = bare.set_password(None);
    bare.to_string()
}

pub(super) fn bad_location(url: &Url, why: &str) -> Diagnostic {
    Diagnostic::new(codes::BAD_LOCATION, format!("the location cannot be used: {}", printable(why)))
        .place(Place::file(shown(url)))
        .expected(
            "a folder, or a URL of the kinds `s3://bucket/prefix`, `az://container@account/prefix`, `gs://bucket/prefix`, `file:///folder`",
        )
        .outcome("No connection was made; nothing was taken.")
        .hint("Correct the feed's `url`. Credentials and endpoints of a store stand in AWS_…, AZURE_… or GOOGLE_… of the environment.")
}

fn wire(url: &Url, scheme: &ObjectStoreScheme, rule: &Rule, settings: &[(String, String)]) -> Answer<Wired> {
    match scheme {
        ObjectStoreScheme::AmazonS3 => amazon(url, rule, settings),
        ObjectStoreScheme::MicrosoftAzure => azure(url, rule, settings),
        ObjectStoreScheme::GoogleCloudStorage => google(url, rule, settings),
        ObjectStoreScheme::Memory => Ok(Wired { store: Arc::new(InMemory::new()), pages: None }),
        _ => Err(bad_location(url, &format!("`{}` URLs are not read", url.scheme())).into()),
    }
}

fn amazon(url: &Url, rule: &Rule, settings: &[(String, String)]) -> Answer<Wired> {
    let patient = AmazonS3Builder::new().with_http_connector(Connector(rule.clone())).with_retry(retries()).with_url(url.as_str());
    let builder = known(settings).fold(patient, |builder, (key, value)| builder.with_config(key, value));
    let endpoint = |key| builder.get_config_value(&key);
    judge_hosts(url, rule, [endpoint(AmazonS3ConfigKey::S3Endpoint), endpoint(AmazonS3ConfigKey::Endpoint)])?;
    let store = Arc::new(builder.build().map_err(|error| bad_location(url, &error.to_string()))?);
    Ok(Wired { store: store.clone(), pages: Some(store) })
}

fn azure(url: &Url, rule: &Rule, settings: &[(String, String)]) -> Answer<Wired> {
    let patient = MicrosoftAzureBuilder::new().with_http_connector(Connector(rule.clone())).with_retry(retries()).with_url(url.as_str());
    let builder = known(settings).fold(patient, |builder, (key, value)| builder.with_config(key, value));
    let emulator =
        builder.get_config_value(&AzureConfigKey::UseEmulator).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1");
    judge_hosts(url, rule, [builder.get_config_value(&AzureConfigKey::Endpoint), emulator.then(|| "http://127.0.0.1:10000".into())])?;
    let store = Arc::new(builder.build().map_err(|error| bad_location(url, &error.to_string()))?);
    Ok(Wired { store: store.clone(), pages: Some(store) })
}

fn google(url: &Url, rule: &Rule, settings: &[(String, String)]) -> Answer<Wired> {
    let patient =
        GoogleCloudStorageBuilder::new().with_http_connector(Connector(rule.clone())).with_retry(retries()).with_url(url.as_str());
    let builder = known(settings).fold(patient, |builder, (key, value)| builder.with_config(key, value));
    judge_hosts(url, rule, [builder.get_config_value(&GoogleConfigKey::BaseUrl), None])?;
    let store = Arc::new(builder.build().map_err(|error| bad_location(url, &error.to_string()))?);
    Ok(Wired { store: store.clone(), pages: Some(store) })
}

/// Settings that are meant for this kind of store.
fn known<K: FromStr>(settings: &[(String, String)]) -> impl Iterator<Item = (K, &str)> {
    settings.iter().filter_map(|(name, value)| Some((name.parse().ok()?, value.as_str())))
}

fn judge_hosts(url: &Url, rule: &Rule, endpoints: [Option<String>; 2]) -> Answer<()> {
    // Hosts of `s3://`, `az://` and `gs://` URLs are buckets, not machines.
    if url.scheme() == "https" {
        rule.judge(url, &shown(url))?;
    }
    for endpoint in endpoints.into_iter().flatten() {
        let parsed = Url::parse(&endpoint).map_err(|error| bad_location(url, &format!("its endpoint is no URL: {error}")))?;
        rule.judge(&parsed, &shown(url))?;
    }
    Ok(())
}

fn retries() -> RetryConfig {
    RetryConfig { max_retries: 4, retry_timeout: Duration::from_secs(90), ..RetryConfig::default() }
}

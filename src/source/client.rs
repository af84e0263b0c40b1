//! The HTTP client under every store: the rule of hosts stands in it, so nothing that a store's client does can pass it by —
//! its own requests, its redirects, and its search for credentials.

use std::{io, net::ToSocketAddrs, sync::Arc, time::Duration};

use async_trait::async_trait;
use object_store::{
    ClientConfigKey, ClientOptions,
    client::{HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService},
};
use reqwest::{
    Certificate, Client, NoProxy, Proxy,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use url::Url;

use super::host::Rule;

/// A request ends after a minute, so a sender that drips one byte a second cannot hold a run.
const REQUEST: Duration = Duration::from_mins(1);
const CONNECT: Duration = Duration::from_secs(10);
/// Redirects that are followed, one after the other.
const HOPS: usize = 10;

/// Makes clients that keep to a rule.
#[derive(Clone, Debug)]
pub(super) struct Connector(pub Rule);

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = client(&self.0, options);
        let client = client.map_err(|source| object_store::Error::Generic { store: "HTTP client", source: Box::new(source) })?;
        Ok(HttpClient::new(Gate { client, rule: self.0.clone() }))
    }
}

fn client(rule: &Rule, options: &ClientOptions) -> reqwest::Result<Client> {
    let set = |key: ClientConfigKey| options.get_config_value(&key);
    let is = |key: ClientConfigKey| set(key).is_some_and(|value| value == "true");
    let mut builder = Client::builder()
        .user_agent(concat!("truecost/", env!("CARGO_PKG_VERSION")))
        .timeout(REQUEST)
        .connect_timeout(CONNECT)
        .redirect(redirects(rule.clone()))
        .dns_resolver(Arc::new(Resolver(rule.clone())))
        .https_only(!is(ClientConfigKey::AllowHttp))
        .danger_accept_invalid_certs(is(ClientConfigKey::AllowInvalidCertificates));
    if let Some(url) = set(ClientConfigKey::ProxyUrl) {
        let excluded = set(ClientConfigKey::ProxyExcludes).and_then(|text| NoProxy::from_string(&text));
        builder = builder.proxy(Proxy::all(url)?.no_proxy(excluded));
        if let Some(certificate) = set(ClientConfigKey::ProxyCaCertificate) {
            builder = builder.add_root_certificate(Certificate::from_pem(certificate.as_bytes())?);
        }
    }
    builder.build()
}

/// Each hop is judged before it is taken.
fn redirects(rule: Rule) -> Policy {
    Policy::custom(move |attempt| match rule.judge_url(attempt.url()) {
        Err(refused) => attempt.error(refused),
        Ok(()) if attempt.previous().len() > HOPS => attempt.error(io::Error::other("it sends us on without end")),
        Ok(()) => attempt.follow(),
    })
}

/// Names become addresses here and nowhere else, and the connection goes to one of these.
#[derive(Debug)]
pub(super) struct Resolver(pub Rule);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = self.0.clone();
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let asked = name.clone();
            let found = tokio::task::spawn_blocking(move || (asked.as_str(), 0).to_socket_addrs().map(Vec::from_iter)).await??;
            let addresses: Addrs = Box::new(rule.judge_addresses(&name, found)?.into_iter());
            Ok(addresses)
        })
    }
}

/// A client behind the rule.
#[derive(Debug)]
struct Gate {
    client: Client,
    rule: Rule,
}

#[async_trait]
impl HttpService for Gate {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        // Errors of an unknown kind are not tried again.
        let url = Url::parse(&request.uri().to_string()).map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        self.rule.judge_url(&url).map_err(|refused| HttpError::new(HttpErrorKind::Unknown, refused))?;
        HttpService::call(&self.client, request).await
    }
}

//! A message to an address outside: by the same rule of hosts as every store, every address judged, and no redirect followed.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, redirect::Policy};
use url::Url;

use super::{
    client::Resolver,
    host::{Rule, refused_in},
    printable,
};

/// For connecting, sending and the answer together.
const PATIENCE: Duration = Duration::from_secs(10);
/// Characters of an answer that are shown.
const SHOWN: usize = 200;

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// `200`.
    pub status: u16,
    /// How the answer begins, safe to print.
    pub says: String,
    /// How long it asks for patience, in seconds (`Retry-After`); `None` where it does not say, or names a day instead.
    pub patience: Option<u64>,
}

impl Posted {
    /// Whether it was taken.
    #[must_use]
    pub const fn is_taken(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// Whether it may be taken later: too many, or the server's own fault.
    #[must_use]
    pub const fn may_be_tried_again(&self) -> bool {
        self.status == 429 || self.status >= 500
    }
}

/// Sends JSON. The address is a secret: no error names it.
///
/// # Errors
/// Why there is no answer, in words.
pub fn post(url: &Url, allow_hosts: &[String], headers: &[(&str, String)], body: Vec<u8>) -> Result<Posted, String> {
    let rule = Rule::new(allow_hosts);
    rule.judge_url(url).map_err(|refused| refused.to_string())?;
    let client = Client::builder()
        .user_agent(concat!("truecost/", env!("CARGO_PKG_VERSION")))
        .timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        .redirect(Policy::none())
        .dns_resolver(Arc::new(Resolver(rule)))
        .build()
        .map_err(|error| in_words(&error))?;
    let mut request = client.post(url.clone()).header("Content-Type", "application/json").body(body);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let answer = request.send().await.map_err(|error| in_words(&error))?;
        let status = answer.status().as_u16();
        let patience = answer.headers().get("Retry-After").and_then(|text| text.to_str().ok()?.trim().parse().ok());
        // What it answers is only shown; that it was taken is known by now.
        let text = answer.text().await.unwrap_or_default();
        Ok(Posted { status, says: printable(text.trim()).chars().take(SHOWN).collect(), patience })
    })
}

fn in_words(error: &reqwest::Error) -> String {
    match refused_in(error) {
        Some(refused) => refused.to_string(),
        None if error.is_timeout() => format!("no answer in {} s", PATIENCE.as_secs()),
        None if error.is_connect() => "no connection".to_owned(),
        None => "the connection broke off".to_owned(),
    }
}

//! Which hosts a store may be on: none on this machine or its link unless somebody listed it.
//!
//! The rule is asked of every request, of every redirect, and of every address that a name resolves to; the connection goes
//! to an address that was judged, and to no other.

use std::{
    fmt,
    net::{SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use url::Url;

use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::source as codes},
    domain::{Listed, listed, near_address, near_host},
};

/// The rule of one partnership.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    allow_hosts: Arc<[String]>,
}

/// A host that the rule does not let pass. Travels through the client's errors; [`refused_in`] finds it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    host: String,
    why: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the host `{}` is {}", self.host, self.why)
    }
}

impl std::error::Error for Refused {}

impl Rule {
    pub fn new(allow_hosts: &[String]) -> Self {
        Self { allow_hosts: allow_hosts.into() }
    }

    /// A URL by its text alone. Names that are listed with other ports only are refused: what they resolve to is let pass.
    pub fn judge_url(&self, url: &Url) -> Result<(), Refused> {
        let refused = |why| Err(Refused { host: shown(url), why });
        match (listed(url, &self.allow_hosts), near_host(url)) {
            (Listed::Yes, _) | (Listed::No, None) => Ok(()),
            (_, Some(why)) => refused(why),
            (Listed::OtherPort, None) => refused("listed with another port only"),
        }
    }

    /// The addresses of a name; none of them where one is near and the name is not listed.
    pub fn judge_addresses(&self, name: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Refused> {
        let entry = Url::parse(&format!("http://{name}/")).ok();
        if entry.is_some_and(|url| listed(&url, &self.allow_hosts) != Listed::No) {
            return Ok(found);
        }
        match found.iter().find_map(|address| near_address(address.ip())) {
            Some(why) => Err(Refused { host: name.to_owned(), why }),
            None => Ok(found),
        }
    }

    /// Passes an endpoint before anything is built on it, or says which rule it breaks. A name that does not resolve is near
    /// nothing: connecting to it says so.
    pub fn judge(&self, endpoint: &Url, place: &str) -> Answer<()> {
        let resolved = || match (endpoint.domain(), listed(endpoint, &self.allow_hosts)) {
            (Some(name), Listed::No) => {
                let found = (name, endpoint.port_or_known_default().unwrap_or(443)).to_socket_addrs();
                found.map_or(Ok(()), |found| self.judge_addresses(name, found.collect()).map(|_| ()))
            }
            _ => Ok(()),
        };
        self.judge_url(endpoint).and_then(|()| resolved()).map_err(|refused| forbidden(&refused, place).into())
    }
}

fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The refusal among the causes of an error of the client.
pub(super) fn refused_in<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Refused> {
    std::iter::successors(Some(error), |error| error.source()).find_map(|error| error.downcast_ref())
}

pub(super) fn forbidden(refused: &Refused, place: &str) -> Diagnostic {
    let hint = if refused.why.contains("metadata") {
        format!(
            "Set the store's credentials in AWS_…, AZURE_… or GOOGLE_…: without them its client asks the machine's own role. Where that is \
             meant, write `allow_hosts: [\"{}\"]` in pipelines/partnership.yaml.",
            refused.host
        )
    } else {
        format!("If this is meant, write `allow_hosts: [\"{}\"]` in pipelines/partnership.yaml.", refused.host)
    };
    Diagnostic::new(codes::FORBIDDEN_HOST, format!("the store leads to the host `{}`, which is {}", refused.host, refused.why))
        .place(Place::file(place))
        .expected("a host elsewhere, or one that the partnership lists under `allow_hosts`: for the store, and for where it sends us on")
        .outcome("That host was not connected to; nothing was taken.")
        .hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(allow: &[&str]) -> Rule {
        Rule::new(&allow.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    fn passes(endpoint: &str, allow: &[&str]) -> bool {
        rule(allow).judge(&Url::parse(endpoint).unwrap(), "s3://b/p").is_ok()
    }

    #[test]
    fn near_hosts_are_refused_unless_listed() {
        for endpoint in ["http://localhost:5000", "http://127.0.0.1", "http://100.100.100.200", "http://[fd00:ec2::254]"] {
            assert!(!passes(endpoint, &[]), "{endpoint}");
        }
        assert!(passes("http://10.1.2.3:9000", &[]));
        assert!(passes("http://localhost:5000", &["localhost:5000"]));
        assert!(!passes("http://localhost:5000", &["localhost:5001"]));
    }

    #[test]
    fn a_name_is_judged_by_every_address_that_it_resolves_to() {
        let found = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let (far, near) = (found(&["192.0.2.7:0"]), found(&["192.0.2.7:0", "169.254.169.254:0"]));
        assert_eq!(rule(&[]).judge_addresses("store.example", far.clone()), Ok(far));
        assert!(rule(&[]).judge_addresses("store.example", near.clone()).is_err());
        assert_eq!(rule(&["store.example:9000"]).judge_addresses("store.example", near.clone()), Ok(near));
        assert!(rule(&["store.example:9000"]).judge_url(&Url::parse("http://store.example:9001").unwrap()).is_err());
    }
}

//! Hosts that are this machine, its link, or its cloud's metadata service.
//!
//! Whoever can edit a location must not be able to make truecost talk to services that trust this machine, such as the one
//! that hands out a cloud machine's credentials at 169.254.169.254. One list for what a file says, for what a name resolves
//! to, and for where a store sends us on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Names under which clouds answer questions about the machine itself.
const METADATA_HOSTS: [&str; 4] = ["metadata", "metadata.google.internal", "metadata.azure.internal", "instance-data"];

/// Where Alibaba, Azure and AWS (over IPv6) answer; the others use a link-local address.
const METADATA: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

const THIS_MACHINE: &str = "this machine";
const METADATA_SERVICE: &str = "a cloud's metadata service";

/// What near thing the address is; `None` where it is elsewhere.
#[must_use]
pub fn near_address(address: IpAddr) -> Option<&'static str> {
    let address = match address {
        IpAddr::V6(v6) => embedded(v6).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    };
    let on_link = match address {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    if METADATA.contains(&address) {
        Some(METADATA_SERVICE)
    } else if on_link {
        Some("a link-local address, where clouds keep their metadata")
    } else if address.is_loopback() || address.is_unspecified() {
        Some(THIS_MACHINE)
    } else {
        None
    }
}

/// The IPv4 address that `::ffff:127.0.0.1`, `::127.0.0.1` and `64:ff9b::127.0.0.1` lead to.
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(((u32::from(high) << 16) | u32::from(low)).into())
        }
        _ => None,
    }
}

/// What near thing a URL's host is by its own text; `None` where it is elsewhere, or a name that must be resolved to know.
#[must_use]
pub fn near_host(url: &Url) -> Option<&'static str> {
    match url.host()? {
        Host::Ipv4(ip) => near_address(IpAddr::V4(ip)),
        Host::Ipv6(ip) => near_address(IpAddr::V6(ip)),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            // Only the schemes of the web have their numbers read as addresses by the URL's own grammar.
            let number = name.trim_matches(['[', ']']).parse::<IpAddr>().ok();
            match number {
                Some(address) => near_address(address),
                None if name == "localhost" || name.ends_with(".localhost") => Some(THIS_MACHINE),
                None if METADATA_HOSTS.contains(&name.as_str()) => Some(METADATA_SERVICE),
                None => None,
            }
        }
    }
}

/// How `allow_hosts` speaks of a URL's host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Its name, or its name with this port.
    Yes,
    /// Its name, with other ports only.
    OtherPort,
    No,
}

/// Entries are `localhost`, `127.0.0.1`, `::1`, `[::1]`, each alone or with `:port`.
#[must_use]
pub fn listed(url: &Url, allow_hosts: &[String]) -> Listed {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_matches(['[', ']']);
    let port = url.port_or_known_default();
    let mut answer = Listed::No;
    for entry in allow_hosts.iter().map(|entry| entry.trim()) {
        let (name, entry_port) = split_port(entry);
        if !name.trim_matches(['[', ']']).eq_ignore_ascii_case(bare) {
            continue;
        }
        if entry_port.is_none() || entry_port == port {
            return Listed::Yes;
        }
        answer = Listed::OtherPort;
    }
    answer
}

/// `host:80` in two; an IPv6 address has more than one colon, and a port only after brackets.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    let parts = entry.rsplit_once(':').filter(|(name, _)| !name.contains(':') || (name.starts_with('[') && name.ends_with(']')));
    parts.and_then(|(name, port)| Some((name, Some(port.parse().ok()?)))).unwrap_or((entry, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_its_link_and_its_cloud_however_spelled() {
        for text in [
            "http://localhost:5000",
            "https://a.localhost./x",
            "http://127.9.9.9:1",
            "http://2130706433",
            "http://0x7f.1",
            "http://0.0.0.0",
            "http://255.255.255.255",
            "http://169.254.169.254/latest",
            "s3://169.254.169.254/x",
            "http://100.100.100.200/x",
            "http://168.63.129.16/x",
            "http://[fd00:ec2::254]/x",
            "http://[::1]:9",
            "http://[::]",
            "http://[fe80::1]",
            "http://[::ffff:169.254.169.254]",
            "http://[::ffff:168.63.129.16]",
            "http://[::127.0.0.1]",
            "http://[64:ff9b::7f00:1]",
            "http://metadata.google.internal/x",
        ] {
            assert!(near_host(&Url::parse(text).unwrap()).is_some(), "{text}");
        }
        for text in ["https://account.blob.core.windows.net/x", "s3://extracts/newham/", "http://10.1.2.3:9000", "https://192.0.2.7"] {
            assert_eq!(near_host(&Url::parse(text).unwrap()), None, "{text}");
        }
    }

    #[test]
    fn a_listed_host_may_name_its_port() {
        let of =
            |url: &str, entries: &[&str]| listed(&Url::parse(url).unwrap(), &entries.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(of("http://localhost:9000/b", &["localhost:9000"]), Listed::Yes);
        assert_eq!(of("http://localhost:9000/b", &["LOCALHOST"]), Listed::Yes);
        assert_eq!(of("http://localhost:9000/b", &["localhost:9001"]), Listed::OtherPort);
        assert_eq!(of("http://localhost/b", &["localhost:80"]), Listed::Yes);
        assert_eq!(of("http://127.0.0.1:9000/b", &["localhost"]), Listed::No);
        assert_eq!(of("http://[::1]:9/b", &["::1"]), Listed::Yes);
        assert_eq!(of("http://[::1]:9/b", &["[::1]:9"]), Listed::Yes);
        assert_eq!(of("http://[::1]:9/b", &["[::1]:8"]), Listed::OtherPort);
    }
}

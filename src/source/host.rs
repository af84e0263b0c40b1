//! Which hosts a store may be on: none on this machine or its link unless somebody listed it.
//!
//! Whoever can edit a feed's `url` must not be able to make truecost talk to services that trust this machine,
//! such as the one that hands out a cloud machine's credentials at 169.254.169.254.

use std::net::{IpAddr, Ipv6Addr, ToSocketAddrs};

use url::{Host, Url};

use crate::diagnostic::{Answer, Diagnostic, Place, codes::source as codes};

/// Passes an endpoint, or says which rule it breaks. Names are resolved, since a name can point anywhere.
pub(super) fn judge(endpoint: &Url, allow_hosts: &[String], place: &str) -> Answer<()> {
    let Some(host) = endpoint.host() else { return Ok(()) };
    if allow_hosts.iter().any(|allowed| names(allowed, endpoint)) {
        return Ok(());
    }
    let near = match host {
        Host::Ipv4(address) => is_near(IpAddr::V4(address)),
        Host::Ipv6(address) => is_near(IpAddr::V6(address)),
        Host::Domain(name) => is_local_name(name) || resolves_near(name, endpoint.port_or_known_default().unwrap_or(443)),
    };
    if near { Err(forbidden(&host, place).into()) } else { Ok(()) }
}

/// `localhost`, `127.0.0.1`, `[::1]`, each alone or with `:port`.
fn names(allowed: &str, endpoint: &Url) -> bool {
    let host = endpoint.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let with_port = endpoint.port_or_known_default().map(|port| format!("{host}:{port}"));
    [Some(host), Some(bare), with_port.as_deref()].into_iter().flatten().any(|spelling| spelling.eq_ignore_ascii_case(allowed.trim()))
}

fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// A name that does not resolve is near nothing: connecting to it says so.
fn resolves_near(name: &str, port: u16) -> bool {
    (name, port).to_socket_addrs().is_ok_and(|mut addresses| addresses.any(|address| is_near(address.ip())))
}

fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || v4.is_broadcast(),
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => is_near(v4),
            None => v6.is_loopback() || v6.is_unspecified() || v6.is_unicast_link_local(),
        },
    }
}

/// The IPv4 address that `::ffff:127.0.0.1` and `64:ff9b::127.0.0.1` lead to.
fn embedded(v6: Ipv6Addr) -> Option<IpAddr> {
    let nat64 = match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some((u32::from(high) << 16) | u32::from(low)),
        _ => None,
    };
    v6.to_ipv4_mapped().or_else(|| nat64.map(Into::into)).map(IpAddr::V4)
}

fn forbidden(host: &Host<&str>, place: &str) -> Diagnostic {
    Diagnostic::new(codes::FORBIDDEN_HOST, format!("the store's host `{host}` is this machine or on its own link"))
        .place(Place::file(place))
        .expected("a host elsewhere, or one that the partnership lists under `allow_hosts`")
        .outcome("No connection was made; nothing was taken.")
        .hint(format!("If this is meant, write `allow_hosts: [\"{host}\"]` in pipelines/partnership.yaml."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(endpoint: &str, allow: &[&str]) -> bool {
        let allow: Vec<String> = allow.iter().map(ToString::to_string).collect();
        judge(&Url::parse(endpoint).unwrap(), &allow, "s3://b/p").is_ok()
    }

    #[test]
    fn this_machine_and_its_link_are_refused_however_spelled() {
        let near = [
            "http://localhost:5000",
            "http://a.localhost",
            "http://127.0.0.1",
            "http://127.9.9.9:1",
            "http://2130706433",
            "http://0x7f.1",
            "http://0.0.0.0",
            "http://169.254.169.254",
            "http://[::1]:9",
            "http://[::]",
            "http://[fe80::1]",
            "http://[::ffff:127.0.0.1]",
            "http://[64:ff9b::7f00:1]",
        ];
        for endpoint in near {
            assert!(!passes(endpoint, &[]), "{endpoint}");
        }
        assert!(passes("http://10.1.2.3:9000", &[]));
        assert!(passes("https://192.0.2.7", &[]));
    }

    #[test]
    fn listed_hosts_pass() {
        assert!(passes("http://localhost:5000", &["LOCALHOST"]));
        assert!(passes("http://localhost:5000", &["localhost:5000"]));
        assert!(!passes("http://localhost:5000", &["localhost:5001"]));
        assert!(!passes("http://127.0.0.1:5000", &["localhost"]));
        assert!(passes("http://[::1]:9", &["::1"]));
    }
}

//! Where `truecost serve` answers over HTTP.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::{diagnostic::codes::supply, schema::fields::Fields};

/// The keys of `serve` in `partnership.yaml`.
pub const KEYS: &[&str] = &["listen", "open"];

/// What `serve` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serving {
    /// Address and port; port 0: whichever is free.
    pub listen: SocketAddr,
}

impl Default for Serving {
    fn default() -> Self {
        Self { listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8_787) }
    }
}

/// `serve: {listen: 127.0.0.1:8787}`; an address that other machines reach only with `open: true`.
pub fn serving(fields: &Fields<'_>) -> Serving {
    let default = Serving::default();
    let Some(fields) = fields.get("serve").and_then(|item| item.fields(KEYS)) else { return default };
    let open = fields.get("open").and_then(|item| item.flag()).unwrap_or(false);
    let Some(item) = fields.get("listen") else { return default };
    let expected = "an address and a port, as in `127.0.0.1:8787`";
    let Some(listen) = item.read(expected, |text| text.parse::<SocketAddr>().ok()) else { return default };
    if !listen.ip().is_loopback() && !open {
        let why = format!("{} can be reached from other machines", listen.ip());
        let hint = "Nothing there asks who you are. Where that is meant, say `open: true` beside it.";
        item.refuse(supply::OPEN_ADDRESS, &why, "an address of this machine alone, as in `127.0.0.1:8787`", hint);
    }
    Serving { listen }
}

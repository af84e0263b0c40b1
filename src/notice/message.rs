//! What a message looks like, and what vouches for it.

use ring::hmac;
use serde_json::{Value, json};

use crate::{
    lake::Notice,
    pipeline::{Channel, Shape},
};

/// The bytes that are sent.
pub(super) fn body(shape: Shape, partnership: &str, notice: &Notice) -> Vec<u8> {
    let line = format!("{partnership}: {}: {}", notice.kind.replace('_', " "), notice.text);
    let value = match shape {
        Shape::Slack => json!({ "text": line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;") }),
        Shape::Teams => card(&line),
        Shape::Json => json!({
            "truecost": 1, "id": notice.id, "partnership": partnership, "kind": notice.kind, "subject": notice.subject, "state": notice.state,
            "over": notice.over, "feed": notice.feed, "run": notice.run, "at": notice.at, "text": notice.text,
        }),
    };
    value.to_string().into_bytes()
}

fn card(line: &str) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "type": "AdaptiveCard", "version": "1.4", "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "body": [{ "type": "TextBlock", "text": line, "wrap": true }],
            },
        }],
    })
}

/// By what a receiver knows a message again, and that it is ours.
pub(super) fn headers(channel: &Channel, notice: &Notice, body: &[u8]) -> Vec<(&'static str, String)> {
    let mut headers = vec![("Idempotency-Key", notice.id.clone())];
    if let Some(key) = &channel.sign {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), body);
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        headers.push(("X-Truecost-Signature", format!("sha256={hex}")));
    }
    headers
}

//! JSON Schemas of the YAML files, for editors.
//!
//! They help while writing; what is right is decided by the reader of each file alone.

/// The JSON Schema of a kind of file: `partnership`, `feed`, `cost` or `notify`.
#[must_use]
pub fn json_schema(kind: &str) -> Option<&'static str> {
    let schemas = [
        ("partnership", include_str!("json/partnership.json")),
        ("feed", include_str!("json/feed.json")),
        ("cost", include_str!("json/cost.json")),
        ("notify", include_str!("json/notify.json")),
    ];
    schemas.into_iter().find(|(known, _)| *known == kind).map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::yaml::{Node, SourceText, Value, parse};

    fn value<'n>(node: &'n Node, key: &str) -> &'n Node {
        let Value::Map(entries) = &node.value else { panic!("a mapping") };
        &entries.iter().find(|e| e.key == key).unwrap_or_else(|| panic!("{key}")).value
    }

    fn keys(node: &Node) -> Vec<&str> {
        let Value::Map(entries) = &node.value else { panic!("a mapping") };
        entries.iter().map(|e| e.key.as_str()).collect()
    }

    #[test]
    fn editors_know_the_keys_that_the_readers_know() {
        let readers = [
            ("partnership", super::super::partnership::KEYS),
            ("feed", super::super::feed::KEYS),
            ("cost", super::super::cost::KEYS),
            ("notify", super::super::notify::KEYS),
        ];
        for (kind, known) in readers {
            // JSON is YAML.
            let (schema, faults) = parse(&SourceText::new(kind, json_schema(kind).unwrap()));
            assert_eq!(faults, []);
            assert_eq!(keys(value(&schema, "properties")), known, "{kind}");
            assert!(matches!(&value(&schema, "additionalProperties").value, Value::Scalar { text, .. } if text == "false"));
        }
        assert_eq!(json_schema("nothing"), None);
        let (schema, _) = parse(&SourceText::new("cost", json_schema("cost").unwrap()));
        let kernel = value(value(value(&schema, "properties"), "kernels"), "additionalProperties");
        assert_eq!(keys(value(kernel, "properties")), super::super::cost::KERNEL_KEYS);
        let words: Vec<String> = super::super::Kernel::words().into_iter().map(|(word, _)| format!("\"{word}\"")).collect();
        assert!(json_schema("cost").unwrap().contains(&format!("\"kernel\": {{ \"enum\": [{}]", words.join(", "))), "{words:?}");
        let (schema, _) = parse(&SourceText::new("feed", json_schema("feed").unwrap()));
        let due = value(value(&schema, "properties"), "due");
        assert_eq!(keys(value(due, "properties")), super::super::due::KEYS);
        let (schema, _) = parse(&SourceText::new("notify", json_schema("notify").unwrap()));
        let channel = value(value(value(&schema, "properties"), "channels"), "additionalProperties");
        assert_eq!(keys(value(channel, "properties")), super::super::notify::CHANNEL_KEYS);
        let webhook = value(value(channel, "properties"), "webhook");
        assert_eq!(keys(value(webhook, "properties")), super::super::notify::WEBHOOK_KEYS);
        let tell = value(value(value(&schema, "properties"), "tell"), "items");
        assert_eq!(keys(value(tell, "properties")), super::super::notify::TELL_KEYS);
    }
}

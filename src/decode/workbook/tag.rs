//! Tags of a part that is looked through as bytes.

use memchr::{memchr, memchr_iter, memchr2, memmem, memrchr};

/// The last tag that opens before a place of a text. Asked for places one behind the other, it looks at each byte once: what stands in a
/// part is anybody's.
pub(super) struct Before<'t> {
    text: &'t [u8],
    looked: usize,
    /// Its inside, without its brackets; `None` where it does not close.
    pub tag: Option<&'t [u8]>,
}

impl<'t> Before<'t> {
    pub const fn new(text: &'t [u8]) -> Self {
        Self { text, looked: 0, tag: None }
    }

    /// Goes on to `at`; whether another tag opens on the way.
    pub fn moved(&mut self, at: usize) -> bool {
        let open = self.text.get(self.looked..at).and_then(|between| memrchr(b'<', between)).map(|open| self.looked + open);
        self.looked = at;
        if let Some(open) = open {
            self.tag = tag_at(self.text, open);
        }
        open.is_some()
    }
}

/// The tags in which some bytes stand, each once.
pub(super) fn tags_with<'t>(text: &'t [u8], bytes: &'static [u8]) -> impl Iterator<Item = &'t [u8]> {
    let mut before = Before::new(text);
    memmem::find_iter(text, bytes).filter_map(move |at| if before.moved(at) { before.tag } else { None })
}

/// The inside of the tag that opens at a place, without its brackets; `None` where another opens before it closes.
pub(super) fn tag_at(text: &[u8], open: usize) -> Option<&[u8]> {
    let rest = text.get(open + 1..)?;
    let end = memchr2(b'<', b'>', rest)?;
    rest.get(..end).filter(|_| rest.get(end) == Some(&b'>'))
}

/// The name of a tag without its prefix.
pub(super) fn local_name(tag: &[u8]) -> &[u8] {
    let end = tag.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/').unwrap_or(tag.len());
    let name = tag.get(..end).unwrap_or_default();
    memrchr(b':', name).and_then(|colon| name.get(colon + 1..)).unwrap_or(name)
}

/// The value of an attribute; a prefix of its name counts for nothing where the name is given without one.
pub(super) fn attribute<'t>(tag: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    for at in memmem::find_iter(tag, name) {
        let before = tag.get(..at)?.last()?;
        let mut rest = tag.get(at + name.len()..)?.trim_ascii_start();
        if !(before.is_ascii_whitespace() || *before == b':') || rest.first() != Some(&b'=') {
            continue;
        }
        rest = rest.get(1..)?.trim_ascii_start();
        let quote = *rest.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let value = rest.get(1..)?;
        return value.get(..memchr(quote, value)?);
    }
    None
}

/// The tags of a small part, one after the other, without their brackets.
pub(super) fn tags(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    memchr_iter(b'<', text).filter_map(|open| tag_at(text, open))
}

/// The text of an attribute, with the five references that XML knows undone.
pub(super) fn unescaped(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_that_does_not_close_is_none() {
        assert_eq!(tags("<".repeat(1 << 18).as_bytes()).count(), 0);
        assert_eq!(tags(b"<a><b c=\"d\"/>").collect::<Vec<_>>(), [&b"a"[..], b"b c=\"d\"/"]);
    }
}

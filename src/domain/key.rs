//! Secret keys of a council: 32 bytes that stand behind a reference and are never printed.

use ring::hmac;
use sha2::{Digest as _, Sha256};

use super::Digest;

/// Between the label of a message and the message itself.
const SEPARATOR: u8 = 0x1F;

/// 256 bits that nobody can guess.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    /// Its id alone.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id())
    }
}

impl Key {
    /// Of bytes that come from a source of randomness.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// 64 hex digits, with nothing but blanks and line ends around them; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| Digest::parse(&text.to_ascii_lowercase())).flatten().map(|digest| Self(digest.0))
    }

    /// As a key file holds it.
    #[must_use]
    pub fn hex(&self) -> String {
        Digest(self.0).hex()
    }

    /// First 8 hex digits of its SHA-256: tells keys apart and says nothing of them.
    #[must_use]
    pub fn id(&self) -> String {
        let mut id = Digest(Sha256::digest(self.0).into()).hex();
        id.truncate(8);
        id
    }

    /// HMAC-SHA-256 under it over `label` ‖ 0x1F ‖ what is added.
    #[must_use]
    pub fn mac(&self, label: &str) -> Mac {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        context.update(label.as_bytes());
        context.update(&[SEPARATOR]);
        Mac(context)
    }
}

/// A message authentication code in the making. A copy of one begins where it stands.
#[derive(Clone)]
pub struct Mac(hmac::Context);

impl std::fmt::Debug for Mac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mac")
    }
}

impl Mac {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    #[must_use]
    pub fn finish(self) -> Digest {
        let mut out = [0; 32];
        out.iter_mut().zip(self.0.sign().as_ref()).for_each(|(to, from)| *to = *from);
        Digest(out)
    }
}

/// Bytes of a pseudonym in hex.
const PSEUDONYM: usize = 32;

/// Puts pseudonyms in the place of what identifies a person or a post: the same value under the same key and label, the same pseudonym.
#[derive(Clone, Debug)]
pub struct Pseudonyms(Mac);

impl Pseudonyms {
    /// `label` is what the contract says: `person` or `assignment`.
    #[must_use]
    pub fn new(key: &Key, label: &str) -> Self {
        Self(key.mac(label))
    }

    /// First 32 hex digits of HMAC-SHA-256(key, label ‖ 0x1F ‖ value).
    #[must_use]
    pub fn of(&self, value: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(value);
        let mut hex = mac.finish().hex();
        hex.truncate(PSEUDONYM);
        hex
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As `golden_true_cost` has it: made by Python's `hmac`.
    #[test]
    fn pseudonyms_are_those_of_the_golden_example() {
        let key = Key::parse("8a5780b622e9f4446db9ef9556df22a59efe969c1f1999ce328127c8ab462d56\n").unwrap();
        assert_eq!(Pseudonyms::new(&key, "person").of(b"10001"), "57ad86f8b4c3ae656efa5e79f2e6a30d");
        assert_eq!(Pseudonyms::new(&key, "assignment").of(b"10001-2"), "bb19181a1ef25e1585099d02d7b81fd3");
    }

    #[test]
    fn another_label_or_key_makes_another_pseudonym() {
        let (a, b) = (Key::new([7; 32]), Key::new([8; 32]));
        let of = |key: &Key, label: &str| Pseudonyms::new(key, label).of(b"E1");
        assert_eq!(of(&a, "person"), of(&a, "person"));
        assert_ne!(of(&a, "person"), of(&a, "assignment"));
        assert_ne!(of(&a, "person"), of(&b, "person"));
        // The label ends where the separator stands.
        assert_ne!(Pseudonyms::new(&a, "person").of(b"\x1Fx"), Pseudonyms::new(&a, "person\x1F").of(b"x\x1F"));
    }

    #[test]
    fn a_key_is_64_hex_digits_and_is_not_printed() {
        for text in ["", "00", &"0".repeat(63), &"0".repeat(65), &format!("{}g", "0".repeat(63)), &"é".repeat(32)] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
        let key = Key::parse(&"aB".repeat(32)).unwrap();
        assert_eq!(key.hex(), "ab".repeat(32));
        assert!(!format!("{key:?}").contains("abab"));
        assert_eq!(key.id().len(), 8);
    }

    proptest! {
        #[test]
        fn a_message_in_pieces_is_the_same_message(key: [u8; 32], text: Vec<u8>, at: prop::sample::Index) {
            let (mut whole, mut pieces) = (Key::new(key).mac("x"), Key::new(key).mac("x"));
            whole.update(&text);
            let (one, other) = text.split_at(at.index(text.len() + 1));
            pieces.update(one);
            pieces.update(other);
            prop_assert_eq!(whole.finish(), pieces.finish());
        }
    }
}

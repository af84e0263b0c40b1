//! Which encoding a text is in, and what tells it apart from others that its bytes allow too.

use std::io::{Read, Result};

use encoding_rs::{Decoder, Encoding, MACINTOSH, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::decode::{EncodingFacts, EncodingScan};

/// What the bytes of a whole text say.
#[derive(Debug)]
pub(super) struct Bytes {
    pub(super) facts: EncodingFacts,
    /// How often each byte stands there.
    seen: [u64; 256],
}

/// The encoding that was chosen, and why.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) encoding: &'static Encoding,
    /// As a contract says it.
    pub(super) word: &'static str,
    pub(super) bom: usize,
    pub(super) beyond_ascii: u64,
    pub(super) form_feeds: u64,
    pub(super) evidence: String,
    /// Something that a person should know of it.
    pub(super) doubt: Option<String>,
    /// A line that is UTF-8 although the whole is not.
    pub(super) mixed: Option<u64>,
}

impl Bytes {
    /// Reads the whole text once.
    pub(super) fn scan(read: &mut dyn Read) -> Result<Self> {
        let mut scan = EncodingScan::new();
        let mut seen = [0; 256];
        let mut piece = vec![0; 1 << 18];
        loop {
            let got = read.read(&mut piece)?;
            let Some(part) = piece.get(..got).filter(|part| !part.is_empty()) else { break };
            scan.update(part);
            count(part, &mut seen);
        }
        Ok(Self { facts: scan.finish(), seen })
    }

    fn high(&self) -> impl Iterator<Item = (u8, u64)> {
        self.seen.iter().enumerate().skip(0x80).filter(|(_, n)| **n > 0).map(|(byte, n)| (byte as u8, *n))
    }

    pub(super) fn choose(&self) -> Chosen {
        let bom = usize::from(self.facts.bom_len);
        let form_feeds = self.seen.get(0x0C).copied().unwrap_or(0);
        let chosen = |encoding, word, beyond_ascii, evidence: String| Chosen {
            encoding,
            word,
            bom,
            beyond_ascii,
            form_feeds,
            evidence,
            doubt: None,
            mixed: None,
        };
        if let Some(utf16) = &self.facts.utf16 {
            let why = if bom > 0 { "a byte order mark" } else { "a zero byte in the first character" };
            let (encoding, word) = if utf16.big_endian { (UTF_16BE, "utf-16be") } else { (UTF_16LE, "utf-16le") };
            return chosen(encoding, word, 0, format!("{why}, two bytes a character"));
        }
        let high: u64 = self.high().map(|(_, n)| n).sum();
        // The bytes of a mark are no characters of the text.
        let beyond = high.saturating_sub(bom as u64);
        if self.facts.first_invalid_utf8.is_none() {
            let evidence = match (bom, beyond) {
                (0, 0) => "every byte is ASCII, which UTF-8 and the single-byte encodings read alike".to_owned(),
                (0, _) => format!("all {beyond} bytes beyond ASCII are well-formed UTF-8"),
                _ => "a byte order mark, and all bytes are well-formed UTF-8".to_owned(),
            };
            return chosen(encoding_rs::UTF_8, "utf-8", beyond, evidence);
        }
        let (mac, windows) = (self.usual(MACINTOSH), self.usual(WINDOWS_1252));
        let doubt = self.facts.multibyte_utf8.map(|spot| {
            format!("the text mixes encodings: UTF-8 on line {}, bytes that are none elsewhere; read as one of a single byte, UTF-8 looks like Â£", spot.line)
        });
        let undefined = self.facts.undefined_1252.is_some();
        let (encoding, word, usual, other, of_other) = if mac > windows || undefined {
            (MACINTOSH, "mac_roman", mac, "Windows-1252", windows)
        } else {
            (WINDOWS_1252, "windows-1252", windows, "Mac Roman", mac)
        };
        let evidence = format!(
            "no UTF-8; of {beyond} bytes beyond ASCII {usual} are letters or marks that English texts use, as {other} {of_other}{}",
            if undefined { ", and Windows-1252 lacks one of them" } else { "" }
        );
        Chosen { doubt, mixed: self.facts.multibyte_utf8.map(|spot| spot.line), ..chosen(encoding, word, beyond, evidence) }
    }

    /// Bytes beyond ASCII that are, read so, what English texts hold.
    fn usual(&self, encoding: &'static Encoding) -> u64 {
        let is_usual = |byte: u8| {
            let text = encoding.decode_without_bom_handling(&[byte]).0.into_owned();
            text.chars().all(|c| "£€éèêëáàâäíîïóôöúûüçñÉÈÁÖÜÇ‘’“”–—…•·½¼¾°®©™¬§\u{a0}".contains(c))
        };
        self.high().filter(|(byte, _)| is_usual(*byte)).map(|(_, n)| n).sum()
    }
}

fn count(part: &[u8], seen: &mut [u64; 256]) {
    for byte in part {
        if let Some(n) = seen.get_mut(usize::from(*byte)) {
            *n += 1;
        }
    }
}

/// Stands for a delimiter that is no byte of UTF-8 by itself, and marks a text that was written as a formula.
pub(super) const STAND_IN: u8 = 0x1F;
pub(super) const FORMULA: u8 = 0x1D;

/// What is changed on the way so that records can be split by bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// A delimiter beyond ASCII becomes [`STAND_IN`].
    pub(super) delimiter: Option<char>,
    /// `="` at the beginning of a field becomes `"` and [`FORMULA`], after this delimiter.
    pub(super) formulas: Option<u8>,
}

/// A text as UTF-8, whatever it came in.
pub(super) struct Utf8<R> {
    read: R,
    decoder: Option<Decoder>,
    change: Change,
    /// Ready to be given.
    ready: Vec<u8>,
    given: usize,
    /// The end of the last piece, which may belong to what follows.
    held: Vec<u8>,
    last: u8,
    piece: Vec<u8>,
    done: bool,
}

const PIECE: usize = 1 << 17;

impl<R: Read> Utf8<R> {
    /// `read` gives the file from its first byte.
    pub(super) fn new(mut read: R, chosen: &Chosen, change: Change) -> Result<Self> {
        let mut mark = Vec::new();
        (&mut read).take(chosen.bom as u64).read_to_end(&mut mark)?;
        let decoder = (chosen.encoding != encoding_rs::UTF_8).then(|| chosen.encoding.new_decoder_without_bom_handling());
        Ok(Self { read, decoder, change, ready: Vec::new(), given: 0, held: Vec::new(), last: b'\n', piece: vec![0; PIECE], done: false })
    }

    fn more(&mut self) -> Result<()> {
        let got = self.read.read(&mut self.piece)?;
        self.done = got == 0;
        let part = self.piece.get(..got).unwrap_or_default();
        let mut text = std::mem::take(&mut self.held);
        match &mut self.decoder {
            None => text.extend_from_slice(part),
            Some(decoder) => {
                let mut out = String::with_capacity(decoder.max_utf8_buffer_length(part.len()).unwrap_or(part.len() * 3 + 16));
                let _ = decoder.decode_to_string(part, &mut out, self.done);
                text.extend_from_slice(out.as_bytes());
            }
        }
        if self.change != Change::default() {
            if !self.done {
                // A delimiter of up to four bytes, or an equals sign, may go on in what follows.
                let keep = text.len().saturating_sub(4);
                self.held = text.split_off(keep);
            }
            text = self.changed(text);
        }
        self.ready = text;
        self.given = 0;
        Ok(())
    }

    fn changed(&mut self, text: Vec<u8>) -> Vec<u8> {
        let mut buffer = [0; 4];
        let wide = self.change.delimiter.map(|c| c.encode_utf8(&mut buffer).as_bytes()).unwrap_or_default();
        let mut joined = text;
        let end = joined.len();
        joined.extend_from_slice(&self.held);
        let mut out = Vec::with_capacity(end);
        let mut at = 0;
        while at < end {
            let rest = joined.get(at..).unwrap_or_default();
            let first = rest.first().copied().unwrap_or(0);
            let begins = self.last == b'\n' || self.last == b'\r' || Some(self.last) == self.change.formulas;
            if !wide.is_empty() && rest.starts_with(wide) {
                out.push(STAND_IN);
                at += wide.len();
                self.last = STAND_IN;
            } else if self.change.formulas.is_some() && begins && rest.starts_with(b"=\"") {
                out.extend_from_slice(&[b'"', FORMULA]);
                at += 2;
                self.last = b'"';
            } else {
                out.push(first);
                at += 1;
                self.last = first;
            }
        }
        // What was held may have been taken with the end of the piece.
        self.held.drain(..(at - end).min(self.held.len()));
        out
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        while self.given == self.ready.len() {
            if self.done {
                return Ok(0);
            }
            self.more()?;
        }
        let rest = self.ready.get(self.given..).unwrap_or_default();
        let n = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        self.given += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(bytes: &[u8]) -> Chosen {
        Bytes::scan(&mut &bytes[..]).unwrap().choose()
    }

    #[test]
    fn what_tells_mac_roman_from_windows() {
        assert_eq!(chosen(b"Caf\x8E J \xD0 C\nRook\xD5s").word, "mac_roman");
        assert_eq!(chosen(b"Caf\xE9 J \x96 C\nRook\x92s, \xA3 5").word, "windows-1252");
        assert_eq!(chosen("Café £".as_bytes()).word, "utf-8");
        assert_eq!(chosen(b"amount \xA3").word, "windows-1252", "a pound is one byte in both: the usual one");
        assert_eq!(chosen(b"\xFF\xFEa\0").word, "utf-16le");
    }

    struct OneByte<'a>(&'a [u8]);
    impl Read for OneByte<'_> {
        fn read(&mut self, out: &mut [u8]) -> Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            out[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    #[test]
    fn changes_do_not_depend_on_the_pieces() {
        let text = b"a\xACb=\"1\"\n=\"00123\"\xAC=\"4\"";
        let chosen = Chosen { encoding: WINDOWS_1252, ..chosen(text) };
        for change in
            [Change { delimiter: Some('¬'), formulas: None }, Change { delimiter: Some('¬'), formulas: Some(STAND_IN) }, Change::default()]
        {
            let (mut whole, mut bytewise) = (Vec::new(), Vec::new());
            Utf8::new(&text[..], &chosen, change).unwrap().read_to_end(&mut whole).unwrap();
            Utf8::new(OneByte(text), &chosen, change).unwrap().read_to_end(&mut bytewise).unwrap();
            assert_eq!(whole, bytewise);
            if change.formulas.is_some() {
                assert_eq!(whole, b"a\x1Fb=\"1\"\n\"\x1D00123\"\x1F\"\x1D4\"");
            }
        }
    }
}

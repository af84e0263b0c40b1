//! Other encodings → UTF-8. The whole file was found valid before, so no byte is replaced in silence here.

use std::{borrow::Cow, io::Read};

use encoding_rs::{Decoder, MACINTOSH, UTF_16BE, UTF_16LE, WINDOWS_1252, mem::convert_latin1_to_utf8};

use memchr::{memchr, memmem};

use crate::schema::{Encoding, STAND_IN};

/// A piece of a file in a single-byte encoding, or in UTF-8, as UTF-8.
pub(in crate::decode) fn to_utf8(encoding: Encoding, bytes: &[u8]) -> Cow<'_, [u8]> {
    match encoding {
        Encoding::Windows1252 if !bytes.is_ascii() => as_bytes(WINDOWS_1252.decode_without_bom_handling(bytes).0),
        Encoding::MacRoman if !bytes.is_ascii() => as_bytes(MACINTOSH.decode_without_bom_handling(bytes).0),
        Encoding::Latin1 if !bytes.is_ascii() => {
            let mut out = vec![0; bytes.len() * 2];
            let written = convert_latin1_to_utf8(bytes, &mut out);
            out.truncate(written);
            Cow::Owned(out)
        }
        _ => Cow::Borrowed(bytes),
    }
}

fn as_bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// A character as it stands in a file that is read in this encoding; UTF-16 is UTF-8 by then. `None` where it cannot.
pub(in crate::decode) fn encoded(encoding: Encoding, character: char) -> Option<Vec<u8>> {
    let text = character.to_string();
    let single = |of: &'static encoding_rs::Encoding| {
        let (bytes, _, lost) = of.encode(&text);
        (!lost).then(|| bytes.into_owned())
    };
    match encoding {
        Encoding::Utf8 | Encoding::Utf16Le | Encoding::Utf16Be => Some(text.into_bytes()),
        Encoding::Windows1252 => single(WINDOWS_1252),
        Encoding::MacRoman => single(MACINTOSH),
        Encoding::Latin1 => u8::try_from(u32::from(character)).ok().map(|byte| vec![byte]),
    }
}

/// The same as a string, for messages and names.
pub(in crate::decode) fn to_text(encoding: Encoding, bytes: &[u8]) -> String {
    String::from_utf8_lossy(&to_utf8(encoding, bytes)).into_owned()
}

/// What the reader of a file gives: UTF-16 as UTF-8, any other encoding as it is.
pub(in crate::decode) struct Input<R> {
    read: R,
    utf16: Option<Decoder>,
    /// A delimiter of one character that is not ASCII, as it stands in the text; [`STAND_IN`] takes its place.
    delimiter: Option<Vec<u8>>,
    /// The stand-in itself stood in the file.
    pub(in crate::decode) holds_stand_in: bool,
    done: bool,
}

const PIECE: usize = 64 * 1024;

impl<R: Read> Input<R> {
    pub(in crate::decode) fn new(read: R, encoding: Encoding, delimiter: Option<char>) -> Self {
        let utf16 = match encoding {
            Encoding::Utf16Le => Some(UTF_16LE.new_decoder_without_bom_handling()),
            Encoding::Utf16Be => Some(UTF_16BE.new_decoder_without_bom_handling()),
            Encoding::Utf8 | Encoding::Windows1252 | Encoding::Latin1 | Encoding::MacRoman => None,
        };
        let delimiter = delimiter.and_then(|character| encoded(encoding, character));
        Self { read, utf16, delimiter, holds_stand_in: false, done: false }
    }

    /// Drops the first bytes of the file: its byte order mark.
    pub(in crate::decode) fn skip(&mut self, bytes: usize) -> std::io::Result<()> {
        let mut dropped = Vec::with_capacity(bytes);
        (&mut self.read).take(bytes as u64).read_to_end(&mut dropped).map(|_| ())
    }

    /// Appends until `buffer` holds about `wanted` bytes or the file ends; `true` at its end.
    pub(in crate::decode) fn fill(&mut self, buffer: &mut Vec<u8>, wanted: usize) -> std::io::Result<bool> {
        while !self.done && buffer.len() < wanted {
            let missing = wanted - buffer.len();
            let before = buffer.len();
            let got = match &mut self.utf16 {
                None => (&mut self.read).take(missing as u64).read_to_end(buffer)?,
                Some(decoder) => {
                    let mut piece = Vec::with_capacity(PIECE);
                    let got = (&mut self.read).take(missing.min(PIECE) as u64).read_to_end(&mut piece)?;
                    append_utf16(decoder, &piece, got == 0, buffer);
                    got
                }
            };
            self.done = got == 0;
            if let Some(delimiter) = &self.delimiter {
                self.holds_stand_in |= memchr(STAND_IN, buffer.get(before..).unwrap_or_default()).is_some();
                // A character of several bytes may have begun in what was read before.
                stand_in(buffer, before.saturating_sub(delimiter.len() - 1), delimiter);
            }
        }
        Ok(self.done)
    }
}

/// Puts the stand-in in the place of each delimiter from here on.
fn stand_in(buffer: &mut Vec<u8>, from: usize, delimiter: &[u8]) {
    let rest = buffer.split_off(from.min(buffer.len()));
    let mut at = 0;
    for found in memmem::find_iter(&rest, delimiter) {
        buffer.extend_from_slice(rest.get(at..found).unwrap_or_default());
        buffer.push(STAND_IN);
        at = found + delimiter.len();
    }
    buffer.extend_from_slice(rest.get(at..).unwrap_or_default());
}

fn append_utf16(decoder: &mut Decoder, piece: &[u8], last: bool, buffer: &mut Vec<u8>) {
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length(piece.len()).unwrap_or(piece.len() * 3 + 16));
    let _ = decoder.decode_to_string(piece, &mut text, last);
    buffer.extend_from_slice(text.as_bytes());
}

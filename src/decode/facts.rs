//! What the landing pass finds out about a file, whatever its name says; the register keeps it.

use serde::{Deserialize, Serialize};

/// What is known of a landed file. In the register each arm stands as its own fields, so that entries of older versions are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FileFacts {
    Text(EncodingFacts),
    Packed(PackedFacts),
}

impl FileFacts {
    /// How the file is packed, where it begins so and nobody has looked inside yet.
    #[must_use]
    pub fn unopened(&self) -> Option<OtherFormat> {
        match self {
            Self::Text(facts) => facts.other.filter(|other| matches!(other, OtherFormat::Zip | OtherFormat::Gzip)),
            Self::Packed(_) => None,
        }
    }

    /// The SHA-256 of what is inside; of a personal feed its HMAC under the sealing key. `None` where the file is not packed.
    #[must_use]
    pub fn inside_sha256(&self) -> Option<&str> {
        match self {
            Self::Text(_) => None,
            Self::Packed(facts) => Some(&facts.inside.sha256),
        }
    }
}

/// What is known of a file that is packed as its contract says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedFacts {
    pub packed: OtherFormat,
    pub inside: Inside,
}

/// What a packed file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// Name of the entry; empty where the container has none.
    pub name: String,
    pub sha256: String,
    pub bytes: u64,
    pub text: EncodingFacts,
}

/// A place in a file: byte offset from 0, physical line from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    pub offset: u64,
    pub line: u64,
}

/// What the bytes of a whole file say about its encoding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodingFacts {
    /// Bytes of the file.
    pub len: u64,
    /// Bytes of the byte order mark: 3 for UTF-8, 2 for UTF-16, 0 where there is none.
    pub bom_len: u8,
    /// Byte 0x00, where the file is not UTF-16.
    pub nul: Option<Spot>,
    /// First byte that cannot be UTF-8.
    pub first_invalid_utf8: Option<Spot>,
    /// First well-formed UTF-8 sequence of several bytes.
    pub multibyte_utf8: Option<Spot>,
    /// First of the bytes 81 8D 8F 90 9D, which Windows-1252 does not define. Looked for while no well-formed sequence is seen.
    pub undefined_1252: Option<Spot>,
    /// Where the file begins as no delimited text does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<OtherFormat>,
    /// Where the file begins as UTF-16 does, by a byte order mark or by a zero byte in its first character.
    pub utf16: Option<Utf16Facts>,
}

/// What a file is by its first bytes, whatever its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherFormat {
    /// A zip archive: also what an .xlsx or .ods workbook is.
    Zip,
    Gzip,
    /// An .xls workbook of before 2007.
    OldWorkbook,
    Pdf,
    /// A web page: mostly of a portal that wanted a password.
    WebPage,
    /// Text in the code of a mainframe.
    Ebcdic,
}

impl OtherFormat {
    /// What the first bytes of a file say; `None` where they could begin a text.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        Some(match head {
            [b'P', b'K', 3, 4, ..] => Self::Zip,
            [0x1F, 0x8B, 8, ..] => Self::Gzip,
            [0xD0, 0xCF, 0x11, 0xE0, ..] => Self::OldWorkbook,
            [b'%', b'P', b'D', b'F', ..] => Self::Pdf,
            [b'<', b'!', b'D' | b'd', b'O' | b'o', ..] | [b'<', b'h' | b'H', b't' | b'T', b'm' | b'M', ..] => Self::WebPage,
            _ => return None,
        })
    }
}

/// What is known of a file that begins as UTF-16.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utf16Facts {
    pub big_endian: bool,
    /// First unit that is half of a pair, or the odd last byte.
    pub invalid: Option<Spot>,
    /// First U+0000.
    pub nul: Option<Spot>,
}

//! Whether two landed files are the same but for their line ends.

use std::io::{self, Read};

use super::Landing;
use crate::{
    diagnostic::Answer,
    domain::{Digest, Key},
    lake::fault,
};

impl Landing {
    /// Whether two landed objects are alike once every line ends with one line feed, whatever stood there, and the last line too.
    ///
    /// # Errors
    /// TC1003 where one of them is gone, TC1002 where it is not what was landed; TC0118 where it is sealed and the key is missing or another.
    pub fn same_lines(&self, one: &Digest, other: &Digest, key: Option<&Key>) -> Answer<bool> {
        let (one, other) = (self.open(one, key)?, self.open(other, key)?);
        same(one, other).map_err(fault::file(&self.folder, "read objects of"))
    }
}

/// Bytes with one line feed for each line end.
struct Lines<R> {
    bytes: R,
    block: Vec<u8>,
    held: Vec<u8>,
    /// The last byte was a carriage return: a line feed right behind it is no line end of its own.
    after_return: bool,
}

const BLOCK: usize = 1 << 18;

impl<R: Read> Lines<R> {
    fn new(bytes: R) -> Self {
        Self { bytes, block: vec![0; BLOCK], held: Vec::new(), after_return: false }
    }

    /// Reads on where nothing is held; whether there is anything.
    fn fill(&mut self) -> io::Result<bool> {
        while self.held.is_empty() {
            let read = self.bytes.read(&mut self.block)?;
            if read == 0 {
                return Ok(false);
            }
            for byte in self.block.iter().take(read) {
                match byte {
                    b'\r' => self.held.push(b'\n'),
                    b'\n' if self.after_return => {}
                    other => self.held.push(*other),
                }
                self.after_return = *byte == b'\r';
            }
        }
        Ok(true)
    }

    /// Whether nothing is left but line ends.
    fn ends(&mut self) -> io::Result<bool> {
        while self.fill()? {
            if self.held.iter().any(|byte| *byte != b'\n') {
                return Ok(false);
            }
            self.held.clear();
        }
        Ok(true)
    }
}

fn same<A: Read, B: Read>(one: A, other: B) -> io::Result<bool> {
    let (mut one, mut other) = (Lines::new(one), Lines::new(other));
    while one.fill()? && other.fill()? {
        let alike = one.held.iter().zip(&other.held).take_while(|(a, b)| a == b).count();
        if alike < one.held.len().min(other.held.len()) {
            // One may have ended with its last line, and the other with the end of that.
            break;
        }
        one.held.drain(..alike);
        other.held.drain(..alike);
    }
    Ok(one.ends()? && other.ends()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e6_line_ends_make_no_difference_and_everything_else_does() {
        for (one, other, alike) in [
            ("a\nb\n", "a\r\nb\r\n", true),
            ("a\nb\n", "a\rb\r", true),
            ("a\nb", "a\r\nb\r\n", true),
            ("a\nb\n", "a\nb\n", true),
            ("a\nb\n", "a\n\nb\n", false),
            ("a\nb\n", "a\nc\n", false),
            ("a\nb\n", "a\nb\nc\n", false),
            ("", "\n", true),
        ] {
            assert_eq!(same(one.as_bytes(), other.as_bytes()).unwrap(), alike, "{one:?} {other:?}");
            assert_eq!(same(other.as_bytes(), one.as_bytes()).unwrap(), alike, "{other:?} {one:?}");
        }
        // Across blocks of reading.
        let long = "x,1.00\r\n".repeat(BLOCK / 4);
        assert!(same(long.as_bytes(), long.replace('\r', "").as_bytes()).unwrap());
        assert!(!same(long.as_bytes(), long.replacen("1.00", "1.01", 70_000).as_bytes()).unwrap());
    }
}

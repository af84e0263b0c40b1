//! Faults that adversaries and first users found, each held by a transcript named by its letter (`tests/found/A1_renamed.txt`), and
//! histories that are honest and must end with 0 and no question (`tests/honest`).

use crate::transcript;

/// The letters that have a transcript: `A1`, `E13`, `L2`.
#[test]
fn what_was_found_is_mended() {
    transcript::all_agree("found");
    let letters: std::collections::BTreeSet<String> =
        transcript::below("found").iter().filter_map(|path| Some(path.file_stem()?.to_str()?.split('_').next()?.to_owned())).collect();
    let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
    println!("found: {} letters in {} transcripts: {}", letters.len(), transcript::below("found").len(), letters.join(" "));
}

#[test]
fn honest_histories_end_with_nought() {
    transcript::all_agree("honest");
    println!("honest: {} histories", transcript::below("honest").len());
}

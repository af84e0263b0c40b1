//! Golden files: what a person reads, held to the letter.
//!
//! `GOLDEN=update` writes what was seen and then fails, so that an update is never mistaken for a pass.

use std::{fs, path::Path};

/// Compares `seen` with the file `tests/<name>`.
#[allow(dead_code)]
pub fn golden(name: &str, seen: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    if std::env::var("GOLDEN").is_ok_and(|v| v == "update") {
        fs::create_dir_all(path.parent().expect("a golden file has a folder")).expect("folder");
        fs::write(&path, seen).expect("golden file written");
        panic!("golden file {} updated; run again without GOLDEN=update", path.display());
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == seen, "{} differs\n--- expected\n{expected}\n--- seen\n{seen}\n(GOLDEN=update rewrites it)", path.display());
}

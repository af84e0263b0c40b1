//! Landing as a folder: what comes in comes out, and nothing else does.

use std::fs;

use sha2::{Digest as _, Sha256};

use super::*;

fn landing() -> (tempfile::TempDir, Landing) {
    let folder = tempfile::tempdir().unwrap();
    let landing = Landing::at(folder.path().join("landing"));
    (folder, landing)
}

fn read_all(landing: &Landing, digest: &Digest) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    landing.open(digest, None).unwrap().read_to_end(&mut out).map(|_| out)
}

fn extract() -> Vec<u8> {
    (0..400_000).flat_map(|i| format!("{i},newham,{}.{:02}\n", i * 7, i % 100).into_bytes()).collect()
}

#[test]
fn what_is_landed_comes_back_byte_for_byte_and_every_byte_is_looked_at() {
    let (folder, landing) = landing();
    let original = extract();
    let mut seen = Vec::new();
    let copied = landing.land_copy("x.csv", &mut &original[..], &mut |block| seen.extend_from_slice(block)).unwrap();
    assert_eq!((seen.len(), copied.bytes, copied.how), (original.len(), original.len() as u64, LandedAs::Copy));
    assert!(seen == original);
    assert!(read_all(&landing, &copied.digest).unwrap() == original);
    assert_eq!(copied.digest, Digest(Sha256::digest(&original).into()));
    assert!(folder.path().join("landing").join(format!("{}.zst", copied.digest)).is_file());
    assert_eq!(durable::names(&folder.path().join("landing/_staging")).unwrap(), Vec::<String>::new());
    landing.sync().unwrap();
}

#[test]
fn the_same_bytes_land_once_whichever_way_they_come() {
    let (folder, landing) = landing();
    let source = folder.path().join("x.csv");
    fs::write(&source, extract()).unwrap();
    let linked = landing.land_link(&source, &mut |_| {}).unwrap();
    assert!(matches!(linked.how, LandedAs::HardLink | LandedAs::Reflink));
    let again = landing.land_link(&source, &mut |_| {}).unwrap();
    assert_eq!((again.digest, again.how), (linked.digest, LandedAs::Before));
    let copied = landing.land_copy("x.csv", &mut &extract()[..], &mut |_| {}).unwrap();
    assert_eq!((copied.digest, copied.how), (linked.digest, LandedAs::Before));
    assert_eq!(durable::names(&folder.path().join("landing")).unwrap(), vec!["_staging".to_string(), linked.digest.hex()]);
    assert_eq!(durable::names(&folder.path().join("landing/_staging")).unwrap(), Vec::<String>::new());
}

#[test]
fn a_linked_object_that_was_written_into_is_reported_as_lost_and_lands_anew() {
    let (folder, landing) = landing();
    let source = folder.path().join("x.csv");
    fs::write(&source, "a,b\n1,2\n").unwrap();
    let landed = landing.land_link(&source, &mut |_| {}).unwrap();
    fs::write(folder.path().join("landing").join(landed.digest.hex()), "a,b\n1,3\n").unwrap();
    let error = read_all(&landing, &landed.digest).unwrap_err();
    let refusal = refusal_in(&error).unwrap();
    assert_eq!(refusal.0[0].code, codes::lake::LANDED_LOST);
    assert_eq!(landing.open(&landed.digest, None).unwrap_err().0[0].code, codes::lake::LANDED_LOST);
    let again = landing.land_copy("x.csv", &mut &b"a,b\n1,2\n"[..], &mut |_| {}).unwrap();
    assert_eq!((again.digest, again.how), (landed.digest, LandedAs::Copy));
    assert_eq!(read_all(&landing, &landed.digest).unwrap(), b"a,b\n1,2\n");
}

#[test]
fn a_damaged_copy_is_reported_as_lost() {
    let (folder, landing) = landing();
    let landed = landing.land_copy("x.csv", &mut &extract()[..], &mut |_| {}).unwrap();
    let path = folder.path().join("landing").join(format!("{}.zst", landed.digest));
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    bytes[middle + 1] ^= 0x55;
    fs::write(&path, &bytes).unwrap();
    assert!(refusal_in(&read_all(&landing, &landed.digest).unwrap_err()).is_some());
    // Cut short: zstd frames end where the file does.
    let landed = landing.land_copy("x.csv", &mut &extract()[..], &mut |_| {}).unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    assert!(refusal_in(&read_all(&landing, &landed.digest).unwrap_err()).is_some());
}

#[test]
fn what_this_run_has_landed_is_not_hashed_again_and_what_another_has_is() {
    let (folder, landing) = landing();
    let source = folder.path().join("x.csv");
    fs::write(&source, "a,b\n1,2\n").unwrap();
    let linked = landing.land_link(&source, &mut |_| {}).unwrap();
    let copied = landing.land_copy("y.csv", &mut &b"c\n"[..], &mut |_| {}).unwrap();
    let check = |landing: &Landing, digest| landing.open(digest, None).unwrap().check;
    assert!(matches!(check(&landing, &linked.digest), Check::Untouched(_)));
    assert!(matches!(check(&landing, &copied.digest), Check::Done));
    let later = Landing::at(folder.path().join("landing"));
    assert!([linked.digest, copied.digest].iter().all(|digest| matches!(check(&later, digest), Check::Hash(_))));
    // Written to while it is read.
    let mut reader = landing.open(&linked.digest, None).unwrap();
    reader.read_exact(&mut [0; 4]).unwrap();
    fs::write(folder.path().join("landing").join(linked.digest.hex()), "a,b\n1,234\n").unwrap();
    assert!(refusal_in(&reader.read_to_end(&mut Vec::new()).unwrap_err()).is_some());
}

#[test]
fn an_empty_file_lands() {
    let (_folder, landing) = landing();
    let landed = landing.land_copy("x.csv", &mut io::empty(), &mut |_| {}).unwrap();
    assert_eq!(landed.bytes, 0);
    assert_eq!(read_all(&landing, &landed.digest).unwrap(), b"");
}

#[test]
fn a_source_that_breaks_off_leaves_nothing() {
    struct Broken(usize);
    impl Read for Broken {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0 > 30 { Err(io::Error::from(io::ErrorKind::ConnectionReset)) } else { Ok(into.len().min(100_000)) }
        }
    }
    let (folder, landing) = landing();
    landing.land_copy("sftp://x", &mut Broken(0), &mut |_| {}).unwrap_err();
    landing.clear_staging().unwrap();
    assert_eq!(durable::names(&folder.path().join("landing")).unwrap(), Vec::<String>::new());
}

#[test]
fn what_is_sealed_comes_back_through_its_key_alone() {
    let (folder, landing) = landing();
    let (key, original) = (Key::new([1; 32]), extract());
    let mut seen = Vec::new();
    let landed = landing.land_sealed("x.csv", &mut &original[..], &mut |block| seen.extend_from_slice(block), &key).unwrap();
    assert!(seen == original);
    let mut name = key.mac("landing");
    name.update(&original);
    assert_eq!((landed.digest, landed.bytes, landed.how), (name.finish(), original.len() as u64, LandedAs::Sealed));
    assert_ne!(landed.digest, Digest(Sha256::digest(&original).into()));
    let path = folder.path().join("landing/sealed").join(landed.digest.hex());
    assert!(path.is_file());
    landing.sync().unwrap();
    let read = |key: &Key| -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        landing.open(&landed.digest, Some(key)).map_err(io::Error::other)?.read_to_end(&mut out).map(|_| out)
    };
    assert!(read(&key).unwrap() == original);
    assert!(landing.has(&landed.digest));
    assert_eq!(landing.digests().unwrap(), [landed.digest]);
    // The same bytes again: one object.
    assert_eq!(landing.land_sealed("y.csv", &mut &original[..], &mut |_| {}, &key).unwrap().how, LandedAs::Before);
    for wrong in [None, Some(&Key::new([2; 32]))] {
        assert_eq!(landing.open(&landed.digest, wrong).unwrap_err().0[0].code, codes::command::NO_KEYS);
    }
    assert!(path.is_file(), "another key sets nothing aside");
    // Cut, and changed inside: lost, and set aside so that it can land anew.
    let sealed = fs::read(&path).unwrap();
    for cut in [sealed.len() - 1, sealed.len() / 2, 10] {
        fs::write(&path, &sealed[..cut]).unwrap();
        assert_eq!(refusal_in(&read(&key).unwrap_err()).unwrap().0[0].code, codes::lake::LANDED_LOST);
        assert!(!path.is_file());
    }
    let again = landing.land_sealed("x.csv", &mut &original[..], &mut |_| {}, &key).unwrap();
    assert_eq!((again.digest, again.how), (landed.digest, LandedAs::Sealed));
    assert!(read(&key).unwrap() == original);
}

//! Releases: parts are shared, readers see whole ones, what a kill leaves is cleared.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::json;

use super::{
    Content, Depth, Hashed, MadeFrom, PublishedPart, Releases, durable,
    release::Publication,
    sample::{ledger, ledger_schema, write_part},
};

fn releases() -> (tempfile::TempDir, Releases) {
    let folder = tempfile::tempdir().unwrap();
    let releases = Releases::at(folder.path().join("published"), folder.path().join("lake/releases"));
    (folder, releases)
}

fn part(releases: &Releases, key: &str, from: usize, rows: usize) -> PublishedPart {
    let staged = write_part(releases.staging(), &ledger_schema(), [ledger(from, rows)]);
    let part = releases.add_part("cost_line", &staged).unwrap();
    PublishedPart {
        key: key.into(),
        inputs: format!("{from}+{rows}"),
        path: part.path,
        sha256: part.sha256,
        rows: part.rows,
        bytes: part.bytes,
        facts: serde_json::Value::Null,
    }
}

fn content(parts: &[&PublishedPart]) -> Content {
    Content {
        program: "truecost 0.1.0".into(),
        tables: BTreeMap::from([("cost_line".into(), parts.iter().map(|part| (*part).clone()).collect())]),
        ..Content::default()
    }
}

/// Every file and link below, with its bytes or target, but for runs.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    for name in durable::names(folder).unwrap() {
        let path = folder.join(&name);
        if let Ok(target) = fs::read_link(&path) {
            out.insert(name, target.into_os_string().into_encoded_bytes());
        } else if path.is_dir() {
            out.extend(tree(&path).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else {
            out.insert(name, fs::read(&path).unwrap());
        }
    }
    out
}

#[test]
fn a_release_shares_the_parts_that_did_not_change() {
    let (_folder, releases) = releases();
    assert_eq!(releases.latest().unwrap(), None);
    let (april, may) = (part(&releases, "P01", 0, 100), part(&releases, "P02", 100, 100));
    let first = releases.publish(content(&[&april, &may]), MadeFrom::default(), json!({ "run": "1" })).unwrap();
    let Publication::Published(first) = first else { panic!() };
    assert_eq!(first.release, "r0001");
    let june = part(&releases, "P02", 200, 90);
    releases.publish(content(&[&april, &june]), MadeFrom::default(), json!({ "run": "2" })).unwrap();
    let latest = releases.latest().unwrap().unwrap();
    assert_eq!((latest.release.as_str(), latest.content.tables["cost_line"][1].rows), ("r0002", 90));
    assert_eq!(latest.part("cost_line", "P01", "0+100"), Some(&april));
    assert_eq!(latest.part("cost_line", "P01", "0+101"), None);
    let names = durable::names(&releases.folder().join("latest/cost_line")).unwrap();
    assert_eq!(names.len(), 2);
    assert_eq!(releases.manifest("r0001").unwrap().content, first.content);
    assert_eq!(releases.names().unwrap(), ["r0001", "r0002"]);
}

#[test]
fn nothing_is_published_where_nothing_changed() {
    let (_folder, releases) = releases();
    let april = part(&releases, "P01", 0, 100);
    releases.publish(content(&[&april]), MadeFrom::default(), json!({ "run": "1" })).unwrap();
    let before = tree(releases.folder());
    let again = part(&releases, "P01", 0, 100);
    assert_eq!(again, april);
    let second = releases.publish(content(&[&again]), MadeFrom::default(), json!({ "run": "2" })).unwrap();
    assert!(matches!(second, Publication::Unchanged(latest) if latest.release == "r0001"));
    releases.recover().unwrap();
    assert!(tree(releases.folder()) == before);
}

#[test]
fn two_keys_with_the_same_rows_share_one_part() {
    let (_folder, releases) = releases();
    let (a, b) = (part(&releases, "P01", 0, 10), part(&releases, "P02", 0, 10));
    assert_eq!(a.path, b.path);
    releases.publish(content(&[&a, &b]), MadeFrom::default(), json!({})).unwrap();
    assert_eq!(durable::names(&releases.folder().join("r0001/cost_line")).unwrap().len(), 1);
}

#[test]
fn a_missing_part_is_not_published() {
    let (_folder, releases) = releases();
    let april = part(&releases, "P01", 0, 10);
    releases.publish(content(&[&april]), MadeFrom::default(), json!({})).unwrap();
    let may = part(&releases, "P02", 10, 10);
    fs::remove_file(releases.path_of(&may.path)).unwrap();
    let refusal = releases.publish(content(&[&april, &may]), MadeFrom::default(), json!({})).unwrap_err();
    assert_eq!(refusal.0[0].code.id, "TC1008");
    assert_eq!(releases.latest().unwrap().unwrap().release, "r0001");
}

#[test]
fn whatever_a_kill_leaves_the_next_run_ends_with_the_same_bytes() {
    let (_folder, releases) = releases();
    let april = part(&releases, "P01", 0, 10);
    releases.publish(content(&[&april]), MadeFrom::default(), json!({})).unwrap();
    let may = part(&releases, "P02", 10, 10);
    let folder = releases.folder().to_path_buf();
    let leave: [&dyn Fn(); 4] = [
        &|| drop(part(&releases, "P03", 20, 10)),
        &|| fs::create_dir_all(folder.join(".release-r0002/cost_line")).unwrap(),
        &|| {
            fs::create_dir_all(folder.join("r0002/cost_line")).unwrap();
            fs::write(folder.join("r0002/_manifest.json"), "{}").unwrap();
        },
        &|| {
            fs::create_dir_all(folder.join("r0002")).unwrap();
            fs::remove_file(folder.join("latest")).unwrap();
            std::os::unix::fs::symlink("r0002", folder.join("latest")).unwrap();
            fs::write(folder.join("latest.json.tmp"), "{\"rel").unwrap();
        },
    ];
    for killed in leave {
        killed();
        releases.recover().unwrap();
        assert_eq!(fs::read_link(folder.join("latest")).unwrap(), Path::new("r0001"));
        let names = durable::names(&folder).unwrap();
        assert_eq!(names, ["latest", "latest.json", "parts", "r0001"]);
    }
    releases.publish(content(&[&april, &may]), MadeFrom::default(), json!({})).unwrap();
    assert_eq!(releases.latest().unwrap().unwrap().release, "r0002");
    assert_eq!(fs::read_link(folder.join("latest")).unwrap(), Path::new("r0002"));
}

#[test]
fn a_first_release_that_was_killed_leaves_no_latest() {
    let (_folder, releases) = releases();
    fs::create_dir_all(releases.folder().join("r0001")).unwrap();
    std::os::unix::fs::symlink("r0001", releases.folder().join("latest")).unwrap();
    releases.recover().unwrap();
    assert_eq!(durable::names(releases.folder()).unwrap(), Vec::<String>::new());
    releases.recover().unwrap();
}

/// Two releases, and the folder in which they are.
fn two() -> (tempfile::TempDir, Releases, PublishedPart, PublishedPart) {
    let (root, releases) = releases();
    let (april, may) = (part(&releases, "P01", 0, 10), part(&releases, "P02", 10, 10));
    releases.publish(content(&[&april]), MadeFrom::default(), json!({})).unwrap();
    releases.publish(content(&[&april, &may]), MadeFrom::default(), json!({})).unwrap();
    (root, releases, april, may)
}

#[test]
fn a_kill_between_the_two_turns_shows_nobody_a_release_that_is_removed() {
    let (_root, releases, ..) = two();
    let folder = releases.folder().to_path_buf();
    let whole = tree(&folder);
    // `latest.json` has turned and the link has not: the link follows.
    fs::remove_file(folder.join("latest")).unwrap();
    std::os::unix::fs::symlink("r0001", folder.join("latest")).unwrap();
    assert_eq!(releases.latest().unwrap().unwrap().release, "r0002");
    assert_eq!(releases.recover().unwrap(), Vec::<String>::new());
    assert!(tree(&folder) == whole);
    // A version before turned the link first: who looked at it has seen the second release, so it stays.
    fs::write(folder.join("latest.json"), r#"{"release": "r0001", "manifest": "r0001/_manifest.json"}"#).unwrap();
    assert_eq!(releases.latest().unwrap().unwrap().release, "r0002");
    releases.recover().unwrap();
    assert!(tree(&folder) == whole);
    // Neither has turned: nobody has seen it.
    fs::write(folder.join("latest.json"), r#"{"release": "r0001", "manifest": "r0001/_manifest.json"}"#).unwrap();
    fs::remove_file(folder.join("latest")).unwrap();
    std::os::unix::fs::symlink("r0001", folder.join("latest")).unwrap();
    releases.recover().unwrap();
    assert_eq!(releases.names().unwrap(), ["r0001"]);
}

#[test]
fn what_can_be_derived_is_made_again() {
    let (_root, releases, april, may) = two();
    let folder = releases.folder().to_path_buf();
    let whole = tree(&folder);
    let at = |name: &str| folder.join(name);
    let linked = format!("r0002/cost_line/{}.parquet", may.sha256);
    let cut = |name: &str| {
        let bytes = fs::read(at(name)).unwrap();
        fs::remove_file(at(name)).unwrap(); // a new file: the other name of a part keeps its bytes
        fs::write(at(name), &bytes[..bytes.len() / 2]).unwrap();
    };
    let flip = |name: &str| {
        let mut bytes = fs::read(at(name)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::remove_file(at(name)).unwrap();
        fs::write(at(name), &bytes).unwrap();
    };
    let harm: [(&str, &dyn Fn()); 9] = [
        ("no latest.json", &|| fs::remove_file(at("latest.json")).unwrap()),
        ("half a latest.json", &|| cut("latest.json")),
        ("no latest.json, no link", &|| {
            fs::remove_file(at("latest.json")).unwrap();
            fs::remove_file(at("latest")).unwrap();
        }),
        ("half a manifest", &|| cut("r0002/_manifest.json")),
        ("a manifest with another figure", &|| flip("r0002/_manifest.json")),
        ("no link of a part", &|| fs::remove_file(at(&linked)).unwrap()),
        ("no table in the release", &|| fs::remove_dir_all(at("r0002/cost_line")).unwrap()),
        ("no part", &|| fs::remove_file(at(&may.path)).unwrap()),
        ("half a part", &|| cut(&april.path)),
    ];
    for (what, harm) in harm {
        harm();
        let latest = releases.latest().unwrap().unwrap();
        assert_eq!(latest.release, "r0002", "{what}");
        releases.recover().unwrap();
        let mended = releases.mend(&latest, Depth::Sizes).unwrap();
        assert!(mended.lost.is_empty(), "{what}");
        assert!(tree(&folder) == whole, "{what}");
        assert_eq!(releases.flaws(&latest, Depth::Bytes).unwrap(), vec![], "{what}");
    }
}

#[test]
fn a_part_that_many_releases_name_is_hashed_once_and_told_of_each() {
    let (_root, releases, april, may) = two();
    let (first, second) = (releases.manifest("r0001").unwrap(), releases.manifest("r0002").unwrap());
    assert!([&first, &second].iter().all(|manifest| manifest.content.tables["cost_line"].contains(&april)));
    let mut hashed = Hashed::default();
    for manifest in [&first, &second] {
        assert_eq!(releases.flaws_of_bytes(manifest, &mut hashed).unwrap(), vec![]);
    }
    // April's part stands under three names.
    assert_eq!(hashed.len(), 2);
    // What was changed since is hashed again, and told under each of its names that a release goes by.
    fs::write(releases.path_of(&april.path), vec![b'x'; usize::try_from(april.bytes).unwrap()]).unwrap();
    for manifest in [&first, &second] {
        assert_eq!(releases.flaws_of_bytes(manifest, &mut hashed).unwrap().len(), 1);
    }
    assert_eq!(hashed.len(), 3);
    assert_eq!(hashed.flaw(&releases.path_of(&may.path), may.bytes, &may.sha256).unwrap(), None);
    assert_eq!(hashed.len(), 3);
}

#[test]
fn a_part_without_a_sound_name_is_lost_until_it_is_made_again() {
    let (_root, releases, april, may) = two();
    let latest = releases.latest().unwrap().unwrap();
    let path = releases.path_of(&may.path);
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, bytes).unwrap(); // both names
    assert_eq!(releases.flaws(&latest, Depth::Sizes).unwrap(), vec![]);
    assert_eq!(releases.flaws(&latest, Depth::Bytes).unwrap().len(), 1);
    let mended = releases.mend(&latest, Depth::Bytes).unwrap();
    assert!(mended.lost.iter().eq([&may.path]));
    assert_eq!(part(&releases, "P02", 10, 10), may);
    let again = releases.publish(content(&[&april, &may]), MadeFrom::default(), json!({})).unwrap();
    assert!(matches!(again, Publication::Unchanged(_)));
    assert_eq!(releases.flaws(&latest, Depth::Bytes).unwrap(), vec![]);
}

#[test]
fn a_manifest_that_is_lost_for_good_is_followed_by_a_release_of_another_name() {
    let (root, releases, april, may) = two();
    fs::write(releases.folder().join("r0002/_manifest.json"), "{").unwrap();
    fs::remove_dir_all(root.path().join("lake/releases")).unwrap();
    releases.recover().unwrap();
    assert_eq!(releases.latest().unwrap_err().0[0].code.id, "TC1010");
    let again = releases.publish(content(&[&april, &may]), MadeFrom::default(), json!({})).unwrap();
    assert!(matches!(again, Publication::Published(manifest) if manifest.release == "r0003"));
}

#[test]
fn b1_a_release_that_was_shown_and_is_gone_stays_the_latest() {
    let (_root, releases, ..) = two();
    let folder = releases.folder().to_path_buf();
    let whole = tree(&folder);
    fs::remove_dir_all(folder.join("r0002")).unwrap();
    let older = || {
        fs::write(folder.join("latest.json"), r#"{"release": "r0001", "manifest": "r0001/_manifest.json"}"#).unwrap();
        fs::remove_file(folder.join("latest")).unwrap();
        std::os::unix::fs::symlink("r0001", folder.join("latest")).unwrap();
    };
    let harm: [&dyn Fn(); 4] = [&|| {}, &|| fs::remove_file(folder.join("latest.json")).unwrap(), &older, &|| {
        fs::remove_file(folder.join("latest")).unwrap();
    }];
    for harm in harm {
        harm();
        let refusal = releases.latest().unwrap_err();
        assert!(refusal.0[0].seen.contains("r0002 is gone"), "{refusal:?}");
    }
    releases.recover().unwrap();
    let latest = releases.latest().unwrap().unwrap();
    assert_eq!(latest.release, "r0002");
    assert!(releases.mend(&latest, Depth::Bytes).unwrap().lost.is_empty());
    assert!(tree(&folder) == whole);
}

#[test]
fn b1_a_copy_of_a_release_that_was_never_shown_is_no_release_that_is_gone() {
    // A version before kept the copy before `latest.json` turned; a kill in between left either folder.
    for left in [".release-r0003", "r0003"] {
        let (_root, releases, ..) = two();
        fs::create_dir_all(releases.folder().join(left)).unwrap();
        releases.keep_copy("r0003", b"{}").unwrap();
        assert_eq!(releases.latest().unwrap().unwrap().release, "r0002", "{left}");
        releases.recover().unwrap();
        assert_eq!(releases.latest().unwrap().unwrap().release, "r0002", "{left}");
        assert_eq!(releases.next_name().unwrap(), "r0003");
    }
}

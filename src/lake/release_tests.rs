//! Releases: parts are shared, readers see whole ones, what a kill leaves is cleared.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::json;

use super::{
    Content, PublishedPart, Releases, durable,
    release::Publication,
    sample::{ledger, ledger_schema, write_part},
};

fn releases() -> (tempfile::TempDir, Releases) {
    let folder = tempfile::tempdir().unwrap();
    let releases = Releases::at(folder.path().join("published"));
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
    let first = releases.publish(content(&[&april, &may]), json!({ "run": "1" })).unwrap();
    let Publication::Published(first) = first else { panic!() };
    assert_eq!(first.release, "r0001");
    let june = part(&releases, "P02", 200, 90);
    releases.publish(content(&[&april, &june]), json!({ "run": "2" })).unwrap();
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
    releases.publish(content(&[&april]), json!({ "run": "1" })).unwrap();
    let before = tree(releases.folder());
    let again = part(&releases, "P01", 0, 100);
    assert_eq!(again, april);
    let second = releases.publish(content(&[&again]), json!({ "run": "2" })).unwrap();
    assert!(matches!(second, Publication::Unchanged(latest) if latest.release == "r0001"));
    releases.recover().unwrap();
    assert!(tree(releases.folder()) == before);
}

#[test]
fn two_keys_with_the_same_rows_share_one_part() {
    let (_folder, releases) = releases();
    let (a, b) = (part(&releases, "P01", 0, 10), part(&releases, "P02", 0, 10));
    assert_eq!(a.path, b.path);
    releases.publish(content(&[&a, &b]), json!({})).unwrap();
    assert_eq!(durable::names(&releases.folder().join("r0001/cost_line")).unwrap().len(), 1);
}

#[test]
fn a_missing_part_is_not_published() {
    let (_folder, releases) = releases();
    let april = part(&releases, "P01", 0, 10);
    releases.publish(content(&[&april]), json!({})).unwrap();
    let may = part(&releases, "P02", 10, 10);
    fs::remove_file(releases.path_of(&may.path)).unwrap();
    let refusal = releases.publish(content(&[&april, &may]), json!({})).unwrap_err();
    assert_eq!(refusal.0[0].code.id, "TC1008");
    assert_eq!(releases.latest().unwrap().unwrap().release, "r0001");
}

#[test]
fn whatever_a_kill_leaves_the_next_run_ends_with_the_same_bytes() {
    let (_folder, releases) = releases();
    let april = part(&releases, "P01", 0, 10);
    releases.publish(content(&[&april]), json!({})).unwrap();
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
    releases.publish(content(&[&april, &may]), json!({})).unwrap();
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

//! The drop folders of the partnership's feeds: which are not there, and making them; and writing a release's configuration.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
};

use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::source},
    domain::Location,
    lake::RuleFiles,
    pipeline::{Feed, Partnership},
};

/// Feeds whose own folder below `drop` is not there. What a feed's `url` names elsewhere may be a mount, and is nobody's to make.
#[must_use]
pub fn without_folder(partnership: &Partnership) -> Vec<(&Feed, &Path)> {
    let Location::Folder(drop) = &partnership.drop else { return Vec::new() };
    let lacks = |feed: &Feed, path: &Path| path == drop.join(&*feed.council).join(&*feed.id) && fs::symlink_metadata(path).is_err();
    let mut without = Vec::new();
    for feed in &partnership.feeds {
        if let Location::Folder(path) = &feed.from
            && lacks(feed, path)
        {
            without.push((feed, path.as_path()));
        }
    }
    without
}

/// Makes them; a line for each.
///
/// # Errors
/// TC0512 where one cannot be made.
pub fn make_folders(partnership: &Partnership) -> Answer<Vec<String>> {
    let make = |(feed, path): (&Feed, &Path)| {
        fs::create_dir_all(path).map_err(|error| {
            Diagnostic::new(source::NOT_WRITTEN, format!("the drop folder of {} cannot be made: {error}", feed.name()))
                .place(Place::file(path.display().to_string()))
                .outcome("nothing else was changed")
                .hint("give truecost the right to write there, or make the folder by hand")
        })?;
        Ok(format!("made the drop folder of {}: {}", feed.name(), path.display()))
    };
    without_folder(partnership).into_iter().map(make).collect()
}

/// Writes the configuration of a release into a folder. Nothing is written where any of its files is already there.
///
/// # Errors
/// TC0511, TC0512.
pub fn write_rules(folder: &Path, files: &RuleFiles) -> Answer<()> {
    // `symlink_metadata`, so that a link that leads nowhere counts as there too.
    if let Some(there) = files.keys().find(|name| fs::symlink_metadata(folder.join(name)).is_ok()) {
        return Err(Diagnostic::new(source::ALREADY_THERE, format!("`{there}` is already there"))
            .place(Place::file(folder.display().to_string()))
            .expected("a folder without files of these names")
            .outcome("nothing was written or changed")
            .hint("name an empty or new folder")
            .into());
    }
    for (name, bytes) in files {
        let path = folder.join(name);
        let write = || {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            File::create_new(&path)?.write_all(bytes)
        };
        write().map_err(|error| {
            Diagnostic::new(source::NOT_WRITTEN, format!("could not write {}: {error}", path.display()))
                .place(Place::file(path.display().to_string()))
                .outcome("files before it were written; the partnership and its releases are as they were")
                .hint("free space or give the right to write there, remove the folder, then type the same command again")
        })?;
    }
    Ok(())
}

/// Whether a file can be written into the folder where it is to stand.
///
/// # Errors
/// TC0512 where it cannot: nothing was run.
pub fn can_write(file: &Path) -> Answer<()> {
    let staging = staging_of(file);
    let written = fs::write(&staging, b"").and_then(|()| fs::remove_file(&staging));
    written.map_err(|error| not_replaced(file, &error, "nothing was run").into())
}

/// Replaces a file by this text; its readers see the old one or the new one, whole.
///
/// # Errors
/// TC0512.
pub fn replace_file(file: &Path, text: &str) -> Answer<()> {
    let staging = staging_of(file);
    let write = || {
        let mut out = File::create(&staging)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        fs::rename(&staging, file)
    };
    write().map_err(|error| not_replaced(file, &error, "the run is done, and what it did stands; the file is as it was").into())
}

/// Beside the file, under another ending: who gathers `*.prom` does not read it.
fn staging_of(file: &Path) -> std::path::PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    file.with_file_name(name)
}

fn not_replaced(file: &Path, error: &std::io::Error, outcome: &str) -> Diagnostic {
    Diagnostic::new(source::NOT_WRITTEN, format!("{} cannot be written: {error}", file.display()))
        .place(Place::file(file.display().to_string()))
        .expected("a file in a folder that is there and can be written")
        .outcome(outcome)
        .hint("name a file in another folder, or give truecost the right to write there")
}

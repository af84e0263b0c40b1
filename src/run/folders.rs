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

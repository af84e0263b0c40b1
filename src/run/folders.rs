//! The drop folders of the partnership's feeds: which are not there, and making them.

use std::{fs, path::Path};

use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::source},
    domain::Location,
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

//! What is in a file that nobody has described yet.

use std::path::Path;

use crate::{
    diagnostic::Answer,
    profile::{self, Options},
    report::{self, Page},
};

pub(super) fn page(file: &Path, sheet: Option<&str>) -> Answer<Page> {
    report::profile(&profile::profile(file, &Options { sheet: sheet.map(str::to_owned), ..Options::default() })?)
}

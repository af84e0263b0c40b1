//! Whether the disk under a folder is mounted, by what the system was told to mount.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Where a disk belongs that holds this path and is not mounted; `None` also where nobody can say.
pub(super) fn lacking(path: &Path) -> Option<PathBuf> {
    let read = |file: &str| fs::read_to_string(file).ok();
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let led = fs::read_link(&path).map_or_else(|_| path.clone(), |to| path.parent().map_or(to.clone(), |folder| folder.join(&to)));
    not_mounted(&read("/etc/fstab")?, &read("/proc/self/mounts")?, &without_links(&led))
}

/// The path as the system knows it, as far as it is there.
fn without_links(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|above| Some((above, fs::canonicalize(above).ok()?)));
    let spelt = there.and_then(|(above, real)| path.strip_prefix(above).ok().map(|rest| real.join(rest).components().collect()));
    spelt.unwrap_or_else(|| path.to_path_buf())
}

/// The same by these two tables. What is mounted by hand alone (`noauto`) need not be there, and something is always mounted at `/`.
fn not_mounted(told: &str, mounted: &str, path: &Path) -> Option<PathBuf> {
    let there: BTreeSet<PathBuf> = entries(mounted).map(|(point, _)| point).collect();
    let holds_it = |point: &PathBuf| *point != Path::new("/") && path.starts_with(point);
    let told = entries(told).filter(|(_, options)| !options.split(',').any(|option| option == "noauto"));
    told.map(|(point, _)| without_links(&point)).find(|point| holds_it(point) && !there.contains(point))
}

/// Mount points with their options.
fn entries(table: &str) -> impl Iterator<Item = (PathBuf, &str)> {
    let entry = |line| {
        let mut fields = str::split_whitespace(line);
        let point = fields.nth(1).filter(|point| point.starts_with('/'))?;
        Some((PathBuf::from(plain(point)), fields.nth(1).unwrap_or_default()))
    };
    table.lines().filter(|line| !line.trim_start().starts_with('#')).filter_map(entry)
}

/// Blanks in a name stand as `\040`, its backslashes as `\134`.
fn plain(name: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(name.to_owned(), |name, (from, to)| name.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_belongs_over_a_folder_and_is_not_mounted_is_named() {
        let told = "# the lake\n\nUUID=1 / ext4 defaults 0 1\nUUID=2 none swap sw 0 0\nUUID=3 /srv/the\\040lake/ xfs defaults,nofail 0 2\n\
                    UUID=4 /media/usb vfat noauto,user 0 0\nUUID=5 /srv/other ext4\n#UUID=6 /var ext4 defaults 0 2\n";
        let mounted = "overlay /home overlay rw 0 0\nproc /proc proc rw 0 0\n";
        let lacks = |mounted: &str, path: &str| not_mounted(told, mounted, Path::new(path));
        assert_eq!(lacks(mounted, "/srv/the lake/truecost/lake"), Some(PathBuf::from("/srv/the lake")));
        assert_eq!(lacks(mounted, "/srv/other"), Some(PathBuf::from("/srv/other")));
        for path in ["/srv/lake", "/srv/otherwise/lake", "/media/usb/lake", "/home/a/lake", "/var/lib/truecost/lake", "relative"] {
            assert_eq!(lacks(mounted, path), None, "{path}");
        }
        assert_eq!(lacks("/dev/sdb /srv/the\\040lake xfs rw 0 0\n", "/srv/the lake/truecost/lake"), None);
        assert_eq!(not_mounted("", mounted, Path::new("/srv/lake")), None);
    }
}

//! The latest release as it stands on disk: what is gone or damaged is made again, by this run where that is possible.

use super::{CostRun, Costed, Event};
use crate::{
    diagnostic::{Answer, Diagnostic, codes},
    domain::counted,
    lake::{Depth, Manifest},
};

/// The latest release, as far as it can be built upon.
#[derive(Default)]
pub(super) struct Standing {
    /// As its manifest lists it: what readers have been shown, whether its files are sound or not.
    pub listed: Option<Manifest>,
    /// Without the parts of which no sound file is left; `None` where there is no release, or its manifest is lost for good.
    pub latest: Option<Manifest>,
    /// The release that is not whole, with how many parts are lost: 0 where it is the manifest.
    pub broken: Option<(String, usize)>,
}

impl CostRun<'_> {
    /// Looks at every file of the latest release, by presence and size, with `--rehash` by its bytes; makes links and copies again.
    pub(super) fn standing(&self) -> Answer<Standing> {
        let releases = self.lake.releases();
        let Some(name) = releases.latest_name()? else { return Ok(Standing::default()) };
        let Ok(mut latest) = releases.manifest(&name) else {
            return Ok(Standing { broken: Some((name, 0)), ..Standing::default() });
        };
        let mended = releases.mend(&latest, if self.wish.rehash { Depth::Bytes } else { Depth::Sizes })?;
        mended.made.iter().for_each(|made| self.step(made));
        let listed = Some(latest.clone());
        for parts in latest.content.tables.values_mut() {
            parts.retain(|part| !mended.lost.contains(&part.path));
        }
        let lost = mended.lost.len();
        Ok(Standing { listed, latest: Some(latest), broken: (lost > 0).then_some((name, lost)) })
    }

    /// As [`Self::standing`], for who changes nothing: the latest release, and how many of its files are gone or damaged.
    pub(super) fn looked_at(&self) -> Answer<(Option<Manifest>, usize)> {
        let releases = self.lake.releases();
        let Some(name) = releases.latest_name()? else { return Ok((None, 0)) };
        let Ok(latest) = releases.manifest(&name) else { return Ok((None, 1)) };
        let flaws = releases.flaws(&latest, Depth::Sizes)?.len();
        Ok((Some(latest), flaws))
    }

    /// Says what became of a release that was not whole.
    pub(super) fn tell_broken(&self, standing: &Standing, costed: &mut Costed) {
        let Some((broken, lost)) = &standing.broken else { return };
        let what = if *lost == 0 { "the manifest".to_owned() } else { counted(*lost as u64, "part") };
        match &costed.release {
            Some(release) if release == broken && costed.made_again => self.step(&format!("made again: {what} of release {broken}")),
            Some(release) if release != broken => {
                let left = if self.lake.releases().is_there(broken) { "stays as it is on disk" } else { "is not on disk" };
                let report = Diagnostic::warning(
                    codes::lake::RELEASE_DIFFERS,
                    format!("{what} of release {broken} could not be made again as before"),
                )
                .expected("the program, the contracts and the lines with which it was published")
                .outcome(format!("release {release} takes its place; {broken} {left}"))
                .hint(format!("truecost release verify {broken} says what is missing in it"));
                self.observer.event(Event::Report { diagnostics: &[report] });
            }
            _ => {
                let report = Diagnostic::new(
                    codes::lake::RELEASE_DIFFERS,
                    format!("{what} of release {broken} {} gone or damaged", if *lost > 1 { "are" } else { "is" }),
                )
                .expected("every file that its manifest lists")
                .outcome("nothing was published in its place; queries that read it fail")
                .hint("mend what stops publication, then type truecost run: it is made again from the common tables");
                self.observer.event(Event::Report { diagnostics: std::slice::from_ref(&report) });
                costed.stopped.push(report);
            }
        }
    }
}

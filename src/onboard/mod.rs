//! New councils and feeds, proposed from sample files and settled by a person: `truecost add`.
//!
//! ```text
//!  samples ─▶ profile ─▶ Evidence ─▶ questions ─▶ answers ─▶ Draft ─▶ Change … ─▶ trial in a copy ─▶ write
//!            (each file)  (together)  (with what the    (a person, a                (a lake of its own)  (all or nothing)
//!                                      files speak for)   file, a script)
//! ```
//!
//! This is the only place where truecost looks at a file and proposes what it is. It happens once, a person answers, and the contract that
//! is written is the law from then on: while data are read nothing is inferred. What the files hold and no word of a contract can say is
//! refused by name ([`draft()`]); nothing that is there is ever written over, and a command that is ended leaves nothing.

mod adds_up;
mod agrees;
mod alike;
mod amounts;
mod answers;
mod apply;
mod ask;
mod beside;
mod blocks;
mod by_date;
mod chart;
mod compare;
mod copy;
mod council;
mod covered;
mod currency;
mod draft;
mod elsewhere;
mod evidence;
mod files;
mod growing;
mod guarded;
mod guess;
mod happened;
mod inside;
mod layout;
mod left_out;
mod lone;
mod looks;
mod marked;
mod names;
mod own_period;
mod own_way;
mod own_year;
mod page;
mod places;
mod records;
mod refused;
mod rest;
mod rows;
mod said;
mod select;
mod sign;
mod spare;
mod text;
mod tokens;
mod trial;
mod typed;
mod unit;
mod versions;
mod withheld;

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
};

use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    domain::{Identifier, Location},
    pipeline::Partnership,
    profile::{Options, profile},
    run::clock::Clock,
    schema::{Kind, column_number, fields::did_you_mean, read_contract, suggest::nearest, yaml::SourceText},
};
use by_date::{Asked, Era};
use places::Given;

pub use answers::{Answers, NO, Question, YES, form, open, still_open};
pub use apply::{suspense_applied, two_persons};
pub use ask::Around;
pub use blocks::{code_changes, code_questions};
pub use chart::{CodeKind, CodeSeen, CodesSeen, codes_seen};
pub use compare::{Difference, contract_diff, diff_page};
pub use copy::abandon;
pub use council::{council, council_name, questions as council_questions};
pub use draft::{Draft, draft};
pub use evidence::{Evidence, Sample};
pub use files::{Change, begun, said_back, take_back, write, write_with};
pub use page::{questions_page, trial_page};
pub use trial::{Trial, Tried};

/// Council and feed of `ashvale/supplier_spend`, neither of which is there but the council.
///
/// # Errors
/// TC0109 where it is no such name; TC0102 where there is no such council; TC0139 where the feed is there.
pub fn feed_name(partnership: &Partnership, text: &str) -> Answer<(Identifier, Identifier)> {
    let split = text.split_once('/').and_then(|(council, feed)| Some((Identifier::new(council).ok()?, Identifier::new(feed).ok()?)));
    let Some((council, feed)) = split else {
        return Err(Diagnostic::new(codes::command::USAGE, format!("`{}` is no name of a feed", text.escape_debug()))
            .expected("a council and a name in small letters: ashvale/supplier_spend")
            .outcome("nothing was written")
            .hint("truecost add feed ashvale/supplier_spend --from FILE")
            .into());
    };
    if !partnership.councils.iter().any(|known| known.id == council) {
        let known: Vec<&str> = partnership.councils.iter().map(|known| &*known.id).collect();
        return Err(Diagnostic::new(codes::command::NOTHING_SELECTED, format!("there is no council `{council}`"))
            .expected(if known.is_empty() {
                "a council of pipelines/partnership.yaml".to_owned()
            } else {
                format!("one of {}", known.join(", "))
            })
            .outcome("nothing was written")
            .hint(match nearest(&council, known.iter().copied()) {
                Some(near) => format!("{} truecost add council {council} adds another", did_you_mean(Some(near))),
                None => format!("truecost add council {council}"),
            })
            .into());
    }
    for path in [
        format!("pipelines/{council}/{feed}.yaml"),
        format!("pipelines/{council}/{feed}.sql"),
        format!("schemas/sources/{council}/{feed}.odcs.yaml"),
    ] {
        Change::new_file(&partnership.root, &path, String::new())?;
    }
    Ok((council, feed))
}

/// Looks at every sample.
///
/// # Errors
/// TC013… of the profile where a sample cannot be read; TC0139 where two have one name.
pub fn look(samples: &[PathBuf], answers: &Answers) -> Answer<Vec<Sample>> {
    // Which file of an archive it is has to be known before anything can be seen; what else answers say is looked at again.
    let options = Options { member: answers.get("member").map(str::to_owned), ..Options::default() };
    let mut seen: Vec<Sample> = Vec::new();
    for path in samples {
        let profile = profile(path, &options).map_err(which_member)?;
        if let Some(twin) = seen.iter().find(|other| other.profile.file == profile.file) {
            return Err(Diagnostic::new(codes::command::ADD_THERE, format!("two samples are called `{}`", profile.file))
                .place(Place::file(twin.path.display().to_string()))
                .expected("a name of its own for each")
                .outcome("nothing was written")
                .hint("give each file once, under the name by which it is sent")
                .into());
        }
        seen.push(Sample { path: path.clone(), profile });
    }
    seen.sort_by(|a, b| a.profile.file.cmp(&b.profile.file));
    Ok(seen)
}

/// Where an archive holds several files, how to say which one.
fn which_member(mut refusal: Refusal) -> Refusal {
    for fault in refusal.0.iter_mut().filter(|fault| fault.code == codes::packed::MEMBER) {
        "say which one it is, `*` for any text: --answer \"member=*.csv\"".clone_into(&mut fault.hint);
    }
    refusal
}

/// A feed about to be added: what was seen of it.
pub struct Adding<'p> {
    pub around: Around<'p>,
    samples: Vec<Sample>,
    /// The samples again, by what the answers say of how to look at them.
    looked: RefCell<Vec<(Options, Sample)>>,
    /// Their layouts, one after the other.
    eras: Vec<Era>,
}

/// How answers say that samples are to be looked at, and the layout that they name.
fn options(answers: &Answers) -> Answer<(Options, Option<Given>)> {
    let given = answers.get("layout").filter(|layout| !layout.is_empty()).map(places::given).transpose()?;
    let names = answers.get("names").unwrap_or_default();
    let columns = answers.get("table").and_then(|table| {
        let (first, last) = table.split_once(':')?;
        Some((column_number(first.trim())?, column_number(last.trim())?))
    });
    let options = Options {
        sheet: answers.get("sheet").map(str::to_owned),
        columns,
        names: names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        places: given.as_ref().map(|given| given.places.clone()),
        member: answers.get("member").map(str::to_owned),
    };
    Ok((options, given))
}

impl<'p> Adding<'p> {
    /// The feed, and what its samples show.
    #[must_use]
    pub fn new(around: Around<'p>, samples: Vec<Sample>) -> Self {
        let eras = by_date::eras(&samples, around.calendar());
        Self { around, samples, looked: RefCell::new(Vec::new()), eras }
    }

    /// Every question, by what has been answered so far.
    ///
    /// # Errors
    /// TC0142 where `layout` names none; TC013… where the samples cannot be looked at as the answers say; TC0138 where nothing that could
    /// be answered would help.
    pub fn questions(&self, answers: &Answers) -> Answer<Vec<Question>> {
        Ok(by_date::together(&self.eras, self.asked(answers)?))
    }

    /// What is asked of each layout, and how it is answered.
    fn asked(&self, answers: &Answers) -> Answer<Vec<Asked>> {
        let one = [Era { samples: self.samples.clone(), from: None }];
        let eras = if by_date::is_one(answers) { one.as_slice() } else { &self.eras };
        let evidence = |(number, era): (usize, &Era)| self.evidence(&era.samples, &by_date::answers_of(answers, number));
        let evidence = eras.iter().enumerate().map(evidence).collect::<Answer<Vec<Evidence>>>()?;
        by_date::asked(&self.around, eras, evidence, answers)
    }

    fn evidence(&self, samples: &[Sample], answers: &Answers) -> Answer<Evidence> {
        let mut answers = answers.clone();
        if let Some(known) = samples.first().filter(|_| answers.defaults && answers.get("layout").is_none()).and_then(layout::only_known) {
            answers.set("layout", known);
        }
        let answers = &answers;
        let (options, given) = options(answers)?;
        let samples = self.look_again(samples, &options)?;
        Ok(Evidence { given, ..Evidence::of(samples, answers) })
    }

    /// The samples, looked at so.
    fn look_again(&self, samples: &[Sample], options: &Options) -> Answer<Vec<Sample>> {
        if *options == Options::default() {
            return Ok(samples.to_vec());
        }
        let again = |sample: &Sample| {
            let is_known = |(known, seen): &&(Options, Sample)| known == options && seen.path == sample.path;
            let known = self.looked.borrow().iter().find(is_known).map(|(_, seen)| seen.clone());
            if let Some(known) = known {
                return Ok(known);
            }
            let seen = Sample { path: sample.path.clone(), profile: profile(&sample.path, options)? };
            self.looked.borrow_mut().push((options.clone(), seen.clone()));
            Ok(seen)
        };
        samples.iter().map(again).collect()
    }

    /// The files that the answers make.
    ///
    /// # Errors
    /// TC0137 for an answer that does not fit, TC0138 for what no word of a contract says, TC0139.
    pub fn changes(&self, questions: &[Question], answers: &Answers) -> Answer<Vec<Change>> {
        answers.check(questions)?;
        let asked = self.asked(answers)?;
        let draw = |asked: &Asked| draft(&self.around, &asked.evidence, &asked.questions, &asked.answers);
        let mut drafts = asked.iter().map(draw).collect::<Answer<Vec<Draft>>>()?;
        by_date::agree(&mut drafts, &asked)?;
        if let Some((first, answer)) = drafts.first_mut().zip(answers.get(beside::KEY)) {
            beside::settle(&self.around, first, answer)?;
        }
        let Some((first, later)) = drafts.split_first() else { return Ok(Vec::new()) };
        let changes = text::files(self.root(), (first, later), questions, answers)?;
        // What is proposed is a contract by the same reader that reads it from then on.
        for change in &changes {
            let name = change.path.strip_prefix("schemas/sources/").and_then(|path| path.strip_suffix(".odcs.yaml"));
            if let Some(name) = name {
                read_contract(&SourceText::new(&change.path, &change.text), Kind::Source, name)?;
            }
        }
        Ok(changes)
    }

    /// Runs the feed over its samples in a copy.
    ///
    /// # Errors
    /// As [`trial::trial`].
    pub fn trial(&self, changes: &[Change], clock: &dyn Clock) -> Answer<Trial> {
        let paths: Vec<PathBuf> = self.samples.iter().map(|sample| sample.path.clone()).collect();
        trial::trial(self.root(), changes, (self.around.council, self.around.feed), &paths, clock)
    }

    /// The drop folder of the feed, where it is not there yet.
    #[must_use]
    pub fn folder(&self) -> Option<PathBuf> {
        let Location::Folder(drop) = &self.around.partnership.drop else { return None };
        let folder = drop.join(self.around.council).join(self.around.feed);
        std::fs::symlink_metadata(&folder).is_err().then_some(folder)
    }

    fn root(&self) -> &Path {
        &self.around.partnership.root
    }
}

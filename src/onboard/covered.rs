//! How files are named, and which months each of them covers.

use super::{
    agrees::Agrees,
    alike::is_of_wildcards,
    answers::Question,
    ask::Around,
    evidence::{Evidence, Sample, Seen},
    growing,
    guess::words,
    inside, looks,
    names::{Named, Naming, any_name, naming, naming_to_date},
    own_period,
    tokens::has_month,
    unit,
    versions::{naming_of_versions, of_one_period},
};
use crate::domain::{Calendar, Day};

/// What a file may be that holds rows of the year's months before the one in its name.
const LATE: &str = "most rows are of the month in the name, and a fair part is of months before: `{calendar: month, extent: one}` where \
                    these were paid late and no other file has them, `extent: to_date` where each file brings the year so far again";

/// How files are named, and what each covers.
pub fn coverage(around: &Around<'_>, evidence: &Evidence, date: Option<&Seen>, amount: &str) -> Vec<Question> {
    let calendar = around.calendar();
    let samples = evidence.named_files(date, calendar);
    let of_months = by_months(evidence, &samples, calendar).filter(|_| amount == looks::MONTHS);
    match of_months.and_then(|found| {
        Some((naming_to_date(&found, calendar).or_else(|| naming(&found, calendar).filter(|naming| naming.rows == Agrees::Fully))?, found))
    }) {
        Some((naming, found)) => questions(&found, Some(naming), Some((evidence, date, amount)), calendar),
        None => coverage_of(&samples, Some((evidence, date, amount)), calendar),
    }
}

/// The same files with the months whose columns hold pounds, from the first column on: those to come are empty yet.
fn by_months(evidence: &Evidence, samples: &[Named], calendar: Calendar) -> Option<Vec<Named>> {
    let months = looks::month_columns(evidence);
    let one = |(number, sample): (usize, &Named)| {
        let holds = |seen: &Seen| {
            let column = evidence.column(seen, number);
            column.and_then(|column| column.money.as_ref()).is_some_and(|money| money.positive + money.negative > 0)
        };
        let last = months.iter().rposition(|(seen, ..)| holds(seen))?;
        let so_far = months.get(..=last)?;
        let periods = so_far.iter().map(|(_, year, month)| calendar.period_of_month(*year, *month)).collect();
        Some(Named { periods, ..sample.clone() })
    };
    samples.iter().enumerate().map(one).collect()
}

/// The same of files of which each is named and covers periods; `of` is what they hold, where all of them are of one layout, its
/// date and its amount.
#[must_use]
pub fn coverage_of(samples: &[Named], of: Of<'_>, calendar: Calendar) -> Vec<Question> {
    let found = naming_of_versions(samples, calendar).or_else(|| naming(samples, calendar));
    questions(samples, found, of, calendar)
}

/// What the files hold, their date and their amount.
type Of<'e> = Option<(&'e Evidence, Option<&'e Seen>, &'e str)>;

fn questions(samples: &[Named], found: Option<Naming>, of: Of<'_>, calendar: Calendar) -> Vec<Question> {
    let shown: Vec<String> = samples
        .iter()
        .map(|sample| format!("{} holds {}", sample.name, sample.periods.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")))
        .collect();
    let files = Question::new("files", "How are its files named? `truecost explain files` lists the words.");
    // Neither would stand by itself.
    let twice = found.as_ref().and_then(|naming| of_one_period(samples, naming));
    let covers = Question::new("covers", "What does one file cover? As in `{calendar: month, extent: one}`; `truecost explain covers`.");
    if let Some(naming) = found {
        let (naming, open) = match of {
            Some(of) => open(naming, of, calendar),
            None => (naming, Vec::new()),
        };
        let late = (open.is_empty() && naming.rows == Agrees::Earlier).then(|| LATE.to_owned());
        let open: Vec<String> = open.into_iter().chain(late).collect();
        let seen = open.iter().fold(shown.join("; "), |seen, why| format!("{seen}; {why}"));
        let covers = covers.seen(seen).stands_if(samples.len() > 1 && naming.rows == Agrees::Fully && open.is_empty());
        let covers = if open.is_empty() { covers.default(naming.covers) } else { covers };
        if let Some(twice) = twice {
            return vec![files.seen(format!("{}; {twice}", shown.join("; "))), covers];
        }
        let is_told = !is_of_wildcards(&naming.pattern);
        return vec![files.seen(shown.join("; ")).default(naming.pattern).stands_if(is_told), covers];
    }
    let names: Vec<&str> = samples.iter().map(|sample| sample.name.as_str()).collect();
    if let Some((inside, pattern)) = of.and_then(|(evidence, ..)| inside::inside(evidence, samples, calendar)).zip(any_name(&names)) {
        let covers = covers.seen(format!("{}; the file says so itself", shown.join("; "))).default(inside.covers);
        return vec![files.seen(shown.join("; ")).default(pattern), covers];
    }
    let nameless = names.iter().find(|name| !name.bytes().any(|byte| byte.is_ascii_digit()));
    let seen: Vec<String> = shown.iter().cloned().chain(nameless.map(|name| say_the_month(name))).collect();
    vec![files.seen(seen.join("; ")), covers.seen(shown.join("; "))]
}

/// What a person has to say of files that are named so, whatever is likely; where the rows' own periods settle what a number in the name is,
/// the naming by them.
fn open(naming: Naming, (evidence, date, amount): (&Evidence, Option<&Seen>, &str), calendar: Calendar) -> (Naming, Vec<String>) {
    let unknown = month_or_period(evidence, date, &naming.pattern);
    let settled = unknown.is_some().then(|| own_period::settles(evidence, &naming.pattern, calendar)).flatten();
    let (naming, unknown) = match settled {
        Some((pattern, covers)) => (Naming { pattern, covers, ..naming }, None),
        None => (naming, unknown),
    };
    let to_date = naming.covers.contains("to_date");
    let growing = || growing::is_growing(evidence, amount, date, calendar).or_else(|| titled_to_date(evidence, date));
    let go_back = own_period::goes_back(evidence, date, &own_period::Covered { files: &naming.pattern, covers: &naming.covers, calendar });
    let part = part_of_a_month(evidence, date).filter(|_| naming.pattern.contains("{date}"));
    let one = year_to_date(amount).filter(|_| !to_date).or(part).or(unknown).or_else(|| growing().filter(|_| !to_date));
    (naming, go_back.into_iter().chain(one).collect())
}

/// What to do with a sample whose name is that of every month's file.
fn say_the_month(name: &str) -> String {
    let (stem, end) = name.rsplit_once('.').map_or((name, String::new()), |(stem, end)| (stem, format!(".{end}")));
    let lacks = if has_month(name) { "year" } else { "month" };
    format!(
        "`{name}` does not say its {lacks}: give the sample the name by which its file will come, as {stem}_2025_04{end}, and type this again"
    )
}

/// That a number in the name may be a month or a period of the year, and no column of dates tells.
fn month_or_period(evidence: &Evidence, date: Option<&Seen>, pattern: &str) -> Option<String> {
    let by_months = looks::months_as_columns(evidence).is_some();
    let spelt = evidence.samples.iter().all(|sample| has_month(&sample.profile.file));
    (date.is_none() && !by_months && !spelt && pattern.contains("{month}")).then(|| {
        let unread: String = looks::unread_days(evidence).iter().map(|column| format!("{column}; ")).collect();
        format!(
            "{unread}no column holds days that can be read, so rows count in the one period that the name says: is its number a month \
             (`calendar: month`), or a period of the financial year, of which 1 is April (`calendar: fiscal`)"
        )
    })
}

/// That the amount is of the year so far by its heading, so that months of it add up to more than was spent.
fn year_to_date(amount: &str) -> Option<String> {
    unit::is_to_date(amount).then(|| {
        format!(
            "`{amount}` is the year to date by its heading: with `extent: one` each month would count again what the months before it counted, \
             with `extent: to_date` each file takes the place of those before it, and its rows need a day"
        )
    })
}

/// That a line above the headings, the sheet or the file is called a balance, or the year so far, and no row bears a day: one file alone
/// cannot show that its amounts grow.
fn titled_to_date(evidence: &Evidence, date: Option<&Seen>) -> Option<String> {
    const SAYS: [&str; 8] =
        ["year to date", "ytd", "cumulative", "trial balance", "balances as at", "balance as at", "balances at", "balance at"];
    let says = |text: &str| {
        let said = format!(" {} ", words(text));
        SAYS.iter().find(|word| said.contains(&format!(" {word} "))).copied()
    };
    let title = |sample: &Sample| {
        let profile = &sample.profile;
        let above = profile.above.iter().map(String::as_str);
        above.chain(profile.sheet.as_deref()).chain([profile.file.as_str()]).find_map(says)
    };
    let title = evidence.samples.iter().filter(|_| date.is_none()).find_map(title)?;
    Some(format!(
        "the file calls itself `{title}`, and no row bears a day: are its amounts the year to date? With `extent: one` each month would count \
         again what the months before it counted, with `extent: to_date` each file takes the place of those before it, and its rows need a day"
    ))
}

/// That the rows of every sample lie within some ten days: files of weeks or days, of which each would take the place of the one before.
fn part_of_a_month(evidence: &Evidence, date: Option<&Seen>) -> Option<String> {
    const DAYS: i32 = 10;
    let spans = evidence.facts(date?).filter_map(|column| column.dates.as_ref());
    let days = spans.map(|dates| Some((Day::parse_iso(dates.first.as_ref()?)?, Day::parse_iso(dates.last.as_ref()?)?)));
    let days: Vec<(Day, Day)> = days.collect::<Option<_>>()?;
    let several = evidence.samples.iter().all(|sample| sample.profile.rows.data > 4);
    let (first, last) = days.first().filter(|_| several && days.iter().all(|(first, last)| last.0 - first.0 < DAYS))?;
    Some(format!(
        "its name has a day and its rows are of {first} to {last} alone: where several such files make a month, each would take the place \
         of the one before (one period in several files is not read yet: ask for a file of the month)"
    ))
}

//! `truecost add accounts | cost-centres | departments`: rows for codes that no reference table knows yet, asked once a block of codes.
//!
//! A block is what begins alike: of `41100 … 41990` and `42000 …` the blocks `41` and `42`. Texts (an account that is printed in words, a
//! department) are put together by the words in them. Of a code inside a block something else may be answered: the longest answer holds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{
    answers::{Answers, Question, YES},
    chart::{CodeKind, CodeSeen, CodesSeen},
    files::Change,
    rows::{NewRow, columns, difference, with_rows},
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::command},
    domain::{Day, Pence, counted, decimal, grouped, pounds},
    pipeline::{Partnership, rules::Cell},
    report::{Align, Page, Table},
    schema::batch,
};

/// Blocks that are asked about, at most, where codes allow it.
const MOST_BLOCKS: usize = 12;
/// The block of texts in which no word speaks for anything.
const OTHER: &str = "other texts";

/// What an account group is reported as: statement, is it cost, does it move a reserve.
const GROUPS: [(&str, &str, bool, bool); 13] = [
    ("employees", "expenditure", true, false),
    ("premises", "expenditure", true, false),
    ("transport", "expenditure", true, false),
    ("supplies_and_services", "expenditure", true, false),
    ("third_party_payments", "expenditure", true, false),
    ("transfer_payments", "expenditure", true, false),
    ("support_services", "expenditure", true, false),
    ("depreciation_and_impairment", "expenditure", true, false),
    ("income", "income", true, false),
    ("capital_financing", "expenditure", false, false),
    ("capital", "capital", false, false),
    ("reserves", "reserve", false, true),
    ("balance_sheet", "balance_sheet", false, false),
];

/// Words that speak for a group, the strongest first.
const WORDS: [(&str, &[&str]); 9] = [
    ("income", &["income", "fees and charges", "sales", "rent received", "grant income", "receipts"]),
    (
        "employees",
        &[
            "salar",
            "wages",
            "employee",
            "agency staff",
            "national insurance",
            "superannuation",
            "pension",
            "overtime",
            "training",
            "recruitment",
        ],
    ),
    (
        "premises",
        &[
            "premises",
            "rent",
            "rates",
            "electric",
            "gas",
            "water",
            "cleaning",
            "building",
            "repairs",
            "maintenance",
            "energy",
            "accommodation",
        ],
    ),
    ("transport", &["transport", "vehicle", "fuel", "travel", "car ", "mileage", "fleet", "taxi"]),
    ("transfer_payments", &["benefit", "allowances to", "direct payment", "transfer payment"]),
    (
        "third_party_payments",
        &["third party", "contract", "private", "voluntary", "other local authorit", "fostering", "nursing", "residential", "grant"],
    ),
    ("depreciation_and_impairment", &["depreciation", "impairment", "amortisation"]),
    ("support_services", &["recharge", "support service", "internal charge"]),
    (
        "supplies_and_services",
        &[
            "equipment",
            "furniture",
            "stationery",
            "printing",
            "services",
            "supplies",
            "telephone",
            "computer",
            "ict",
            "postage",
            "fees",
            "insurance",
            "materials",
            "books",
            "catering",
            "advert",
        ],
    ),
];

/// Codes that are asked about together.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Block {
    /// By which it is answered: a prefix, or a word for texts.
    key: String,
    /// Whether the key is what its codes begin with.
    prefix: bool,
    /// Places in the codes.
    of: Vec<usize>,
}

/// What is asked of each block.
fn asks(kind: CodeKind) -> &'static str {
    if kind == CodeKind::Accounts { "group" } else { "fund" }
}

/// Codes as blocks: as many characters of them as make few blocks, two beyond what all have in common at most.
fn blocks(kind: CodeKind, codes: &[CodeSeen]) -> Vec<Block> {
    let open: Vec<usize> = codes.iter().enumerate().filter(|(_, seen)| !seen.known && !seen.code.is_empty()).map(|(at, _)| at).collect();
    let text = |at: &usize| codes.get(*at).map_or("", |seen| seen.code.as_str());
    let is_code = |at: &usize| !text(at).contains(' ') && text(at).chars().any(|c| c.is_ascii_digit());
    let (coded, texts): (Vec<usize>, Vec<usize>) = open.into_iter().partition(is_code);
    let all: Vec<&str> = coded.iter().map(text).collect();
    let head = |code: &str, length: usize| code.chars().take(length).collect::<String>();
    let distinct = |length: usize| all.iter().map(|code| head(code, length)).collect::<BTreeSet<_>>().len();
    let common = (1..=64)
        .take_while(|length| !all.is_empty() && distinct(*length) == 1 && all.iter().all(|code| code.chars().count() > *length))
        .count();
    let length = if distinct(common + 2) <= MOST_BLOCKS { common + 2 } else { common + 1 };
    let mut found: BTreeMap<(bool, String), Vec<usize>> = BTreeMap::new();
    for at in coded {
        found.entry((true, head(text(&at), length))).or_default().push(at);
    }
    for at in texts {
        let key = if kind == CodeKind::Accounts {
            spoken(text(&at)).unwrap_or(OTHER).to_owned()
        } else {
            fund(text(&at)).unwrap_or(OTHER).to_owned()
        };
        found.entry((false, key)).or_default().push(at);
    }
    found.into_iter().map(|((prefix, key), of)| Block { key, prefix, of }).collect()
}

/// The group for which words of a text speak.
fn spoken(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    WORDS.iter().find(|(_, words)| words.iter().any(|word| text.contains(word))).map(|(group, _)| *group)
}

/// The fund for which words of a text speak.
fn fund(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let speaks = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if speaks(&["housing revenue", "hra"]) {
        Some("HRA")
    } else if speaks(&["dedicated schools", "dsg", "schools block"]) {
        Some("DSG")
    } else {
        None
    }
}

/// What is to be asked, by what has been answered.
///
/// # Errors
/// Where a reference table cannot be read.
pub fn code_questions(partnership: &Partnership, seen: &CodesSeen) -> Answer<Vec<Question>> {
    let what = asks(seen.kind);
    let mut all = Vec::new();
    for block in blocks(seen.kind, &seen.codes) {
        let sum: Pence = block.of.iter().filter_map(|at| seen.codes.get(*at)).map(|code| code.absolute).sum();
        let examples: Vec<&str> = block.of.iter().filter_map(|at| seen.codes.get(*at)).take(3).map(|code| code.code.as_str()).collect();
        let count = counted(block.of.len() as u64, "code");
        let told = format!("{count}, {} without regard to sign: {}", pounds(sum), examples.join(", "));
        let named = if block.prefix { format!("codes that begin with `{}`", block.key) } else { format!("texts: {}", block.key) };
        let question = match seen.kind {
            CodeKind::Accounts => Question::new(&format!("{what}.{}", block.key), format!("Of which group are {named}?"))
                .choices(GROUPS.map(|(group, ..)| group)),
            _ => Question::new(&format!("{what}.{}", block.key), format!("Which fund bears {named}? GF, HRA, DSG, or a name of your own.")),
        };
        let question = question.seen(told);
        all.push(match proposed(partnership, seen, &block)? {
            Some(default) => question.default(default),
            None => question,
        });
    }
    if all.is_empty() {
        return Ok(all);
    }
    let from =
        partnership.councils.iter().find(|council| *council.id == *seen.council).and_then(|council| council.cost_basis.first()?.0.from);
    let question = Question::new("from", "From which day on do the rows hold?");
    all.push(match from {
        Some(from) => question.default(from.to_string()).stands_if(true),
        None => question,
    });
    all.push(
        Question::new("reason", "Why are the rows as they are?").default(format!("codes of {}", seen.files.join(", "))).stands_if(true),
    );
    // Below it a code or a part of a block may be answered otherwise.
    all.push(Question::new(what, "Is each block one?").default(YES).stands_if(true));
    if seen.kind != CodeKind::Accounts {
        all.push(Question::new("capital", "Which of them hold capital expenditure?").default("none").stands_if(true));
    }
    Ok(all)
}

/// What the partnership itself, or words, speak for.
fn proposed(partnership: &Partnership, seen: &CodesSeen, block: &Block) -> Answer<Option<String>> {
    if !block.prefix {
        let fund = if block.key == OTHER { "GF" } else { block.key.as_str() };
        let group = (block.key != OTHER).then(|| block.key.clone());
        return Ok(if seen.kind == CodeKind::Accounts { group } else { Some(fund.to_owned()) });
    }
    let Some(reference) = partnership.references.get(seen.kind.table()) else { return Ok(None) };
    let (councils, codes) = (batch::text(&reference.rows, "council")?, batch::text(&reference.rows, seen.kind.table())?);
    let groups = batch::text(&reference.rows, if seen.kind == CodeKind::Accounts { "account_group" } else { "fund" })?;
    let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
    for ((council, code), group) in councils.iter().zip(codes.iter()).zip(groups.iter()) {
        if council == Some(seen.council.as_str()) && code.is_some_and(|code| code.starts_with(&block.key)) {
            *votes.entry(group.unwrap_or_default()).or_default() += 1;
        }
    }
    let known = |group: &&str| seen.kind != CodeKind::Accounts || GROUPS.iter().any(|(known, ..)| known == group);
    let most = votes.iter().filter(|(group, _)| known(group)).max_by_key(|(_, votes)| **votes).map(|(group, _)| (*group).to_owned());
    Ok(most.or_else(|| (seen.kind != CodeKind::Accounts).then(|| "GF".to_owned())))
}

/// The rows that the answers make, the changes of the reference table, and the page that shows both with the coverage in pounds.
///
/// # Errors
/// TC0137 for an answer that does not fit; TC0112; what the reference tables refuse.
pub fn code_changes(
    partnership: &Partnership,
    seen: &CodesSeen,
    answers: &Answers,
    (by, approver): (&str, &str),
) -> Answer<(Vec<Change>, Page)> {
    let questions = code_questions(partnership, seen)?;
    let given = Given { seen, answers, questions: &questions };
    let blocks = blocks(seen.kind, &seen.codes);
    let mut rows: BTreeMap<String, String> = BTreeMap::new();
    for block in &blocks {
        rows.extend(given.rows(block)?);
    }
    let from = given.said("from");
    if !rows.is_empty() && Day::parse_iso(from).is_none() {
        return Err(given.wrong("from", from, "a day written YYYY-MM-DD"));
    }
    let header = columns(partnership, seen.kind.table());
    let new = |(code, answer): (&String, &String)| NewRow {
        table: seen.kind.table().to_owned(),
        fields: header.iter().map(|column| given.field(column, (code, answer), (by, approver))).collect(),
        place: Place::file(format!("--answer {}.{code}={answer}", asks(seen.kind))),
    };
    let new: Vec<NewRow> = rows.iter().map(new).collect();
    let changes = with_rows(partnership, &new)?;
    let page = coverage(seen, &blocks, &given, &changes);
    Ok((changes, page))
}

/// The answers, by block and code.
struct Given<'a> {
    seen: &'a CodesSeen,
    answers: &'a Answers,
    questions: &'a [Question],
}

impl Given<'_> {
    fn said(&self, key: &str) -> &str {
        self.questions.iter().find(|question| question.key == key).and_then(|question| self.answers.of(question)).unwrap_or_default()
    }

    fn wrong(&self, key: &str, text: &str, expected: &str) -> crate::diagnostic::Refusal {
        Diagnostic::new(command::ANSWER, format!("`{}` cannot be the answer to `{key}`", text.escape_debug()))
            .expected(expected)
            .outcome("nothing was written")
            .hint(format!(
                "truecost add {} --from FILE without answers prints every question, and what may be answered",
                self.seen.kind.word()
            ))
            .into()
    }

    /// The answer to a code: that of the longest key that it begins with, or its block's.
    fn of<'s>(&'s self, block: &'s Block, code: &str) -> (&'s str, &'s str) {
        let what = asks(self.seen.kind);
        let own = self.answers.below(what).filter(|(key, _)| code.starts_with(key) && (block.prefix || *key == code));
        let own = own.max_by_key(|(key, _)| key.len());
        let of_block = (block.key.as_str(), self.said(&format!("{what}.{}", block.key)));
        own.filter(|(key, _)| !block.prefix || key.len() >= block.key.len()).unwrap_or(of_block)
    }

    /// Codes, or prefixes of accounts, each with its answer.
    fn rows(&self, block: &Block) -> Answer<Vec<(String, String)>> {
        let mut rows = BTreeMap::new();
        for seen in block.of.iter().filter_map(|at| self.seen.codes.get(*at)) {
            let (key, answer) = self.of(block, &seen.code);
            if self.seen.kind == CodeKind::Accounts && !GROUPS.iter().any(|(group, ..)| *group == answer) {
                return Err(self.wrong(
                    &format!("{}.{key}", asks(self.seen.kind)),
                    answer,
                    &format!("one of {}", GROUPS.map(|(group, ..)| group).join(", ")),
                ));
            }
            // A row for all that begins alike holds for next year's codes too; one code stands by itself.
            let alone = block.of.len() == 1 || *key == *seen.code || !block.prefix || self.seen.kind != CodeKind::Accounts;
            let code = if alone { written(&seen.code, self.seen.kind) } else { format!("{key}*") };
            rows.insert(code, answer.to_owned());
        }
        Ok(rows.into_iter().collect())
    }

    fn field(&self, column: &str, (code, answer): (&str, &str), (by, approver): (&str, &str)) -> String {
        let group = GROUPS.iter().find(|(group, ..)| *group == answer);
        let accounts = self.seen.kind == CodeKind::Accounts;
        match column {
            "council" => self.seen.council.clone(),
            _ if column == self.seen.kind.table() => code.to_owned(),
            "account_group" | "fund" => answer.to_owned(),
            "name" if !accounts => code.to_owned(),
            "statement" => group.map_or("", |(_, statement, ..)| *statement).to_owned(),
            "is_cost" => group.is_some_and(|(_, _, is_cost, _)| *is_cost).to_string(),
            "reserve_movement" => group.is_some_and(|(.., moves)| *moves).to_string(),
            "on_cost" | "recharge" => "false".to_owned(),
            "capital" => self.is_capital(code).to_string(),
            "valid_from" => self.said("from").to_owned(),
            "reason" => self.said("reason").to_owned(),
            "author" => by.trim().to_owned(),
            "approver" => approver.trim().to_owned(),
            _ => String::new(),
        }
    }

    /// Whether `capital: A9, Capital works` names it, or what it begins with.
    fn is_capital(&self, code: &str) -> bool {
        let said = self.answers.get("capital").unwrap_or_default();
        said.split(',').map(str::trim).any(|named| !named.is_empty() && named != "none" && code.starts_with(named))
    }
}

/// A code that would be read as a pattern stands by the prefix before its mark.
fn written(code: &str, kind: CodeKind) -> String {
    let is_pattern = kind == CodeKind::Accounts && Cell::parse_account(code).is_none_or(Cell::is_pattern);
    if is_pattern { format!("{}*", code.split(['*']).next().unwrap_or_default()) } else { code.to_owned() }
}

/// What each block holds and becomes, and how many pounds have a row, before and after.
fn coverage(seen: &CodesSeen, blocks: &[Block], given: &Given<'_>, changes: &[Change]) -> Page {
    let mut table = Table::new(&[
        ("block", Align::Left),
        ("codes", Align::Right),
        ("lines", Align::Right),
        ("pounds, signs apart", Align::Right),
        ("becomes", Align::Left),
    ]);
    let of = |all: &mut dyn Iterator<Item = &CodeSeen>| {
        all.fold((0_u64, 0_u64, 0), |(n, lines, sum), one| (n + 1, lines + one.lines, sum + one.absolute))
    };
    let mut list = Vec::new();
    for block in blocks {
        let codes: Vec<&CodeSeen> = block.of.iter().filter_map(|at| seen.codes.get(*at)).collect();
        let (n, lines, sum) = of(&mut codes.iter().copied());
        let becomes: BTreeSet<&str> = codes.iter().map(|code| given.of(block, &code.code).1).collect();
        let becomes = becomes.into_iter().collect::<Vec<_>>().join(", ");
        let name = if block.prefix { format!("{}*", block.key) } else { block.key.clone() };
        list.push(json!({"block": name, "codes": n, "lines": lines, "absolute": decimal(sum), "becomes": becomes}));
        table.row([name, grouped(n.into()), grouped(lines.into()), pounds(sum), becomes]);
    }
    let (all, _, whole) = of(&mut seen.codes.iter());
    let (known, _, before) = of(&mut seen.codes.iter().filter(|code| code.known));
    let (_, without, none) = of(&mut seen.codes.iter().filter(|code| code.code.is_empty() && !code.known));
    let after = whole - none;
    let codes = all - u64::from(none != 0 || without != 0);
    let mut text = if table.is_empty() { String::new() } else { format!("{}\n", table.text()) };
    text.push_str(&format!(
        "{} of {}, read by {}; pounds without regard to sign:\n  with a row before: {} of {} ({known} of {})\n  with a row after:  {} of {}\n",
        seen.kind.word(), seen.files.join(", "), seen.feed, pounds(before), pounds(whole), counted(codes, "code"), pounds(after), pounds(whole)
    ));
    if without > 0 {
        text.push_str(&format!("  without any code:  {} ({})\n", pounds(none), counted(without, "line")));
    }
    changes.iter().for_each(|change| text.push_str(&format!("\n{}", difference(change))));
    let written: Vec<_> = changes.iter().map(|change| json!({"path": change.path, "rows": change.added_lines()})).collect();
    let coverage = json!({"before": decimal(before), "after": decimal(after), "of": decimal(whole), "without_code": decimal(none)});
    Page::new("add_codes", text, json!({"feed": seen.feed, "blocks": list, "coverage": coverage, "tables": written}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::reference_words;

    fn seen(codes: &[&str]) -> Vec<CodeSeen> {
        codes.iter().map(|code| CodeSeen { code: (*code).into(), lines: 1, pence: 100, absolute: 100, known: false }).collect()
    }

    fn keys(kind: CodeKind, codes: &[&str]) -> Vec<String> {
        blocks(kind, &seen(codes)).into_iter().map(|block| block.key).collect()
    }

    #[test]
    fn blocks_are_few_and_begin_alike() {
        assert_eq!(keys(CodeKind::Accounts, &["41000", "41001", "42000", "5200"]), ["41", "42", "52"]);
        assert_eq!(keys(CodeKind::CostCentres, &["AB100", "AB101", "AB200"]), ["AB10", "AB20"]);
        let many: Vec<String> = (10..99).map(|n| format!("{n}000")).collect();
        assert_eq!(keys(CodeKind::Accounts, &many.iter().map(String::as_str).collect::<Vec<_>>()).len(), 9);
        assert_eq!(keys(CodeKind::Accounts, &["Agency staff", "Electricity", "Zebra", ""]), ["employees", OTHER, "premises"]);
        assert_eq!(keys(CodeKind::Departments, &["Adult Social Care", "Housing Revenue Account"]), ["HRA", OTHER]);
        assert_eq!(keys(CodeKind::Accounts, &["4100"]), ["4100"]);
        assert!(keys(CodeKind::Accounts, &[]).is_empty());
    }

    #[test]
    fn every_group_is_reported_somewhere() {
        let statements = reference_words("account", "statement").unwrap();
        assert!(GROUPS.iter().all(|(_, statement, ..)| statements.contains(statement)));
        assert!(WORDS.iter().all(|(group, _)| GROUPS.iter().any(|(known, ..)| known == group)));
    }
}

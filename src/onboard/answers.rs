//! What a person answered: a file, words of the command line, or a terminal; and what is still open.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes::command},
    schema::{
        fields::did_you_mean,
        suggest::nearest,
        yaml::{Node, SourceText, Value, parse},
    },
};

/// The proposal is right.
pub const YES: &str = "yes";
/// It is not.
pub const NO: &str = "no";

/// Something that no file can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// By which it is answered: `amount`, `columns.supplier`.
    pub key: String,
    /// In plain English.
    pub ask: String,
    /// What the files show of it.
    pub seen: String,
    /// What may be answered; empty where it is a text.
    pub choices: Vec<String>,
    /// What the evidence speaks for; `None` where nothing does.
    pub default: Option<String>,
    /// The evidence leaves no doubt: it stands unless somebody says otherwise, and is not asked.
    pub stands: bool,
    /// A proposal of several parts: it is right (`yes`), or some parts of it are otherwise, each by its name: `supplier: Vendor, fund: none`.
    pub in_parts: bool,
}

impl Question {
    /// A question with a free answer and no evidence.
    #[must_use]
    pub fn new(key: &str, ask: impl Into<String>) -> Self {
        Self {
            key: key.to_owned(),
            ask: ask.into(),
            seen: String::new(),
            choices: Vec::new(),
            default: None,
            stands: false,
            in_parts: false,
        }
    }

    /// What the files show of it.
    #[must_use]
    pub fn seen(self, seen: impl Into<String>) -> Self {
        Self { seen: seen.into(), ..self }
    }

    /// What may be answered.
    #[must_use]
    pub fn choices<S: Into<String>>(self, choices: impl IntoIterator<Item = S>) -> Self {
        Self { choices: choices.into_iter().map(Into::into).collect(), ..self }
    }

    /// What the evidence speaks for.
    #[must_use]
    pub fn default(self, default: impl Into<String>) -> Self {
        Self { default: Some(default.into()), ..self }
    }

    /// A proposal of several parts.
    #[must_use]
    pub fn in_parts(self) -> Self {
        Self { in_parts: true, ..self }
    }

    /// A text as answers to this question, by their keys; `None` where it is none.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<Vec<(String, String)>> {
        if self.in_parts && text != YES {
            let one = |part: &str| {
                let (name, answer) = part.split_once(':')?;
                let name = name.trim().strip_prefix(&format!("{}.", self.key)).unwrap_or(name.trim());
                let (name, answer) = (name.trim(), answer.trim());
                (!name.is_empty() && !answer.is_empty()).then(|| (format!("{}.{name}", self.key), answer.to_owned()))
            };
            return text.split(',').map(one).collect();
        }
        let known = self.choices.is_empty() || self.choices.iter().any(|choice| choice == text);
        known.then(|| vec![(self.key.clone(), text.to_owned())])
    }

    /// Why a text is no answer to it, for whoever has just typed it.
    #[must_use]
    pub fn not_read(&self, text: &str) -> String {
        let near = did_you_mean(nearest(text, self.choices.iter().map(String::as_str)));
        let expected = match (self.in_parts, self.expected()) {
            (true, _) => format!("`{YES}`, or `NAME: ANSWER`, with commas between several"),
            (false, expected) => expected.unwrap_or_else(|| "any text".to_owned()),
        };
        let said = if text.is_empty() { "nothing in the files speaks for an answer".to_owned() } else { format!("`{text}` is no answer") };
        format!("{said}: {expected}. {near}").trim_end().to_owned()
    }

    /// What may be answered, in words; `None` where any text may.
    fn expected(&self) -> Option<String> {
        match (self.in_parts, self.choices.is_empty()) {
            (true, _) => Some(format!("`{YES}`, or what is otherwise, each by its name: --answer \"{}.NAME=ANSWER\"", self.key)),
            (false, true) => None,
            (false, false) => Some(format!("one of {}", ticked(&self.choices))),
        }
    }

    /// The evidence leaves no doubt, where this holds.
    #[must_use]
    pub fn stands_if(self, stands: bool) -> Self {
        Self { stands, ..self }
    }
}

/// Answers by the keys of their questions; those of a mapping by `columns.supplier`, a list's with commas between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    given: BTreeMap<String, String>,
    /// Where they were written, for messages.
    file: Option<String>,
    /// Whatever is not answered is what the evidence speaks for.
    pub defaults: bool,
}

impl Answers {
    /// Reads a file of answers, `key: value` a line.
    ///
    /// # Errors
    /// TC0137 where it cannot be read, or is no mapping of answers.
    pub fn read(path: &Path) -> Answer<Self> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| no_file(&name, &error.to_string()))?;
        let (root, faults) = parse(&SourceText::new(&name, &text));
        if !faults.is_empty() {
            return Err(Refusal(faults));
        }
        let mut answers = Self { file: Some(name.clone()), ..Self::default() };
        match &root.value {
            Value::Map(_) => answers.take("", &root),
            Value::Scalar { .. } if root.is_null() => {}
            _ => return Err(no_file(&name, "it holds no answers by their keys")),
        }
        Ok(answers)
    }

    fn take(&mut self, key: &str, node: &Node) {
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    let below = if key.is_empty() { entry.key.clone() } else { format!("{key}.{}", entry.key) };
                    self.take(&below, &entry.value);
                }
            }
            Value::List(items) => {
                let texts =
                    items.iter().filter_map(|item| if let Value::Scalar { text, .. } = &item.value { Some(text.as_str()) } else { None });
                self.given.insert(key.to_owned(), texts.collect::<Vec<_>>().join(", "));
            }
            Value::Scalar { text, .. } => {
                self.given.insert(key.to_owned(), text.clone());
            }
            Value::Refused => {}
        }
    }

    /// One of the command line, `key=value`; it goes over the file's.
    ///
    /// # Errors
    /// TC0109 where there is no `=` in it.
    pub fn word(&mut self, word: &str) -> Answer<()> {
        let Some((key, value)) = word.split_once('=') else {
            return Err(Diagnostic::new(command::USAGE, format!("`{}` is no answer", word.escape_debug()))
                .expected("a key and its answer: --answer \"amount=Net Amount\"")
                .outcome("nothing was written")
                .hint("truecost add feed COUNCIL/FEED --from FILE lists the questions with their keys")
                .into());
        };
        self.set(key.trim(), value.trim());
        Ok(())
    }

    /// Answers a question.
    pub fn set(&mut self, key: &str, value: &str) {
        self.given.insert(key.to_owned(), value.to_owned());
    }

    /// The answers as a file holds them.
    #[must_use]
    pub fn text(&self) -> String {
        self.given.iter().map(|(key, value)| format!("{key}: {}\n", quoted(value))).collect()
    }

    /// Takes an answer back.
    pub fn unset(&mut self, key: &str) {
        self.given.remove(key);
    }

    /// What was answered; `None` where nothing was.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.given.get(key).map(String::as_str)
    }

    /// Answers of a mapping, by the rest of their keys.
    pub fn below<'a>(&'a self, key: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.given.iter().filter_map(move |(known, value)| Some((known.strip_prefix(key)?.strip_prefix('.')?, value.as_str())))
    }

    /// The answers below a key as answers of their own.
    #[must_use]
    pub fn inside(&self, key: &str) -> Self {
        let given = self.below(key).map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Self { given, ..self.clone() }
    }

    /// The answer, or what the evidence speaks for where that is asked for; `None` where the question is open.
    #[must_use]
    pub fn of<'a>(&'a self, question: &'a Question) -> Option<&'a str> {
        // `columns.supplier` answers `columns`: the rest is as proposed.
        let in_part = || self.below(&question.key).next().map(|_| YES);
        self.get(&question.key).or_else(in_part).or_else(|| question.default.as_deref().filter(|_| self.defaults || question.stands))
    }

    /// Holds every answer to its question.
    ///
    /// # Errors
    /// TC0137: an answer to no question, or one that its question does not know.
    pub fn check(&self, questions: &[Question]) -> Answer<()> {
        let mut faults = Vec::new();
        for (key, value) in &self.given {
            // `columns.supplier` is part of the answer to `columns`.
            let is_part = |question: &&Question| key.strip_prefix(&question.key).is_some_and(|rest| rest.starts_with('.'));
            let found = questions.iter().find(|question| question.key == *key).or_else(|| questions.iter().find(is_part));
            let Some(question) = found else {
                faults.push(unknown(key, questions));
                continue;
            };
            // Parts have keys of their own.
            let is_part = question.key != *key;
            let fits = is_part || if question.in_parts { value == YES } else { question.read(value).is_some() };
            if let Some(expected) = question.expected().filter(|_| !fits) {
                let near = nearest(value, question.choices.iter().map(String::as_str));
                let seen = format!("`{}` cannot be the answer to `{key}`: {}", value.escape_debug(), question.ask);
                faults.push(Diagnostic::new(command::ANSWER, seen).expected(expected).outcome("nothing was written").hint(meant(near)));
            }
        }
        let placed = |fault: Diagnostic| match &self.file {
            Some(file) => fault.place(Place::file(file.clone())),
            None => fault,
        };
        if faults.is_empty() { Ok(()) } else { Err(Refusal(faults.into_iter().map(placed).collect())) }
    }
}

/// What was probably meant, or where what may be answered is told.
#[must_use]
pub fn meant(near: Option<&str>) -> String {
    let otherwise = || "the same command without answers prints every question, and what may be answered".to_owned();
    near.map_or_else(otherwise, |near| did_you_mean(Some(near)))
}

/// The report on an answer that nothing asked for.
fn unknown(key: &str, questions: &[Question]) -> Diagnostic {
    let near = nearest(key, questions.iter().map(|question| question.key.as_str()));
    let known: Vec<String> = questions.iter().map(|question| question.key.clone()).collect();
    Diagnostic::new(command::ANSWER, format!("nothing asks for `{}`", key.escape_debug()))
        .expected(if known.is_empty() { "no answer: everything is known".to_owned() } else { format!("one of {}", ticked(&known)) })
        .outcome("nothing was written")
        .hint(meant(near))
}

/// Questions without an answer.
#[must_use]
pub fn open<'q>(questions: &'q [Question], answers: &Answers) -> Vec<&'q Question> {
    questions.iter().filter(|question| answers.of(question).is_none()).collect()
}

/// The report where questions are open and nobody is there to ask.
#[must_use]
pub fn still_open(open: &[&Question], command: &str) -> Refusal {
    let keys: Vec<String> = open.iter().map(|question| question.key.clone()).collect();
    let count = crate::domain::counted(open.len() as u64, "question");
    Diagnostic::new(command::OPEN_QUESTIONS, format!("{count} that no file can answer: {}", ticked(&keys)))
        .expected(
            "an answer to each: --answers FILE with `key: answer` lines, --answer KEY=ANSWER, or --defaults for what the files speak for",
        )
        .outcome("nothing was written")
        .hint(command)
        .into()
}

/// The open questions as a file of answers: each with what was seen and what may be answered, as comments.
#[must_use]
pub fn form(open: &[&Question]) -> String {
    let mut text = String::new();
    for question in open {
        text.push_str(&format!("# {}\n", question.ask));
        if !question.seen.is_empty() {
            text.push_str(&format!("#   seen: {}\n", question.seen));
        }
        if !question.choices.is_empty() {
            text.push_str(&format!("#   one of {}\n", ticked(&question.choices)));
        }
        text.push_str(&format!("{}: {}\n", question.key, question.default.as_deref().map_or_else(String::new, quoted)));
    }
    text
}

/// A text as YAML holds it on one line.
#[must_use]
pub fn quoted(text: &str) -> String {
    let plain = !text.is_empty()
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '/' | '.' | '(' | ')' | '£'))
        && text.starts_with(|c: char| c.is_alphabetic())
        && !text.ends_with(' ')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"].contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

fn ticked(words: &[String]) -> String {
    words.iter().map(|word| format!("`{}`", word.escape_debug())).collect::<Vec<_>>().join(", ")
}

fn no_file(name: &str, why: &str) -> Refusal {
    Diagnostic::new(command::ANSWER, format!("the answers cannot be read: {why}"))
        .place(Place::file(name.to_owned()))
        .expected("a file of `key: answer` lines")
        .outcome("nothing was written")
        .hint("truecost add feed COUNCIL/FEED --from FILE prints the questions as such a file")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(key: &str, choices: &[&str], default: Option<&str>) -> Question {
        Question {
            key: key.into(),
            ask: "?".into(),
            seen: String::new(),
            choices: choices.iter().map(|c| (*c).to_owned()).collect(),
            default: default.map(str::to_owned),
            stands: false,
            in_parts: false,
        }
    }

    #[test]
    fn an_answer_is_held_to_its_question() {
        let questions = [question("vat", &["net", "gross"], Some("net")), question("columns", &[], Some("yes"))];
        let mut answers = Answers::default();
        assert_eq!(open(&questions, &answers).len(), 2);
        answers.word("vat=nett").unwrap();
        let wrong = answers.check(&questions).unwrap_err();
        assert!(wrong.0[0].hint.contains("`net`"), "{:?}", wrong.0);
        answers.word("vat=gross").unwrap();
        answers.word("columns.supplier=Vendor").unwrap();
        answers.check(&questions).unwrap();
        assert_eq!(answers.below("columns").collect::<Vec<_>>(), [("supplier", "Vendor")]);
        assert_eq!(open(&questions, &answers).len(), 0, "an answer below a question answers it");
        answers.defaults = true;
        assert_eq!(open(&questions, &answers).len(), 0);
        assert_eq!(answers.text(), "columns.supplier: Vendor\nvat: gross\n");
        answers.word("vatt=net").unwrap();
        assert!(answers.check(&questions).is_err());
        assert!(answers.word("nothing").is_err());
    }

    #[test]
    fn a_wrong_answer_is_told_what_was_expected() {
        let vat = question("vat", &["net", "gross"], None);
        assert_eq!(vat.not_read("nett"), "`nett` is no answer: one of `net`, `gross`. Did you mean `net`?");
        assert_eq!(vat.not_read(""), "nothing in the files speaks for an answer: one of `net`, `gross`.");
        assert_eq!(question("amount", &[], None).not_read(""), "nothing in the files speaks for an answer: any text.");
        let columns = question("columns", &[], Some("yes")).in_parts();
        assert_eq!(columns.not_read("no"), "`no` is no answer: `yes`, or `NAME: ANSWER`, with commas between several.");
    }

    #[test]
    fn texts_are_quoted_where_yaml_would_read_something_else() {
        assert_eq!(quoted("Net Amount"), "Net Amount");
        assert_eq!(quoted("yes"), "\"yes\"");
        assert_eq!(quoted("4. DATE PAID"), "\"4. DATE PAID\"");
        assert_eq!(quoted(" Net Amount "), "\" Net Amount \"");
        assert_eq!(quoted("a: b"), "\"a: b\"");
    }
}

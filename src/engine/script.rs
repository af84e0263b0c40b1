//! One SQL text: read, bounded, and known by file, line and column.

use datafusion::{
    common::Span,
    sql::sqlparser::{
        ast::{Query, Spanned},
        dialect::GenericDialect,
        keywords::Keyword,
        parser::{Parser, ParserError},
        tokenizer::{Location, Span as SqlSpan, Token, TokenWithSpan, Tokenizer},
    },
};

use super::fault::Voice;
use crate::diagnostic::{Answer, Diagnostic, Place};

/// Bytes of SQL that are looked at.
const MOST_BYTES: usize = 256 * 1024;
/// Operators (`+`, `OR`, `UNION` …) of one text. Each may be a level of a tree, which planning walks by recursion, and
/// once for every level: 500 take a third of a second.
const MOST_OPERATORS: usize = 500;
/// Levels of brackets and subqueries.
const MOST_LEVELS: usize = 50;

/// A SQL text and what it is called in messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Script<'a> {
    /// Path relative to the partnership, or `query`.
    pub file: &'a str,
    pub text: &'a str,
    pub voice: &'static Voice,
}

impl<'a> Script<'a> {
    /// The one query of the text.
    pub fn query(&self) -> Answer<Box<Query>> {
        self.query_in(self.tokens()?)
    }

    /// The one query of these tokens of the text.
    pub fn query_in(&self, tokens: Vec<TokenWithSpan>) -> Answer<Box<Query>> {
        let mut parser = Parser::new(&GenericDialect {}).with_recursion_limit(MOST_LEVELS + 14).with_tokens_with_locations(tokens);
        let query = parser.parse_query().map_err(|e| self.unreadable(&e))?;
        let mut ended = false;
        while parser.consume_token(&Token::SemiColon) {
            ended = true;
        }
        let next = parser.peek_token();
        if next.token == Token::EOF {
            return Ok(query);
        }
        let seen = if ended {
            "the text holds more than one statement; none of them was run".to_owned()
        } else {
            format!("the SQL stops making sense at `{}`", next.token)
        };
        let code = if ended { self.voice.several } else { self.voice.syntax };
        Err(self.at(Diagnostic::new(code, seen), next.span).expected("one query and nothing after it").into())
    }

    /// All tokens, once the text is known to be small and shallow enough to be parsed.
    pub fn tokens(&self) -> Answer<Vec<TokenWithSpan>> {
        if self.text.len() > MOST_BYTES {
            let seen = format!("the SQL is {} bytes long; the most that is read is {MOST_BYTES}", self.text.len());
            return Err(self.too_big(seen, None).into());
        }
        let tokens = Tokenizer::new(&GenericDialect {}, self.text).tokenize_with_location().map_err(|e| {
            let span = SqlSpan::new(e.location, e.location);
            self.at(Diagnostic::new(self.voice.syntax, format!("the SQL cannot be read: {}", lower_first(&e.message))), span)
        })?;
        self.bounded(&tokens)?;
        Ok(tokens)
    }

    fn bounded(&self, tokens: &[TokenWithSpan]) -> Answer<()> {
        let (mut operators, mut level) = (0_usize, 0_usize);
        for token in tokens {
            match token.token {
                Token::LParen | Token::LBracket => level += 1,
                Token::RParen | Token::RBracket => level = level.saturating_sub(1),
                _ if is_operator(&token.token) => operators += 1,
                _ => {}
            }
            if level > MOST_LEVELS {
                let seen = format!("the SQL is nested more than {MOST_LEVELS} levels deep");
                return Err(self.too_big(seen, Some(token.span)).into());
            }
            if operators > MOST_OPERATORS {
                let seen = format!("the SQL has more than {MOST_OPERATORS} operators");
                return Err(self.too_big(seen, Some(token.span)).into());
            }
        }
        Ok(())
    }

    fn too_big(&self, seen: String, span: Option<SqlSpan>) -> Diagnostic {
        let report = Diagnostic::new(self.voice.too_big, seen)
            .outcome("Nothing was run.")
            .hint("Split it into several queries, or put a long list of values into a reference table.");
        match span {
            // The line may be as long as the text: only its place is shown.
            Some(span) => report.place(Place::at(self.file, span.start.line, span.start.column)),
            None => report.place(Place::file(self.file)),
        }
    }

    fn unreadable(&self, error: &ParserError) -> Diagnostic {
        let message = match error {
            ParserError::TokenizerError(m) | ParserError::ParserError(m) => m.as_str(),
            ParserError::RecursionLimitExceeded => {
                return self.too_big(format!("the SQL is nested more than {MOST_LEVELS} levels deep"), None);
            }
        };
        let (what, place) = split_place(message);
        let report = Diagnostic::new(self.voice.syntax, format!("the SQL cannot be read: {}", sentence(what)));
        match place {
            Some(start) => self.at(report, SqlSpan::new(start, start)),
            None => report.place(self.end()),
        }
    }

    /// The report with the place and the line of a part of the text.
    pub fn at(&self, report: Diagnostic, span: SqlSpan) -> Diagnostic {
        if span.start.line == 0 {
            return report.place(Place::file(self.file));
        }
        let width = if span.end.line == span.start.line { span.end.column.saturating_sub(span.start.column) } else { 1 };
        report.place(self.place(span.start, width as usize))
    }

    /// The report with the place of a span as the planner knows it.
    pub fn at_span(&self, report: Diagnostic, span: Option<Span>) -> Diagnostic {
        let location = |l: datafusion::common::Location| Location::new(l.line, l.column);
        self.at(report, span.map_or(SqlSpan::empty(), |s| SqlSpan::new(location(s.start), location(s.end))))
    }

    /// The report with the place of a part of the parsed query.
    pub fn at_node(&self, report: Diagnostic, node: &impl Spanned) -> Diagnostic {
        self.at(report, node.span())
    }

    fn place(&self, start: Location, width: usize) -> Place {
        let excerpt = self.line(start.line).filter(|line| line.chars().count() <= 160).map(str::to_owned);
        Place { excerpt, width, ..Place::at(self.file, start.line, start.column) }
    }

    fn line(&self, number: u64) -> Option<&'a str> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.text.lines().nth(index)
    }

    /// Where a text in single quotes stands: the parser forgets it when the text stands for a table.
    pub fn quoted(&self, text: &str) -> SqlSpan {
        let tokens = self.tokens().unwrap_or_default();
        let found = tokens.iter().find(|t| matches!(&t.token, Token::SingleQuotedString(s) if s == text));
        found.map_or(SqlSpan::empty(), |t| t.span)
    }

    /// A name that stands bare behind a comparison, as it is written: most likely a text without its quotes.
    pub fn compared(&self, name: &str) -> Option<String> {
        let mut tokens = self.tokens().ok()?;
        tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
        let is =
            |token: &TokenWithSpan, keywords: &[Keyword]| matches!(&token.token, Token::Word(word) if keywords.contains(&word.keyword));
        let compares = |token: &TokenWithSpan| {
            matches!(token.token, Token::Eq | Token::Neq | Token::Lt | Token::Gt | Token::LtEq | Token::GtEq)
                || is(token, &[Keyword::LIKE, Keyword::ILIKE])
        };
        tokens.windows(3).find_map(|three| match three {
            [before, open, TokenWithSpan { token: Token::Word(word), .. }]
                if word.quote_style.is_none()
                    && word.value.eq_ignore_ascii_case(name)
                    && (compares(open) || (open.token == Token::LParen && is(before, &[Keyword::IN]))) =>
            {
                Some(word.value.clone())
            }
            _ => None,
        })
    }

    /// The end of the text: where something is missing.
    fn end(&self) -> Place {
        let line = self.text.trim_end().lines().count().max(1) as u64;
        let column = self.line(line).map_or(0, |l| l.trim_end().chars().count()) as u64 + 1;
        self.place(Location::new(line, column), 1)
    }
}

/// Words that join two operands, as symbols do.
const JOINING_WORDS: &[Keyword] = &[
    Keyword::AND,
    Keyword::AT,
    Keyword::BETWEEN,
    Keyword::CASE,
    Keyword::COLLATE,
    Keyword::EXCEPT,
    Keyword::ILIKE,
    Keyword::IN,
    Keyword::INTERSECT,
    Keyword::IS,
    Keyword::JOIN,
    Keyword::LIKE,
    Keyword::MINUS,
    Keyword::NOT,
    Keyword::OR,
    Keyword::REGEXP,
    Keyword::RLIKE,
    Keyword::SELECT,
    Keyword::SIMILAR,
    Keyword::UNION,
    Keyword::XOR,
];

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => JOINING_WORDS.contains(&word.keyword),
        Token::Whitespace(_)
        | Token::EOF
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::Placeholder(_)
        | Token::Comma
        | Token::Period
        | Token::SemiColon
        | Token::LParen
        | Token::RParen => false,
        _ => true,
    }
}

/// The parser's sentence without its place, and the place.
fn split_place(message: &str) -> (&str, Option<Location>) {
    let Some((what, place)) = message.rsplit_once(" at Line: ") else { return (message, None) };
    let location = place
        .split_once(", Column: ")
        .and_then(|(line, column)| Some(Location::new(line.trim().parse().ok()?, column.trim().parse().ok()?)));
    (what, location.filter(|l| l.line > 0))
}

/// `Expected: X, found: Y` as a person would say it.
fn sentence(message: &str) -> String {
    let plain = message.replace("Expected: ", "expected ").replace("found: EOF", "found the end of the text").replace("found: ", "found ");
    lower_first(plain.lines().next().unwrap_or_default())
}

pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

//! How cells are shown: a number format may show pounds as euros, or what is above nought as if it were below, and the sender believes
//! what is seen. The number in the cell is what is read; whether it is what is meant only a person can know.

use super::tag::{attribute, local_name, tags, unescaped};

/// A style of cells whose format shows a number as something else than it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Watched {
    /// Its place in the list of styles, by which cells name it.
    pub(super) style: u32,
    /// The format, as `[$€-2] #,##0.00`.
    pub(super) code: String,
    /// What it shows of a number above nought; `None`: the number.
    pub(super) above: Option<Otherwise>,
    /// The same of a number below nought.
    pub(super) below: Option<Otherwise>,
}

/// What is shown in place of a number of pounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// An amount of another currency.
    Currency(String),
    /// An amount on the other side of nought.
    OtherSign,
}

/// Formats up to here are shown as the machine of whoever opens the file has them: their currency is theirs.
const BUILT_IN: u32 = 163;
/// Currencies as formats write them, but for what stands in `[$…]`.
const SYMBOLS: [char; 13] = ['€', '$', '¥', '₹', '₽', '₩', '₺', '₪', '฿', '₫', '₴', '₦', '₱'];
const CURRENCIES: [&str; 16] =
    ["EUR", "USD", "JPY", "CHF", "AUD", "CAD", "NZD", "INR", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "ZAR", "CNY"];

/// The styles of a list of styles that show a number as something else than it is.
pub(super) fn watched(styles: &[u8]) -> Vec<Watched> {
    let mut codes: Vec<(u32, String)> = Vec::new();
    let (mut inside, mut style, mut all) = (false, 0, Vec::new());
    for tag in tags(styles) {
        match local_name(tag) {
            b"numFmt" => {
                let id = attribute(tag, b"numFmtId").and_then(number);
                codes.extend(id.zip(attribute(tag, b"formatCode").map(|code| characters(&unescaped(code)))));
            }
            b"cellXfs" => inside = true,
            b"" if tag.ends_with(b"cellXfs") => inside = false,
            b"xf" if inside => {
                let id = attribute(tag, b"numFmtId").and_then(number);
                let code = id.and_then(|id| codes.iter().find(|(known, _)| *known == id));
                if let Some((id, code)) = code {
                    let (above, below) = shown(code, *id > BUILT_IN);
                    if above.is_some() || below.is_some() {
                        all.push(Watched { style, code: code.clone(), above, below });
                    }
                }
                style += 1;
            }
            _ => {}
        }
    }
    all
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// `&#8364;` and `&#x20AC;` as the characters that they are.
fn characters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("&#") {
        out.push_str(before);
        let found = after.split_once(';').and_then(|(digits, behind)| {
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => digits.parse().ok(),
            };
            Some((char::from_u32(code?)?, behind))
        });
        let Some((character, behind)) = found else {
            out.push_str("&#");
            rest = after;
            continue;
        };
        out.push(character);
        rest = behind;
    }
    out + rest
}

/// What a format shows of numbers above and below nought. `custom`: it is the file's own, so that its currency is too.
fn shown(code: &str, custom: bool) -> (Option<Otherwise>, Option<Otherwise>) {
    let sections = sections(code);
    let Some(above) = sections.first().filter(|section| section.digits) else { return (None, None) };
    let below = sections.get(1).filter(|section| section.digits);
    let currency = |section: &Section| custom.then(|| section.currency()).flatten().map(Otherwise::Currency);
    // Where sections have conditions of their own, which of them shows what is not looked at.
    let conditions = sections.iter().any(|section| section.condition);
    let turned = (!conditions && above.is_marked()).then_some(Otherwise::OtherSign);
    let unsigned = below.filter(|below| !conditions && !below.is_marked() && !below.colour).map(|_| Otherwise::OtherSign);
    (currency(above).or(turned), below.map_or_else(|| currency(above), currency).or(unsigned))
}

/// What stands between two semicolons of a format.
#[allow(clippy::struct_excessive_bools)] // each is seen, or not, by itself
#[derive(Default)]
struct Section {
    /// Texts that are shown, those in quotes too.
    text: String,
    /// `€` of `[$€-2]`.
    currency: Option<String>,
    digits: bool,
    /// A minus, or a bracket, that is shown.
    mark: bool,
    colour: bool,
    condition: bool,
}

impl Section {
    /// The currency other than pounds that it shows.
    fn currency(&self) -> Option<String> {
        let symbol = || self.text.chars().find(|c| SYMBOLS.contains(c)).map(String::from);
        let mut words = self.text.split(|c: char| !c.is_alphabetic());
        self.currency.clone().or_else(symbol).or_else(|| words.find(|word| CURRENCIES.contains(word)).map(str::to_owned))
    }

    /// Whether what it shows looks as if it took off.
    fn is_marked(&self) -> bool {
        let says = |word: &str| self.text.split(|c: char| !c.is_alphabetic()).any(|other| other.eq_ignore_ascii_case(word));
        self.mark || says("CR")
    }
}

fn sections(code: &str) -> Vec<Section> {
    let mut all = Vec::new();
    let mut section = Section::default();
    let mut chars = code.chars();
    while let Some(c) = chars.next() {
        match c {
            ';' => all.push(std::mem::take(&mut section)),
            '"' => {
                let quoted: String = chars.by_ref().take_while(|c| *c != '"').collect();
                section.mark |= matches!(quoted.trim(), "-" | "(" | "\u{2212}");
                section.text.push_str(&quoted);
            }
            // What follows is as wide as a blank, or fills the cell.
            '_' | '*' => {
                let _ = chars.next();
            }
            '[' => section.bracket(&chars.by_ref().take_while(|c| *c != ']').collect::<String>()),
            '0' | '#' | '?' => section.digits = true,
            '\\' => section.literal(chars.next().unwrap_or(' ')),
            other => section.literal(other),
        }
    }
    all.push(section);
    for section in &mut all {
        section.digits |= section.text.to_lowercase().contains("general");
    }
    all
}

impl Section {
    fn literal(&mut self, c: char) {
        self.mark |= matches!(c, '-' | '(' | '\u{2212}');
        self.text.push(c);
    }

    /// `[$€-2]`, `[Red]`, `[<0]`.
    fn bracket(&mut self, inside: &str) {
        if let Some(currency) = inside.strip_prefix('$') {
            let symbol = currency.split('-').next().unwrap_or_default().trim();
            if !symbol.is_empty() && !matches!(symbol, "£" | "GBP" | "UK£") {
                self.currency = Some(symbol.to_owned());
            }
        } else if inside.starts_with(['<', '>', '=']) {
            self.condition = true;
        } else {
            self.colour = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(code: &str) -> (String, String) {
        let word = |shown: Option<Otherwise>| match shown {
            None => String::new(),
            Some(Otherwise::Currency(symbol)) => symbol,
            Some(Otherwise::OtherSign) => "sign".to_owned(),
        };
        let (above, below) = shown(code, true);
        (word(above), word(below))
    }

    #[test]
    fn formats_of_pounds_show_what_is_there() {
        for code in [
            "General",
            "0.00",
            "#,##0.00;-#,##0.00",
            "#,##0.00;[Red]#,##0.00",
            "#,##0.00_);(#,##0.00)",
            "#,##0.00;[Red](#,##0.00)",
            "\"£\"#,##0.00;[Red]\\-\"£\"#,##0.00",
            "[$£-809]#,##0.00;[Red]-[$£-809]#,##0.00",
            "_-* #,##0.00_-;\\-* #,##0.00_-;_-* \"-\"??_-;_-@_-",
            "_(* #,##0.00_);_(* \\(#,##0.00\\);_(* \"-\"??_);_(@_)",
            "[$-809]dd mmmm yyyy",
            "dd/mm/yyyy",
            "@",
            "#,##0.00 \"(net)\"",
            "#,##0.00;#,##0.00\"CR\"",
        ] {
            assert_eq!(words(code), (String::new(), String::new()), "{code}");
        }
    }

    #[test]
    fn formats_that_show_another_currency_or_sign_are_told() {
        for (code, above, below) in [
            ("[$€-2] #,##0.00", "€", "€"),
            ("#,##0.00\\ \"€\"", "€", "€"),
            ("[$USD] #,##0.00;[Red]-[$USD] #,##0.00", "USD", "USD"),
            ("[$$-409]#,##0.00", "$", "$"),
            ("\"EUR \"#,##0.00", "EUR", "EUR"),
            ("#,##0.00;#,##0.00", "", "sign"),
            ("0;0", "", "sign"),
            ("(#,##0.00);#,##0.00", "sign", "sign"),
            ("\\-#,##0.00;#,##0.00", "sign", "sign"),
            ("(#,##0.00)", "sign", ""),
            ("#,##0.00\"CR\"", "sign", ""),
        ] {
            assert_eq!(words(code), (above.to_owned(), below.to_owned()), "{code}");
        }
        assert_eq!(shown("\"$\"#,##0.00", false), (None, None));
    }

    #[test]
    fn styles_name_their_formats() {
        let text = "<styleSheet><numFmts count=\"2\"><numFmt numFmtId=\"164\" formatCode=\"[$&#8364;-2]&quot; &quot;0.00\"/><numFmt numFmtId=\"44\" formatCode=\"&quot;$&quot;0.00\"/></numFmts><cellStyleXfs><xf numFmtId=\"164\"/></cellStyleXfs><cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"44\"/><xf numFmtId=\"164\" applyNumberFormat=\"1\"><alignment/></xf></cellXfs></styleSheet>";
        let found = watched(text.as_bytes());
        let euros = Otherwise::Currency("€".to_owned());
        let code = "[$€-2]\" \"0.00".to_owned();
        assert_eq!(found, [Watched { style: 2, code, above: Some(euros.clone()), below: Some(euros) }]);
    }
}

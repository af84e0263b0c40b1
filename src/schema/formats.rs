//! The small languages of a contract: money styles, date formats, period formats, windows.

use super::{DateFormat, DatePart, DayNumbers, MoneyStyle, Noise, PeriodFormat, Rounding, Window, Zone};
use crate::domain::parse_decimal;

/// `plain`, `commas`, … `implied(2)`.
#[must_use]
pub fn money_style(text: &str) -> Option<MoneyStyle> {
    Some(match text {
        "plain" => MoneyStyle::Plain,
        "commas" => MoneyStyle::Commas,
        "spaces" => MoneyStyle::Spaces,
        "pound" => MoneyStyle::Pound,
        "minus_after" => MoneyStyle::MinusAfter,
        "gbp" => MoneyStyle::Gbp,
        "apostrophe" => MoneyStyle::Apostrophe,
        "brackets" => MoneyStyle::Brackets,
        "minus_in_brackets" => MoneyStyle::MinusInBrackets,
        "angle_brackets" => MoneyStyle::AngleBrackets,
        "crdr" => MoneyStyle::CrDr,
        "unicode_minus" => MoneyStyle::UnicodeMinus,
        "scientific" => MoneyStyle::Scientific,
        "overpunch" => MoneyStyle::Overpunch,
        "overpunch(p-y)" => MoneyStyle::OverpunchDigits,
        "apart" => MoneyStyle::Apart,
        "accounting" => MoneyStyle::Accounting,
        _ => {
            let digits = text.strip_prefix("implied(")?.strip_suffix(')')?;
            MoneyStyle::Implied(digits.parse().ok().filter(|n| (1..=6).contains(n))?)
        }
    })
}

/// The word that `money_style` reads.
#[must_use]
pub fn style_word(style: MoneyStyle) -> String {
    let word = match style {
        MoneyStyle::Plain => "plain",
        MoneyStyle::Commas => "commas",
        MoneyStyle::Spaces => "spaces",
        MoneyStyle::Pound => "pound",
        MoneyStyle::MinusAfter => "minus_after",
        MoneyStyle::Gbp => "gbp",
        MoneyStyle::Apostrophe => "apostrophe",
        MoneyStyle::Brackets => "brackets",
        MoneyStyle::MinusInBrackets => "minus_in_brackets",
        MoneyStyle::AngleBrackets => "angle_brackets",
        MoneyStyle::CrDr => "crdr",
        MoneyStyle::UnicodeMinus => "unicode_minus",
        MoneyStyle::Scientific => "scientific",
        MoneyStyle::Implied(decimals) => return format!("implied({decimals})"),
        MoneyStyle::Overpunch => "overpunch",
        MoneyStyle::OverpunchDigits => "overpunch(p-y)",
        MoneyStyle::Apart => "apart",
        MoneyStyle::Accounting => "accounting",
    };
    word.to_owned()
}

/// `0.000001`: pounds, exactly; above nought and below half of the last of so many decimals, for at half-way nobody knows which one is meant.
#[must_use]
pub fn noise(text: &str, decimals: u8) -> Option<Noise> {
    let units = u64::try_from(parse_decimal(text, Noise::DECIMALS.into())?).ok()?;
    let last = 10u64.checked_pow(u32::from(Noise::DECIMALS).checked_sub(u32::from(decimals))?)?;
    (units > 0 && units < last / 2).then_some(Noise(units))
}

/// Decimals to which amounts are read: those that are declared, else pence.
#[must_use]
pub fn decimals(rounding: Option<Rounding>) -> u8 {
    rounding.map_or(2, |rounding| rounding.decimals)
}

/// The styles of amounts in which a number without a unit may be printed too.
#[must_use]
pub fn number_style(text: &str) -> Option<MoneyStyle> {
    money_style(text).filter(|style| {
        use MoneyStyle::{Accounting, CrDr, Gbp, Overpunch, OverpunchDigits, Pound};
        !matches!(style, Pound | Gbp | Accounting | CrDr | Overpunch | OverpunchDigits)
    })
}

/// Whether a contract may write a date format so.
#[must_use]
pub fn is_date_format(text: &str) -> bool {
    date_format(text).is_ok()
}

/// What `date_format` reads, for messages.
pub const DATE_WORDS: &str = "words `dd mm mmm mmmm yyyy yy(pivot=NN) hh mi ss 000 ampm zzz` and what stands between them, as in `dd/mm/yyyy`; or `excel`, `excel_1904` alone";

/// `dd/mm/yyyy`, `dd-mmm-yy(pivot=50)`, `yyyy-mm-ddThh:mi:ss`, `excel`.
///
/// # Errors
/// Why it is no date format, as the end of a sentence.
pub fn date_format(text: &str) -> Result<DateFormat, String> {
    if let Some(numbers) = day_numbers(text) {
        return Ok(DateFormat { text: text.to_owned(), parts: vec![DatePart::DayNumber(numbers)] });
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (part, length) = zone(&parts, rest)?.map_or_else(|| date_part(rest, first), Ok)?;
        if !matches!(part, DatePart::Literal(_)) && parts.contains(&part) {
            return Err(format!("it names a part twice, at `{rest}`"));
        }
        parts.push(part);
        rest = rest.get(length..).unwrap_or("");
    }
    complete(&parts)?;
    Ok(DateFormat { text: text.to_owned(), parts })
}

/// A format of days in numbers with other separators between them: `dd-mm-yyyy` and `dd.mm.yyyy` of `dd/mm/yyyy`. None of any other.
#[must_use]
pub fn otherwise_parted(text: &str) -> Vec<String> {
    const SEPARATORS: [char; 3] = ['/', '-', '.'];
    let Ok(format) = date_format(text) else { return Vec::new() };
    let is_part = |part: &DatePart| {
        matches!(part, DatePart::Day | DatePart::Month | DatePart::Year | DatePart::ShortYear { .. } | DatePart::Literal(_))
    };
    let between: Vec<char> =
        format.parts.iter().filter_map(|part| if let DatePart::Literal(c) = part { Some(char::from(*c)) } else { None }).collect();
    match between.as_slice() {
        [one, other] if one == other && SEPARATORS.contains(one) && format.parts.len() == 5 && format.parts.iter().all(is_part) => {
            SEPARATORS.iter().filter(|c| *c != one).map(|c| text.replace(*one, &c.to_string())).collect()
        }
        _ => Vec::new(),
    }
}

/// Other ways in which whoever writes days so writes them another month, without this one: other separators, a year of two digits or of
/// four, the month by its name, the year first. Nothing where the year stands first already but for its separators, nothing for days with
/// a time; whether days stand before months, and what else the column reads, is the caller's to know.
#[must_use]
pub fn written_otherwise(text: &str) -> Vec<String> {
    const DAY_FIRST: [&str; 10] = [
        "dd/mm/yyyy",
        "dd-mm-yyyy",
        "dd.mm.yyyy",
        "dd/mm/yy(pivot=70)",
        "dd-mm-yy(pivot=70)",
        "dd.mm.yy(pivot=70)",
        "dd-mmm-yy(pivot=70)",
        "dd-mmm-yyyy",
        "dd mmm yyyy",
        "yyyy-mm-dd",
    ];
    let Ok(format) = date_format(text) else { return Vec::new() };
    let parts: Vec<&DatePart> = format.parts.iter().filter(|part| !matches!(part, DatePart::Literal(_))).collect();
    let is_year = |part: &DatePart| matches!(part, DatePart::Year | DatePart::ShortYear { .. });
    let ways: Vec<String> = match parts.as_slice() {
        [DatePart::Day, DatePart::Month, year] if is_year(year) => DAY_FIRST.map(str::to_owned).to_vec(),
        [DatePart::Day, DatePart::MonthName | DatePart::MonthFull, year] if is_year(year) => {
            DAY_FIRST.iter().filter(|way| way.contains("mmm") || way.starts_with("yyyy")).map(|way| (*way).to_owned()).collect()
        }
        _ => otherwise_parted(text),
    };
    ways.into_iter().filter(|way| date_format(way).is_ok_and(|way| way.parts != format.parts)).collect()
}

fn day_numbers(text: &str) -> Option<DayNumbers> {
    match text {
        "excel" => Some(DayNumbers::From1900),
        "excel_1904" => Some(DayNumbers::From1904),
        _ => None,
    }
}

/// The zone that stands at the beginning of `rest`, and its length. After a time of day every word of capitals is taken for one.
fn zone(before: &[DatePart], rest: &str) -> Result<Option<(DatePart, usize)>, String> {
    const WORDS: [(&str, i16); 4] = [("UTC", 0), ("GMT", 0), ("BST", 60), ("Z", 0)];
    let has_time = before.contains(&DatePart::Hour);
    let word = WORDS.into_iter().find(|(text, _)| rest.starts_with(text));
    let any = rest.starts_with("zzz").then_some((Zone::Any, "zzz".len()));
    let word = word.map(|(text, minutes)| (Zone::Word { text, minutes }, text.len())).or(any);
    let offset = |text: &str, colon| rest.starts_with(text).then_some((Zone::Offset { colon }, text.len()));
    match word.or_else(|| offset("+hh:mm", true)).or_else(|| offset("+hhmm", false)) {
        Some((_, length)) if !has_time => {
            let zone = rest.get(..length).unwrap_or(rest);
            Err(format!("the zone `{zone}` has no time of day before it (`hh:mi`): a day alone is no instant, and belongs to no zone"))
        }
        Some((zone, length)) => Ok(Some((DatePart::Zone(zone), length))),
        None if has_time && rest.starts_with(|c: char| c.is_ascii_uppercase()) => Err(format!(
            "`{rest}` looks like a zone, and none is known by that word: `Z`, `UTC`, `GMT`, `BST`, `+hh:mm`, `+hhmm`, or `zzz` for any of them"
        )),
        None => Ok(None),
    }
}

fn date_part(rest: &str, first: char) -> Result<(DatePart, usize), String> {
    const WORDS: [(&str, DatePart); 10] = [
        ("yyyy", DatePart::Year),
        ("mmmm", DatePart::MonthFull),
        ("ampm", DatePart::Noon),
        ("mmm", DatePart::MonthName),
        ("mm", DatePart::Month),
        ("mi", DatePart::Minute),
        ("dd", DatePart::Day),
        ("hh", DatePart::Hour),
        ("ss", DatePart::Second),
        ("yy", DatePart::ShortYear { pivot: 0 }),
    ];
    let noughts = rest.len() - rest.trim_start_matches('0').len();
    if noughts > 0 {
        return Ok((DatePart::Fraction, noughts));
    }
    let Some((word, part)) = WORDS.into_iter().find(|(word, _)| rest.starts_with(word)) else {
        let literal = first.is_ascii() && !first.is_ascii_lowercase() && !first.is_ascii_digit();
        return if literal { Ok((DatePart::Literal(first as u8), 1)) } else { Err(format!("`{rest}` starts with no word of a date")) };
    };
    if !matches!(part, DatePart::ShortYear { .. }) {
        return Ok((part, word.len()));
    }
    let pivot = rest.strip_prefix("yy(pivot=").and_then(|after| after.split_once(')'));
    let pivot = pivot.and_then(|(digits, _)| (digits.len() == 2).then(|| digits.parse().ok()).flatten());
    let pivot: u8 = pivot.ok_or("a year of two digits needs its century: `yy(pivot=50)` reads 00–49 as 20xx and 50–99 as 19xx")?;
    Ok((DatePart::ShortYear { pivot }, "yy(pivot=00)".len()))
}

fn complete(parts: &[DatePart]) -> Result<(), String> {
    let one = |wanted: fn(&DatePart) -> bool, name: &str| match parts.iter().filter(|part| wanted(part)).count() {
        1 => Ok(()),
        0 => Err(format!("it lacks the {name}")),
        _ => Err(format!("it names the {name} twice")),
    };
    if parts.iter().filter(|part| matches!(part, DatePart::Zone(_))).count() > 1 {
        return Err("it names the zone twice".to_owned());
    }
    for (part, needs, why) in [
        (DatePart::Fraction, DatePart::Second, "the fraction of a second (`000`) has no seconds (`ss`)"),
        (DatePart::Noon, DatePart::Hour, "`ampm` has no hour (`hh`)"),
    ] {
        if parts.contains(&part) && !parts.contains(&needs) {
            return Err(why.to_owned());
        }
    }
    one(|p| matches!(p, DatePart::Day), "day (`dd`)")?;
    one(|p| matches!(p, DatePart::Month | DatePart::MonthName | DatePart::MonthFull), "month (`mm`, `mmm` or `mmmm`)")?;
    one(|p| matches!(p, DatePart::Year | DatePart::ShortYear { .. }), "year (`yyyy` or `yy(pivot=NN)`)")
}

/// `yyyy-pp`, `mmm-yy`, `q yyyy/yy` …
#[must_use]
pub fn period_format(text: &str) -> Option<PeriodFormat> {
    PeriodFormat::WORDS.iter().find(|(word, _)| *word == text).map(|(_, format)| *format)
}

/// What `period_format` reads, for messages.
pub const PERIOD_WORDS: &str = "one of `yyyy-pp`, `mmm-yy`, `mmm yyyy`, `yyyy/yy`, `pp`, `q yyyy/yy`, `yyyy/yy q`";

/// One side of a window, `-1y` or `+3m`, as months of either sign.
#[must_use]
pub fn window_side(text: &str) -> Option<i32> {
    if text == "0" {
        return Some(0);
    }
    let (digits, months) = text.strip_suffix('y').map(|d| (d, 12)).or_else(|| text.strip_suffix('m').map(|d| (d, 1)))?;
    let signed = digits.strip_prefix('+').unwrap_or(digits);
    let plain = !signed.starts_with('+') && digits.len() <= 4;
    plain.then(|| signed.parse::<i32>().ok())?.map(|n| n * months)
}

/// `{from: -1y, to: +1m}`; `None` where the window would not hold what the delivery covers.
#[must_use]
pub fn window(from: i32, to: i32) -> Option<Window> {
    Some(Window { months_before: u32::try_from(-from).ok()?, months_after: u32::try_from(to).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_every_council_can_be_said() {
        for text in ["dd/mm/yyyy", "dd-mmm-yyyy", "yyyy-mm-dd", "dd mmm yy(pivot=50)", "yyyy-mm-ddThh:mi:ss", "dd.mm.yyyy"] {
            assert!(date_format(text).is_ok(), "{text}: {:?}", date_format(text));
        }
        assert_eq!(date_format("dd/mm/yyyy").unwrap().parts[1], DatePart::Literal(b'/'));
    }

    #[test]
    fn c36_two_digit_years_need_a_pivot() {
        assert!(date_format("dd/mm/yy").unwrap_err().contains("pivot"));
        assert_eq!(date_format("ddmmyy(pivot=70)").unwrap().parts[2], DatePart::ShortYear { pivot: 70 });
    }

    #[test]
    fn l3_a_zone_belongs_to_a_time_of_day() {
        for text in ["yyyy-mm-ddThh:mi:ssZ", "yyyy-mm-ddThh:mi:ss+hh:mm", "dd/mm/yyyy hh:mi UTC", "yyyymmddThhmiss+hhmm"] {
            assert!(matches!(date_format(text).unwrap().parts.last(), Some(DatePart::Zone(_))), "{text}");
        }
        for text in ["yyyy-mm-ddZ", "Zyyyy-mm-dd", "yyyy-mm-dd+hh:mm", "yyyy-mm-ddThh:miCEST", "yyyy-mm-ddThh:miZ+hh:mm"] {
            assert!(date_format(text).is_err(), "{text}");
        }
    }

    #[test]
    fn formats_that_are_no_dates() {
        for text in ["", "mm/yyyy", "dd/dd/mm/yyyy", "dd/mm/mmm/yyyy", "day/mm/yyyy", "dd/mm/yyyy é", "yy(pivot=5)mmdd"] {
            assert!(date_format(text).is_err(), "{text}");
        }
    }

    #[test]
    fn money_styles_and_windows() {
        assert_eq!(money_style("implied(2)"), Some(MoneyStyle::Implied(2)));
        assert_eq!(money_style("implied(9)"), None);
        assert_eq!(money_style("Plain"), None);
        assert_eq!((window_side("-1y"), window_side("+1m"), window_side("0")), (Some(-12), Some(1), Some(0)));
        assert_eq!((window_side("1d"), window_side("++1m"), window_side("m")), (None, None, None));
        assert_eq!(window(-12, 1), Some(Window { months_before: 12, months_after: 1 }));
        assert_eq!(window(1, 2), None);
    }
}

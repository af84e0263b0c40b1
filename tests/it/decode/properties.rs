//! What must hold for any input.

use std::fmt::Write as _;

use proptest::prelude::*;
use truecost::{
    decode::{AmountFault, MoneyRules},
    domain::{Day, Money, decimal, grouped},
    schema::{Encoding, Escape, ExtraColumns, Holds, MoneyStyle, NotData, RecordType, Type},
};

use super::driver::{column, contract, date, delimited, id, judge_in, layout, money, required, told, trimmed};

/// Every way of cutting a file gives the same answer, to the last fact of the tally.
fn same_in_all_cuts(contract: &truecost::schema::Contract, bytes: &[u8], sizes: &[usize]) {
    let all = |size: usize| {
        let judged = judge_in(contract, bytes, size, vec![]);
        let tally = judged.as_ref().ok().map(|judged| judged.tally.clone());
        (told(&judged), tally)
    };
    let whole = all(1 << 20);
    for size in sizes {
        assert_eq!(all(*size), whole, "in chunks of {size}: {:?}", String::from_utf8_lossy(bytes));
    }
}

fn small_contract(quote: bool, escape: Escape) -> truecost::schema::Contract {
    let mut layout = layout();
    delimited(&mut layout).quote = quote.then_some(b'"');
    delimited(&mut layout).escape = escape;
    layout.rows.header_within_rows = 2;
    delimited(&mut layout).text.encodings = vec![Encoding::Utf8, Encoding::Windows1252];
    layout.rows.records = vec![RecordType { tag: "T".into(), ..RecordType::default() }];
    layout.rows.not_data = vec![
        NotData { when: vec![(id("text"), "skip".into())], reason: "declared".into(), holds: None },
        NotData { when: vec![(id("text"), "sum".into())], reason: "printed".into(), holds: Some(Holds::Total) },
    ];
    layout.rows.extra_columns = ExtraColumns::Note;
    contract(layout, vec![column("text", "a", Type::Text), required(trimmed(money("amount", "b", &[])))])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_answer_does_not_depend_on_the_chunks(
        pieces in prop::collection::vec(prop::sample::select(&["x,1\n", "\"q\",2\r\n", "\"l\nm\",3\n", "\"l\r\nm\"\"n\",4\r", "y,5\r\r\n", ",\n", "\n", "skip,\n", "T\n", "z,bad\n", "v, 6 \n", "\"\\\"\",7\n", "s\n", "\"open,8\n", "a,b\n", "w\"q,9\n", "\u{e9},1\n"][..]), 0..12),
        quote: bool,
        backslash: bool,
        sizes in prop::collection::vec(1usize..40, 3),
    ) {
        let escape = if backslash { Escape::Backslash } else { Escape::Doubled };
        let text = format!("a,b\n{}", pieces.concat());
        same_in_all_cuts(&small_contract(quote, escape), text.as_bytes(), &sizes);
        let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        same_in_all_cuts(&small_contract(quote, escape), &bytes, &sizes);
    }

    /// What is left out, its pounds, a last row that is a sum, marks, columns that nobody knows, and how the file ends.
    #[test]
    fn what_is_left_out_does_not_depend_on_the_chunks(
        before in prop::sample::select(&["", "sum,5,\n", "T,7,\n", "\u{feff}"][..]),
        pieces in prop::collection::vec(prop::sample::select(&["x,1,\n", "x,2,e\n", "\"y\",3,\"\"\r\n", "skip,4,\n", "skip,,\n", "skip,£1,\n", "sum,6,\n", "sum,1.005,\n", "T,5,\n", "z,bad,\n", "\u{feff}x,1,\n", "\u{feff}\"q\",2,e\n", "\"\",\"\",\"\"\n", "\u{feff}\n"][..]), 0..12),
        cut in 0usize..4,
        backslash: bool,
        sizes in prop::collection::vec(1usize..40, 3),
    ) {
        let text = format!("{before}a,b,more\n{}", pieces.concat());
        let contract = small_contract(true, if backslash { Escape::Backslash } else { Escape::Doubled });
        same_in_all_cuts(&contract, text.as_bytes(), &sizes);
        let cut = text.floor_char_boundary(text.len().saturating_sub(cut));
        same_in_all_cuts(&contract, &text.as_bytes()[..cut], &sizes);
    }

    #[test]
    fn every_record_left_out_is_counted_and_priced(pieces in prop::collection::vec(prop::sample::select(&[("x,1\n", 0, 0), ("skip,400\n", 1, 40_000), ("skip,(4.01)\n", 1, -401), ("skip,\n", 1, 0), ("sum,6\n", 1, 600), ("T\n", 1, 0), ("T,5\n", 1, 500), (",\n", 1, 0)][..]), 0..20)) {
        let mut contract = small_contract(true, Escape::Doubled);
        contract.layout.as_mut().unwrap().rows.allow_empty = true;
        let text: String = pieces.iter().map(|(text, ..)| *text).collect();
        let tally = judge_in(&contract, format!("a,b\n{text}").as_bytes(), 7, vec![]).unwrap().tally;
        let sum = |of: &dyn Fn(&truecost::decode::LeftOut) -> i128| tally.left_out.values().map(of).sum::<i128>();
        prop_assert_eq!(sum(&|out| out.rows.into()), pieces.iter().map(|(_, rows, _)| *rows).sum::<i128>());
        prop_assert_eq!(sum(&|out| out.pence), pieces.iter().map(|(.., pence)| *pence).sum::<i128>());
    }

    /// Outermost rows that are each the sum of two or more others are found, and nothing else; rows of nought are as if they were not there.
    #[test]
    fn outermost_rows_that_are_sums_are_found(amounts in prop::collection::vec(-3i128..4, 2..7), size in 1usize..30) {
        let rows: String = amounts.iter().map(|amount| format!("x,{amount}\n")).collect();
        let judged = judge_in(&small_contract(true, Escape::Doubled), format!("a,b\n{rows}").as_bytes(), size, vec![]).unwrap();
        let lines: Vec<(u64, i128)> = (2..).zip(amounts.iter().copied()).filter(|(_, amount)| *amount != 0).collect();
        let sum: i128 = amounts.iter().sum();
        match judged.tally.looks_total {
            Some(found) => {
                let (times, total) = (found.lines.len(), found.pence / 100);
                prop_assert!(lines.len() >= times + 2 && total != 0 && sum - times as i128 * total == total);
                let (first, last) = (&lines[..found.first], &lines[lines.len() - (times - found.first)..]);
                let edges: Vec<_> = first.iter().chain(last).collect();
                prop_assert_eq!(edges.iter().map(|(line, _)| *line).collect::<Vec<_>>(), found.lines);
                prop_assert!(edges.iter().all(|(_, amount)| *amount == total));
            }
            None => for (_, amount) in lines.first().into_iter().chain(lines.last()) {
                prop_assert!(lines.len() < 3 || sum - amount != *amount);
            }
        }
    }

    #[test]
    fn any_bytes_are_accepted_or_refused_but_never_panic(bytes in prop::collection::vec(prop::sample::select(&b"a,b\"\n\r\\1. \xC3\xA9\xFF\0\x1AT"[..]), 0..80), size in 1usize..30) {
        let contract = small_contract(true, Escape::Doubled);
        let with_header = [b"a,b\n", bytes.as_slice()].concat();
        same_in_all_cuts(&contract, &with_header, &[size]);
        let _ = judge_in(&contract, &bytes, size, vec![]);
    }

    #[test]
    fn rows_in_are_rows_out(pieces in prop::collection::vec(prop::sample::select(&["x,1\n", "\"l\nm\",3\n", ",\n", "skip,\n", "T\n", "z,bad\n", "T,2\n"][..]), 0..30)) {
        let mut contract = small_contract(true, Escape::Doubled);
        contract.layout.as_mut().unwrap().rows.allow_empty = true;
        let judged = judge_in(&contract, format!("a,b\n{}", pieces.concat()).as_bytes(), 16, vec![]).unwrap();
        prop_assert_eq!(judged.tally.records(), pieces.len() as u64);
        prop_assert_eq!(judged.tally.accepted, judged.rows.num_rows() as u64);
        prop_assert_eq!(judged.tally.rejected, judged.rejected.len() as u64);
    }
}

/// The amount as the style prints it; `None` where it cannot.
fn printed(pence: i64, style: MoneyStyle) -> Option<String> {
    let size = i128::from(pence).abs();
    let (plain, negative) = (decimal(size), pence < 0);
    let around = |before: &str, after: &str| Some(if negative { format!("{before}{plain}{after}") } else { plain.clone() });
    let separated = |by: &str| {
        let sign = if negative { "-" } else { "" };
        format!("{sign}{}.{:02}", grouped(size.unsigned_abs() / 100).replace(',', by), size % 100)
    };
    match style {
        MoneyStyle::Plain => around("-", ""),
        MoneyStyle::Commas => Some(separated(",")),
        MoneyStyle::Spaces => Some(separated("\u{a0}")),
        MoneyStyle::Pound => Some(if negative { format!("-£{plain}") } else { format!("£{plain}") }),
        MoneyStyle::MinusAfter => around("", "-"),
        MoneyStyle::Brackets => around("(", ")"),
        MoneyStyle::CrDr => Some(format!("{plain}{}", if negative { "CR" } else { "DR" })),
        MoneyStyle::UnicodeMinus => around("\u{2212}", ""),
        MoneyStyle::Scientific => Some(format!("{}{size}E-2", if negative { "-" } else { "" })),
        MoneyStyle::Implied(2) => (!negative).then(|| format!("{size:06}")),
        _ => None,
    }
}

/// `-?digits.digits` read by hand, without any cleverness.
fn slowly(text: &str) -> Result<i64, AmountFault> {
    let (negative, rest) = text.strip_prefix('-').map_or((false, text.strip_prefix('+').unwrap_or(text)), |rest| (true, rest));
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if !digits(whole) || !digits(fraction.unwrap_or("0")) || fraction == Some("") || (whole.is_empty() && fraction.is_none()) {
        return Err(AmountFault::Style);
    }
    let fraction = fraction.unwrap_or("");
    let whole = whole.trim_start_matches('0');
    if fraction.len() > 2 && fraction[2..].chars().any(|c| c != '0') {
        return Err(AmountFault::Precision);
    }
    if whole.len() > 16 {
        return Err(AmountFault::TooLarge);
    }
    let pence: i64 = format!("0{whole}{:0<2}", &fraction[..fraction.len().min(2)]).parse().unwrap();
    Ok(if negative { -pence } else { pence })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn amounts_come_back_in_every_style(pence in prop_oneof![-Money::MAX_PENCE..=Money::MAX_PENCE, -100_000i64..100_000]) {
        use MoneyStyle::{Brackets, Commas, CrDr, Implied, MinusAfter, Plain, Pound, Scientific, Spaces, UnicodeMinus};
        for style in [Plain, Commas, Spaces, Pound, MinusAfter, Brackets, CrDr, UnicodeMinus, Scientific, Implied(2)] {
            if let Some(text) = printed(pence, style) {
                let rules = if matches!(style, Implied(_)) { MoneyRules::new(&[style]) } else { MoneyRules::new(&[Plain, style]) };
                prop_assert_eq!(rules.read(text.as_bytes()), Ok(pence), "{:?} {}", style, text);
            }
        }
    }

    #[test]
    fn plain_amounts_agree_with_the_slow_reading(text in "[-+]?[0-9]{0,20}(\\.[0-9]{0,5})?|[-+.0-9x,E ]{0,12}") {
        let rules = MoneyRules::new(&[MoneyStyle::Plain]);
        prop_assert_eq!(rules.read(text.as_bytes()), slowly(&text), "{}", text);
    }

    /// Through a whole file, which takes the quick path where there is one.
    #[test]
    fn amounts_in_a_file_agree_with_the_slow_reading(texts in prop::collection::vec("-?[0-9]{1,10}(\\.[0-9]{2})?|-?[0-9]{1,3}[.x][0-9]{2}|[-+.0-9x/:]{1,9}", 1..20)) {
        let file: String = texts.iter().fold("amount,text\n".to_owned(), |mut file, text| { let _ = writeln!(file, "{text},{text}"); file });
        let contract = contract(layout(), vec![column("text", "text", Type::Text), money("amount", "amount", &[MoneyStyle::Plain])]);
        let judged = judge_in(&contract, file.as_bytes(), 1 << 20, vec![]).unwrap();
        let good: i64 = texts.iter().filter_map(|text| slowly(text).ok()).sum();
        let bad = texts.iter().filter(|text| slowly(text).is_err()).count();
        prop_assert_eq!(judged.tally.sums[0].accepted.net(), i128::from(good));
        prop_assert_eq!(judged.rejected.len(), bad);
    }

    #[test]
    fn dates_come_back_in_every_format(days in prop::collection::vec(0i32..40_000, 1..40)) {
        const MONTHS: [&str; 12] = ["JAN", "Feb", "mar", "APR", "May", "jun", "JUL", "Aug", "sep", "OCT", "Nov", "dec"];
        let contract = contract(layout(), vec![required(date("day", "day", &["dd/mm/yyyy", "yyyy-mm-dd", "dd-mmm-yyyy", "yyyymmdd", "dd.mm.yy(pivot=50)"]))]);
        let mut file = "day\n".to_owned();
        for (index, number) in days.iter().enumerate() {
            let (y, m, d) = Day(*number).ymd();
            let _ = match index % 5 {
                0 => writeln!(file, "{d:02}/{m:02}/{y}"),
                1 => writeln!(file, "{y}-{m:02}-{d:02}"),
                2 => writeln!(file, "{d:02}-{}-{y}", MONTHS[usize::from(m) - 1]),
                3 => writeln!(file, "{y}{m:02}{d:02}"),
                _ if y < 2050 => writeln!(file, "{d:02}.{m:02}.{:02}", y % 100),
                _ => writeln!(file, "{y}-{m}-{d}"),
            };
        }
        let judged = judge_in(&contract, file.as_bytes(), 50, vec![]).unwrap();
        let read = judged.rows.column(0).as_any().downcast_ref::<arrow::array::Date32Array>().unwrap();
        prop_assert_eq!(read.values().to_vec(), days);
    }
}

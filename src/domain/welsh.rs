//! Headings of Welsh councils, said in English: the words by which columns are known are English ones.

/// Welsh words of headings, in small letters, the longer ones before those that stand in them.
const IN_ENGLISH: [(&str, &str); 82] = [
    ("rhif yswiriant gwladol", "national insurance number"),
    ("yswiriant gwladol", "national insurance"),
    ("rhif yg", "ni number"),
    ("dyddiad geni", "date of birth"),
    ("dyddiad trafodyn", "transaction date"),
    ("dyddiad talu", "payment date"),
    ("dyddiad taliad", "payment date"),
    ("dyddiad y taliad", "payment date"),
    ("dyddiad anfoneb", "invoice date"),
    ("dyddiad", "date"),
    ("enw r cyflenwr", "supplier name"),
    ("enw cyflenwr", "supplier name"),
    ("enw r gweithiwr", "employee name"),
    ("enw gweithiwr", "employee name"),
    ("enw r cyflogai", "employee name"),
    ("enw cyflogai", "employee name"),
    ("enw cyntaf", "forename"),
    ("enw llawn", "full name"),
    ("enw", "name"),
    ("cyfenw", "surname"),
    ("rhif cyflenwr", "supplier number"),
    ("cyflenwr", "supplier"),
    ("rhif gweithiwr", "employee number"),
    ("rhif cyflogai", "employee number"),
    ("rhif staff", "staff number"),
    ("rhif cyflogres", "payroll number"),
    ("rhif y gyflogres", "payroll number"),
    ("cyflogres", "payroll"),
    ("gweithiwr", "employee"),
    ("cyflogai", "employee"),
    ("elfen tâl", "pay element"),
    ("elfen dâl", "pay element"),
    ("elfen tal", "pay element"),
    ("elfen gyflog", "pay element"),
    ("cyflog", "salary"),
    ("tâl", "payment"),
    ("pensiwn", "pension"),
    ("swydd", "post"),
    ("graddfa", "grade"),
    ("derbynnydd", "recipient"),
    ("talai", "payee"),
    ("cod post", "postcode"),
    ("cyfeiriad", "address"),
    ("swm net", "net amount"),
    ("swm gros", "gross amount"),
    ("swm", "amount"),
    ("gwerth", "value"),
    ("cyfanswm", "total"),
    ("gros", "gross"),
    ("treth ar werth", "vat"),
    ("taw", "vat"),
    ("debyd", "debit"),
    ("credyd", "credit"),
    ("disgrifiad o r gwariant", "expense description"),
    ("disgrifiad gwariant", "expense description"),
    ("disgrifiad o r cyfrif", "account description"),
    ("disgrifiad cyfrif", "account description"),
    ("disgrifiad", "description"),
    ("math o wariant", "expense type"),
    ("math gwariant", "expense type"),
    ("categori", "category"),
    ("diben", "purpose"),
    ("pwrpas", "purpose"),
    ("cyfarwyddiaeth", "directorate"),
    ("maes gwasanaeth", "service area"),
    ("gwasanaeth", "service"),
    ("adran", "department"),
    ("canolfan gostau", "cost centre"),
    ("canolfan gost", "cost centre"),
    ("cod cost", "cost code"),
    ("cod cyfrif", "account code"),
    ("cyfrif", "account"),
    ("prosiect", "project"),
    ("rhif trafodyn", "transaction number"),
    ("rhif y trafodyn", "transaction number"),
    ("rhif anfoneb", "invoice number"),
    ("rhif dogfen", "document number"),
    ("cyfeirnod", "reference"),
    ("arian cyfred", "currency"),
    ("blwyddyn ariannol", "financial year"),
    ("blwyddyn", "year"),
    ("cyfnod", "period"),
];

/// Words with blanks between, in small letters, as they are in English; a heading in both languages says each thing once. English words
/// stay as they are.
#[must_use]
pub fn in_english(words: &str) -> String {
    let mut said = format!(" {words} ");
    for (welsh, english) in IN_ENGLISH {
        let wanted = format!(" {welsh} ");
        // The blank behind one is that before the next.
        while let Some(at) = said.find(&wanted) {
            said.replace_range(at..at + wanted.len(), &format!(" {english} "));
        }
    }
    let said = said.trim();
    if said == words {
        return said.to_owned();
    }
    let all: Vec<&str> = said.split(' ').collect();
    let (first, second) = all.split_at(all.len() / 2);
    if first == second { first.join(" ") } else { said.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_said_in_english() {
        for (welsh, english) in [
            ("dyddiad", "date"),
            ("enw r cyflenwr", "supplier name"),
            ("swm amount", "amount"),
            ("dyddiad talu payment date", "payment date"),
            ("cyfenw", "surname"),
            ("rhif yg", "ni number"),
            ("elfen tâl", "pay element"),
            ("canolfan gost", "cost centre"),
            ("cyfarwyddiaeth adran", "directorate department"),
            ("amount amount", "amount amount"),
            ("cost centre", "cost centre"),
        ] {
            assert_eq!(in_english(welsh), english);
        }
    }

    #[test]
    fn no_word_stands_behind_one_that_it_holds() {
        for (at, (long, _)) in IN_ENGLISH.iter().enumerate() {
            let before = IN_ENGLISH.iter().take(at).find(|(short, _)| format!(" {long} ").contains(&format!(" {short} ")));
            assert_eq!(before, None, "{long}");
        }
    }
}

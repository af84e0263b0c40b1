//! TC02: the structure of a delivery. Each refuses the file.

codes! {
    /// Not one byte of data.
    EMPTY = "TC0201", Supplier, 1, "the file is empty";
    NO_ROWS = "TC0202", Supplier, 1, "the file has no rows";
    ENCODING = "TC0203", Supplier, 1, "the text is in no declared encoding";
    MIXED_ENCODINGS = "TC0204", Supplier, 1, "the file mixes encodings";
    NUL = "TC0205", Supplier, 1, "the file holds a NUL character";
    HEADER = "TC0206", Supplier, 1, "no header was found";
    DELIMITER = "TC0207", Supplier, 1, "the file has another delimiter";
    MISSING_COLUMN = "TC0208", Supplier, 1, "a column is missing";
    DUPLICATE_COLUMN = "TC0209", Supplier, 1, "a column stands twice in the header";
    EXTRA_COLUMN = "TC0210", Supplier, 1, "the header names an unknown column";
    FIELD_COUNT = "TC0211", Supplier, 1, "a record is short or long";
    UNCLOSED_QUOTE = "TC0212", Supplier, 1, "a quote is never closed";
    QUOTE = "TC0213", Supplier, 1, "a quote stands where none may";
    LONG_RECORD = "TC0214", Supplier, 1, "a record does not end";
    REPEATED_HEADER = "TC0215", Supplier, 1, "the header stands in the file again";
    CONTROL_RECORD = "TC0216", Supplier, 1, "a control record is missing, doubled or short";
    FOOTER = "TC0217", Supplier, 1, "the row of totals is missing, doubled or unreadable";
    DATE_ORDER = "TC0218", Supplier, 1, "day and month are exchanged";
    SHORT_YEAR = "TC0219", Supplier, 1, "years have two digits";
    /// The landed bytes cannot be read, or are not those that were landed.
    UNREADABLE = "TC0220", Operator, 3, retry true, "the bytes could not be read";
    NOT_DELIMITED = "TC0221", Configurator, 2, "the contract has no layout";
    /// A workbook, an archive, a PDF or a web page under the name of an extract.
    OTHER_FORMAT = "TC0222", Supplier, 1, "the file is no delimited text";
}

//! TC0447 to TC0459: workbooks, and what is packed in an archive. Each refuses the file.

codes! {
    /// Cut, overlapping, with another checksum, or with a local header that says another thing than the directory.
    DAMAGED = "TC0447", Supplier, 1, "the archive is damaged";
    /// Entries, bytes, how well they are packed, cells of a sheet.
    TOO_LARGE = "TC0448", Supplier, 1, "more is packed in the file than is unpacked";
    /// Climbing out of the archive, or twice the same.
    NAMES = "TC0449", Supplier, 1, "the names in the archive are not safe";
    LOCKED = "TC0450", Supplier, 1, "the file is locked with a password";
    /// `.xls`, `.xlsb`, `.ods`, `.xlsm` that nobody declared, an archive that is no workbook.
    OTHER_KIND = "TC0451", Supplier, 1, "the file is not of the kind that is read";
    SHEET = "TC0452", Supplier, 1, "the sheet is not in the workbook";
    /// An error value, a formula without a value, merged cells, a number that was an identifier.
    CELL = "TC0453", Supplier, 1, "a cell cannot be taken";
    /// Two tables side by side, or values beside the table.
    TABLES = "TC0454", Supplier, 1, "the sheet holds more than the table";
    /// Parts are missing, or hold what a reader would take for something else than a person sees.
    UNREADABLE = "TC0455", Supplier, 1, "the workbook cannot be read";
    MEMBER = "TC0456", Supplier, 1, "which file in the archive is meant is not plain";
}

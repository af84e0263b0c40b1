//! TC10: lake, landing, releases.

codes! {
    /// Lake, landing or published at an object store.
    NOT_A_FOLDER = "TC1001", Configurator, 2, "the lake must be a local folder";
    /// The file system refused an operation.
    FILE_SYSTEM = "TC1002", Operator, 3, retry true, "the file system refused";
    /// Landed bytes are no longer those that were landed.
    LANDED_LOST = "TC1003", Operator, 3, "a landed object is lost", Error or Warning;
    /// Another run holds the lake.
    LOCKED = "TC1004", Operator, 5, retry true, "another run holds the lake";
    /// A common table was made from another contract.
    TABLE_DIFFERS = "TC1005", Configurator, 2, "a table of the lake has other columns than its contract";
    /// Somebody else wrote to a table meanwhile.
    TABLE_MOVED = "TC1006", Operator, 3, retry true, "a table of the lake was changed by another program";
    /// The log or a file of a common table cannot be read.
    TABLE_UNREADABLE = "TC1007", Operator, 3, "a table of the lake cannot be read";
    /// A Parquet part cannot be read, or is not the one that was written.
    PART_UNREADABLE = "TC1008", Operator, 3, "a part cannot be read";
    /// Rows do not have the shape of the part they go to.
    ROWS_DO_NOT_FIT = "TC1009", Us, 3, "rows do not fit their table";
    /// A manifest or an entry of the register cannot be read.
    RECORD_UNREADABLE = "TC1010", Operator, 3, "a manifest or register entry cannot be read";
    /// A file of a release is gone or damaged.
    RELEASE_DIFFERS = "TC1011", Operator, 1, "a release is not what its manifest says", Error or Warning;
    /// A file of a common table is gone or damaged, and its delivery makes other bytes now.
    FILE_MADE_ANEW = "TC1012", Operator, 1, "a file of a table was lost and is made anew", Warning;
    /// A file among the records of the lake that is none.
    STRAY = "TC1013", Operator, 1, "a file among the lake's records was skipped", Warning;
    /// The lake does not know the run that made the latest release.
    LAKE_IS_OLDER = "TC1014", Operator, 3, "the lake is older than what is published";
    /// There is no lake where one was.
    LAKE_IS_GONE = "TC1015", Operator, 3, retry true, "the lake is not there";
}

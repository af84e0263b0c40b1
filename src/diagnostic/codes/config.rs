//! TC06: YAML, schedules, secrets, locations.

codes! {
    /// The text is not YAML.
    YAML_SYNTAX = "TC0601", Configurator, 2, "the file is not YAML";
    /// An alias, anchor, tag, merge key or second document.
    YAML_FEATURE = "TC0602", Configurator, 2, "a part of YAML that is not read here";
    /// A key stands twice in one mapping.
    DUPLICATE_KEY = "TC0603", Configurator, 2, "a key stands twice";
    /// A key that nothing reads.
    UNKNOWN_KEY = "TC0604", Configurator, 2, "unknown key";
    /// A key without which the file means nothing.
    MISSING_KEY = "TC0605", Configurator, 2, "missing key";
    /// A value of the wrong sort.
    WRONG_VALUE = "TC0606", Configurator, 2, "a value that cannot stand here";
    /// A name that could not be a column, a table or a path.
    NOT_A_NAME = "TC0607", Configurator, 2, "not a name";
    /// Two files, or two names, for one feed or table.
    DUPLICATE_FEED = "TC0608", Configurator, 2, "declared twice";
    /// A secret that is written out.
    LITERAL_SECRET = "TC0609", Configurator, 2, "a secret stands in a file";
    /// A secret that is referred to and not there.
    MISSING_SECRET = "TC0610", Configurator, 2, "a secret is missing";
    /// A path that leads out of the partnership.
    PATH_OUTSIDE = "TC0611", Configurator, 2, "a path outside the partnership";
    /// A URL to this machine or to a cloud's metadata.
    FORBIDDEN_HOST = "TC0612", Configurator, 2, "a host that is not allowed";
    /// A schedule that cannot be kept.
    SCHEDULE = "TC0613", Configurator, 2, "a schedule that cannot be kept";
    /// A pattern of file names that says too little, or too much.
    FILE_PATTERN = "TC0614", Configurator, 2, "a file pattern that does not work";
    /// The name of something that does not exist.
    UNKNOWN_NAME = "TC0615", Configurator, 2, "nothing has this name";
    /// A file that is missing or cannot be read.
    UNREADABLE_FILE = "TC0616", Configurator, 2, "a file cannot be read";
    /// Two spans of days that overlap.
    OVERLAPPING_DATES = "TC0617", Configurator, 2, "dates overlap";
    /// Which period a delivery covers cannot be told.
    NO_COVERAGE = "TC0618", Supplier, 1, "which period a delivery covers cannot be told";
    /// A file that nothing reads.
    STRAY_FILE = "TC0619", Configurator, 2, "a file that nothing reads";
    /// A control that names something that the delivery does not have.
    CONTROL = "TC0620", Configurator, 2, "a control that cannot be judged";
    /// Two feeds that are active in one period can take the same file.
    ONE_FILE_TWICE = "TC0621", Configurator, 2, "two feeds read the same files";
    /// Two feeds of a council fill one table of costs in one period.
    ONE_COST_TWICE = "TC0622", Configurator, 2, "two feeds bring the same costs";
    /// A change that must come with a period, on another day.
    NOT_A_PERIOD_START = "TC0623", Configurator, 2, "a change in the middle of a period";
    /// Feeds of the shared service without the organisation that bears their costs.
    SHARED_UNDECLARED = "TC0624", Configurator, 2, "the shared service is not declared";
    /// A period is let go that would not vanish.
    NOTHING_TO_LET_GO = "TC0625", Configurator, 2, "nothing to let go";
    /// A reference table of the version before, without columns that came since.
    OLDER_TABLE = "TC0626", Configurator, 2, "a reference table lacks columns that came later", Note;
    /// `amount:` of a feed adds columns up otherwise than their contracts say.
    AMOUNT = "TC0627", Configurator, 2, "a declared amount that contradicts the contract";
    /// Feed SQL that gives `fiscal_year` and no `period`, or the other way.
    HALF_A_PERIOD = "TC0630", Configurator, 2, "SQL gives one of year and period";
    /// Feed SQL that gives neither period nor date, though a file covers several periods.
    NO_TIME = "TC0631", Configurator, 2, "nothing says in which period a row counts";
    /// Places that are one another, or lie in one another.
    PLACES_OVERLAP = "TC0633", Configurator, 2, "two folders of the partnership are one, or lie in each other";
    /// A reference in a part of a location that is printed.
    REFERENCE_IN_PLACE = "TC0634", Configurator, 2, "a reference where no credential stands";
    /// A ledger line that pay divides into more parts than can be told apart.
    TOO_MANY_PARTS = "TC0638", Configurator, 1, "a ledger line in too many parts";
}

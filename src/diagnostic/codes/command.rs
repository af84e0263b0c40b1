//! TC01: the command line, and the folder it runs in.

codes! {
    /// The folder holds no partnership.
    NO_PARTNERSHIP = "TC0101", Configurator, 2, "not a partnership";
    /// A selection on the command line matches nothing.
    NOTHING_SELECTED = "TC0102", Configurator, 2, "nothing is selected";
    /// A period or year that is none.
    BAD_PERIOD = "TC0103", Configurator, 2, "not a period";
    /// No error has this code.
    UNKNOWN_CODE = "TC0104", Configurator, 2, "no such code";
    /// No delivery has this id, or it has no such row.
    UNKNOWN_DELIVERY = "TC0105", Configurator, 2, "no such delivery";
    /// Nothing has been published yet.
    NO_RELEASE = "TC0106", Operator, 1, "nothing has been published";
    /// Ctrl-C, or a signal to end.
    INTERRUPTED = "TC0107", Operator, 130, retry true, "interrupted";
    /// The machine lacks something.
    MACHINE = "TC0108", Operator, 3, "the machine is not ready";
    /// The words after `truecost` cannot be understood.
    USAGE = "TC0109", Configurator, 2, "not understood";
    /// The words name neither a delivery nor a feed nor a period of one.
    SELECTOR = "TC0110", Configurator, 2, "names no delivery";
    /// Nothing that is named waits, counts or was withdrawn.
    NOTHING_DECIDED = "TC0111", Configurator, 2, "nothing to decide about";
    /// Who decides, or why, is empty.
    NOT_SAID = "TC0112", Configurator, 2, "who decides, and why?";
    /// A file that a command was to write is there already, or cannot be written.
    NOT_WRITTEN = "TC0115", Operator, 2, "a file cannot be written";
    /// A row of the workbook of codes in suspense that cannot become a row of a reference table.
    NOT_APPLIED = "TC0116", Configurator, 2, "a code in suspense cannot be given a row";
    /// `truecost key new` where there are keys already.
    KEYS_THERE = "TC0117", Configurator, 2, "there are keys already";
    /// A feed of personal data whose council has no keys.
    NO_KEYS = "TC0118", Configurator, 2, "a personal feed has no keys";
    /// No figure of true cost is published of this service, bearer or period.
    NO_FIGURE = "TC0119", Configurator, 2, "no such figure";
    /// No such file, a folder, or bytes that are damaged.
    NOT_PROFILED = "TC0130", Configurator, 2, "the file cannot be read";
    /// A PDF, a picture, a web page: nothing with rows.
    NO_TABLE = "TC0131", Supplier, 1, "the file holds no table";
    /// No file of a partnership knows the word.
    UNKNOWN_WORD = "TC0135", Configurator, 2, "no such word";
    /// `truecost add` has questions, and nobody is there to ask.
    OPEN_QUESTIONS = "TC0136", Configurator, 2, "questions are open";
    /// An answer that answers nothing, or that its question does not know.
    ANSWER = "TC0137", Configurator, 2, "not an answer";
    /// A sample holds what no word of a contract says.
    NO_WORD = "TC0138", Configurator, 2, "no word for it";
    /// What `truecost add` would write is there already, or cannot be written.
    ADD_THERE = "TC0139", Configurator, 2, "nothing is written over";
    /// The copy in which a new feed is tried cannot be made.
    NOT_TRIED = "TC0140", Operator, 3, "the feed cannot be tried";
    /// In the trial a sample was refused, waits, or has quarantined rows.
    NOT_CLEAN = "TC0141", Configurator, 1, "the new feed does not read its samples";
    /// What `--layout` names is no table of places and no layout that is known.
    LAYOUT_TABLE = "TC0142", Configurator, 2, "no layout";
}

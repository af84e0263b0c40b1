//! The `truecost` program: words in, words out.

fn main() -> std::process::ExitCode {
    truecost::cli::main()
}

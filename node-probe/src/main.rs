use std::process::ExitCode;

fn main() -> ExitCode {
    longwire_probe::main()
}

//! The help, made from the tables.

use super::table::{ALL, COMMANDS, Command, FLAGS};

/// Variables that the command line heeds.
const ENVIRONMENT: &[(&str, &str, &[Command])] = &[
    ("NO_COLOR", "No colours, if it is set to anything", ALL),
    ("TERM=dumb", "No colours", ALL),
    ("KETTLE_WATCHDOG", "What `--watchdog` is without that flag; 0 is off", &[Command::Run]),
    ("VISUAL, EDITOR", "What `:edit` starts", &[Command::Repl]),
    ("XDG_STATE_HOME", "Where kettle/history is: ~/.local/state", &[Command::Repl]),
    ("XDG_CONFIG_HOME", "Where kettle/rc.ket is: ~/.config", &[Command::Repl]),
    ("CI", "Nobody is there to look at new snapshots: they are failures", &[Command::Test]),
];

/// The help of the command line, or of one of its commands.
pub fn help(command: Option<Command>) -> String {
    let mut help = String::new();
    match command {
        None => {
            help.push_str("Kettle, a small scripting language whose runtime is an event loop\n\n");
            help.push_str(
                "Usage: kettle FILE [ARGUMENT…]
       kettle -e CODE [ARGUMENT…]
       kettle - [ARGUMENT…]         the program comes from standard input
       kettle COMMAND …

Flags stand before the program; what stands behind it is the program's own.

Commands:
",
            );
            for entry in COMMANDS {
                let usage = format!("{} {}", entry.name, entry.operands);
                help.push_str(&format!("  {usage:<22} {}\n", entry.help));
            }
        }
        Some(command) => {
            let entry = COMMANDS.iter().find(|entry| entry.command == command);
            let entry = entry.expect("every command stands in the table");
            help.push_str(&format!("{}\n\n", entry.help));
            help.push_str(&format!("Usage: kettle {} [FLAG…] {}\n", entry.name, entry.operands));
        }
    }
    help.push_str("\nFlags:\n");
    for flag in FLAGS {
        if let Some(text) = flag.help
            && flag.commands.contains(&command.unwrap_or(Command::Run))
        {
            let short = flag.short.map_or("    ".to_owned(), |short| format!("-{short}, "));
            // A value that may be left out stands right behind the flag.
            let value = flag.value.map_or(String::new(), |value| match value.starts_with('[') {
                true => value.to_owned(),
                false => format!(" {value}"),
            });
            let written = format!("{short}--{}{value}", flag.long);
            help.push_str(&format!("  {written:<22} {text}\n"));
        }
    }
    if command.is_none() {
        help.push_str("\n`kettle COMMAND --help` shows the flags of a command.\n");
    }
    help.push_str("\nEnvironment:\n");
    for (name, text, commands) in ENVIRONMENT {
        if !commands.contains(&command.unwrap_or(Command::Run)) {
            continue;
        }
        help.push_str(&format!("  {name:<22} {text}\n"));
    }
    help
}

//! Where the user's files are.

use std::env;
use std::path::PathBuf;

/// The folder `kettle` in what `variable` names, or in `otherwise` below the home of the user. Names that
/// do not begin at the root are to be ignored, says the standard.
pub fn of_user(variable: &str, otherwise: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || env::var_os("HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = named.or_else(|| home().map(|home| home.join(otherwise)))?;
    Some(folder.join("kettle"))
}

/// The program that begins every session: `$XDG_CONFIG_HOME/kettle/rc.ket`, or
/// `~/.config/kettle/rc.ket`.
pub fn of_rc() -> Option<PathBuf> {
    of_user("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("rc.ket"))
}

//! The counts that are stored: a text file with a line for each program.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// What the counts depend on besides Kettle: the toolchain and the C library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// What `rustc --version` says.
    pub rustc: String,
    /// The architecture and the operating system.
    pub host: String,
    /// The C library and its version.
    pub libc: String,
}

/// What is stored.
#[derive(Debug, Default)]
pub struct Baseline {
    /// With what it was made.
    pub made: Made,
    /// The program's name, its instructions.
    pub counts: BTreeMap<String, u64>,
}

impl Baseline {
    /// What a file says; the error says what is wrong with it.
    pub fn read(path: &Path) -> Result<Baseline, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let mut baseline = Baseline::default();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (name, value) = line.split_once(' ').ok_or_else(|| format!("`{line}`?"))?;
            let value = value.trim();
            match name {
                "rustc" => baseline.made.rustc = value.to_owned(),
                "host" => baseline.made.host = value.to_owned(),
                "libc" => baseline.made.libc = value.to_owned(),
                name => {
                    let count = value.replace('_', "").parse().map_err(|_| format!("`{line}`?"))?;
                    baseline.counts.insert(name.to_owned(), count);
                }
            }
        }
        Ok(baseline)
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let mut text = String::from(
            "# Instructions that the small programs take, counted by callgrind.\n\
             # `KETTLE_UPDATE=1 cargo bench --bench instructions` writes this file.\n",
        );
        let Made { rustc, host, libc } = &self.made;
        let _ = writeln!(text, "rustc {rustc}\nhost {host}\nlibc {libc}\n");
        for (name, count) in &self.counts {
            let _ = writeln!(text, "{name} {}", grouped(*count));
        }
        std::fs::write(path, text).map_err(|error| error.to_string())
    }
}

/// A number with `_` between its thousands.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

/// With what programs are made and run here.
pub fn made_here() -> Made {
    let said = |name: &str, args: &[&str]| {
        let output = std::process::Command::new(name).args(args).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Some(text.lines().next()?.trim().to_owned())
    };
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let unknown = || "unknown".to_owned();
    Made {
        rustc: said(&rustc, &["--version"]).unwrap_or_else(unknown),
        host: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        libc: said("getconf", &["GNU_LIBC_VERSION"]).unwrap_or_else(unknown),
    }
}

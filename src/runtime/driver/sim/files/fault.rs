//! What goes wrong on the simulated disk, because a test wants it to.
//!
//! Every call on files is asked about here first. Rules stand for some calls on some paths; what they
//! do comes from the seed, so the same program meets the same faults.

use std::path::Path;

use super::super::super::random::Random;
use super::errno::Errno;

/// A call on files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileOp {
    /// Opening a file.
    Open,
    /// Reading from it.
    Read,
    /// Writing to it, and setting its size.
    Write,
    /// Waiting until it is on the disk.
    Sync,
    /// Asking what is there: existence, size, where a link leads.
    Look,
    /// The names in a directory.
    List,
    /// Making a directory or a link.
    Make,
    /// Removing something.
    Remove,
    /// Renaming it.
    Rename,
    /// Copying it.
    Copy,
    /// Setting permissions.
    SetMode,
}

/// The calls with their names.
const OPS: &[(&str, FileOp)] = &[
    ("open", FileOp::Open),
    ("read", FileOp::Read),
    ("write", FileOp::Write),
    ("sync", FileOp::Sync),
    ("look", FileOp::Look),
    ("list", FileOp::List),
    ("make", FileOp::Make),
    ("remove", FileOp::Remove),
    ("rename", FileOp::Rename),
    ("copy", FileOp::Copy),
    ("chmod", FileOp::SetMode),
];

impl FileOp {
    /// The call of that name.
    pub fn of_word(word: &str) -> Option<FileOp> {
        OPS.iter().find(|(known, _)| *known == word).map(|(_, op)| *op)
    }

    /// The names there are.
    pub fn words() -> impl Iterator<Item = &'static str> {
        OPS.iter().map(|(word, _)| *word)
    }
}

/// Some calls fail.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRule {
    /// The paths it stands for, from the root: `*` is any text, `?` any character. None: all.
    pub path: Option<String>,
    /// The calls it stands for; none: all.
    pub op: Option<FileOp>,
    /// Which of them fail.
    pub when: When,
    /// How they fail.
    pub error: Errno,
}

/// Which of several calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// The one of this number, counted from 1.
    Nth(u64),
    /// Each with this probability.
    Chance(f64),
}

/// The rules, and how often each was asked.
pub(super) struct FileFaults {
    /// The probability that a read or a write does only a part.
    pub(super) short: f64,
    /// The probability that a call fails.
    pub(super) error: f64,
    rules: Vec<(FileRule, u64)>,
    random: Random,
}

/// How much of a read or a write is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    All,
    /// A part that these bits choose.
    Part(u64),
}

impl Share {
    /// How many of so many bytes: at least one, if there are any.
    pub(super) fn of(self, count: usize) -> usize {
        match self {
            Share::Part(bits) if count > 1 => 1 + (bits % (count as u64 - 1)) as usize,
            _ => count,
        }
    }
}

impl FileFaults {
    pub(super) fn new(seed: u64) -> FileFaults {
        FileFaults { short: 0.0, error: 0.0, rules: Vec::new(), random: Random::seeded(seed) }
    }

    pub(super) fn add(&mut self, rule: FileRule) {
        self.rules.push((rule, 0));
    }

    /// Nothing goes wrong any more.
    pub(super) fn clear(&mut self) {
        self.rules.clear();
        (self.short, self.error) = (0.0, 0.0);
    }

    /// Whether a call on a path, from the root, may go on, and how far.
    pub(super) fn check(&mut self, op: FileOp, path: &Path) -> Result<Share, Errno> {
        let mut failed = None;
        for (rule, count) in &mut self.rules {
            let fits_op = rule.op.is_none_or(|wanted| wanted == op);
            let fits_path = |form: &String| fits(form, &path.to_string_lossy());
            if !fits_op || !rule.path.as_ref().is_none_or(fits_path) {
                continue;
            }
            *count += 1;
            let fails = match rule.when {
                When::Nth(number) => number == *count,
                When::Chance(chance) => happens(&mut self.random, chance),
            };
            if fails && failed.is_none() {
                failed = Some(rule.error);
            }
        }
        if failed.is_none() && happens(&mut self.random, self.error) {
            failed = Some(Errno::Broken);
        }
        if let Some(errno) = failed {
            return Err(errno);
        }
        let is_moving = matches!(op, FileOp::Read | FileOp::Write);
        if is_moving && happens(&mut self.random, self.short) {
            return Ok(Share::Part(self.random.draw()));
        }
        Ok(Share::All)
    }
}

/// Throws the dice, unless there is nothing to decide.
fn happens(random: &mut Random, chance: f64) -> bool {
    // The upper 53 bits are as many as an f64 keeps.
    chance > 0.0 && ((random.draw() >> 11) as f64) < chance * (1_u64 << 53) as f64
}

/// Whether a text has a form: after a mismatch the last `*` takes one character more.
fn fits(form: &str, text: &str) -> bool {
    let (form, text): (Vec<char>, Vec<char>) = (form.chars().collect(), text.chars().collect());
    let (mut at, mut next, mut again) = (0, 0, None);
    while next < text.len() {
        match form.get(at) {
            Some('*') => {
                again = Some((at, next));
                at += 1;
            }
            Some(c) if *c == '?' || *c == text[next] => {
                at += 1;
                next += 1;
            }
            _ => {
                let Some((star, from)) = again else { return false };
                again = Some((star, from + 1));
                (at, next) = (star + 1, from + 1);
            }
        }
    }
    form[at..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rule: FileRule) -> FileFaults {
        let mut faults = FileFaults::new(1);
        faults.add(rule);
        faults
    }

    #[test]
    fn the_call_of_a_number_fails() {
        let mut faults = faults(FileRule {
            path: Some("/data/*".to_owned()),
            op: Some(FileOp::Write),
            when: When::Nth(2),
            error: Errno::Busy,
        });
        let data = Path::new("/data/a");
        assert_eq!(faults.check(FileOp::Write, data), Ok(Share::All));
        assert_eq!(faults.check(FileOp::Write, Path::new("/else")), Ok(Share::All));
        assert_eq!(faults.check(FileOp::Read, data), Ok(Share::All));
        assert_eq!(faults.check(FileOp::Write, data), Err(Errno::Busy));
        assert_eq!(faults.check(FileOp::Write, data), Ok(Share::All));
    }

    #[test]
    fn chances_are_those_that_were_asked_for() {
        let rule = FileRule { path: None, op: None, when: When::Chance(0.25), error: Errno::Busy };
        let mut faults = faults(rule);
        let path = Path::new("/");
        let failed = (0..4000).filter(|_| faults.check(FileOp::Look, path).is_err()).count();
        assert!((900..1100).contains(&failed), "{failed} of 4000 calls have failed");
        faults.clear();
        faults.short = 1.0;
        for count in [0, 1, 2, 1000] {
            let share = faults.check(FileOp::Read, path).expect("nothing fails any more");
            let part = share.of(count);
            assert!(part <= count && (part > 0 || count == 0) && (part < count || count < 2));
        }
    }

    #[test]
    fn forms_of_paths() {
        for (form, yes, no) in [
            ("*", "/a/b", ""),
            ("/a/*", "/a/b/c", "/ab"),
            ("*.db", "/x/y.db", "/x/y.dbx"),
            ("/a?", "/aü", "/a"),
            ("*a*b", "/aab", "/aba"),
        ] {
            assert!(fits(form, yes), "{form} fits {yes}");
            assert!(form == "*" || !fits(form, no), "{form} does not fit {no}");
        }
    }
}

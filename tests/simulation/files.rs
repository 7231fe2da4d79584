//! The disk in memory does what that of the operating system does: the same random calls are made on
//! both, and every result and every error has to be the same.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kettle::runtime::driver::{
    FileFacts, FileKind, FileSystem, MemoryFiles, OpenFile, OpenHow, Random, RealFiles,
};

const ROUNDS: u64 = 40;
const CALLS: usize = 200;
/// So deep below the folder of the test lies what the calls are about that no row of links leads
/// out of it: each goes up once, and no more than forty are followed.
const DEPTH: usize = 50;
/// No name may be so long.
const LONG: &str = concat!(
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
);
const NAMES: &[&str] = &["a", "b", "c", "d"];
const MODES: &[u32] = &[0o755, 0o644, 0o600, 0o700, 0o500, 0o300, 0o000, 0o4711];

#[test]
fn memory_and_disk_give_the_same() {
    let mut faults = Vec::new();
    // `KETTLE_SEED` begins elsewhere.
    let first = std::env::var("KETTLE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    for seed in first..first + ROUNDS {
        let folder = tempfile::tempdir().expect("a place for files");
        let mut pair = Pair::new(folder.path(), seed);
        for _ in 0..CALLS {
            pair.step();
            let [real, memory] = pair.told();
            if real != memory {
                let calls = pair.history.iter().rev().take(20).rev();
                let calls = calls.map(String::as_str).collect::<Vec<_>>().join("\n");
                faults.push(format!("seed {seed}: disk: {real}, memory: {memory}, after\n{calls}"));
                break;
            }
        }
        open_up(folder.path());
    }
    let text = faults.join("\n\n").replace(LONG, "LONG");
    assert!(faults.is_empty(), "{} of {ROUNDS} rounds differ:\n{text}", faults.len());
}

/// What happened was happening on both sides.
struct Pair {
    random: Random,
    base: PathBuf,
    real: Side,
    memory: Side,
    history: Vec<String>,
}

struct Side {
    files: Box<dyn FileSystem>,
    open: Vec<Box<dyn OpenFile>>,
    last: String,
}

impl Pair {
    fn new(folder: &Path, seed: u64) -> Pair {
        let mut base = fs::canonicalize(folder).expect("it is there");
        base.extend(std::iter::repeat_n("n", DEPTH));
        let probe = folder.join("probe");
        let how = OpenHow { write: true, new: true, mode: Some(0o777), ..OpenHow::default() };
        drop(RealFiles.open(&probe, how).expect("it can be made"));
        let mask = 0o777 & !RealFiles.look(&probe, true).expect("it is there").mode;
        fs::remove_file(probe).expect("it can be removed");
        let memory = MemoryFiles::new(seed, Duration::from_secs(1));
        memory.set_user(rustix::process::geteuid().is_root(), mask);
        memory.make_dirs(folder).expect("it can be made");
        memory.set_mode(folder, 0o700).expect("it is there");
        let side = |files: Box<dyn FileSystem>| {
            files.make_dirs(&base).expect("it can be made");
            Side { files, open: Vec::new(), last: String::new() }
        };
        Pair {
            real: side(Box::new(RealFiles)),
            memory: side(Box::new(memory)),
            random: Random::seeded(seed),
            base,
            history: Vec::new(),
        }
    }

    fn told(&self) -> [&str; 2] {
        [&self.real.last, &self.memory.last]
    }

    fn below(&mut self, count: usize) -> usize {
        (self.random.draw() % count as u64) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A few names, now and then a dot or two among them, or a slash at the end.
    fn path(&mut self) -> PathBuf {
        let mut text = String::new();
        for _ in 0..=self.below(3) {
            let name = match self.below(20) {
                0 => ".",
                1 => "..",
                2 => LONG,
                _ => self.pick(NAMES),
            };
            let _ = write!(text, "{}{name}", if text.is_empty() { "" } else { "/" });
        }
        match self.below(15) {
            0 => text.push('/'),
            1 => text.push_str("/."),
            _ => {}
        }
        match self.below(40) {
            0 => PathBuf::new(),
            1 => PathBuf::from("a\0b"),
            // A `push` would take the end away.
            _ => PathBuf::from(format!("{}/{text}", self.base.display())),
        }
    }

    fn target(&mut self) -> PathBuf {
        let name = self.pick(NAMES);
        match self.below(6) {
            0 => PathBuf::from(format!("../{name}")),
            1 => self.base.join(name),
            2 => PathBuf::from(format!("{name}/")),
            3 => PathBuf::from("."),
            4 if self.below(4) == 0 => PathBuf::new(),
            _ => PathBuf::from(name),
        }
    }

    fn how(&mut self) -> OpenHow {
        let how = OpenHow::default();
        let mode = if self.below(3) == 0 { Some(self.pick(MODES)) } else { None };
        match self.below(9) {
            0 | 1 => OpenHow { read: true, ..how },
            2 => OpenHow { write: true, create: true, truncate: true, mode, ..how },
            3 => OpenHow { append: true, create: true, mode, ..how },
            4 => OpenHow { read: true, write: true, ..how },
            5 => OpenHow { write: true, new: true, mode, ..how },
            6 => OpenHow { read: true, append: true, create: true, mode, ..how },
            7 => OpenHow { write: true, truncate: true, ..how },
            _ => OpenHow { read: self.below(2) == 0, create: true, truncate: true, ..how },
        }
    }

    /// One call on both sides. That for which a real disk takes its time is rare.
    fn step(&mut self) {
        let call = self.below(24);
        let (path, other) = (self.path(), self.path());
        let follow = self.below(2) == 0;
        match call {
            0..=4 => {
                let how = self.how();
                self.both(format!("open {path:?} {how:?}"), |side| {
                    let file = side.files.open(&path, how)?;
                    let facts = shown(&file.facts()?);
                    side.open.push(file);
                    Ok(facts)
                });
            }
            5 => self.both(format!("look {path:?} {follow}"), |side| {
                Ok(shown(&side.files.look(&path, follow)?))
            }),
            6 => self.both(format!("entries {path:?}"), |side| {
                let mut entries = side.files.entries(&path)?;
                entries.sort_by(|one, other| one.path.cmp(&other.path));
                Ok(format!("{entries:?}"))
            }),
            7 => self.both(format!("canonical {path:?}"), |side| {
                Ok(format!("{:?}", side.files.canonical(&path)?))
            }),
            8 | 9 => {
                let mode = if follow { Some(self.pick(MODES)) } else { None };
                self.both(format!("make_dir {path:?} {mode:?}"), |side| {
                    side.files.make_dir(&path, mode).map(done)
                });
            }
            10 => self
                .both(format!("make_dirs {path:?}"), |side| side.files.make_dirs(&path).map(done)),
            11 => self.both(format!("remove_file {path:?}"), |side| {
                side.files.remove_file(&path).map(done)
            }),
            12 => self.both(format!("remove_dir {path:?}"), |side| {
                side.files.remove_dir(&path).map(done)
            }),
            13 if self.below(3) == 0 => self.both(format!("remove_tree {path:?}"), |side| {
                side.files.remove_tree(&path).map(done)
            }),
            13..=15 => self.both(format!("rename {path:?} {other:?}"), |side| {
                side.files.rename(&path, &other).map(done)
            }),
            16 => self.both(format!("copy {path:?} {other:?}"), |side| {
                side.files.copy(&path, &other).map(done)
            }),
            17 | 18 => {
                let target = self.target();
                self.both(format!("link {target:?} {path:?}"), |side| {
                    side.files.link(&target, &path).map(done)
                });
            }
            19 => self.both(format!("read_link {path:?}"), |side| {
                Ok(format!("{:?}", side.files.read_link(&path)?))
            }),
            20 => {
                let mode = self.pick(MODES);
                self.both(format!("set_mode {path:?} {mode:o}"), |side| {
                    side.files.set_mode(&path, mode).map(done)
                });
            }
            21 if self.below(10) == 0 => {
                self.both(format!("sync_dir {path:?}"), |side| side.files.sync_dir(&path).map(done))
            }
            _ => {}
        }
        self.use_file();
    }

    /// One call on a file that is open.
    fn use_file(&mut self) {
        if self.memory.open.is_empty() {
            return;
        }
        let index = self.below(self.memory.open.len());
        let count = self.pick(&[0, 1, 5, 100, 70_000]);
        let byte = b'a' + self.below(26) as u8;
        match self.below(9) {
            0 | 1 => self.both(format!("{index}: read {count}"), |side| {
                let mut bytes = vec![0; count];
                let count = side.open[index].read(&mut bytes)?;
                Ok(pieces(&bytes[..count]))
            }),
            2 | 3 => self.both(format!("{index}: write {count}"), |side| {
                Ok(side.open[index].write(&vec![byte; count])?.to_string())
            }),
            4 | 5 => {
                let by = count as i64 - 5;
                let to = match self.below(4) {
                    0 => SeekFrom::Start(count as u64),
                    1 => SeekFrom::Current(by),
                    2 => SeekFrom::End(-by),
                    _ => SeekFrom::Start(u64::MAX - 1),
                };
                self.both(format!("{index}: seek {to:?}"), |side| {
                    // Where directories end is the business of each disk.
                    if side.open[index].facts()?.kind == FileKind::Dir {
                        return Ok(String::new());
                    }
                    Ok(side.open[index].seek(to)?.to_string())
                });
            }
            6 => self.both(format!("{index}: set_size {count}"), |side| {
                side.open[index].set_size(count as u64)?;
                Ok(shown(&side.open[index].facts()?))
            }),
            7 => {
                let mode = self.pick(MODES);
                self.both(format!("{index}: set_mode {mode:o}"), |side| {
                    side.open[index].set_mode(mode)?;
                    Ok(shown(&side.open[index].facts()?))
                });
            }
            _ => self.both(format!("{index}: close"), |side| {
                drop(side.open.swap_remove(index));
                Ok(done(()))
            }),
        }
    }

    fn both(&mut self, call: String, make: impl Fn(&mut Side) -> io::Result<String>) {
        self.history.push(call.replace(&*self.base.to_string_lossy(), "BASE"));
        for side in [&mut self.real, &mut self.memory] {
            side.last = match make(side) {
                Ok(text) => text,
                // What the standard library finds wrong by itself has no number.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => "invalid".to_owned(),
                Err(error) => format!("{:?} {:?}", error.kind(), error.raw_os_error()),
            };
        }
    }
}

/// The bytes, shortly: runs of the same one.
fn pieces(bytes: &[u8]) -> String {
    let run = |run: &[u8]| format!("{}*{}", run.len(), run[0]);
    bytes.chunk_by(|one, other| one == other).map(run).collect::<Vec<_>>().join(" ")
}

fn done((): ()) -> String {
    "done".to_owned()
}

/// Everything but times and numbers; what directories take on a disk depends on the disk.
fn shown(facts: &FileFacts) -> String {
    let size = if facts.kind == FileKind::Dir { 0 } else { facts.size };
    format!("{:?} {size} {:o}", facts.kind, facts.mode)
}

/// Lets the folder be removed, whatever the calls have forbidden.
fn open_up(folder: &Path) {
    let mut open = vec![folder.to_path_buf()];
    while let Some(dir) = open.pop() {
        let _ = fs::set_permissions(&dir, fs::Permissions::from_mode(0o700));
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(entry.path());
            }
        }
    }
}

#[test]
fn a_file_is_as_old_as_its_last_change() {
    let files = MemoryFiles::new(1, Duration::from_secs(10));
    let path = Path::new("x");
    let write = OpenHow { write: true, create: true, ..OpenHow::default() };
    let modified = || files.look(path, true).expect("it is there").modified;
    let mut file = files.open(path, write).expect("it can be made");
    let made = modified();
    files.set_now(Duration::from_secs(20));
    assert_eq!(modified(), made);
    file.write_all(b"new").expect("it can be written");
    let changed = modified();
    assert_eq!(changed, made.map(|time| time + Duration::from_secs(10)));
    files.set_now(Duration::from_secs(30));
    files.rename(path, Path::new("y")).expect("it can be renamed");
    let facts = files.look(Path::new("y"), true).expect("it is there");
    assert_eq!((facts.modified, facts.created), (changed, made));
}

#[test]
fn a_full_disk_takes_what_fits() {
    let files = MemoryFiles::new(1, Duration::ZERO);
    files.set_room(10);
    let write = OpenHow { write: true, create: true, truncate: true, ..OpenHow::default() };
    let mut file = files.open(Path::new("x"), write).expect("names need no room");
    assert_eq!(file.write(b"0123456789abc").expect("a part fits"), 10);
    let full = file.write(b"abc").expect_err("nothing fits");
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    let mut other = files.open(Path::new("y"), write).expect("names need no room");
    assert!(other.write(b"a").is_err());
    file.set_size(4).expect("it gets shorter");
    assert_eq!(other.write(b"abcdefghij").expect("there is room again"), 6);
    files.remove_file(Path::new("y")).expect("it is there");
    assert!(file.write(b"b").is_err(), "an open file takes room without a name");
    drop(other);
    file.seek(SeekFrom::End(0)).expect("files can be sought in");
    file.write_all(b"b").expect("now there is room");
}

#[test]
fn what_stands_behind_is_read_and_never_written() {
    let folder = tempfile::tempdir().expect("a place for files");
    fs::create_dir(folder.path().join("data")).expect("it can be made");
    fs::write(folder.path().join("data/in.txt"), "from the machine").expect("it can be written");
    let files = MemoryFiles::new(1, Duration::ZERO);
    files.show(folder.path()).expect("it is there");
    let path = Path::new("data/in.txt");
    let content = |path: &Path| {
        let read = OpenHow { read: true, ..OpenHow::default() };
        let mut text = String::new();
        files.open(path, read).and_then(|mut file| file.read_to_string(&mut text)).map(|_| text)
    };
    assert_eq!(files.look(path, true).expect("it is there").size, 16);
    assert_eq!(content(path).expect("it can be read"), "from the machine");
    let whole = files.canonical(path).expect("it is there");
    assert_eq!(whole, fs::canonicalize(folder.path().join(path)).expect("it is there"));
    let append = OpenHow { append: true, ..OpenHow::default() };
    files.open(path, append).and_then(|mut file| file.write_all(b", changed")).expect("it can");
    assert_eq!(content(&whole).expect("it can be read"), "from the machine, changed");
    files.rename(path, Path::new("moved")).expect("it can be renamed");
    assert_eq!(files.entries(Path::new("data")).expect("it is there"), []);
    assert_eq!(
        fs::read_to_string(folder.path().join(path)).expect("it is there"),
        "from the machine"
    );
    assert!(!folder.path().join("moved").exists());
    let outside = folder.path().parent().expect("it lies somewhere").join("else");
    fs::write(&outside, "x").expect("it can be written");
    assert!(files.look(&outside, true).is_err(), "nothing else of the machine is seen");
    fs::remove_file(outside).expect("it is there");
}

//! Runs every script under `tests/` that says what it will do, in three modes; another one of
//! ARCHITECTURE.md, release, is this test under `cargo test --release`.
//!
//! `KETTLE_TEST=word` runs only the scripts whose path contains the word.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use kettle::diagnostics::{Diagnostic, Severity, SourceMap};
use kettle::engine::{Engine, Error, Input, Output, Permissions, Vm};
use kettle::tools::expectation::{Conduct, Expectation, Remark, is_part};

const FOLDERS: &[&str] =
    &["language", "core", "async", "stdlib", "limit", "programs", "regression"];

/// Scripts that run in the simulated world, too, unless they need other programs.
const SIMULATED: &[&str] = &["tests/stdlib/fs", "tests/stdlib/net"];

/// By which seed they are explored.
const SEED_EXPLORED: u64 = 4;

/// The scripts together expect at least so much.
const EXPECTATIONS_MIN: usize = 2_500;

/// How a script is run. What it does has to be the same in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// As users run it.
    Normal,
    /// Garbage is collected at every safepoint, the stack moves at every call, and a task lets the
    /// others run after every op.
    Torture,
    /// Stopped and resumed every ten calls or turns of loops: about a hundred instructions.
    Fuel,
    /// In the simulated world, with its files and its network in memory.
    Simulated,
    /// There, while what the documents leave open is varied.
    Explored,
}

#[test]
fn scripts_do_what_they_say() {
    run_all(Mode::Normal);
}

#[test]
fn scripts_do_the_same_under_torture() {
    run_all(Mode::Torture);
}

#[test]
fn scripts_do_the_same_on_little_fuel() {
    run_all(Mode::Fuel);
}

/// What they say of files and sockets is true of those in memory, too.
#[test]
fn scripts_about_the_world_do_the_same_in_the_simulated_one() {
    run_all(Mode::Simulated);
}

/// What is explored is nothing that scripts may rely on.
#[test]
fn scripts_about_the_world_do_the_same_however_it_is_explored() {
    run_all(Mode::Explored);
}

#[test]
fn scripts_expect_as_much_as_they_did() {
    let count: usize = scripts("").iter().map(|path| expectations(path)).sum();
    assert!(count >= EXPECTATIONS_MIN, "{count} expectations are fewer than {EXPECTATIONS_MIN}");
}

/// Fast instructions of all kinds, fifty in a turn of the loop.
const LONG_RUN: &str = "
class Sum { n = 0; fn add(k) { self.n += k; self.n } }
fn half(n) { n // 2 }
fn counter() { var count = 0; || { count += 1; count } }

fn run(turns) {
    let sum = Sum()
    let list = [1, 2, 3]
    let next = counter()
    var s = 0
    var f = 0.5
    for i in 0..turns {
        s = (s + i * 3 - 1) % 1000
        f = f * 0.5 + 1.0
        if s < 500 { list[i % 3] = s } else if f <= 1.5 { list[0] = i & 255 }
        s += half(i) - list[1]
        sum.add(s % 7)
        if next() == turns { s = 0 }
        for item in list { s += item }
        let low = !(s > 10)
        while s > 1000 { s //= 3 }
        if low && s != 3 { s += 2 }
    }
    [s, sum.n, next()]
}
print(run(TURNS))
";

/// A hundred million instructions leave nothing behind on a small native stack: where one function
/// carries out one instruction, calls that did not become jumps would need far more.
#[test]
fn a_long_run_needs_no_more_native_stack_than_a_short_one() {
    // Without optimization what begins a program needs a large stack itself.
    let (turns, stack) =
        if cfg!(debug_assertions) { (20_000, 4 << 20) } else { (2_000_000, 256 << 10) };
    let mut engine = Engine::new();
    let stdout = Output::captured();
    engine.options().stdout = stdout.clone();
    let program = engine.compile_text("long.ket", LONG_RUN.replace("TURNS", &turns.to_string()));
    let program = program.expect("the script has no faults");
    let mut vm = Vm::new(&engine).expect("a VM can be made");
    let run =
        thread::Builder::new().stack_size(stack).spawn(move || vm.run_blocking(&program).is_ok());
    assert!(run.expect("a thread can be started").join().expect("the stack is large enough"));
    let counted = stdout.text();
    assert!(counted.ends_with(&format!(", {}]\n", turns + 1)), "{counted}");
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).expect("the script can be read")
}

/// How many lines, diagnostics and errors a script expects.
fn expectations(path: &Path) -> usize {
    let text = text_of(path);
    if is_part(&text) {
        return 0;
    }
    let expectation = Expectation::read(&text).expect("its expectations can be read");
    expectation.stdout.len()
        + expectation.stderr.len()
        + expectation.diagnostics.len()
        + usize::from(expectation.throw.is_some())
}

fn run_all(mode: Mode) {
    let mut scripts = scripts(&std::env::var("KETTLE_TEST").unwrap_or_default());
    if let Mode::Simulated | Mode::Explored = mode {
        let has_programs = |path: &Path| text_of(path).contains("\nimport process\n");
        let is_about = |path: &Path| {
            let name = path.to_string_lossy();
            SIMULATED.iter().any(|start| name.starts_with(start)) && !has_programs(path)
        };
        scripts.retain(|path| is_about(path));
    }
    let next = AtomicUsize::new(0);
    let faults = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from).min(4);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(path) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = run(path, mode);
                    if !found.is_empty() {
                        let text = format!("{}\n{}", path.display(), found.join("\n"));
                        faults.lock().unwrap_or_else(PoisonError::into_inner).push(text);
                    }
                }
            });
        }
    });
    let mut faults = faults.into_inner().unwrap_or_else(PoisonError::into_inner);
    faults.sort();
    assert!(
        faults.is_empty(),
        "{mode:?}: {} of {} scripts do something else:\n\n{}\n",
        faults.len(),
        scripts.len(),
        faults.join("\n\n")
    );
}

/// Runs one script and gives its faults.
fn run(path: &Path, mode: Mode) -> Vec<String> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return vec![error.to_string()],
    };
    if is_part(&text) {
        return Vec::new();
    }
    match Expectation::read(&text) {
        Ok(expectation) => expectation.faults(&conduct(path, &expectation, mode)),
        Err(message) => vec![message],
    }
}

/// What the script does.
fn conduct(path: &Path, expectation: &Expectation, mode: Mode) -> Conduct {
    let mut engine = Engine::new();
    let (stdout, stderr) = (Output::captured(), Output::captured());
    let options = engine.options();
    options.permissions = Permissions::all();
    options.args = expectation.args.clone();
    options.stdin = Input::text(&expectation.stdin);
    options.stdout = stdout.clone();
    options.stderr = stderr.clone();
    options.virtual_clock = expectation.virtual_clock;
    options.fixtures = path.parent().map(Path::to_path_buf);
    options.memory_limit = expectation.memory_limit.unwrap_or(options.memory_limit);
    options.depth_max = expectation.depth_max.unwrap_or(options.depth_max);
    match mode {
        Mode::Normal => {}
        Mode::Torture => {
            options.torture = true;
            options.op_budget = expectation.op_budget.unwrap_or(1);
        }
        Mode::Fuel => options.fuel_slice = Some(10),
        Mode::Simulated => options.virtual_clock = true,
        Mode::Explored => {
            options.virtual_clock = true;
            options.explore = Some(SEED_EXPLORED);
        }
    }
    let mut conduct = Conduct::default();
    match engine.compile_file(path) {
        Ok(program) => {
            conduct.diagnostics = remarks(program.warnings(), program.sources());
            match Vm::new(&engine).and_then(|mut vm| vm.run_blocking(&program)) {
                Ok(status) => conduct.exit = status,
                Err(error) => note(error, &mut conduct),
            }
        }
        Err(error) => {
            conduct.diagnostics = remarks(&error.diagnostics, &error.sources);
            conduct.exit = 2;
        }
    }
    conduct.stdout = stdout.text();
    conduct.stderr = stderr.text();
    conduct
}

fn note(error: Error, conduct: &mut Conduct) {
    conduct.exit = error.status();
    conduct.report = error.report(false);
    let line = match &error {
        Error::Uncaught { report, .. } => report.line().map(|line| line as usize),
        _ => None,
    };
    conduct.throw = Some(Remark { line, text: error.to_string() });
}

fn remarks(diagnostics: &[Diagnostic], sources: &SourceMap) -> Vec<Remark> {
    let remark = |diagnostic: &Diagnostic| {
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let code = diagnostic.code.map_or("", |code| code.name());
        let line = diagnostic.primary().and_then(|label| {
            let source = sources.get(label.source)?;
            Some(source.position(label.span.start).0 as usize)
        });
        Remark { line, text: format!("{severity}[{code}]: {}", diagnostic.title) }
    };
    diagnostics.iter().map(remark).collect()
}

/// All scripts whose path contains a word, sorted by path.
fn scripts(only: &str) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        FOLDERS.iter().map(|folder| Path::new("tests").join(folder)).collect();
    let mut scripts = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "ket")
                && path.to_string_lossy().contains(only)
            {
                scripts.push(path);
            }
        }
    }
    scripts.sort();
    assert!(!scripts.is_empty(), "no script contains `{only}` in its path");
    scripts
}

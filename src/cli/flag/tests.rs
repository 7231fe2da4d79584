//! Command lines, and what is made of them.

use super::*;

fn read(line: &[&str]) -> Result<Request, String> {
    parse(line.iter().map(OsString::from))
}

fn run(source: Source, args: &[&str]) -> Run {
    Run { source, args: args.iter().map(ToString::to_string).collect(), ..Run::default() }
}

#[test]
fn what_stands_behind_the_program_is_the_programs() {
    let file = || Source::File("a.ket".to_owned());
    assert_eq!(read(&["a.ket", "-x", "--help"]), Ok(Request::Run(run(file(), &["-x", "--help"]))));
    assert_eq!(read(&["run", "a.ket", "run"]), Ok(Request::Run(run(file(), &["run"]))));
    assert_eq!(read(&["-", "x"]), Ok(Request::Run(run(Source::Stdin, &["x"]))));
    let code = Source::Text("print(1)".to_owned());
    assert_eq!(read(&["-e", "print(1)", "-e", "2"]), Ok(Request::Run(run(code, &["-e", "2"]))));
    let dumped = Run { dump: Some(Dump::Ast), ..run(file(), &[]) };
    assert_eq!(read(&["run", "--dump=ast", "a.ket"]), Ok(Request::Run(dumped)));
    assert_eq!(read(&[]), Ok(Request::Run(Run::default())));
    let granted = Permissions::none().fs_read("data").allow_all(Right::NetConnect);
    let folders = vec!["data".to_owned()];
    let sandbox = Sandbox {
        permissions: Some(granted),
        folders,
        audit: Some("log".into()),
        bounds: Bounds::default(),
    };
    assert_eq!(
        read(&["--sandbox", "--allow-read=data", "--allow-net", "--audit", "log", "a.ket", "--x"]),
        Ok(Request::Run(Run { sandbox, ..run(file(), &["--x"]) }))
    );
    let profiled = |name: &str| Run { profile: Some(name.to_owned()), ..run(file(), &[]) };
    assert_eq!(read(&["--profile", "a.ket"]), Ok(Request::Run(profiled("profile"))));
    assert_eq!(read(&["run", "--profile=x", "a.ket"]), Ok(Request::Run(profiled("x"))));
}

#[test]
fn sessions_begin_with_programs() {
    let with = |source| Repl { source, ..Repl::default() };
    let file = |name: &str| Source::File(name.to_owned());
    assert_eq!(read(&["repl"]), Ok(Request::Repl(Repl::default())));
    assert_eq!(read(&["repl", "a.ket"]), Ok(Request::Repl(with(file("a.ket")))));
    assert_eq!(read(&["-i", "a.ket"]), Ok(Request::Repl(with(file("a.ket")))));
    for words in [["-e", "1", "-i"], ["-i", "-e", "1"]] {
        assert_eq!(read(&words), Ok(Request::Repl(with(Source::Text("1".to_owned())))));
    }
    let attached = Repl { attach: Some("s".to_owned()), ..Repl::default() };
    assert_eq!(read(&["repl", "--attach", "s"]), Ok(Request::Repl(attached)));
    let open = Run { console: Some("s".to_owned()), ..run(file("a.ket"), &[]) };
    assert_eq!(read(&["--console=s", "a.ket"]), Ok(Request::Run(open)));
    assert!(read(&["repl", "--attach", "s", "a.ket"]).is_err());
    assert!(read(&["--virtual-clock", "--console", "s", "a.ket"]).is_err());
}

#[test]
fn mistakes_name_the_way_out() {
    let message = |line: &[&str]| read(line).expect_err("it is a mistake");
    assert_eq!(message(&["--hepl"]), "there is no flag `--hepl`; did you mean `--help`?");
    assert_eq!(message(&["check", "-e", "1"]), "`kettle check` does not take `-e`");
    assert_eq!(message(&["--dump", "x"]), "`--dump x`: the forms are tokens, ast and bytecode");
    assert_eq!(message(&["run"]), "`kettle run` needs a file");
    assert_eq!(message(&["-e"]), "`--eval` needs a value: CODE");
    assert_eq!(message(&["--profile=", "a.ket"]), "`--profile=` needs a name");
    assert_eq!(
        message(&["test", "--jobs", "0"]),
        "`--jobs 0`: it takes a whole number, at least 1"
    );
    assert_eq!(
        message(&["test", "--timeout=5"]),
        "`--timeout 5`: it takes a duration, as in 500ms or 1m30s"
    );
    let place = message(&["--allow-net=here:http", "a.ket"]);
    assert!(
        place.starts_with("`--allow-net`: net_connect: `here:http`: the port must be"),
        "{place}"
    );
    assert!(message(&["test", "--repeat=2", "--explore=2"]).contains("give one of them"));
    assert_eq!(message(&["check", "--seed", "1"]), "`kettle check` does not take `--seed`");
}

#[test]
fn every_flag_that_is_no_secret_stands_in_the_help() {
    for flag in FLAGS {
        let help = help(flag.commands.first().copied());
        assert_eq!(help.contains(&format!("--{}", flag.long)), flag.help.is_some());
    }
}

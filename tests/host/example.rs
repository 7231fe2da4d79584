//! The hosts in `examples/embed/` do what they say.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use kettle::Error;

#[path = "../../examples/embed/game.rs"]
#[expect(dead_code, reason = "the example has a `main` of its own")]
mod game;
#[path = "../../examples/embed/plugin.rs"]
#[expect(dead_code, reason = "the example has a `main` of its own")]
mod plugin;
#[path = "../../examples/embed/service.rs"]
#[expect(dead_code, reason = "the example has a `main` of its own")]
mod service;

#[test]
fn a_game_gives_scripts_a_part_of_each_frame() {
    let (frames, places) = game::play().expect("it is played");
    let places: Vec<_> = places.iter().map(|(name, place)| (name.as_str(), *place)).collect();
    assert_eq!(places, [("alba", 7), ("bruno", 7), ("owl", 1)]);
    assert!(frames > 5, "everybody waits for five steps: {frames}");
}

#[test]
fn a_plugin_is_refused_what_it_may_not_do_and_stopped() {
    let functions = ["shorten", "endless", "greedy", "deep", "idle"];
    let account = plugin::run("stranger.ket", plugin::STRANGER, &functions).expect("it compiles");
    let said = |name: &str| {
        let found = account.results.iter().find(|(known, _)| known == name);
        match &found.expect("it was called").1 {
            Ok(text) => text.clone(),
            Err(Error::Limit(limit)) => format!("limit of {limit}"),
            Err(error) => error.class().unwrap_or_default().to_owned(),
        }
    };
    assert_eq!(
        functions.map(said),
        ["too l", "limit of time", "limit of memory", "limit of nested calls", "limit of time"]
    );
    assert_eq!(account.printed.matches("is not granted").count(), 4, "{}", account.printed);
    let rights: Vec<_> = account.refused.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(rights, ["fs_read", "fs_read", "net_connect", "process"]);
}

/// What `curl` prints for an address: the body and the status.
fn curl(address: &str) -> String {
    let words = ["-sS", "--max-time", "20", "-w", "%{http_code}", address];
    let output = Command::new("curl").args(words).output().expect("curl is there");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_answers_and_is_reloaded_while_it_serves() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("handlers.ket");
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/embed/handlers.ket");
    let text = std::fs::read_to_string(original).expect("it is there");
    std::fs::write(&path, &text).expect("it can be written");
    let handlers = Arc::new(service::Handlers::new(path.clone()).expect("it compiles"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let at = format!("http://{}", listener.local_addr().expect("it has an address"));
    let serving = tokio::spawn(service::serve(listener, handlers));
    let get = |target: &str| {
        let address = format!("{at}{target}");
        tokio::task::spawn_blocking(move || curl(&address))
    };
    assert_eq!(get("/").await.expect("it answers"), "hello from a script\n200");
    assert_eq!(get("/sum?a=1&b=41").await.expect("it answers"), "{\"sum\":42}\n200");
    assert!(get("/time").await.expect("it answers").starts_with("it is 1"));
    assert_eq!(get("/fail").await.expect("it answers"), "the handler failed\n500");
    assert_eq!(get("/nowhere").await.expect("it answers"), "there is no /nowhere\n404");
    // A slow request is under way while the handlers change.
    let slow = get("/slow");
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    let change = |text: &str, at| {
        std::fs::write(&path, text).expect("it can be written");
        let file = std::fs::File::options().write(true).open(&path).expect("it is there");
        file.set_modified(at).expect("its time can be set");
    };
    change(&text.replace("\"hello\"", "\"good day\""), later);
    assert_eq!(get("/").await.expect("it answers"), "good day from a script\n200");
    change("this is (no program", later + std::time::Duration::from_secs(5));
    assert_eq!(get("/").await.expect("it answers"), "good day from a script\n200");
    assert_eq!(slow.await.expect("it answers"), "that took a while\n200");
    serving.abort();
}

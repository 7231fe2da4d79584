//! Servers under load: connections that come and go at random for a while, and the end of a server
//! that has much to do.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::process::Kettle;

const SOAK: &str = "benches/programs/soak.ket";
/// Seconds of the soak, where ten are not enough; from a minute on memory must stay as it is.
const SOAK_VARIABLE: &str = "KETTLE_SOAK";

/// Connects, resets, cancels and timeouts at random leave no task and no descriptor.
#[test]
fn nothing_is_left_of_a_soak() {
    let seconds = std::env::var(SOAK_VARIABLE).unwrap_or_else(|_| "10".to_owned());
    let (status, printed) = Kettle::start(&[SOAK, &seconds, "1"]).finish();
    println!("{printed}");
    assert_eq!(status, Some(0), "{printed}");
}

/// A server that takes its time with each request, and tells at its end what it has done.
const SERVER: &str = r#"
import {tcp} from net
var accepted = 0
var answered = 0
async fn handler(client) {
    accepted += 1
    let request = await client.read_until("\n")
    await sleep(30ms)
    await client.write(b"answer to " + request)
    answered += 1
}
let server = await tcp.listen("127.0.0.1", 0)
defer print("accepted ${accepted}, answered ${answered}")
print("listening on ${server.local}")
await server.serve(handler)
"#;
const CLIENTS: usize = 16;

/// `kill -TERM` under load: whoever has been accepted gets an answer, and a whole one.
#[test]
fn a_server_that_is_asked_to_end_answers_what_it_has_accepted() {
    let file = tempfile::Builder::new().suffix(".ket").tempfile().expect("a place for a file");
    std::fs::write(file.path(), SERVER).expect("it can be written");
    let (mut kettle, port) = Kettle::serve(&[file.path().to_str().expect("it is text")]);
    let clients: Vec<_> =
        (0..CLIENTS).map(|number| thread::spawn(move || answers(port, number))).collect();
    thread::sleep(Duration::from_millis(700));
    kettle.signal("TERM");
    let counted = kettle.line();
    assert_eq!(kettle.finish().0, Some(143));
    let answers: usize = clients.into_iter().map(|client| client.join().expect("it ends")).sum();
    assert_eq!(counted, format!("accepted {answers}, answered {answers}\n"));
    assert!(answers >= CLIENTS, "{answers} answers are not much of a load");
}

/// Asks, one request a connection, until nobody listens any more; gives the number of answers.
fn answers(port: u16, client: usize) -> usize {
    let mut count = 0;
    loop {
        let request = format!("request {count} of client {client}\n");
        let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)) else { return count };
        let mut answer = String::new();
        // A connection that was not accepted in time is reset, before or after it was written to.
        let asked = server.write_all(request.as_bytes());
        if asked.and_then(|()| server.read_to_string(&mut answer)).is_err() || answer.is_empty() {
            return count;
        }
        assert_eq!(answer, format!("answer to {request}"));
        count += 1;
    }
}

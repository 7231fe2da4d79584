//! A web service on Tokio whose handlers are scripts, reloadable while it serves.
//!
//! Run it with `cargo run --example service`, then `curl http://127.0.0.1:8080/time`, and change
//! `examples/embed/handlers.ket` meanwhile. Each connection is a Tokio task with a VM of its own: VMs are
//! cheap, so no request sees what another one has left behind, and a script that computes holds up
//! nobody but its own client. The compiled program is shared by all of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};

use kettle::engine::Serde;
use kettle::{Engine, Error, Program, Vm};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a handler gets.
#[derive(Serialize)]
struct Request {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
}

/// What a handler gives.
#[derive(Deserialize)]
struct Response {
    status: u16,
    body: String,
}

/// The handlers as they stand in their file.
pub struct Handlers {
    engine: Engine,
    path: PathBuf,
    current: RwLock<(Option<SystemTime>, Program)>,
}

impl Handlers {
    /// Compiles the file.
    pub fn new(path: PathBuf) -> Result<Handlers, Error> {
        let mut engine = Engine::new();
        // A function that waits for Tokio: any future of the host's runtime will do.
        engine.async_function("clock", async || {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            since.map_or(0, |since| since.as_secs())
        });
        let program = engine.compile_file(&path)?;
        let current = RwLock::new((changed(&path), program));
        Ok(Handlers { engine, path, current })
    }

    /// The program as it stands in the file now. One that does not compile is reported, and the
    /// service goes on with the one before.
    fn program(&self) -> Program {
        let at = changed(&self.path);
        let (known, program) = self.current.read().expect("nobody panics").clone();
        if at == known {
            return program;
        }
        let compiled = self.engine.compile_file(&self.path);
        let program = compiled.unwrap_or_else(|error| {
            eprint!("{}", error.render(false));
            program
        });
        *self.current.write().expect("nobody panics") = (at, program.clone());
        program
    }
}

fn changed(path: &std::path::Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|data| data.modified()).ok()
}

/// Serves until the task is ended.
pub async fn serve(listener: TcpListener, handlers: Arc<Handlers>) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let handlers = handlers.clone();
        // The future of the call is `Send`, so Tokio may move it between threads at every await.
        tokio::spawn(async move {
            if let Err(error) = answer(stream, &handlers).await {
                eprintln!("connection: {error}");
            }
        });
    }
}

async fn answer(mut stream: TcpStream, handlers: &Handlers) -> std::io::Result<()> {
    const HEAD_MAX: usize = 8 << 10;
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > HEAD_MAX || stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let response = handle(handlers, &head).await.unwrap_or_else(|error| {
        // The client learns nothing of the inside; whoever runs the service learns all.
        eprint!("{}", error.report(false));
        Response { status: 500, body: "the handler failed\n".to_owned() }
    });
    let Response { status, body } = response;
    let head = format!(
        "HTTP/1.1 {status} \r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await
}

async fn handle(handlers: &Handlers, head: &[u8]) -> Result<Response, Error> {
    let head = String::from_utf8_lossy(head);
    let mut words = head.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    };
    let query = query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect();
    let request = Request { method: method.to_owned(), path: path.to_owned(), query };
    let mut vm = Vm::new(&handlers.engine)?;
    vm.load(&handlers.program()).await?;
    // A client that goes away drops this future, which cancels the script.
    let Serde(response) = vm.call("serve", (Serde(request),)).await?;
    Ok(response)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/embed/handlers.ket");
    let handlers = Arc::new(Handlers::new(path.into())?);
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://{}", listener.local_addr()?);
    Ok(serve(listener, handlers).await?)
}

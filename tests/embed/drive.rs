//! Who drives a VM: a blocking thread, Tokio, another executor, a loop of the host, a thread of its own.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use kettle::engine::{Output, Permissions, Progress};
use kettle::{Engine, Error, Vm};

use super::vm;

/// What an executor consists of at least.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

/// Echoes over a real socket, sleeps, and computes.
const WORK: &str = r#"
    import {tcp} from net

    pub async fn echo(text) {
        let server = await tcp.listen("127.0.0.1", 0)
        scope {
            spawn {
                let conn = await server.accept()
                await conn.write(await conn.read())
                conn.close()
            }
            let conn = await tcp.connect("127.0.0.1", server.local.port)
            await conn.write(text)
            let back = (await conn.read()).utf8()
            server.close()
            back
        }
    }
    pub async fn nap(n) { await sleep(2ms); n + 1 }
    pub fn sum(n) { var s = 0; for i in 0..n { s += i }; s }
    pub fn fail() { throw ValueError("as asked") }
"#;

async fn work(vm: &mut Vm) -> Result<(), Error> {
    assert_eq!(vm.call::<String>("echo", ("over a socket",)).await?, "over a socket");
    assert_eq!(vm.call::<i64>("nap", (41,)).await?, 42);
    assert_eq!(vm.call::<i64>("sum", (300_000,)).await?, 44_999_850_000);
    let error = vm.call::<i64>("fail", ()).await.expect_err("it throws");
    assert!(error.to_string().contains("as asked"), "{error}");
    Ok(())
}

fn engine() -> Engine {
    let mut engine = Engine::new();
    engine.options().permissions = Permissions::all();
    engine
}

async fn loaded(engine: &Engine) -> Result<Vm, Error> {
    let program = engine.compile_text("work.ket", WORK)?;
    let mut vm = Vm::new(engine)?;
    vm.load(&program).await?;
    Ok(vm)
}

#[test]
fn any_executor_can_drive_a_vm() {
    let done = block_on(async {
        let mut vm = loaded(&engine()).await?;
        work(&mut vm).await
    });
    done.expect("it works");
}

#[test]
fn calls_are_spawned_in_a_runtime_of_tokio_with_many_threads() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build();
    let engine = engine();
    runtime.expect("a runtime").block_on(async {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let engine = engine.clone();
                tokio::spawn(async move {
                    let mut vm = loaded(&engine).await?;
                    work(&mut vm).await
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("it does not panic").expect("it works");
        }
    });
}

/// Moves a future to another thread for every poll.
fn migrate<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> (T, usize) {
    struct Ring(std::sync::mpsc::Sender<()>);
    impl Wake for Ring {
        fn wake(self: Arc<Self>) {
            // Nobody listens any more once the future has ended.
            let _ = self.0.send(());
        }
    }
    let mut future: Pin<Box<dyn Future<Output = T> + Send>> = Box::pin(future);
    let (ring, rung) = std::sync::mpsc::channel();
    for moves in 1.. {
        let waker = Waker::from(Arc::new(Ring(ring.clone())));
        let polled = thread::spawn(move || {
            let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
            (polled, future)
        });
        let (polled, back) = polled.join().expect("it does not panic");
        match polled {
            Poll::Ready(value) => return (value, moves),
            Poll::Pending => rung.recv().expect("the waker is kept"),
        }
        future = back;
    }
    unreachable!("a count has no end")
}

#[test]
fn a_vm_moves_between_threads_at_every_await() {
    let (done, moves) = migrate(async {
        let mut vm = loaded(&engine()).await?;
        for n in 0..20 {
            assert_eq!(vm.call::<i64>("nap", (n,)).await?, n + 1);
        }
        work(&mut vm).await
    });
    done.expect("it works");
    assert!(moves > 20, "it was moved {moves} times");
}

#[test]
fn a_loop_of_the_host_drives_a_vm_by_its_descriptor() {
    let mut vm = block_on(loaded(&engine())).expect("it loads");
    let echo = vm.start::<String>("echo", ("by hand",)).expect("it begins");
    let nap = vm.start::<i64>("nap", (1,)).expect("it begins");
    let descriptor = vm.poll_fd().expect("a real loop has one");
    let mut poll = mio::Poll::new().expect("a poll");
    let mut events = mio::Events::with_capacity(8);
    let source = &mut mio::unix::SourceFd(&descriptor);
    poll.registry().register(source, mio::Token(0), mio::Interest::READABLE).expect("it can be");
    loop {
        match vm.turn(Duration::from_millis(5)) {
            Progress::Idle => break,
            Progress::Ready => {}
            Progress::Waiting => poll.poll(&mut events, vm.next_timeout()).expect("it polls"),
        }
    }
    assert!(echo.is_done(&vm) && nap.is_done(&vm) && vm.is_idle());
    assert_eq!(echo.join_blocking(&mut vm).expect("it worked"), "by hand");
    assert_eq!(nap.join_blocking(&mut vm).expect("it worked"), 2);
}

#[test]
fn a_turn_gives_way_although_a_task_computes() {
    let engine = Engine::new();
    let mut vm = vm(&engine, "pub fn forever() { while true { } }");
    let task = vm.start::<()>("forever", ()).expect("it begins");
    for _ in 0..5 {
        assert_eq!(vm.turn(Duration::from_millis(1)), Progress::Ready);
    }
    assert!(!task.is_done(&vm));
    assert!(vm.call_blocking::<i64>("no", ()).is_err());
}

#[test]
fn a_vm_on_its_own_thread_is_called_from_many_places() {
    let engine = engine();
    let program = engine.compile_text("work.ket", WORK).expect("it compiles");
    let worker = Vm::spawn_thread(&engine, &program).expect("it starts");
    let callers: Vec<_> = (0..8)
        .map(|n| {
            let worker = worker.clone();
            thread::spawn(move || match n % 2 {
                0 => worker.call_blocking::<i64, _>("nap", (n,)),
                _ => block_on(worker.call::<i64, _>("nap", (n,))),
            })
        })
        .collect();
    for (n, caller) in callers.into_iter().enumerate() {
        assert_eq!(caller.join().expect("it ends").expect("it works"), n as i64 + 1);
    }
    let error = worker.call_blocking::<i64, _>("fail", ()).expect_err("it throws");
    assert!(error.to_string().contains("as asked"));
    let error = worker.call_blocking::<i64, _>("nothing", ()).expect_err("there is none");
    assert!(error.to_string().contains("no public function `nothing`"));
    let wrong =
        engine.compile_text("wrong.ket", "throw ValueError(\"at once\")").expect("compiles");
    let error = Vm::spawn_thread(&engine, &wrong).expect_err("its top level throws");
    assert!(error.to_string().contains("at once"));
}

#[test]
fn futures_of_the_host_that_need_tokio_have_it_in_every_way_of_driving() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let mut engine = Engine::new();
    engine.async_function("pause", |n: i64| async move {
        tokio::time::sleep(Duration::from_millis(2)).await;
        n + 1
    });
    let text = "pub async fn wait(n) { await pause(n) }";
    let program = engine.compile_text("pause.ket", text).expect("it compiles");
    let mut lost = Vm::new(&engine).expect("a VM");
    lost.load_blocking(&program).expect("it loads");
    let error = lost.call_blocking::<i64>("wait", (1,)).expect_err("there is no runtime");
    assert!(error.to_string().contains("options().tokio"), "{error}");

    #[cfg(feature = "tokio")]
    {
        engine.options().tokio = Some(runtime.handle().clone());
        let mut vm = Vm::new(&engine).expect("a VM");
        vm.load_blocking(&program).expect("it loads");
        assert_eq!(vm.call_blocking::<i64>("wait", (1,)).expect("it waits"), 2);
        assert_eq!(block_on(vm.call::<i64>("wait", (2,))).expect("it waits"), 3);
        let task = vm.start::<i64>("wait", (3,)).expect("it begins");
        while vm.turn(Duration::from_millis(1)) != Progress::Idle {
            thread::yield_now();
        }
        assert_eq!(task.join_blocking(&mut vm).expect("it waited"), 4);
        let worker = Vm::spawn_thread(&engine, &program).expect("it starts");
        assert_eq!(worker.call_blocking::<i64, _>("wait", (4,)).expect("it waits"), 5);
    }
    let inside = runtime.block_on(async {
        let mut vm = Vm::new(&engine)?;
        vm.load(&program).await?;
        vm.call::<i64>("wait", (5,)).await
    });
    assert_eq!(inside.expect("it waits"), 6);
}

#[test]
fn dropping_a_call_cancels_it_runs_its_defers_and_leaves_the_vm_usable() {
    let mut engine = Engine::new();
    let output = Output::captured();
    engine.options().stdout = output.clone();
    let mut vm = vm(
        &engine,
        "pub async fn long(name) { defer print(\"${name} cleans up\"); await sleep(1h) }\n\
         pub async fn slow(name) { defer { await sleep(1ms); print(\"${name} is done\") }; await sleep(1h) }\n\
         pub fn one() { 1 }",
    );
    let noop = || Context::from_waker(Waker::noop());
    {
        let mut call = pin!(vm.call::<()>("long", ("first",)));
        assert!(call.as_mut().poll(&mut noop()).is_pending());
    }
    assert_eq!(vm.call_blocking::<i64>("one", ()).expect("it is usable"), 1);
    assert_eq!(output.text(), "first cleans up\n");
    drop(vm.call::<()>("long", ("never polled",)));
    {
        let mut call = pin!(vm.call::<()>("slow", ("second",)));
        assert!(call.as_mut().poll(&mut noop()).is_pending());
    }
    vm.drive_blocking();
    assert!(output.text().ends_with("second is done\n"), "{}", output.text());
    let task = vm.start::<()>("long", ("third",)).expect("it begins");
    vm.turn(Duration::from_millis(1));
    task.cancel(&mut vm).expect("it is this one's");
    let error = task.join_blocking(&mut vm).expect_err("it was cancelled");
    assert!(matches!(error, Error::Cancelled(_)), "{error}");
    assert!(output.text().ends_with("third cleans up\n"));
    drop(vm.start::<i64>("one", ()).expect("it begins"));
    vm.drive_blocking();
    assert_eq!(vm.call_blocking::<i64>("one", ()).expect("it is usable"), 1);
    assert_eq!(vm.census().tasks, 0);
}

#[test]
fn several_calls_are_under_way_at_once() {
    let mut engine = Engine::new();
    engine.options().virtual_clock = true;
    let mut vm = vm(&engine, "pub async fn nap(n) { await sleep(1s); n }\npub fn now() { 0 }");
    let tasks: Vec<_> =
        (0..100).map(|n| vm.start::<i64>("nap", (n,)).expect("it begins")).collect();
    block_on(vm.drive()).expect("nothing fails");
    let sum: i64 =
        tasks.into_iter().map(|task| task.join_blocking(&mut vm).expect("it ended")).sum();
    assert_eq!(sum, 4950);
}

#[test]
fn a_task_of_another_vm_is_an_error() {
    let engine = Engine::new();
    let text = "pub fn one() { 1 }";
    let (mut first, mut second) = (vm(&engine, text), vm(&engine, text));
    let task = first.start::<i64>("one", ()).expect("it begins");
    assert!(task.cancel(&mut second).is_err());
    let error = task.join_blocking(&mut second).expect_err("it is not its own");
    assert_eq!(error.to_string(), "this task belongs to another VM");
    assert_eq!(first.call_blocking::<i64>("one", ()).expect("it is usable"), 1);
}

#[test]
fn a_future_of_a_call_gives_way_to_others() {
    static POLLS: AtomicUsize = AtomicUsize::new(0);
    let engine = Engine::new();
    let mut vm = vm(&engine, "pub fn sum(n) { var s = 0; for i in 0..n { s += i }; s }");
    let mut call = pin!(vm.call::<i64>("sum", (5_000_000,)));
    let counted = std::future::poll_fn(|cx| {
        POLLS.fetch_add(1, Ordering::Relaxed);
        call.as_mut().poll(cx)
    });
    assert_eq!(block_on(counted).expect("it ends"), 12_499_997_500_000);
    assert!(POLLS.load(Ordering::Relaxed) > 2, "it held the thread to its end");
}

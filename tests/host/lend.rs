//! What a host keeps to itself: what it lends for a call, and what does not leave its thread.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use kettle::engine::{Engine, LocalEngine, LocalVm, Shared, Vm};
use kettle::{Ctx, Error, Func, Local};

use super::vm;

#[derive(kettle::Object)]
struct World {
    #[kettle(get, set)]
    score: i64,
}

#[kettle::methods]
impl World {
    fn add(&mut self, n: i64) -> i64 {
        self.score += n;
        self.score
    }
}

fn lending(text: &str) -> Vm {
    let mut engine = Engine::new();
    let built = engine.globals(|m| {
        m.object::<World>();
        m.function("keep_adding", |world: Shared<World>, n: i64| world.with_mut(|it| it.add(n)));
    });
    built.expect("it makes sense");
    vm(&engine, text)
}

#[test]
fn an_object_is_lent_for_the_length_of_a_scope() {
    let mut vm = lending(
        "var kept = null\n\
         pub fn tick(world) { kept = world; world.add(2) + keep_adding(world, 3) + world.score }\n\
         pub fn late() { try { kept.add(1) } catch error { error.message } }\n\
         pub async fn begun(world) { spawn { await sleep(1ms); world.add(1) }; world.score }",
    );
    let mut world = World { score: 10 };
    for round in 1..=3 {
        let sum: i64 = vm
            .scope(|s| {
                let lent = s.lend_mut(&mut world);
                assert!(lent.with(|it| it.score).is_ok());
                s.call("tick", (lent,))
            })
            .expect("it is lent");
        assert_eq!(world.score, 10 + 5 * round);
        assert_eq!(sum, 3 * world.score - 3);
        let said: String = vm.call_blocking("late", ()).expect("it catches");
        assert_eq!(said, "World.add: the object was lent by the host for a call that has ended");
    }
    // A handle that the host itself has kept is no better.
    let kept = vm.scope(|s| s.lend_mut(&mut world));
    assert!(kept.with(|it| it.score).is_err_and(|busy| busy.is_over()));
    assert!(kept.with_mut(|it| it.score).is_err_and(|busy| busy.is_over()));
}

#[test]
fn functions_that_borrow_are_lent() {
    let mut vm = lending(
        "var kept = null\n\
         pub fn run(say, add) { kept = say; say(\"one\"); for i in 0..3 { add(i, 10) }; say(\"two\") }\n\
         pub fn late() { try { kept(\"three\") } catch error { error.message } }\n\
         pub fn wrong(f) { let said = []; for bad in [|| f(), || f(1), || f(\"a\", \"b\"), || f(\"boom\")] { \
             try { bad() } catch error { said.push(str(error)) } }; said }",
    );
    let mut lines = Vec::new();
    let mut sum = 0;
    vm.scope(|s| {
        let say = s.function(|line: &str| lines.push(line.to_owned()))?;
        let add = s.function(|n: i64, by: i64| sum += n * by)?;
        s.call::<()>("run", (say, add))
    })
    .expect("they are lent");
    assert_eq!((lines.join(" "), sum), ("one two".to_owned(), 30));
    let said: String = vm.call_blocking("late", ()).expect("it catches");
    assert_eq!(said, "the function was lent by the host for a call that has ended");
    let said: Vec<String> = vm
        .scope(|s| {
            let picky = s.function(|text: &str| assert_ne!(text, "boom"))?;
            s.call("wrong", (picky,))
        })
        .expect("it catches");
    let name = "a function that the host has lent";
    assert_eq!(said[0], format!("ArityError: {name} takes 1 arguments, not 0"));
    assert_eq!(said[1], format!("TypeError: {name}: argument 1 must be a str, not an int (1)"));
    assert_eq!(said[2], format!("ArityError: {name} takes 1 arguments, not 2"));
    assert!(
        said[3].starts_with(&format!("Error: the host function `{name}` panicked")),
        "{said:?}"
    );
}

#[test]
fn what_is_lent_is_taken_back_when_the_scope_panics() {
    let mut vm =
        lending("var kept = null\npub fn keep(w) { kept = w }\npub fn late() { kept.score }");
    let mut world = World { score: 1 };
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        vm.scope(|s| {
            let lent = s.lend_mut(&mut world);
            s.call::<()>("keep", (lent,)).expect("it is kept");
            panic!("as asked");
        })
    }));
    assert!(caught.is_err());
    assert_eq!(world.score, 1);
    let error = vm.call_blocking::<i64>("late", ()).expect_err("it is gone");
    assert!(error.to_string().contains("was lent by the host"), "{error}");
}

/// Something of a window, which stays on its thread.
#[derive(kettle::Object)]
struct Label {
    text: Local<Rc<RefCell<String>>>,
}

#[kettle::methods]
impl Label {
    fn set(&self, text: &str) -> Result<(), &'static str> {
        let own = self.text.get().ok_or("the label belongs to another thread")?;
        text.clone_into(&mut own.borrow_mut());
        Ok(())
    }
}

#[test]
fn a_local_vm_takes_what_is_not_send() -> Result<(), Error> {
    let title = Rc::new(RefCell::new(String::new()));
    let count = Rc::new(Cell::new(0));
    let mut engine = LocalEngine::new();
    let (label, counted, later) = (title.clone(), count.clone(), count.clone());
    engine.globals(|m| {
        m.object::<Label>();
        m.function("label", move || Label { text: Local::new(label.clone()) });
        m.function("count", move |n: u32| counted.set(counted.get() + n)).params(["n"]);
    })?;
    engine.function("twice", |cx: &mut Ctx, f: Func| -> Result<(), Error> {
        f.call::<()>(cx, ())?;
        f.call(cx, ())
    });
    engine.async_function("later", move |n: u32| {
        let count = later.clone();
        async move {
            let mut turns = 3;
            poll_fn(|cx| {
                turns -= 1;
                cx.waker().wake_by_ref();
                if turns == 0 { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            count.set(count.get() + n);
            count.get()
        }
    });
    let program = engine.compile_text(
        "local.ket",
        "pub async fn run() { twice(|| count(n: 1)); label().set(\"done\"); await later(40) }",
    )?;
    let mut vm = LocalVm::new(&engine)?;
    vm.load_blocking(&program)?;
    assert_eq!(vm.call_blocking::<u32>("run", ())?, 42);
    assert_eq!((title.borrow().as_str(), count.get()), ("done", 42));
    let f: Func = vm.global("run")?;
    assert_eq!(f.call::<u32>(&mut vm, ())?, 84);
    // All that it held is given back.
    drop((vm, engine));
    assert_eq!((Rc::strong_count(&title), Rc::strong_count(&count)), (1, 1));
    Ok(())
}

#[test]
fn what_stays_on_a_thread_is_an_error_on_another_one() -> Result<(), Error> {
    let mut engine = LocalEngine::new();
    let count = Rc::new(Cell::new(0));
    engine.function("count", move || count.get());
    let program = engine.compile_text("local.ket", "pub fn run() { count() }")?;
    let mut local = LocalVm::new(&engine)?;
    local.load_blocking(&program)?;
    // The VM inside can be swapped out, for what that is worth.
    let mut moved = Vm::new(&Engine::new())?;
    std::mem::swap(&mut moved, &mut local);
    let ended = std::thread::spawn(move || moved.call_blocking::<i64>("run", ())).join();
    let error = ended.expect("it does not panic").expect_err("it is elsewhere");
    assert!(
        error.to_string().contains("`count` belongs to the thread that has made it"),
        "{error}"
    );
    Ok(())
}

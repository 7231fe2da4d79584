//! A game whose creatures are scripts: each is a task that waits for the next step, and all of them
//! together have a few milliseconds of every frame.
//!
//! Run it with `cargo run --example game`. The loop is the game's: the VM goes on only inside
//! `turn`, which comes back when the budget is used up, although one creature thinks for too long.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kettle::engine::{Progress, Shared};
use kettle::{Engine, Error, Vm};

const SCRIPT: &str = r#"
async fn rabbit(world, name) {
    for step in 0..5 {
        await world.step()
        world.move(name, step % 2 + 1)
    }
}

async fn owl(world) {
    await world.step()
    var thought = 0
    for n in 0..300_000 { thought = (thought + n * n) % 1_000_003 }
    world.move("owl", 1)
}

pub async fn play(world) {
    scope {
        spawn rabbit(world, "alba")
        spawn rabbit(world, "bruno")
        spawn owl(world)
    }
    world.places()
}
"#;

/// How much of a frame the scripts may take.
const BUDGET: Duration = Duration::from_millis(4);

/// What the scripts see of the game.
#[derive(kettle::Object, Default)]
struct World {
    frame: u64,
    places: std::collections::BTreeMap<String, i64>,
    /// Who waits for the next frame.
    waiting: Arc<Mutex<Vec<std::task::Waker>>>,
}

#[kettle::methods]
impl World {
    /// Waits for the next frame of the game.
    async fn step(this: Shared<Self>) -> Result<(), kettle::engine::Busy> {
        let (now, waiting) = this.with(|world| (world.frame, world.waiting.clone()))?;
        std::future::poll_fn(|cx| match this.with(|world| world.frame > now) {
            Ok(false) => {
                waiting.lock().expect("nobody panics").push(cx.waker().clone());
                std::task::Poll::Pending
            }
            done => std::task::Poll::Ready(done.map(drop)),
        })
        .await
    }

    /// Moves a creature.
    fn r#move(&mut self, name: String, by: i64) {
        *self.places.entry(name).or_default() += by;
    }

    /// Where everybody is.
    fn places(&self) -> std::collections::BTreeMap<String, i64> {
        self.places.clone()
    }
}

/// Public so that a test can call it: gives the number of frames and how far each creature came.
pub fn play() -> Result<(u64, Vec<(String, i64)>), Error> {
    let mut engine = Engine::new();
    engine.globals(|m| {
        m.object::<World>();
    })?;
    let program = engine.compile_text("creatures.ket", SCRIPT)?;
    let mut vm = Vm::new(&engine)?;
    vm.load_blocking(&program)?;
    let world = Shared::new(World::default());
    let game = vm.start::<std::collections::BTreeMap<String, i64>>("play", (world.clone(),))?;
    let mut frames = 0;
    while !game.is_done(&vm) {
        frames += 1;
        let waiting = world.with_mut(|world| {
            world.frame = frames;
            world.waiting.clone()
        });
        let waiting = waiting.map_err(|busy| Error::Call(busy.to_string()))?;
        waiting.lock().expect("nobody panics").drain(..).for_each(|waker| waker.wake());
        // What is not done within the budget goes on in the next frame.
        let progress = vm.turn(BUDGET);
        // Here a real game draws.
        if progress == Progress::Idle && !game.is_done(&vm) {
            return Err(Error::Call("the creatures wait for nothing".to_owned()));
        }
    }
    let places = game.join_blocking(&mut vm)?;
    Ok((frames, places.into_iter().collect()))
}

fn main() -> Result<(), Error> {
    let (frames, places) = play()?;
    println!("{frames} frames");
    for (name, place) in places {
        println!("{name} is at {place}");
    }
    Ok(())
}

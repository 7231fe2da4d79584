//! The output of a program: buffered, in order, complete at the end.
//!
//! On a terminal each line is written as it ends, and what goes to standard error comes after what
//! was printed before it. Elsewhere 64 KiB are gathered, and what there is goes out whenever the
//! loop is about to wait.

use std::io;

use super::device::{Device, Kind};
use crate::natives::world::{self, Capture, World};
use crate::runtime::output::{Drained, Output, Target};

/// How much is gathered before it is written.
const GATHERED_MAX: usize = 64 * 1024;

/// Standard output and standard error as the host's world has them.
pub struct Console {
    out: Channel,
    err: Channel,
}

enum Channel {
    Process(Gathered),
    Captured(Capture),
}

struct Gathered {
    device: Device,
    bytes: Vec<u8>,
}

impl Console {
    /// The outputs of a world.
    pub fn new(world: &World) -> Console {
        Console {
            out: Channel::new(&world.stdout, Target::Out),
            err: Channel::new(&world.stderr, Target::Err),
        }
    }

    fn channel(&mut self, target: Target) -> &mut Channel {
        match target {
            Target::Out => &mut self.out,
            Target::Err => &mut self.err,
        }
    }
}

impl Output for Console {
    fn write(&mut self, target: Target, bytes: &[u8]) {
        if target == Target::Err {
            // A person who sees both must see them in order. Errors are never held back.
            self.out.hand_over();
            self.err.write(bytes);
            self.err.hand_over();
        } else {
            self.out.write(bytes);
        }
    }

    fn flush(&mut self) {
        self.out.hand_over();
    }

    fn drain(&mut self, target: Target) -> Option<Drained> {
        let channel = self.channel(target);
        channel.hand_over();
        match channel {
            Channel::Process(gathered) => Some(Box::new(gathered.device.drained()?)),
            Channel::Captured(_) => None,
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        let out = self.out.finish();
        // Who cannot write to standard error has nobody to tell.
        let _ = self.err.finish();
        out
    }

    fn is_broken(&self) -> bool {
        match &self.out {
            Channel::Process(gathered) => gathered.device.is_broken(),
            Channel::Captured(_) => false,
        }
    }
}

impl Channel {
    fn new(place: &world::Output, target: Target) -> Channel {
        match place {
            world::Output::Captured(capture) => Channel::Captured(capture.clone()),
            world::Output::Process => {
                Channel::Process(Gathered { device: Device::new(target), bytes: Vec::new() })
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        match self {
            Channel::Captured(capture) => capture.write(bytes),
            Channel::Process(gathered) => {
                gathered.bytes.extend_from_slice(bytes);
                let is_line = gathered.device.kind() == Kind::Terminal && bytes.contains(&b'\n');
                if is_line || gathered.bytes.len() >= GATHERED_MAX {
                    self.hand_over();
                }
            }
        }
    }

    fn hand_over(&mut self) {
        if let Channel::Process(Gathered { device, bytes }) = self
            && !bytes.is_empty()
        {
            device.write(bytes);
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Channel::Process(Gathered { device, bytes }) => device.finish(bytes),
            Channel::Captured(_) => Ok(()),
        }
    }
}

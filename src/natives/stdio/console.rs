//! The output of a program: buffered, in order, complete at the end.
//!
//! On a terminal each line is written as it ends, and what goes to standard error comes after what
//! was printed before it. Elsewhere 64 KiB are gathered, and what there is goes out whenever the
//! loop is about to wait.
//!
//! Status lines (progress bars) stand below everything else on a terminal. Before anything is
//! written there they are lifted, afterwards they are put down again, unless the output ended within a
//! line: they would stand behind it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::time::Duration;

use super::device::{Device, Kind};
use crate::natives::world::{self, Capture, World};
use crate::runtime::output::{Drained, Output, Size, Target};

/// How much is gathered before it is written.
const GATHERED_MAX: usize = 64 * 1024;

/// Standard output and standard error as the host's world has them.
pub struct Console {
    out: Channel,
    err: Channel,
    /// What is to stand below all other output.
    status: Vec<String>,
    /// How many lines of it stand there now.
    shown: usize,
    /// What is written while the program captures its own output.
    kept: Option<(Vec<u8>, Vec<u8>)>,
}

enum Channel {
    Process(Gathered),
    Captured(Capture),
}

struct Gathered {
    device: Device,
    bytes: Vec<u8>,
    /// What was written last did not end its line.
    is_within_line: bool,
}

impl Console {
    /// The outputs of a world.
    ///
    /// Writes do not wait for slow readers while `attention` is anything but zero.
    pub fn new(world: &World, attention: &Arc<AtomicU8>) -> Console {
        Console {
            out: Channel::new(&world.stdout, Target::Out, attention),
            err: Channel::new(&world.stderr, Target::Err, attention),
            status: Vec::new(),
            shown: 0,
            kept: None,
        }
    }

    fn channel(&mut self, target: Target) -> &mut Channel {
        match target {
            Target::Out => &mut self.out,
            Target::Err => &mut self.err,
        }
    }

    fn channel_ref(&self, target: Target) -> &Channel {
        match target {
            Target::Out => &self.out,
            Target::Err => &self.err,
        }
    }

    /// Hands over what was gathered, above the status lines.
    fn hand_over(&mut self) {
        if self.out.is_empty() && self.err.is_empty() {
            return;
        }
        self.lift_status();
        // A person who sees both must see them in order.
        self.out.hand_over();
        self.err.hand_over();
        self.put_status();
    }

    fn set_hurry(&mut self, hurries: bool) {
        for channel in [&mut self.out, &mut self.err] {
            if let Channel::Process(gathered) = channel {
                gathered.device.hurry(hurries);
            }
        }
    }

    /// Takes the status lines off the terminal.
    fn lift_status(&mut self) {
        if self.shown > 0 {
            let above = "\x1b[A\x1b[2K".repeat(self.shown - 1);
            self.err.put(format!("\r\x1b[2K{above}").as_bytes());
            self.shown = 0;
        }
    }

    /// Shows the status lines, if the cursor is where a line begins.
    fn put_status(&mut self) {
        let is_within_line = self.out.is_within_line() || self.err.is_within_line();
        if !self.status.is_empty() && self.err.is_terminal() && !is_within_line {
            self.err.put(self.status.join("\n").as_bytes());
            self.shown = self.status.len();
        }
    }
}

impl Output for Console {
    fn write(&mut self, target: Target, bytes: &[u8]) {
        if let Some((out, err)) = &mut self.kept {
            return if target == Target::Out { out } else { err }.extend_from_slice(bytes);
        }
        let channel = self.channel(target);
        channel.write(bytes);
        // Errors are never held back.
        if target == Target::Err || channel.is_due() {
            self.hand_over();
        }
    }

    fn flush(&mut self) {
        self.hand_over();
    }

    fn has_room(&self, target: Target) -> bool {
        match self.channel_ref(target) {
            Channel::Process(gathered) => gathered.device.has_room(),
            Channel::Captured(_) => true,
        }
    }

    fn terminal(&self, target: Target) -> Option<Size> {
        match self.channel_ref(target) {
            Channel::Process(gathered) => gathered.device.size(),
            Channel::Captured(_) => None,
        }
    }

    fn capture(&mut self) -> bool {
        let begins = self.kept.is_none();
        self.kept.get_or_insert_default();
        begins
    }

    fn captured(&mut self) -> (Vec<u8>, Vec<u8>) {
        self.kept.take().unwrap_or_default()
    }

    fn set_status(&mut self, lines: Vec<String>) {
        self.hand_over();
        self.lift_status();
        self.status = lines;
        self.put_status();
    }

    fn drain(&mut self, target: Target) -> Option<Drained> {
        self.hand_over();
        match self.channel(target) {
            Channel::Process(gathered) => Some(Box::new(gathered.device.drained()?)),
            Channel::Captured(_) => None,
        }
    }

    fn finish(&mut self, patience: Duration) -> Option<io::Result<()>> {
        self.hurry();
        if !self.status.is_empty() {
            self.set_status(Vec::new());
        }
        // Who cannot write to standard error has nobody to tell.
        let told = self.err.finish(patience).is_some();
        let finished = self.out.finish(patience).filter(|_| told);
        if finished.is_some() {
            // What a host calls after the program may take its time again.
            self.set_hurry(false);
        }
        finished
    }

    fn hurry(&mut self) {
        self.set_hurry(true);
    }

    fn take_distraction(&mut self) -> bool {
        let mut distracted = false;
        for channel in [&mut self.out, &mut self.err] {
            if let Channel::Process(gathered) = channel {
                distracted |= gathered.device.take_distraction();
            }
        }
        distracted
    }

    fn is_broken(&self) -> bool {
        match &self.out {
            Channel::Process(gathered) => gathered.device.is_broken(),
            Channel::Captured(_) => false,
        }
    }
}

impl Channel {
    fn new(place: &world::Output, target: Target, attention: &Arc<AtomicU8>) -> Channel {
        match place {
            world::Output::Captured(capture) => Channel::Captured(capture.clone()),
            world::Output::Process => Channel::Process(Gathered {
                device: Device::new(target, attention.clone()),
                bytes: Vec::new(),
                is_within_line: false,
            }),
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        match self {
            Channel::Captured(capture) => capture.write(bytes),
            Channel::Process(gathered) => gathered.bytes.extend_from_slice(bytes),
        }
    }

    /// What was gathered should be written now.
    fn is_due(&self) -> bool {
        let Channel::Process(Gathered { device, bytes, .. }) = self else { return false };
        bytes.len() >= GATHERED_MAX || (device.kind() == Kind::Terminal && bytes.contains(&b'\n'))
    }

    fn is_empty(&self) -> bool {
        !matches!(self, Channel::Process(gathered) if !gathered.bytes.is_empty())
    }

    fn is_terminal(&self) -> bool {
        matches!(self, Channel::Process(gathered) if gathered.device.kind() == Kind::Terminal)
    }

    /// The cursor stands behind something that was written.
    fn is_within_line(&self) -> bool {
        self.is_terminal() && matches!(self, Channel::Process(gathered) if gathered.is_within_line)
    }

    fn hand_over(&mut self) {
        if let Channel::Process(Gathered { device, bytes, is_within_line }) = self
            && !bytes.is_empty()
        {
            *is_within_line = bytes.last() != Some(&b'\n');
            device.write(bytes);
        }
    }

    /// Writes something that does not count as output.
    fn put(&mut self, bytes: &[u8]) {
        if let Channel::Process(gathered) = self {
            gathered.device.write(&mut bytes.to_vec());
        }
    }

    fn finish(&mut self, patience: Duration) -> Option<io::Result<()>> {
        match self {
            Channel::Process(Gathered { device, bytes, .. }) => device.finish(bytes, patience),
            Channel::Captured(_) => Some(Ok(())),
        }
    }
}

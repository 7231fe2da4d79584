//! What instructions have found on receivers of more than one shape.
//!
//! An instruction has room for what it found on one shape. From the second shape on the others stand
//! here, by the instruction and the shape: one look instead of a search by name. A place that two of
//! them want belongs to the later one.

/// How many places there are, once there are any.
const SITES: usize = 512;

/// What an instruction has found on a shape.
#[derive(Clone, Copy, Debug, Default)]
struct Site {
    /// The address of the instruction; 0 for none.
    pc: usize,
    shape: u32,
    found: u32,
}

/// What has been found, in a table that is made when it is first written to.
#[derive(Debug, Default)]
pub(in crate::vm) struct Sites(Vec<Site>);

impl Sites {
    /// What an instruction has found on a shape.
    pub(super) fn get(&self, pc: usize, shape: u32) -> Option<u32> {
        let site = self.0.get(place(pc, shape))?;
        (site.pc == pc && site.shape == shape).then_some(site.found)
    }

    /// Notes what an instruction has found on a shape.
    pub(super) fn put(&mut self, pc: usize, shape: u32, found: u32) {
        if self.0.is_empty() {
            self.0.resize(SITES, Site::default());
        }
        self.0[place(pc, shape)] = Site { pc, shape, found };
    }
}

fn place(pc: usize, shape: u32) -> usize {
    ((pc >> 3) ^ (shape as usize).wrapping_mul(0x9e37_79b1)) % SITES
}

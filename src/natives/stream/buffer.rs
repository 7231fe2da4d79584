//! The bytes a stream has read and nobody has taken yet.

/// A queue of bytes in one piece.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

impl Buffer {
    /// What is there.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// How much is there.
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Whether nothing is there.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory it holds.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Puts bytes at the end.
    pub fn append(&mut self, more: &[u8]) {
        // The room before the start is used again once it is the larger part, so every byte is
        // moved at most once on average.
        if self.start > self.len() {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(more);
    }

    /// Takes `count` bytes from the front; the caller has looked at them.
    pub fn consume(&mut self, count: usize) {
        self.start += count;
        if self.is_empty() {
            self.bytes.clear();
            self.start = 0;
            // A stream that was busy once must not hold on to the memory of its largest burst.
            self.bytes.shrink_to(KEPT_MAX);
        }
    }
}

/// How much memory an empty buffer keeps for the next bytes.
const KEPT_MAX: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_as_they_went_in() {
        let mut buffer = Buffer::default();
        let mut expected = Vec::new();
        let mut seen = Vec::new();
        for round in 0..2000_usize {
            let piece: Vec<u8> = (0..round % 37).map(|n| (n * round % 251) as u8).collect();
            expected.extend_from_slice(&piece);
            buffer.append(&piece);
            let count = buffer.len().min(round * 7 % 41);
            seen.extend_from_slice(&buffer.as_slice()[..count]);
            buffer.consume(count);
        }
        seen.extend_from_slice(buffer.as_slice());
        assert_eq!(seen, expected);
    }

    #[test]
    fn an_empty_buffer_lets_a_burst_go() {
        let mut buffer = Buffer::default();
        buffer.append(&vec![1; 1 << 20]);
        buffer.consume(1 << 20);
        assert!(buffer.capacity() <= KEPT_MAX);
    }
}

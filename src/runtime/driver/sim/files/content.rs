//! The bytes of a file. What was never written takes no memory, so files may be as large as on a
//! disk.

use std::collections::BTreeMap;

/// So many bytes lie together.
const PIECE: u64 = 64 * 1024;

/// No file is larger: as on ext4.
pub(super) const SIZE_MAX: u64 = 1 << 44;

/// Pieces by their numbers, none longer than what was written into it.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    size: u64,
    pieces: BTreeMap<u64, Vec<u8>>,
    stored: u64,
}

impl Content {
    /// A content that is known as a whole.
    pub(super) fn of(bytes: &[u8]) -> Content {
        let mut content = Content::default();
        content.write_at(0, bytes, u64::MAX);
        content
    }

    /// How long the file is.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// How much of the disk it takes.
    pub(super) fn stored(&self) -> u64 {
        self.stored
    }

    /// Copies what there is from a place on, and says how much that was.
    pub(super) fn read_at(&self, at: u64, into: &mut [u8]) -> usize {
        let count = usize::try_from(self.size.saturating_sub(at)).unwrap_or(usize::MAX);
        let count = count.min(into.len());
        let mut done = 0;
        while done < count {
            let (number, start) = place(at + done as u64);
            let end = start.saturating_add(count - done).min(PIECE as usize);
            let piece = self.pieces.get(&number).map_or(&[][..], Vec::as_slice);
            let known = piece.get(start..end.min(piece.len())).unwrap_or_default();
            let target = &mut into[done..done + (end - start)];
            let (written, never) = target.split_at_mut(known.len());
            written.copy_from_slice(known);
            never.fill(0);
            done += end - start;
        }
        count
    }

    /// Writes as much as the disk has room for, and says how much that was.
    pub(super) fn write_at(&mut self, at: u64, from: &[u8], mut room: u64) -> usize {
        let mut done = 0;
        while done < from.len() {
            let (number, start) = place(at + done as u64);
            let known = self.pieces.get(&number).map_or(0, Vec::len);
            let reach = usize::try_from(room).unwrap_or(usize::MAX).saturating_add(known);
            let end = (start + (from.len() - done)).min(PIECE as usize).min(reach);
            if end <= start {
                break;
            }
            let piece = self.pieces.entry(number).or_default();
            let grown = end.saturating_sub(piece.len()) as u64;
            if grown > 0 {
                piece.resize(end, 0);
                self.stored += grown;
                room -= grown;
            }
            piece[start..end].copy_from_slice(&from[done..done + (end - start)]);
            done += end - start;
        }
        if done > 0 {
            self.size = self.size.max(at + done as u64);
        }
        done
    }

    /// Cuts it, or makes it longer with zeros.
    pub(super) fn set_size(&mut self, size: u64) {
        if size < self.size {
            let (number, start) = place(size);
            for (_, piece) in self.pieces.split_off(&(number + u64::from(start > 0))) {
                self.stored -= piece.len() as u64;
            }
            if let Some(piece) = self.pieces.get_mut(&number)
                && piece.len() > start
            {
                self.stored -= (piece.len() - start) as u64;
                piece.truncate(start);
            }
        }
        self.size = size;
    }
}

/// The number of the piece that a place is in, and where in it.
fn place(at: u64) -> (u64, usize) {
    (at / PIECE, (at % PIECE) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &Content, at: u64, count: usize) -> Vec<u8> {
        let mut bytes = vec![7; count];
        let count = content.read_at(at, &mut bytes);
        bytes.truncate(count);
        bytes
    }

    #[test]
    fn what_was_never_written_is_zero_and_takes_no_room() {
        let mut content = Content::default();
        content.write_at(10 * PIECE + 5, b"far", u64::MAX);
        assert_eq!((content.size(), content.stored()), (10 * PIECE + 8, 8));
        assert_eq!(read(&content, 10 * PIECE + 3, 9), b"\0\0far");
        assert_eq!(read(&content, PIECE - 1, 3), [0; 3]);
        content.set_size(1 << 40);
        assert_eq!(read(&content, (1 << 40) - 2, 9), [0; 2]);
        content.set_size(10 * PIECE + 6);
        content.set_size(10 * PIECE + 8);
        assert_eq!(read(&content, 10 * PIECE + 4, 9), b"\0f\0\0");
        content.set_size(0);
        assert_eq!((content.size(), content.stored()), (0, 0));
    }

    #[test]
    fn a_write_ends_where_the_room_does() {
        let mut content = Content::default();
        assert_eq!(content.write_at(0, b"0123456789", 4), 4);
        assert_eq!(content.write_at(2, b"ab", 0), 2, "what is there is written over");
        assert_eq!(content.write_at(8, b"x", 4), 0, "a hole in a piece takes room");
        assert_eq!(content.write_at(4, b"x", 0), 0);
        assert_eq!(read(&content, 0, 9), b"01ab");
        let long = vec![1; 3 * PIECE as usize];
        assert_eq!(content.write_at(1, &long, PIECE), PIECE as usize + 3);
        assert_eq!(content.size(), PIECE + 4);
    }
}

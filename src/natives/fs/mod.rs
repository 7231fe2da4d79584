//! Module `fs`: files and directories. All of it happens on the pool.
//!
//! - `op`: a call on the pool as a source of the loop;
//! - `file`: reading and writing whole files;
//! - `folder`: directories, and everything that takes only a path;
//! - `walk`: a tree of directories as a source.
//!
//! What changes something cannot be taken back: once it has begun, a cancel waits for its result.

mod file;
mod folder;
mod op;
mod walk;

use crate::natives;

pub use walk::WALK;

natives! {
    /// The functions of module `fs`.
    pub const FS;

    /// The content of a file as text, which has to be UTF-8.
    async fn fs.read(path: str) => file::read;
    /// The content of a file as bytes.
    async fn fs.read_bytes(path: str) => file::read_bytes;
    /// Replaces the content of a file, or makes it. With `atomic`, others see the old content or
    /// the new one and never a part. `mode` is the permission of a file that is made (Unix).
    async fn fs.write(path: str, data: data, named atomic: bool = false, named mode: int?) => file::write;
    /// Adds to the end of a file, or makes it.
    async fn fs.append(path: str, data: data) => file::append;
    /// The lines of a text file: a source for `for await`. A line may have `max` bytes. What is no
    /// UTF-8 is a ParseError, or is replaced if `lossy` is true.
    fn fs.lines(path: str, named max: int = 1048576, named lossy: bool = false) => file::lines;
    /// Whether there is something at a path, and it can be reached.
    async fn fs.exists(path: str) => folder::exists;
    /// The names in a directory, sorted.
    async fn fs.list(path: str) => folder::list;
    /// What is at a path: a map of `size` (bytes), `modified` and `created` (seconds since 1970;
    /// null where unknown), `kind` ("file", "dir", "symlink", "other") and `mode`. Follows
    /// symbolic links unless `follow` is false.
    async fn fs.stat(path: str, named follow: bool = true) => folder::stat;
    /// Makes a directory; with `parents` also those above it, and it may exist already.
    async fn fs.mkdir(path: str, named parents: bool = false) => folder::mkdir;
    /// Removes a file, a symbolic link or an empty directory.
    async fn fs.remove(path: str) => folder::remove;
    /// Removes whatever is at a path, with all that is in it. Nothing there is no error.
    async fn fs.remove_all(path: str) => folder::remove_all;
    /// Moves a file or directory to another name; a file that is there is replaced.
    async fn fs.rename(from: str, to: str) => folder::rename;
    /// Copies a file with its permissions; a file that is there is replaced.
    async fn fs.copy(from: str, to: str) => folder::copy;
    /// Makes a new, empty directory for temporary files and gives its path. Nobody removes it.
    async fn fs.temp_dir(named prefix: str = "kettle-") => folder::temp_dir;
    /// All that is below a directory, sorted by name, a directory before what is in it: a source of
    /// maps of `path`, `name`, `kind` and `depth`. Symbolic links are not followed.
    fn fs.walk(path: str) => walk::walk;
}

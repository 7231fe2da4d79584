//! Module `fs`: files and directories. All of it happens on the pool.
//!
//! - `op`: a call on the pool as a source of the loop;
//! - `file`: reading and writing whole files;
//! - `folder`: directories, and everything that takes only a path;
//! - `tree`: whole trees, removed or moved to another device;
//! - `walk`: a tree of directories as a source;
//! - `glob`: the paths that a pattern describes;
//! - `watch`: what happens to files, as a source.
//!
//! What changes something cannot be taken back: once it has begun, a cancel waits for its result.

mod file;
mod folder;
mod glob;
mod op;
mod tree;
mod walk;
mod watch;

use glob::Glob;
use op::{Deed, on_pool};

use super::kind::TextValue;
use crate::natives;
use crate::runtime::{Answer, Cx};
use crate::vm::{ErrorKind, Thrown};

pub use walk::WALK;
pub use watch::WATCH;

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
    /// Opens a file and gives it as a stream, with `read`, `lines`, `write` and the other methods of
    /// streams, and with `seek`, `tell`, `sync` and `truncate`. `mode` is "r" to read, "w" to write a
    /// new content, "a" to add to the end, "r+" to read and write, "x" to write a file that must not
    /// exist yet. It belongs to the task that opens it, which closes it at its end. Nothing is
    /// buffered on the way out: what `write` has written others can read.
    async fn fs.open(path: str, mode: str = "r") => file::open,
        "import fs\nlet path = await fs.temp_file()\ndefer await fs.remove(path)\n\
         let f = await fs.open(path, \"r+\")\nawait f.write(\"one\\ntwo\\n\")\nawait f.seek(4)\n\
         print((await f.read_text()).trim())\nf.close()" => "two";
    /// The lines of a text file: a source for `for await`. A line may have `max` bytes. What is no
    /// UTF-8 is a ParseError, or is replaced if `lossy` is true.
    loop fn fs.lines(path: str, named max: int = 1048576, named lossy: bool = false) => file::lines;
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
    /// Moves a file or directory to another name; a file that is there is replaced. To another
    /// device it is copied, and the original removed once the copy is whole.
    async fn fs.rename(from: str, to: str) => folder::rename;
    /// Copies a file with its permissions; a file that is there is replaced.
    async fn fs.copy(from: str, to: str) => folder::copy;
    /// Sets the permissions of a file or directory: `await fs.chmod("run.sh", 0o755)`. Systems without
    /// permissions know only whether a file may be written.
    async fn fs.chmod(path: str, mode: int) => folder::chmod;
    /// Makes a symbolic link that leads to `target`, which need not exist. A relative target is
    /// looked for from where the link is.
    async fn fs.symlink(target: str, link: str) => folder::symlink;
    /// Where a symbolic link leads, as it was made.
    async fn fs.readlink(link: str) => folder::readlink;
    /// Makes a new, empty directory for temporary files and gives its path. Only its owner can look
    /// into it. Nobody removes it: `defer await fs.remove_all(dir)` does.
    async fn fs.temp_dir(named prefix: str = "kettle-") => folder::temp_dir,
        "import fs\nlet dir = await fs.temp_dir()\ndefer await fs.remove_all(dir)\nprint(await fs.list(dir))" => "[]";
    /// Makes a new, empty file that only its owner can read, and gives its path. Nobody removes it.
    async fn fs.temp_file(named prefix: str = "kettle-", named suffix: str = "") => folder::temp_file,
        "import fs\nlet path = await fs.temp_file(suffix: \".txt\")\ndefer await fs.remove(path)\nprint((await fs.stat(path)).size)" => "0";
    /// All that is below a directory, sorted by name, a directory before what is in it: a source of
    /// maps of `path`, `name`, `kind` and `depth` (0 for what is directly in it). Nothing deeper than
    /// `max_depth` is looked at. Symbolic links are not followed unless `follow` is true; then each
    /// has the kind of what it leads to, and a link that leads back to a directory around it is not
    /// gone into. After a directory that cannot be read, which is an error, the walk can go on.
    loop fn fs.walk(path: str, named follow: bool = false, named max_depth: int?) => walk::walk;
    /// The paths that a pattern describes, sorted. `*` is any part of a name, `?` any character,
    /// `[a-z]` one of a set and `[!a-z]` one not of it, `{a,b}` either, `**` any number of directories;
    /// a backslash takes what follows as it is. Names that begin with a dot have to be asked for:
    /// with the dot, or for all of them with `hidden`. `**` does not follow symbolic links.
    async fn fs.glob(pattern: str, named hidden: bool = false) => glob,
        "import fs\nprint(await fs.glob(\"no/such/**/*.txt\"))" => "[]";
    /// What happens to a file, or to what is in a directory: a source of maps of `kind` ("created",
    /// "changed", "removed", "renamed") and `path`; of what was renamed also `from`. With `recursive`
    /// also in all directories below it, those that are made later among them; `await w.ready()` waits
    /// until all that are there are watched. `kind` is "overflow"
    /// where changes came faster than they were taken and some were lost. What leaves the directory
    /// counts as removed, what comes in as created. The source ends when what is watched is removed.
    /// So far it needs Linux; elsewhere it is an IoError `unsupported`.
    loop fn fs.watch(path: str, named recursive: bool = false) => watch::watch;
}

fn glob(cx: &mut Cx<'_>, pattern: TextValue, hidden: bool) -> Result<Answer, Thrown> {
    let text = pattern.get(&cx.vm.heap);
    let glob = match Glob::new(text, hidden) {
        Ok(glob) => glob,
        Err(reason) => {
            let text = format!("fs.glob: {text:?} is no pattern: {reason}");
            return Err(cx.vm.error(ErrorKind::ValueError, text));
        }
    };
    let (files, deed) = (cx.rt.driver.files(), Deed::look("glob", "look for", text));
    on_pool(deed, move || Ok(glob.find(files.as_ref())), folder::texts)
}

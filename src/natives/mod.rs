//! Layer 7: the prelude, the methods of the core types, and the native modules.
//!
//! A native is declared once, in a [`natives!`](crate::natives!) table; [`declaration`] shows the
//! form. [`TABLES`] lists the tables. From them come the names the compiler knows ([`names`]),
//! what a VM finds by its name ([`LIBRARY`]), argument errors, documentation and the test that runs every
//! example. Methods that call back into scripts are written in Kettle (`stdlib/core/`) and
//! declared here with the word `core`. Whole modules can be written in Kettle too: [`stdlib`].
//!
//! A native knows the VM and its own arguments. One that waits, or that needs the loop, is a
//! `loop` or `async` native and gets the runtime's `Cx`. No native runs script code: it returns,
//! or it hands over to a function with `vm.tail_call`.

pub mod argument;
mod bytes;
mod channel;
mod check;
mod convert;
pub mod declaration;
pub mod describe;
#[cfg(all(test, feature = "driver"))]
mod drive;
mod duration;
mod encoding;
mod enumeration;
mod equality;
mod fs;
mod import;
mod index;
mod io_error;
mod iterator;
mod json;
mod key;
pub mod kind;
mod list;
pub mod listing;
mod log;
mod map;
mod math;
mod net;
mod number;
mod os;
mod path;
mod permission;
mod prelude;
mod process;
mod random;
mod range;
mod record;
mod regex;
mod registry;
mod script;
mod set;
mod shortcut;
mod signal;
mod sort;
pub mod stdio;
pub mod stdlib;
mod stream;
mod sync;
mod task;
pub mod term;
mod test;
mod text;
mod text_form;
mod time;
mod total;
pub mod world;

pub use argument::{Call, Need, Rest};
pub use convert::read_duration;
pub use declaration::{Body, Declaration, Param, Role, Signature, last_dot, shape};
pub use io_error::refused;
pub use registry::{LIBRARY, declarations, has_type, library_names, loop_table, names};

use crate::vm::{Thrown, Value};

/// What a native that needs only the VM gives.
pub type Outcome = Result<Value, Thrown>;

/// All tables of natives.
pub const TABLES: &[&[Declaration]] = &[
    prelude::PRELUDE,
    convert::CONVERT,
    number::INTEGER,
    number::REAL,
    duration::DURATION,
    text::TEXT,
    text_form::TEXT_FORM,
    total::TOTAL,
    bytes::BYTES,
    list::LIST,
    map::MAP,
    set::SET,
    range::RANGE,
    enumeration::ENUMERATION,
    iterator::ITERATOR,
    import::IMPORT,
    check::CHECK,
    key::KEY,
    encoding::ENCODING,
    json::JSON,
    json::JSON_FORM,
    json::JSON_LINES,
    math::REAL,
    math::COUNTING,
    math::STATISTIC,
    math::BIGINT,
    math::DECIMAL,
    random::RANDOM,
    random::SEEDED,
    regex::REGEX,
    regex::PATTERN,
    regex::PATTERN_CACHE,
    regex::MATCH,
    regex::SEARCH,
    time::TIME,
    time::DATETIME,
    time::CALENDAR,
    time::FORM,
    time::INTERVAL,
    task::TASK,
    task::local::LOCAL,
    task::together::TOGETHER,
    term::TERM,
    log::LOG,
    channel::CHANNEL,
    sync::promise::PROMISE,
    sync::mutex::MUTEX,
    sync::semaphore::SEMAPHORE,
    sync::event::EVENT,
    sync::broadcast::BROADCAST,
    sync::subscription::SUBSCRIPTION,
    sync::watch::WATCH,
    sync::barrier::BARRIER,
    stream::STREAM,
    stream::FILE,
    stream::ADDRESS,
    stream::LINES,
    net::NET,
    net::DNS,
    net::LISTENER,
    net::CONNECTIONS,
    net::SOCKET,
    net::DATAGRAMS,
    fs::FS,
    fs::WALK,
    fs::WATCH,
    stdio::STDIO,
    os::OS,
    process::PROCESS,
    process::CHILD,
    signal::SIGNAL,
    path::PATH,
    permission::PERMISSION,
    test::TEST,
    test::DISK,
    test::NETWORK,
];

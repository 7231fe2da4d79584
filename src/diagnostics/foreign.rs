//! Names that other languages have built in, with what Kettle writes instead.

/// What Kettle writes for a name that another language has built in.
pub fn foreign_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "None" | "nil" | "undefined" | "NULL" | "Null" | "nullptr" | "Nothing" => "null",
        "True" | "TRUE" => "true",
        "False" | "FALSE" => "false",
        "this" | "Self" => "self",
        "println" | "puts" | "echo" | "printf" | "console" | "fmt" | "say" | "writeln" => {
            "print(…)"
        }
        "string" | "String" | "Str" => "str",
        "Integer" | "i64" | "i32" | "Int" => "int",
        "double" | "f64" | "number" | "Number" | "Float" => "float",
        "boolean" | "Boolean" | "Bool" => "bool",
        "dict" | "Dict" | "HashMap" | "Map" | "Object" => "map",
        "array" | "Array" | "Vec" | "List" | "tuple" => "list",
        "Set" | "HashSet" | "frozenset" => "set",
        "bytearray" | "Buffer" | "Uint8Array" => "buffer",
        "typeof" => "type(x)",
        "setTimeout" | "delay" => "await sleep(1s)",
        "setInterval" => "for await _ in time.interval(1s) { … }",
        "Promise" | "asyncio" | "Future" => "spawn f()` and `await t",
        "Exception" | "BaseException" | "RuntimeError" | "RuntimeException" => "Error",
        "StandardError" | "OSError" | "IOError" => "IoError",
        "NaN" | "nan" => "float.nan",
        "Infinity" | "inf" => "float.inf",
        "len" | "length" | "sizeof" | "strlen" => "x.len",
        "pass" => "{ }",
        "isinstance" | "instanceof" => "x is T",
        "parseInt" | "atoi" => "int(s)",
        "parseFloat" | "atof" => "float(s)",
        "repr" => "\"${x:?}\"",
        "sprintf" | "format" => "\"${x:.2f}\"",
        "ord" => "s.code_at(0)",
        "chr" => "str.from_code(n)",
        "sorted" => "xs.sorted()",
        "reversed" => "xs.reversed()",
        "sum" => "xs.sum()",
        "enumerate" => "xs.enumerate()",
        "zip" => "xs.zip(ys)",
        "filter" => "xs.filter(f)",
        "any" => "xs.any(f)",
        "all" => "xs.all(f)",
        "open" => "await fs.open(path)",
        "fetch" => "await http.get(url)",
        "require" | "include" => "import module",
        "Math" => "import math",
        "JSON" => "import json",
        "Date" | "datetime" => "import time",
        "__name__" => "fn main() { … }",
        "panic" | "die" | "abort" => "throw Error(\"…\")",
        "id" => "same(a, b)",
        "from" => "for x in xs { yield x }",
        _ => return None,
    })
}

/// The module of Kettle that does what a module of that name does in another language.
pub fn foreign_module(name: &str) -> Option<&'static str> {
    Some(match name {
        "filesystem" | "file" | "files" | "shutil" | "glob" | "tempfile" | "io" => "fs",
        "pathlib" | "filepath" => "path",
        "sys" | "platform" => "os",
        "dotenv" => "env",
        "subprocess" | "child_process" | "exec" => "process",
        "datetime" | "date" | "calendar" | "chrono" | "moment" => "time",
        "re" | "regexp" => "regex",
        "logging" | "logger" | "winston" => "log",
        "argparse" | "optparse" | "click" | "clap" | "commander" | "yargs" | "getopt" => "cli",
        "socket" | "tcp" | "tls" | "udp" => "net",
        "threading" | "multiprocessing" => "sync",
        "asyncio" => "task",
        "itertools" | "functools" => "iter",
        "base64" | "hex" | "binascii" => "encoding",
        "serde_json" => "json",
        "rand" | "secrets" => "random",
        "decimal" | "fractions" | "cmath" => "math",
        "signals" => "signal",
        "colorama" | "curses" | "chalk" | "readline" => "term",
        _ => return None,
    })
}

/// What Kettle writes for a member that values of that type have in another language.
pub fn foreign_member(of_type: &str, name: &str) -> Option<&'static str> {
    let found = match of_type {
        "list" => of_list(name),
        "str" => of_str(name),
        "map" => of_map(name),
        "set" => of_set(name),
        "int" | "float" | "bool" | "duration" => of_number(name),
        "range" | "iterator" | "generator" => of_iterator(name),
        "task" => of_task(name),
        "scope" => of_scope(name),
        "channel" => of_channel(name),
        "stream" => of_stream(name),
        "listener" => of_listener(name),
        "socket" => of_socket(name),
        "mutex" => of_mutex(name),
        "semaphore" => of_semaphore(name),
        "event" => of_event(name),
        "promise" => of_promise(name),
        "child" => of_child(name),
        _ => None,
    };
    found.or_else(|| of_any(name))
}

fn of_any(name: &str) -> Option<&'static str> {
    Some(match name {
        "toString" | "to_s" | "to_string" | "__str__" | "to_str" => "str(x)",
        "length" | "size" | "Length" | "Count" | "getLength" => "x.len",
        "clone" | "dup" => "x.copy()",
        "equals" => "a == b",
        "instanceof" | "is_a" | "isinstance" => "x is T",
        "typeof" | "getClass" | "__class__" => "type(x)",
        "iter" | "__iter__" => "iterator(x)",
        "then" => "await x",
        "unwrap" | "expect" => "x ?? throw Error(\"…\")",
        "unwrap_or" | "getOrElse" | "or_else" => "x ?? default",
        _ => return None,
    })
}

fn of_list(name: &str) -> Option<&'static str> {
    Some(match name {
        "append" | "add" | "push_back" | "Add" => "xs.push(x)",
        "unshift" | "prepend" | "push_front" | "appendleft" => "xs.insert(0, x)",
        "shift" | "pop_front" | "popleft" => "xs.remove_at(0)",
        "removeAt" | "delete_at" | "swap_remove" => "xs.remove_at(i)",
        "includes" | "has" | "include" | "elem" | "member" => "xs.contains(x)",
        "indexOf" | "index" | "position" => "xs.index_of(x)",
        "findIndex" => "xs.find_index(f)",
        "forEach" | "foreach" | "for_each" => "xs.each(f)",
        "slice" | "subList" | "sublist" => "xs[a..b]",
        "tail" | "rest" => "xs[1..]",
        "head" | "front" => "xs.first()",
        "back" | "peek" => "xs.last()",
        "get" | "at" | "nth" => "xs[i]",
        "concat" => "xs + ys",
        "addAll" | "append_all" => "xs.extend(ys)",
        "some" => "xs.any(f)",
        "every" => "xs.all(f)",
        "select" | "where" => "xs.filter(f)",
        "collect" => "xs.map(f)",
        "inject" | "fold" | "foldl" | "aggregate" => "xs.reduce(f, start)",
        "flatMap" | "selectMany" | "concatMap" => "xs.flat_map(f)",
        "flatten" => "xs.flat()",
        "uniq" | "distinct" | "dedup" | "nub" => "xs.unique()",
        "sort_by" | "sortBy" | "orderBy" | "sort_unstable" => "xs.sort(by: f)",
        "toSorted" => "xs.sorted()",
        "toReversed" | "rev" => "xs.reversed()",
        "groupBy" | "groupby" => "xs.group_by(f)",
        "isEmpty" | "is_empty" | "empty" => "xs.len == 0",
        "join_str" | "implode" => "xs.join(sep)",
        "maximum" => "xs.max()",
        "minimum" => "xs.min()",
        "drop" => "xs.skip(n)",
        "to_vec" | "toList" | "to_a" => "xs.copy()",
        _ => return None,
    })
}

fn of_str(name: &str) -> Option<&'static str> {
    Some(match name {
        "strip" => "s.trim()",
        "lstrip" | "trimStart" | "trimLeft" | "trim_left" => "s.trim_start()",
        "rstrip" | "trimEnd" | "trimRight" | "chomp" | "trim_right" => "s.trim_end()",
        "toUpperCase" | "to_uppercase" | "upcase" | "uppercase" | "toUpper" => "s.upper()",
        "toLowerCase" | "to_lowercase" | "downcase" | "lowercase" | "toLower" | "casefold" => {
            "s.lower()"
        }
        "capitalize" | "title_case" => "s.title()",
        "indexOf" | "index" => "s.find(part)",
        "lastIndexOf" | "rindex" => "s.rfind(part)",
        "includes" | "include" | "has" => "s.contains(part)",
        "startsWith" | "startswith" | "start_with" | "hasPrefix" => "s.starts_with(part)",
        "endsWith" | "endswith" | "end_with" | "hasSuffix" => "s.ends_with(part)",
        "removeprefix" => "s.strip_prefix(part)",
        "removesuffix" => "s.strip_suffix(part)",
        "substring" | "substr" | "slice" => "s[a..b]",
        "charAt" | "at" | "get" => "s[i]",
        "charCodeAt" | "codePointAt" | "ord" => "s.code_at(i)",
        "replaceAll" | "gsub" | "sub" | "replace_all" => "s.replace(old, new)",
        "format" => "\"text ${value}\"",
        "push_str" | "push" | "append" | "concat" | "add" => "s + part",
        "encode" | "as_bytes" | "getBytes" => "s.bytes()",
        "isdigit" | "isDigit" | "isnumeric" | "isdecimal" => "s.is_digit()",
        "isalpha" | "isLetter" => "s.is_alpha()",
        "isalnum" => "s.is_alnum()",
        "isspace" => "s.is_space()",
        "isupper" => "s.is_upper()",
        "islower" => "s.is_lower()",
        "join" => "parts.join(sep)",
        "splitlines" => "s.lines()",
        "split_whitespace" => "s.split()",
        "toCharArray" | "split_chars" => "s.chars()",
        "zfill" => "s.pad_start(n, \"0\")",
        "rjust" | "padStart" | "leftPad" => "s.pad_start(n)",
        "ljust" | "padEnd" => "s.pad_end(n)",
        "reverse" | "rev" => "s.reversed()",
        "isEmpty" | "is_empty" | "empty" => "s.len == 0",
        "to_i" | "to_int" | "parse" | "parseInt" | "toInt" => "int(s)",
        "to_f" | "toFloat" | "parseFloat" => "float(s)",
        "match" | "matchAll" | "search" | "test" => "regex.find(pattern, s)",
        "times" => "s.repeat(n)",
        _ => return None,
    })
}

fn of_map(name: &str) -> Option<&'static str> {
    Some(match name {
        "items" | "iteritems" | "each_pair" => "m.entries()",
        "containsKey" | "has_key" | "contains" | "includes" | "include" | "hasOwnProperty"
        | "contains_key" | "hasKey" | "key" => "m.has(key)",
        "put" | "set" | "insert" | "add" | "store" => "m[key] = value",
        "delete" | "del" | "discard" | "removeKey" | "pop" => "m.remove(key)",
        "merge" | "assign" | "putAll" | "update_all" => "m.extend(other)",
        "setdefault" | "entry" | "putIfAbsent" => "m.or_insert(key, value)",
        "getOrDefault" | "get_or_default" | "fetch" => "m.get(key, default)",
        "forEach" | "foreach" => "m.each(f)",
        "mapValues" | "transform_values" => "m.map_values(f)",
        "isEmpty" | "is_empty" | "empty" => "m.len == 0",
        _ => return None,
    })
}

fn of_set(name: &str) -> Option<&'static str> {
    Some(match name {
        "has" | "includes" | "include" => "s.contains(x)",
        "delete" | "discard" => "s.remove(x)",
        "push" | "append" | "insert" => "s.add(x)",
        "update" | "addAll" => "s.extend(xs)",
        "difference" => "s.minus(other)",
        "intersection" => "s.intersect(other)",
        "symmetric_difference" => "s.symmetric_minus(other)",
        "issubset" | "isSubsetOf" => "s.is_subset(other)",
        "issuperset" | "isSupersetOf" => "s.is_superset(other)",
        "isdisjoint" => "s.is_disjoint(other)",
        "forEach" => "s.each(f)",
        "isEmpty" | "is_empty" | "empty" => "s.len == 0",
        _ => return None,
    })
}

fn of_number(name: &str) -> Option<&'static str> {
    Some(match name {
        "toFixed" | "toPrecision" => "\"${x:.2f}\"",
        "to_i" | "toInt" | "to_int" => "int(x)",
        "to_f" | "toFloat" => "float(x)",
        "ceiling" => "x.ceil()",
        "powi" | "powf" | "pow" => "x ** y",
        "times" => "for i in 0..n { … }",
        _ => return None,
    })
}

fn of_iterator(name: &str) -> Option<&'static str> {
    Some(match name {
        "collect" | "toList" | "to_a" | "toArray" | "to_list" => "it.list()",
        "forEach" | "foreach" | "for_each" => "it.each(f)",
        "fold" | "inject" => "it.reduce(f, start)",
        "limit" => "it.take(n)",
        "drop" => "it.skip(n)",
        "flatMap" => "it.flat_map(f)",
        _ => return None,
    })
}

fn of_task(name: &str) -> Option<&'static str> {
    Some(match name {
        "join" | "result" | "get" | "wait" => "await t",
        "abort" | "kill" | "terminate" => "t.cancel()",
        _ => return None,
    })
}

fn of_scope(name: &str) -> Option<&'static str> {
    Some(match name {
        "create_task" | "start_soon" | "go" | "launch" | "start" | "submit" => "s.spawn(f, …)",
        "stop" | "abort" | "close" => "s.cancel()",
        _ => return None,
    })
}

fn of_channel(name: &str) -> Option<&'static str> {
    Some(match name {
        "put" | "push" | "write" | "publish" => "await ch.send(x)",
        "put_nowait" | "offer" => "ch.try_send(x)",
        "get" | "receive" | "pop" | "take" | "read" => "await ch.recv()",
        "get_nowait" | "poll" | "tryRecv" => "ch.try_recv()",
        "qsize" => "ch.len",
        _ => return None,
    })
}

fn of_stream(name: &str) -> Option<&'static str> {
    Some(match name {
        "read_line" | "readline" | "readLine" | "gets" | "line" => "await s.read_until(\"\\n\")",
        "read_lines" | "readlines" | "each_line" => "for await line in s.lines()",
        "recv" | "receive" | "read_bytes" => "await s.read(max)",
        "readexactly" | "read_n" | "recv_exact" => "await s.read_exact(n)",
        "readuntil" => "await s.read_until(separator)",
        "read_to_end" | "readAll" => "await s.read_all()",
        "read_to_string" | "text" => "await s.read_text()",
        "send" | "sendall" | "write_all" | "puts" | "print" | "writelines" => "await s.write(data)",
        "drain" | "flush" => "await s.write(data)",
        "shutdown_write" | "close_write" | "write_eof" => "await s.shutdown()",
        "destroy" | "reset" => "s.abort()",
        "getpeername" | "peer_addr" | "remoteAddress" => "s.peer",
        "getsockname" | "local_addr" => "s.local",
        "pipe" | "copy" => "await net.pipe(a, b)",
        _ => return None,
    })
}

fn of_listener(name: &str) -> Option<&'static str> {
    Some(match name {
        "serve_forever" | "start" | "run" | "on" => "await listener.serve(handler)",
        "local_addr" | "address" | "getsockname" | "port" => "listener.local",
        "stop" | "shutdown" => "await listener.drain()",
        _ => return None,
    })
}

fn of_socket(name: &str) -> Option<&'static str> {
    Some(match name {
        "sendto" | "sendTo" | "write_to" => "await socket.send_to(data, address)",
        "recvfrom" | "read_from" | "receive_from" => "await socket.recv_from()",
        "read" | "receive" => "await socket.recv()",
        "write" => "await socket.send(data)",
        _ => return None,
    })
}

fn of_mutex(name: &str) -> Option<&'static str> {
    Some(match name {
        "acquire" => "await m.lock()",
        "release" => "m.unlock()",
        "locked" => "m.is_locked",
        _ => return None,
    })
}

fn of_semaphore(name: &str) -> Option<&'static str> {
    Some(match name {
        "lock" | "wait" | "down" => "await s.acquire()",
        "unlock" | "up" | "signal" => "s.release()",
        _ => return None,
    })
}

fn of_event(name: &str) -> Option<&'static str> {
    Some(match name {
        "notify" | "notify_all" | "trigger" | "fire" => "e.set()",
        "reset" => "e.clear()",
        _ => return None,
    })
}

fn of_promise(name: &str) -> Option<&'static str> {
    Some(match name {
        "set_result" | "complete" | "fulfill" => "p.resolve(x)",
        "set_exception" | "fail" => "p.reject(error)",
        _ => return None,
    })
}

fn of_child(name: &str) -> Option<&'static str> {
    Some(match name {
        "terminate" | "send_signal" => "child.kill(\"term\")",
        "communicate" | "output" => "await process.run(cmd, args)",
        "poll" | "returncode" | "exit_code" | "status" => "await child.wait()",
        _ => return None,
    })
}

//! The network: what a grant covers, and the ways round it.

use kettle::engine::Permissions;

use super::{assert_lines, run, run_simulated};

#[test]
fn nothing_is_allowed_unless_it_is_granted() {
    let printed = run(
        Permissions::none(),
        r#"
        await tried("connect", || await net.tcp.connect("127.0.0.1", 9))
        await tried("by name", || await net.tcp.connect("localhost", 9))
        await tried("listen", || await net.tcp.listen("127.0.0.1", 0))
        await tried("udp", || await net.udp.bind("127.0.0.1", 0))
        await tried("udp connect", || await net.udp.connect("127.0.0.1", 9))
        await tried("unix", || await net.unix.connect("/tmp/none"))
        await tried("unix listen", || await net.unix.listen("/tmp/none"))
        await tried("unix datagram", || await net.unix.datagram(path: "/tmp/none"))
        await tried("lookup", || await net.dns.lookup("localhost"))
        await tried("reverse", || await net.dns.reverse("127.0.0.1"))
        "#,
    );
    for line in printed.lines() {
        assert!(line.ends_with(": PermissionError"), "{line}");
    }
    assert_eq!(printed.lines().count(), 10);
}

#[test]
fn a_name_is_judged_by_what_it_resolves_to() {
    let printed = run_simulated(
        Permissions::none().net_connect("*").net_connect("good.example:80").net_listen("*"),
        r#"
        test.host("good.example", "93.184.216.34")
        test.host("evil.example", "10.0.0.9")
        let listener = await net.tcp.listen("127.0.0.1", 80)
        await tried("good.example", || await net.tcp.connect("good.example", 80))
        for host in ["evil.example", "127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1", "localhost"] {
            try { await net.tcp.connect(host, 80) } catch error { print(host, type(error)) }
        }
        listener.close()
        "#,
    );
    assert_lines(
        &printed,
        &[
            "good.example: IoError",
            "evil.example PermissionError",
            "127.0.0.1 PermissionError",
            "::1 PermissionError",
            "0.0.0.0 PermissionError",
            "::ffff:127.0.0.1 PermissionError",
            "localhost PermissionError",
        ],
    );
}

/// The system takes these for names of 127.0.0.1, 10.0.0.1 and 169.254.169.254.
#[test]
fn odd_ways_to_write_an_address_are_names_of_it() {
    let printed = run(
        Permissions::none().net_connect("*").net_listen("127.0.0.1"),
        r#"
        let listener = await net.tcp.listen("127.0.0.1", 0)
        for host in ["127.1", "0x7f.0.0.1", "2130706433", "10.1", "0xa9fea9fe"] {
            try {
                await net.tcp.connect(host, listener.local.port)
                print(host, "connected")
            } catch error {
                print(host, type(error))
            }
        }
        listener.close()
        "#,
    );
    for line in printed.lines() {
        assert!(line.ends_with(" PermissionError") || line.ends_with(" ValueError"), "{line}");
    }
    assert_eq!(printed.lines().count(), 5);
}

#[test]
fn addresses_ports_and_names_are_granted_one_by_one() {
    let printed = run(
        Permissions::none().net_listen("localhost:0").net_connect("localhost"),
        r#"
        let listener = await net.tcp.listen("127.0.0.1", 0)
        let port = listener.local.port
        let connection = await net.tcp.connect("127.0.0.1", port)
        print("connected")
        connection.close()
        await tried("all addresses", || await net.tcp.listen("0.0.0.0", 0))
        await tried("another port", || await net.tcp.listen("127.0.0.1", 7777))
        await tried("elsewhere", || await net.tcp.connect("93.184.216.34", 80))
        let sender = await net.udp.connect("127.0.0.1", port)
        print("a socket to send from")
        let free = await net.udp.bind("127.0.0.1", 0)
        await tried("sent elsewhere", || await free.send_to("x", "93.184.216.34", 9))
        listener.close()
        "#,
    );
    assert_lines(
        &printed,
        &[
            "connected",
            "all addresses: PermissionError",
            "another port: PermissionError",
            "elsewhere: PermissionError",
            "a socket to send from",
            "sent elsewhere: PermissionError",
        ],
    );
}

#[test]
fn unix_sockets_are_paths_with_links_and_parents() {
    let folder = tempfile::tempdir().expect("a place for files");
    let root = folder.path().canonicalize().expect("it is there");
    for name in ["in", "out"] {
        std::fs::create_dir(root.join(name)).expect("it can be made");
    }
    std::os::unix::fs::symlink("../out", root.join("in/link")).expect("it can be made");
    let _outside = std::os::unix::net::UnixListener::bind(root.join("out/socket"));
    let place = format!("unix:{}", root.join("in").display());
    let script = r#"
        let listener = await net.unix.listen("ROOT/in/socket")
        let connection = await net.unix.connect("ROOT/in/../in/socket")
        print("connected")
        await tried("parent", || await net.unix.connect("ROOT/in/../out/socket"))
        await tried("link", || await net.unix.connect("ROOT/in/link/socket"))
        await tried("listen", || await net.unix.listen("ROOT/in/link/other"))
        await tried("files", || await fs.list("ROOT/in"))
        listener.close()
        "#;
    let script = script.replace("ROOT", &root.to_string_lossy());
    let printed = run(Permissions::none().net_connect(&place).net_listen(&place), &script);
    assert_lines(
        &printed,
        &[
            "connected",
            "parent: PermissionError",
            "link: PermissionError",
            "listen: PermissionError",
            "files: PermissionError",
        ],
    );
}

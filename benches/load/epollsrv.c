/* An echo server with nothing between it and the kernel: one thread, one epoll, level-triggered. It is the
 * ceiling for a server of one thread.
 *
 *     epollsrv echo PORT        (127.0.0.1 only)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, BACKLOG = 1024, BUFFER = 65536 };

static int listen_at(int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int one = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, BACKLOG)) {
        perror("epollsrv");
        exit(1);
    }
    return listener;
}

static void watch(int epoll, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void welcome(int epoll, int listener) {
    int one = 1;
    int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (client < 0) return;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    watch(epoll, client);
}

static void echo(int client) {
    static char buffer[BUFFER];
    ssize_t count = recv(client, buffer, sizeof buffer, 0);
    if (count <= 0) close(client);
    else send(client, buffer, count, MSG_NOSIGNAL);
}

int main(int argc, char **argv) {
    if (argc != 3 || strcmp(argv[1], "echo")) {
        fprintf(stderr, "usage: epollsrv echo PORT\n");
        return 2;
    }
    int listener = listen_at(atoi(argv[2]));
    int epoll = epoll_create1(0);
    watch(epoll, listener);
    struct epoll_event events[EVENTS_MAX];
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener) welcome(epoll, listener);
            else echo(events[i].data.fd);
        }
    }
}

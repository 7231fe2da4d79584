/* A load for echo servers: connections that each send some bytes, wait for as many, and send again. One thread,
 * one epoll. It prints how many answers came in a second and how long they took.
 *
 *     echoload PORT CONNECTIONS SIZE SECONDS WARM_UP        (127.0.0.1 only)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, BUFFER = 65536 };

/* Delays in nanoseconds, counted in 64 steps for each power of two. */
enum { STEPS = 64, BUCKETS = 64 * STEPS };
static uint64_t histogram[BUCKETS];

struct connection {
    int fd;
    /* So many bytes of the answer have come. */
    int got;
    /* When the request was sent. */
    uint64_t sent_at;
};

static char *request;
static int size;
static uint64_t answered, longest;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static int bucket(uint64_t delay) {
    int shift = 0;
    while (delay >> shift >= 2 * STEPS) shift++;
    return shift * STEPS + (delay >> shift);
}

static double delay_of(int bucket) {
    int shift = bucket < STEPS ? 0 : bucket / STEPS - 1;
    return (double)((uint64_t)(bucket - shift * STEPS) << shift);
}

/* Microseconds in which such a part of all answers had come. */
static double quantile(double part) {
    uint64_t seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
        seen += histogram[i];
        if (seen >= part * answered) return delay_of(i) / 1e3;
    }
    return 0;
}

static void give_up(const char *why) {
    fprintf(stderr, "echoload: %s\n", why);
    exit(1);
}

static void ask(struct connection *to, uint64_t at) {
    to->got = 0;
    to->sent_at = at;
    if (send(to->fd, request, size, MSG_NOSIGNAL) != size) give_up("a request could not be sent");
}

static int connect_to(int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (void *)&address, sizeof address)) give_up(strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* Takes what has come; a whole answer is counted if it is no part of the warm-up, and followed by a request. */
static void take(struct connection *from, uint64_t warm_until) {
    static char buffer[BUFFER];
    ssize_t count = recv(from->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) give_up("a connection was lost");
    if (count > size - from->got || memcmp(buffer, request + from->got, count)) {
        give_up("an answer is not the request");
    }
    from->got += count;
    if (from->got < size) return;
    uint64_t at = now();
    if (at >= warm_until) {
        uint64_t delay = at - from->sent_at;
        histogram[bucket(delay)]++;
        answered++;
        if (delay > longest) longest = delay;
    }
    ask(from, at);
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: echoload PORT CONNECTIONS SIZE SECONDS WARM_UP\n");
        return 2;
    }
    int count = atoi(argv[2]);
    size = atoi(argv[3]);
    double seconds = atof(argv[4]);
    request = malloc(size);
    for (int i = 0; i < size; i++) request[i] = 'a' + i % 26;
    int epoll = epoll_create1(0);
    struct connection *connections = calloc(count, sizeof *connections);
    for (int i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
        connections[i].fd = connect_to(atoi(argv[1]));
        epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
    }
    uint64_t warm_until = now() + (uint64_t)(atof(argv[5]) * 1e9);
    uint64_t end = warm_until + (uint64_t)(seconds * 1e9);
    for (int i = 0; i < count; i++) ask(&connections[i], now());
    struct epoll_event events[EVENTS_MAX];
    while (now() < end) {
        int ready = epoll_wait(epoll, events, EVENTS_MAX, 1000);
        for (int i = 0; i < ready; i++) take(events[i].data.ptr, warm_until);
    }
    printf("%.0f req/s  p50 %.0f us  p99 %.0f us  p99.9 %.0f us  max %.0f us\n", answered / seconds,
           quantile(0.5), quantile(0.99), quantile(0.999), longest / 1e3);
}

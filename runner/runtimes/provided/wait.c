/* Waits until a function's code has been bound, then becomes its `bootstrap`, or the command that the binding names
 * (a container image's entry point). Speaks as much of the frames (runner/sandbox/frames.py) as that takes: sends
 * "ready", receives one "bind", sets the environment it carries; says why an entry point cannot be started.
 * Static, since the images of custom runtimes and of users promise nothing.
 *
 * The binding comes as JSON; only flat objects and lists of strings are read, with the escapes that a JSON encoder
 * writes for ASCII (\" \\ \/ \b \f \n \r \t \uXXXX). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LARGEST = 1 << 20 };

static void fail(const char *what) {
    dprintf(STDERR_FILENO, "%s: %s\n", what, errno ? strerror(errno) : "not understood");
    _exit(1);
}

static int dial(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int link = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (link < 0 || connect(link, (struct sockaddr *)&address, sizeof address) < 0) fail(path);
    return link;
}

static void send_frame(int link, char kind, const char *body) {
    uint32_t length = htonl((uint32_t)strlen(body) + 1);
    if (write(link, &length, 4) != 4 || write(link, &kind, 1) != 1) fail("write");
    if (write(link, body, strlen(body)) < 0) fail("write");
}

static void read_fully(int link, char *target, size_t size) {
    while (size > 0) {
        ssize_t got = read(link, target, size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) _exit(0); /* the gateway has gone: nobody will ever bind this */
        target += got;
        size -= (size_t)got;
    }
}

static char *receive_bind(int link) {
    uint32_t length;
    char kind;
    read_fully(link, (char *)&length, 4);
    length = ntohl(length);
    if (length < 1 || length > LARGEST) fail("frame");
    char *body = malloc(length);
    if (!body) fail("malloc");
    read_fully(link, &kind, 1);
    read_fully(link, body, length - 1);
    body[length - 1] = 0;
    if (kind != 'b') fail("frame");
    return body;
}

static char *put_utf8(char *out, unsigned code) {
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *out++ = (char)(0xE0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    } else {
        *out++ = (char)(0xF0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    }
    return out;
}

static unsigned hex4(const char *text) {
    unsigned code;
    errno = 0;
    if (sscanf(text, "%4x", &code) != 1) fail("escape");
    return code;
}

/* Reads the string that starts at *at (a quote) in place; returns it and moves *at past its end. */
static char *read_string(char **at) {
    char *in = *at, *start, *out;
    errno = 0;
    if (*in++ != '"') fail("binding");
    start = out = in;
    while (*in != '"') {
        if (!*in) fail("binding");
        if (*in != '\\') {
            *out++ = *in++;
            continue;
        }
        static const char escapes[] = "b\bf\fn\nr\rt\t\"\"\\\\//";
        char escape = in[1];
        in += 2;
        if (escape == 'u') {
            unsigned code = hex4(in);
            in += 4;
            if (code >= 0xD800 && code < 0xDC00 && in[0] == '\\' && in[1] == 'u') {
                code = 0x10000 + ((code - 0xD800) << 10) + (hex4(in + 2) - 0xDC00);
                in += 6;
            }
            out = put_utf8(out, code);
            continue;
        }
        const char *found = NULL;
        for (const char *pair = escapes; *pair; pair += 2)
            if (*pair == escape) found = pair;
        if (!found) fail("escape");
        *out++ = found[1];
    }
    *out = 0;
    *at = in + 1;
    return start;
}

static char *skip(char *at, const char *set) {
    return at + strspn(at, set);
}

/* What the binding names to start, and where; none of it for a custom runtime's bootstrap. */
static char **command, *directory;

static char *take_command(char *at) {
    size_t count = 0, room = 16;
    command = malloc(room * sizeof *command);
    at = skip(at, " [");
    while (command && *at == '"') {
        if (count + 1 == room) command = realloc(command, (room *= 2) * sizeof *command);
        if (!command) break;
        command[count++] = read_string(&at);
        at = skip(at, " ,");
    }
    if (!command) fail("malloc");
    command[count] = NULL;
    return skip(at, " ]");
}

/* {"handler": "...", "environment": {"A": "b", ...}, "marker": "...", "command": ["..."], "directory": "..."} */
static void take_binding(char *at) {
    at = skip(at, " {");
    while (*at == '"') {
        char *name = read_string(&at);
        at = skip(at, " :");
        if (strcmp(name, "environment") == 0) {
            at = skip(at, " {");
            while (*at == '"') {
                char *variable = read_string(&at);
                at = skip(at, " :");
                char *value = read_string(&at);
                setenv(variable, value, 1);
                at = skip(at, " ,");
            }
            at = skip(at, " }");
        } else if (strcmp(name, "command") == 0) {
            at = take_command(at);
        } else {
            char *value = read_string(&at);
            if (strcmp(name, "handler") == 0) setenv("_HANDLER", value, 1);
            if (strcmp(name, "directory") == 0) directory = value;
        }
        at = skip(at, " ,");
    }
}

/* An init error with a name and a reason, as AWS words them; quotes, backslashes and the like are left out. */
static int refuse(int link, const char *type, const char *what) {
    char text[1024], body[1280];
    snprintf(text, sizeof text, "Error: %s: %s", what, strerror(errno));
    char *out = text;
    for (char *in = text; *in; in++)
        if ((unsigned char)*in >= 0x20 && *in != '"' && *in != '\\') *out++ = *in;
    *out = 0;
    snprintf(body, sizeof body, "{\"errorType\": \"%s\", \"errorMessage\": \"%s\"}", type, text);
    dprintf(STDERR_FILENO, "%s\n", text);
    send_frame(link, 'X', body);
    return 1;
}

static int become(int link) {
    if (directory && *directory && chdir(directory) < 0) return refuse(link, "Runtime.InvalidWorkingDir", directory);
    if (!command[0]) {
        errno = ENOENT;
        return refuse(link, "Runtime.InvalidEntrypoint", "the image names no entry point and no command");
    }
    execvp(command[0], command);
    return refuse(link, "Runtime.InvalidEntrypoint", command[0]);
}

int main(void) {
    const char *path = getenv("FUNCTORY_SOCKET");
    int link = dial(path ? path : "/run/functory/s.sock");
    send_frame(link, 'R', "{}");
    take_binding(receive_bind(link));
    if (command) return become(link);
    const char *root = getenv("LAMBDA_TASK_ROOT");
    if (!root) root = "/var/task";
    char own[4096];
    snprintf(own, sizeof own, "%s/bootstrap", root);
    if (chdir(root) < 0) fail(root);
    execl("/var/dependencies/bootstrap", "/var/dependencies/bootstrap", (char *)NULL); /* built of its sources */
    execl(own, own, (char *)NULL);
    int reason = errno;
    execl("/opt/bootstrap", "/opt/bootstrap", (char *)NULL);
    errno = reason == ENOENT ? errno : reason;
    dprintf(STDERR_FILENO,
            errno == ENOENT ? "Couldn't find valid bootstrap(s): [%s /opt/bootstrap]\n" : "%s cannot be started\n", own);
    return 1;
}

/* The first process of every sandbox. It makes the FIFO its standard output and error, waits for the word that
 * /tmp and the limits are in place, starts the runtime, buries orphans until the runtime ends, and says how it
 * ended: two bytes back through "go", 'e' and its exit status or 's' and the signal.
 * It is static and needs nothing of the image it runs in: stock and distroless images have no shell.
 *
 *   launcher <directory with the FIFOs "out" and "go"> <command> [argument...]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { USAGE = 64, NO_PIPE = 70, NO_WORD = 71, NO_PROCESS = 72, NOT_FOUND = 127 };

static void fail(const char *what, int code) {
    dprintf(STDERR_FILENO, "launcher: %s: %s\n", what, strerror(errno));
    _exit(code);
}

static int open_fifo(const char *directory, const char *name, int flags) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int descriptor = open(path, flags);
    if (descriptor < 0) fail(path, NO_PIPE);
    return descriptor;
}

/* Read-write, so that the pipe never breaks while the gateway restarts its reader. */
static void redirect_output(const char *directory) {
    int out = open_fifo(directory, "out", O_RDWR);
    if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0) fail("dup2", NO_PIPE);
    if (out > STDERR_FILENO) close(out);
    int null = open("/dev/null", O_RDONLY);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        if (null > STDERR_FILENO) close(null);
    }
}

/* One byte; end of file means that whoever made this sandbox is gone. */
static void wait_for_word(const char *directory) {
    char word;
    int go = open_fifo(directory, "go", O_RDONLY);
    ssize_t got;
    while ((got = read(go, &word, 1)) < 0 && errno == EINTR) {
    }
    if (got != 1) fail("nobody is waiting for this sandbox", NO_WORD);
    close(go);
}

static void forward(int number) {
    kill(-1, number); /* the first process of a pid namespace reaches all others, and not itself */
}

/* Nobody waits for it: whoever wants to know looks once this process is gone. */
static void tell(const char *directory, char kind, int number) {
    char path[PATH_MAX], word[2] = {kind, (char)number};
    snprintf(path, sizeof path, "%s/go", directory);
    int go = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (go < 0 || write(go, word, sizeof word) < 0) return;
    close(go);
}

static int bury_until(const char *directory, pid_t runtime) {
    for (;;) {
        int status;
        pid_t ended = wait(&status);
        if (ended < 0 && errno != EINTR) return NO_PROCESS;
        if (ended != runtime) continue;
        tell(directory, WIFEXITED(status) ? 'e' : 's', WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}

int main(int count, char **arguments) {
    if (count < 3) return USAGE;
    redirect_output(arguments[1]);
    wait_for_word(arguments[1]);
    signal(SIGTERM, forward);
    pid_t runtime = fork();
    if (runtime < 0) fail("fork", NO_PROCESS);
    if (runtime == 0) {
        signal(SIGTERM, SIG_DFL);
        execvp(arguments[2], arguments + 2);
        fail(arguments[2], NOT_FOUND);
    }
    return bury_until(arguments[1], runtime);
}

/* A ready-made function for provided runtimes: takes events from the Runtime API over HTTP and answers each with
   {"echo": <event>}. No library but libc's, so that one static file is all there is to deploy. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static char answer[1 << 20];

static size_t ask(const char *address, const char *request, size_t length)
{
    char host[128];
    const char *colon = strchr(address, ':');
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
    size_t got = 0;
    ssize_t more;
    int peer = socket(AF_INET, SOCK_STREAM, 0);

    snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
    if (inet_pton(AF_INET, host, &at.sin_addr) != 1 || connect(peer, (struct sockaddr *)&at, sizeof at) != 0)
        exit(1);
    while (length > 0 && (more = write(peer, request, length)) > 0)
        request += more, length -= more;
    while (got < sizeof answer - 1 && (more = read(peer, answer + got, sizeof answer - 1 - got)) > 0)
        got += more;
    answer[got] = 0;
    close(peer);
    return got;
}

int main(void)
{
    static char request[(1 << 20) + 1024];
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    const char *name = "\r\nlambda-runtime-aws-request-id: ";

    for (;;) {
        char id[64], *found, *body;
        int length = snprintf(request, sizeof request,
            "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", api);
        ask(api, request, length);
        body = strstr(answer, "\r\n\r\n") + 4;
        if ((found = strcasestr(answer, name)) == NULL)
            return 1;
        snprintf(id, sizeof id, "%.*s", (int)strcspn(found + strlen(name), "\r"), found + strlen(name));
        printf("echoing %s\n", body);
        fflush(stdout);
        length = snprintf(request, sizeof request,
            "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"
            "Content-Length: %zu\r\n\r\n{\"echo\": %s}", id, api, strlen(body) + strlen("{\"echo\": }"), body);
        ask(api, request, length);
    }
}

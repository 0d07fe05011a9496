/* A stand-in for the vendor's C library: the same functions and types, invented answers. */
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

typedef struct { char *buf; int len; } Slice;
typedef struct { char *index; char *data; int finish; } Media;

void *NewSdk(void) { return malloc(1); }
int Init(void *sdk, const char *corp, const char *secret) {
    (void)sdk; (void)corp;
    return strcmp(secret, "wrong") == 0 ? 10009 : 0;
}
Slice *NewSlice(void) { return calloc(1, sizeof(Slice)); }
void FreeSlice(Slice *s) { free(s->buf); free(s); }
char *GetContentFromSlice(Slice *s) { return s->buf; }
int GetSliceLen(Slice *s) { return s->len; }

static void put(Slice *s, const char *text) { s->buf = strdup(text); s->len = (int)strlen(text); }

int GetChatData(void *sdk, unsigned long long seq, unsigned int limit, const char *proxy,
                const char *pw, int timeout, Slice *out) {
    char text[256];
    (void)sdk; (void)proxy; (void)pw; (void)timeout;
    if (limit > 1000) { put(out, "{\"errcode\":301058,\"errmsg\":\"too large\"}"); return 0; }
    snprintf(text, sizeof text, "{\"errcode\":0,\"chatdata\":[{\"seq\":%llu,\"msgid\":\"m\"}]}", seq + 1);
    put(out, text);
    return 0;
}
int DecryptData(const char *key, const char *message, Slice *out) {
    char text[256];
    if (strcmp(message, "bad") == 0) return 10006;
    snprintf(text, sizeof text, "%s/%s", key, message);
    put(out, text);
    return 0;
}
Media *NewMediaData(void) { return calloc(1, sizeof(Media)); }
void FreeMediaData(Media *m) { free(m); }
int GetMediaData(void *sdk, const char *index, const char *id, const char *proxy, const char *pw,
                 int timeout, Media *m) {
    (void)sdk; (void)proxy; (void)pw; (void)timeout;
    if (strcmp(id, "unknown") == 0) return 10005;
    m->finish = index[0] != 0;
    m->index = m->finish ? "" : "Range:bytes=4-7";
    m->data = m->finish ? "tail" : "he\0d";
    return 0;
}
char *GetOutIndexBuf(Media *m) { return m->index; }
int GetIndexLen(Media *m) { return (int)strlen(m->index); }
char *GetData(Media *m) { return m->data; }
int GetDataLen(Media *m) { (void)m; return 4; }
int IsMediaDataFinish(Media *m) { return m->finish; }

#include "cli/remarks.h"

#include "cli/tell.h"
#include "reports/sentence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct remark {
    frame_ref frame;
    const char *note; /* the catalogue's, static */
    size_t order;     /* in which it was added */
    size_t sentence;
    uint8_t rule, severity;
    bool first; /* of its anomaly */
    bool of_connection;
};

static bool make_room(void **list, size_t *capacity, size_t count, size_t bytes)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 16;
    void *grown = reallocarray(*list, wanted, bytes);
    if (!grown)
        return false;
    *list = grown;
    *capacity = wanted;
    return true;
}

static bool add_sentence(struct remarks *r, const char *text)
{
    void *list = r->sentences;
    bool room = make_room(&list, &r->sentence_capacity, r->sentence_count, sizeof *r->sentences);
    r->sentences = list;
    char *copy = room ? strdup(text) : NULL;
    if (!copy)
        return false;
    r->sentences[r->sentence_count++] = copy;
    return true;
}

bool remarks_add(struct remarks *r, const struct anomaly_verdict *anomaly,
                 const struct connection_verdict *connection)
{
    struct sentence sentence;
    sentence_init(&sentence);
    sentence_of_anomaly(&sentence, anomaly, connection);
    if (!add_sentence(r, sentence.text))
        return false;
    for (uint32_t i = 0; i < anomaly->evidence_count; i++) {
        void *list = r->list;
        bool room = make_room(&list, &r->capacity, r->count, sizeof *r->list);
        r->list = list;
        if (!room)
            return false;
        r->list[r->count] = (struct remark){.frame = anomaly->evidence[i].frame,
                                            .note = anomaly->evidence[i].note,
                                            .order = r->count,
                                            .sentence = r->sentence_count - 1,
                                            .rule = anomaly->rule,
                                            .severity = anomaly->severity,
                                            .first = i == 0,
                                            .of_connection = connection != NULL};
        r->count++;
    }
    r->sorted = false;
    return true;
}

void remarks_finish(struct remarks *r)
{
    for (size_t i = 0; i < r->sentence_count; i++)
        free(r->sentences[i]);
    free(r->sentences);
    free(r->list);
    *r = (struct remarks){0};
}

static int by_frame(const void *left, const void *right)
{
    const struct remark *a = left, *b = right;
    if (a->frame != b->frame)
        return a->frame < b->frame ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static size_t find(const struct remarks *r, frame_ref frame)
{
    size_t low = 0, high = r->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->list[middle].frame < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void put_remark(const struct remarks *r, const struct remark *remark, FILE *stream)
{
    fprintf(stream, "finwait: %s (%s): %s\n", rule_table[remark->rule].id,
            severity_name(remark->severity), remark->note);
    if (remark->first)
        fprintf(stream, "%s\n", r->sentences[remark->sentence]);
}

bool remarks_comment(struct remarks *r, frame_ref frame, const char *file_name, char **comment)
{
    *comment = NULL;
    if (!r->sorted && r->count)
        qsort(r->list, r->count, sizeof *r->list, by_frame);
    r->sorted = true;
    size_t at = find(r, frame);
    if (at == r->count || r->list[at].frame != frame)
        return true;
    size_t length;
    FILE *stream = open_memstream(comment, &length);
    if (!stream)
        return false;
    for (; at < r->count && r->list[at].frame == frame; at++)
        put_remark(r, &r->list[at], stream);
    char clean[TEXT_CLEAN_BYTES];
    fprintf(stream, "frame %" PRIu64 " of %s", frame_number(frame), clean_copy(clean, file_name));
    bool whole = !ferror(stream);
    if (fclose(stream) == 0 && whole)
        return true;
    free(*comment);
    *comment = NULL;
    return false;
}

bool remarks_frames(const struct remarks *r, bool (*take)(void *context, frame_ref frame),
                    void *context)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->list[i].of_connection && !take(context, r->list[i].frame))
            return false;
    }
    return true;
}

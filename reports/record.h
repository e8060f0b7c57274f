/*
 * What all records have in common, and how the parts that recur in them are written: times, frames,
 * the origin (capture, observer, ecs).
 *
 * Findings are borrowed. The context is one thread's: it caches.
 */
#ifndef FINWAIT_REPORTS_RECORD_H
#define FINWAIT_REPORTS_RECORD_H

#include "analyzer/verdict.h"
#include "dissect/findings.h"
#include "reports/identity.h"
#include "reports/json_writer.h"
#include "reports/sentence.h"
#include "reports/text_clean.h"
#include "reports/time_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version of the Elastic Common Schema whose names the records use. */
#define ECS_VERSION "8.17.0"

struct record_context {
    const struct capture_findings *findings;
    size_t observer_len; /* 0: not given */
    struct time_cache times;
    char observer[TEXT_CLEAN_BYTES];
    /* What record_origin() wrote last, and of which capture. */
    uint8_t origin_digest[20];
    size_t origin_len; /* 0: nothing yet, or too long to be kept */
    char origin[512];
    struct sentence_template sentences[RULES];
    struct event_start events; /* those that count, of one instant mostly */
};

/* `observer` may be NULL. */
void record_context_init(struct record_context *context, const struct capture_findings *findings,
                         const char *observer);

/* False when a time is unknown or the clock ran backwards between them. */
bool record_elapsed(int64_t from_ns, int64_t to_ns, uint64_t *elapsed_ns) MUST_CHECK;

/* A time that is known. */
void record_time(struct json_writer *writer, struct record_context *context, int64_t time_ns);

/* Likewise, in a run: room for TIME_TEXT_BYTES + 1. */
static inline char *run_time(char *at, struct record_context *context, int64_t time_ns)
{
    *at = '"';
    time_text(&context->times, time_ns, at + 1);
    at[TIME_TEXT_BYTES] = '"';
    return at + TIME_TEXT_BYTES + 1;
}

/* The members file and frame, in a run: room for 60. */
static inline char *run_frame(char *at, frame_ref frame)
{
    at = run_text(at, "\"file\":");
    at = run_uint(at, frame_file(frame));
    at = run_text(at, ",\"frame\":");
    return run_uint(at, frame_number(frame));
}

/* {"file":0,"frame":9}, of a frame that is known. */
void record_frame(struct json_writer *writer, frame_ref frame);

/* The member `ip`. */
void record_address(struct json_writer *writer, const uint8_t address[16]);

/* The member `host` with its address; `others` when it is NULL: many hosts together. */
void record_host(struct json_writer *writer, const uint8_t *address);

/* The same of an address that is text already, and not of others. */
void record_host_text(struct json_writer *writer, const char *address, size_t length);

/* The member `event` of a record that counts. */
void record_metric_event(struct json_writer *writer, struct record_context *context,
                         const char *dataset, const char *subject);

/* The member `caveats`, of bits 1 << enum caveat. */
void record_caveats(struct json_writer *writer, uint32_t caveats);

/* The members capture, observer and ecs. */
void record_origin(struct json_writer *writer, struct record_context *context);

#endif

/*
 * The captures a second time, for the packets of a few connections: what the first pass told only
 * as verdicts. A ladder, an extract and a report's drawings are made of it.
 *
 *     if (second_pass_obstacle(options)) …                 before the first pass: a pipe
 *     … the first pass; of each connection that is wanted:
 *     wanted[n++] = wanted_of(verdict, &options->analyzer); verdict_copy() keeps the verdict
 *     struct second_pass pass = {options, &findings_of_the_first, wanted, n, take, context};
 *     if (!second_pass_run(&pass)) …                       it said why, in a line
 *
 * `take` is called for every segment of the wanted connections, in the order of passage. Which
 * connection a segment belongs to is decided by the same analyzer, fed with nothing but the wanted
 * five-tuples and the times of all other segments: so uses of one five-tuple, parallel connections
 * of one (other VLANs, other taps) and copies are told apart exactly as the first pass did. Memory
 * is that of the wanted five-tuples' connections, whatever the captures hold.
 *
 * Of a datagram in fragments the segment comes with the packet that completes it; the other
 * packets are in `fragments`. A first fragment whose datagram was given up comes late, without
 * packet.
 */
#ifndef FINWAIT_CLI_SECOND_PASS_H
#define FINWAIT_CLI_SECOND_PASS_H

#include "analyzer/flow/key.h"
#include "analyzer/trace.h"
#include "analyzer/verdict.h"
#include "cli/options.h"
#include "dissect/capture/packet.h"
#include "dissect/compiler.h"
#include "dissect/dissect.h"
#include "dissect/findings.h"

struct wanted {
    struct flow_key key;
    struct trace_name name;
    uint8_t client_address[16];
    uint16_t client_port;
    bool absorbed;
    uint64_t packets; /* that the verdict counts, and those that were told: equal unless memory */
    uint64_t told;    /* made the first pass report connections early. Copies are not counted */
};

struct wanted wanted_of(const struct connection_verdict *verdict,
                        const struct analyzer_config *config);

/* All borrowed until the taker returns. */
struct wanted_segment {
    size_t which;                /* of the wanted connections */
    const struct packet *packet; /* that the segment came in, or NULL */
    const struct segment *segment;
    enum role from; /* client or server, as the verdict has it */
    enum segment_class segment_class;
    const struct capture_findings *findings; /* of this pass: interfaces and link types */
    const struct fragment_place *fragments;  /* as dissect_fragments() tells them */
    size_t fragment_count;
};

/* False stops the pass, which then is not a success; the taker says why. */
typedef bool second_pass_taker(void *context, const struct wanted_segment *segment);

struct second_pass {
    const struct options *options;
    const struct capture_findings *first; /* what the first pass found; it was not interrupted */
    struct wanted *wanted;                /* sorted by nothing; `told` is counted in them */
    size_t wanted_count;
    second_pass_taker *take;
    void *context;
};

/* The first input that cannot be read twice (standard input, a pipe), or NULL. */
const char *second_pass_obstacle(const struct options *options);

/* False after a line on standard error (also when a capture is no longer what it was), when the
 * taker stopped it, or when somebody interrupted. */
bool second_pass_run(const struct second_pass *pass) MUST_CHECK;

#endif

#include "cli/second_pass.h"

#include "analyzer/analyzer.h"
#include "cli/interrupt.h"
#include "cli/reading.h"
#include "cli/tell.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *second_pass_obstacle(const struct options *o)
{
    for (size_t i = 0; i < o->input_count; i++) {
        struct stat status;
        if (strcmp(o->inputs[i], "-") == 0)
            return "standard input";
        if (stat(o->inputs[i], &status) == 0 && !S_ISREG(status.st_mode) &&
            !S_ISDIR(status.st_mode))
            return o->inputs[i];
    }
    return NULL;
}

struct wanted wanted_of(const struct connection_verdict *v, const struct analyzer_config *config)
{
    struct segment ends = {
        .source_port = v->client.port, .destination_port = v->server.port, .vlan = v->vlan};
    memcpy(ends.source, v->client.address, 16);
    memcpy(ends.destination, v->server.address, 16);
    struct wanted wanted = {
        .name = {.first_frame = v->first_frame, .incarnation = v->incarnation},
        .client_port = v->client.port,
        .absorbed = v->absorbed,
        .packets = v->client.packets + v->server.packets,
    };
    flow_key_of(&ends, config->vlan_in_key, &wanted.key);
    memcpy(wanted.client_address, v->client.address, 16);
    return wanted;
}

/* What was told of one name belongs to another of the same five-tuple. */
struct alias {
    struct flow_key key;
    struct trace_name forged, into;
};

struct pass {
    const struct second_pass *request;
    const struct wanted **sorted; /* by key */
    struct alias *aliases;
    size_t alias_count;
    bool only_aliases; /* this reading looks for nothing else */
    struct reading reading;
    struct analyzer *analyzer;
    struct segment_batch *one;
    const struct packet *packet; /* the present one, or NULL */
    int64_t passed_ns;           /* highest time of what was not fed */
};

static bool fail(const char *sentence)
{
    tell("%s", sentence);
    return false;
}

static bool same_name(struct trace_name a, struct trace_name b)
{
    return a.first_frame == b.first_frame && a.incarnation == b.incarnation;
}

/* ---- which are wanted ----------------------------------------------------------------------- */

static int by_key(const void *left, const void *right)
{
    const struct wanted *a = *(const struct wanted *const *)left;
    const struct wanted *b = *(const struct wanted *const *)right;
    return memcmp(&a->key, &b->key, sizeof a->key);
}

/* The first of those of this key in `sorted`, or their count: none. */
static size_t find_key(const struct pass *p, const struct flow_key *key)
{
    size_t low = 0, high = p->request->wanted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(&p->sorted[middle]->key, key, sizeof *key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < p->request->wanted_count && flow_key_equal(&p->sorted[low]->key, key);
    return found ? low : p->request->wanted_count;
}

static struct wanted *find_name(const struct pass *p, const struct flow_key *key,
                                struct trace_name name)
{
    for (size_t i = find_key(p, key); i < p->request->wanted_count; i++) {
        if (!flow_key_equal(&p->sorted[i]->key, key))
            break;
        if (same_name(p->sorted[i]->name, name))
            return &p->request->wanted[p->sorted[i] - p->request->wanted];
    }
    return NULL;
}

/* Later aliases lead on from where earlier ones led. */
static struct trace_name resolve(const struct pass *p, const struct flow_key *key,
                                 struct trace_name name)
{
    for (size_t i = 0; i < p->alias_count; i++) {
        const struct alias *alias = &p->aliases[i];
        if (same_name(alias->forged, name) && flow_key_equal(&alias->key, key))
            name = alias->into;
    }
    return name;
}

/* ---- what the analyzer tells ---------------------------------------------------------------- */

static bool tell_segment(void *context, struct trace_name name, const struct segment *g,
                         enum segment_class segment_class)
{
    struct pass *p = context;
    struct flow_key key;
    if (p->only_aliases)
        return true;
    flow_key_of(g, p->request->options->analyzer.vlan_in_key, &key);
    struct trace_name own = resolve(p, &key, name);
    struct wanted *wanted = find_name(p, &key, own);
    if (!wanted)
        return true;
    bool forged = !same_name(own, name) && g->flags & TCP_SYN;
    bool client =
        g->source_port == wanted->client_port && memcmp(g->source, wanted->client_address, 16) == 0;
    bool own_packet = p->packet && p->packet->frame == g->frame;
    struct wanted_segment told = {
        .which = (size_t)(wanted - p->request->wanted),
        .packet = own_packet ? p->packet : NULL,
        .segment = g,
        .from = client ? ROLE_CLIENT : ROLE_SERVER,
        .segment_class = forged ? SEGMENT_FORGED : segment_class,
        .findings = &p->reading.findings,
    };
    told.fragments = dissect_fragments(p->reading.dissector, &told.fragment_count);
    wanted->told += segment_class != SEGMENT_COPY && segment_class != SEGMENT_SECOND_TAP;
    return p->request->take(p->request->context, &told);
}

static bool tell_absorbed(void *context, struct trace_name forged, struct trace_name into,
                          const struct segment *g)
{
    struct pass *p = context;
    if (!p->only_aliases)
        return true;
    struct alias *more = realloc(p->aliases, (p->alias_count + 1) * sizeof *more);
    if (!more)
        return fail("out of memory");
    p->aliases = more;
    struct alias *alias = &p->aliases[p->alias_count++];
    *alias = (struct alias){.forged = forged, .into = into};
    flow_key_of(g, p->request->options->analyzer.vlan_in_key, &alias->key);
    return true;
}

static bool ignore_verdict(void *context, const struct connection_verdict *verdict)
{
    (void)context;
    (void)verdict;
    return true;
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool feed_one(struct pass *p, const struct segment *g, const struct segment_batch *batch)
{
    p->one->count = 1;
    p->one->segments[0] = *g;
    if (g->aux != AUX_NONE) {
        p->one->aux[0] = batch->aux[g->aux];
        p->one->segments[0].aux = 0;
    }
    return reading_tell_status(p->analyzer, analyzer_pass_time(p->analyzer, p->passed_ns)) &&
           reading_tell_status(p->analyzer, analyzer_feed(p->analyzer, p->one));
}

static bool take_packet(void *context, const struct packet *packet, struct segment_batch *batch)
{
    struct pass *p = context;
    p->packet = packet;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct segment *g = &batch->segments[i];
        struct flow_key key;
        flow_key_of(g, p->request->options->analyzer.vlan_in_key, &key);
        if (find_key(p, &key) < p->request->wanted_count) {
            if (!feed_one(p, g, batch))
                return false;
        } else if (g->time_ns > p->passed_ns) {
            p->passed_ns = g->time_ns;
        }
    }
    batch_clear(batch);
    return true;
}

/* The digest is over names, sizes and beginnings; the rest shows at the end. */
static bool is_same(const struct capture_findings *first, const struct capture_findings *second,
                    bool at_end)
{
    if (memcmp(first->digest, second->digest, sizeof first->digest) == 0 &&
        (!at_end || (first->packets == second->packets && first->tcp == second->tcp)))
        return true;
    return fail("a capture changed between its two readings; where it is still being written, "
                "take a copy of it");
}

static bool read_again(struct pass *p, bool only_aliases)
{
    const struct trace_sink trace = {
        .segment = tell_segment, .absorbed = tell_absorbed, .context = p};
    const struct options *o = p->request->options;
    p->only_aliases = only_aliases;
    p->passed_ns = TIME_UNKNOWN;
    bool done =
        reading_open(&p->reading, o) && is_same(p->request->first, &p->reading.findings, false);
    if (done) {
        p->analyzer =
            analyzer_create(&o->analyzer, (struct verdict_sink){.connection = ignore_verdict});
        if (p->analyzer)
            analyzer_trace(p->analyzer, &trace);
        done = p->analyzer ? reading_run(&p->reading, READING_PACKETS, take_packet, p)
                           : fail("out of memory");
        progress_clear(&p->reading.progress);
    }
    done = done && !interrupted() && is_same(p->request->first, &p->reading.findings, true);
    analyzer_destroy(p->analyzer);
    p->analyzer = NULL;
    reading_close(&p->reading);
    return done;
}

bool second_pass_run(const struct second_pass *request)
{
    struct pass p = {.request = request};
    bool absorbed = false;
    if (!request->wanted_count)
        return true;
    p.sorted = calloc(request->wanted_count, sizeof(const struct wanted *));
    p.one = malloc(sizeof *p.one);
    bool done = (p.sorted && p.one) || fail("out of memory");
    if (done) {
        batch_clear(p.one);
        for (size_t i = 0; i < request->wanted_count; i++) {
            p.sorted[i] = &request->wanted[i];
            request->wanted[i].told = 0;
            absorbed |= request->wanted[i].absorbed;
        }
        qsort(p.sorted, request->wanted_count, sizeof(const struct wanted *), by_key);
        /* What turns out to be of a connection only later is known before it is told. */
        done = (!absorbed || read_again(&p, true)) && read_again(&p, false);
    }
    free(p.sorted);
    free(p.one);
    free(p.aliases);
    return done;
}

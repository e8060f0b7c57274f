#include "dissect/dissect.h"

#include "dissect/capture/pcap_walk.h"
#include "dissect/capture/pcapng_walk.h"
#include "dissect/capture/timeline.h"
#include "dissect/link/link.h"
#include "dissect/net/net.h"
#include "dissect/tcp/tcp.h"
#include "dissect/usual_packet.h"

#include <assert.h>
#include <stdlib.h>

struct dissector {
    struct capture_findings *findings;
    struct fragment_table *fragments;
    struct inflater *inflater;
    struct known_macs macs;
};

struct dissector *dissector_create(struct capture_findings *findings)
{
    struct dissector *dissector = calloc(1, sizeof *dissector);
    if (!dissector)
        return NULL;
    dissector->findings = findings;
    known_macs_init(&dissector->macs);
    dissector->fragments = fragments_create();
    dissector->inflater = inflater_create();
    if (!dissector->fragments || !dissector->inflater) {
        dissector_destroy(dissector);
        return NULL;
    }
    return dissector;
}

void dissector_destroy(struct dissector *dissector)
{
    if (!dissector)
        return;
    fragments_destroy(dissector->fragments);
    inflater_destroy(dissector->inflater);
    free(dissector);
}

static enum step one_step(struct layers *l, enum step step)
{
    switch (step) {
    case STEP_ETHERNET:
        return link_ethernet(l);
    case STEP_ETHERTYPE:
        return net_ethertype(l);
    case STEP_LLC:
        return link_llc(l);
    case STEP_PPP:
        return link_ppp(l);
    case STEP_MPLS:
        return net_mpls(l);
    case STEP_NSH:
        return net_nsh(l);
    case STEP_WLAN:
        return link_wlan(l);
    case STEP_IP:
        return net_ip(l);
    case STEP_PROTOCOL:
        return net_protocol(l);
    case STEP_TCP:
        return tcp_segment(l);
    case STEP_DONE:
    case STEP_REFUSED:
    default:
        return STEP_DONE;
    }
}

/* Every step takes octets or counts a layer, so this ends. */
enum step layers_run(struct layers *l, enum step step)
{
    while (step != STEP_DONE)
        step = one_step(l, step);
    return step;
}

void layers_run_part(struct layers *whole, struct layers *part, enum step step, bool first)
{
    part->is_part = true;
    layers_run(part, step);
    whole->segment = part->segment;
    whole->emitted = part->emitted;
    whole->left_out = part->left_out;
    whole->has_fragment |= part->has_fragment;
    if (first || (part->outcome_kind == OUTCOME_TCP && whole->outcome_kind != OUTCOME_TCP)) {
        whole->outcome_kind = part->outcome_kind;
        whole->outcome = part->outcome;
        whole->tunnel_count = part->tunnel_count;
        whole->carrier = part->carrier;
    }
}

/* A carrier was believed to hold a packet, by its port or its type, and what it held is none: then
 * the carrier is what the packet is. When the capture cut it off, nobody knows. */
static bool is_carrier_only(const struct layers *l)
{
    if (!l->tunnel_count || l->outcome_kind != OUTCOME_UNDECODABLE)
        return false;
    if (l->packet->captured_len < l->packet->original_len)
        return false;
    return l->outcome == UNDECODABLE_LINK_CUT || l->outcome == UNDECODABLE_NETWORK_CUT ||
           l->outcome == UNDECODABLE_NETWORK_BAD;
}

static void count(struct capture_findings *findings, const struct layers *l)
{
    if (LIKELY(l->outcome_kind == OUTCOME_TCP))
        findings->tcp++;
    else if (l->outcome_kind == OUTCOME_LINK)
        findings_count_link(findings, l->packet->link_type);
    else if (l->outcome_kind == OUTCOME_OTHER)
        findings->other[l->outcome]++;
    else if (is_carrier_only(l))
        findings->other[l->carrier]++;
    else
        findings->undecodable[l->outcome]++;
}

static void count_left_out(struct capture_findings *findings, const struct layers *l)
{
    uint32_t file = frame_file(l->packet->frame);
    if (file < findings->file_count)
        findings->files[file].oddities[ODDITY_SEGMENT_LIMIT] += l->left_out;
}

/* The first fragments that turn out to be all there is of their datagrams are TCP after all. */
static uint32_t emit_given_up(struct dissector *dissector, struct segment_batch *batch,
                              uint32_t room)
{
    uint32_t emitted = 0;
    struct segment segment;
    while (fragments_given_up(dissector->fragments, &segment)) {
        if (emitted == room)
            continue;
        batch->segments[batch->count++] = segment;
        dissector->findings->other[OTHER_IP_FRAGMENT]--;
        dissector->findings->tcp++;
        emitted++;
    }
    return emitted;
}

static void decode(struct layers *l)
{
    link_decoder *decoder = link_decoder_of(l->packet->link_type);
    if (UNLIKELY(!decoder))
        l->outcome_kind = OUTCOME_LINK;
    else if (UNLIKELY(!l->packet->captured_len))
        layers_undecodable(l, UNDECODABLE_EMPTY);
    else
        layers_run(l, decoder(l));
}

void dissect_unusual(struct dissector *dissector, const struct packet *packet,
                     struct segment_batch *batch)
{
    uint32_t fcs = packet->fcs_len < packet->original_len ? packet->fcs_len : packet->original_len;
    struct layers l = {
        .in = cursor_over(packet->data, packet->captured_len),
        .wire_left = packet->original_len,
        .segment = &batch->segments[batch->count],
        .batch = batch,
        .packet = packet,
        .fragments = dissector->fragments,
        .inflater = dissector->inflater,
        .vlan = VLAN_NONE,
    };
    layers_limit(&l, packet->original_len - fcs);
    dissector->findings->packets++;
    decode(&l);
    count(dissector->findings, &l);
    if (UNLIKELY(l.left_out))
        count_left_out(dissector->findings, &l);
    if (UNLIKELY(l.has_fragment))
        emit_given_up(dissector, batch, PACKET_SEGMENTS_MAX - l.emitted);
}

uint32_t dissect_packets(struct dissector *dissector, const struct packet *packets, uint32_t count,
                         struct segment_batch *batch)
{
    uint32_t done = 0;
    uint32_t usual = 0;
    fragments_forget_places(dissector->fragments);
    while (done < count && !batch_full(batch)) {
        uint32_t room = batch->wanted - batch->count;
        uint32_t most = count - done < room ? count - done : room;
        uint32_t run =
            usual_segments(&dissector->macs, packets + done, most, batch->segments + batch->count);
        batch->count += run;
        usual += run;
        done += run;
        if (run < most)
            dissect_unusual(dissector, &packets[done++], batch);
    }
    dissector->findings->packets += usual;
    dissector->findings->tcp += usual;
    return done;
}

static NEVER_INLINE void dissect_other(struct dissector *dissector, struct packet packet,
                                       struct segment_batch *batch)
{
    dissect_unusual(dissector, &packet, batch);
}

/* Either kind of walk, as it goes on. */
typedef bool walk_on(void *walk, struct packet *packet);

static ALWAYS_INLINE bool pcap_on(void *walk, struct packet *packet)
{
    return pcap_walk_next(walk, packet);
}

static ALWAYS_INLINE bool pcapng_on(void *walk, struct packet *packet)
{
    return pcapng_walk_next(walk, packet);
}

/* Until the walk ends or the batch is full; how many packets were not usual. `like`: what is known
 * of all of them. */
static ALWAYS_INLINE uint32_t dissect_walk(struct dissector *dissector, void *walk, walk_on *next,
                                           const struct packet like, struct segment_batch *batch)
{
    struct packet packet = like;
    struct segment *segment = batch->segments + batch->count;
    const struct segment *end = batch->segments + batch->wanted;
    uint32_t others = 0;
    while (segment < end && LIKELY(next(walk, &packet))) {
        if (LIKELY(is_usual(&dissector->macs, &packet, segment))) {
            fetch_place(segment++);
            continue;
        }
        batch->count = (uint32_t)(segment - batch->segments);
        dissect_other(dissector, packet, batch);
        segment = batch->segments + batch->count;
        others++;
        if (batch_full(batch))
            break;
    }
    batch->count = (uint32_t)(segment - batch->segments);
    return others;
}

/* `others`: of these how many were not usual. */
static uint32_t straight_pcap(struct dissector *dissector, struct capture *c,
                              struct segment_batch *batch, uint32_t *others)
{
    struct pcap_walk walk;
    if (!pcap_is_plain(&c->pcap) || c->pcap.link_type != LINKTYPE_ETHERNET || c->pcap.fcs_len ||
        !pcap_walk_begin(&walk, c, pcap_plain_part(&c->pcap)))
        return 0;
    struct packet like = {.interface = c->pcap.interface, .link_type = LINKTYPE_ETHERNET};
    *others = dissect_walk(dissector, &walk, pcap_on, like, batch);
    return pcap_walk_end(&walk, c);
}

static uint32_t straight_pcapng(struct dissector *dissector, struct capture *c,
                                struct segment_batch *batch, uint32_t *others)
{
    struct pcapng_walk walk;
    if (!pcapng_walk_begin(&walk, c))
        return 0;
    *others = dissect_walk(dissector, &walk, pcapng_on, (struct packet){0}, batch);
    return pcapng_walk_end(&walk, c);
}

uint32_t dissect_straight(struct dissector *dissector, struct timeline *timeline,
                          struct segment_batch *batch)
{
    struct capture *capture = timeline_alone(timeline);
    uint32_t count = 0, others = 0;
    if (capture)
        fragments_forget_places(dissector->fragments);
    if (capture && capture->stage == STAGE_PCAP)
        count = straight_pcap(dissector, capture, batch, &others);
    else if (capture && capture->stage == STAGE_PCAPNG)
        count = straight_pcapng(dissector, capture, batch, &others);
    if (!count)
        return 0;
    dissector->findings->packets += count - others;
    dissector->findings->tcp += count - others;
    timeline_went_on(timeline);
    return count;
}

void dissect_packet(struct dissector *dissector, const struct packet *packet,
                    struct segment_batch *batch)
{
    uint32_t done = dissect_packets(dissector, packet, 1, batch);
    assert(done == 1); /* the batch was not full */
    (void)done;
}

bool dissect_flush(struct dissector *dissector, struct segment_batch *batch)
{
    fragments_forget_places(dissector->fragments);
    return fragments_flush(dissector->fragments) &&
           emit_given_up(dissector, batch, PACKET_SEGMENTS_MAX) > 0;
}

const struct fragment_place *dissect_fragments(const struct dissector *dissector, size_t *count)
{
    return fragments_places(dissector->fragments, count);
}

void dissect_filtered(struct dissector *dissector)
{
    dissector->findings->packets++;
    dissector->findings->other[OTHER_FILTERED]++;
}

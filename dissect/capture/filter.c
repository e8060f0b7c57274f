#include "dissect/capture/filter.h"

#include "dissect/findings.h"
#include "dissect/link/link.h"

#include <pcap/dlt.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAPLEN_ANY 262144

/* One link type's program. */
struct compiled {
    uint16_t link_type;
    bool usable;
    struct bpf_program program;
};

struct filter {
    char *expression;
    struct compiled *list;
    uint32_t count;
    uint32_t last; /* link types come in runs */
};

static bool compile(struct compiled *compiled, const char *expression, char *error,
                    size_t error_bytes)
{
    pcap_t *handle = pcap_open_dead(link_type_dlt(compiled->link_type), SNAPLEN_ANY);
    if (!handle) {
        snprintf(error, error_bytes, "the filter cannot be compiled: out of memory");
        return false;
    }
    compiled->usable =
        pcap_compile(handle, &compiled->program, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!compiled->usable)
        snprintf(error, error_bytes, "the filter \"%s\" is not understood: %s", expression,
                 pcap_geterr(handle));
    pcap_close(handle);
    return compiled->usable;
}

static struct compiled *add(struct filter *filter, uint16_t link_type)
{
    struct compiled *list = realloc(filter->list, (filter->count + 1) * sizeof *list);
    if (!list)
        return NULL;
    filter->list = list;
    filter->last = filter->count++;
    list[filter->last] = (struct compiled){.link_type = link_type};
    return &list[filter->last];
}

struct filter *filter_create(const char *expression, char *error, size_t error_bytes)
{
    struct filter *filter = calloc(1, sizeof *filter);
    if (filter)
        filter->expression = strdup(expression);
    struct compiled *ethernet = filter && filter->expression ? add(filter, DLT_EN10MB) : NULL;
    if (!ethernet) {
        snprintf(error, error_bytes, "the filter cannot be compiled: out of memory");
        filter_destroy(filter);
        return NULL;
    }
    if (!compile(ethernet, expression, error, error_bytes)) {
        filter_destroy(filter);
        return NULL;
    }
    return filter;
}

void filter_destroy(struct filter *filter)
{
    if (!filter)
        return;
    for (uint32_t i = 0; i < filter->count; i++) {
        if (filter->list[i].usable)
            pcap_freecode(&filter->list[i].program);
    }
    free(filter->list);
    free(filter->expression);
    free(filter);
}

static const struct compiled *compiled_for(struct filter *filter, uint16_t link_type)
{
    if (filter->list[filter->last].link_type == link_type)
        return &filter->list[filter->last];
    for (uint32_t i = 0; i < filter->count; i++) {
        if (filter->list[i].link_type == link_type) {
            filter->last = i;
            return &filter->list[i];
        }
    }
    struct compiled *compiled = add(filter, link_type);
    char unused[PCAP_ERRBUF_SIZE];
    if (compiled)
        (void)compile(compiled, filter->expression, unused, sizeof unused);
    return compiled;
}

bool filter_prepare(struct filter *filter)
{
    for (uint32_t link_type = 0; link_type <= UINT16_MAX; link_type++) {
        if (link_decoder_of((uint16_t)link_type) && !compiled_for(filter, (uint16_t)link_type))
            return false;
    }
    return true;
}

bool filter_pass(struct filter *filter, const struct packet *packet)
{
    const struct compiled *compiled = compiled_for(filter, packet->link_type);
    if (!compiled || !compiled->usable)
        return false;
    struct pcap_pkthdr header = {.caplen = packet->captured_len, .len = packet->original_len};
    return pcap_offline_filter(&compiled->program, &header, packet->data) != 0;
}

#include "reports/summary_record.h"

#include "reports/address_text.h"
#include "reports/identity.h"
#include "reports/json_tree.h"
#include "reports/sentence.h"

#define DATASET "finwait.summary"

static json_t *time_value(struct record_context *context, int64_t time_ns)
{
    char text[TIME_TEXT_BYTES];
    time_text(&context->times, time_ns, text);
    return json_string(text);
}

static void set_time(struct json_tree *tree, struct record_context *context, json_t *object,
                     const char *key, int64_t time_ns)
{
    if (time_ns != TIME_UNKNOWN)
        tree_set(tree, object, key, time_value(context, time_ns));
}

/* Leaves out what would say nothing. */
static void set_unless_empty(struct json_tree *tree, json_t *object, const char *key,
                             json_t *counts)
{
    if (counts && !json_object_size(counts))
        json_decref(counts);
    else
        tree_set(tree, object, key, counts);
}

static json_t *damage_record(struct json_tree *tree, const struct damage *damage)
{
    json_t *record = json_object();
    tree_set(tree, record, "kind", json_string(damage_kind_name(damage->kind)));
    if (damage->reason != REASON_NONE)
        tree_set(tree, record, "reason", json_string(damage_reason_name(damage->reason)));
    tree_set(tree, record, "offset", tree_count(damage->offset));
    tree_set_nonzero(tree, record, "bytes", damage->bytes);
    tree_set_nonzero(tree, record, "frame", damage->frame);
    return record;
}

static void set_damage(struct json_tree *tree, json_t *record, const struct file_findings *file)
{
    if (!file->damage_count)
        return;
    json_t *list = json_array();
    for (uint64_t i = 0; i < file->damage_count && i < DAMAGE_KEPT; i++)
        tree_add(tree, list, damage_record(tree, &file->damage[i]));
    tree_set(tree, record, "damage", list);
    if (file->damage_count > DAMAGE_KEPT)
        tree_set(tree, record, "damage_more", tree_count(file->damage_count - DAMAGE_KEPT));
}

static json_t *link_types(struct json_tree *tree, const struct file_findings *file)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < file->link_type_count; i++) {
        char buffer[LINK_NAME_BYTES];
        tree_add(tree, list, json_string(link_type_name(file->link_types[i], buffer)));
    }
    return list;
}

static json_t *file_record(struct record_context *context, struct json_tree *tree,
                           const struct file_findings *file)
{
    json_t *record = json_object();
    tree_set(tree, record, "name", tree_text(file->name));
    if (file->error)
        tree_set(tree, record, "error", tree_text(file->error));
    /* Of a file that could not be read these would be guesses. */
    if (file->format != FORMAT_UNKNOWN)
        tree_set(tree, record, "format", json_string(format_name(file->format)));
    if (!file->error || file->compression != COMPRESSION_NONE)
        tree_set(tree, record, "compression", json_string(compression_name(file->compression)));
    tree_set(tree, record, "link_types", link_types(tree, file));
    tree_set(tree, record, "packets", tree_count(file->packets));
    if (!file->error || file->bytes)
        tree_set(tree, record, "bytes", tree_count(file->bytes));
    set_time(tree, context, record, "start", file->start_ns);
    set_time(tree, context, record, "end", file->end_ns);
    tree_set_nonzero(tree, record, "untimed", file->untimed);
    set_damage(tree, record, file);

    json_t *oddities = json_object();
    for (unsigned i = 0; i < ODDITIES; i++)
        tree_set_nonzero(tree, oddities, oddity_name(i), file->oddities[i]);
    set_unless_empty(tree, record, "oddities", oddities);
    json_t *drops = json_object();
    tree_set_nonzero(tree, drops, "interface", file->interface_drops);
    tree_set_nonzero(tree, drops, "system", file->system_drops);
    tree_set_nonzero(tree, drops, "packet", file->packet_drops);
    set_unless_empty(tree, record, "drops", drops);
    return record;
}

/* Link types are counted among the protocols, in their spelling. */
static void set_link_count(struct json_tree *tree, json_t *other, const struct link_count *link)
{
    char buffer[LINK_NAME_BYTES];
    const char *name = link_type_name(link->link_type, buffer);
    char key[64];
    size_t length = 0;
    for (; name[length] && length < sizeof key - 1; length++) {
        char c = name[length];
        bool upper = c >= 'A' && c <= 'Z';
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        key[length] = upper ? (char)(c - 'A' + 'a') : plain ? c : '_';
    }
    key[length] = '\0';
    tree_set_nonzero(tree, other, key, link->packets);
}

static json_t *packets_record(const struct capture_findings *findings, struct json_tree *tree)
{
    json_t *other = json_object(), *undecodable = json_object(), *record = json_object();
    for (unsigned i = 0; i < OTHERS; i++)
        tree_set_nonzero(tree, other, other_name(i), findings->other[i]);
    for (uint32_t i = 0; i < findings->link_count; i++)
        set_link_count(tree, other, &findings->links[i]);
    tree_set_nonzero(tree, other, "other_link_types", findings->links_rest);
    for (unsigned i = 0; i < UNDECODABLES; i++)
        tree_set_nonzero(tree, undecodable, undecodable_name(i), findings->undecodable[i]);
    tree_set(tree, record, "total", tree_count(findings->packets));
    tree_set(tree, record, "tcp", tree_count(findings->tcp));
    tree_set(tree, record, "other", other);
    tree_set(tree, record, "undecodable", undecodable);
    return record;
}

json_t *capture_reference(const struct record_context *context)
{
    struct json_tree tree = {0};
    char id[HEX_DIGEST_BYTES];
    digest_text(context->findings->digest, id);
    json_t *capture = json_object();
    tree_set(&tree, capture, "id", json_string(id));
    return tree_result(&tree, capture);
}

json_t *capture_record(struct record_context *context)
{
    struct json_tree tree = {0};
    const struct capture_findings *findings = context->findings;
    json_t *capture = capture_reference(context);
    json_t *files = json_array();
    for (uint32_t i = 0; i < findings->file_count; i++)
        tree_add(&tree, files, file_record(context, &tree, &findings->files[i]));
    tree_set(&tree, capture, "files", files);
    tree_set(&tree, capture, "packets", packets_record(findings, &tree));
    return tree_result(&tree, capture);
}

static json_t *event_record(struct record_context *context, struct json_tree *tree,
                            const struct summary_verdict *summary)
{
    char id[HEX_DIGEST_BYTES];
    event_id(DATASET, context->findings->digest, "", id);
    json_t *event = json_object(), *category = json_array(), *type = json_array();
    tree_add(tree, category, json_string("network"));
    tree_add(tree, type, json_string("info"));
    tree_set(tree, event, "kind", json_string("metric"));
    tree_set(tree, event, "category", category);
    tree_set(tree, event, "type", type);
    tree_set(tree, event, "dataset", json_string(DATASET));
    tree_set(tree, event, "id", json_string(id));
    set_time(tree, context, event, "start", summary->start_ns);
    set_time(tree, context, event, "end", summary->end_ns);
    return event;
}

static json_t *connections_record(struct json_tree *tree, const struct summary_verdict *summary)
{
    json_t *handshakes = json_object(), *closes = json_object(), *record = json_object();
    for (unsigned i = 0; i < HANDSHAKES; i++)
        tree_set_nonzero(tree, handshakes, handshake_name(i), summary->handshakes[i]);
    for (unsigned i = 0; i < CLOSE_KINDS; i++)
        tree_set_nonzero(tree, closes, close_kind_name(i), summary->closes[i]);
    tree_set(tree, record, "total", tree_count(summary->connections));
    tree_set(tree, record, "handshake", handshakes);
    tree_set(tree, record, "close", closes);
    return record;
}

static json_t *anomaly_counts(struct json_tree *tree, const struct report_options *options,
                              const struct summary_verdict *summary)
{
    json_t *record = json_object();
    for (unsigned rule = 0; rule < RULES; rule++) {
        for (unsigned severity = 0; severity < SEVERITIES; severity++) {
            if (report_speaks_of(options, rule, severity))
                tree_set_nonzero(tree, record, rule_table[rule].id,
                                 summary->anomalies[rule][severity]);
        }
    }
    return record;
}

static json_t *address_value(const uint8_t address[16])
{
    char text[ADDRESS_TEXT_BYTES];
    address_text(text, address);
    return json_string(text);
}

static json_t *finding_clients(struct json_tree *tree, const struct finding *finding)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < finding->client_count; i++) {
        json_t *client = json_object();
        tree_set(tree, client, "ip", address_value(finding->clients[i].address));
        tree_set(tree, client, "count", tree_count(finding->clients[i].count));
        tree_add(tree, list, client);
    }
    return list;
}

static json_t *finding_record(struct json_tree *tree, struct record_context *context,
                              const struct finding *finding)
{
    struct sentence sentence;
    sentence_of_finding(&sentence, finding);
    json_t *record = json_object();
    tree_set(tree, record, "rule", json_string(rule_table[finding->rule].id));
    tree_set(tree, record, "severity", json_string(severity_name(finding->severity)));
    if (finding->has_service || finding->has_host) {
        json_t *about = json_object();
        tree_set(tree, about, "ip", address_value(finding->address));
        if (finding->has_service)
            tree_set(tree, about, "port", json_integer(finding->port));
        tree_set(tree, record, finding->has_service ? "service" : "host", about);
    }
    tree_set(tree, record, "count", tree_count(finding->count));
    tree_set_nonzero(tree, record, "affected", finding->affected);
    tree_set_nonzero(tree, record, "connections", finding->connections);
    set_time(tree, context, record, "start", finding->start_ns);
    set_time(tree, context, record, "end", finding->end_ns);
    tree_set(tree, record, "clients", finding_clients(tree, finding));
    tree_set(tree, record, "sentence", json_stringn(sentence.text, sentence.length));
    return record;
}

static json_t *findings(struct json_tree *tree, struct record_context *context,
                        const struct report_options *options, const struct summary_verdict *summary)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < summary->finding_count; i++) {
        const struct finding *finding = &summary->findings[i];
        if (report_speaks_of(options, finding->rule, finding->severity))
            tree_add(tree, list, finding_record(tree, context, finding));
    }
    return list;
}

static json_t *services(struct json_tree *tree, const struct summary_verdict *summary)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < summary->service_count; i++) {
        const struct service_closes *service = &summary->services[i];
        json_t *record = json_object(), *name = json_object(), *closes = json_object();
        tree_set(tree, name, "ip", address_value(service->address));
        tree_set(tree, name, "port", json_integer(service->port));
        for (unsigned kind = 0; kind < CLOSE_KINDS; kind++)
            tree_set_nonzero(tree, closes, close_kind_name(kind), service->closes[kind]);
        tree_set(tree, record, "service", name);
        tree_set(tree, record, "connections", tree_count(service->connections));
        tree_set(tree, record, "close", closes);
        tree_add(tree, list, record);
    }
    return list;
}

static json_t *setting_value(const struct report_setting *setting)
{
    switch (setting->type) {
    case SETTING_INTEGER:
        return json_integer(setting->integer);
    case SETTING_BOOLEAN:
        return json_boolean(setting->integer);
    case SETTING_TEXT:
        break;
    }
    return tree_text(setting->text);
}

static json_t *options_record(struct json_tree *tree, const struct report_options *options)
{
    json_t *record = json_object();
    for (size_t i = 0; i < options->setting_count; i++)
        tree_set(tree, record, options->settings[i].name, setting_value(&options->settings[i]));
    return record;
}

static void set_one(struct json_tree *tree, json_t *record, const char *key, const char *member,
                    json_t *value)
{
    json_t *object = json_object();
    tree_set(tree, object, member, value);
    tree_set(tree, record, key, object);
}

json_t *summary_record(struct record_context *context, const struct report_options *options,
                       const struct summary_verdict *summary, bool complete, json_t *capture)
{
    struct json_tree tree = {0};
    json_t *record = json_object();
    set_time(&tree, context, record, "@timestamp", summary->start_ns);
    tree_set(&tree, record, "event", event_record(context, &tree, summary));
    tree_set(&tree, record, "capture", capture);
    if (context->observer_len)
        set_one(&tree, record, "observer", "name",
                json_stringn(context->observer, context->observer_len));
    set_one(&tree, record, "ecs", "version", json_string(ECS_VERSION));
    tree_set(&tree, record, "connections", connections_record(&tree, summary));
    tree_set(&tree, record, "anomaly_counts", anomaly_counts(&tree, options, summary));
    tree_set(&tree, record, "findings", findings(&tree, context, options, summary));
    tree_set(&tree, record, "services", services(&tree, summary));
    tree_set(&tree, record, "options", options_record(&tree, options));
    tree_set(&tree, record, "complete", json_boolean(complete));
    tree_set(&tree, record, "evicted", tree_count(summary->evicted));
    tree_set_nonzero(&tree, record, "not_concluded", summary->not_concluded);
    tree_set(&tree, record, "version", json_string(FINWAIT_VERSION));
    return tree_result(&tree, record);
}

static int dump_piece(const char *bytes, size_t length, void *output)
{
    output_write(output, bytes, length);
    return 0;
}

bool record_dump(struct output *output, json_t *tree)
{
    bool ok = tree && json_dump_callback(tree, dump_piece, output, RECORD_DUMP_FLAGS) == 0;
    json_decref(tree);
    return ok;
}

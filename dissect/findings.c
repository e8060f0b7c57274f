#include "dissect/findings.h"

#include <pcap/dlt.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_OF(id, name) [id] = name,
#define NAME_FUNCTION(function, type, table)                                                       \
    const char *function(type value)                                                               \
    {                                                                                              \
        static const char *const names[] = {table(NAME_OF)};                                       \
        return (size_t)value < sizeof names / sizeof *names ? names[value] : "unknown";            \
    }

NAME_FUNCTION(damage_kind_name, enum damage_kind, DAMAGE_TABLE)
NAME_FUNCTION(damage_reason_name, enum damage_reason, DAMAGE_REASON_TABLE)
NAME_FUNCTION(oddity_name, enum oddity, ODDITY_TABLE)
NAME_FUNCTION(format_name, enum capture_format, FORMAT_TABLE)
NAME_FUNCTION(compression_name, enum compression, COMPRESSION_TABLE)
NAME_FUNCTION(other_name, enum other_protocol, OTHER_TABLE)
NAME_FUNCTION(undecodable_name, enum undecodable, UNDECODABLE_TABLE)
NAME_FUNCTION(tunnel_name, enum tunnel, TUNNEL_TABLE)

int link_type_dlt(uint16_t link_type)
{
    /* The numbers differ where the DLT_ ones were not the same everywhere (libpcap's
     * pcap-common.c). */
    static const struct {
        uint16_t link_type;
        int dlt;
    } differing[] = {
        {50, DLT_PPP_SERIAL},  {51, DLT_PPP_ETHER},  {100, DLT_ATM_RFC1483}, {101, DLT_RAW},
        {102, DLT_SLIP_BSDOS}, {103, DLT_PPP_BSDOS}, {106, DLT_ATM_CLIP},    {108, DLT_LOOP},
        {109, DLT_ENC},        {112, DLT_HDLC},      {246, DLT_PFSYNC},
    };
    for (size_t i = 0; i < sizeof differing / sizeof *differing; i++) {
        if (differing[i].link_type == link_type)
            return differing[i].dlt;
    }
    return link_type;
}

const char *link_type_name(uint16_t link_type, char buffer[LINK_NAME_BYTES])
{
    const char *name = pcap_datalink_val_to_name(link_type_dlt(link_type));
    if (name)
        return name;
    snprintf(buffer, LINK_NAME_BYTES, "LINKTYPE_%u", (unsigned)link_type);
    return buffer;
}

/* Arrays grow by doubling, at the powers of two of their count. */
static void *grow(void *array, uint32_t count, size_t item)
{
    if (count & (count - 1))
        return array;
    if (count >= UINT32_MAX / 2)
        return NULL;
    size_t wanted = count ? (size_t)count * 2 : 1;
    if (wanted > SIZE_MAX / item)
        return NULL;
    return realloc(array, wanted * item);
}

struct file_findings *findings_add_file(struct capture_findings *findings, const char *name)
{
    struct file_findings *files = grow(findings->files, findings->file_count, sizeof *files);
    if (!files)
        return NULL;
    findings->files = files;
    char *copy = strdup(name);
    if (!copy)
        return NULL;
    struct file_findings *file = &files[findings->file_count++];
    *file = (struct file_findings){.name = copy, .start_ns = TIME_UNKNOWN, .end_ns = TIME_UNKNOWN};
    return file;
}

bool findings_error(struct file_findings *file, const char *reason)
{
    char *error = NULL;
    if (asprintf(&error, "%s: %s", file->name, reason) < 0)
        return false;
    free(file->error);
    file->error = error;
    return true;
}

#define INTERFACE_NAME_BYTES 255
#define INTERFACES_SEARCHED  256

static bool has_name(const struct interface_info *interface, const char *name, size_t length)
{
    if (!name || !interface->name)
        return !name && !interface->name;
    return strncmp(interface->name, name, length) == 0 && !interface->name[strnlen(name, length)];
}

static bool has_ended(const struct capture_findings *findings, struct interface_place place,
                      struct interface_place now)
{
    return findings->files[place.file].finished ||
           (place.file == now.file && place.section != now.section);
}

/* The list moves when it grows. */
static pthread_mutex_t interfaces_lock = PTHREAD_MUTEX_INITIALIZER;

static uint32_t add_interface(struct capture_findings *findings, struct interface_place place,
                              uint16_t link_type, const char *name, size_t name_length)
{
    uint32_t count = findings->interface_count;
    uint32_t searched = count < INTERFACES_SEARCHED ? count : INTERFACES_SEARCHED;
    size_t kept = name_length < INTERFACE_NAME_BYTES ? name_length : INTERFACE_NAME_BYTES;
    for (uint32_t i = count; i-- > count - searched;) {
        struct interface_info *earlier = &findings->interfaces[i];
        if (earlier->place.ordinal == place.ordinal && earlier->link_type == link_type &&
            has_ended(findings, earlier->place, place) && has_name(earlier, name, kept)) {
            earlier->place = place;
            return i;
        }
    }
    struct interface_info *list = grow(findings->interfaces, count, sizeof *list);
    if (!list)
        return UINT32_MAX;
    findings->interfaces = list;
    char *copy = NULL;
    if (name) {
        copy = strndup(name, kept);
        if (!copy)
            return UINT32_MAX;
    }
    list[count] = (struct interface_info){.place = place, .link_type = link_type, .name = copy};
    return findings->interface_count++;
}

uint32_t findings_add_interface(struct capture_findings *findings, struct interface_place place,
                                uint16_t link_type, const char *name, size_t name_length)
{
    pthread_mutex_lock(&interfaces_lock);
    uint32_t index = add_interface(findings, place, link_type, name, name_length);
    pthread_mutex_unlock(&interfaces_lock);
    return index;
}

const char *findings_interface_name(const struct capture_findings *findings, uint32_t interface)
{
    pthread_mutex_lock(&interfaces_lock);
    const char *name =
        interface < findings->interface_count ? findings->interfaces[interface].name : NULL;
    pthread_mutex_unlock(&interfaces_lock);
    return name;
}

void findings_damage(struct file_findings *file, struct damage damage)
{
    if (file->damage_count < DAMAGE_KEPT)
        file->damage[file->damage_count] = damage;
    file->damage_count++;
}

void findings_link_type(struct file_findings *file, uint16_t link_type)
{
    for (uint32_t i = 0; i < file->link_type_count; i++) {
        if (file->link_types[i] == link_type)
            return;
    }
    if (file->link_type_count < LINK_TYPES_KEPT)
        file->link_types[file->link_type_count++] = link_type;
}

void findings_count_link(struct capture_findings *findings, uint16_t link_type)
{
    for (uint32_t i = 0; i < findings->link_count; i++) {
        if (findings->links[i].link_type == link_type) {
            findings->links[i].packets++;
            return;
        }
    }
    if (findings->link_count == OTHER_LINKS_KEPT) {
        findings->links_rest++;
        return;
    }
    findings->links[findings->link_count++] =
        (struct link_count){.link_type = link_type, .packets = 1};
}

bool findings_damaged(const struct capture_findings *findings)
{
    for (uint32_t i = 0; i < findings->file_count; i++) {
        if (findings->files[i].damage_count || findings->files[i].error)
            return true;
    }
    return false;
}

void findings_finish(struct capture_findings *findings)
{
    for (uint32_t i = 0; i < findings->file_count; i++) {
        free(findings->files[i].name);
        free(findings->files[i].error);
    }
    for (uint32_t i = 0; i < findings->interface_count; i++)
        free(findings->interfaces[i].name);
    free(findings->files);
    free(findings->interfaces);
    *findings = (struct capture_findings){0};
}

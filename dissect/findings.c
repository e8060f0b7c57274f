#include "dissect/findings.h"

#include <pcap/dlt.h>
#include <pcap/pcap.h>
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

/* LINKTYPE_ values that libpcap's own DLT_ numbers differ from on this platform
 * (pcap-common.c keeps them apart because the DLT_ numbers were not the same everywhere). */
static int dlt_of_link_type(uint16_t link_type)
{
    switch (link_type) {
    case 50:
        return DLT_PPP_SERIAL;
    case 51:
        return DLT_PPP_ETHER;
    case 100:
        return DLT_ATM_RFC1483;
    case 101:
        return DLT_RAW;
    case 102:
        return DLT_SLIP_BSDOS;
    case 103:
        return DLT_PPP_BSDOS;
    case 109:
        return DLT_ENC;
    default:
        return link_type;
    }
}

const char *link_type_name(uint16_t link_type, char buffer[LINK_NAME_BYTES])
{
    const char *name = pcap_datalink_val_to_name(dlt_of_link_type(link_type));
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

uint32_t findings_add_interface(struct capture_findings *findings, uint32_t file,
                                uint16_t link_type, const char *name, size_t name_length)
{
    struct interface_info *list =
        grow(findings->interfaces, findings->interface_count, sizeof *list);
    if (!list)
        return UINT32_MAX;
    findings->interfaces = list;
    char *copy = NULL;
    if (name) {
        copy = strndup(name, name_length < 255 ? name_length : 255);
        if (!copy)
            return UINT32_MAX;
    }
    list[findings->interface_count] =
        (struct interface_info){.file = file, .link_type = link_type, .name = copy};
    return findings->interface_count++;
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

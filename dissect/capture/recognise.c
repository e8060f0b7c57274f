#include "dissect/capture/recognise.h"

#include "dissect/cursor.h"

#include <string.h>

struct magic {
    uint32_t value; /* as a big-endian machine wrote it */
    enum capture_format format;
};

/* draft-ietf-opsawg-pcap section 4; Alexey Kuznetzov's patched libpcap for the third. */
static const struct magic magics[] = {
    {0xa1b2c3d4, FORMAT_PCAP},
    {0xa1b23c4d, FORMAT_PCAP_NS},
    {0xa1b2cd34, FORMAT_PCAP_MODIFIED},
};

static enum capture_format magic_format(const uint8_t *bytes, bool *big_endian)
{
    uint32_t big = load_be32(bytes);
    uint32_t little = load_le32(bytes);
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        if (magics[i].value == big || magics[i].value == little) {
            *big_endian = magics[i].value == big;
            return magics[i].format;
        }
    }
    return FORMAT_UNKNOWN;
}

bool pcap_magic(const uint8_t *bytes)
{
    bool big_endian;
    return magic_format(bytes, &big_endian) != FORMAT_UNKNOWN;
}

struct pcap_header pcap_header_read(const uint8_t *bytes)
{
    struct pcap_header header = {.format = FORMAT_UNKNOWN};
    header.format = magic_format(bytes, &header.big_endian);
    if (header.format == FORMAT_UNKNOWN)
        return header;
    bool big = header.big_endian;
    header.version_major = big ? load_be16(bytes + 4) : load_le16(bytes + 4);
    header.version_minor = big ? load_be16(bytes + 6) : load_le16(bytes + 6);
    header.snaplen = big ? load_be32(bytes + 16) : load_le32(bytes + 16);
    header.link_type = big ? load_be32(bytes + 20) : load_le32(bytes + 20);
    /* 543.0 is DG/UX's tcpdump. */
    bool version = (header.version_major == 2 && header.version_minor <= 4) ||
                   (header.version_major == 543 && header.version_minor == 0);
    /* Time zone and accuracy have always been 0. Below 1024 lie all assigned link types, and there
     * is room for three times as many; the bits above are those of the frame check sequence. */
    bool unused = !load_be32(bytes + 8) && !load_be32(bytes + 12);
    header.sane = version && unused && (header.link_type & 0x0bffffff) < 1024;
    return header;
}

bool section_begins(const uint8_t *bytes, size_t length)
{
    if (length < 12 || load_be32(bytes) != 0x0a0d0d0a)
        return false;
    uint32_t total;
    if (load_be32(bytes + 8) == 0x1a2b3c4d)
        total = load_be32(bytes + 4);
    else if (load_le32(bytes + 8) == 0x1a2b3c4d)
        total = load_le32(bytes + 4);
    else
        return false;
    return total >= SHB_MINIMUM_BYTES && total <= (1u << 20);
}

bool snoop_magic(const uint8_t *bytes, size_t length)
{
    static const uint8_t magic[8] = "snoop\0\0";
    return length >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

struct snoop_header snoop_header_read(const uint8_t *bytes)
{
    /* RFC 1761's data link types that have a LINKTYPE_: the others are of networks that never
     * carried IP, or that nobody gave a number. */
    static const struct {
        uint32_t data_link;
        uint16_t link_type;
    } known[] = {
        {0, 1},  /* IEEE 802.3 */
        {2, 6},  /* IEEE 802.5 token ring */
        {4, 1},  /* Ethernet */
        {8, 10}, /* FDDI */
    };
    struct snoop_header header = {.version = load_be32(bytes + 8),
                                  .data_link = load_be32(bytes + 12)};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].data_link == header.data_link) {
            header.link_type = known[i].link_type;
            header.sane = header.version == 2;
        }
    }
    return header;
}

bool capture_begins(const uint8_t *bytes, size_t length)
{
    if (length >= 4 && (pcap_magic(bytes) || load_be32(bytes) == 0x0a0d0d0a))
        return true;
    return snoop_magic(bytes, length);
}

struct signature {
    uint8_t length;
    const char *bytes;
    const char *name;
};

#define SIGNATURE(bytes, name)                                                                     \
    {                                                                                              \
        sizeof(bytes) - 1, bytes, name                                                             \
    }

/* What the section header's type becomes: line feeds with a carriage return before them, without
 * one, carriage returns for line feeds and the reverse, each with the original's neighbours; and
 * what the pcap magics become when read as Latin-1 (or as broken UTF-8) and written as UTF-8. */
static const struct signature mangled[] = {
    SIGNATURE("\x0d\x0a\x0d\x0d\x0d\x0a", ""),
    SIGNATURE("\x0d\x0a\x0d\x0d\x0a", ""),
    SIGNATURE("\x0d\x0a\x0d\x0a\x0d\x0a", ""),
    SIGNATURE("\x0a\x0d\x0a", ""),
    SIGNATURE("\x0a\x0a\x0a\x0a", ""),
    SIGNATURE("\x0d\x0d\x0d\x0d", ""),
    SIGNATURE("\xc3\x94\xc3\x83\xc2\xb2\xc2\xa1", ""),
    SIGNATURE("\xc2\xa1\xc2\xb2\xc3\x83\xc3\x94", ""),
    SIGNATURE("\x4d\x3c\xc2\xb2\xc2\xa1", ""),
    SIGNATURE("\xc2\xa1\xc2\xb2\x3c\x4d", ""),
    SIGNATURE("\xef\xbf\xbd\xc3\xb2\xef\xbf\xbd", ""),
    SIGNATURE("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\x02\x00", ""),
    SIGNATURE("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\x00\x02", ""),
    SIGNATURE("\x4d\x3c\xef\xbf\xbd\xef\xbf\xbd", ""),
    SIGNATURE("\xef\xbf\xbd\xef\xbf\xbd\x3c\x4d", ""),
};

static const struct signature others[] = {
    SIGNATURE("btsnoop\0", "a Bluetooth snoop log, which holds no TCP"),
    SIGNATURE("GMBU", "a Microsoft Network Monitor capture, which is not supported"),
    SIGNATURE("RTSS", "a Microsoft Network Monitor 1 capture, which is not supported"),
    SIGNATURE("TRSNIFF data    \x1a", "a Sniffer capture, which is not supported"),
    SIGNATURE("XCP\0", "a Network Associates Sniffer capture, which is not supported"),
    SIGNATURE("iptrace 1.0", "an AIX iptrace capture, which is not supported"),
    SIGNATURE("iptrace 2.0", "an AIX iptrace capture, which is not supported"),
    SIGNATURE("\x7fver", "an OmniPeek capture, which is not supported"),
    SIGNATURE("\x54\x52\x00\x64\x00", "an HP-UX nettl trace, which is not supported"),
    SIGNATURE("\x1f\x8b", "gzip data inside compressed data; only one layer is undone"),
    SIGNATURE("\x28\xb5\x2f\xfd", "zstd data inside compressed data; only one layer is undone"),
    SIGNATURE("\xfd"
              "7zXZ\0",
              "xz-compressed data; decompress it first (xz -dc)"),
    SIGNATURE("BZh", "bzip2-compressed data; decompress it first (bzip2 -dc)"),
    SIGNATURE("\x04\x22\x4d\x18", "lz4-compressed data; decompress it first (lz4 -dc)"),
    SIGNATURE("\x1f\x9d", "data compressed with compress; decompress it first (gzip -dc)"),
    SIGNATURE("PK\x03\x04", "a zip archive; unpack it first"),
    SIGNATURE("PK\x05\x06", "an empty zip archive"),
    SIGNATURE("7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    SIGNATURE("Rar!\x1a\x07", "a RAR archive; unpack it first"),
    SIGNATURE("\x7f"
              "ELF",
              "an ELF program"),
    SIGNATURE("%PDF-", "a PDF document"),
    SIGNATURE("<!DOCTYPE", "an HTML page"),
    SIGNATURE("<html", "an HTML page"),
    SIGNATURE("<?xml", "an XML document (tshark -T pdml?); a capture file is needed"),
};

static const struct signature *find(const struct signature *table, size_t count,
                                    const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        if (length >= table[i].length && memcmp(bytes, table[i].bytes, table[i].length) == 0)
            return &table[i];
    }
    return NULL;
}

bool text_mode_magic(const uint8_t *bytes, size_t length)
{
    return find(mangled, sizeof mangled / sizeof *mangled, bytes, length) != NULL;
}

/* No control characters, and mostly ASCII. */
static bool is_text(const uint8_t *bytes, size_t length)
{
    size_t ascii = 0;
    for (size_t i = 0; i < length; i++) {
        uint8_t c = bytes[i];
        bool space = c == '\t' || c == '\n' || c == '\r' || c == '\f';
        if ((c < 0x20 && !space && c != 0x1b) || c == 0x7f)
            return false;
        ascii += c < 0x80;
    }
    return ascii > length / 2;
}

static bool is_tar(const uint8_t *bytes, size_t length)
{
    return length >= 262 && memcmp(bytes + 257, "ustar", 5) == 0;
}

/* Endace ERF has no magic: a record's type below 49, and lengths that agree. */
static bool is_erf(const uint8_t *bytes, size_t length)
{
    if (length < 18)
        return false;
    uint8_t type = bytes[8] & 0x7f;
    uint16_t record = load_be16(bytes + 10);
    uint16_t wire = load_be16(bytes + 14);
    uint32_t seconds = load_le32(bytes + 4);
    return type >= 1 && type <= 48 && record >= 18 && record <= wire + 64 && wire &&
           wire <= 16384 && seconds > 0x30000000 && record % 8 == 0;
}

const char *looks_like(const uint8_t *bytes, size_t length)
{
    const struct signature *found = find(others, sizeof others / sizeof *others, bytes, length);
    if (found)
        return found->name;
    if (is_tar(bytes, length))
        return "a tar archive; unpack it first";
    if (is_text(bytes, length < RECOGNISE_BYTES ? length : RECOGNISE_BYTES))
        return "text; a capture file is needed (tcpdump -w)";
    if (is_erf(bytes, length))
        return "an Endace ERF capture, which is not supported";
    return NULL;
}

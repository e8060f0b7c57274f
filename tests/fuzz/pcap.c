/* Files of pcap and of snoop: every byte is in a record, a header, or accounted for as damage. */
#include "tests/fuzz/reading.h"

#include "dissect/capture/recognise.h"

void fuzz_target(const uint8_t *bytes, size_t size)
{
    if (size < 8 || !(pcap_magic(bytes) || snoop_magic(bytes, size)))
        return;
    REQUIRE(reading_digest(bytes, size).value == reading_digest(bytes, size).value);
}

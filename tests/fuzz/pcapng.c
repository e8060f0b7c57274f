/* Files of pcapng: sections of either byte order, interfaces, every kind of block. */
#include "tests/fuzz/reading.h"

#include "dissect/capture/recognise.h"

void fuzz_target(const uint8_t *bytes, size_t size)
{
    if (!section_begins(bytes, size))
        return;
    REQUIRE(reading_digest(bytes, size).value == reading_digest(bytes, size).value);
}

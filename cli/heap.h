/*
 * The allocator's memory in large pages, where it is that of the GNU C library: what is known of
 * hosts, and all else that has no pool. analyzer/pages.h says what they spare.
 */
#ifndef FINWAIT_CLI_HEAP_H
#define FINWAIT_CLI_HEAP_H

/* Before anything is allocated that is to stand there, and before there are other threads; a second
 * time it does nothing. Where it cannot be done, it is left as it is. */
void heap_prepare(void);

#endif

/*
 * Files without a name, for what is needed until the end only.
 */
#ifndef FINWAIT_REPORTS_TEMPORARY_H
#define FINWAIT_REPORTS_TEMPORARY_H

#include "dissect/compiler.h"

/* Where they are: what TMPDIR says, else /tmp. */
const char *temporary_folder(void);

/* Empty, for reading and writing, nobody else's; it is gone when it is closed. -1 with errno when
 * it cannot be made. */
int temporary_open(void) MUST_CHECK;

#endif

/*
 * SIGINT and SIGTERM: the first asks for the report of what was seen so far, the second ends at
 * once. SIGXFSZ is ignored: writes fail instead.
 */
#ifndef FINWAIT_CLI_INTERRUPT_H
#define FINWAIT_CLI_INTERRUPT_H

void interrupt_install(void);

/* The signal that came, or 0. */
int interrupted(void);

#endif

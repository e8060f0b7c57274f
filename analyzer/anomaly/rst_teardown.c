#include "analyzer/anomaly/scene.h"

void judge_rst_teardown(struct scene *s)
{
    (void)s;
}

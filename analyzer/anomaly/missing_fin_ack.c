#include "analyzer/anomaly/scene.h"

void judge_missing_fin_ack(struct scene *s)
{
    (void)s;
}

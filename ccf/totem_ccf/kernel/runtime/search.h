/* Searching texts in texts. */
#ifndef TOTEM_SEARCH_H
#define TOTEM_SEARCH_H

#include "runtime.h"

#define NOWHERE 0xffffffffu

/* A text that is looked for, with what the search needs to know of it; `step` is 1 forwards, -1 from the end. */
typedef struct {
    const u8 *start;
    u32 size, step, critical, period, kept;
} wanted_text;

/* Prepares to look for a text that is not empty. */
wanted_text wanted_of(text wanted, int from_end);

/* How many bytes before the first place of the wanted text, from `from` on; NOWHERE if there is none. From the end both
 * numbers count bytes from the end of the text, and the place is that of the wanted text's end. */
u32 next_place(const wanted_text *w, text t, u32 from);

#endif

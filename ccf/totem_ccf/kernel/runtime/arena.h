/* The arena: what operations make, one after the other, and the header of a list in it. */
#ifndef TOTEM_ARENA_H
#define TOTEM_ARENA_H

#include "runtime.h"

typedef struct {
    u32 count, room, items, words;
    u64 bytes; /* of all texts in the items */
} list;

enum { LIST_BYTES = 16 };

/* The arena's cells: the address of the first free byte, and the logical bytes that the running call has made. */
extern u32 *arena, arena_start;

#endif

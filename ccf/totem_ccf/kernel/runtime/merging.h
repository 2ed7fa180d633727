/* Sorting the items of a list, by whatever order. */
#ifndef TOTEM_MERGING_H
#define TOTEM_MERGING_H

#include "arena.h"

/* Whether an item comes after another in the sorted list; `sign` is -1 where it is sorted downwards. */
typedef int later(text shape, int sign, const u64 *a, const u64 *b);

/* Merges runs of places, from one half of the scratch behind the arena to the other; stable. */
static inline __attribute__((always_inline)) void merge(list *l, later after, int sign, text shape) {
    u32 count = l->count, size = item_bytes(l);
    u32 *from = (u32 *)((arena[0] + 7) & ~7u), *to = from + count;
    for (u32 i = 0; i < count; i++) from[i] = l->items + i * size;
    for (u32 run = 1; run < count; run *= 2) {
        for (u32 start = 0; start < count; start += 2 * run) {
            u32 middle = start + run < count ? start + run : count, end = middle + run < count ? middle + run : count;
            u32 i = start, j = middle;
            for (u32 k = start; k < end; k++) {
                int right = i == middle;
                if (!right && j < end) right = after(shape, sign, (const u64 *)from[i], (const u64 *)from[j]);
                to[k] = right ? from[j++] : from[i++];
            }
        }
        u32 *other = from;
        from = to;
        to = other;
    }
    u8 *sorted = (u8 *)(((from > to ? (u32)(from + count) : (u32)(to + count)) + 7) & ~7u);
    for (u32 i = 0; i < count; i++) copy_bytes(sorted + i * size, (const u8 *)from[i], size);
    copy_bytes((u8 *)l->items, sorted, count * size);
}

#endif

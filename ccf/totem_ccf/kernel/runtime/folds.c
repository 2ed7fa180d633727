/* The table in which a map task folds its emits (docs/kernel.md, "Folds"). The kernel's code finds and fills the rows;
 * here are the parts that need no knowledge of the key: the index, hashes of texts, sums that are wide. */
#include "sums.h"

static exact *pool, *pool_next, *pool_end;

EXPORT(fold_setup) void fold_setup(exact *first, u32 size) {
    pool = pool_next = first;
    pool_end = first + size / sizeof *first;
}

/* Empties the index of `mask` + 1 places, and the pool. */
EXPORT(fold_clear) void fold_clear(u32 *index, u32 mask) {
    __builtin_memset(index, 0, ((u64)mask + 1) * sizeof *index);
    pool_next = pool;
}

/* Makes the index twice as large for `rows` rows and returns the new mask. */
EXPORT(fold_grow) u32 fold_grow(u32 *index, u32 mask, const u32 *hashes, u32 rows) {
    mask = mask * 2 + 1;
    __builtin_memset(index, 0, ((u64)mask + 1) * sizeof *index);
    for (u32 row = 0; row < rows; row++) {
        u32 place = hashes[row] & mask;
        while (index[place]) place = (place + 1) & mask;
        index[place] = row + 1;
    }
    return mask;
}

EXPORT(text_hash) u64 text_hash(text t) {
    const u8 *p = text_start(t);
    u32 size = text_size(t);
    u64 hash = size * 0x9e3779b97f4a7c15ull;
    for (; size >= 8; p += 8, size -= 8) {
        hash = (hash ^ *(const word *)p) * 0x9e3779b97f4a7c15ull;
        hash ^= hash >> 29;
    }
    u64 rest = 0;
    for (; size; p++, size--) rest = rest << 8 | *p;
    hash = (hash ^ rest) * 0x9e3779b97f4a7c15ull;
    return hash ^ hash >> 32;
}

/* Adds a value to a row's window, or to its wide sum at address `*wide`; 1 if that needs a wide sum and the pool has
 * none left: nothing was done then. */
EXPORT(fold_float) int fold_float(u64 *low, i64 *high, i64 *wide, double value) {
    window sum = {*low, *high};
    u64 value_low;
    i64 value_high;
    int inside = window_of(value, &value_low, &value_high);
    if (inside && window_add(&sum, value_low, value_high)) {
        *low = sum.low;
        *high = sum.high;
        return 0;
    }
    exact *outside = (exact *)(u32)*wide;
    if (!outside) {
        if (pool_next == pool_end) return 1;
        outside = pool_next++;
        exact_clear(outside);
        *wide = (i64)(u32)outside;
    }
    if (inside) {
        exact_widen(outside, sum);
        *low = value_low;
        *high = value_high;
    } else {
        exact_add_outside(outside, value);
    }
    return 0;
}

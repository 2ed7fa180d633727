/* Bytes, copied and compared. */
#include "runtime.h"

EXPORT(copy_bytes) void copy_bytes(u8 *to, const u8 *from, u32 size) {
    if (size > 128) {
        __builtin_memmove(to, from, size); /* one instruction, memory.copy, which is a call of the host's */
        return;
    }
    while (size >= 8) {
        *(word *)to = *(const word *)from;
        to += 8, from += 8, size -= 8;
    }
    while (size--) *to++ = *from++;
}

EXPORT(text_equal) int text_equal(text a, text b) {
    u32 size = text_size(a);
    if (size != text_size(b)) return 0;
    const u8 *p = text_start(a), *q = text_start(b);
    for (; size >= 8; p += 8, q += 8, size -= 8)
        if (*(const word *)p != *(const word *)q) return 0;
    for (; size; p++, q++, size--)
        if (*p != *q) return 0;
    return 1;
}

/* Less than, equal to or greater than 0, as a is less than, equal to or greater than b by code points. */
EXPORT(text_order) int text_order(text a, text b) {
    u32 size_a = text_size(a), size_b = text_size(b);
    u32 size = size_a < size_b ? size_a : size_b;
    const u8 *p = text_start(a), *q = text_start(b);
    for (; size >= 8; p += 8, q += 8, size -= 8) {
        u64 x = *(const word *)p, y = *(const word *)q;
        if (x != y) return __builtin_bswap64(x) < __builtin_bswap64(y) ? -1 : 1;
    }
    for (; size; p++, q++, size--)
        if (*p != *q) return *p < *q ? -1 : 1;
    return size_a < size_b ? -1 : size_a > size_b;
}

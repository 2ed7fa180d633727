/* Operations on texts (abstract machine, §8). Where `where` and `room` are given, the result is written at `where` and
 * must not take more than `room` bytes; if it would, the function returns NO_ROOM. */
#include "runtime.h"

EXPORT(text_concat) text text_concat(text a, text b, u32 where, u32 room) {
    u32 size_a = text_size(a), size_b = text_size(b);
    if ((u64)size_a + size_b > room) return NO_ROOM;
    u8 *to = (u8 *)where;
    copy_bytes(to, text_start(a), size_a);
    copy_bytes(to + size_a, text_start(b), size_b);
    return text_of(to, size_a + size_b);
}

EXPORT(text_length) i64 text_length(text t) {
    const u8 *p = text_start(t), *end = p + text_size(t);
    i64 length = 0;
    for (; p < end; p++) length += (*p & 0xc0) != 0x80;
    return length;
}

EXPORT(text_startswith) int text_startswith(text t, text start) {
    u32 size = text_size(start);
    if (size > text_size(t)) return 0;
    const u8 *p = text_start(t), *q = text_start(start);
    for (u32 i = 0; i < size; i++)
        if (p[i] != q[i]) return 0;
    return 1;
}

EXPORT(text_endswith) int text_endswith(text t, text end) {
    u32 size = text_size(t), tail = text_size(end);
    if (tail > size) return 0;
    return text_startswith(text_of(text_start(t) + (size - tail), tail), end);
}

/* Without white space on the left (side & 1) and on the right (side & 2). */
EXPORT(text_strip) text text_strip(text t, i32 side) {
    const u8 *start = text_start(t), *end = start + text_size(t);
    while ((side & 1) && start < end) {
        const u8 *next = start;
        if (!is_space(next_code(&next))) break;
        start = next;
    }
    while ((side & 2) && start < end) {
        const u8 *previous = end;
        if (!is_space(previous_code(&previous))) break;
        end = previous;
    }
    return text_of(start, (u32)(end - start));
}

typedef struct {
    word *items;
    u32 count, room;
} pieces;

static int add_piece(pieces *found, const u8 *start, const u8 *end) {
    if (found->count == found->room) return 0;
    found->items[found->count++] = text_of(start, (u32)(end - start));
    return 1;
}

static u64 list_of(const pieces *found) { return text_of((const u8 *)found->items, found->count); }

/* The pieces between runs of white space. */
EXPORT(text_split) u64 text_split(text t, u32 where, u32 room) {
    pieces found = {(word *)where, 0, room / 8};
    const u8 *p = text_start(t), *end = p + text_size(t), *start = 0;
    while (p < end) {
        const u8 *here = p;
        if (is_space(next_code(&p))) {
            if (start && !add_piece(&found, start, here)) return NO_ROOM;
            start = 0;
        } else if (!start) {
            start = here;
        }
    }
    if (start && !add_piece(&found, start, end)) return NO_ROOM;
    return list_of(&found);
}

/* The longest separator, in bytes: the compiler refuses longer ones (MAX_SEPARATOR_BYTES). */
#define LONGEST 64

/* For each beginning of `wanted`, how many of its bytes stay matched when the byte after it does not match: the longest
 * proper beginning of it that it also ends with. */
static void borders(u8 *border, const u8 *wanted, u32 size) {
    u32 matched = 0;
    border[0] = 0;
    for (u32 i = 1; i < size; i++) {
        while (matched && wanted[i] != wanted[matched]) matched = border[matched - 1];
        if (wanted[i] == wanted[matched]) matched++;
        border[i] = (u8)matched;
    }
}

/* The pieces between separators; the separator has 1 to LONGEST bytes. The search is Knuth, Morris and Pratt's, because
 * the charge is in proportion to the text alone: no byte of the text is looked at again. */
EXPORT(text_split_at) u64 text_split_at(text t, text separator, u32 where, u32 room) {
    pieces found = {(word *)where, 0, room / 8};
    const u8 *p = text_start(t), *end = p + text_size(t), *start = p;
    const u8 *wanted = text_start(separator);
    u32 size = text_size(separator), matched = 0;
    u8 border[LONGEST];
    if (size == 0 || size > LONGEST) __builtin_trap();
    if (size <= text_size(t)) {
        borders(border, wanted, size);
        while (p < end) {
            u8 byte = *p++;
            while (matched && byte != wanted[matched]) matched = border[matched - 1];
            if (byte != wanted[matched] || ++matched < size) continue;
            if (!add_piece(&found, start, p - size)) return NO_ROOM;
            start = p;
            matched = 0;
        }
    }
    if (!add_piece(&found, start, end)) return NO_ROOM;
    return list_of(&found);
}

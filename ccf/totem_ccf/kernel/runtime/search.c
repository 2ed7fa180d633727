/* Searching and replacing (abstract machine, §8). A charge goes by the bytes of both texts alone, so the search is linear
 * in them: the two-way algorithm (M. Crochemore, D. Perrin, "Two-way string-matching", 1991), which needs no memory.
 * UTF-8 is such that bytes that are found begin and end with characters. */
#include "search.h"

static inline u8 byte_at(const u8 *start, u32 i, u32 step) { return *(const u8 *)((u32)start + i * step); }

/* Where the largest suffix begins by the order of bytes (or its reverse), less one, and the suffix's period. */
static u32 largest_suffix(const wanted_text *w, int reversed, u32 *period) {
    u32 best = ~0u, other = 0, length = 1, p = 1;
    while (other + length < w->size) {
        u8 a = byte_at(w->start, best + length, w->step), b = byte_at(w->start, other + length, w->step);
        if (a == b) {
            if (length == p) {
                other += p;
                length = 1;
            } else {
                length++;
            }
        } else if (reversed ? a < b : a > b) {
            other += length;
            length = 1;
            p = other - best;
        } else {
            best = other++;
            length = p = 1;
        }
    }
    *period = p;
    return best + 1;
}

wanted_text wanted_of(text wanted, int from_end) {
    u32 size = text_size(wanted), other_period;
    wanted_text w = {text_start(wanted) + (from_end ? size - 1 : 0), size, from_end ? ~0u : 1, 0, 0, 0};
    w.critical = largest_suffix(&w, 0, &w.period);
    u32 other = largest_suffix(&w, 1, &other_period);
    if (other > w.critical) {
        w.critical = other;
        w.period = other_period;
    }
    int periodic = 1;
    for (u32 i = 0; i < w.critical && periodic; i++)
        periodic = byte_at(w.start, i, w.step) == byte_at(w.start, i + w.period, w.step);
    if (periodic) {
        w.kept = size - w.period;
    } else {
        w.period = (w.critical > size - w.critical ? w.critical : size - w.critical) + 1;
    }
    return w;
}

u32 next_place(const wanted_text *w, text t, u32 from) {
    u32 size = text_size(t), step = w->step, known = 0;
    const u8 *start = text_start(t) + (step == 1 ? 0 : size - 1);
    if (w->size > size) return NOWHERE;
    u8 first = byte_at(w->start, w->critical, step);
    for (u32 at = from; at <= size - w->size;) {
        u32 i = w->critical > known ? w->critical : known;
        if (!known && byte_at(start, at + i, step) != first) {
            at++;
            continue;
        }
        while (i < w->size && byte_at(w->start, i, step) == byte_at(start, at + i, step)) i++;
        if (i < w->size) {
            at += i - w->critical + 1;
            known = 0;
            continue;
        }
        i = w->critical;
        while (i > known && byte_at(w->start, i - 1, step) == byte_at(start, at + i - 1, step)) i--;
        if (i <= known) return at;
        at += w->period;
        known = w->kept;
    }
    return NOWHERE;
}

EXPORT(text_contains) int text_contains(text t, text wanted) {
    if (!text_size(wanted)) return 1;
    wanted_text w = wanted_of(wanted, 0);
    return next_place(&w, t, 0) != NOWHERE;
}

/* The first place (or the last) of a text that is not empty, in bytes; -1 if there is none. */
EXPORT(text_find_byte) i64 text_find_byte(text t, text wanted, i32 last) {
    wanted_text w = wanted_of(wanted, last);
    u32 place = next_place(&w, t, 0);
    if (place == NOWHERE) return -1;
    return last ? text_size(t) - place - w.size : place;
}

enum { FIRST, LAST, COUNT };

/* The first or last place in characters, -1 if there is none; or how often it is there. */
EXPORT(text_find) i64 text_find(text t, text wanted, i32 what) {
    if (!text_size(wanted)) return what == FIRST ? 0 : text_length(t) + (what == COUNT);
    if (what != COUNT) {
        i64 place = text_find_byte(t, wanted, what == LAST);
        return place < 0 ? -1 : text_length(text_of(text_start(t), (u32)place));
    }
    i64 count = 0;
    wanted_text w = wanted_of(wanted, 0);
    for (u32 place = 0; (place = next_place(&w, t, place)) != NOWHERE; place += w.size) count++;
    return count;
}

static u64 within_memory(u64 size) { return size < MEMORY_BYTES ? size : MEMORY_BYTES; }

EXPORT(replaced_bytes) i64 replaced_bytes(text t, text old, text new, i64 count) {
    u64 kept = text_size(t) - (u64)count * text_size(old);
    return (i64)within_memory(kept + within_memory((u64)count * text_size(new)));
}

/* The text with the first `count` places of `old` replaced, which are there. */
EXPORT(text_replace) text text_replace(text t, text old, text new, i64 count, u32 where, u32 room) {
    u64 kept = text_size(t) - (u64)count * text_size(old), size = kept + (u64)count * text_size(new);
    if (size > room) return NO_ROOM;
    u8 *to = (u8 *)where;
    const u8 *p = text_start(t), *end = p + text_size(t);
    if (text_size(old) == 1) {
        /* Byte by byte: where there are many places, a search for each would take longer. */
        u8 wanted = *text_start(old);
        for (; count > 0; p++) {
            if (*p != wanted) {
                *to++ = *p;
                continue;
            }
            for (u32 i = 0; i < text_size(new); i++) *to++ = text_start(new)[i];
            count--;
        }
        copy_bytes(to, p, (u32)(end - p));
        return text_of((u8 *)where, (u32)size);
    }
    wanted_text w;
    if (text_size(old)) w = wanted_of(old, 0);
    for (u32 place = 0; count > 0; count--) {
        const u8 *next = p;
        if (text_size(old)) {
            place = next_place(&w, t, place);
            next = text_start(t) + place;
            place += w.size;
        }
        copy_bytes(to, p, (u32)(next - p));
        to += next - p;
        copy_bytes(to, text_start(new), text_size(new));
        to += text_size(new);
        p = next + text_size(old);
        if (!text_size(old) && p < end) {
            /* The empty text stands before each character and at the end. */
            next_code(&next);
            copy_bytes(to, p, (u32)(next - p));
            to += next - p;
            p = next;
        }
    }
    copy_bytes(to, p, (u32)(end - p));
    return text_of((u8 *)where, (u32)size);
}
